"""Scan: every site of a commit with its verdict, and an account of every textual hit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from credseries.creds.effects import CREDENTIALS, uncounted
from credseries.creds.interface import CLEANUP_HEADER, CRED_HEADER, CRED_SOURCE, Interface, read_interface
from credseries.creds.ledger import Defect, defects
from credseries.creds.program import Find, Hit, Program, SourceFile, hits
from credseries.creds.sites import Analysis, Site, SiteKind
from credseries.csource.function import Function
from credseries.errors import NotAKernelTree, UnknownFunction, UnknownPath
from credseries.kernel.git import Repository
from credseries.kernel.release import read_release
from credseries.rewrite.forms import FORMS, Form, Names
from credseries.rewrite.plan import Judged, MayMove, Planner
from credseries.rewrite.refusals import refusal_class
from credseries.series.recipe import Recipe
from credseries.series.search import NEEDLES, Search

SCHEMA = 1
_TREE_FILES = ("Makefile", "MAINTAINERS", CRED_HEADER, CRED_SOURCE, CLEANUP_HEADER)
_NEEDED = ("Makefile", "MAINTAINERS", CRED_HEADER)


@dataclass(frozen=True)
class Accounting:
    """Every textual hit of the scanned paths, once: `total` is the sum of the other five.

    `not_code` is broken down by kind: comment, string, macro, declaration, name (an identifier that only contains the
    words) and document (a file that is no C).
    """

    total: int
    converted: int
    refused: int
    already_converted: int
    wrapper_bodies: int
    not_code: int
    kinds: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The `accounting` object of the scan contract."""
        return {
            "hits": self.total,
            "converted": self.converted,
            "refused": self.refused,
            "already_converted": self.already_converted,
            "wrapper_bodies": self.wrapper_bodies,
            "not_code": self.not_code,
            "not_code_kinds": dict(sorted(self.kinds.items())),
        }


def names_for(interface: Interface, recipe: Recipe) -> Names:
    """What the forms are called in a tree."""
    if interface.counts_references is False and not interface.light:
        override, revert = Names.counting
        return Names(override=override, revert=revert, accessors=recipe.accessors, reverts=recipe.reverts)
    return Names(accessors=recipe.accessors, reverts=recipe.reverts)


def unavailable(interface: Interface) -> dict[Form, str]:
    """The forms that a tree cannot have, and why."""
    found: dict[Form, str] = {}
    if not interface.cleanup:
        found = dict.fromkeys((Form.GUARD, Form.SCOPED), f"the tree has no {CLEANUP_HEADER}")
    elif interface.foreign_guard:
        found = dict.fromkeys((Form.GUARD, Form.SCOPED), "the tree has a guard named cred of another type")
    if interface.counts_references is False:
        found[Form.LIGHT] = "override_creds() of this tree takes no reference: there is nothing lighter"
    elif interface.counts_references is None:
        reason = "no body of override_creds() was found, so whether it counts references is not known"
        found = dict.fromkeys(Form, reason)
    return found


def moving(recipe: Recipe, moves: Sequence[str]) -> dict[str, MayMove]:
    """How a planner is told which calls may move: those of the recipe in their topics, and `moves` everywhere."""
    if not moves and not any(topic.moves for topic in recipe.topics):
        return {}

    def may_move(path: str, name: str) -> bool:
        patterns = [pattern for topic in recipe.topics if topic.covers(path) for pattern in topic.moves]
        return any(fnmatchcase(name, pattern) for pattern in (*moves, *patterns))

    return {"may_move": may_move}


