"""The reply desk: any reply, typed or pasted, explained (RFC 5321 §4.2, RFC 3463).

`explain` takes what an admin has on screen, the line of a log or a bounce, and says what it means, whose turn
it is, what to do, and how the large receivers use its number. `examine` gives the same as a record with the
parts in their places. Nothing is looked up, and no server is asked.
"""

from __future__ import annotations

from .desk import Explained, examine, explain
from .pasted import Part, Pasted, find
from .stages import STAGES

__all__ = ["STAGES", "Explained", "Part", "Pasted", "examine", "explain", "find"]
