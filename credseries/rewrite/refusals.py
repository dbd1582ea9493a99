"""Refusals by class: what stood in the way, without the names and lines of the single case."""

from __future__ import annotations

import re

# In order: the first pattern that a reason matches gives its class.
_CLASSES = (
    (
        r"leaves? (?:the )?credentials (?:changed|overridden) for (?:its|the) caller",
        "leaves its caller with other credentials",
    ),
    (r"only reverts", "only ends an override of its caller"),
    (r"no form stands for a pair of wrappers", "goes through a pair of wrappers"),
    (
        r"replaces the credentials|drops a reference that the light override never took",
        "replaces the credentials in force",
    ),
    (r"still in force", "returns with the override in force on some path"),
    (
        r"nothing keeps the credential alive|nothing proves that its credential",
        "nothing proves that the credential lives long enough",
    ),
    (
        r"gives? up what holds|is assigned to in|the address of|is stored where|another \w+ is declared"
        r"|loop steps through|is set to something else|ends inside the override",
        "what holds the credential may be given up or changed",
    ),
    (r"does not parse|cannot be read", "does not parse"),
    (r"may hide a jump|is not followed|statement expression jumps|is a macro", "something in it is not followed"),
    (r"may leave credentials overridden", "calls what may leave credentials overridden"),
    (
        r"holds (?:NULL|nothing)|does not hold|ends more than one override|never reached"
        r"|not a local variable|is not saved",
        "its reverts do not pair up with its overrides",
    ),
    (r"would run .* under the override|ran under", "a call would run under other credentials"),
    (r"label|goto|jump", "jumps or labels stand in the way"),
)


def refusal_class(reason: str) -> str:
    """The class of a refusal's reason."""
    return next((name for pattern, name in _CLASSES if re.search(pattern, reason)), "other")
