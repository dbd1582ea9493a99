"""Random patches to a kernel tree: what people send, and what looks like a patch in the midst of a message.

They are commits in a repository that shares the tree's objects, written out by `git format-patch` with random options.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from credseries.kernel.git import Repository
from tests.gitrepo import git

# What K: lines of MAINTAINERS look for, and what nearly is that.
WORDS = (
    *("riscv", "RISCV", "bpf", "bpf_prog", "xbpf", "my_xdp_", "xdp", "pidfd", "PIDFD_OPEN", "clone3", "Clone3"),
    *("Rust", "rust", "trust", "RUST_IS_BROKEN", "clang", "LLVM", "landlock", "LANDLOCK", "zstd", "security_inode+"),
    *("security_inode", "gpio_get", "pwm_config", "struct phylink", "struct  phylink", "a.phylink", ">phylink_x"),
    *("phylink_of_x", "printk_index", "pstore", "ramoops", "mdo_x", "SGX_", "dma_fence", "dma_bufs", "__counted_by"),
    *(
        "fu540",
        "@sifive",
        "sifive",
        "sophgo",
        "regulator_get_optional",
        "renesas,",
        "mediatek",
        "ma35d1",
        "csky",
        "ptp",
    ),
    *(
        "ptpd",
        "PREEMPT_RT",
        "reset_control_get",
        "ébpf",
        "“bpf”",
        "audit_log+",
        "google-tensor",
        "ABS_MT_SLOT",
        "libie",
    ),
    *("unsafe_memcpy", "TIF_SECCOMP", "secure_computing", "kernel_clone_args", '"nxp,tda998x"', "of_overlay_remove"),
    *("the", "lock", "of", "a", "buffer", "frees", "née", "and", "x = 1;", "return 0;"),
)
# Lines of a message that the script takes for parts of a diff, or nearly.
ODD_LINES = (
    *("--- a/fs/open.c", "+++ b/kernel/cred.c", "rename from fs/exec.c", " mode change 100644 => 100755 init/main.c"),
    *("diff --git a/mm/slub.c b/mm/slub.c", "@@ -1,2 +1,2 @@ riscv", "@@ -1 +1 @@ riscv", "---", "--- ", "--- >8 ---"),
    *(
        "rename to fs/a name riscv",
        " mode change 100644 => 100755 a riscv file",
        "diff --git a/x y b/x y zstd",
        "Fixes: x",
    ),
    *(
        "Fixes: 123456",
        "Fixes: deadbeefdeadbeef (made up)",
        "fixes: 1234567",
        "> --- a/fs/namei.c",
        "+bpf",
        "-bpf",
        "\tbpf",
    ),
)
FORMATS: tuple[tuple[str, ...], ...] = (
    *((), (), (), ("--no-renames",), ("-U0",), ("--no-prefix",), ("--no-binary",), ("--full-index", "--binary")),
    *(("--no-stat",), ("-C", "-M10%"), ("--no-signature",), ("--src-prefix=x/y/",)),
)
TAGS = ("Signed-off-by", "Reviewed-by", "Acked-by", "Tested-by", "  Signed-off-by", "signed-off-by", "Reported-by")


@dataclass
class _Import:
    """What `git fast-import` reads."""

    base: str
    stream: bytearray
    number: int = 0

    def commit(self, message: str, commands: bytes = b"") -> None:
        self.number += 1
        body = message.encode()
        self.stream += f"commit refs/heads/r{self.number}\ncommitter R <r@example.org> 1700000000 +0000\n".encode()
        self.stream += b"data %d\n%s\nfrom %s\n%s\n" % (len(body), body, self.base.encode(), commands)


def make_patches(
    clone: Path, place: Path, people: Sequence[str], *, count: int, seed: int
) -> tuple[list[Path], list[str]]:
    """Random patches to HEAD of a repository, the same for the same seed, as files; and the commits that they fix.

    `people` are who signs those. The commits stay in the repository, on branches.
    """
    rng = random.Random(seed)
    repo = Repository.discover(clone)
    base = repo.resolve("HEAD")
    # links and submodules are no text
    files = [line.split("\t", 1) for line in git(clone, "ls-tree", "-r", base).splitlines()]
    paths = [path for kind, path in files if kind.startswith("100") and '"' not in path]
    fixed = _Import(base, bytearray())
    for number in range(1 + count // 8):
        fixed.commit(f"mended: {_words(rng, 3)}\n\n{_words(rng, 9)}\n\n{_tags(rng, people, number)}")
    fixes = _run(clone, fixed, f"fixed-{seed}")
    chosen = [rng.sample(paths, rng.choice((1, 1, 1, 2, 2, 3, 5))) for _ in range(count)]
    texts = repo.read_files(base, [path for some in chosen for path in some])
    changes = _Import(base, bytearray())
    for some in chosen:
        commands = b"".join(_change(rng, path, texts[path], paths) for path in some)
        changes.commit(_message(rng, fixes, people), commands)
    place.mkdir()
    patches = []
    for number, commit in enumerate(_run(clone, changes, f"patches-{seed}")):
        path = place / f"{number:04}.patch"
        path.write_bytes(_mangled(rng, _format_patch(clone, commit, rng.choice(FORMATS))))
        patches.append(path)
    return patches, fixes


def _run(clone: Path, commits: _Import, name: str) -> list[str]:
    marks = [f"refs/heads/{name}/r{number}" for number in range(1, commits.number + 1)]
    stream = bytes(commits.stream).replace(b"commit refs/heads/r", f"commit refs/heads/{name}/r".encode())
    subprocess.run(["git", "fast-import", "--quiet"], cwd=clone, input=stream, check=True)
    return git(clone, "rev-parse", *marks).split()


def _format_patch(clone: Path, commit: str, options: Sequence[str]) -> bytes:
    command = ["git", "format-patch", "--stdout", "-1", *options, commit]
    return subprocess.run(command, cwd=clone, check=True, capture_output=True).stdout


def _mangled(rng: random.Random, patch: bytes) -> bytes:
    """As it is, mostly; else in Latin-1, with line ends of mail, or without the last line's."""
    return rng.choice(
        (
            *(patch, patch, patch, patch, patch, patch, patch),
            patch.replace("é".encode(), b"\xe9"),
            patch.replace(b"\n", b"\r\n"),
            patch.rstrip(b"\n"),
        )
    )


