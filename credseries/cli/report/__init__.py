"""`credseries report`: what all parts of the program know of a series, gathered for one page."""

from credseries.cli.report.command import add_to

__all__ = ["add_to"]
