"""What fio, hyperfine and stress-ng write is read exactly, and damage is named with its line; the tools run here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.bench.document import Steps, parse_json
from credseries.bench.model import Better, Measurement, Metric, Reading, Summary
from credseries.bench.readers import fio, hyperfine, stress_ng
from credseries.errors import UsageError

MEBIBYTE = "--size=1m"


def run(*command: str | Path, cwd: Path) -> str:
    """What a tool writes on standard output; the test is skipped where the tool is missing."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"no {command[0]} on this machine")
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def found(reading: Reading) -> dict[str, tuple[str, Better, int | None, tuple[float, ...]]]:
    return {
        item.metric.name: (item.metric.unit, item.metric.better, item.metric.tasks, item.values)
        for item in reading.measurements
    }


def refused(reader: Any, text: str) -> UsageError:
    with pytest.raises(UsageError) as error:
        reader.read(text, "file")
    assert error.value.hint.startswith("expected ")
    return error.value


# -- fio


def job(name: str = "a", **directions: Any) -> dict[str, Any]:
    return {"jobname": name, "error": 0, "job options": {"name": name}, **directions}


def direction(iops: float = 1000.5, **other: Any) -> dict[str, Any]:
    latency = {"mean": 12.5, "N": 64, "percentile": {"50.000000": 11, "99.000000": 40}}
    return {"total_ios": 64, "bw": 4002, "iops": iops, "clat_ns": latency, **other}


def report(*jobs: dict[str, Any], **other: Any) -> str:
    return json.dumps({"fio version": "fio-3.33", **other, "jobs": list(jobs)}, indent=2)


NO_IO = direction(0.0, total_ios=0, bw=0)


def test_fio_itself_is_read_to_the_numbers_that_its_json_has(tmp_path: Path) -> None:
    text = run("fio", "--name=mixed", "--rw=randrw", MEBIBYTE, "--output-format=json", cwd=tmp_path)
    assert fio.matches(text)
    values = found(fio.read(text, "fio.json"))
    inside = json.loads(text)["jobs"][0]
    for name in ("read", "write"):
        clat = inside[name]["clat_ns"]
        assert values[f"{name} rate"] == ("IOPS", Better.MORE, None, (inside[name]["iops"],))
        assert values[f"{name} bandwidth"] == ("KiB/s", Better.MORE, None, (inside[name]["bw"],))
        assert values[f"{name} latency mean"] == ("ns", Better.LESS, None, (clat["mean"],))
        assert values[f"{name} latency p50"][3] == (clat["percentile"]["50.000000"],)
        assert values[f"{name} latency p99"][3] == (clat["percentile"]["99.000000"],)
    assert not any(name.startswith("trim") for name in values)


def test_fio_group_reporting_gives_one_sum_with_its_number_of_jobs(tmp_path: Path) -> None:
    arguments = ("fio", "--name=a", "--rw=read", MEBIBYTE, "--numjobs=2", "--output-format=json")
    grouped = fio.read(run(*arguments, "--group_reporting", cwd=tmp_path), "fio.json")
    assert {item.metric.tasks for item in grouped.measurements} == {2}
    single = fio.read(run(*arguments, cwd=tmp_path), "fio.json")
    assert {item.metric.name.split()[0] for item in single.measurements} == {"a[1]", "a[2]"}
    assert any("group_reporting" in note for note in single.notes)


def test_fio_report_for_people_around_the_json_is_passed_over(tmp_path: Path) -> None:
    text = run("fio", "--name=a", "--rw=read", MEBIBYTE, "--output-format=json,normal", cwd=tmp_path)
    assert not text.startswith("{")
    assert not text.rstrip().endswith("}")
    assert "read latency mean" in found(fio.read(text, "fio.txt"))


def test_fio_states_in_between_are_refused_with_the_line_of_the_second(tmp_path: Path) -> None:
    one = report(job(read=direction()))
    error = refused(fio, f"{one}\n{one}\n")
    assert error.message.startswith(f"file:{one.count(chr(10)) + 2}: another report begins")


