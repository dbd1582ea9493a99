"""The engine knows no credentials: another pair of functions is another table, here a mutex and its guard."""

from __future__ import annotations

import pytest

from credseries.creds.effects import MUTEX
from credseries.rewrite.forms import Form, Names
from credseries.rewrite.plan import Judged, Planner
from tests.engine import analysed, body, statements_of

NAMES = Names(guard_class="mutex")
NO_LIGHT = {Form.LIGHT: "there is no light version of a lock"}
PARAMETERS = "struct my_dev *dev, struct my_dev *other"


def planned(statements: str) -> tuple[list[Judged], str]:
    planner = Planner(NAMES, unavailable=NO_LIGHT)
    analysis = analysed(body(statements, PARAMETERS), MUTEX)
    judged = planner.judge_all(analysis)
    return judged, statements_of(planner.rewrite(analysis, judged).text.decode())


def test_a_lock_that_covers_the_rest_of_the_function_becomes_a_guard() -> None:
    [judged], text = planned("""
	int err;

	mutex_lock(&dev->lock);
	err = change(dev);
	if (err)
		goto out;
	err = 0;
out:
	mutex_unlock(&dev->lock);
	return err;
""")
    assert judged.choice is Form.GUARD, judged.reason
    assert (
        text
        == """\
	int err;

	guard(mutex)(&dev->lock);
	err = change(dev);
	if (err)
		return err;
	err = 0;
	return err;"""
    )


def test_a_call_after_the_unlock_asks_for_a_scope() -> None:
    [judged], text = planned("""
	int err;

	mutex_lock(&dev->lock);
	err = change(dev);
	mutex_unlock(&dev->lock);
	notify(dev);
	return err;
""")
    assert judged.choice is Form.SCOPED
    assert "would run notify (line 8) under the override" in judged.reason
    assert "\tscoped_guard(mutex, &dev->lock) {\n\t\terr = change(dev);\n\t}\n\tnotify(dev);\n" in text


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (
            "\tmutex_lock(&dev->lock);\n\tmutex_lock(&other->lock);\n\tchange(dev);\n"
            "\tmutex_unlock(&dev->lock);\n\tmutex_unlock(&other->lock);\n\treturn 0;",
            "does not hold what the innermost override replaced",
        ),
        (
            "\tmutex_lock(&dev->lock);\n\tdev = other;\n\tmutex_unlock(&dev->lock);\n\treturn 0;",
            "nothing that this function saved",
        ),
        ("\tmutex_lock(&dev->lock);\n\treturn change(dev);", "leaves"),
        (
            "\tmutex_lock(&dev->lock);\n\tif (change(dev))\n\t\treturn -1;\n\tmutex_unlock(&dev->lock);\n\treturn 0;",
            "still in force",
        ),
        (
            "\tif (!mutex_trylock(&dev->lock))\n\t\treturn -1;\n\tmutex_unlock(&dev->lock);\n\treturn 0;",
            "takes the lock on some paths only",
        ),
    ],
)
def test_what_does_not_pair_up_is_refused(statements: str, reason: str) -> None:
    judged, _ = planned(statements)
    assert all(item.choice is None for item in judged)
    assert reason in judged[0].reason


def test_nested_locks_that_pair_up_are_followed() -> None:
    judged, text = planned("""
	mutex_lock(&dev->lock);
	mutex_lock(&other->lock);
	change(dev);
	mutex_unlock(&other->lock);
	change(other);
	mutex_unlock(&dev->lock);
	return 0;
""")
    assert [item.choice for item in judged] == [Form.GUARD, Form.SCOPED]
    assert "guard(mutex)(&dev->lock);\n\tscoped_guard(mutex, &other->lock) {\n\t\tchange(dev);" in text


def test_a_conditional_unlock_is_followed_path_by_path() -> None:
    [judged], _ = planned("""
	mutex_lock(&dev->lock);
	if (change(dev)) {
		mutex_unlock(&dev->lock);
		return -1;
	}
	mutex_unlock(&dev->lock);
	return 0;
""")
    assert judged.choice is Form.GUARD
