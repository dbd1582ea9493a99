"""Claims about the version of a kernel Makefile."""

from __future__ import annotations

import pytest

from credseries.errors import NotAKernelTree
from credseries.kernel.release import read_release

HEAD = b"# SPDX-License-Identifier: GPL-2.0\nVERSION = 6\nPATCHLEVEL = 13\n"


@pytest.mark.parametrize(
    ("rest", "release"),
    [
        (b"SUBLEVEL = 0\nEXTRAVERSION = -rc1\nNAME = Baby Opossum Posse\n", "6.13.0-rc1"),
        (b"SUBLEVEL = 117\nEXTRAVERSION =\nNAME = Baby Opossum Posse\n", "6.13.117"),
        (b"SUBLEVEL =\nEXTRAVERSION =\n", "6.13"),
        (b"SUBLEVEL=2\nEXTRAVERSION = # none\nexport VERSION PATCHLEVEL\nVERSION = 9\n", "6.13.2"),
    ],
)
def test_reads_what_make_kernelversion_prints(rest: bytes, release: str) -> None:
    assert read_release(HEAD + rest) == release


@pytest.mark.parametrize("makefile", [b"", b"all:\n\tcc -o x x.c\n", b"VERSION =\nPATCHLEVEL = 1\n"])
def test_another_makefile_is_no_kernel_tree(makefile: bytes) -> None:
    with pytest.raises(NotAKernelTree, match="does not set VERSION") as caught:
        read_release(makefile)
    assert "--tree DIR" in caught.value.hint
