"""A git repository: what credseries reads from it and the few things that it writes to it.

Nothing here touches the user's work tree or index. Commits are made from objects, and refs change in one
transaction.
"""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Literal

from credseries.errors import BranchExists, GitFailed, MissingIdentity, NotARepository, UnknownRevision
from credseries.kernel.fast_import import fast_import_stream
from credseries.kernel.git_process import (
    Finished,
    GitProcess,
    read_restraint,
    run_writer,
    settings_environment,
    start_git,
)
from credseries.kernel.grep import GrepFiles
from credseries.kernel.restraint import Restraint
from credseries.kernel.values import (
    CommitInfo,
    FileChange,
    Identity,
    NewCommit,
    RefChange,
    decode_path,
    encode_path,
)

__all__ = [
    "CommitInfo",
    "FileChange",
    "GrepFiles",
    "Identity",
    "NewCommit",
    "RefChange",
    "Repository",
]

_IDENT = re.compile(r"(?P<name>.*) <(?P<email>[^<>]*)> \d+ [+-]\d+\s*")
_LOCATION = ("--git-dir", "--git-common-dir", "--show-object-format", "--is-bare-repository")
_COMMIT_FIELDS = ("%H", "%T", "%P", "%s", "%b", "%B", "%an", "%ae", "%ad", "%cn", "%ce", "%ct")
# Of a submodule only which commit is checked out: git would start another one in it, with its configuration.
_STATUS = ("status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty")
_WALKED = 30_000  # commits of a history
_PATHS_A_CALL = 1000  # stays far below the kernel's limit for arguments


