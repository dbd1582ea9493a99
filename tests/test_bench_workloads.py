"""The workloads: real programs, built and run briefly; what they print reads back, and what must hold is checked."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from credseries.bench.workloads import WORKLOADS, find
from credseries.bench.workloads.build import FLAGS, build
from credseries.errors import BuildFailed, EnvironmentProblem, UsageError
from tests.clicase import COMMAND, Ran, credseries, environment

pytestmark = [
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the workloads are for Linux"),
]

BRIEFLY = ("--seconds", "0.02")
HEADER = "metric,unit,better,tasks,value"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programs")


def program(cache: Path, name: str, change: Callable[[str], str] = lambda source: source) -> Path:
    source = find(name).source
    changed = change(source)
    return build(name, changed, cache, {"CC": "gcc"}.get)


def run(path: Path, *arguments: str, **options: object) -> Ran:
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    return Ran(done.returncode, done.stdout, done.stderr)


def rows(ran: Ran) -> list[tuple[str, int, float]]:
    """Metric, tasks and value of each row, after checking the rest."""
    assert ran.status == 0, ran.err
    assert ran.err == ""
    comment, header, *lines = ran.out.splitlines()
    assert comment.startswith("# ")
    assert header == HEADER
    found = []
    for line in lines:
        metric, unit, better, tasks, value = line.split(",")
        assert (unit, better) == ("operations/s", "more")
        found.append((metric, int(tasks), float(value)))
    return found


@pytest.fixture(scope="module")
def overlay(cache: Path) -> Path:
    """The overlay program, where it may mount one."""
    path = program(cache, "overlay")
    tried = run(path, "--op", "stat", *BRIEFLY, "--runs", "1")
    if tried.status == 4:
        pytest.skip(tried.err.strip())
    return path


# -- counter


@pytest.mark.parametrize("form", ["refcounted", "light"])
def test_the_counter_prints_a_row_for_each_run_and_number_of_threads_in_turns(cache: Path, form: str) -> None:
    found = rows(run(program(cache, "counter"), "--form", form, "--threads", "1,2,3", *BRIEFLY, "--runs", "2"))
    assert [tasks for _, tasks, _ in found] == [1, 2, 3, 1, 2, 3]
    assert all(value > 0 for _, _, value in found)


def test_both_forms_of_the_counter_measure_the_same_metric(cache: Path) -> None:
    counter = program(cache, "counter")
    found = [rows(run(counter, "--form", form, *BRIEFLY, "--runs", "1")) for form in ("refcounted", "light")]
    assert {metric for form in found for metric, _, _ in form} == {"override and revert"}


@pytest.mark.parametrize(
    ("sound", "broken", "message"),
    [
        ("atomic_fetch_sub(&credentials->usage, 1) == 1", "false", "the usage counter is"),
        ("atomic_fetch_add(&shared.usage, 1);", "", "the last reference to the credentials was dropped"),
        ("holder->current_credentials = before;", "", "did not put its own credentials back"),
        ("holder->sum += read_ids(holder);", "", "did not read the ids of the shared credentials"),
    ],
)
def test_a_counter_that_leaves_out_part_of_its_work_gives_no_figure(
    cache: Path, sound: str, broken: str, message: str
) -> None:
    assert sound in find("counter").source
    changed = program(cache, "counter", lambda source: source.replace(sound, broken))
    ran = run(changed, "--form", "refcounted", "--threads", "2", *BRIEFLY, "--runs", "1")
    assert ran.status == 1
    assert message in ran.err
    assert "operations/s" not in ran.out


@pytest.mark.skipif(os.uname().machine != "x86_64" or shutil.which("objdump") is None, reason="reads x86-64 code")
def test_only_the_refcounted_loop_has_atomic_instructions(cache: Path) -> None:
    path = program(cache, "counter")
    locked = {}
    for loop in ("work_refcounted", "work_light"):
        code = run(Path(shutil.which("objdump") or ""), "--no-show-raw-insn", f"--disassemble={loop}", str(path)).out
        assert f"<{loop}>:" in code
        locked[loop] = code.count("\tlock ")
    assert locked == {"work_refcounted": 2, "work_light": 0}


def test_threads_are_bound_to_processors_as_long_as_there_are_enough(cache: Path) -> None:
    counter = program(cache, "counter")
    few = ("--form", "light", *BRIEFLY, "--runs", "1")
    assert "threads bound to a processor each\n" in run(counter, *few).out
    one = {min(os.sched_getaffinity(0))}
    more = run(counter, *few, "--threads", "1,2", preexec_fn=lambda: os.sched_setaffinity(0, one))
    assert "threads bound to a processor each only where there are no more than 1\n" in more.out
    assert len(rows(more)) == 2


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("counter", (), "which form? give --form refcounted or --form light"),
        ("counter", ("--form", "heavy"), "--form: 'heavy' is neither refcounted nor light"),
        ("counter", ("--form", "light", "--threads", "0"), "--tasks: '0' is no number from 1 to 4096"),
        ("counter", ("--form", "light", "--threads", "1,x"), "--tasks: 'x' is no number from 1 to 4096"),
        ("counter", ("--form", "light", "--threads", "1,"), "--tasks: '' is no number from 1 to 4096"),
        ("counter", ("--form", "light", "--seconds", "0"), "--seconds: '0' is no number of seconds above 0"),
        ("counter", ("--form", "light", "--seconds", "nan"), "--seconds: 'nan' is no number of seconds above 0"),
        ("counter", ("--form", "light", "--runs", "-1"), "--runs: '-1' is no number from 1 to 100000"),
        ("counter", ("--form", "light", "extra"), "'extra' is no option; see --help"),
        ("counter", ("--what",), "unrecognized option '--what'"),
        ("overlay", (), "which operation? give --op access, open, read or stat"),
        ("overlay", ("--op", "write"), "--op: 'write' is none of access, open, read and stat"),
        ("overlay", ("--op", "stat", "--mode", "fibres"), "--mode: 'fibres' is neither processes nor threads"),
        ("overlay", ("--op", "stat", "--directory", "/proc"), "--directory: /proc is on no overlay mount"),
        ("overlay", ("--op", "stat", "--directory", "/none"), "--directory: /none: No such file or directory"),
    ],
)
def test_wrong_use_is_said_and_runs_nothing(cache: Path, name: str, arguments: tuple[str, ...], message: str) -> None:
    ran = run(program(cache, name), *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_help_names_every_option_that_the_command_passes_on(cache: Path, workload: object) -> None:
    known = find(workload.name)  # type: ignore[attr-defined]
    ran = run(program(cache, known.name), "--help")
    assert (ran.status, ran.err) == (0, "")
    assert all(f"--{option} " in ran.out for option in known.options)


# -- overlay


@pytest.mark.parametrize("mode", ["processes", "threads"])
@pytest.mark.parametrize("op", ["access", "open", "read", "stat"])
def test_each_operation_runs_on_an_overlay_that_is_gone_afterwards(overlay: Path, op: str, mode: str) -> None:
    before = Path("/proc/self/mounts").read_text()
    ran = run(overlay, "--op", op, "--mode", mode, "--tasks", "1,3", *BRIEFLY, "--runs", "1", "--files", "3")
    found = rows(ran)
    assert [(metric, tasks) for metric, tasks, _ in found] == [(f"overlay {op}", 1), (f"overlay {op}", 3)]
    assert all(value > 0 for _, _, value in found)
    assert Path("/proc/self/mounts").read_text() == before


def test_tasks_may_use_the_same_files(overlay: Path) -> None:
    ran = run(overlay, "--op", "open", "--tasks", "2", *BRIEFLY, "--runs", "1", "--same-files")
    assert len(rows(ran)) == 1
    assert "16 files for all tasks" in ran.out


def test_the_overlay_is_one(overlay: Path, cache: Path) -> None:
    """The program itself asks the kernel what the directory is that it works in."""
    checked = program(
        cache,
        "overlay",
        lambda source: source.replace(
            'open_root(PLACE "/merged");',
            'open_root(PLACE "/merged"); struct statfs found; '
            'if (fstatfs(root, &found) || found.f_type != OVERLAY_MAGIC) die(FAILED, "this is no overlay");',
        ),
    )
    assert checked != overlay
    assert len(rows(run(checked, "--op", "stat", *BRIEFLY, "--runs", "1"))) == 1


OVERLAY_OF_THE_USER = """
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/lower" "$1/upper" "$1/work" "$1/merged"
mount -t overlay overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" "$1/merged"
shift_place=$1; shift
"$@" --directory "$shift_place/merged" || true
echo "left: $(ls "$shift_place/merged" "$shift_place/upper" | tr '\\n' ' ')"
"""


@pytest.fixture
def namespace() -> tuple[str, ...]:
    """A command that runs another one where it may mount, and where nobody else sees that."""
    for options in (["-m"], ["-Ur", "-m"]):
        command = ("unshare", *options)
        try:
            if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
                return command
        except OSError:
            break
    pytest.skip("mounts of its own need root, or user namespaces, and unshare")


def test_files_in_a_directory_of_the_user_are_removed(
    overlay: Path, namespace: tuple[str, ...], tmp_path: Path
) -> None:
    options = (str(overlay), "--op", "read", "--tasks", "1,2", *BRIEFLY, "--runs", "1")
    ran = run(
        Path(shutil.which("unshare") or ""),
        *namespace[1:],
        "sh",
        "-c",
        OVERLAY_OF_THE_USER,
        "sh",
        str(tmp_path),
        *options,
    )
    assert ran.status == 0, ran.err
    assert ran.out.count("overlay read,") == 2
    left = ran.out.partition("left: ")[2]
    assert "upper:" in left
    assert "credseries" not in left


def test_they_are_removed_when_it_fails_too(
    cache: Path, overlay: Path, namespace: tuple[str, ...], tmp_path: Path
) -> None:
    def failing(source: str) -> str:
        return source.replace("return fstatat(root, path, &status, 0);", "errno = EIO; return -1;")

    broken = program(cache, "overlay", failing)
    for mode in ("processes", "threads"):
        place = tmp_path / mode
        place.mkdir()
        options = (str(broken), "--op", "stat", "--tasks", "3", "--mode", mode, *BRIEFLY, "--runs", "1")
        ran = run(
            Path(shutil.which("unshare") or ""),
            *namespace[1:],
            "sh",
            "-c",
            OVERLAY_OF_THE_USER,
            "sh",
            str(place),
            *options,
        )
        assert ran.err.count("overlay: error: fstatat() of task") == 1, ran.err
        assert "left: " in ran.out
        assert "credseries" not in ran.out.partition("left: ")[2]


def test_without_the_right_to_mount_it_says_what_to_do(cache: Path) -> None:
    refusing = program(
        cache,
        "overlay",
        lambda source: source.replace("unshare(CLONE_NEWUSER | CLONE_NEWNS)", "(errno = EPERM)").replace(
            "unshare(CLONE_NEWNS)", "true"
        ),
    )
    ran = run(refusing, "--op", "stat")
    assert (ran.status, ran.out) == (4, "")
    assert "no user namespace can be made (Operation not permitted)" in ran.err
    assert "run it as root, or mount an overlay yourself and give --directory DIR" in ran.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_all_its_processes(overlay: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [overlay, "--op", "access", "--tasks", "2", "--seconds", "60"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("# overlay")
    # One of the tasks has the pipe too: it ends for the reader when all of them have.
    process.send_signal(number)
    assert process.stdout.read() == HEADER + "\n"
    assert process.wait() == 128 + number
    process.stdout.close()


# -- building


def test_a_program_is_compiled_once(tmp_path: Path) -> None:
    source = find("counter").source
    first = build("counter", source, tmp_path, {}.get)
    made = first.stat().st_mtime_ns
    assert build("counter", source, tmp_path, {}.get) == first
    assert first.stat().st_mtime_ns == made
    assert [path.name for path in tmp_path.iterdir()] == [first.name]


def test_another_source_or_compiler_is_another_program(tmp_path: Path) -> None:
    source = find("counter").source
    paths = {
        build("counter", source, tmp_path, {}.get),
        build("counter", source + "\n", tmp_path, {}.get),
        build("counter", source, tmp_path, {"CC": "gcc -g"}.get),
    }
    assert len(paths) == 3


def test_two_that_build_the_same_at_once_both_get_it(tmp_path: Path) -> None:
    source, found = find("counter").source, []
    threads = [
        threading.Thread(target=lambda: found.append(build("counter", source, tmp_path, {}.get))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(set(found)) == 1
    assert run(found[0], "--help").status == 0


def test_a_source_that_does_not_compile_leaves_no_program(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="does not compile") as caught:
        build("wrong", "int main(void) { return nothing; }\n", tmp_path, {}.get)
    assert "nothing" in caught.value.log
    assert list(tmp_path.iterdir()) == []


def test_without_a_compiler_the_error_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="no-such-compiler cannot be run") as caught:
        build("counter", "", tmp_path, {"CC": "no-such-compiler"}.get)
    assert "apt install gcc" in caught.value.hint


def test_a_compiler_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no command"):
        build("counter", "", tmp_path, {"CC": "gcc '"}.get)


# -- the command


def test_the_command_lists_what_there_is(tmp_path: Path) -> None:
    ran = credseries("bench", "workload", cwd=tmp_path)
    assert (ran.status, ran.err) == (0, "")
    assert [line.split()[0] for line in ran.out.splitlines() if line.startswith("  ")] == ["counter", "overlay"]


def test_the_command_builds_and_runs(tmp_path: Path) -> None:
    options = ("--form", "light", "--threads", "1,2", *BRIEFLY, "--runs", "2")
    ran = credseries("bench", "workload", "counter", *options, cwd=tmp_path)
    assert [tasks for _, tasks, _ in rows(ran)] == [1, 2, 1, 2]


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_the_source_that_it_prints_compiles_alone(tmp_path: Path, workload: object) -> None:
    name = workload.name  # type: ignore[attr-defined]
    ran = credseries("bench", "workload", name, "--source", cwd=tmp_path)
    assert (ran.status, ran.err) == (0, "")
    (tmp_path / "carried.c").write_text(ran.out)
    done = run(
        Path(shutil.which("gcc") or ""),
        *FLAGS,
        "-Wall",
        "-Wextra",
        "-Werror",
        "carried.c",
        "-o",
        "carried",
        cwd=tmp_path,
    )
    assert done.status == 0, done.err
    assert run(tmp_path / "carried", "--help").out.startswith(f"Usage: {name}")


def test_an_option_of_another_workload_is_refused(tmp_path: Path) -> None:
    ran = credseries("bench", "workload", "counter", "--op", "stat", cwd=tmp_path)
    assert ran.status == 2
    assert "the workload counter takes no --op" in ran.err


def test_a_workload_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    ran = credseries("bench", "workload", "counters", cwd=tmp_path)
    assert ran.status == 2
    assert "there is no workload 'counters'" in ran.err


def test_a_value_that_the_program_refuses_is_refused_in_its_words(tmp_path: Path) -> None:
    ran = credseries("bench", "workload", "counter", "--form", "light", "--runs", "0", cwd=tmp_path)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "counter: error: --runs: '0' is no number from 1 to 100000\n"


def test_the_program_takes_the_place_of_the_command(tmp_path: Path) -> None:
    """So a signal reaches it, and not something around it."""
    command = [*COMMAND, "bench", "workload", "counter", "--form", "light", "--seconds", "60"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("# counter")
    assert Path(f"/proc/{process.pid}/exe").resolve().name.startswith("counter-")
    process.send_signal(signal.SIGTERM)
    assert process.stdout.read() == HEADER + "\n"
    assert process.wait() == 128 + signal.SIGTERM
    process.stdout.close()