class Survey:
    """A commit, scanned: its sites are judged as they are asked for."""

    def __init__(
        self,
        commit: str,
        version: str,
        interface: Interface,
        sources: dict[str, SourceFile],
        documents: dict[str, bytes],
        recipe: Recipe,
        paths: Sequence[str] = (),
        forms: Sequence[Form] | None = None,
        find: Find | None = None,
        moves: Sequence[str] = (),
    ) -> None:
        self.commit = commit
        self.version = version
        self.interface = interface
        self.recipe = recipe
        self.documents = documents
        self.paths = tuple(path.rstrip("/") for path in paths)
        base = uncounted(CREDENTIALS) if interface.counts_references is False else CREDENTIALS
        self.program = Program(sources, base)
        self.program.run(find)
        self.names = names_for(interface, recipe)
        self.only = frozenset(forms or ()) or frozenset(FORMS)
        may_move = moving(recipe, moves)
        self.planner = Planner(self.names, forms or recipe.forms, unavailable(interface), **may_move)
        self._judged: dict[tuple[str, int], list[Judged]] = {}

    def wanted(self, path: str) -> bool:
        """Whether a file is among the paths that were asked for."""
        return not self.paths or any(path == item or path.startswith(item + "/") for item in self.paths)

    @property
    def analyses(self) -> list[Analysis]:
        """The analysed functions of the wanted paths that have a site or could not be read."""
        found = [self.program.analyses[key] for key in sorted(self.program.analyses) if self.wanted(key[0])]
        return [item for item in found if item.sites or item.unreadable]

    def judge(self, key: tuple[str, int]) -> list[Judged]:
        """The sites of a function (given by its file and the byte that it begins at) with their verdicts.

        Each function is judged once, however many series are drafted from a survey.
        """
        if key not in self._judged:
            self._judged[key] = self.planner.judge_all(self.program.analyses[key])
        return self._judged[key]

    @cached_property
    def judged(self) -> list[Judged]:
        """Every site of the wanted paths with its verdicts, by file and line."""
        keys = (key for key in sorted(self.program.analyses) if self.wanted(key[0]))
        return [item for key in keys for item in self.judge(key)]

    @cached_property
    def defects(self) -> list[tuple[Function, Defect]]:
        """What is wrong in the functions of the wanted paths as they are, by file and line."""
        return [(analysis.function, item) for analysis in self.analyses for item in defects(analysis)]

    @property
    def refusals(self) -> dict[str, int]:
        """How many sites (and functions that do not parse) each class of reason refuses, the most frequent first."""
        found = Counter(
            refusal_class(item.hindrance) for item in self.judged if item.hindrance and not item.site.converted
        )
        if self.unreadable:
            found[refusal_class("does not parse")] += len(self.unreadable)
        return dict(found.most_common())

    @cached_property
    def unreadable(self) -> list[Analysis]:
        """The functions that could not be read, and so are refused whole."""
        return [analysis for analysis in self.analyses if analysis.unreadable]

    def in_function(self, name: str) -> list[Analysis]:
        """The analysed functions of a name. Raises UnknownFunction, with the nearest names as a hint."""
        found = [analysis for analysis in self.analyses if analysis.function.name == name]
        if not found:
            from difflib import get_close_matches

            names = sorted({analysis.function.name for analysis in self.analyses})
            near = get_close_matches(name, names, 3)
            hint = f"did you mean {', '.join(near)}?" if near else "`credseries scan` lists the functions"
            raise UnknownFunction(f"no function {name} overrides credentials here", hint=hint)
        return found

    # -- the account of every hit

    def _claims(self) -> dict[tuple[str, int], str]:
        """For each credential call, by file and offset of its name: what became of its site."""
        claims: dict[tuple[str, int], str] = {}
        for item in self.judged:
            what = "refused" if item.choice is None else "converted"
            if item.site.converted is not None:
                what = "already_converted"
            elif item.site.kind is not SiteKind.SITE:
                what = "wrapper_bodies"
            for offset in self._offsets(item.site):
                claims.setdefault(offset, what)
        return claims

    def _offsets(self, site: Site) -> list[tuple[str, int]]:
        start = self.program.start_of(site.function)
        return [(site.function.path, start + call) for call in site.calls]

    @cached_property
    def accounting(self) -> Accounting:
        """Where each textual hit of the wanted paths went."""
        claims, broken = (
            self._claims(),
            {(item.function.path, item.function.name) for item in self.unreadable},
        )
        counts: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        for path, data in self.documents.items():
            if self.wanted(path):
                number = sum(data.count(needle.encode()) for needle in NEEDLES)
                counts["not_code"] += number
                kinds["document"] += number
        for path, file in self.program.files.items():
            if not self.wanted(path):
                continue
            for hit in hits(file):
                what, kind = self._account(file, hit, claims, broken)
                counts[what] += 1
                if kind:
                    kinds[kind] += 1
        total = sum(counts.values())
        parts = {name: counts[name] for name in ("converted", "refused", "already_converted", "wrapper_bodies")}
        return Accounting(total, **parts, not_code=counts["not_code"], kinds=dict(kinds))

    def _account(
        self, file: SourceFile, hit: Hit, claims: dict[tuple[str, int], str], broken: set[tuple[str, str]]
    ) -> tuple[str, str]:
        if hit.not_code is not None:
            return "not_code", hit.not_code
        claimed = claims.get((file.path, self._word_start(file.source, hit.offset)))
        if claimed is not None:
            return claimed, ""
        extent = file.extent_at(hit.offset)
        if extent is not None:
            if (file.path, extent.name) in broken:
                return "refused", ""
            if extent.name in self.program.base.overrides or extent.name in self.program.base.reverts:
                return "wrapper_bodies", ""
        return "not_code", "name"

    @staticmethod
    def _word_start(source: bytes, offset: int) -> int:
        while offset > 0 and (source[offset - 1 : offset].isalnum() or source[offset - 1] == 0x5F):
            offset -= 1
        return offset

    # -- the contract

    def to_json(self) -> dict[str, Any]:
        """The scan contract, schema 1 (docs in README): lines are 1-based in the file at the scanned commit."""
        return {
            "schema": SCHEMA,
            "tree": {
                "version": self.version,
                "commit": self.commit,
                "counts_references": self.interface.counts_references,
            },
            "sites": [_site_json(item) for item in self.judged],
            "unreadable": [
                {"file": item.function.path, "function": item.function.name, "reason": item.unreadable}
                for item in self.unreadable
            ],
            "findings": [
                {
                    "kind": defect.kind,
                    "file": function.path,
                    "function": function.name,
                    "line": defect.line,
                    "path": list(defect.path),
                    "message": defect.message,
                }
                for function, defect in self.defects
            ],
            "refusals": self.refusals,
            "accounting": self.accounting.to_json(),
        }


