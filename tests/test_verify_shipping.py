"""What a series needs goes to another repository as bundles: by id, whole, without history, and only once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from credseries.errors import GitFailed, UnknownRevision
from credseries.kernel.git import Repository
from credseries.verify.executors.depot import Depot
from credseries.verify.executors.shipping import Bundles, Part, Shipment, make_shipment
from tests.gitrepo import commit_all, git, make_repo, write_files

OTHER_TREE = {"a.c": "int a = 9;\n", "d/b.c": "int b;\n"}


@dataclass(frozen=True)
class Ground:
    """A repository with a history, a base in it, and states: commits of a branch, a merge, and a tree of no commit."""

    path: Path
    before: str
    base: str
    commits: tuple[str, ...]
    merge: str
    tree: str

    @property
    def repo(self) -> Repository:
        return Repository.discover(self.path)

    @property
    def states(self) -> tuple[str, ...]:
        return (self.base, *self.commits, self.merge, self.tree)


@pytest.fixture(params=["sha1", "sha256"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    many = {f"drivers/{n}/{m}.c": f"int driver_{n}_{m};\n" * 50 for n in range(10) for m in range(10)}
    path = make_repo(tmp_path, {"a.c": "int a;\n", "d/b.c": "int b;\n", **many}, object_format=request.param)
    before = git(path, "rev-parse", "HEAD").strip()
    write_files(path, {"a.c": "int a = 1;\n"})
    base = commit_all(path, "Base")
    commits = []
    for number in range(2, 5):
        write_files(path, {"a.c": f"int a = {number};\n"})
        commits.append(commit_all(path, f"Patch {number}"))
    git(path, "switch", "--quiet", "--create", "side", before)
    write_files(path, {"c.c": "int c;\n"})
    commit_all(path, "Aside")
    git(path, "switch", "--quiet", "master")
    git(path, "merge", "--quiet", "-m", "Merge", "side")
    merge = git(path, "rev-parse", "HEAD").strip()
    write_files(path, {"a.c": "int a = 9;\n"})
    git(path, "add", "a.c")
    tree = git(path, "write-tree").strip()
    git(path, "reset", "--quiet", "--hard")
    return Ground(path, before, base, tuple(commits), merge, tree)


def snapshot(directory: Path) -> dict[str, bytes]:
    """All files below a directory."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def ship(shipment: Shipment, depot: Depot) -> list[Part]:
    """Sends what is missing as the cluster's client does, in small pieces; gives what was made."""
    with Bundles(shipment) as bundles:
        while parts := depot.missing(shipment.manifest):
            data = bundles.path(parts[0]).read_bytes()
            for offset in range(0, len(data), 1000):
                depot.receive("name", offset, data[offset : offset + 1000])
            depot.unpack(shipment.manifest, parts[0], "name")
        return list(bundles.made)


def packs(depot: Depot) -> dict[Path, float]:
    return {path: path.stat().st_mtime for path in depot.cache.rglob("*.pack")}


def test_every_state_is_there_by_its_id(ground: Ground, tmp_path: Path) -> None:
    depot = Depot(tmp_path / "cache")
    shipment = make_shipment(ground.repo, ground.base, ground.states)
    before = snapshot(ground.path)
    assert ship(shipment, depot) == [Part.BASE, Part.SERIES]
    assert snapshot(ground.path) == before  # the user's repository
    repo = depot.repository(shipment.manifest)
    for state in ground.states:
        assert repo.blob_ids(state) == ground.repo.blob_ids(state)
        assert repo.read_files(state, ["a.c", "c.c"]) == ground.repo.read_files(state, ["a.c", "c.c"])
    assert repo.resolve_tree(ground.base) == ground.repo.resolve_tree(ground.base)
    assert git(repo.git_dir, "fsck", "--full", "--strict", "--no-dangling") == ""
    assert [path.name for path in (depot.cache / "repositories" / "incoming").iterdir()] == []


def test_the_history_stays_at_home_and_the_series_can_be_walked(ground: Ground, tmp_path: Path) -> None:
    depot = Depot(tmp_path / "cache")
    shipment = make_shipment(ground.repo, ground.base, ground.commits)
    ship(shipment, depot)
    repo = depot.repository(shipment.manifest)
    with pytest.raises(UnknownRevision):
        repo.resolve(ground.before)
    assert repo.parent(ground.base) is None
    assert [commit.id for commit in repo.commits(ground.base, ground.commits[-1])] == list(ground.commits)
    assert repo.changes(ground.commits) == ground.repo.changes(ground.commits)


def test_a_second_time_nothing_is_made(ground: Ground, tmp_path: Path) -> None:
    depot = Depot(tmp_path / "cache")
    ship(make_shipment(ground.repo, ground.base, ground.states), depot)
    before = packs(depot)
    again = make_shipment(ground.repo, ground.base, reversed(ground.states))
    assert again.manifest.key == make_shipment(ground.repo, ground.base, ground.states).manifest.key
    assert ship(again, depot) == []
    assert ship(make_shipment(ground.repo, ground.base, ground.commits[:1]), depot) == []
    assert packs(depot) == before


def test_another_series_on_the_same_base_is_small(ground: Ground, tmp_path: Path) -> None:
    depot = Depot(tmp_path / "cache")
    ship(make_shipment(ground.repo, ground.base, ground.commits), depot)
    shipment = make_shipment(ground.repo, ground.base, (ground.tree,))
    with Bundles(shipment) as bundles:
        # the base has a hundred files more
        assert bundles.path(Part.SERIES).stat().st_size < bundles.path(Part.BASE).stat().st_size / 10
    assert ship(shipment, depot) == [Part.SERIES]
    assert depot.repository(shipment.manifest).read_files(ground.tree, ["a.c"]) == {"a.c": b"int a = 9;\n"}


