"""What a file needs to be built is found in the Makefiles, and what that needs in the Kconfig files."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from credseries.verify.kbuild.kconfig import assignments, proposal
from credseries.verify.kbuild.kconfig_language import config_values, holds, parse_expression, read_tree
from credseries.verify.kbuild.makefiles import Needed, needed

Read = Callable[[str], str | None]

MAKEFILES = {
    "Kbuild": "obj-y += fs/ drivers/\nobj-$(CONFIG_NET) += net/\n",
    "fs/Makefile": (
        "# obj-$(CONFIG_WRONG) += open.o\n"
        "obj-y := open.o \\\n\tnamei.o\n"
        "obj-$(CONFIG_STACK)\t+= stack.o\n"
        "obj-$(CONFIG_UNION_FS) += union/\n"
        "ifeq ($(CONFIG_BLOCK),y)\nobj-y += buffer.o\nelse\nobj-y += no-block.o\nendif\n"
        "ifdef CONFIG_QUOTA\nobj-$(CONFIG_QFMT)+= quota.o\nendif\n"
    ),
    "fs/union/Makefile": (
        "obj-$(CONFIG_UNION_FS) += union.o\n"
        "union-y := super.o dir.o\n"
        "union-$(CONFIG_UNION_XATTR) += xattr.o\n"
        "union-$(subst m,y,$(CONFIG_UNION_ACL)) += acl.o\n"
        "union-objs += $(addprefix libunion/,tree.o leaf.o)\n"
    ),
    "net/Makefile": "obj-$(CONFIG_INET) += ipv4/\n",
    "net/ipv4/Makefile": "obj-y := tcp.o\n",
    "drivers/Kbuild": "obj-$(CONFIG_A) += both.o\nobj-y += both.o\n",
    "drivers/Makefile": "obj-$(CONFIG_NOT_READ) += other.o\n",
}


@pytest.mark.parametrize(
    ("path", "symbols"),
    [
        ("fs/open.c", ()),
        ("fs/namei.c", ()),
        ("fs/stack.c", ("STACK",)),
        ("fs/union/dir.c", ("UNION_FS",)),
        ("fs/union/xattr.c", ("UNION_FS", "UNION_XATTR")),
        ("fs/union/acl.c", ("UNION_FS", "UNION_ACL")),
        ("fs/union/libunion/leaf.c", ("UNION_FS",)),
        ("fs/buffer.c", ("BLOCK",)),
        ("fs/no-block.c", ()),
        ("fs/quota.c", ("QUOTA", "QFMT")),
        ("net/ipv4/tcp.c", ("INET", "NET")),
        ("drivers/both.c", ()),
    ],
)
def test_symbols_on_the_way_to_the_top(path: str, symbols: tuple[str, ...]) -> None:
    assert needed(path, MAKEFILES.get) == Needed(symbols, listed=True)


@pytest.mark.parametrize("path", ["fs/nowhere.c", "drivers/other.c", "lib/x.c"])
def test_a_file_that_no_makefile_names(path: str) -> None:
    assert not needed(path, MAKEFILES.get).listed


KCONFIG = {
    "Kconfig": 'mainmenu "x"\nsource "fs/Kconfig"\nsource "arch/$(SRCARCH)/Kconfig"\n',
    "arch/x86/Kconfig": "config X86\n\tdef_bool y\n",
    "arch/arm/Kconfig": "config ARM\n\tdef_bool y\n",
    "fs/Kconfig": """
config EXPERT
	bool "Expert"

menuconfig BLOCK
	bool "Block layer" if EXPERT
	default y
	help
\t  What follows is text:

\t  config NOT_A_SYMBOL
\t    bool "and this too"

config STACK
	bool

config SELECTED_TWICE
	tristate

if BLOCK

config UNION_FS
	tristate "Union"
	depends on !NO_UNION && (MMU || NOMMU_UNION)
	select STACK
	select SELECTED_TWICE if UNION_XATTR

