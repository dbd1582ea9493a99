"""The runner: orders of runs that favour nobody, commands that end with us, and records of all runs or of none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.bench.findings_of import findings
from credseries.bench.model import Better, Measurement, Metric, Provenance, Reading, Record, Role, Source
from credseries.bench.records import opened
from credseries.bench.runner import process
from credseries.bench.runner.conditions import Conditions, conditions, disturbances
from credseries.bench.runner.plan import plan, processors, variants
from credseries.bench.runner.result import WALL_CLOCK, Outcome, complained, printed, wall_clock, written
from credseries.bench.runner.session import perform, records
from credseries.errors import CredseriesError, EnvironmentProblem, UsageError
from credseries.kernel.git import Repository
from tests.clicase import COMMAND, Ran, credseries, environment
from tests.gitrepo import git, make_repo, write_files

BASE, PATCHED, WITHOUT = Role("base"), Role("patched"), Role("without", "overlayfs")
ROLES = st.lists(st.sampled_from([BASE, PATCHED, WITHOUT, Role("without", "nfsd")]), min_size=1, unique=True)
SEEDS = st.integers(min_value=0, max_value=1 << 32)
LATENCY = Metric("latency", "us", Better.LESS)
FAULTS = Metric("faults", "", Better.NEITHER, 2)
CSV = "metric,unit,better,value\nlatency,us,less,{}\n"
QUIET = Conditions(load=0.0, ticks=0, stolen=0, frequency=3_000_000, throttled=0)


def rounds(order: Sequence[Role], size: int) -> list[Sequence[Role]]:
    return [order[index : index + size] for index in range(0, len(order), size)]


# -- plan


@given(ROLES, st.integers(min_value=0, max_value=40), SEEDS)
def test_every_round_has_one_run_of_each_role(roles: list[Role], runs: int, seed: int) -> None:
    order = plan(roles, runs, seed)
    assert len(order) == runs * len(roles)
    assert all(sorted(item) == sorted(roles) for item in rounds(order, len(roles)))


@given(ROLES, st.integers(min_value=1, max_value=20), SEEDS)
def test_what_drifts_steadily_favours_no_role(roles: list[Role], half: int, seed: int) -> None:
    positions: Counter[Role] = Counter()
    for position, role in enumerate(plan(roles, 2 * half, seed)):
        positions[role] += position
    assert len(set(positions.values())) == 1


@given(ROLES, st.integers(min_value=1, max_value=20), SEEDS)
def test_the_seed_gives_the_order(roles: list[Role], runs: int, seed: int) -> None:
    assert plan(roles, runs, seed) == plan(roles, runs, seed)
    assert plan(roles, runs + 4, seed)[: runs * len(roles)] == plan(roles, runs, seed)


def test_either_role_may_be_first() -> None:
    starts = Counter(plan((BASE, PATCHED), 1, seed)[0] for seed in range(200))
    assert min(starts[BASE], starts[PATCHED]) > 50


def test_a_variant_puts_its_value_into_the_command_wherever_it_belongs() -> None:
    found = variants(["./{}/run", "--log={}.log", "x"], BASE, ["base=a=b", "without:nfsd=c"])
    assert [(item.role, item.command, item.value) for item in found] == [
        (BASE, ("./a=b/run", "--log=a=b.log", "x"), "a=b"),
        (Role("without", "nfsd"), ("./c/run", "--log=c.log", "x"), "c"),
    ]


def test_without_variants_the_command_stays_as_it_is() -> None:
    (only,) = variants(["find", "-exec", "true", "{}", ";"], PATCHED, [])
    assert (only.role, only.command) == (PATCHED, ("find", "-exec", "true", "{}", ";"))


@pytest.mark.parametrize(
    ("command", "given_variants", "message"),
    [
        (["run"], ["base=a"], "the command is the same for all variants"),
        (["{}"], ["base"], "'base' is no variant"),
        (["{}"], ["base="], "'base=' is no variant"),
        (["{}"], ["new=a"], "'new' is no role"),
        (["{}"], ["base=a", "base=b"], "two variants are base"),
    ],
)
def test_what_is_no_variant_is_refused(command: list[str], given_variants: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        variants(command, BASE, given_variants)


def test_processors_are_taken_from_those_that_may_be_used() -> None:
    assert processors("0-2,5", frozenset(range(6))) == {0, 1, 2, 5}
    with pytest.raises(UsageError, match=r"cannot be used here: 6-7") as caught:
        processors("5-7", frozenset(range(6)))
    assert "0-5" in caught.value.hint


@pytest.mark.parametrize("text", ["", "a", "1-", "1;2", "-1"])
def test_what_is_no_list_of_processors_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no list of processors"):
        processors(text, frozenset({0, 1}))


# -- one run


def test_a_run_gives_what_the_command_wrote_and_how_it_ended() -> None:
    ran = process.run(["sh", "-c", "cat; echo out; echo err >&2; exit 7"])
    assert (ran.status, ran.output, ran.errors) == (7, b"out\n", b"err\n")
    assert ran.seconds > 0


def test_a_run_of_more_output_than_a_pipe_holds_ends() -> None:
    ran = process.run([sys.executable, "-c", "print('x' * 3_000_000)"])
    assert len(ran.output) == 3_000_001


def test_a_pinned_command_is_bound_and_we_are_not() -> None:
    before = os.sched_getaffinity(0)
    chosen = frozenset({max(before)})
    ran = process.run([sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"], chosen)
    assert ran.output.decode().strip() == str(set(chosen))
    assert os.sched_getaffinity(0) == before


def test_a_command_that_is_not_there_is_said() -> None:
    before = os.sched_getaffinity(0)
    with pytest.raises(EnvironmentProblem, match="no-such-command cannot be run: No such file"):
        process.run(["no-such-command"], frozenset({min(before)}))
    assert os.sched_getaffinity(0) == before


def test_a_failure_names_the_run_the_status_and_the_last_words() -> None:
    ran = process.run(["sh", "-c", "for i in $(seq 30); do echo line $i >&2; done; exit 3"])
    error = process.failure(ran, "run 2 of base")
    assert error.message.startswith("run 2 of base failed: sh -c ")
    assert "ended with status 3\nline 21\n" in error.message
    assert error.message.endswith("line 30")
    killed = process.failure(process.run(["sh", "-c", "kill -9 $$"]), "run 1 of base")
    assert "was ended by signal 9 (Killed)\n(it wrote nothing to standard error)" in killed.message


def test_signals_are_handled_as_before_when_a_run_has_ended() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    process.run(["true"])
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


# -- where the result is


def ran(output: str = "", errors: str = "") -> process.Ran:
    return process.Ran(("bench",), 0, output.encode(), errors.encode(), 1.5)


def test_what_is_printed_is_read() -> None:
    outcome = printed(None)(ran(CSV.format(3)), "run 1 of base")
    assert outcome.reading.measurements == (Measurement(LATENCY, (3.0,)),)
    assert outcome.source is not None
    assert (outcome.source.name, outcome.source.format) == ("run 1 of base", "csv")


def test_what_is_written_to_standard_error_is_read_if_one_says_so() -> None:
    outcome = complained("csv")(ran("noise", CSV.format(4)), "run 1 of base")
    assert outcome.reading.measurements[0].values == (4.0,)


def test_a_result_on_the_other_stream_is_pointed_at() -> None:
    with pytest.raises(UsageError, match="run 1 of base: nothing was printed on standard output") as caught:
        printed(None)(ran("", CSV.format(4)), "run 1 of base")
    assert "--result stderr" in caught.value.hint


def test_output_that_no_reader_knows_is_an_error_that_names_the_run() -> None:
    with pytest.raises(UsageError, match="run 2 of patched"):
        printed(None)(ran("done in 3 s\n"), "run 2 of patched")


def test_a_file_is_read_and_removed_so_that_it_is_never_read_for_another_run(tmp_path: Path) -> None:
    path = tmp_path / "result.csv"
    take = written(path, None)
    path.write_text(CSV.format(5))
    assert take(ran(), "run 1 of base").reading.measurements[0].values == (5.0,)
    assert not path.exists()
    with pytest.raises(UsageError, match=r"run 2 of base: the command wrote no .*result.csv"):
        take(ran(), "run 2 of base")


def test_a_file_that_is_there_before_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "result.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        written(path, None)
    assert path.read_text() == "mine"


def test_the_time_is_a_metric_of_which_less_is_better() -> None:
    assert wall_clock(ran("whatever"), "run 1 of base").reading.measurements == (Measurement(WALL_CLOCK, (1.5,)),)
    assert WALL_CLOCK.better is Better.LESS


# -- what disturbed


def machine(root: Path, *, stat: str, load: str = "0.10 0.20 0.30 1/99 1234", kilohertz: int = 3_000_000) -> Path:
    cpus = "sys/devices/system/cpu"
    files = {
        "proc/loadavg": load + "\n",
        "proc/stat": stat + "\ncpu0 1 2 3 4 5 6 7 8 9 10\n",
        f"{cpus}/cpufreq/policy0/scaling_cur_freq": "800000\n",
        f"{cpus}/cpufreq/policy1/scaling_cur_freq": f"{kilohertz}\n",
        f"{cpus}/cpu0/thermal_throttle/core_throttle_count": "3\n",
        f"{cpus}/cpu1/thermal_throttle/core_throttle_count": "4\n",
    }
    write_files(root, files)
    return root


def test_conditions_are_what_the_kernel_says(tmp_path: Path) -> None:
    root = machine(tmp_path, stat="cpu  100 10 50 1000 5 1 2 32 77 7")
    assert conditions(root) == Conditions(0.1, 1200, 32, 3_000_000, 7)


def test_conditions_that_nobody_tells_are_not_known(tmp_path: Path) -> None:
    assert conditions(tmp_path) == Conditions()
    assert disturbances(Conditions(), [Conditions(), Conditions()]) == ()


def test_this_machine_says_its_load() -> None:
    assert conditions().load is not None


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (Conditions(load=2.5), [], "the load average was 2.50 before the runs: something else ran"),
        (
            Conditions(ticks=100, stolen=5),
            [Conditions(ticks=200, stolen=5), Conditions(ticks=300, stolen=15)],
            "the hypervisor took 5.0 % of the processors' time during the runs (steal)",
        ),
        (
            Conditions(frequency=800_000),
            [Conditions(frequency=3_000_000), Conditions(frequency=2_400_000)],
            "the processors' frequency was from 2.40 to 3.00 GHz right after runs",
        ),
        (
            Conditions(throttled=7),
            [Conditions(throttled=9)],
            "processors were slowed down for heat during the runs (counted 2 times)",
        ),
    ],
)
def test_what_disturbed_the_runs_is_said(before: Conditions, after: list[Conditions], sentence: str) -> None:
    assert disturbances(before, after) == (sentence,)


def test_of_quiet_runs_nothing_is_said() -> None:
    later = Conditions(load=9.0, ticks=1000, stolen=5, frequency=2_950_000, throttled=0)
    assert disturbances(QUIET, [QUIET, later]) == ()


# -- session


def outcome(latency: float | None, faults: float | None = None, notes: tuple[str, ...] = ()) -> Outcome:
    found = [(LATENCY, latency), (FAULTS, faults)]
    return Outcome(
        Reading(tuple(Measurement(metric, (value,)) for metric, value in found if value is not None), notes=notes)
    )


def provenance(*roles: Role) -> dict[Role, Provenance]:
    return {role: Provenance(command=f"bench {role}") for role in roles}


def test_warm_up_runs_are_run_and_not_kept() -> None:
    begun: list[str] = []
    values = iter([100.0, 200.0, 1.0, 2.0, 3.0, 4.0])
    session = perform(
        [BASE, PATCHED],
        [BASE, PATCHED, PATCHED, BASE],
        lambda _role, _name: outcome(next(values)),
        lambda: QUIET,
        begun.append,
    )
    made = records(session, "x", provenance(BASE, PATCHED), "session 1")
    assert [(record.role, record.measurements[0].values) for record in made] == [
        (BASE, (1.0, 4.0)),
        (PATCHED, (2.0, 3.0)),
    ]
    assert begun == [
        *("warm-up run 1 (base)", "warm-up run 2 (patched)"),
        *("run 1 of base", "run 1 of patched", "run 2 of patched", "run 2 of base"),
    ]


@given(SEEDS, st.integers(min_value=1, max_value=12))
def test_the_nth_values_of_two_roles_are_from_the_same_round(seed: int, runs: int) -> None:
    clock = iter(range(10_000))
    order = plan((BASE, PATCHED), runs, seed)
    session = perform([], order, lambda _role, _name: outcome(float(next(clock))), lambda: QUIET)
    base, patched = records(session, "x", provenance(BASE, PATCHED), "s")
    for number, pair in enumerate(zip(base.measurements[0].values, patched.measurements[0].values, strict=True)):
        assert {int(value) // 2 for value in pair} == {number}


def test_records_of_a_session_name_it_only_when_there_were_turns() -> None:
    both = perform([], [BASE, PATCHED], lambda _role, _name: outcome(1.0), lambda: QUIET)
    alone = perform([], [BASE, BASE], lambda _role, _name: outcome(1.0), lambda: QUIET)
    assert {record.interleaved for record in records(both, "x", provenance(BASE, PATCHED), "session 1")} == {
        "session 1"
    }
    assert [record.interleaved for record in records(alone, "x", provenance(BASE), "session 1")] == [""]


def test_a_record_has_where_it_is_from_and_what_was_read() -> None:
    source = Source("run 1 of base", "csv", "0" * 64)
    session = perform([], [BASE], lambda _role, _name: Outcome(outcome(1.0).reading, source), lambda: QUIET)
    (record,) = records(session, "x", provenance(BASE), "")
    assert (record.label, record.provenance.command, record.sources) == ("x", "bench base", (source,))


def test_a_metric_that_one_run_lacks_is_left_out_with_a_word() -> None:
    found = iter([outcome(1.0, 5.0), outcome(2.0), outcome(3.0, 7.0)])
    session = perform([], [BASE] * 3, lambda _role, _name: next(found), lambda: QUIET)
    (record,) = records(session, "x", provenance(BASE), "")
    assert record.measurements == (Measurement(LATENCY, (1.0, 2.0, 3.0)),)
    assert record.warnings == ("faults (2 tasks) is left out: it is not in the result of run 2",)


def test_runs_that_have_no_metric_in_common_are_refused() -> None:
    found = iter([outcome(1.0), outcome(None, 2.0)])
    session = perform([], [BASE] * 2, lambda _role, _name: next(found), lambda: QUIET)
    with pytest.raises(UsageError, match="no metric is in every run of base"):
        records(session, "x", provenance(BASE), "")


def test_disturbances_and_notes_become_warnings_once() -> None:
    noisy = Conditions(load=3.0)
    session = perform([], [BASE] * 2, lambda _role, _name: outcome(1.0, notes=("counted in part",)), lambda: noisy)
    (record,) = records(session, "x", provenance(BASE), "")
    assert record.warnings == ("the load average was 3.00 before the runs: something else ran", "counted in part")


def test_a_run_that_fails_ends_the_session() -> None:
    begun: list[str] = []

    def start(role: Role, name: str) -> Outcome:
        if name == "run 2 of base":
            raise EnvironmentProblem("it failed")
        return outcome(1.0)

    with pytest.raises(EnvironmentProblem, match="it failed"):
        perform([], [BASE] * 4, start, lambda: QUIET, begun.append)
    assert begun == ["run 1 of base", "run 2 of base"]


# -- the command


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_repo(tmp_path, {"a.c": "int a;\n"}, name="linux")


def bench(*arguments: str | Path, cwd: Path) -> Ran:
    return credseries("bench", "run", *arguments, cwd=cwd)


def kept(tree: Path) -> list[Record]:
    with opened(Repository.discover(tree)) as found:
        return list(found.all().values())


def script(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_two_variants_run_in_turns_and_are_compared_pair_by_pair(tree: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = f"echo {{}} >> {log}; printf '{CSV.strip().format('{}')}\\n'".replace("\n", "\\n")
    done = bench(
        *(
            "--label",
            "x",
            "--runs",
            "6",
            "--warm-up",
            "1",
            "--seed",
            "7",
            "--variant",
            "base=20",
            "--variant",
            "patched=10",
        ),
        *("--workload", "A test.", "--", "sh", "-c", command),
        cwd=tree,
    )
    assert done.status == 0, done.err
    order = [{BASE: "20", PATCHED: "10"}[role] for role in plan((BASE, PATCHED), 6, 7)]
    assert log.read_text().split() == [*order[:2], *order]
    base, patched = kept(tree)
    assert base.interleaved == patched.interleaved
    assert base.interleaved.endswith(", order of seed 7")
    (comparison,) = findings(kept(tree)).comparisons
    assert comparison.paired
    assert comparison.change == -50


def test_a_role_alone_is_of_the_running_kernel_and_pinned(tree: Path) -> None:
    cpu = str(min(os.sched_getaffinity(0)))
    done = bench("--label", "x", "--role", "base", "--runs", "3", "--pin", cpu, "--time", "--", "true", cwd=tree)
    assert done.status == 0, done.err
    (record,) = kept(tree)
    assert (record.role, record.runs, record.interleaved) == (BASE, 3, "")
    assert [item.metric for item in record.measurements] == [WALL_CLOCK]
    known = record.provenance
    assert (known.kernel, known.pinned, known.command) == (os.uname().release, cpu, "true")
    assert known.machine.known


def test_kernels_of_variants_are_known_only_if_somebody_says_so(tree: Path) -> None:
    variants_given = ("--variant", "base=a", "--variant", "patched=b", "--runs", "1", "--warm-up", "0", "--time")
    unknown = bench("--label", "u", *variants_given, "--", "true", "{}", cwd=tree)
    assert "the kernel is not known" in unknown.err
    told = bench(
        *("--label", "t", *variants_given, "--kernel", "base=6.12.0", "--kernel", "patched=6.12.0-light"),
        *("--commit", "HEAD", "--", "true", "{}"),
        cwd=tree,
    )
    assert "the kernel is not known" not in told.err
    found = {str(item.role): item.provenance for item in kept(tree) if item.label == "t"}
    assert {role: item.kernel for role, item in found.items()} == {"base": "6.12.0", "patched": "6.12.0-light"}
    assert {item.commit for item in found.values()} == {git(tree, "rev-parse", "HEAD").strip()}
    here = bench("--label", "h", *variants_given, "--here", "--", "true", "{}", cwd=tree)
    assert "the kernel is not known" not in here.err


def test_a_command_that_fails_late_leaves_nothing(tree: Path, tmp_path: Path) -> None:
    count = tmp_path / "count"
    failing = script(
        tmp_path / "bench", f"echo x >> {count}; test $(wc -l < {count}) -lt 4 || {{ echo out of luck >&2; exit 9; }}\n"
    )
    done = bench("--label", "x", "--role", "base", "--runs", "5", "--time", "--", failing, cwd=tree)
    assert done.status == 4
    assert f"run 3 of base failed: {failing} ended with status 9\nout of luck\n" in done.err
    assert "nothing was recorded" in done.err
    assert kept(tree) == []
    assert len(count.read_text().split()) == 4


def test_output_that_cannot_be_read_is_no_record(tree: Path) -> None:
    done = bench("--label", "x", "--role", "base", "--", "echo", "took 3 s", cwd=tree)
    assert done.status == 2
    assert "warm-up run 1 (base)" in done.err
    assert kept(tree) == []


def test_records_in_a_file_need_no_repository_and_can_be_imported(tree: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    options = ("--label", "x", "--role", "patched", "--runs", "2", "--time", "-o", "out.json", "--", "true")
    done = bench(*options, cwd=elsewhere)
    assert done.status == 0, done.err
    assert credseries("bench", "import", elsewhere / "out.json", cwd=tree).status == 0
    assert [record.role for record in kept(tree)] == [PATCHED]
    again = bench(*options, cwd=elsewhere)
    assert again.status == 2
    assert "out.json is there already" in again.err


def test_each_variant_may_have_a_result_file_of_its_own(tree: Path, tmp_path: Path) -> None:
    writing = script(
        tmp_path / "bench", f"printf '{CSV.format(5)}' > $1.csv\n".replace("\n'", "\\n'").replace("value\n", "value\\n")
    )
    done = bench(
        *("--label", "x", "--runs", "2", "--result", tmp_path / "{}.csv"),
        *("--variant", "base=old", "--variant", "patched=new", "--", writing, tmp_path / "{}"),
        cwd=tree,
    )
    assert done.status == 0, done.err
    assert len(kept(tree)) == 2
    assert list(tmp_path.glob("*.csv")) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--", "true"), "what runs is not said"),
        (("--role", "base", "--variant", "base=a", "--", "{}"), "--role and --variant are given"),
        (("--role", "bass", "--", "true"), "'bass' is no role"),
        (("--role", "base", "--time", "--format", "csv", "--", "true"), "--time measures the time"),
        (("--role", "base", "--format", "csw", "--", "true"), "there is no format 'csw'"),
        (("--role", "base", "--pin", "100000", "--", "true"), "cannot be used here: 100000"),
        (("--role", "base", "--kernel", "patched=6.12", "--", "true"), "--kernel: no variant is patched"),
        (("--role", "base", "--kernel", "a", "--kernel", "b", "--", "true"), "--kernel is given twice for base"),
        (("--role", "base", "-o", "no/where.json", "--", "true"), "no/where.json cannot be written"),
        (("--role", "base", "--time", "--", "no-such-command"), "no-such-command cannot be run"),
    ],
)
def test_wrong_use_is_refused_and_leaves_no_record(tree: Path, arguments: tuple[str, ...], message: str) -> None:
    done = bench("--label", "x", *arguments, cwd=tree)
    assert done.status in (2, 4)
    assert message in done.err
    assert kept(tree) == []


# -- interrupted


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(what: object) -> Iterator[None]:
    while not what():  # type: ignore[operator]
        time.sleep(0.01)
        yield


def interrupt(tree: Path, number: signal.Signals, command: str, started: Path) -> tuple[int, str, list[int]]:
    """Send a signal to `bench run` when its command has written its processes' ids; gives those, and how it ended."""
    options = ("--label", "x", "--role", "base", "--time", "--warm-up", "0")
    running = subprocess.Popen(
        [*COMMAND, "bench", "run", *options, "--", "sh", "-c", command],
        cwd=tree,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in until(lambda: started.exists() and started.read_text().endswith("\n")):
        assert running.poll() is None, running.stderr and running.stderr.read()
    running.send_signal(number)
    _, errors = running.communicate()
    return running.returncode, errors, [int(word) for word in started.read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_leaves_no_process_and_no_record(tree: Path, tmp_path: Path, number: signal.Signals) -> None:
    started = tmp_path / "started"
    command = f"sleep 1000 & echo $$ $! > {started}.new; mv {started}.new {started}; wait"
    status, errors, processes = interrupt(tree, number, command, started)
    assert status == 130
    assert errors == "interrupted; nothing was changed that the output above does not say\n"
    assert len(processes) == 2
    for _ in until(lambda: not any(map(alive, processes))):
        pass
    assert kept(tree) == []


def test_a_command_that_ignores_the_request_to_end_is_killed(tree: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"
    command = (
        f"trap '' TERM; sleep 1000 & echo $$ $! > {started}.new; mv {started}.new {started}; while :; do wait; done"
    )
    status, _, processes = interrupt(tree, signal.SIGINT, command, started)
    assert status == 130
    for _ in until(lambda: not any(map(alive, processes))):
        pass


def test_a_command_may_clean_up_when_it_is_interrupted(tree: Path, tmp_path: Path) -> None:
    started, cleaned = tmp_path / "started", tmp_path / "cleaned"
    trap = f"trap 'touch {cleaned}; exit' TERM"
    command = f"{trap}; echo $$ > {started}.new; mv {started}.new {started}; while :; do sleep 0.05; done"
    interrupt(tree, signal.SIGINT, command, started)
    assert cleaned.exists()


def test_a_signal_that_comes_while_a_command_is_started_ends_it(tmp_path: Path) -> None:
    """The signal is on its way before the command is: it is held back until there is something to end."""
    started = tmp_path / "started"
    program = (
        "import os, signal, subprocess\n"
        "from credseries.bench.runner import process\n"
        "real = subprocess.Popen\n"
        "class Slow(real):\n"
        "    def __init__(self, *given, **options):\n"
        "        super().__init__(*given, **options)\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        f"        open({str(started)!r}, 'w').write(str(self.pid))\n"
        "subprocess.Popen = Slow\n"
        "try:\n"
        "    process.run(['sleep', '1000'])\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "interrupted\n", done.stderr
    assert not alive(int(started.read_text()))


def test_what_is_ignored_stays_ignored() -> None:
    program = (
        "import signal\n"
        "from credseries.bench.runner import process\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "process.run(['sh', '-c', 'kill -HUP $PPID'])\n"
        "print('still there')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "still there\n", done.stderr


def test_every_error_of_the_runner_says_what_to_do() -> None:
    for attempt in (lambda: variants(["x"], BASE, ["base=a"]), lambda: process.run(["no-such-command"])):
        with pytest.raises(CredseriesError) as caught:
            attempt()
        assert caught.value.hint
