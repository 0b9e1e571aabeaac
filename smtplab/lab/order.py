"""In which order things happened: every record that the lab makes takes a number, and numbers only go up.

The lab's clock stands still while mail moves, so dates can't tell what came first. `turn` can, across DNS,
connections, queues and mailboxes, and two runs that do the same are numbered in the same order.
"""

from __future__ import annotations

import itertools

_count = itertools.count(1)  # `next` on it is one step: any thread may take a number


def turn() -> int:
    """The next number. Only which of two is greater means something."""
    return next(_count)
