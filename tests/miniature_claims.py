"""What can be done with each override of the miniature tree, found by reading it and by nothing else.

``moved`` lists the calls that stand after the revert and still within the scope of a ``guard()`` put where
the override is: to the end of the innermost block. The calls of a return expression count, for it is
evaluated before the guard ends. ``jumps_in`` counts the gotos, and case labels, that would enter that scope
past the guard.
"""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    SITE = "site"
    """Overrides and reverts."""
    WRAPPER = "wrapper"
    """Leaves other credentials in force for its caller and returns what they were."""
    SPLIT = "split"
    """Overrides; what was in force is kept elsewhere, and another function reverts."""
    REVERT_ONLY = "revert-only"
    """Reverts what another function has overridden."""


class Verdict(Enum):
    GUARD = "G"
    """A guard in place proves."""
    SCOPED = "S"
    """A guard in place would move calls or be jumped over; another form proves."""
    REFUSED = "R"
    """No form of a guard will do; the light pair may, as it changes no control flow."""
    LEFT = "X"
    """Not an override with its revert: a wrapper or half of a split pair."""


@dataclass(frozen=True)
class Claim:
    file: str
    function: str
    verdict: Verdict
    moved: tuple[str, ...] = ()
    jumps_in: int = 0
    kind: Kind = Kind.SITE
    nth: int = 0
    """Which override of its function this is, counted in the text."""
    note: str = ""


G, S, R, X = Verdict.GUARD, Verdict.SCOPED, Verdict.REFUSED, Verdict.LEFT

BACKING = "fs/backing-file.c"
OPEN = "fs/open.c"
COPY_UP = "fs/overlayfs/copy_up.c"
DIR = "fs/overlayfs/dir.c"
FILE = "fs/overlayfs/file.c"
INODE = "fs/overlayfs/inode.c"
NAMEI = "fs/overlayfs/namei.c"
READDIR = "fs/overlayfs/readdir.c"
UTIL = "fs/overlayfs/util.c"
XATTRS = "fs/overlayfs/xattrs.c"

