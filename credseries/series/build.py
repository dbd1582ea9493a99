"""From a survey to patches: what each commit of the series changes, in the recipe's order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from credseries.creds.effects import Wrapper
from credseries.creds.interface import CLEANUP_HEADER
from credseries.creds.program import SourceFile
from credseries.creds.sites import Analysis
from credseries.csource.function import Function
from credseries.csource.splice import Edit, Insert, splice
from credseries.errors import ProofError, SourceError
from credseries.rewrite.accessors import Presence, presence
from credseries.rewrite.forms import Form
from credseries.rewrite.helpers import (
    add_include,
    declare_accessor,
    fix_guard_const,
    insert_accessor,
    insert_after,
)
from credseries.rewrite.plan import Judged
from credseries.series.message import (
    accessor_paragraphs,
    guard_paragraphs,
    light_paragraphs,
    render_message,
    wrap,
)
from credseries.series.recipe import Helper, Recipe, Topic
from credseries.series.scan import Survey

ReadFile = Callable[[str], bytes]
FindName = Callable[[str, str], Mapping[str, bytes]]


@dataclass(frozen=True)
class PlannedPatch:
    """A commit to be made: message, whole new contents of the files it changes, and the sites it converts."""

    topic: Topic
    subject: str
    message: str
    changes: dict[str, bytes]
    sites: tuple[Judged, ...] = ()


class Builder:
    """Builds the patches of a series.

    `read` gives a file of the base, `find` (given a name and a path) the C files that mention the name and may be
    visible to the file, `author` signs off.
    """

    def __init__(self, survey: Survey, recipe: Recipe, read: ReadFile, find: FindName, author: str) -> None:
        self.survey, self.recipe, self.read, self.find, self.author = survey, recipe, read, find, author
        self.current: dict[str, bytes] = {}
        self._done: set[int] = set()
        self.accessors: dict[str, tuple[Wrapper, str]] = {}
        self.chosen: dict[tuple[str, int], list[Judged]] = {}
        self.analysis: dict[tuple[str, int], Analysis] = {}
        for key, analysis in sorted(survey.program.analyses.items()):
            if analysis.sites and recipe.topic_of(key[0]) is not None:
                judged = survey.planner.judge_all(analysis)
                # what does not prove together with the function's other sites is refused here, before any patch
                self.chosen[key] = list(survey.planner.rewrite(analysis, judged).judged)
                self.analysis[key] = analysis

    @property
    def sites(self) -> list[Judged]:
        """Every site of the recipe's paths."""
        return [item for key in sorted(self.chosen) for item in self.chosen[key]]

    def of_topic(self, topic: Topic) -> list[Judged]:
        """The sites of a topic's paths."""
        return [item for item in self.sites if self.recipe.topic_of(item.site.function.path) is topic]

    def patches(self) -> list[PlannedPatch]:
        """The series. Raises ProofError when nothing can be converted, SourceError when a helper has no place."""
        converted = [item for item in self.sites if item.choice is not None]
        if not converted:
            hint = "`credseries scan` says why each site is refused"
            raise ProofError("no site of the recipe's paths can be converted", hint=hint)
        used = {item.choice for item in converted}
        found: list[PlannedPatch] = []
        for topic in self.recipe.topics:
            found += self._helpers(topic, used)
            found += self._accessor_patches(topic)
            guards = [item for item in self.of_topic(topic) if item.choice in (Form.GUARD, Form.SCOPED)]
            light = [item for item in self.of_topic(topic) if item.choice is Form.LIGHT]
            if guards:
                subject = f"{topic.prefix or topic.default_prefix}: Use guards for credential overrides"
                found.append(self._convert(topic, subject, guards, guard_paragraphs(guards)))
            if light:
                beside = Form.GUARD not in self.survey.planner.unavailable
                where = " where no guard fits" if beside else ""
                subject = f"{topic.prefix or topic.default_prefix}: Use the light credential override{where}"
                found.append(self._convert(topic, subject, light, light_paragraphs(light, beside_guards=beside)))
        return found

    # -- one kind of patch each

    def _file(self, path: str) -> bytes:
        if path not in self.current:
            self.current[path] = self.read(path)
        return self.current[path]

    def _patch(
        self,
        topic: Topic,
        subject: str,
        paragraphs: list[str],
        changes: dict[str, bytes],
        sites: Sequence[Judged] = (),
    ) -> PlannedPatch:
        self.current.update(changes)
        return PlannedPatch(topic, subject, render_message(subject, paragraphs, self.author), changes, tuple(sites))

    def _needed(self, helper: Helper, used: set[Form | None]) -> bool:
        interface, guards = self.survey.interface, bool(used & {Form.GUARD, Form.SCOPED})
        light_names = self.survey.names.override == "override_creds_light"
        return {
            "guard-const": guards and not interface.guard and interface.drops_const,
            "light-pair": light_names and not interface.light,
            "guard": guards and not interface.guard,
        }[helper.provides]

    def _helpers(self, topic: Topic, used: set[Form | None]) -> list[PlannedPatch]:
        found = []
        for helper in topic.helpers:
            if not self._needed(helper, used):
                continue
            text = self._file(helper.file)
            if helper.provides == "guard-const":
                text = fix_guard_const(text, CLEANUP_HEADER)
            else:
                names = self.survey.names
                code = helper.code.replace(b"override_creds_light", names.override.encode())
                code = code.replace(b"revert_creds_light", names.revert.encode())
                after = helper.after.replace("revert_creds_light", names.revert)
                text = insert_after(text, after, helper.code if helper.provides == "light-pair" else code, helper.file)
            if helper.include:
                text = add_include(text, helper.include)
            body = helper.body.replace("override_creds_light", self.survey.names.override)
            paragraphs = [wrap(part) for part in body.split("\n\n")]
            found.append(self._patch(topic, helper.subject, paragraphs, {helper.file: text}))
        return found

    def _accessor_patches(self, topic: Topic) -> list[PlannedPatch]:
        found = []
        used = {item.site.via for item in self.of_topic(topic) if item.choice is not None}
        for wrapper_name, name in topic.accessors.items():
            summary = next((item for item in self.survey.program.summaries if item.name == wrapper_name), None)
            if wrapper_name not in used or summary is None or summary.wrapper is None:
                continue
            wrapper = summary.wrapper
            if self._present(wrapper, name):
                continue
            changes = self._declare(wrapper, name)
            self.accessors[wrapper.path] = (wrapper, name)
            changes[wrapper.path] = self._stage(wrapper.path, set())
            refused = [
                item.site.function.name
                for item in self.of_topic(topic)
                if item.site.via == wrapper_name and item.choice is None
            ]
            paragraphs = accessor_paragraphs(wrapper_name, name, list(dict.fromkeys(refused)))
            found.append(
                self._patch(topic, f"{topic.prefix or topic.default_prefix}: Add {name}()", paragraphs, changes)
            )
        return found

    def _present(self, wrapper: Wrapper, name: str) -> bool:
        """Whether the tree has the accessor already. Raises ProofError when its name is taken by something else."""
        file = self.survey.program.files[wrapper.path]
        extent = next(item for item in file.extents if item.name == wrapper.name)
        nearby = {path: SourceFile(path, data) for path, data in self.find(name, wrapper.path).items()}
        found = presence({**nearby, **self.survey.program.files}, file.function(extent), name)
        if found is Presence.OTHER:
            hint = "give it another name in the recipe's [topics.accessors]"
            raise ProofError(f"the tree has a {name} that is not what {wrapper.name}() puts in force", hint=hint)
        return found is Presence.SAME

    def _declare(self, wrapper: Wrapper, name: str) -> dict[str, bytes]:
        for path in sorted(self.survey.program.files):
            if path.endswith(".h"):
                text = declare_accessor(self._file(path), wrapper.name, name)
                if text is not None:
                    return {path: text}
        summary = next(item for item in self.survey.program.summaries if item.name == wrapper.name)
        if summary.local or wrapper.path.endswith(".h"):
            return {}
        raise SourceError(
            f"no header declares {wrapper.name}()",
            hint=f"{name}() would have no declaration: declare it by hand first",
        )

    def _convert(self, topic: Topic, subject: str, sites: list[Judged], paragraphs: list[str]) -> PlannedPatch:
        self._done |= {id(item) for item in sites}
        paths = sorted({item.site.function.path for item in sites})
        changes = {path: self._stage(path, self._done) for path in paths}
        return self._patch(topic, subject, paragraphs, changes, sites)

    def _stage(self, path: str, done: set[int]) -> bytes:
        """A file with the sites in `done` converted, each function proven in that state, and its accessor added."""
        file = self.survey.program.files[path]
        edits = []
        for (other, start), judged in self.chosen.items():
            if other != path:
                continue
            stage = [item if id(item) in done else Judged(item.site, item.verdicts, None) for item in judged]
            if all(item.choice is None for item in stage):
                continue
            analysis = self.analysis[other, start]
            rewritten = self.survey.planner.rewrite(analysis, stage)
            if [item.choice for item in rewritten.judged] != [item.choice for item in stage]:
                name = analysis.function.name
                raise ProofError(f"{path}: {name}() proves at the end of the series but not in the middle of it")
            end = start + len(analysis.function.source)
            edits.append(Edit(start, end, (Insert(rewritten.text, start),)))
        text = splice(file.source, edits).text
        if path in self.accessors:
            wrapper, name = self.accessors[path]
            text = self._with_accessor(text, path, wrapper, name)
        return text

    def _with_accessor(self, text: bytes, path: str, wrapper: Wrapper, name: str) -> bytes:
        file = SourceFile(path, text)
        extent = next(item for item in file.extents if item.name == wrapper.name)
        function: Function = file.function(extent)
        return insert_accessor(text, function, extent.start, wrapper, name)
