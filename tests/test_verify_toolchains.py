"""What a machine can compile, and what a wish for more is told."""

from __future__ import annotations

import pytest

from credseries.errors import UsageError
from credseries.verify.kbuild.toolchains import (
    Which,
    compiler,
    cross_prefix,
    default_variants,
    host_architecture,
    make_variables,
    missing_for,
    newest_clang,
    parse_matrix,
)
from credseries.verify.missing import Missing
from credseries.verify.model import Variant

HOST = host_architecture()
OTHER = "arm64" if HOST != "arm64" else "x86_64"
HOST_TOOLS = ("make", "flex", "bison", "bc", "perl", "ld")


def _with(*programs: str) -> Which:
    return lambda name: f"/usr/bin/{name}" if name in programs else None


def _no_file(name: str) -> str:
    raise AssertionError(f"{name} was read")


def _has(*paths: str) -> dict[str, object]:
    return {"exists": lambda path: str(path) in {f"/usr/include/{name}" for name in paths}}


def test_machines_have_the_kernels_names() -> None:
    assert host_architecture("aarch64") == "arm64"
    assert host_architecture("x86_64") == "x86_64"
    assert host_architecture("sparc64") == "sparc64"


def test_by_default_gcc_and_the_newest_clang() -> None:
    which = _with("gcc", "clang", "clang-16", "clang-19")
    assert newest_clang(which) == "clang-19"
    assert default_variants(which) == (Variant("gcc", HOST), Variant("clang-19", HOST))
    for there in ((), ("clang",)):  # what is missing is to be noticed
        assert default_variants(_with(*there)) == (Variant("gcc", HOST), Variant("clang", HOST))


def test_the_product_of_what_is_named() -> None:
    texts = {"smp.config": "CONFIG_SMP=y\n", "dir/big.config": "CONFIG_NET=y\n"}
    found = parse_matrix(
        ["cc=gcc,clang-19", f"arch={HOST},{OTHER}", "config=smp.config", "config=none,dir/big.config"],
        texts.__getitem__,
        _with("gcc"),
    )
    assert len(found) == 2 * 2 * 3
    assert Variant("gcc", HOST, "smp", "CONFIG_SMP=y\n") in found
    assert Variant("clang-19", OTHER, "big", "CONFIG_NET=y\n") in found
    assert Variant("clang-19", OTHER) in found
    assert found[0].label == f"gcc {HOST} smp"


def test_what_is_not_named_is_as_by_default() -> None:
    which = _with("gcc", "clang-19")
    assert parse_matrix([f"arch={OTHER}"], _no_file, which) == (Variant("gcc", OTHER), Variant("clang-19", OTHER))
    assert parse_matrix(["cc=clang"], _no_file, which) == (Variant("clang-19", HOST),)
    assert parse_matrix([], _no_file, which) == default_variants(which)


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        (["compiler=gcc"], "names no compilers"),
        (["cc"], "names no compilers"),
        (["cc="], "names no compilers"),
        (["cc=icc"], "no compiler that builds kernels"),
        (["arch=vax"], "no tools are known for the architecture 'vax'"),
        (["config=a/x.config,b/x.config"], "two configurations are called 'x'"),
    ],
)
def test_a_wish_that_makes_no_sense_says_what_may_be_given(specs: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse_matrix(specs, lambda _: "", _with("gcc"))
    assert caught.value.hint


def test_gcc_crosses_with_a_prefix_and_clang_with_a_target() -> None:
    assert cross_prefix(Variant("gcc", "arm64"), "x86_64") == "aarch64-linux-gnu-"
    assert cross_prefix(Variant("gcc", "i386"), "x86_64") == ""
    gcc, clang = Variant("gcc", OTHER), Variant("clang-19", OTHER)
    prefix = cross_prefix(gcc)
    assert make_variables(gcc) == (f"ARCH={OTHER}", f"CROSS_COMPILE={prefix}", f"CC={prefix}gcc")
    assert make_variables(clang) == (f"ARCH={OTHER}", f"CROSS_COMPILE={prefix}", "CC=clang-19")
    assert make_variables(Variant("gcc", HOST)) == (f"ARCH={HOST}", "CC=gcc")
    assert compiler(gcc) == f"{prefix}gcc"


def test_what_is_missing_is_named_with_its_package() -> None:
    headers = _has("libelf.h", "openssl/ssl.h")
    assert missing_for(Variant("gcc", HOST), _with(*HOST_TOOLS, "gcc"), **headers) == ()
    lacking = missing_for(Variant("clang-19", HOST), _with("make", "bc", "perl", "ld"), **_has())
    assert lacking == (
        *(Missing("flex", "flex"), Missing("bison", "bison")),
        *(Missing("libelf.h", "libelf-dev"), Missing("openssl/ssl.h", "libssl-dev")),
        Missing("clang-19", "clang-19"),
    )
    foreign = Variant("gcc", OTHER)
    triple = cross_prefix(foreign)[:-1]
    assert missing_for(foreign, _with(*HOST_TOOLS, "gcc"), **headers) == (
        Missing(f"{triple}-gcc", f"gcc-{triple.replace('_', '-')}"),
        Missing(f"{triple}-ld", f"binutils-{triple.replace('_', '-')}"),
    )


def test_a_header_of_an_architectures_own_directory_counts() -> None:
    seen = {"/usr/include/x86_64-linux-gnu/libelf.h", "/usr/include/openssl/ssl.h"}
    lacking = missing_for(Variant("gcc", HOST), _with(*HOST_TOOLS, "gcc"), lambda path: str(path) in seen)
    assert lacking == ()