def test_fio_warnings_before_the_json_count_as_lines() -> None:
    text = "fio: posix_fadvise failed\nnote: both iodepth >= 1\n" + report(job(read={"total_ios": 1, "bw": 1}))
    line = text.split("\n").index('      "read": {') + 1
    assert refused(fio, text).message == f"file:{line}: jobs[0].read.iops is missing"


def test_fio_spread_between_intervals_is_no_spread_between_runs() -> None:
    reading = fio.read(report(job(read=direction(iops_mean=990.0, iops_stddev=25.0, iops_samples=10))), "file")
    assert reading.measurements[0] == Measurement(Metric("read rate", "IOPS", Better.MORE), (1000.5,))
    assert all(item.summary is None for item in reading.measurements)
    (note,) = reading.notes
    assert "not between runs" in note


def test_fio_jobs_are_told_apart_by_name_and_directions_without_io_give_nothing() -> None:
    text = report(job("r", read=direction(), write=NO_IO), job("w", read=NO_IO, write=direction(5.0)))
    names = list(found(fio.read(text, "file")))
    assert [name for name in names if name.endswith("rate")] == ["r read rate", "w write rate"]
    assert not [name for name in names if name.startswith(("r write", "w read"))]


def test_fio_job_that_failed_is_refused() -> None:
    text = report(job(read=direction()), job("b", error=28, read=direction()))
    error = refused(fio, text)
    line = text.split("\n").index('      "error": 28,') + 1
    assert error.message.startswith(f"file:{line}: jobs[1].error is 28: the job failed")


def test_fio_really_failing_is_refused(tmp_path: Path) -> None:
    if shutil.which("fio") is None:
        pytest.skip("no fio on this machine")
    (tmp_path / "directory").mkdir()
    command = ["fio", "--name=a", "--rw=read", MEBIBYTE, "--filename=directory", "--output-format=json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    if '"jobs" : [\n  ]' in done.stdout or not done.stdout.strip():
        pytest.skip("this fio ends before it reports the job")
    refused(fio, done.stdout)


def test_fio_run_too_short_for_a_rate_has_latencies_and_says_so() -> None:
    reading = fio.read(report(job(read=direction(0.0, bw=0))), "file")
    assert list(found(reading)) == ["read latency mean", "read latency p50", "read latency p99"]
    assert reading.notes == (
        "no read rate: the run was too short for fio to tell, or had too little I/O",
        "no read bandwidth: the run was too short for fio to tell, or had too little I/O",
    )


@pytest.mark.parametrize("latency", [{"mean": 0.0, "N": 0}, {"mean": 0.0}])
def test_fio_latency_that_was_not_measured_is_not_zero(latency: dict[str, float]) -> None:
    assert list(found(fio.read(report(job(read=direction(clat_ns=latency))), "file"))) == [
        "read rate",
        "read bandwidth",
    ]


def test_fio_number_of_jobs_comes_from_global_options_too_and_is_not_guessed() -> None:
    text = report(job(read=direction()), **{"global options": {"numjobs": "8"}})
    assert {item.metric.tasks for item in fio.read(text, "file").measurements} == {8}
    text = report(job(read=direction()), **{"global options": {"numjobs": "$ncpus"}})
    reading = fio.read(text, "file")
    assert {item.metric.tasks for item in reading.measurements} == {None}
    assert reading.notes == ("numjobs is '$ncpus': how many processes that was is not known",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "file: no JSON object in it"),
        ("fio: failed\n", "file: no JSON object in it"),
        ('{\n  "fio version": "fio-3.33",\n  "jobs": [\n', "file:4: damaged JSON at column 1: Expecting value"),
        ('{"fio version": "fio-3.33"}', "file:1: jobs is missing"),
        ('{"fio version": "fio-3.33",\n"jobs": {}}', "file:2: jobs is no list"),
        ('{"fio version": "fio-3.33",\n"jobs": []}', "file:2: jobs has no job that did any I/O"),
        ('{"jobs": [\n{"read": {"total_ios": 1, "iops":\n"many"}}]}', '"many"'),
        ('{"jobs": [{"read": {"total_ios": 1, "iops": NaN}}]}', "file:1: jobs[0].read.iops is not finite"),
        ('{"jobs": [{"read": {"total_ios": 1, "iops": true}}]}', "file:1: jobs[0].read.iops is true"),
        ('{"jobs": [{"jobname": "a"}]}', "file:1: jobs[0] has none of read, write, trim, mixed"),
        ('{"jobs": ' + "[" * 100_000, "file: JSON that cannot be read"),
    ],
)
def test_damaged_fio_json_is_named_with_its_line(text: str, message: str) -> None:
    assert message in refused(fio, text).message


