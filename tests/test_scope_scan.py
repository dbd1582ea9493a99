"""A scan of a tree that has scopes of its own: they are converted already, and every hit has its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.series.cache import Cache
from credseries.series.demo import make_repository
from credseries.series.recipe import load_recipe
from credseries.series.scan import Survey, survey
from credseries.series.search import Search
from tests.gitrepo import commit_all

CLASS = """
DEFINE_CLASS(override_creds, const struct cred *, revert_creds(_T),
	override_creds(new), const struct cred *new)
#define scoped_with_override_creds(c) scoped_class(override_creds, __UNIQUE_ID(cred), c)
"""
SOURCE = """// SPDX-License-Identifier: GPL-2.0
int by_class(struct file *file)
{
	CLASS(override_creds, old)(file->f_cred);

	return look(file);
}

int by_macro(struct file *file)
{
	scoped_with_override_creds(file->f_cred)
		return look(file);
}

int by_hand(struct file *file)
{
	class_override_creds_t old __cleanup(class_override_creds_destructor) =
		class_override_creds_constructor(file->f_cred);

	return look(file);
}
"""
HITS = SOURCE.count("override_creds")


@pytest.fixture
def scanned(tmp_path: Path) -> Survey:
    tree = tmp_path / "linux"
    make_repository(tree)
    header = tree / "include/linux/cred.h"
    text = header.read_text()
    end = text.rindex("#endif")
    header.write_text(text[:end] + CLASS + "\n" + text[end:])
    (tree / "fs/scopes.c").write_text(SOURCE)
    commit_all(tree, "Add scopes")
    repo = Repository.discover(tree)
    cache = Cache(repo)
    found = survey(repo, Search(repo, "HEAD", cache), load_recipe("rfc"))
    cache.close()
    return found


def test_scopes_of_the_tree_are_converted_already(scanned: Survey) -> None:
    found = {
        item.site.function.name: (item.site.override, item.site.source, item.site.converted)
        for item in scanned.judged
        if item.site.function.path == "fs/scopes.c"
    }
    assert found == {
        "by_class": ("CLASS(override_creds, file->f_cred)", "file", "guard"),
        "by_macro": ("scoped_class(override_creds, file->f_cred)", "file", "scoped"),
        "by_hand": ("CLASS(override_creds, file->f_cred)", "file", "guard"),
    }


def test_every_hit_of_a_scope_is_accounted_for_once(scanned: Survey) -> None:
    before = scanned.accounting
    assert before.total == sum(
        (before.converted, before.refused, before.already_converted, before.wrapper_bodies, before.not_code)
    )
    assert before.already_converted == HITS