endif # BLOCK

menu "More"
	depends on UNION_FS

config UNION_XATTR
	bool "Attributes"

config UNION_SIZE
	int "Size"
	default 4

config UNION_ODD
	bool "Odd" if NEVER_DEFINED

endmenu

config MMU
	bool "MMU"

config NO_UNION
	bool "None"

config VALUE
	bool "Value"
	depends on X86 = y && UNION_SIZE != 9

config AUTO
	def_bool y
	depends on MMU
""",
}


def test_the_tree_is_read_with_its_structure() -> None:
    tree = read_tree(KCONFIG.get, "x86")
    assert "NOT_A_SYMBOL" not in tree.definitions
    assert "X86" in tree.definitions
    assert "ARM" not in tree.definitions
    assert tree.definitions["UNION_XATTR"][0].depends == ["UNION_FS"]
    assert tree.definitions["UNION_FS"][0].depends[0] == "BLOCK"
    assert tree.definitions["MMU"][0].depends == []
    assert [name for name, _ in tree.selectors["STACK"]] == ["UNION_FS"]


@pytest.mark.parametrize(
    ("wish", "values", "found"),
    [
        ("MMU", {}, {"MMU": "y"}),
        ("MMU", {"MMU": "y"}, {}),
        ("UNION_FS", {"BLOCK": "y", "MMU": "y"}, {"UNION_FS": "y"}),
        ("UNION_FS", {}, {"UNION_FS": "y", "BLOCK": "y", "EXPERT": "y", "MMU": "y"}),
        ("UNION_FS", {"NO_UNION": "y", "BLOCK": "y", "MMU": "y"}, {"UNION_FS": "y", "NO_UNION": "n"}),
        ("UNION_XATTR", {"BLOCK": "y", "MMU": "y"}, {"UNION_XATTR": "y", "UNION_FS": "y"}),
        ("STACK", {"BLOCK": "y", "MMU": "y"}, {"STACK": "y", "UNION_FS": "y"}),
        (
            "SELECTED_TWICE",
            {"BLOCK": "y", "MMU": "y"},
            {"SELECTED_TWICE": "y", "UNION_FS": "y", "UNION_XATTR": "y"},
        ),
        ("VALUE", {"X86": "y"}, {"VALUE": "y"}),
        ("AUTO", {}, {"AUTO": "y", "MMU": "y"}),
        ("UNION_SIZE", {}, None),
        ("UNION_ODD", {"UNION_FS": "y"}, None),
        ("UNKNOWN", {}, None),
    ],
)
def test_a_wish_is_closed_under_what_it_depends_on(
    wish: str, values: dict[str, str], found: dict[str, str] | None
) -> None:
    assert assignments(read_tree(KCONFIG.get, "x86"), wish, values) == found


def test_what_somebody_may_select_waits() -> None:
    tree = read_tree(KCONFIG.get, "x86")
    values = {"BLOCK": "y", "MMU": "y"}
    assert proposal(tree, ["STACK", "UNION_FS"], ["UNION_XATTR", "UNKNOWN"], values) == {
        "UNION_FS": "y",
        "UNION_XATTR": "y",
    }
    assert proposal(tree, ["STACK"], [], values) == {"STACK": "y", "UNION_FS": "y"}
    assert proposal(tree, ["STACK"], [], {**values, "STACK": "y"}) == {}


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("A", True),
        ("B", False),
        ("!B && A", True),
        ("B || (A && M)", True),
        ('A = y && N != "x"', True),
        ('N = "x"', False),
        ("$(cc-option,-mfoo)", True),
        ("B = n", True),
    ],
)
def test_expressions(text: str, truth: bool) -> None:
    assert holds(parse_expression(text), {"A": "y", "M": "m", "N": '"z"'}) is truth


def test_values_of_a_config() -> None:
    assert config_values('CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C="x"\n') == {"A": "y", "C": '"x"'}
