"""Claims about the miniature tree: it looks like the kernel, it runs, and a wrong rewrite of it shows."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

import credseries
from tests import credtrace
from tests.miniature_claims import CLAIMS, WRAPPER_CALLERS, Claim, Kind, Verdict

MINIATURE = Path(credseries.__file__).parent / "miniature"
LIMIT = 3000
CLANG = "clang-19" if shutil.which("clang-19") else "clang"
COMPILERS = [
    pytest.param(cc, marks=pytest.mark.skipif(not shutil.which(cc), reason=f"no {cc} here")) for cc in ("gcc", CLANG)
]

GUARD = """\
static inline const struct cred *override_creds_light(const struct cred *override_cred)
{
	const struct cred *old = current->cred;

	rcu_assign_pointer(current->cred, override_cred);
	return old;
}

static inline void revert_creds_light(const struct cred *revert_cred)
{
	rcu_assign_pointer(current->cred, revert_cred);
}

DEFINE_GUARD(cred, const struct cred *, _T = override_creds_light(_T), revert_creds_light(_T))

"""
LAST_LINE = "#endif /* _LINUX_CRED_H */"
OF_SB = "OVL_FS(dentry->d_sb)->creator_cred"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MINIATURE, tmp_path / "linux"))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("miniature")
    return credtrace.build(Path(shutil.copytree(MINIATURE, top / "linux")), top / "out")


@pytest.fixture(scope="module")
def traces(program: Path) -> dict[str, dict[str, str]]:
    return credtrace.explore_all(program, LIMIT)


def rewrite(tree: Path, file: str, function: str, *edits: tuple[str, str]) -> None:
    """Add the guard to cred.h and make ``edits``, each of them once, in one function."""
    header = tree / "include/linux/cred.h"
    text = header.read_text()
    if "override_creds_light" not in text:
        header.write_text(text.replace(LAST_LINE, GUARD + LAST_LINE))
    path = tree / file
    before, body, after = cut(path.read_text(), function)
    for old, new in edits:
        assert body.count(old) == 1, f"{function} has {body.count(old)} of {old!r}"
        body = body.replace(old, new)
    path.write_text(before + body + after)


def cut(text: str, function: str) -> tuple[str, str, str]:
    """What stands before the definition of ``function``, the definition, and the rest."""
    head = rf"^(?:SYSCALL_DEFINE\d\({function},|\w[\w \*]*\b{function}\()[^;{{]*\)\n\{{\n"
    found = re.search(head, text, re.MULTILINE)
    assert found, f"no definition of {function}"
    end = text.index("\n}\n", found.end()) + len("\n}\n")
    return text[: found.start()], text[found.start() : end], text[end:]


def code_of(text: str) -> str:
    """The text without comments and strings."""
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"', " ", text, flags=re.DOTALL)


def usage(trace: str) -> Counter[str]:
    """References left per credential name; names can repeat, one for each ``prepare_creds()``."""
    (line,) = re.findall(r"^usage (.*)$", trace, re.MULTILINE)
    counts: Counter[str] = Counter()
    for word in line.split():
        name, count = word.split("=")
        counts[name] += int(count)
    return counts


def without_usage(runs: dict[str, str]) -> dict[str, str]:
    return {decisions: re.sub(r"(?m)^usage .*\n", "", trace) for decisions, trace in runs.items()}


class TestTree:
    def test_is_a_kernel_tree_to_whoever_looks_at_its_makefile(self) -> None:
        lines = (MINIATURE / "Makefile").read_text().splitlines()
        assert lines[:6] == [
            "# SPDX-License-Identifier: GPL-2.0",
            "VERSION = 6",
            "PATCHLEVEL = 12",
            "SUBLEVEL = 0",
            "EXTRAVERSION = -miniature",
            "NAME = Borrowed Credentials",
        ]

    def test_maintainers_are_in_the_kernel_format(self) -> None:
        header, _, entries = (MINIATURE / "MAINTAINERS").read_text().partition("Maintainers List\n---")
        assert "\tF: *Files* and directories wildcard patterns." in header
        sections = [block.splitlines() for block in entries.strip().split("\n\n")[2:]]
        titles = [section[0] for section in sections]
        assert titles[-1] == "THE REST"
        assert titles[:-1] == sorted(titles[:-1])
        for title, *fields in sections:
            assert all(re.fullmatch(r"[MRLSQTFXKN]:\t\S.*", field) for field in fields), title
        lists = {title: [f[3:] for f in fields if f.startswith("L:")] for title, *fields in sections}
        assert lists["FILESYSTEMS (VFS and infrastructure)"] == ["linux-fsdevel@vger.kernel.org"]
        assert lists["OVERLAY FILESYSTEM"] == ["linux-unionfs@vger.kernel.org"]
        assert lists["THE REST"] == ["linux-kernel@vger.kernel.org"]

    def test_invents_its_people(self) -> None:
        people = re.findall(r"^[MR]:.*<(.*)>$", (MINIATURE / "MAINTAINERS").read_text(), re.MULTILINE)
        assert people
        assert all(address.endswith("@example.org") for address in people)

    def test_every_source_has_a_licence_and_tabs(self) -> None:
        sources = [*MINIATURE.rglob("*.c"), *MINIATURE.rglob("*.h")]
        assert len(sources) > 25
        for source in sources:
            text = source.read_text()
            opening = "//" if source.suffix == ".c" else "/*"
            assert text.startswith(f"{opening} SPDX-License-Identifier: GPL-2.0"), source
            assert not re.search(r"^ {2,}|[ \t]+$", text, re.MULTILINE), source

    def test_has_no_guard_yet(self) -> None:
        """The tool under test inserts them."""
        for source in (*(MINIATURE / "fs").rglob("*.[ch]"), MINIATURE / "include/linux/cred.h"):
            assert not re.search(r"_light\b|\bguard\(|DEFINE_GUARD", source.read_text()), source


class TestBuild:
    @pytest.mark.parametrize("flags", ["", "-O2", "-DCONFIG_NONE"])
    @pytest.mark.parametrize("cc", COMPILERS)
    def test_without_a_warning(self, tree: Path, tmp_path: Path, cc: str, flags: str) -> None:
        assert credtrace.entry_points(credtrace.build(tree, tmp_path / "out", cc, flags))

    def test_leaves_the_tree_alone(self, tree: Path, tmp_path: Path) -> None:
        before = sorted(tree.rglob("*"))
        credtrace.build(tree, tmp_path / "out")
        assert sorted(tree.rglob("*")) == before

    def test_runs_clean_under_sanitizers(self, tree: Path, tmp_path: Path, traces: dict[str, dict[str, str]]) -> None:
        flags = "-fsanitize=address,undefined -fno-sanitize-recover=all"
        assert credtrace.explore_all(credtrace.build(tree, tmp_path / "out", flags=flags), LIMIT) == traces

    @pytest.mark.parametrize("cc", COMPILERS)
    def test_compilers_agree(self, tree: Path, tmp_path: Path, traces: dict[str, dict[str, str]], cc: str) -> None:
        assert credtrace.explore_all(credtrace.build(tree, tmp_path / "out", cc, "-O2"), LIMIT) == traces


class TestRuns:
    def test_every_site_can_be_run(self, program: Path) -> None:
        entries = credtrace.entry_points(program)
        static = {"access_override_creds", "ovl_prep_cu_creds", "ovl_revert_cu_creds"}
        static |= {"ovl_setup_cred_for_create", "ovl_create_or_link"}
        missing = {
            claim.function
            for claim in CLAIMS
            if not any(re.fullmatch(rf"(sys_)?{claim.function}(_[a-z]+)?", entry) for entry in entries)
        }
        assert missing == static

    def test_ends_as_the_task_with_every_reference_returned(self, traces: dict[str, dict[str, str]]) -> None:
        balanced = {"task": 1, "mounter": 1, "mounter_out": 1, "opener": 1, "ctx": 1}
        for function, runs in traces.items():
            expected = dict(balanced)
            if function == "ovl_finish_upper":
                expected["opener"] = 0  # takes over the reference to the file
            if function == "ovl_override_creds":
                continue
            for decisions, trace in runs.items():
                where = f"{function} {decisions}\n{trace}"
                assert "\ncred task\n" in trace, where
                assert "BUG" not in trace, where
                assert +usage(trace) == +Counter(expected), where

    def test_a_wrapper_leaves_its_override(self, traces: dict[str, dict[str, str]]) -> None:
        (trace,) = traces["ovl_override_creds"].values()
        assert "\ncred mounter\n" in trace
        assert usage(trace)["mounter"] == 2

    def test_every_call_of_a_failing_function_is_tried(self, traces: dict[str, dict[str, str]]) -> None:
        assert sorted(traces["ovl_permission"]) == ["00", "01", "1"]
        assert len(traces["ovl_lookup"]) > 20

    def test_single_runs_and_exploration_agree(self, program: Path, traces: dict[str, dict[str, str]]) -> None:
        for function in ("ovl_rename_opaque", "ovl_copy_up_flags"):
            for decisions, trace in traces[function].items():
                assert credtrace.run(program, function, decisions).rstrip("\n") == trace

    def test_is_deterministic(self, program: Path, traces: dict[str, dict[str, str]]) -> None:
        assert credtrace.explore_all(program, LIMIT) == traces

    def test_says_when_there_is_more_than_the_limit(self, program: Path) -> None:
        with pytest.raises(credtrace.ExplorationError, match="ovl_lookup has more than 5 runs"):
            credtrace.explore(program, "ovl_lookup", 5)

    def test_every_function_that_is_nested_shows_it(self, traces: dict[str, dict[str, str]]) -> None:
        """Files are made under the prepared credentials and not under the mounter's."""
        assert "vfs_create prepared" in traces["ovl_create_object"]["00000"]
        assert "vfs_link mounter" in traces["ovl_create_object_link"]["000"]