# -- hyperfine


def test_hyperfine_itself_gives_the_time_of_every_run(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    run("hyperfine", "-N", "--runs=3", "--export-json", file, "true", "sleep 0", cwd=tmp_path)
    text = file.read_text()
    assert hyperfine.matches(text)
    reading = hyperfine.read(text, "out.json")
    results = json.loads(text)["results"]
    assert found(reading) == {
        "time of true": ("s", Better.LESS, None, tuple(results[0]["times"])),
        "time of sleep 0": ("s", Better.LESS, None, tuple(results[1]["times"])),
    }
    assert reading.command == ""


def test_hyperfine_with_one_command_and_one_run_names_the_command(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    run("hyperfine", "-N", "--runs=1", "--export-json", file, "true", cwd=tmp_path)
    reading = hyperfine.read(file.read_text(), "out.json")
    (measurement,) = reading.measurements
    assert (measurement.metric, measurement.runs) == (Metric("time", "s", Better.LESS), 1)
    assert reading.command == "true"


def test_hyperfine_runs_that_failed_are_said(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    run("hyperfine", "-N", "-i", "--runs=2", "--export-json", file, "false", cwd=tmp_path)
    reading = hyperfine.read(file.read_text(), "out.json")
    assert reading.notes == ("2 of 2 runs of false failed, and count all the same",)


def test_hyperfine_run_that_a_signal_ended_has_failed_too() -> None:
    text = '{"results": [{"command": "x", "times": [1, 2, 3], "exit_codes": [0, null, 139]}]}'
    assert hyperfine.read(text, "file").notes == ("2 of 3 runs of x failed, and count all the same",)


@pytest.mark.parametrize(
    ("result", "summary"),
    [
        ({"mean": 0.5, "stddev": 0.1}, Summary(0.5, 0.1, None)),
        ({"mean": 0.5, "stddev": None}, Summary(0.5, None, 1)),
        ({"mean": 0.5, "stddev": 0.1, "exit_codes": [0, 0, 0], "times": None}, Summary(0.5, 0.1, 3)),
    ],
)
def test_hyperfine_without_times_is_a_summary(result: dict[str, Any], summary: Summary) -> None:
    text = json.dumps({"results": [{"command": "x", **result}]})
    (measurement,) = hyperfine.read(text, "file").measurements
    assert measurement.summary == summary


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"results": [\n', "file:2: damaged JSON at column 1"),
        ('{\n"results": []}', "file:2: results is empty"),
        ('{"results": [\n{"mean": 1}]}', "file:2: results[0].command is missing"),
        ('{"results": [{"command": "x",\n"times": []}]}', "file:2: results[0].times is empty"),
        ('{"results": [{"command": "x",\n"times": [1,\nnull]}]}', "file:3: results[0].times[1] is null"),
        ('{"results": [\n{"command": "x"}]}', "file:2: results[0].mean is missing"),
        (
            '{"results": [\n{"command": "x", "times": [1]},\n{"command": "x", "times": [1]}]}',
            "file:2: results[0].command is the same as another result's",
        ),
        ('{"results": [{"command": "x", "times": [1]}]}\n{}', "file:2: text after the end"),
        (
            '{"results": [{"command": "x", "mean": 1,\n"stddev": null, "exit_codes": [0, 0]}]}',
            "file:2: results[0].stddev is null, but there were 2 runs",
        ),
    ],
)
def test_damaged_hyperfine_json_is_named_with_its_line(text: str, message: str) -> None:
    assert refused(hyperfine, text).message.startswith(message)


# -- stress-ng


@pytest.fixture(scope="module")
def stress(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The YAML of a run of stress-ng with a stressor that YAML takes for no value."""
    directory = tmp_path_factory.mktemp("stress")
    run(
        *("stress-ng", "--cpu", "1", "--null", "1", "--timeout", "1", "--metrics", "--yaml", "out.yaml"),
        *("--temp-path", directory),
        cwd=directory,
    )
    return (directory / "out.yaml").read_text()


def test_stress_ng_itself_is_read_to_the_numbers_that_its_yaml_has(stress: str) -> None:
    assert stress_ng.matches(stress)
    values = found(stress_ng.read(stress, "out.yaml"))
    for name in ("cpu", "null"):
        block = stress.partition(f"stressor: {name}\n")[2].partition("stressor:")[0]
        inside = {key: float(value) for key, value in re.findall(r"([\w-]+): ([\d.e+-]+)", block)}
        real, used = inside["bogo-ops-per-second-real-time"], inside["bogo-ops-per-second-usr-sys-time"]
        assert values[f"{name} (real time)"] == ("bogo-ops/s", Better.MORE, None, (real,))
        assert values[f"{name} (usr+sys time)"] == ("bogo-ops/s", Better.MORE, None, (used,))
        assert values[f"{name} operations"] == ("bogo-ops", Better.NEITHER, None, (inside["bogo-ops"],))
        assert values[f"{name} wall clock"] == ("s", Better.NEITHER, None, (inside["wall-clock-time"],))


def test_stress_ng_without_metrics_says_which_option_is_missing(tmp_path: Path) -> None:
    run("stress-ng", "--cpu", "1", "--cpu-ops", "1", "--yaml", "out.yaml", cwd=tmp_path)
    text = (tmp_path / "out.yaml").read_text()
    assert stress_ng.matches(text)
    error = refused(stress_ng, text)
    assert error.message.endswith("the document has no metrics")
    assert "--metrics" in error.hint


def stressor(name: str, rate: str = "1620.5", operations: int = 1621, *more: str) -> str:
    keys = (
        f"bogo-ops: {operations}",
        f"bogo-ops-per-second-usr-sys-time: {rate}",
        f"bogo-ops-per-second-real-time: {rate}",
        "wall-clock-time: 1.000136",
        *more,
    )
    return f"    - stressor: {name}\n" + "".join(f"      {key}\n" for key in keys)


def stress_run(*stressors: str) -> str:
    return "---\nsystem-info:\n      version: #46-Ubuntu SMP\n\nmetrics:\n" + "\n".join(stressors) + "\n...\n"


def test_stress_ng_documents_are_runs_in_their_order() -> None:
    text = stress_run(stressor("get", "10.5")) + stress_run(stressor("get", "1.25e+01"))
    assert found(stress_ng.read(text, "file"))["get (real time)"][3] == (10.5, 12.5)


def test_stress_ng_instances_are_tasks_and_keys_of_one_stressor_are_noted() -> None:
    text = stress_run(stressor("switch", "1.5", 7, "instances: 4", "nanosecs-per-context-switch: 4430.4"))
    reading = stress_ng.read(text, "file")
    assert {item.metric.tasks for item in reading.measurements} == {4}
    assert reading.notes == ("1 metric of switch alone, left out: nanosecs-per-context-switch",)


def test_stress_ng_messages_between_the_yaml_are_passed_over_without_moving_lines() -> None:
    text = stress_run(stressor("cpu", "many"))
    mixed = text.replace("metrics:", "stress-ng: info:  [112] stressor: bogo ops\nmetrics:")
    line = mixed.split("\n").index("      bogo-ops-per-second-real-time: many") + 1
    path = "metrics[0].bogo-ops-per-second-real-time"
    assert refused(stress_ng, mixed).message == f'file:{line}: {path} is "many"'


def test_stress_ng_rate_by_no_time_is_left_out_and_stressor_without_operations_too() -> None:
    reading = stress_ng.read(stress_run(stressor("cpu", "0.000000", 3), stressor("get", "0.0", 0)), "file")
    assert list(found(reading)) == ["cpu operations", "cpu wall clock"]
    assert reading.notes == (
        "no cpu (real time): stress-ng measured no time for it",
        "no cpu (usr+sys time): stress-ng measured no time for it",
        "get did no operation, so nothing was measured",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "file: no YAML document in it"),
        ("metrics:\n    - stressor: cpu\n   bogo-ops: 1\n", "file:3: damaged YAML at column 4"),
        ("metrics:\n    - stressor: cpu\n", "file:2: metrics[0].bogo-ops is missing"),
        (stress_run(stressor("cpu"), stressor("cpu")), "file:12: metrics[1].stressor is cpu, which is there already"),
        (stress_run(stressor("cpu", "1", 0)), "file:5: metrics has no stressor that did an operation"),
        (stress_run(stressor("cpu", "1", 1, "instances: 0.5")), "file:11: metrics[0].instances is 0.5"),
        (stress_run(stressor("cpu", "'1.5'")), 'file:9: metrics[0].bogo-ops-per-second-real-time is "1.5"'),
        (stress_run(stressor("cpu", "-nan")), 'file:9: metrics[0].bogo-ops-per-second-real-time is "-nan"'),
        (stress_run(stressor("cpu", "1e999")), "file:9: metrics[0].bogo-ops-per-second-real-time is not finite"),
        ("metrics: &a\n  - stressor: cpu\nother: *a\n", "file:3: a YAML alias"),
        ("metrics: &a\n  - *a\n", "file:2: a YAML alias"),
        ("metrics:\n  - stressor: \x07\n", "file: YAML that cannot be read"),
        ("metrics: " + "[" * 1200 + "]" * 1200, "file: YAML that cannot be read"),
    ],
)
def test_damaged_stress_ng_yaml_is_named_with_its_line(text: str, message: str) -> None:
    assert refused(stress_ng, text).message.startswith(message)


# -- all of them


def test_each_reader_knows_its_own_format_only(stress: str) -> None:
    texts = {
        fio: report(job(read=direction())),
        hyperfine: '{"results": [{"command": "x", "times": [1]}]}',
        stress_ng: stress,
    }
    for reader in texts:
        assert [other for other in texts if reader.matches(texts[other])] == [reader]


keys = st.text(st.sampled_from('abc".\\\n\u00e4 {}[],:'), max_size=4)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | keys,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


def places(content: Any, steps: Steps = ()) -> list[Steps]:
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [steps, *(place for step, value in inner for place in places(value, (*steps, step)))]


@given(documents, st.sampled_from([None, 0, 2]))
def test_the_line_of_every_value_is_where_its_text_stands(content: Any, indent: int | None) -> None:
    text = "before\n" + json.dumps(content, indent=indent)
    document, end = parse_json(text, "file", "JSON", len("before\n"))
    assert (document.content, end) == (content, len(text))
    lines = text.split("\n")
    for steps in places(content):
        line = document.line_of(steps)
        assert 2 <= line <= len(lines)
        if steps and isinstance(steps[-1], str):
            assert f"{json.dumps(steps[-1])}:" in lines[line - 1]
        if indent is None:
            assert line == 2
    if indent is not None:  # each value has a line of its own, in the order of the text
        found_lines = [document.line_of(steps) for steps in places(content)]
        assert found_lines == sorted(set(found_lines))