@dataclass(frozen=True)
class Repository:
    """A repository, seen from one of its work trees or (`work_tree` None) bare; the paths are absolute.

    `common_dir` differs from `git_dir` in a linked work tree. Every method raises GitFailed if git fails.
    """

    git_dir: Path
    common_dir: Path
    work_tree: Path | None
    object_format: str = "sha1"

    @classmethod
    def create(cls, path: Path, message: str, config: Mapping[str, str]) -> Repository:
        """A new repository in an existing directory, with everything that is there in its first commit.

        `config` is written to the repository's own configuration first, an identity for instance.
        """

        def run(*arguments: str) -> None:
            process = start_git(list(arguments), directory=path.absolute(), environment={})
            finished = process.finish()
            if finished.status != 0:
                raise process.failure(finished)

        run("init", "--quiet", "--initial-branch=master")
        for key, value in config.items():
            run("config", key, value)
        run("add", "--all", "--force")
        run("commit", "--quiet", "--no-gpg-sign", "-m", message)
        return cls.discover(path)

    @classmethod
    def discover(cls, start: Path) -> Repository:
        """The repository that `start` is in, as git itself finds it; raises NotARepository."""
        hint = "run credseries in a kernel tree, or name one: --tree DIR"
        if not start.is_dir():
            raise NotARepository(f"{start} is not a directory", hint=hint)
        # --show-toplevel is last as it fails in a bare repository, after the rest has been printed.
        process = start_git(
            ["rev-parse", "--path-format=absolute", *_LOCATION, "--show-toplevel"],
            directory=start.absolute(),
            environment={},
        )
        finished = process.finish()
        lines = decode_path(finished.output).splitlines()
        if len(lines) < len(_LOCATION):
            detail = finished.errors.removeprefix("fatal: ").splitlines()
            if "dubious ownership" in finished.errors:
                hint = "it belongs to somebody else: if you trust them, git config --global --add safe.directory DIR"
            raise NotARepository(f"{start}: {detail[0] if detail else 'not a git repository'}", hint=hint)
        if len(lines) > len(_LOCATION) + 1:
            hint = "git names paths in lines, and b4 does too: move the repository to another place"
            raise NotARepository("the path of this repository has a line's end in it", hint=hint)
        git_dir, common_dir, object_format, bare, *top = lines
        if not top and bare == "false" and Path(git_dir).name == ".git" and Path(git_dir) != start:
            return cls.discover(Path(git_dir).parent)
        return cls(Path(git_dir), Path(common_dir), Path(top[0]) if top else None, object_format)

    @cached_property
    def restraint(self) -> Restraint:
        """What keeps git from running what the repository's own configuration names; read once."""
        return read_restraint(*self._unrestrained_place, self.places)

    @property
    def places(self) -> tuple[Path, ...]:
        """The directories by which a user may name this repository."""
        top = self.common_dir.parent if self.common_dir.name == ".git" else self.common_dir
        return (self.common_dir, top, *((self.work_tree,) if self.work_tree is not None else ()))

    @property
    def zero_id(self) -> str:
        """The id that stands for "no object" in this repository."""
        return "0" * (64 if self.object_format == "sha256" else 40)

    def resolve(self, revision: str) -> str:
        """The id of the commit that a revision names; raises UnknownRevision."""
        finished = self._try("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        # A git that knows --end-of-options only by half prints it back.
        ids = [line for line in finished.output.decode().split("\n") if line and not line.startswith("-")]
        if finished.status == 0 and ids:
            return ids[-1]
        if revision == "HEAD":
            hint = "switch to a branch that has one, or name a commit; an empty repository needs a kernel tree first"
            raise UnknownRevision("HEAD has no commit yet", hint=hint)
        raise UnknownRevision(
            f"git knows no commit {revision!r}",
            hint="`git branch -a` and `git tag` list names; `git fetch` gets more",
        )

    def resolve_tree(self, revision: str) -> tuple[str, str]:
        """The ids of the commit that a revision names and of its tree; raises UnknownRevision."""
        commit = self.resolve(revision)
        return commit, self._run("rev-parse", "--verify", f"{commit}^{{tree}}").decode().strip()

    def trees(self, objects: Iterable[str]) -> dict[str, str]:
        """The tree of each of some commits and trees, by their ids, all read by one process."""
        wanted = list(dict.fromkeys(objects))
        if not wanted:
            return {}
        found = self._run("rev-parse", *(f"{name}^{{tree}}" for name in wanted)).decode().split()
        return dict(zip(wanted, found, strict=True))

    def read_files(self, commit: str, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of files at a commit, read by one process; what is no file there is left out.

        Raises GitFailed for a file whose contents are not in the repository.
        """
        wanted = dict.fromkeys(paths)
        plain = [path for path in wanted if "\n" not in path]
        odd = [path for path in wanted if "\n" in path]
        requests = [(path, f"{commit}:".encode() + encode_path(path)) for path in plain]
        if odd:  # a request is a line, so these go by blob id
            requests += [(path, blob.encode()) for path, blob in self.blob_ids(commit, odd).items()]
        if not requests:
            return {}
        output = self._run("cat-file", "--batch", data=b"".join(name + b"\n" for _, name in requests))
        found = _parse_batch(output, requests)
        self._check_absent(commit, [path for path in wanted if path and path not in found])
        return found

    def _check_absent(self, commit: str, paths: Sequence[str]) -> None:
        """Raises GitFailed for a path that is a file at a commit: git says of it, too, that it is missing."""
        # where a path goes into a directory, git gives more of it than was asked for
        for path, entry in (self._entries(commit, paths, recursive=False) if paths else {}).items():
            if entry.kind == "blob" and path in paths:
                raise GitFailed(
                    f"{path} is in commit {commit[:12]}, and its contents ({entry.id[:12]}) are not in the repository",
                    hint="it is damaged, or was not cloned as a whole: see what `git fsck` says; `git fetch --refetch` "
                    "gets all objects again",
                )

    def blob_ids(self, commit: str, paths: Sequence[str] = ()) -> dict[str, str]:
        """The blob ids of the files at, or below, some paths (none: all files) at a commit, in tree order."""
        return {path: entry.id for path, entry in self._entries(commit, paths).items() if entry.kind == "blob"}

    def list_tree(self, commit: str, path: str = "") -> list[str]:
        """The paths of all files below a directory (or of the file itself) at a commit, in tree order."""
        return list(self.blob_ids(commit, [path] if path else []))

    def exists(self, commit: str, path: str) -> Literal["file", "directory"] | None:
        """What is at a path of a commit."""
        if path.strip("/") in ("", "."):
            return "directory"
        entry = self._entries(commit, [path.rstrip("/")], recursive=False).get(path.rstrip("/"))
        if entry is None:
            return None
        return "directory" if entry.kind == "tree" else "file"

    def grep_files(self, commit: str, needles: Sequence[str], paths: Sequence[str] = ()) -> GrepFiles:
        """Starts to look for the files of a commit, at or below `paths`, that contain one of the needles."""
        return GrepFiles(
            self._start,
            lambda wanted: self.read_files(commit, wanted),
            commit,
            needles,
            paths,
            has_work_tree=self.work_tree is not None,
        )

    def commits(self, base: str, tip: str, *, limit: int | None = None) -> list[CommitInfo]:
        """The commits that are in `tip` and not in `base`, oldest first; with a limit, only so many of the newest."""
        output = self._run(
            *("log", "--reverse", "--topo-order", "--no-show-signature", "--encoding=UTF-8", "--date=raw", "-z"),
            *((f"--max-count={limit}",) if limit is not None else ()),
            *(f"--format=tformat:{'%x00'.join(_COMMIT_FIELDS)}", "--end-of-options", f"{base}..{tip}", "--"),
        )
        return _commit_infos(output)

    def changing(self, base: str, tip: str, paths: Sequence[str]) -> list[CommitInfo]:
        """The commits that are in `tip` and not in `base` and change a file at, or below, one of the paths, oldest
        first; merges are left out, and what they merged is not."""
        output = self._run(
            *("log", "--reverse", "--topo-order", "--no-merges", "--full-history", "--no-show-signature"),
            *("--encoding=UTF-8", "--date=raw", "-z", f"--format=tformat:{'%x00'.join(_COMMIT_FIELDS)}"),
            *("--end-of-options", f"{base}..{tip}", "--", *paths),
        )
        return _commit_infos(output)

    def first_tags(self, commits: Sequence[str], pattern: str = "v*") -> dict[str, str]:
        """The first tag that has each commit, of those whose names match; a commit that no such tag has is left out."""
        if not commits:
            return {}
        found = self._run("name-rev", "--tags", f"--refs=refs/tags/{pattern}", *commits).decode("utf-8", "replace")
        rows = (line.split(" ", 1) for line in found.splitlines())
        return {
            commit: re.sub(r"[~^].*$", "", name.removeprefix("tags/")) for commit, name in rows if name != "undefined"
        }

    def merges_that_say(self, base: str, tip: str, texts: Sequence[str]) -> list[CommitInfo]:
        """The merges that are in `tip` and not in `base` and have one of these texts in their messages, in order."""
        if not texts:
            return []
        output = self._run(
            *("log", "--reverse", "--topo-order", "--merges", "--fixed-strings", "--no-show-signature"),
            *("--encoding=UTF-8", "--date=raw", "-z", f"--format=tformat:{'%x00'.join(_COMMIT_FIELDS)}"),
            *(f"--grep={text}" for text in texts),
            *("--end-of-options", f"{base}..{tip}", "--"),
        )
        return _commit_infos(output)

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits, or None."""
        finished = self._try("merge-base", "--end-of-options", one, other)
        return finished.output.decode().split("\n")[0] if finished.status == 0 else None

    def history(self, base: str, tip: str) -> list[tuple[str, str | None]]:
        """The commits (merges left out) that are in `tip` and not in `base`, oldest first, each with its parent."""
        output = self._run(
            *("rev-list", "--reverse", "--topo-order", "--no-merges", "--parents"),
            *("--end-of-options", f"{base}..{tip}", "--"),
        )
        rows = (line.split(" ") for line in output.decode().splitlines())
        return [(row[0], row[1] if len(row) > 1 else None) for row in rows]

    def subjects(self, commit: str, path: str, limit: int = 50) -> list[str]:
        """The subjects of the last commits that changed a path, up to `limit`, newest first; merges are left out.

        Of a file that is rarely changed git would walk the whole history of a kernel, a million commits: it stops where
        the commits get older than the one that 30,000 others come after. That is some five months of Linux, and half a
        second. In a shallow clone the oldest commits, which seem to add every file, do not count. What git
        cannot walk, because objects are missing, gives nothing.
        """
        walk = ("rev-list", "--no-merges", "--min-parents=1", "--encoding=UTF-8")
        oldest = self._try("rev-list", "--max-count=1", f"--skip={_WALKED}", "--timestamp", "--end-of-options", commit)
        seconds = oldest.output.split(b" ")[0].decode()
        since = [f"--max-age={seconds}"] if seconds else []
        found = self._try(
            *walk, *since, f"--max-count={limit}", "--format=tformat:%s", "--end-of-options", commit, "--", path
        )
        return found.output.decode("utf-8", "replace").split("\n")[1::2] if found.status == 0 else []

    @property
    def cut_off(self) -> str:
        """The commits that a shallow clone has no parents of, as git keeps them; empty in a whole one."""
        try:
            return (self.common_dir / "shallow").read_text(encoding="ascii", errors="replace")
        except OSError:
            return ""

    def parent(self, commit: str) -> str | None:
        """The first parent of a commit, or None for a root."""
        finished = self._try("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^1^{{commit}}")
        ids = [line for line in finished.output.decode().split("\n") if line and not line.startswith("-")]
        return ids[-1] if finished.status == 0 and ids else None

    def ran(self, *arguments: str, environment: Mapping[str, str], data: bytes | None = None) -> Finished:
        """What a git command left that was run in this repository with more in its environment."""
        return self._start(arguments, with_input=data is not None, environment=environment).finish(data)

    def changed_files(self, old: str, new: str) -> dict[str, bool] | None:
        """The paths that differ between two trees or commits, and whether the new one has a regular file there.

        None when git cannot compare them, because the old one is gone.
        """
        finished = self._try("diff-tree", "-r", "-z", "--raw", "--no-renames", "--end-of-options", old, new)
        if finished.status != 0:
            return None
        fields = finished.output.split(b"\0")
        # ":100644 100755 old new M", then the path (git-diff-tree(1), Raw output)
        return {
            decode_path(path): header.split(b" ")[1].startswith(b"100")
            for header, path in zip(fields[0::2], fields[1::2], strict=False)
        }

    def changes(self, commits: Sequence[str]) -> list[tuple[FileChange, ...]]:
        """What each commit changes from its parent, in tree order, all read by one process; a rename is two files."""
        if not commits:
            return []
        output = self._run(
            *("diff-tree", "--stdin", "--always", "-r", "-z", "--raw", "--numstat", "--no-renames", "--no-abbrev"),
            data="".join(f"{commit}\n" for commit in commits).encode(),
        )
        found = _parse_changes(output)
        return [found.get(commit, ()) for commit in commits]

    def diffs(self, commits: Sequence[str]) -> dict[str, bytes]:
        """The text of what each commit changes from its parent, all read by one process; without renames."""
        if not commits:
            return {}
        output = self._run(
            *("diff-tree", "--stdin", "--always", "-r", "-p", "--no-renames", "--full-index"),
            *("--no-color", "--no-ext-diff", "--no-textconv"),
            data="".join(f"{commit}\n" for commit in commits).encode(),
        )
        # No line of a diff looks like this: they start with a mark, or with a word and a space.
        parts = re.split(rb"^([0-9a-f]{40,64})\n", output, flags=re.MULTILINE)
        return {commit.decode(): text for commit, text in zip(parts[1::2], parts[2::2], strict=True)}

    def tree_diffs(self, pairs: Sequence[tuple[str, str]]) -> list[bytes]:
        """The text of what differs between the trees of each pair (commits or trees), as git formats patches; one
        process reads all of it."""
        trees = self.trees(name for pair in pairs for name in pair)
        rows = [(trees[old], trees[new]) for old, new in pairs]
        if not rows:
            return []
        output = self._run(
            *("diff-tree", "--stdin", "-r", "-p", "--find-renames", "--no-color", "--no-ext-diff", "--no-textconv"),
            *("--src-prefix=a/", "--dst-prefix=b/"),
            data="".join(f"{old} {new}\n" for old, new in rows).encode(),
        )
        # "OLD NEW", then the diff; no line of a diff looks like this, and a pair without a difference has no line
        parts = re.split(rb"^([0-9a-f]{40,64} [0-9a-f]{40,64})\n", output, flags=re.MULTILINE)
        found = dict(zip(parts[1::2], parts[2::2], strict=True))
        return [found.get(f"{old} {new}".encode(), b"") for old, new in rows]

    def sizes_without_space(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[int, int]]:
        """How many lines are added and removed between the trees of each pair (commits or trees) when white space does
        not count, as `git diff -w` has it; one process counts all of it."""
        trees = self.trees(name for pair in pairs for name in pair)
        rows = [(trees[old], trees[new]) for old, new in pairs]
        if not rows:
            return []
        output = self._run(
            *("diff-tree", "--stdin", "-r", "--ignore-all-space", "--numstat", "--find-renames"),
            *("--no-color", "--no-ext-diff", "--no-textconv"),
            data="".join(f"{old} {new}\n" for old, new in rows).encode(),
        )
        parts = re.split(rb"^([0-9a-f]{40,64} [0-9a-f]{40,64})\n", output, flags=re.MULTILINE)
        found = dict(zip(parts[1::2], parts[2::2], strict=True))
        return [_summed(found.get(f"{old} {new}".encode(), b"")) for old, new in rows]

    def diff(self, old: str, new: str, paths: Sequence[str] = ()) -> str:
        """The difference between two commits as a git patch; bytes that are not UTF-8 become surrogates."""
        output = self._run(
            *("diff-tree", "-r", "-p", "--find-renames", "--no-color", "--no-ext-diff", "--no-textconv"),
            *("--end-of-options", old, new, "--", *paths),
        )
        return output.decode("utf-8", "surrogateescape")

    def patch_id(self, old: str, new: str) -> str:
        """The id of a patch between two commits or trees that lines and white space around it do not change.

        It is that of git-patch-id(1) with --stable, which b4 looks patches up by.
        """
        diff = self._run(
            *("diff-tree", "-r", "-p", "--unified=3", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv"),
            *("--full-index", "--src-prefix=a/", "--dst-prefix=b/", "--end-of-options", old, new),
        )
        return self._run("patch-id", "--stable", data=diff).decode().split(" ")[0].strip()

    def patch_ids(self, commits: Sequence[str]) -> dict[str, str]:
        """The ids of commits' patches, as `patch_id` gives them, by commit; what changes nothing has none."""
        if not commits:
            return {}
        diffs = self._run(
            *("diff-tree", "--stdin", "-r", "-p", "--unified=3", "--no-renames", "--no-color", "--no-ext-diff"),
            *("--no-textconv", "--full-index", "--src-prefix=a/", "--dst-prefix=b/"),
            data="".join(f"{commit}\n" for commit in commits).encode(),
        )
        rows = (line.split(" ") for line in self._run("patch-id", "--stable", data=diffs).decode().splitlines())
        return {commit: found for found, commit in rows}

    def is_dirty(self) -> bool:
        """Whether a tracked file differs from HEAD, in the index or on disk; never in a bare repository."""
        return self.work_tree is not None and bool(self._run(*_STATUS))

    def config(self, key: str, *, file: Path | None = None) -> str | None:
        """The value of a configuration variable, the last one if it has several; with a file, what that one sets."""
        finished = self._try("config", "-z", *(("--file", str(file)) if file is not None else ()), "--get", key)
        return decode_path(finished.output).rstrip("\0") if finished.status == 0 else None

    def config_keys(self, pattern: str) -> list[str]:
        """The configuration variables whose names match an (extended, POSIX) regular expression."""
        finished = self._try("config", "-z", "--name-only", "--get-regexp", pattern)
        return decode_path(finished.output).split("\0")[:-1]

    def set_config(self, key: str, value: str) -> None:
        """Sets a variable in the repository's own configuration."""
        self._write("config", "--local", "--replace-all", key, value)

    def identity(self, role: Literal["author", "committer"]) -> Identity:
        """Who authors or commits; raises MissingIdentity rather than let git guess from the host's name."""
        finished = self._try("-c", "user.useConfigOnly=true", "var", f"GIT_{role.upper()}_IDENT")
        match = _IDENT.fullmatch(finished.output.decode("utf-8", "replace"))
        if finished.status == 0 and match is not None:
            return Identity(match["name"], match["email"])
        raise MissingIdentity(
            f"git does not know the name and address of the {role}",
            hint='git config --global user.name "Your Name"; git config --global user.email you@example.org',
        )

    def branch_tip(self, name: str) -> str | None:
        """The commit id that a local branch points to; None if there is no such branch."""
        return self.ref(f"refs/heads/{name}")

    def ref(self, name: str) -> str | None:
        """The id that a ref (its full name) points to; None if there is no such ref."""
        finished = self._try("show-ref", "--verify", "--hash", "--", name)
        return finished.output.decode().strip() if finished.status == 0 else None

    def refs(self, *prefixes: str) -> dict[str, str]:
        """The refs below some directories of refs, by full name, and the ids that they point to."""
        output = self._run("for-each-ref", "--format=%(objectname) %(refname)", *prefixes)
        rows = (line.split(" ", 1) for line in decode_path(output).splitlines())
        return {name: target for target, name in rows}

    def valid_branch_name(self, name: str) -> bool:
        """Whether git accepts this name for a new branch."""
        if name.startswith("-") or name == "HEAD" or "\0" in name:
            return False
        return self._try("check-ref-format", f"refs/heads/{name}").status == 0

    def current_branch(self) -> str | None:
        """The name of the branch that is checked out; None if HEAD is detached."""
        finished = self._try("symbolic-ref", "--quiet", "HEAD")
        return decode_path(finished.output).strip().removeprefix("refs/heads/") if finished.status == 0 else None

    def write_commits(
        self,
        base: str,
        commits: Sequence[NewCommit],
        *,
        author: Identity,
        committer: Identity,
        when: datetime,
    ) -> list[str]:
        """Makes a chain of commits on top of `base` and gives their ids, oldest first.

        Only objects are written: no ref, no index, no file. Files keep their modes, new ones are plain files.
        Raises ValueError if `when` has no time zone.
        """
        if not commits:
            return []
        changed = sorted({path for commit in commits for path in commit.changes})
        modes = {path: entry.mode for path, entry in self._entries(base, changed).items()} if changed else {}
        stream = fast_import_stream(
            base,
            commits,
            author=author,
            committer=committer,
            when=when,
            modes=modes,
            # Directly below refs/: git would leave the directories of a longer name behind.
            ref=f"refs/credseries-{secrets.token_hex(8)}",
        )
        with tempfile.TemporaryFile(prefix="credseries-") as answers:
            options = ("--quiet", "--done", "--date-format=raw", f"--cat-blob-fd={answers.fileno()}")
            self._write("fast-import", *options, data=stream, answers=answers)
            answers.seek(0)
            ids = answers.read().decode().split()
        if len(ids) != len(commits):
            raise GitFailed(f"`git fast-import` made {len(ids)} of {len(commits)} commits", hint="try `git fsck`")
        return ids

    def update_refs(self, changes: Sequence[RefChange], message: str) -> None:
        """Changes refs in one transaction: all of them or none; `message` goes to the reflogs.

        Raises BranchExists if a ref that must not exist is there.
        """
        # Without "start" and "commit" it is one transaction too, and git answers nothing that nobody may read.
        updates = "".join(f"update {change.ref}\0{change.new}\0{change.old or ''}\0" for change in changes)
        process, finished = self._run_writer("update-ref", "--stdin", "-z", "-m", message, data=encode_path(updates))
        if finished.status == 0:
            return
        for change in changes:
            name = change.ref.removeprefix("refs/heads/")
            # a lock that is in the way "exists" as well
            taken = (f"'{change.ref}': reference already exists", f"cannot create '{change.ref}'")
            if name != change.ref and change.old == self.zero_id and any(text in finished.errors for text in taken):
                raise BranchExists(f"{name} exists already", hint="choose another name, or delete that branch first")
            if f"'{change.ref}': is at" in finished.errors:
                hint = "somebody has moved it meanwhile, and nothing was changed: run the command again"
                raise GitFailed(f"{name} could not be moved: {finished.errors}", hint=hint)
        raise process.failure(finished)

    def _entries(self, commit: str, paths: Sequence[str], *, recursive: bool = True) -> dict[str, _Entry]:
        options = ["-r"] if recursive else []
        entries: dict[str, _Entry] = {}
        for first in range(0, len(paths) or 1, _PATHS_A_CALL):
            some = paths[first : first + _PATHS_A_CALL]
            output = self._run("ls-tree", "-z", "--full-tree", *options, commit, "--", *some)
            for record in output.split(b"\0")[:-1]:
                header, path = record.split(b"\t", 1)
                entries[decode_path(path)] = _Entry(*header.decode().split())
        return entries

    def _run(self, *arguments: str, data: bytes | None = None) -> bytes:
        process = self._start(arguments, with_input=data is not None)
        finished = process.finish(data)
        if finished.status:
            raise process.failure(finished)
        return finished.output

    def _try(self, *arguments: str) -> Finished:
        return self._start(arguments).finish()

    def _write(self, *arguments: str, data: bytes = b"", answers: IO[bytes] | None = None) -> None:
        process, finished = self._run_writer(*arguments, data=data, answers=answers)
        if finished.status:
            raise process.failure(finished)

    def _run_writer(
        self, *arguments: str, data: bytes = b"", answers: IO[bytes] | None = None
    ) -> tuple[GitProcess, Finished]:
        directory, environment = self._place()
        return run_writer(arguments, directory=directory, environment=environment, data=data, answers=answers)

    def _start(
        self, arguments: Sequence[str], with_input: bool = False, environment: Mapping[str, str] | None = None
    ) -> GitProcess:
        directory, here = self._place()
        return start_git(
            arguments, directory=directory, environment={**here, **(environment or {})}, with_input=with_input
        )

    def _place(self) -> tuple[Path, dict[str, str]]:
        """Where git runs, and the environment that says which repository it works on."""
        directory, environment = self._unrestrained_place
        return directory, {
            **environment,
            **settings_environment(self.restraint.settings),
            **dict(self.restraint.environment),
        }

    @property
    def _unrestrained_place(self) -> tuple[Path, dict[str, str]]:
        environment = {"GIT_DIR": str(self.git_dir)}
        if self.work_tree is not None:
            environment["GIT_WORK_TREE"] = str(self.work_tree)
        return self.work_tree or self.git_dir, environment


@dataclass(frozen=True)
class _Entry:
    mode: str
    kind: str
    id: str


def _commit_infos(output: bytes) -> list[CommitInfo]:
    """Commits from what git prints of them with -z and _COMMIT_FIELDS."""
    fields = output.decode("utf-8", "replace").split("\0")[:-1]
    width = len(_COMMIT_FIELDS)
    return [_commit_info(*fields[first : first + width]) for first in range(0, len(fields), width)]


def _commit_info(*fields: str) -> CommitInfo:
    """A commit from what git gives for _COMMIT_FIELDS."""
    commit, tree, parents, subject, body, message, author, author_email, date, committer, email, committed = fields
    return CommitInfo(
        *(commit, tree, tuple(parents.split()), subject, body.strip("\n"), message),
        *(Identity(author, author_email), date, Identity(committer, email), int(committed)),
    )


def _summed(numstat: bytes) -> tuple[int, int]:
    """Lines added and removed in all files of a --numstat; binary files have none."""
    rows = (line.split(b"\t")[:2] for line in numstat.splitlines() if line)
    counts = [(int(added), int(removed)) for added, removed in rows if added != b"-"]
    return sum(added for added, _ in counts), sum(removed for _, removed in counts)


def _parse_batch(output: bytes, requests: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    """What `git cat-file --batch` answered, by path (git-cat-file(1), "Batch output")."""
    contents: dict[str, bytes] = {}
    position = 0
    for path, request in requests:
        start = output.index(b"\n", position) + 1
        header = output[position : start - 1]
        if header == request + b" missing" or header.endswith(b" submodule"):
            position = start
            continue
        _, kind, size = header.split(b" ")
        position = start + int(size) + 1
        if kind == b"blob":
            contents[path] = output[start : position - 1]
    return contents


def _parse_changes(output: bytes) -> dict[str, tuple[FileChange, ...]]:
    """What `git diff-tree --stdin -z --raw --numstat` wrote, by commit (git-diff-tree(1), "Output format")."""
    found: dict[str, tuple[FileChange, ...]] = {}
    raw: dict[bytes, list[bytes]] = {}
    commit = ""
    fields = iter(output.split(b"\0")[:-1])
    for field in fields:
        if field.startswith(b":"):  # ":100644 100755 old new M", then the path
            raw[next(fields)] = field[1:].split(b" ")
        elif b"\t" in field:  # "added, removed, path" of each path again, with tabs between
            added, removed, path = field.split(b"\t", 2)
            modes, blobs = raw[path][:2], raw[path][2:4]
            found[commit] += (
                FileChange(
                    decode_path(path),
                    (modes[0].decode(), modes[1].decode()),
                    (blobs[0].decode(), blobs[1].decode()),
                    *((0, 0) if added == b"-" else (int(added), int(removed))),
                ),
            )
        else:
            commit, raw = field.strip().decode(), {}
            found[commit] = ()
    return found
