"""Control flow: which steps follow which, and which cleanups run on the way."""

from __future__ import annotations

import pytest

from credseries.csource.flow import Flow, Kind
from credseries.csource.syntax import callee, walk
from tests.engine import body, only_variant


def flow_of(statements: str) -> Flow:
    return only_variant(body(statements)).flow


def words(flow: Flow, number: int) -> list[str]:
    """What a step shows: its calls, and `~class` for a cleanup."""
    node = flow.nodes[number]
    if node.kind is Kind.CLEANUP:
        return [f"~{node.tag}"]
    if node.syntax is None or node.kind is Kind.OPEN:
        return []
    return [callee(part) for part in walk(node.syntax) if part.type == "call_expression"]


def paths(statements: str, rounds: int = 2) -> set[str]:
    """Every run from entry to exit that takes no edge more than `rounds` times, as the calls it makes."""
    flow = flow_of(statements)
    assert flow.unsupported == []
    found = set()
    stack: list[tuple[int, tuple[str, ...], tuple[tuple[int, int], ...]]] = [(0, (), ())]
    while stack:
        number, said, taken = stack.pop()
        said = (*said, *words(flow, number))
        if flow.nodes[number].kind is Kind.EXIT:
            found.add(" ".join(said))
        for _, target in flow.nodes[number].edges:
            if taken.count((number, target)) < rounds:
                stack.append((target, said, (*taken, (number, target))))
    return found


def test_an_if_goes_both_ways() -> None:
    assert paths("\tif (c())\n\t\ta();\n\telse\n\t\tb();\n\td();") == {"c a d", "c b d"}


def test_a_while_loop_runs_any_number_of_times() -> None:
    assert paths("\twhile (c())\n\t\ta();\n\td();") == {"c d", "c a c d", "c a c a c d"}


def test_a_for_loop_updates_after_continue_and_not_after_break() -> None:
    found = paths(
        "\tfor (i(); c(); u()) {\n\t\tif (x())\n\t\t\tbreak;\n\t\tif (y())\n\t\t\tcontinue;\n\t\ta();\n\t}\n\td();", 1
    )
    assert "i c x d" in found
    assert "i c x y u c d" in found
    assert not any("x u" in path for path in found)


def test_an_endless_loop_ends_by_break_alone() -> None:
    assert paths("\twhile (1) {\n\t\tif (c())\n\t\t\tbreak;\n\t}\n\td();", 1) == {"c d"}
    assert paths("\tfor (;;)\n\t\ta();\n\td();") == set()


def test_do_while_0_runs_once() -> None:
    assert paths("\tdo {\n\t\tif (c())\n\t\t\tbreak;\n\t\ta();\n\t} while (0);\n\td();") == {"c d", "c a d"}


def test_continue_in_do_while_goes_to_the_condition() -> None:
    found = paths("\tdo {\n\t\tif (x())\n\t\t\tcontinue;\n\t\ta();\n\t} while (c());\n\td();", 1)
    assert {"x c d", "x a c d"} <= found


def test_a_switch_without_a_default_may_take_no_case() -> None:
    assert paths("\tswitch (s()) {\n\tcase 1:\n\t\ta();\n\t}\n\td();") == {"s a d", "s d"}
    assert paths("\tswitch (s()) {\n\tcase 1:\n\t\ta();\n\t\tbreak;\n\tdefault:\n\t\tb();\n\t}\n\td();") == {
        "s a d",
        "s b d",
    }


def test_a_case_without_a_break_falls_through() -> None:
    assert paths("\tswitch (s()) {\n\tcase 1:\n\t\ta();\n\t\tfallthrough;\n\tdefault:\n\t\tb();\n\t}\n\td();") == {
        "s a b d",
        "s b d",
    }


def test_break_in_a_switch_leaves_the_switch_and_continue_the_loop() -> None:
    text = """
	while (c()) {
		switch (s()) {
		case 1:
			break;
		default:
			continue;
		}
		a();
	}
"""
    found = paths(text, 1)
    assert found == {"c", "c s a c", "c s c"}


def test_a_goto_goes_back() -> None:
    found = paths("again:\n\ta();\n\tif (c())\n\t\tgoto again;\n\td();")
    assert {"a c d", "a c a c d"} <= found


def test_a_label_after_the_return_is_reached_by_goto_alone() -> None:
    found = paths("\tif (c())\n\t\tgoto fail;\nout:\n\ta();\n\treturn 0;\nfail:\n\tb();\n\tgoto out;")
    assert found == {"c a", "c b a"}


