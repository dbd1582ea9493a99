"""What `credseries send` checks before anything leaves the machine: the facts are gathered here, and judged in `mail`.

The checks know nothing of the proof, of `credseries verify` or of git; what these have to say comes as plain facts.
"""

from __future__ import annotations

from credseries.cli.preflight.checks import Outgoing, check_names, gather_checks

__all__ = ["Outgoing", "check_names", "gather_checks"]
