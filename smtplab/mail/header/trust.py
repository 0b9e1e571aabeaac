"""The trust boundary: how far down a header section can be believed.

Every host puts its trace field on top of what is there (RFC 5321 §4.4), so whatever stands above the lowest
line of a host that you trust was put there by hosts that you trust. All below came in with the message, and
the sender may have written it, lines in the names of your hosts included.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from .field import Field
from .lexical import Token, tokens
from .results import under

_CLIENT = re.compile(r"\(?\s*([A-Za-z0-9_.-]+)\s*\[")


def boundary(fields: tuple[Field, ...], trusted: Collection[str]) -> int:
    """How many fields from the top are inside: up to the lowest Received field of a trusted host.

    The next line down is believed only if the last one says that it took the message from a trusted host:
    a client's own name for itself is no ground, its name by address is. 0 when nothing is to be trusted.
    """
    inside = 0
    for place, field in enumerate(fields):
        if field.key != "received":
            continue
        client, host = _ends(field.value)
        if not under(host, trusted):
            break
        inside = place + 1
        if not under(client, trusted):
            break
    return inside


def writer(field: Field) -> str:
    """The host that says it wrote a Received field: its `by` clause, "" without one."""
    return _ends(field.value)[1]


def _ends(value: str) -> tuple[str, str]:
    """The client's name as the writer looked it up, and the writer's own."""
    client, before = "", ""
    last: Token | None = None
    for token in tokens(value):
        if token.kind == "mark":
            break
        if token.kind == "comment" and not client and before == "from":
            found = _CLIENT.match(token.text)
            client = found[1] if found else ""
        if token.kind == "word":
            if last and last.text.lower() == "by" and before != "by":
                return client, token.text
            before = "from" if token.text.lower() == "from" and not before else before
        last = token if token.kind == "word" else last
    return client, ""
