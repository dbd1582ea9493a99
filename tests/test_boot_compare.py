"""Two boots are compared case by case, and a boot on its own is judged in words for a person."""

from __future__ import annotations

from credseries.verify.boot.compare import differences, problems
from credseries.verify.boot.console import read_console
from credseries.verify.boot.model import BootRun


def run_of(*lines: str, end: str = "CASE end reached\nEND 0\n", timed_out: bool = False) -> BootRun:
    return read_console("\n".join((*lines, end)), seconds=2.5, timed_out=timed_out)


def test_equal_runs_have_no_difference() -> None:
    assert differences(run_of("CASE a OK", "CASE b EPERM"), run_of("CASE a OK", "CASE b EPERM")) == ()


def test_another_outcome_is_told_with_both() -> None:
    assert differences(run_of("CASE a EPERM", "CASE b OK"), run_of("CASE a OK", "CASE b OK")) == (
        "a: 'OK' with the series, and 'EPERM' on the base",
    )


def test_what_is_only_in_one_is_told() -> None:
    assert differences(run_of("CASE a OK", "CASE b OK"), run_of("CASE a OK", "CASE c EIO")) == (
        "c: done only with the series ('EIO')",
        "b: done only on the base ('OK')",
    )


def test_what_a_crash_kept_from_being_done_is_one_sentence() -> None:
    base = run_of("CASE a OK", "CASE b OK", "CASE c OK")
    assert differences(base, run_of("CASE a OK", end="")) == ("2 cases were done only on the base, from b on",)


def test_a_clean_run_has_no_problem() -> None:
    assert problems(run_of("CASE a OK")) == ()


def test_a_wrong_outcome_and_a_complaint_are_problems_of_their_own() -> None:
    run = run_of("CASE a OK", "WANTED a EACCES", "[    1.0] kernel BUG at kernel/cred.c:391!")
    assert problems(run) == (
        "the kernel complains: kernel BUG at kernel/cred.c:391!",
        "a: the outcome is 'OK' and must be 'EACCES'",
    )


def test_a_run_without_its_end_says_where_it_was() -> None:
    assert problems(run_of("CASE a OK", "what it said last", end="")) == (
        "the kernel ended after the case a, 2.5 s after its start; its last words: CASE a OK | what it said last",
    )
    (killed,) = problems(run_of("CASE a OK", end="", timed_out=True))
    assert killed.startswith("the kernel did not come to its end in time and was killed after the case a")


def test_a_kernel_that_says_nothing_has_a_problem() -> None:
    assert problems(run_of(end="")) == ("the kernel ended before the first case, 2.5 s after its start",)


def test_tests_that_could_not_be_prepared_are_a_problem() -> None:
    assert problems(run_of("CASE a OK", "SETUP tmpfs ENODEV")) == ("the tests could not be prepared: tmpfs ENODEV",)