def _site_json(item: Judged) -> dict[str, Any]:
    site = item.site
    return {
        "file": site.function.path,
        "line": site.line,
        "function": site.function.name,
        "override": site.override,
        "source": site.source,
        "kind": site.kind.value,
        "forms": {
            verdict.form.value: {
                "ok": verdict.ok,
                "reason": verdict.reason,
                "moved": [{"line": moved.line, "call": moved.call} for moved in verdict.moved],
                "jumps": list(verdict.jumps),
            }
            for verdict in item.verdicts
        },
        "choice": site.converted or (item.choice.value if item.choice is not None else "refused"),
        "reason": "" if site.converted else item.reason,
        "converted": site.converted,
    }


def _read(repo: Repository, search: Search) -> tuple[dict[str, SourceFile], dict[str, bytes]]:
    """The C files and the other files with a hit. They are read and parsed while git still searches."""
    sources: dict[str, SourceFile] = {}
    documents: dict[str, bytes] = {}
    for batch in search.batches():
        for path, data in repo.read_files(search.commit, batch).items():
            if path.endswith((".c", ".h")):
                sources[path] = SourceFile(path, data)
                sources[path].prepare(search.needles)
            else:
                documents[path] = data
    return sources, documents


def read_tree(repo: Repository, commit: str) -> dict[str, bytes]:
    """The files of a commit that say what tree it is. Raises NotAKernelTree."""
    tree = repo.read_files(commit, _TREE_FILES)
    missing = [path for path in _NEEDED if path not in tree]
    if missing:
        hint = "run in a clone of the kernel, or give one with --tree DIR"
        raise NotAKernelTree(f"{commit[:12]} is not a kernel tree: it has no {', '.join(missing)}", hint=hint)
    return tree


def interface_of(tree: dict[str, bytes]) -> Interface:
    """The credential interface in the files that `read_tree` gives."""
    return read_interface(tree.get(CRED_HEADER, b""), tree.get(CRED_SOURCE, b""), tree.get(CLEANUP_HEADER))


def survey(
    repo: Repository,
    search: Search,
    recipe: Recipe,
    paths: Sequence[str] = (),
    forms: Sequence[Form] | None = None,
    moves: Sequence[str] = (),
) -> Survey:
    """Scan a commit. Wrappers count wherever they are, so the whole tree is searched even when paths are given.

    Raises NotAKernelTree, and UnknownPath for a path that the commit does not have.
    """
    commit = search.commit
    try:
        tree = read_tree(repo, commit)
        for path in paths:
            if repo.exists(commit, path.rstrip("/")) is None:
                hint = "paths are relative to the top of the tree"
                raise UnknownPath(f"{path} is not in commit {commit[:12]}", hint=hint)
        sources, documents = _read(repo, search)
        version = read_release(tree["Makefile"])
        return Survey(
            commit, version, interface_of(tree), sources, documents, recipe, paths, forms, _finder(search), moves
        )
    finally:
        search.close()


def _finder(search: Search) -> Find:
    """How an analysis comes by the callers of functions that no textual hit leads to."""
    return lambda names: {path: SourceFile(path, text) for path, text in search.callers(names).items()}
