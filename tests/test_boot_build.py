"""Make configures and builds in one directory, the source is only read, and nothing is built again without need."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import pytest

from credseries.errors import BuildFailed, EnvironmentProblem
from credseries.verify.boot.build import build_kernel, lacking_options
from credseries.verify.boot.config import config_text, lacking, required_options, wished_options

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")

# A tree whose make does what the kernel's does, as far as it matters here; it notes what it did in $(O)/done.
MAKEFILE = """\
allnoconfig:
	grep -v -e '^CONFIG_DEBUG_CREDENTIALS=' -e "$(WITHOUT)" $(KCONFIG_ALLCONFIG) >$(KCONFIG_CONFIG)

linux: $(O)/linux
$(O)/linux: main.c $(O)/.config
	@echo "$(ARCH) $(CC)" >>$(O)/done
	@echo a line about progress
	@if grep error main.c >&2; then exit 1; fi
	cp main.c $@
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A tree of symbolic links."""
    real, links = tmp_path / "real", tmp_path / "links"
    real.mkdir()
    links.mkdir()
    (real / "Makefile").write_text("WITHOUT := ^$$\n" + MAKEFILE)
    (real / "main.c").write_text("one\n")
    for path in real.iterdir():
        (links / path.name).symlink_to(path)
    return links


def build(source: Path, out: Path) -> Path:
    return build_kernel(source, out, cc="a-compiler", jobs=2)


def builds(out: Path) -> list[str]:
    return (out / "done").read_text().splitlines()


def test_a_kernel_is_built_once(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    before = sorted(path.name for path in source.iterdir())
    assert build(source, out).read_text() == "one\n"
    assert build(source, out).read_text() == "one\n"
    assert builds(out) == ["um a-compiler"]
    assert sorted(path.name for path in source.iterdir()) == before


def test_a_link_to_another_file_is_a_change(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "older.c"
    other.write_text("two\n")
    out = tmp_path / "out"
    kernel = build(source, out)
    os.utime(kernel, (kernel.stat().st_mtime - 1,) * 2)  # or this test is too fast for the clock of the file system
    os.utime(other, (0, 0))
    (source / "main.c").unlink()
    (source / "main.c").symlink_to(other)
    assert build(source, out).read_text() == "two\n"
    assert len(builds(out)) == 2


def test_a_failed_build_carries_what_the_compiler_said(source: Path, tmp_path: Path) -> None:
    (tmp_path / "real/main.c").write_text("error: expected ';'\n")
    with pytest.raises(BuildFailed) as caught:
        build(source, tmp_path / "out")
    assert "error: expected ';'" in caught.value.log
    assert "progress" not in caught.value.log
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.message, again.log, again.hint) == (caught.value.message, caught.value.log, caught.value.hint)


def test_a_tree_that_cannot_be_configured_is_a_failed_build(source: Path, tmp_path: Path) -> None:
    (tmp_path / "real/Makefile").write_text("allnoconfig:\n\t@echo no such arch >&2; exit 2\n")
    with pytest.raises(BuildFailed, match="cannot be configured") as caught:
        build(source, tmp_path / "out")
    assert "no such arch" in caught.value.log


def test_a_tree_without_overlayfs_is_named_as_such(source: Path, tmp_path: Path) -> None:
    (tmp_path / "real/Makefile").write_text("WITHOUT := ^CONFIG_OVERLAY_FS=\n" + MAKEFILE)
    with pytest.raises(EnvironmentProblem, match="it has no CONFIG_OVERLAY_FS with ARCH=um"):
        build(source, tmp_path / "out")


def test_options_that_are_only_wished_for_are_told(source: Path, tmp_path: Path) -> None:
    build(source, tmp_path / "out")
    assert lacking_options(tmp_path / "out") == ("CONFIG_DEBUG_CREDENTIALS",)


def test_the_fragment_has_what_the_tests_stand_on() -> None:
    assert {"CONFIG_OVERLAY_FS=y", "CONFIG_TMPFS=y"} <= set(required_options())
    assert "CONFIG_DEBUG_KMEMLEAK=y" in wished_options()
    assert not set(required_options()) & set(wished_options())
    assert lacking(config_text(), (*required_options(), *wished_options())) == ()
