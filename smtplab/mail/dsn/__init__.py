"""Delivery status notifications: what an MTA writes when it could not deliver (RFC 3464).

`build` writes one, `parse` reads what it says for programs, `explain_bounce` goes through any message that
looks like one, part by part, with the section that each field comes from.

When one is sent, and for whom, is for the MTA (RFC 3461 §5): `lab/bounces`.
"""

from .build import MOST_RETURNED, build
from .explain import explain_bounce
from .reading import parse
from .record import ACTIONS, Action, Fate, Report

__all__ = ["ACTIONS", "MOST_RETURNED", "Action", "Fate", "Report", "build", "explain_bounce", "parse"]
