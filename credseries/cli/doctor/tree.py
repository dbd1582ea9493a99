"""The tree that commands are to work in: whether it is a kernel, which interface it has, and what is odd about it."""

from __future__ import annotations

from collections.abc import Iterator

from credseries.bench.doctor.finding import Finding, State, finding
from credseries.cli.doctor.model import Check
from credseries.errors import CredseriesError
from credseries.kernel.git import Repository

GROUP = "this tree"
_SERIES = ("scan", "split", "refresh", "reroll")


def examine(repo: Repository) -> Iterator[Check]:
    """The checks of a repository; what the later ones need is tried once."""
    try:
        commit = repo.resolve("HEAD")
    except CredseriesError as error:
        yield _problem("kernel", error, "All starts from a commit of a kernel; --base names one where HEAD has none.")
        return
    yield _kernel(repo, commit)
    yield from _interface(repo, commit)
    yield Check(GROUP, _completeness(repo), _SERIES)
    yield Check(GROUP, _own_programs(repo), ("send", "verify"))
    yield _state(repo)


def _problem(what: str, error: CredseriesError, why: str) -> Check:
    return Check(GROUP, Finding(what, State.MISSING, error.message, why, error.hint), ("all",), needed=True)


def _kernel(repo: Repository, commit: str) -> Check:
    from credseries.kernel.release import check_kernel_tree

    why = "Headers, MAINTAINERS and the version are read from it."
    try:
        version = check_kernel_tree(repo, commit)
    except CredseriesError as error:
        return _problem("kernel", error, why)
    where = repo.work_tree or repo.git_dir
    return Check(GROUP, Finding("kernel", State.OK, f"Linux {version}, {where}", why), ("all",), needed=True)


def _interface(repo: Repository, commit: str) -> Iterator[Check]:
    """What the tree calls an override, and the forms that it cannot have."""
    from credseries.creds.interface import CLEANUP_HEADER, CRED_HEADER, CRED_SOURCE, FILES, read_interface
    from credseries.series.scan import unavailable

    files = repo.read_files(commit, FILES)
    found = read_interface(files.get(CRED_HEADER, b""), files.get(CRED_SOURCE, b""), files.get(CLEANUP_HEADER))
    counting = {
        True: "override_creds() takes a reference",
        False: "override_creds() takes no reference",
        None: "no body of override_creds()",
    }[found.counts_references]
    there = [name for name, has in (("a light pair", found.light), ("a guard", found.guard)) if has]
    lacks = unavailable(found)
    state = State.MISSING if len(lacks) == 3 else State.OK  # guard, scoped, light
    yield Check(
        GROUP,
        finding(
            "credential interface",
            state,
            f"{counting}; it has {' and '.join(there) or 'neither a light pair nor a guard: split adds them'}",
            why="It decides which forms a site can have: "
            + ("; ".join(dict.fromkeys(lacks.values())) if lacks else "here it is any of them."),
            advice="Name a commit that has what is missing: --base REV.",
        ),
        ("scan", "convert", "split"),
    )


def _completeness(repo: Repository) -> Finding:
    """Whether all objects are here."""
    why = "Nothing is fetched by looking at it: what is missing ends a command that needs it."
    promisors = [key for key in repo.config_keys(r"^remote\..*\.promisor$") if repo.config(key) == "true"]
    if promisors:
        remote = promisors[0].removeprefix("remote.").removesuffix(".promisor")
        return Finding(
            "history",
            State.LIMITED,
            f"a partial clone of {remote}: contents are fetched when they are needed",
            why,
            f"git fetch --refetch --no-filter {remote} gets all of it; git checkout REV what one commit has.",
        )
    if (repo.common_dir / "shallow").exists():
        why = "Prefixes of subjects, patches that are merged and what a commit fixes are looked for in the history."
        return Finding("history", State.LIMITED, "a shallow clone", why, "git fetch --unshallow gets the rest.")
    return Finding("history", State.OK, "complete", why)


def _own_programs(repo: Repository) -> Finding:
    names = repo.restraint.names
    why = "A repository may come from anybody, so what its own configuration would run is not run."
    if not names:
        trusted = ", and it is trusted to" if repo.restraint.trusted else ""
        return Finding("its configuration", State.OK, f"names no program{trusted}", why)
    return Finding(
        "its configuration",
        State.LIMITED,
        f"programs that are not run: {', '.join(names)}",
        why,
        "Set what is yours with git config --global; or trust this repository: "
        "git config --global --add credseries.trustedRepository DIR",
    )


def _state(repo: Repository) -> Check:
    """credseries' own state, and the series that are here."""
    from credseries.series import saved

    why = "What b4 has no place for: records of series, results, mails, what is not all sent."
    try:
        branches = saved.branches(repo)
        with saved.opened(repo) as store:
            store.keys("series")
    except CredseriesError as error:
        return _problem("series", error, why)
    evidence = f"{len(branches)} here: {', '.join(branches)}" if branches else "none yet"
    return Check(GROUP, Finding("series", State.OK, evidence, why), ("split", "send"))
