"""The header section: its fields, and what each is worth (RFC 5322 §2.2, §3.6).

`fields` takes a message apart, `read` goes through it and says of each field whether it is evidence or a
claim. The readers of single kinds are modules of their own: `ident` and `thread` (Message-ID), `results`
(Authentication-Results), `arc`, `signature` (DKIM-Signature), `lists`, `filters`, `date`, `address`,
`words`. Received has a package of its own, `mail.received`.

Nothing is looked up and no signature verified. Everything takes linear time, whatever a stranger wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .field import Field, fields, first, named, split
from .ident import message_id
from .thread import Duplicates, Place, duplicates, thread

if TYPE_CHECKING:
    from .reading import authentication, read

__all__ = [
    "Duplicates",
    "Field",
    "Place",
    "authentication",
    "duplicates",
    "fields",
    "first",
    "message_id",
    "named",
    "read",
    "split",
    "thread",
]


def __getattr__(name: str) -> Any:
    """`read` and `authentication` load when asked for: most of those who want a field want no more."""
    if name not in ("authentication", "read"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import reading

    return getattr(reading, name)