CLAIMS: tuple[Claim, ...] = (
    Claim(BACKING, "backing_file_read_iter", S, ("ctx->accessed",)),
    Claim(BACKING, "backing_file_write_iter", G, note="two gotos to the label before the revert"),
    Claim(BACKING, "backing_file_splice_read", S, ("ctx->accessed",)),
    Claim(BACKING, "backing_file_splice_write", S, ("ctx->end_write",)),
    Claim(BACKING, "backing_file_mmap", S, ("ctx->accessed",), note="second revert before an early return"),
    Claim(OPEN, "access_override_creds", X, kind=Kind.WRAPPER, note="NULL when it fails"),
    Claim(OPEN, "do_faccessat", R, note="overrides through a wrapper that may fail, reverts only if it did not"),
    Claim(OPEN, "fsync_as", R, note="SYSCALL_DEFINE2(fsync_as, ..); nothing proves that the file outlives it"),
    Claim(COPY_UP, "ovl_copy_up_data", G, note="do-while, override in the declaration"),
    Claim(COPY_UP, "ovl_prep_cu_creds", X, kind=Kind.SPLIT, note="only if cc->maker"),
    Claim(COPY_UP, "ovl_revert_cu_creds", X, kind=Kind.REVERT_ONLY),
    Claim(COPY_UP, "ovl_copy_up_flags", G, note="while, for and break inside"),
    Claim(DIR, "ovl_setup_cred_for_create", X, kind=Kind.SPLIT, note="puts what it replaced; its callers revert"),
    Claim(DIR, "ovl_create_or_link", R, note="a callee replaces the credentials and reads what they were"),
    Claim(DIR, "ovl_set_link_redirect", G),
    Claim(
        DIR,
        "ovl_do_remove",
        S,
        (
            "clear_nlink",
            "ovl_drop_nlink",
            "ovl_nlink_end",
            "ovl_copyattr",
            "d_inode",
            "ovl_drop_write",
            "ovl_cache_free",
        ),
        3,
    ),
    Claim(
        DIR,
        "ovl_rename",
        R,
        ("ovl_nlink_end", "ovl_drop_write", "dput", "ovl_cache_free"),
        4,
        note="unwinding labels inside the region",
    ),
    Claim(DIR, "ovl_create_tmpfile", R, note="a callee replaces the credentials and reads what they were"),
    Claim(DIR, "ovl_wait_whiteout", R, note="a guard proves, but the label of a backward goto would stay in its scope"),
    Claim(FILE, "ovl_open_realfile", S, ("pr_debug", "ovl_whatisit", "IS_ERR")),
    Claim(FILE, "ovl_llseek", S, ("fd_file", "ovl_inode_unlock", "fdput")),
    Claim(FILE, "ovl_fsync", G),
    Claim(FILE, "ovl_fallocate", S, ("ovl_file_modified", "fdput", "inode_unlock"), 2),
    Claim(FILE, "ovl_fadvise", S, ("fdput",)),
    Claim(FILE, "ovl_copyfile", S, ("unlikely",)),
    Claim(FILE, "ovl_copyfile", S, ("ovl_file_modified", "fdput", "fdput", "inode_unlock"), 3, nth=1),
    Claim(FILE, "ovl_flush", G),
    Claim(FILE, "ovl_ioctl", G, note="case with a block"),
    Claim(FILE, "ovl_ioctl", S, (), 2, nth=1, note="case without a block: case and default jump in"),
    Claim(FILE, "ovl_check_opener", R, note="what it has saved is read for an audit record"),
    Claim(FILE, "ovl_finish_upper", R, note="puts the file whose f_cred is in force"),
    Claim(INODE, "ovl_setattr", S, ("ovl_copyattr", "inode_unlock", "ovl_drop_write", "put_write_access"), 1),
    Claim(INODE, "ovl_getattr", G),
    Claim(INODE, "ovl_permission", G),
    Claim(INODE, "ovl_get_link", G),
    Claim(INODE, "do_ovl_get_acl", G),
    Claim(INODE, "ovl_set_or_remove_acl", S, ("IS_ERR", "PTR_ERR", "posix_acl_release")),
    Claim(INODE, "ovl_set_or_remove_acl", S, ("ovl_drop_write", "ovl_copyattr"), 3, nth=1),
    Claim(INODE, "ovl_fiemap", G),
    Claim(INODE, "ovl_fileattr_set", S, ("ovl_drop_write", "BUILD_BUG_ON", "inode_set_flags", "ovl_copyattr")),
    Claim(INODE, "ovl_fileattr_get", G),
    Claim(NAMEI, "ovl_maybe_validate_verity", G, note="#ifdef inside the region"),
    Claim(
        NAMEI,
        "ovl_maybe_lookup_lowerdata",
        S,
        (
            "PTR_ERR_OR_ZERO",
            "ovl_dentry_set_lowerdata",
            "dput",
            "ovl_inode_unlock",
            "pr_warn_ratelimited",
        ),
        1,
    ),
    Claim(
        NAMEI,
        "ovl_lookup",
        R,
        ("ovl_stack_free", "kfree", "dput", "d_splice_alias", "ERR_PTR"),
        note="labels inside the region, after a revert and a return",
    ),
    Claim(NAMEI, "ovl_lower_positive", G, note="switch inside for"),
    Claim(NAMEI, "ovl_verify_origin", R, note="a guard proves, but its unwinding labels would stay"),
    Claim(READDIR, "ovl_check_whiteouts", G),
    Claim(READDIR, "ovl_iterate", G),
    Claim(READDIR, "ovl_list_visible", S, ("inode_permission", "d_inode"), note="filter for the caller"),
    Claim(READDIR, "ovl_dir_open_realfile", G),
    Claim(READDIR, "ovl_check_empty_dir", S, ("list_del", "kfree")),
    Claim(READDIR, "ovl_workdir_cleanup", G, note="while (1), #ifdef inside the region"),
    Claim(UTIL, "ovl_override_creds", X, kind=Kind.WRAPPER),
    Claim(UTIL, "ovl_nlink_start", S, ("ovl_inode_unlock", "d_inode", "ovl_drop_write"), 1),
    Claim(UTIL, "ovl_nlink_end", G),
    Claim(UTIL, "ovl_cleanup_index", G, note="void, label and revert are the last thing"),
    Claim(UTIL, "ovl_ensure_verity", G, note="second revert before an early return"),
    Claim(UTIL, "ovl_path_stamp", R, note="override under an if without braces, revert under another"),
    Claim(XATTRS, "ovl_xattr_set", G),
    Claim(XATTRS, "ovl_xattr_set", S, ("ovl_drop_write", "ovl_copyattr"), 3, nth=1),
    Claim(XATTRS, "ovl_xattr_get", G),
    Claim(
        XATTRS,
        "ovl_listxattr",
        S,
        ("strnlen", "WARN_ON", "ovl_can_list", "ovl_is_escaped_xattr", "memmove"),
    ),
)

WRAPPER_CALLERS = {
    "ovl_copy_up_workdir": ("ovl_prep_cu_creds", "ovl_revert_cu_creds"),
    "ovl_copy_up_tmpfile": ("ovl_prep_cu_creds", "ovl_revert_cu_creds"),
    "do_faccessat": ("access_override_creds", "revert_creds"),
    "ovl_create_or_link": ("ovl_setup_cred_for_create", "revert_creds"),
    "ovl_create_tmpfile": ("ovl_setup_cred_for_create", "revert_creds"),
}
"""Functions whose credentials another function changes, and what ends that. They write no override for it."""
