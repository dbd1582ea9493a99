"""Python itself, and the packages that credseries was installed with: as its own metadata asks for them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from credseries.bench.doctor.finding import State, finding
from credseries.cli.doctor.model import Check

GROUP = "Python packages"
_PROJECT = "credseries"
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[[^\]]*\])?\s*(?P<versions>[^;]*)(?:;(?P<marker>.*))?")
_LIMIT = re.compile(r"\s*(<|<=|>|>=|==|~=|!=)\s*([\d.]+)\s*")
# What an extra is for; those that are not here (`dev`) are nobody's to install.
_EXTRAS = {
    "bench": (("bench chart",), "It draws pictures, and knows distributions."),
    "distributed": (("verify --scheduler",), "It does the work on a Dask cluster."),
}
_WHY = {
    "b4": "It makes messages of a series, reads threads, and keeps the branch as `b4 prep` does.",
    "tree-sitter": "It reads C, with tree-sitter-c.",
    "gitpython": "It starts git.",
}


@dataclass(frozen=True)
class Requirement:
    """A package that is asked for: its name, limits of its version as `(operator, version)`, and for which extra."""

    name: str
    limits: tuple[tuple[str, str], ...]
    extra: str = ""

    def allows(self, version: str) -> bool:
        """Whether a version is within the limits."""
        return all(_holds(_numbers(version), operator, _numbers(limit)) for operator, limit in self.limits)

    @property
    def wanted(self) -> str:
        """The limits, as pip writes them."""
        return ",".join(operator + limit for operator, limit in self.limits)


def parse_requirement(text: str) -> Requirement | None:
    """A requirement as metadata has it (PEP 508), as far as this project's own go; None for any other."""
    match = _REQUIREMENT.fullmatch(text.strip())
    if match is None:
        return None
    limits = [_LIMIT.fullmatch(part) for part in match["versions"].strip(" ()").split(",") if part.strip()]
    extra = re.search(r"""extra\s*==\s*["']([\w-]+)["']""", match["marker"] or "")
    return Requirement(
        match["name"], tuple((limit[1], limit[2]) for limit in limits if limit), extra[1] if extra else ""
    )


def examine() -> Iterator[Check]:
    """The checks of Python and packages."""
    version = ".".join(map(str, sys.version_info[:3]))
    found = finding("Python", State.OK, f"{version} ({sys.executable})", why="credseries runs in it.", advice="")
    yield Check(GROUP, found, ("all",), needed=True)
    for text in metadata.requires(_PROJECT) or ():
        requirement = parse_requirement(text)
        if requirement is not None and (not requirement.extra or requirement.extra in _EXTRAS):
            yield _examined(requirement)


def _examined(requirement: Requirement) -> Check:
    extra = requirement.extra
    commands, why = _EXTRAS.get(extra, (("all",), _WHY.get(requirement.name.lower(), "Commands need it.")))
    version = _installed(requirement.name)
    if version is None:
        state, evidence = State.MISSING, "not installed"
    elif not requirement.allows(version):
        state, evidence = State.MISSING, f"{version}, and it has to be {requirement.wanted}"
    else:
        state, evidence = State.OK, version
    package = f"{_PROJECT}[{extra}]" if extra else f"{requirement.name}{requirement.wanted}"
    advice = f"{sys.executable} -m pip install '{package}'"
    found = finding(requirement.name, state, evidence, why=why, advice=advice)
    return Check(GROUP, found, commands, needed=not extra)


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, up to the first part that is none."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, match[0].split("."))) if match else ()


def _holds(version: tuple[int, ...], operator: str, limit: tuple[int, ...]) -> bool:
    width = max(len(version), len(limit))
    padded, bound = ((*numbers, *(0,) * (width - len(numbers))) for numbers in (version, limit))
    match operator:
        case "<":
            return padded < bound
        case "<=":
            return padded <= bound
        case ">":
            return padded > bound
        case "==":
            return padded == bound
        case "!=":
            return padded != bound
    return padded >= bound  # of ~= only the lower end
