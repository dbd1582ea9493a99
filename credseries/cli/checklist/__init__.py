"""`credseries checklist`: what reviewers ask of such a series, answered where the tool can."""

from __future__ import annotations

from credseries.cli.checklist.command import add_to
from credseries.cli.checklist.gathered import branch_checklist, source_checklist

__all__ = ["add_to", "branch_checklist", "source_checklist"]
