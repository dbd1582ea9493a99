"""Drafts of patches: what a recipe's topics do to the sites of a survey, before order and text. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import Enum

from credseries.creds.effects import Discipline, Wrapper
from credseries.creds.sites import Analysis
from credseries.errors import ProofError, UsageError
from credseries.rewrite.forms import Form
from credseries.rewrite.plan import Judged
from credseries.series.model import Selection
from credseries.series.recipe import Granularity, Helper, Recipe, Topic
from credseries.series.scan import Survey
from credseries.series.symbols import Stage, Symbols
from credseries.series.wrapped import Callers, FunctionKey, SiteKey, callers_of

SubjectPrefix = Callable[[str], str]
SCOPES = (Form.GUARD, Form.SCOPED)


class Kind(Enum):
    """What a patch does."""

    HELPER = "helper"
    ACCESSOR = "accessor"
    COUNTED = "counted"
    REVERTS = "reverts"
    SWITCH = "switch"
    GUARD = "guard"
    LIGHT = "light"


@dataclass(frozen=True)
class Draft:
    """A patch to be made: the forms that it gives to sites, the names that it adds, and those that it needs.

    `key` stays the same when the series is made again. `wrapper` and `name` are set where the patch adds a function
    for a wrapper, or makes the wrapper light.
    """

    key: str
    kind: Kind
    topic: Topic
    prefix: str
    forms: Mapping[SiteKey, Form] = field(default_factory=dict)
    adds: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    helper: Helper | None = None
    wrapper: Wrapper | None = None
    name: str = ""
    place: str = ""


def chosen_topics(recipe: Recipe, selection: Selection) -> list[Topic]:
    """The topics that a selection leaves: topics that only bring helpers stay, as others may need them.

    Raises UsageError for a topic that the recipe does not have, and when no topic is left that converts something.
    """
    names = [topic.name for topic in recipe.topics]
    for name in (*selection.topics, *selection.without):
        if name not in names:
            near = get_close_matches(name, names, 1)
            guess = f"did you mean {near[0]}? " if near else ""
            hint = f"{guess}its topics: {', '.join(names)}"
            raise UsageError(f"recipe {recipe.name} has no topic {name!r}", hint=hint)
    wanted = set(selection.topics) or set(names)
    chosen = [
        topic
        for topic in recipe.topics
        if topic.name not in selection.without and (topic.name in wanted or not topic.paths)
    ]
    if not any(topic.paths for topic in chosen):
        converting = ", ".join(topic.name for topic in recipe.topics if topic.paths)
        raise UsageError("the topics that are left convert nothing", hint=f"topics that convert: {converting}")
    return chosen


class Drafter:
    """Drafts the patches of a recipe's topics, one after the other; `forms` is what each site has by then."""

    def __init__(
        self, survey: Survey, recipe: Recipe, symbols: Symbols, prefix: SubjectPrefix, selection: Selection
    ) -> None:
        self.survey, self.recipe, self.symbols, self._prefix_of = survey, recipe, symbols, prefix
        self.topics = chosen_topics(recipe, selection)
        self.judged: dict[FunctionKey, list[Judged]] = {}
        self.analyses: dict[FunctionKey, Analysis] = {}
        self.forms: dict[SiteKey, Form] = {}
        self.judged_again: dict[SiteKey, Judged] = {}
        self.stage = Stage()
        self._added: set[str] = set()  # accessors that a topic has brought, or that the tree has
        for key, analysis in sorted(survey.program.analyses.items()):
            if analysis.sites and any(topic.covers(key[0]) for topic in self.topics):
                self.analyses[key] = analysis
                self.judged[key] = survey.judge(key)

    # -- what there is

    def functions(self, topic: Topic) -> list[FunctionKey]:
        """The functions with sites in a topic's paths."""
        return [key for key in self.judged if topic.covers(key[0])]

    def prefix(self, topic: Topic, path: str) -> str:
        """What the subject of a patch to a file begins with: as its history shows, where the recipe does not say."""
        where = next((item for item in topic.paths if path == item or path.startswith(item.rstrip("/") + "/")), path)
        return topic.prefix or self._prefix_of(where.rstrip("/")) or topic.default_prefix or _from_path(where)

    # -- drafts

    def drafts(self) -> list[Draft]:
        """The drafts of all topics in the recipe's order, helpers that nothing needs left out. Raises ProofError."""
        converting = [draft for topic in self.topics for draft in self._of_topic(topic)]
        needed = self._closure(converting)
        found: list[Draft] = []
        for topic in self.topics:
            for helper in topic.helpers:
                if helper.provides in needed and not any(helper.provides in other.adds for other in found):
                    found.append(self._helper(topic, helper))
            found += [draft for draft in converting if draft.topic is topic]
        added = {name for draft in found for name in draft.adds}
        if needed - added:
            raise self._lacking(sorted(needed - added))
        return found

    def _lacking(self, names: Sequence[str]) -> UsageError:
        """What to say when nothing adds the helpers that patches need."""
        what, them = " and ".join(names), "it" if len(names) == 1 else "them"
        for topic in self.recipe.topics:
            if topic not in self.topics and any(helper.provides in names for helper in topic.helpers):
                message = f"this tree lacks {what}, and topic {topic.name}, which adds {them}, is left out"
                return UsageError(message, hint=f"the other topics need {them}: take topic {topic.name} in")
        hint = "give it a topic with [[topics.helpers]], as in the recipe rfc"
        return UsageError(f"recipe {self.recipe.name} adds no {what}, which this tree lacks", hint=hint)

    def _closure(self, drafts: Sequence[Draft]) -> set[str]:
        """The helpers that drafts need, and those that these need."""
        names = {name for draft in drafts for name in draft.needs if name in self.symbols.missing}
        while more := {other for name in names for other in self.symbols.needed_by(name)} - names:
            names |= more
        return names

    def _helper(self, topic: Topic, helper: Helper) -> Draft:
        needs = frozenset(self.symbols.needed_by(helper.provides))
        key = f"{topic.name}/{helper.provides}"
        return Draft(key, Kind.HELPER, topic, "", {}, frozenset({helper.provides}), needs, helper)

    def _of_topic(self, topic: Topic) -> list[Draft]:
        if not topic.paths:
            return []
        found = self._wrapped(topic)
        changed: dict[SiteKey, Form] = {}
        for key in self.functions(topic):
            changed |= self._choose(topic, key)
        self.forms |= changed
        found += self._converting(topic, changed)
        return [*self._accessors(topic, found), *found]

    def _choose(self, topic: Topic, key: FunctionKey) -> dict[SiteKey, Form]:
        """The sites of a function that get another form from a topic, as far as these prove together."""
        analysis, keys = self.analyses[key], [(*key, item.site.call) for item in self.judged[key]]
        now = [self.forms.get(site) for site in keys]
        wanted = [self._best(topic, item) or form for item, form in zip(self.judged[key], now, strict=True)]
        if wanted == now:
            return {}
        effects = self.symbols.effects(analysis.effects, self.stage) if self.stage != Stage() else None
        asked = [replace(item, choice=form) for item, form in zip(self.judged[key], wanted, strict=True)]
        if isinstance(self.survey.planner.write(analysis, asked, effects), bytes):
            return {site: new for site, new, old in zip(keys, wanted, now, strict=True) if new is not old and new}
        result = self.survey.planner.rewrite(analysis, asked, effects).judged
        given = [item.choice or form for item, form in zip(result, now, strict=True)]
        for site, item, form in zip(keys, result, wanted, strict=True):
            if item.choice is not form:
                self.judged_again[site] = item
        proven = [replace(item, choice=form) for item, form in zip(self.judged[key], given, strict=True)]
        if isinstance(self.survey.planner.write(analysis, proven, effects), bytes):
            return {site: new for site, new, old in zip(keys, given, now, strict=True) if new is not old and new}
        return {}  # what the sites have by now is proven, and stays

    def _best(self, topic: Topic, item: Judged) -> Form | None:
        """The first of a topic's forms that is proven; what a wrapper does for all its callers is done already."""
        if item.site.via in topic.reverts and item.site.via in self.stage.light:
            return None
        return next((form for form in topic.forms if form in self.survey.only and item.verdict(form).ok), None)

    # -- sites in their own patches

    def _converting(self, topic: Topic, changed: Mapping[SiteKey, Form]) -> list[Draft]:
        """Patches that give sites their forms: guards and light pairs apart, as reviewers ask."""
        groups: dict[tuple[str, Kind], dict[SiteKey, Form]] = {}
        for key in sorted(changed):
            kind = Kind.GUARD if changed[key] in SCOPES else Kind.LIGHT
            groups.setdefault((self.place(topic, key), kind), {})[key] = changed[key]
        return [self._convert(topic, kind, place, forms) for (place, kind), forms in self._ordered(groups)]

    @staticmethod
    def _ordered(
        groups: Mapping[tuple[str, Kind], dict[SiteKey, Form]],
    ) -> list[tuple[tuple[str, Kind], dict[SiteKey, Form]]]:
        """By place in the tree, and guards before light pairs."""
        return sorted(groups.items(), key=lambda item: (min(item[1])[:2] if item[0][0] else (), item[0][1].value))

    def place(self, topic: Topic, key: SiteKey) -> str:
        """What the patch of a site is about: all of the topic (empty), a file, or a function of it."""
        match topic.granularity:
            case Granularity.TOPIC:
                return ""
            case Granularity.FILE:
                return key[0]
            case Granularity.FUNCTION:
                return f"{key[0]}:{self.analyses[key[0], key[1]].function.name}"

    def _convert(self, topic: Topic, kind: Kind, place: str, forms: Mapping[SiteKey, Form]) -> Draft:
        needs = {self.symbols.of(kind.value)} - {""}
        needs |= {accessor for key in forms if (accessor := self._accessor_of(key))}
        path = min(forms)[0]
        key = "/".join(filter(None, (topic.name, kind.value, place)))
        return Draft(key, kind, topic, self.prefix(topic, path), forms, frozenset(), frozenset(needs), place=place)

    def _accessor_of(self, key: SiteKey) -> str:
        """The accessor that a site needs in another form than its wrapper's call."""
        site = next(item.site for item in self.judged[key[:2]] if item.site.call == key[2])
        return self.recipe.accessors.get(site.via, "") if site.via in self.analyses[key[:2]].effects.wrappers else ""

    def _accessors(self, topic: Topic, drafts: Sequence[Draft]) -> list[Draft]:
        """Patches that add the accessors which drafts need and the tree lacks."""
        found = []
        needed = {name for draft in drafts for name in draft.needs}
        for wrapper_name, name in self.recipe.accessors.items():
            wrapper = self.symbols.wrapper(wrapper_name)
            if name not in needed or name in self._added or wrapper is None:
                continue
            self._added.add(name)
            if not self.symbols.add_accessor(wrapper, name):
                continue
            key, prefix = f"{topic.name}/accessor/{name}", self.prefix(topic, wrapper.path)
            found.append(Draft(key, Kind.ACCESSOR, topic, prefix, {}, frozenset({name}), wrapper=wrapper, name=name))
        return found

    # -- wrappers that become light

    def _wrapped(self, topic: Topic) -> list[Draft]:
        found = []
        for wrapper_name, name in topic.reverts.items():
            wrapper = self.symbols.wrapper(wrapper_name)
            if wrapper is None or wrapper.discipline is Discipline.LIGHT:
                continue
            if Form.LIGHT in self.survey.planner.unavailable:
                continue
            gone, can_see = self._without_call(), self.symbols.can_see(wrapper)
            callers = callers_of(self.survey.program, wrapper, self.judged, topic.covers, gone, can_see)
            if callers.light:
                found += self._switch(topic, wrapper, name, callers)
        return found

    def _without_call(self) -> set[SiteKey]:
        """The sites that do not call their wrapper any more."""
        return {key for key, form in self.forms.items() if form is not Form.WRAPPED}

    def _switch(self, topic: Topic, wrapper: Wrapper, name: str, callers: Callers) -> list[Draft]:
        """Patches that make a wrapper light: callers that need a reference first, then the reverts, then the switch."""
        for path, function in callers.elsewhere:
            hint = f"add {path} to the paths of topic {topic.name}, or let a topic before it convert that"
            raise ProofError(
                f"{wrapper.name}() cannot be made light: {function}() in {path} calls it as well", hint=hint
            )
        for path, function, reason in callers.unknown:
            hint = f"leave `reverts` out of topic {topic.name}: then its sites are made light one by one"
            raise ProofError(f"{wrapper.name}() cannot be made light: {path}: {function}: {reason}", hint=hint)
        prefix = self.prefix(topic, wrapper.path)
        base = Draft("", Kind.REVERTS, topic, prefix, wrapper=wrapper, name=name)
        self.stage = self.stage.after([(name, wrapper.name)], [wrapper.name])
        counted = dict.fromkeys(callers.counted, Form.COUNTED)
        wrapped = dict.fromkeys(callers.light, Form.WRAPPED)
        self.forms |= counted
        self.forms |= wrapped
        found = []
        accessor = frozenset({self.recipe.accessors[wrapper.name]})
        for place, forms in self._grouped(topic, counted):
            key = "/".join(filter(None, (topic.name, "counted", wrapper.name, place)))
            found.append(replace(base, key=key, kind=Kind.COUNTED, forms=forms, needs=accessor, place=place))
        adds = frozenset({name}) if self.symbols.add_revert(wrapper, name) else frozenset()
        alone = adds and topic.granularity is not Granularity.TOPIC
        if alone:
            found.append(replace(base, key=f"{topic.name}/reverts/{name}", adds=adds))
        for place, forms in self._grouped(topic, wrapped):
            key = "/".join(filter(None, (topic.name, "reverts", name, place)))
            brings = frozenset() if alone else adds
            needs = frozenset({name}) - brings
            found.append(replace(base, key=key, forms=forms, adds=brings, needs=needs, place=place))
        needs = frozenset({self.symbols.of("light"), name}) - {""}
        key = f"{topic.name}/switch/{wrapper.name}"
        return [*found, replace(base, key=key, kind=Kind.SWITCH, needs=needs)]

    def _grouped(self, topic: Topic, forms: Mapping[SiteKey, Form]) -> list[tuple[str, dict[SiteKey, Form]]]:
        groups: dict[str, dict[SiteKey, Form]] = {}
        for key in sorted(forms):
            groups.setdefault(self.place(topic, key), {})[key] = forms[key]
        return list(groups.items())


def _from_path(path: str) -> str:
    """A subject's prefix for a file or directory of which nothing else is known."""
    return path.removesuffix(".c").removesuffix(".h").rstrip("/")
