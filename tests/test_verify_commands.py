"""The commands that kbuild left are read as the shell would have run them."""

from __future__ import annotations

from pathlib import Path

from credseries.verify.kbuild.commands import dependencies_of, parse_command

CMD = r"""savedcmd_fs/x/dir.o := gcc -Wp,-MMD,fs/x/.dir.o.d -nostdinc -I/src/include -I./include '-DNAME="x y"' -DCASH=$$1 -D"KBUILD_STR(s)=$(pound)s" -fmacro-prefix-map=/src/= -c -o fs/x/dir.o /src/fs/x/dir.c   ; ./tools/objtool/objtool --orc fs/x/dir.o

source_fs/x/dir.o := /src/fs/x/dir.c

deps_fs/x/dir.o := \
  /src/include/linux/kconfig.h \
    $(wildcard include/config/FOO) \
  include/generated/autoconf.h \
  /srcs/other.h \

fs/x/dir.o: $(deps_fs/x/dir.o)

$(deps_fs/x/dir.o):
"""  # noqa: E501


def test_a_command_of_kbuild() -> None:
    command = parse_command(CMD, "fs/x/dir.o")
    assert command is not None
    assert command.words == (
        *("gcc", "-nostdinc", "-I/src/include", "-I./include", '-DNAME="x y"', "-DCASH=$1"),
        *("-DKBUILD_STR(s)=#s", "-fmacro-prefix-map=/src/="),
    )
    assert command.source == "/src/fs/x/dir.c"
    assert command.dependencies == (
        *("/src/fs/x/dir.c", "/src/include/linux/kconfig.h", "include/generated/autoconf.h", "/srcs/other.h"),
    )


def test_older_kernels_have_another_name_for_it() -> None:
    command = parse_command(CMD.replace("savedcmd_", "cmd_"), "fs/x/dir.o")
    assert command is not None
    assert command.words[0] == "gcc"
    assert parse_command("cmd_fs/x/x.o := ld -o fs/x/x.o\n", "fs/x/x.o") is None


def test_a_command_for_another_place_of_the_source() -> None:
    command = parse_command(CMD, "fs/x/dir.o")
    assert command is not None
    moved = command.moved(Path("/src"), Path("/view"))
    assert "-I/view/include" in moved.words
    assert "-fmacro-prefix-map=/view/=" in moved.words
    words = moved.compile(Path("/view/fs/x/dir.c"), Path("/t/o"), Path("/t/d"), ["-g0"])
    assert words[-6:] == ["-g0", "-Wp,-MMD,/t/d", "-c", "-o", "/t/o", "/view/fs/x/dir.c"]
    other = parse_command(CMD.replace("-I./include", "-I/srcs/a"), "x")
    assert other is not None
    assert "-I/srcs/a" in other.moved(Path("/src"), Path("/view")).words


def test_dependencies_of_a_compiler() -> None:
    assert dependencies_of("x.o: /a/b.c \\\n /a/with\\ space.h /a/c.h\n") == ["/a/b.c", "/a/with space.h", "/a/c.h", ""]
