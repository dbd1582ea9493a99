"""Every error that a user can meet, as one tree; each carries a hint that says what to do.

CredseriesError            the root; `exit_status` is what the command exits with
├── UsageError             the request cannot be carried out as given (exit 2)
│   ├── NotARepository     the directory is in no git repository
│   ├── NotAKernelTree     the commit is not a Linux kernel tree
│   ├── UnknownRevision    git does not know this revision
│   ├── UnknownPath        no file of the commit is at, or below, this path
│   ├── UnknownFunction    no function of this name overrides credentials
│   ├── AmbiguousFunction  more than one file has a function of this name
│   ├── BranchExists       the branch to be made is there already
│   ├── NotASeries         the branch was not made by `credseries split`, or has been moved away from its series
│   ├── UnknownRecipient   a list, subsystem or address that cannot be resolved
│   ├── RecipeError        a recipe is missing, damaged or contradicts itself
│   └── ImpossibleOrder    patches have to come before each other
├── SourceError            a source file cannot be read as C (exit 3)
├── ProofError             a conversion was asked for that cannot be proven (exit 1)
├── NotReady               a series that is to be sent fails checks before it (exit 1)
├── BuildFailed            a kernel does not build (exit 1)
├── UnreadableObject       a file is no object with machine code in it (exit 1)
├── EnvironmentProblem     something on this machine is missing or broken (exit 4)
│   ├── MissingIdentity    user.name or user.email is not set
│   ├── NotTrusted         a repository's own configuration asks for what only its user may ask for
│   ├── GitFailed          a git command failed
│   ├── B4Failed           b4 failed
│   └── StoreDamaged       credseries' own state cannot be read
"""

from __future__ import annotations

import re

# RFC 3986, 3.2.1: what stands before the host. A name alone says whom to ask in ssh, and may be a token elsewhere.
_USER = re.compile(r"\b(?!ssh://[^\s/:@]*@)([a-z][a-z0-9+.-]*://)[^\s/?#'\"]*@", re.IGNORECASE)
_TOKEN = re.compile(r"([?&;][\w.-]*(?:token|secret|passw|passphrase|key|auth)[\w.-]*=)[^\s&;#'\"]+", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """Text with the passwords and tokens of URLs in it left out."""
    return _TOKEN.sub(r"\1***", _USER.sub(r"\1***@", text)) if "://" in text else text


class CredseriesError(Exception):
    """A failure with a message for a person and a hint that says what to do about it; neither tells a URL's secrets."""

    exit_status = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = without_secrets(message)
        self.hint = without_secrets(hint)
        super().__init__(self.message)


class UsageError(CredseriesError):
    """The request cannot be carried out as given."""

    exit_status = 2


class NotARepository(UsageError):
    """The directory is in no git repository."""


class NotAKernelTree(UsageError):
    """The commit is not a Linux kernel tree."""


class UnknownRevision(UsageError):
    """Git does not know this revision."""


class UnknownPath(UsageError):
    """No file of the commit is at, or below, this path."""


class UnknownFunction(UsageError):
    """No function of this name overrides credentials."""


class AmbiguousFunction(UsageError):
    """More than one file has a function of this name."""


class BranchExists(UsageError):
    """The branch to be made is there already."""


class NotASeries(UsageError):
    """The branch was not made by `credseries split`, or has been moved away from its series."""


class UnknownRecipient(UsageError):
    """A list, subsystem or address that cannot be resolved."""


class RecipeError(UsageError):
    """A recipe is missing, damaged or contradicts itself."""


class ImpossibleOrder(UsageError):
    """Patches have to come before each other."""


class SourceError(CredseriesError):
    """A source file cannot be read as C."""

    exit_status = 3


class ProofError(CredseriesError):
    """A conversion was asked for that cannot be proven."""

    exit_status = 1


class NotReady(CredseriesError):
    """A series that is to be sent fails checks before it."""

    exit_status = 1


class BuildFailed(CredseriesError):
    """A kernel does not build; `log` is what the compiler, the linker and make wrote about it."""

    exit_status = 1

    def __init__(self, message: str, *, log: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.log = log


class UnreadableObject(CredseriesError):
    """A file is no relocatable ELF object with machine code in it."""

    exit_status = 1


class EnvironmentProblem(CredseriesError):
    """Something on this machine is missing or broken."""

    exit_status = 4


class MissingIdentity(EnvironmentProblem):
    """user.name or user.email is not set."""


class NotTrusted(EnvironmentProblem):
    """A repository's own configuration asks for what only its user may ask for: a program to run, say."""


class GitFailed(EnvironmentProblem):
    """A git command failed."""


class B4Failed(EnvironmentProblem):
    """b4 failed."""


class StoreDamaged(EnvironmentProblem):
    """credseries' own state cannot be read."""
