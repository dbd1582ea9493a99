"""From drafts to patches: put in order, written, and every prefix of the series proven. Pure, but for reading files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from credseries.creds.interface import CLEANUP_HEADER
from credseries.creds.program import SourceFile
from credseries.csource.splice import Edit, Insert, splice
from credseries.errors import ImpossibleOrder, ProofError, SourceError
from credseries.rewrite.forms import Form
from credseries.rewrite.helpers import (
    add_include,
    declare_accessor,
    fix_guard_const,
    insert_accessor,
    insert_after,
)
from credseries.rewrite.plan import Judged
from credseries.rewrite.wrappers import declare_revert, insert_revert, make_light
from credseries.series.drafts import Draft, Drafter, Kind, SubjectPrefix
from credseries.series.message import Told, message_of, subject_of
from credseries.series.model import Selection
from credseries.series.order import Cycle, Edge, arrange
from credseries.series.recipe import Recipe, Topic
from credseries.series.scan import Survey
from credseries.series.symbols import CONST, LIGHT, FindName, Stage, Symbols
from credseries.series.wrapped import FunctionKey, SiteKey

ReadFile = Callable[[str], bytes]
Change = Callable[[bytes], bytes]


@dataclass(frozen=True)
class PlannedPatch:
    """A commit to be made: message, whole new contents of the files it changes, and the sites it converts.

    `key` says what it is for, the same whenever the series is made again; `kind` is one of drafts.Kind; `proven` are
    the functions (file and name) that it changes the meaning or the text of.
    """

    topic: Topic
    subject: str
    message: str
    changes: dict[str, bytes]
    sites: tuple[Judged, ...] = ()
    key: str = ""
    kind: Kind = Kind.GUARD
    proven: tuple[tuple[str, str], ...] = ()


@dataclass
class _Text:
    """A file as the series has it by some point: its functions rewritten, then what was added to it, in order."""

    base: bytes
    functions: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    added: dict[str, Change] = field(default_factory=dict)

    def render(self) -> bytes:
        """The text."""
        edits = [Edit(start, end, (Insert(text, start),)) for start, (end, text) in self.functions.items()]
        text = splice(self.base, edits).text
        for change in self.added.values():
            text = change(text)
        return text


def edges(drafts: Sequence[Draft]) -> Iterator[Edge]:
    """What has to come before what: names before their users, topics after those they name, sites step by step, and
    a wrapper made light after all that its callers need for that."""
    first_topic = {draft.topic.name for draft in drafts}
    for number, draft in enumerate(drafts):
        for other, before in enumerate(drafts):
            if other == number:
                continue
            added = sorted(before.adds & draft.needs)
            if added:
                yield Edge(other, number, f"the second uses what the first adds ({', '.join(added)})")
            elif before.topic.name in draft.topic.after and before.topic.name in first_topic:
                yield Edge(other, number, f"topic {draft.topic.name} comes after {before.topic.name}")
            elif other < number and before.forms.keys() & draft.forms.keys():
                yield Edge(other, number, "both convert the same sites")
            elif draft.kind is Kind.SWITCH and before.wrapper == draft.wrapper and before.forms:
                yield Edge(other, number, f"{draft.name}() must end every override that becomes light")


class Builder:
    """Builds the patches of a series.

    `read` gives a file of the base, `find` (given a name and a directory) the C files below that which mention the
    name, `author` signs off, `prefix` says how subjects of changes to a path begin in the tree's
    history.
    """

    def __init__(
        self,
        survey: Survey,
        recipe: Recipe,
        read: ReadFile,
        find: FindName,
        author: str,
        selection: Selection | None = None,
        prefix: SubjectPrefix = lambda _: "",
    ) -> None:
        self.survey, self.recipe, self.read, self.author = survey, recipe, read, author
        self.selection = selection or Selection()
        self.symbols = Symbols(survey, find)
        self.drafter = Drafter(survey, recipe, self.symbols, prefix, self.selection)
        self._drafts = self.drafter.drafts()
        self._texts: dict[str, _Text] = {}
        self._proven: dict[object, bytes | str] = {}

    # -- what there is to tell

    @property
    def sites(self) -> list[Judged]:
        """Every site of the recipe's paths, with the form that it has in the end."""
        return [self.final(key) for key in self._keys()]

    def _keys(self) -> Iterator[SiteKey]:
        for function, judged in sorted(self.drafter.judged.items()):
            yield from ((*function, item.site.call) for item in judged)

    def final(self, key: SiteKey) -> Judged:
        """A site as the whole series leaves it."""
        item = self._judged(key)
        form = self.drafter.forms.get(key)
        if form is Form.WRAPPED:
            form = Form.LIGHT
        if form in (None, Form.COUNTED):
            return replace(self.drafter.judged_again.get(key, item), choice=None)
        return replace(item, choice=form)

    def _judged(self, key: SiteKey) -> Judged:
        return next(item for item in self.drafter.judged[key[:2]] if item.site.call == key[2])

    @property
    def drafts(self) -> list[Draft]:
        """The drafts in the order of the series. Raises ProofError when there is none, and ImpossibleOrder."""
        if not any(draft.forms for draft in self._drafts):
            hint = "`credseries scan` says why each site is refused"
            raise ProofError("no site of the recipe's paths can be converted", hint=hint)
        try:
            return [self._drafts[number] for number in arrange(len(self._drafts), edges(self._drafts))]
        except Cycle as cycle:
            raise ImpossibleOrder(self._cycle(cycle.edges), hint=_CYCLE_HINT) from cycle

    def _cycle(self, found: Iterable[Edge]) -> str:
        named = [self.subject(draft) for draft in self._drafts]
        lines = [f"  '{named[edge.before]}' before '{named[edge.after]}': {edge.why}" for edge in found]
        return f"the patches of recipe {self.recipe.name} have no possible order:\n" + "\n".join(lines)

    def subject(self, draft: Draft) -> str:
        """The subject of a patch."""
        return subject_of(draft, self._told(draft))

    def _told(self, draft: Draft) -> Told:
        """What a message can tell of a draft."""
        sites = [replace(self._judged(key), choice=form) for key, form in sorted(draft.forms.items())]
        refused = [item for item in self.sites if item.choice is None]
        made_light = self._made_light(draft) if draft.kind is Kind.SWITCH else []
        return Told(
            tuple(sites or made_light),
            tuple(item for item in refused if draft.wrapper and item.site.via == draft.wrapper.name),
            self.survey.names,
            beside_guards=Form.GUARD not in self.survey.planner.unavailable and Form.GUARD in draft.topic.forms,
        )

    def _made_light(self, draft: Draft) -> list[Judged]:
        """The sites that a switch makes light."""
        callers = {
            key
            for other in self._drafts
            if other.wrapper == draft.wrapper
            for key, form in other.forms.items()
            if form is Form.WRAPPED
        }
        return [replace(self._judged(key), choice=Form.LIGHT) for key in sorted(callers)]

    # -- the series

    def patches(self, drafts: Sequence[Draft] | None = None) -> list[PlannedPatch]:
        """The series (or these drafts of it, in order), every prefix proven.

        Raises ProofError, ImpossibleOrder, and SourceError when something has no place to be put.
        """
        self._texts = {}
        forms: dict[SiteKey, Form] = {}
        stage = Stage()
        found: list[PlannedPatch] = []
        chosen = list(drafts if drafts is not None else self.drafts)
        for number, draft in enumerate(chosen, 1):
            forms |= draft.forms
            stage = self._next_stage(stage, draft)
            touched, affected = self._add(draft), self._affected(draft)
            for key in affected:
                text = self._prove(key, forms, stage)
                if isinstance(text, bytes):
                    touched |= self._rewrite(key, text)
                else:
                    raise self._unproven(draft, number, chosen[number:], key, text)
            found.append(self._planned(draft, sorted(touched), affected))
        return found

    @staticmethod
    def _next_stage(stage: Stage, draft: Draft) -> Stage:
        if draft.wrapper is None:
            return stage
        if draft.kind is Kind.SWITCH:
            return stage.after(light=[draft.wrapper.name])
        return stage.after([(draft.name, draft.wrapper.name)]) if draft.kind is Kind.REVERTS else stage

    def _affected(self, draft: Draft) -> list[FunctionKey]:
        """The functions that a patch changes, or that call what it changes."""
        if draft.kind is Kind.SWITCH and draft.wrapper is not None:
            name = draft.wrapper.name
            judged = self.drafter.judged.items()
            return [key for key, sites in judged if any(item.site.via == name for item in sites)]
        return sorted({key[:2] for key in draft.forms})

    def _prove(self, key: FunctionKey, forms: dict[SiteKey, Form], stage: Stage) -> bytes | str:
        """A function with its sites in these forms, or why that is not proven."""
        analysis = self.drafter.analyses[key]
        sites = [replace(item, choice=forms.get((*key, item.site.call))) for item in self.drafter.judged[key]]
        known = (key, tuple(item.choice for item in sites), stage)
        if known not in self._proven:
            effects = self.symbols.effects(analysis.effects, stage)
            text = self.survey.planner.write(analysis, sites, effects if stage != Stage() else None)
            self._proven[known] = text if isinstance(text, bytes) else str(text)
        return self._proven[known]

    def _unproven(self, draft: Draft, number: int, later: Sequence[Draft], key: FunctionKey, reason: str) -> ProofError:
        function = self.drafter.analyses[key].function
        others = [self.subject(other) for other in later if any(site[:2] == key for site in other.forms)]
        after = f"; it is converted further only by '{others[0]}'" if others else ""
        return ProofError(
            f"patch {number} ({self.subject(draft)}) is wrong where it stands: "
            f"{function.path}: {function.name}(): {reason}{after}",
            hint="change the order of the recipe's topics, or what they convert, so that both go together",
        )

    def _planned(self, draft: Draft, touched: Sequence[str], affected: Sequence[FunctionKey]) -> PlannedPatch:
        told = self._told(draft)
        subject = subject_of(draft, told)
        message = message_of(draft, subject, told, self.author)
        converts = draft.kind in (Kind.GUARD, Kind.LIGHT, Kind.SWITCH)
        changes = {path: self._texts[path].render() for path in touched}
        sites = told.sites if converts else ()
        proven = tuple((key[0], self.drafter.analyses[key].function.name) for key in affected)
        return PlannedPatch(draft.topic, subject, message, changes, sites, draft.key, draft.kind, proven)

    # -- texts

    def _text(self, path: str) -> _Text:
        if path not in self._texts:
            self._texts[path] = _Text(self.read(path))
        return self._texts[path]

    def _rewrite(self, key: FunctionKey, text: bytes) -> set[str]:
        path, start = key
        function = self.drafter.analyses[key].function
        known = self._text(path).functions.get(start, (0, function.source))[1]
        if known == text:
            return set()
        self._text(path).functions[start] = (start + len(function.source), text)
        return {path}

    def _add(self, draft: Draft) -> set[str]:
        """Add to the texts what a draft brings besides the forms of sites; the files that change by that."""
        if draft.helper is not None:
            return self._add_helper(draft)
        if draft.wrapper is None or not (draft.adds or draft.kind is Kind.SWITCH):
            return set()
        wrapper, name = draft.wrapper, draft.name
        function = self.symbols.function(wrapper)
        if draft.kind is Kind.ACCESSOR:

            def define(text: bytes) -> bytes:
                file = SourceFile(wrapper.path, text)
                extent = next(item for item in file.extents if item.name == wrapper.name)
                return insert_accessor(text, file.function(extent), extent.start, wrapper, name)

            self._text(wrapper.path).added[draft.key] = define
            return {wrapper.path} | self._declare(draft, lambda text: declare_accessor(text, wrapper.name, name))
        place = self._text(wrapper.path).added
        names = self.survey.names
        if draft.kind is Kind.SWITCH:
            overrides = self.survey.program.base.overrides
            place[f"light {wrapper.name}"] = lambda text: make_light(text, function, names.override, overrides)
            place[f"revert {name}"] = lambda text: insert_revert(text, function, name, names.revert)
            return {wrapper.path}
        place[f"revert {name}"] = lambda text: insert_revert(text, function, name, names.counting[1])
        return {wrapper.path} | self._declare(draft, lambda text: declare_revert(text, wrapper.name, name))

    def _declare(self, draft: Draft, declare: Callable[[bytes], bytes | None]) -> set[str]:
        """Declare a function beside a wrapper's declaration; none is needed for what only its own file can call."""
        assert draft.wrapper is not None
        for path in sorted(self.survey.program.files):
            if path.endswith(".h") and declare(self._text(path).render()) is not None:
                self._text(path).added[draft.key] = lambda text: declare(text) or text
                return {path}
        if self.symbols.is_local(draft.wrapper) or draft.wrapper.path.endswith(".h"):
            return set()
        hint = f"{draft.name}() would have no declaration: declare it by hand first"
        raise SourceError(f"no header declares {draft.wrapper.name}()", hint=hint)

    def _add_helper(self, draft: Draft) -> set[str]:
        helper = draft.helper
        assert helper is not None
        names, code, after = self.survey.names, helper.code, helper.after
        if helper.provides not in (LIGHT, CONST):
            code = code.replace(b"override_creds_light", names.override.encode())
            code = code.replace(b"revert_creds_light", names.revert.encode())
        after = after.replace("revert_creds_light", names.revert)

        def change(text: bytes) -> bytes:
            if helper.provides == CONST:
                return fix_guard_const(text, CLEANUP_HEADER)
            text = insert_after(text, after, code, helper.file)
            return add_include(text, helper.include) if helper.include else text

        self._text(helper.file).added[draft.key] = change
        self._text(helper.file).render()  # raises when there is no place for it
        return {helper.file}


_CYCLE_HINT = "change what the topics' `after` names, or which topic adds what"