def _message(rng: random.Random, fixes: Sequence[str], people: Sequence[str]) -> str:
    lines = [f"{rng.choice(('fs', 'net: phy', 'riscv', 'mm', 'docs', 'bpf'))}: {_words(rng, 4)}", ""]
    lines += [_words(rng, 8) for _ in range(rng.randrange(4))]
    if rng.random() < 0.3:
        lines += rng.sample(ODD_LINES, rng.randrange(1, 4))
    lines.append("")
    if rng.random() < 0.4:
        lines += [
            f'Fixes: {rng.choice(fixes)[: rng.choice((8, 12, 40))]} ("mended")' for _ in range(rng.choice((1, 1, 2)))
        ]
    return "\n".join([*lines, f"Signed-off-by: {rng.choice(people)}", ""])


def _words(rng: random.Random, number: int) -> str:
    # most words are of no interest, or every patch had every keyword
    return " ".join(rng.choice(WORDS if rng.random() < 0.12 else WORDS[-10:]) for _ in range(number))


def _tags(rng: random.Random, people: Sequence[str], number: int) -> str:
    """Signatures of few people, so that the script need not choose; more than once by the same, too."""
    some = rng.sample(people, 1 + number % 5)
    return "".join(f"{rng.choice(TAGS)}: {rng.choice(some)}\n" for _ in range(rng.randrange(7)))


def _change(rng: random.Random, path: str, text: bytes, paths: Sequence[str]) -> bytes:
    """What is done to a file, for fast-import."""
    choice = rng.choice(
        ("edit",) * 10 + ("new", "new", "delete", "delete", "rename", "rename", "move", "mode", "binary")
    )
    if choice == "edit":
        return _file(path, _edited(rng, text))
    if choice == "new":
        name = rng.choice(("new.c", "new.yaml", "a name.c", "née.c", "MAINTAINERS", "tegra-new.dts", "zstd.bin"))
        content = b"\0zstd\n" if name == "zstd.bin" else "".join(f"{_words(rng, 3)}\n" for _ in range(9)).encode()
        return _file(f"{path.rpartition('/')[0] or 'new'}/{name}", content)
    if choice == "delete":
        return b"D %s\n" % path.encode()
    if choice == "mode":
        return _file(path, text, b"100755")
    if choice == "binary":
        return _file(path, bytes(rng.randrange(256) for _ in range(300)) + b"\0")
    there = rng.choice(paths).rpartition("/")[0] or "moved"
    name = f"{there}/{rng.choice(('moved.c', 'moved here.c', path.rpartition('/')[2] + '.old'))}"
    content = _edited(rng, text) if choice == "move" else text
    return b"D %s\n" % path.encode() + _file(name, content)


def _file(path: str, text: bytes, mode: bytes = b"100644") -> bytes:
    return b"M %s inline %s\ndata %d\n%s\n" % (mode, path.encode(), len(text), text)


def _edited(rng: random.Random, text: bytes) -> bytes:
    lines = text.split(b"\n")
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(lines))
        lines[at : at + rng.randrange(3)] = list(_new_lines(rng))
    return b"\n".join(lines)


def _new_lines(rng: random.Random) -> Iterator[bytes]:
    for _ in range(rng.randrange(4)):
        # with a + or - before it, this looks like the name of a file
        start = rng.choice(("\t", "\t", "\t", "-- ", "++ ", ""))
        yield f"{start}{_words(rng, 3)}".encode()
