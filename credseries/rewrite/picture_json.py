"""The `show` contract: a picture as JSON. Lines are 1-based in the file, credentials are named by their letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from credseries.creds.flow.model import Credential, CredentialFlow, Line, Scope
from credseries.rewrite.picture import Picture

SCHEMA = 1


def pictures_json(pictures: Sequence[Picture]) -> dict[str, Any]:
    """The `show` contract, schema 1."""
    return {"schema": SCHEMA, "functions": [_picture(item) for item in pictures]}


def _picture(picture: Picture) -> dict[str, Any]:
    return {
        "file": picture.path,
        "function": picture.function,
        "line": picture.before.first_line,
        "local": picture.is_local,
        "refused": picture.is_refused,
        "sites": [asdict(item) for item in picture.sites],
        "refusals": [asdict(item) for item in picture.refusals],
        "legend": [
            {"letter": item.letter, "kind": item.credential.kind.value, "spellings": list(item.spellings)}
            for item in picture.legend
        ],
        "before": _flow(picture, picture.before),
        "after": _flow(picture, picture.after) if picture.after is not None else None,
        "rows": [[_number(row.before), _number(row.after)] for row in picture.rows],
    }


def _number(line: Line | None) -> int | None:
    return line.number if line is not None else None


def _letters(picture: Picture, credentials: Sequence[Credential]) -> list[str]:
    return [picture.letter(item) for item in credentials]


def _flow(picture: Picture, flow: CredentialFlow) -> dict[str, Any]:
    return {
        "lines": [_line(picture, line) for line in flow.lines],
        "scopes": [_scope(picture, scope) for scope in flow.scopes],
        "leaves": _letters(picture, flow.leaves),
        "left": list(flow.left),
        "unfollowed": [asdict(item) for item in flow.unfollowed],
        "unreadable": flow.unreadable,
    }


def _line(picture: Picture, line: Line) -> dict[str, Any]:
    return {
        "line": line.number,
        "text": line.text,
        "runs": line.runs,
        "under": _letters(picture, line.under),
        "inside": list(line.inside),
        "opens": list(line.opens),
        "closes": list(line.closes),
        "calls": [
            {"name": call.name, "under": _letters(picture, call.under), "cleanup": call.is_cleanup}
            for call in line.calls
        ],
    }


def _scope(picture: Picture, scope: Scope) -> dict[str, Any]:
    return {
        "number": scope.number,
        "credential": picture.letter(scope.credential),
        "form": scope.form,
        "line": scope.line,
        "ends": [asdict(end) for end in scope.ends],
        "lines": sorted(scope.lines),
        "column": scope.column,
        "outlives": scope.outlives,
    }