# -- cleanups


def test_cleanups_run_in_reverse_at_the_end_of_their_block() -> None:
    text = "\t{\n\t\tguard(one)(x);\n\t\tguard(two)(x);\n\t\ta();\n\t}\n\td();"
    assert paths(text) == {"a ~two ~one d"}


def test_a_return_expression_comes_before_the_cleanups() -> None:
    assert paths("\tguard(one)(x);\n\tif (c())\n\t\treturn a();\n\treturn 0;") == {"c a ~one", "c ~one"}


def test_break_continue_and_goto_run_the_cleanups_of_what_they_leave() -> None:
    text = """
	guard(outer)(x);
	while (c()) {
		guard(one)(x);
		if (b())
			break;
		if (e())
			continue;
		if (g())
			goto out;
		a();
	}
	d();
out:
	f();
"""
    found = paths(text, 1)
    assert "c b ~one d f ~outer" in found
    assert "c b e ~one c d f ~outer" in found
    assert "c b e g ~one f ~outer" in found
    assert "c b e g a ~one c d f ~outer" in found


def test_a_goto_back_over_a_guard_ends_it_first() -> None:
    found = paths("again:\n\ta();\n\tguard(one)(x);\n\tif (c())\n\t\tgoto again;\n\td();")
    assert {"a c d ~one", "a c ~one a c d ~one"} <= found
    assert not any("a c a" in path for path in found)


def test_class_and_free_end_with_their_block() -> None:
    text = "\tCLASS(fd, f)(n);\n\tvoid *p __free(kfree) = m();\n\ta();\n\treturn 0;"
    assert paths(text) == {"m a ~kfree ~fd"}


def test_a_scoped_macro_ends_with_its_statement_and_catches_break() -> None:
    text = """
	while (c()) {
		scoped_guard(one, x) {
			if (b())
				break;
			a();
		}
		d();
	}
"""
    found = paths(text, 1)
    assert "c b ~one d c" in found
    assert not any(path.endswith("b ~one") for path in found)


def test_a_return_out_of_a_scoped_macro_runs_its_cleanup() -> None:
    assert paths("\tscoped_guard(one, x)\n\t\treturn a();\n\td();") == {"a ~one"}


# -- what cannot be entered, what cannot be followed


def test_a_goto_over_a_guard_is_a_bypass() -> None:
    statements = "\tif (c())\n\t\tgoto out;\n\tguard(one)(x);\n\ta();\nout:\n\td();"
    item = body(statements)
    [bypass] = only_variant(item).flow.bypasses
    assert (item.line(bypass.jump), item.line(bypass.into)) == (4, 7)


def test_a_goto_into_a_scoped_statement_is_a_bypass() -> None:
    flow = flow_of("\tgoto in;\n\tscoped_guard(one, x) {\nin:\n\t\ta();\n\t}")
    assert len(flow.bypasses) == 1


def test_a_case_after_a_guard_is_a_bypass() -> None:
    flow = flow_of("\tswitch (s()) {\n\tcase 1:\n\t\ta();\n\t\tguard(one)(x);\n\t\tbreak;\n\tcase 2:\n\t\tb();\n\t}")
    assert len(flow.bypasses) == 1


def test_a_goto_out_of_a_guard_or_within_it_is_none() -> None:
    flow = flow_of(
        "\t{\n\t\tguard(one)(x);\n\t\tif (c())\n\t\t\tgoto in;\n\t\tgoto out;\nin:\n\t\ta();\n\t}\nout:\n\td();"
    )
    assert flow.bypasses == []


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("goto *table[i];", "goto"),
        ("goto nowhere;", "nowhere"),
        ("break;", "outside"),
        ("continue;", "outside"),
        ("x = ({ if (y) return 1; 2; });", "statement expression"),
        ('asm goto("x" : : : : out);', "asm"),
        ("RETURN_IF(x);", "may hide a jump"),
        ("TRY(x, out);", "the label out"),
    ],
)
def test_what_is_not_followed_is_said(statement: str, reason: str) -> None:
    item = body(f"\tif (x)\n\t\t{statement}\nout:\n\treturn 0;")
    if item.unreadable is not None:
        return  # refused all the same
    assert any(reason in why for _, why in only_variant(item).flow.unsupported)
