"""Reasons of refusals fall into classes that a tree's sites can be counted by."""

from __future__ import annotations

import pytest

from credseries.rewrite.refusals import refusal_class


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("f() leaves credentials overridden for its caller", "leaves its caller with other credentials"),
        ("the function leaves the credentials changed for its caller", "leaves its caller with other credentials"),
        ("it overrides through f(): no form stands for a pair of wrappers", "goes through a pair of wrappers"),
        ("line 3: f() drops a reference that the light override never took", "replaces the credentials in force"),
        ("fput() may give up what holds file->f_cred", "what holds the credential may be given up or changed"),
        ("would run f (line 3) under the override", "a call would run under other credentials"),
        ("label out (line 3) would unwind inside the scope", "jumps or labels stand in the way"),
        ("line 106 does not parse as C (an unknown macro?)", "does not parse"),
        ("something new", "other"),
    ],
)
def test_a_reason_has_a_class(reason: str, name: str) -> None:
    assert refusal_class(reason) == name
