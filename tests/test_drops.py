"""What called functions give up, found in their bodies."""

from credseries.creds.drops import Drops
from credseries.creds.effects import CREDENTIALS, Place
from credseries.creds.lifetime import gives_up
from credseries.creds.program import SourceFile

CHAIN = "a", "b", "c", "d", "e"


def drops_of(text: str) -> Drops:
    file = SourceFile("fs/a.c", text.encode())
    functions = {extent.name: file.function(extent) for extent in file.extents}
    return Drops(CREDENTIALS, functions.get, gives_up)


def chain() -> str:
    """Functions that hand their argument on; the last one frees it."""
    calls = zip(CHAIN, (*CHAIN[1:], "kfree"), strict=True)
    return "\n".join(f"void {name}(struct ctx *p)\n{{\n\t{called}(p);\n}}" for name, called in calls)


def test_a_function_gives_up_what_those_that_it_calls_give_up() -> None:
    drops = drops_of(chain())
    assert {name for name in CHAIN if drops(name) == {Place(0)}} == {"b", "c", "d", "e"}


def test_what_is_found_of_a_function_does_not_depend_on_what_was_asked_before() -> None:
    drops = drops_of(chain())
    assert drops("a") == frozenset()  # too deep to look: `e` is not looked into on the way
    assert drops("e") == {Place(0)}


def test_functions_that_call_themselves_are_looked_into_as_deep_as_others() -> None:
    drops = drops_of("void f(struct ctx *p)\n{\n\tif (p->next)\n\t\tf(p->next);\n\tput_cred(p->cred);\n}")
    assert Place(0, ".cred") in drops("f")