class TestRewritesShow:
    """What a proof decides, a run must be able to see: otherwise it is no check of the proof."""

    def compare(self, tree: Path, tmp_path: Path, entry: str, traces: dict[str, dict[str, str]]) -> bool:
        runs = credtrace.explore(credtrace.build(tree, tmp_path / "out"), entry, LIMIT)
        return without_usage(runs) == without_usage(traces[entry])

    @pytest.mark.parametrize("cc", COMPILERS)
    def test_guard(self, tree: Path, tmp_path: Path, traces: dict[str, dict[str, str]], cc: str) -> None:
        rewrite(
            tree,
            "fs/overlayfs/xattrs.c",
            "ovl_xattr_get",
            ("\tconst struct cred *old_cred;\n\tint res;\n\n", ""),
            ("old_cred = ovl_override_creds(dentry->d_sb)", f"guard(cred)({OF_SB})"),
            ("res = vfs_getxattr", "return vfs_getxattr"),
            ("\trevert_creds(old_cred);\n\treturn res;\n", ""),
        )
        runs = credtrace.explore(credtrace.build(tree, tmp_path / "out", cc), "ovl_xattr_get")
        assert runs == traces["ovl_xattr_get"]

    @pytest.mark.parametrize("cc", COMPILERS)
    def test_scoped_guard(self, tree: Path, tmp_path: Path, traces: dict[str, dict[str, str]], cc: str) -> None:
        rewrite(
            tree,
            "fs/overlayfs/readdir.c",
            "ovl_list_visible",
            ("\tconst struct cred *old_cred;\n", ""),
            ("old_cred = ovl_override_creds(dentry->d_sb);\n", f"scoped_guard(cred, {OF_SB})\n\t"),
            ("\trevert_creds(old_cred);\n", ""),
        )
        runs = credtrace.explore(credtrace.build(tree, tmp_path / "out", cc, "-O2"), "ovl_list_visible")
        assert runs == traces["ovl_list_visible"]

    def test_guard_over_a_filter(self, tree: Path, tmp_path: Path, traces: dict[str, dict[str, str]]) -> None:
        rewrite(
            tree,
            "fs/overlayfs/readdir.c",
            "ovl_list_visible",
            ("\tconst struct cred *old_cred;\n", ""),
            ("old_cred = ovl_override_creds(dentry->d_sb)", f"guard(cred)({OF_SB})"),
            ("\trevert_creds(old_cred);\n", ""),
        )
        assert not self.compare(tree, tmp_path, "ovl_list_visible", traces)

    def test_lost_error(self, tree: Path, tmp_path: Path, traces: dict[str, dict[str, str]]) -> None:
        rewrite(tree, "fs/overlayfs/xattrs.c", "ovl_xattr_get", ("\treturn res;", "\treturn res ? -1 : 0;"))
        assert not self.compare(tree, tmp_path, "ovl_xattr_get", traces)

    def test_light_override_outlives_its_file(
        self, tree: Path, tmp_path: Path, traces: dict[str, dict[str, str]]
    ) -> None:
        rewrite(
            tree,
            "fs/overlayfs/file.c",
            "ovl_finish_upper",
            ("= override_creds(", "= override_creds_light("),
            ("\trevert_creds(", "\trevert_creds_light("),
        )
        runs = credtrace.explore(credtrace.build(tree, tmp_path / "out"), "ovl_finish_upper")
        assert "inode_permission opener BUG: dead" in runs["00"]
        assert not self.compare(tree, tmp_path, "ovl_finish_upper", traces)

    def test_light_override_that_a_callee_puts(self, tree: Path, tmp_path: Path) -> None:
        rewrite(
            tree,
            "fs/overlayfs/dir.c",
            "ovl_create_or_link",
            ("= ovl_override_creds(dentry->d_sb)", f"= override_creds_light({OF_SB})"),
        )
        runs = credtrace.explore(credtrace.build(tree, tmp_path / "out"), "ovl_create_object")
        assert usage(runs["00000"])["mounter"] == 0

    def test_double_put_is_reported(self, tree: Path, tmp_path: Path) -> None:
        twice = "put_cred(override_cred);\n\tput_cred(override_cred);\n\treturn err;"
        rewrite(
            tree,
            "fs/overlayfs/dir.c",
            "ovl_setup_cred_for_create",
            ("put_cred(override_cred);\n\treturn err;", twice),
        )
        runs = credtrace.explore(credtrace.build(tree, tmp_path / "out"), "ovl_create_tmpfile")
        assert "BUG: last reference to the credentials in force" in runs["000"]
        assert "BUG: prepared" in runs["000"]

    def test_mixed_pair_leaks(self, tree: Path, tmp_path: Path) -> None:
        rewrite(
            tree,
            "fs/overlayfs/xattrs.c",
            "ovl_xattr_get",
            ("\trevert_creds(", "\trevert_creds_light("),
        )
        runs = credtrace.explore(credtrace.build(tree, tmp_path / "out"), "ovl_xattr_get")
        assert [usage(trace)["mounter"] for trace in runs.values()] == [2, 2]

    @pytest.mark.skipif(not shutil.which(CLANG), reason="gcc says nothing about it")
    def test_clang_refuses_a_jump_over_a_guard(self, tree: Path, tmp_path: Path) -> None:
        rewrite(
            tree,
            "fs/overlayfs/util.c",
            "ovl_nlink_start",
            ("\tconst struct cred *old_cred;\n", ""),
            ("old_cred = ovl_override_creds(dentry->d_sb)", f"guard(cred)({OF_SB})"),
            ("\trevert_creds(old_cred);\n", ""),
        )
        credtrace.build(tree, tmp_path / "gcc")
        with pytest.raises(AssertionError, match="bypasses initialization of variable"):
            credtrace.build(tree, tmp_path / "clang", CLANG)


