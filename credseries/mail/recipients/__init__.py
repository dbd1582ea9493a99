"""Who gets which message of a series, with the reason for each address."""

from credseries.mail.recipients.address import parse_address
from credseries.mail.recipients.model import (
    POLICIES,
    Change,
    Concern,
    Fixed,
    Note,
    Policy,
    RecipientPlan,
    Recipients,
    Reviewer,
    Settings,
)
from credseries.mail.recipients.names import resolve
from credseries.mail.recipients.planning import plan, plan_changes, union
from credseries.mail.recipients.sources import Known

__all__ = [
    "POLICIES",
    "Change",
    "Concern",
    "Fixed",
    "Known",
    "Note",
    "Policy",
    "RecipientPlan",
    "Recipients",
    "Reviewer",
    "Settings",
    "parse_address",
    "plan",
    "plan_changes",
    "resolve",
    "union",
]