def test_a_merge_brings_its_own_tree_and_not_the_other_side(ground: Ground, tmp_path: Path) -> None:
    shipment = make_shipment(ground.repo, ground.base, (ground.merge,))
    with Bundles(shipment) as bundles:
        assert bundles.path(Part.SERIES).stat().st_size < 2000
    depot = Depot(tmp_path / "cache")
    ship(shipment, depot)
    repo = depot.repository(shipment.manifest)
    assert set(repo.list_tree(ground.merge)) == set(ground.repo.list_tree(ground.merge))
    assert repo.parent(ground.merge) is None


def test_a_base_alone_can_be_sent(ground: Ground, tmp_path: Path) -> None:
    depot = Depot(tmp_path / "cache")
    assert ship(make_shipment(ground.repo, ground.base, [ground.base]), depot) == [Part.BASE]


def test_a_base_without_parents_can_be_sent(ground: Ground, tmp_path: Path) -> None:
    depot = Depot(tmp_path / "cache")
    shipment = make_shipment(ground.repo, ground.before, ground.states)
    ship(shipment, depot)
    assert depot.repository(shipment.manifest).read_files(ground.tree, ["a.c"]) == {"a.c": b"int a = 9;\n"}


def test_a_shallow_clone_can_send(ground: Ground, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--bare", "--depth=5", f"file://{ground.path}", str(clone))
    depot = Depot(tmp_path / "cache")
    shipment = make_shipment(Repository.discover(clone), ground.base, ground.commits)
    ship(shipment, depot)
    repo = depot.repository(shipment.manifest)
    assert [commit.id for commit in repo.commits(ground.base, ground.commits[-1])] == list(ground.commits)


def test_what_is_not_there_cannot_be_sent(ground: Ground) -> None:
    with pytest.raises(UnknownRevision, match="no commit or tree"):
        make_shipment(ground.repo, ground.base, ["1" * len(ground.base)])
    blob = ground.repo.blob_ids(ground.base)["a.c"]
    with pytest.raises(UnknownRevision, match="no commit or tree"):
        make_shipment(ground.repo, ground.base, [blob])


def _damages() -> Iterator[str]:
    yield from ("empty", "no objects", "no HEAD", "no series", "half a base", "half a series")


@pytest.mark.parametrize("ground", ["sha1"], indirect=True)
@pytest.mark.parametrize("damage", list(_damages()))
def test_a_damaged_cache_is_made_again(ground: Ground, tmp_path: Path, damage: str) -> None:
    depot = Depot(tmp_path / "cache")
    shipment = make_shipment(ground.repo, ground.base, ground.states)
    ship(shipment, depot)
    git_dir = depot.repository(shipment.manifest).git_dir
    series, base = sorted(git_dir.glob("objects/pack/*.pack"), key=lambda path: path.stat().st_size)
    if damage == "empty":
        git_dir.rename(tmp_path / "gone")
        git_dir.mkdir()
    elif damage == "no objects":
        (git_dir / "objects").rename(tmp_path / "gone")
    elif damage == "no HEAD":
        (git_dir / "HEAD").unlink()
    elif damage == "no series":
        for path in git_dir.glob(f"objects/pack/{series.stem}.*"):
            path.unlink()
    else:
        file = base if damage == "half a base" else series
        data = file.read_bytes()
        file.chmod(0o644)
        file.write_bytes(data[: len(data) // 2])
    assert depot.missing(shipment.manifest)
    ship(shipment, depot)
    repo = depot.repository(shipment.manifest)
    assert {state: repo.blob_ids(state) for state in ground.states} == {
        state: ground.repo.blob_ids(state) for state in ground.states
    }
    assert git(repo.git_dir, "fsck", "--full", "--no-dangling") == ""


@pytest.mark.parametrize("ground", ["sha1"], indirect=True)
def test_what_a_killed_process_left_is_no_hindrance(ground: Ground, tmp_path: Path) -> None:
    depot = Depot(tmp_path / "cache")
    shipment = make_shipment(ground.repo, ground.base, ground.states)
    place = depot.repository(shipment.manifest).git_dir
    write_files(
        place.parent, {f"{place.name}.new/HEAD": "half", f"{place.name}.old/x": "", "incoming/name": "x" * 9999}
    )
    ship(shipment, depot)
    assert sorted(path.name for path in place.parent.iterdir()) == [ground.base, f"{ground.base}.lock", "incoming"]


@pytest.mark.parametrize("ground", ["sha1"], indirect=True)
def test_half_a_bundle_is_refused(ground: Ground, tmp_path: Path) -> None:
    depot = Depot(tmp_path / "cache")
    shipment = make_shipment(ground.repo, ground.base, ground.states)
    with Bundles(shipment) as bundles:
        data = bundles.path(Part.BASE).read_bytes()
    depot.receive("name", 0, data[: len(data) // 2])
    with pytest.raises(GitFailed):
        depot.unpack(shipment.manifest, Part.BASE, "name")
    assert depot.missing(shipment.manifest) == (Part.BASE, Part.SERIES)
    ship(shipment, depot)


@pytest.mark.parametrize("ground", ["sha1"], indirect=True)
def test_bundles_that_were_stopped_are_not_made(ground: Ground) -> None:
    with Bundles(make_shipment(ground.repo, ground.base, ground.states)) as bundles:
        bundles.stop()
        with pytest.raises(GitFailed):
            bundles.path(Part.BASE)
