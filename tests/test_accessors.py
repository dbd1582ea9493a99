"""An accessor that a tree has is reused when it means the same, and its name is never given a second meaning."""

from __future__ import annotations

import pytest

from credseries.creds.program import SourceFile
from credseries.rewrite.accessors import Presence, presence

WRAPPER = b"""const struct cred *my_override(struct super_block *sb)
{
	struct my_fs *fs = MY_FS(sb);

	return override_creds(fs->creator_cred);
}
"""


def found(*sources: str, name: str = "my_creds") -> Presence:
    wrapper = SourceFile("fs/my/util.c", WRAPPER)
    files = {f"fs/my/{index}.h": SourceFile(f"fs/my/{index}.h", text.encode()) for index, text in enumerate(sources)}
    return presence({wrapper.path: wrapper, **files}, wrapper.function(wrapper.extents[0]), name)


def test_a_name_that_nothing_uses_is_free() -> None:
    assert found("int other(void);\n/* my_creds() is planned */\n") is Presence.MISSING


@pytest.mark.parametrize(
    "body",
    [
        "return MY_FS(sb)->creator_cred;",
        "struct my_fs *ofs = MY_FS(sb);\n\n\treturn ofs->creator_cred;",
        "return (MY_FS(sb)->creator_cred);",
    ],
)
def test_the_same_expression_is_the_same_however_it_is_written(body: str) -> None:
    text = f"static inline const struct cred *my_creds(struct super_block *sb)\n{{\n\t{body}\n}}\n"
    assert found(text) is Presence.SAME


def test_the_parameter_may_have_another_name() -> None:
    text = "static inline const struct cred *my_creds(struct super_block *s)\n{\n\treturn MY_FS(s)->creator_cred;\n}\n"
    assert found(text) is Presence.SAME


@pytest.mark.parametrize(
    "text",
    [
        "const struct cred *my_creds(struct super_block *sb)\n{\n\treturn MY_FS(sb)->other_cred;\n}\n",
        "const struct cred *my_creds(struct inode *sb)\n{\n\treturn MY_FS(sb)->creator_cred;\n}\n",
        "const struct cred *my_creds(struct super_block *sb)\n{\n\tlog(sb);\n\treturn MY_FS(sb)->creator_cred;\n}\n",
        "struct my_fs *fs = 0;\nconst struct cred *my_creds(struct super_block *sb);\n",
        "#define my_creds(sb) ((sb)->s_root)\n",
        "int my_creds;\n",
        """const struct cred *my_creds(struct super_block *sb)
{
	struct my_fs *fs = MY_FS(sb);

	fs = other(sb);
	return fs->creator_cred;
}
""",
    ],
)
def test_anything_else_of_that_name_is_something_else(text: str) -> None:
    assert found(text) is Presence.OTHER