class TestClaims:
    def body(self, claim: Claim) -> str:
        return code_of(cut((MINIATURE / claim.file).read_text(), claim.function)[1])

    def test_name_every_override_and_revert_of_the_tree(self) -> None:
        for source in (MINIATURE / "fs").rglob("*.c"):
            file = source.relative_to(MINIATURE).as_posix()
            code = code_of(source.read_text())
            overrides = len(re.findall(r"\b(?:ovl_|access_)?override_creds\((?!struct|void)", code))
            reverts = len(re.findall(r"\brevert_creds\(", code))
            claims = [claim for claim in CLAIMS if claim.file == file]
            assert sum(claim.kind is not Kind.REVERT_ONLY for claim in claims) == overrides, file
            in_claims = {c.function: len(re.findall(r"\brevert_creds\(", self.body(c))) for c in claims}
            assert sum(in_claims.values()) == reverts, file

    @pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.function}-{claim.nth}")
    def test_moved_calls_stand_after_the_revert_in_that_order(self, claim: Claim) -> None:
        rest = self.body(claim)
        for _ in range(claim.nth + bool(claim.moved)):
            rest = re.split(r"\brevert_creds\(\w+\)", rest, maxsplit=1)[1]
        for call in claim.moved:
            _, found, rest = rest.partition(f"{call}(")
            assert found, f"{call} is not where the claim has it"

    @pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.function}-{claim.nth}")
    def test_are_consistent(self, claim: Claim) -> None:
        assert (claim.verdict is Verdict.LEFT) == (claim.kind is not Kind.SITE)
        if claim.verdict is Verdict.GUARD:
            assert not claim.moved
            assert not claim.jumps_in
        if claim.verdict is Verdict.SCOPED:
            assert claim.moved or claim.jumps_in

    def test_wrapper_callers_write_what_is_said(self) -> None:
        code = "".join(code_of(source.read_text()) for source in (MINIATURE / "fs").rglob("*.c"))
        for function, calls in WRAPPER_CALLERS.items():
            body = cut(code, function)[1]
            assert all(f"{call}(" in body for call in calls), function
