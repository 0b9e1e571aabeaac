"""The lab as a notebook has it: with its pictures. Here lab/ and show/ meet, and nowhere else.

Widgets are loaded when the first one is asked for: a script that only wants a lab starts without them.
"""

from __future__ import annotations

from .deliveries import Deliveries
from .dkim import Dkim
from .judging import Judging
from .mailboxes import Mailboxes
from .messages import Messages
from .ports import Ports
from .queues import Queues
from .reports import ReportFigures
from .routing import Routing
from .sessions import Sessions
from .spf import Spf


class Lab(
    Sessions, Ports, Messages, Deliveries, Queues, Routing, Mailboxes, Spf, Dkim, ReportFigures, Judging
):
    """A running mail internet, and the widgets that drive it."""
