"""A Received chain in two sentences: what is known of it, and what is only claimed."""

from __future__ import annotations

from collections.abc import Sequence

from ..hosts import Trusted
from .hops import Hop, cut
from .links import is_local, writer


def summary(hops: Sequence[Hop], boundary: int, trusted: Trusted) -> str:
    """Two sentences about `hops`, the oldest first. With this trust `hops[boundary:]` are known."""
    if not hops:
        return "Nothing is known of its way: it has no Received field. Nothing is claimed either."
    return f"{_known(hops, boundary, trusted)} {_claimed(hops, boundary)}"


def _known(hops: Sequence[Hop], boundary: int, trusted: Trusted) -> str:
    newest = cut(hops[-1].received.by)
    if not trusted:
        who = f"{newest}, if it is yours" if newest else "the one where you read it"
        return f"Nothing is known, for you have named no host that you trust: begin with {who}."
    if boundary == len(hops):
        who = newest or "a host that it does not name"
        write = trusted.advice(hops[-1].received.by)
        return f"Nothing is known, for the newest line is by {who}, none of the hosts that you trust{write}."
    first = hops[boundary]
    by = cut(writer(first.received)) or "your host"
    when = f" at {first.received.date.isoformat(' ')}" if first.received.date else ""
    known = len(hops) - boundary
    lines = "a host that you trust wrote that line"
    if known > 1:
        lines = f"hosts that you trust wrote the {known} lines from there on"
    return f"Known: {by} had the message from {_origin(first)}{when}; {lines}."


def _claimed(hops: Sequence[Hop], boundary: int) -> str:
    if not boundary:
        return "Only claimed: what clients called themselves, for every line is by a host that you trust."
    first = hops[0].client
    says = f"the message began at {first}" if first else "nobody can see where the message began"
    lines = "the line below, which" if boundary == 1 else f"the {boundary} lines below, which"
    if boundary == len(hops):
        lines = "its only line, which" if boundary == 1 else f"all {boundary} lines, which"
    return f"Only claimed: {lines} may be made up, and by which {says}."


def _origin(hop: Hop) -> str:
    return "a user of its own" if is_local(hop.received) else hop.client or "itself"
