"""What the control flow says of cleanup scopes is what compilers do: small functions, run and followed."""

from __future__ import annotations

import shutil

import pytest

from tests.scopetrace import Example, build, examples, executed, followed

EXAMPLES = examples()
COMPILERS = [("gcc", True), ("gcc", False), ("clang-19", True), ("clang-19", False)]


@pytest.fixture(scope="module", params=COMPILERS, ids=lambda given: f"{given[0]}-{'flag' if given[1] else 'label'}")
def traces(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    compiler, flag = request.param
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} here")
    return executed(build(EXAMPLES, tmp_path_factory.mktemp("scopes"), compiler, flag))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_paths_of_the_flow_are_those_that_run(example: Example, traces: dict[str, set[str]]) -> None:
    ran = traces[example.name]
    assert ran
    assert followed(example) == ran


def test_no_example_is_lost() -> None:
    assert len(EXAMPLES) >= 43
