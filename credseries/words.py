"""Numbers in words that a person reads."""


def many(number: int, one: str, more: str = "") -> str:
    """A number of things: `1 patch`, `2 patches` (`more` is the plural where it does not just end in s)."""
    return f"{number} {one if number == 1 else more or one + 's'}"
