"""What an x-ray shows, as Steps: where Bcc went, who was named and who was written to, and each hop."""

from __future__ import annotations

from collections.abc import Iterator

from ..header.address import mailboxes
from ..header.field import Field, named
from ..verdict import Step
from .record import Change, Hop
from .table import addressed

MOST = 120  # characters of a value that a step repeats


def findings(
    hops: tuple[Hop, ...], headers: list[tuple[Field, ...]], changes: tuple[Change, ...]
) -> Iterator[Step]:
    """The findings first, then a step for each hop with its changes."""
    if not hops:
        return
    yield from _bcc(hops, headers)
    yield from _recipients(hops[0], headers[0])
    yield from _senders(hops[0], headers[0])
    for number, hop in enumerate(hops[1:], 1):
        yield _hop(hop, [change for change in changes if change.hop == number])


def _bcc(hops: tuple[Hop, ...], headers: list[tuple[Field, ...]]) -> Iterator[Step]:
    holders = [hop.who for hop, header in zip(hops[1:], headers[1:], strict=True) if named(header, "Bcc")]
    if holders:
        why = f"It left the author's program, and {', '.join(holders)} can read who is in it."
        yield Step("Bcc", why, "fail", "RFC 5322 §3.6.3")
    elif named(headers[0], "Bcc"):
        why = "The author's program took it out: who stands there is now in the envelope only."
        yield Step("Bcc", why, "pass", "RFC 5321 §7.2")


def _recipients(first: Hop, header: tuple[Field, ...]) -> Iterator[Step]:
    shown = addressed(header)
    told = {path.address.lower(): path.address for path in first.envelope.forward_paths}
    for low, address in told.items():
        if low not in shown:
            why = "Gets the message, for the envelope says so; neither To nor Cc tells the others."
            yield Step(address, why, "none", "RFC 5321 §7.2")
    for low in sorted(shown - set(told)):
        why = "Stands in To or Cc, but not in the envelope: no copy goes there from here."
        yield Step(low, why, "policy", "RFC 5321 §2.3.1")


def _senders(first: Hop, header: tuple[Field, ...]) -> Iterator[Step]:
    path = first.envelope.reverse_path
    authors = [box.address.lower() for field in named(header, "From") for box in mailboxes(field.value)]
    if not path.is_null and authors and path.address.lower() not in authors:
        why = f"A bounce goes to {path.address}, the reverse-path, and not to {authors[0]}, who is in From."
        yield Step("MAIL FROM", why, "none", "RFC 5321 §4.4")


def _hop(hop: Hop, changes: list[Change]) -> Step:
    inner = tuple(Step(change.name, _said(change)) for change in changes)
    counts = [
        f"{count} {action}"
        for action in ("added", "removed", "changed")
        if (count := sum(change.action == action for change in changes))
    ]
    wire = "" if "@" in hop.who else " It came under TLS." if hop.tls else " It came in clear."
    return Step(f"→ {hop.who}", f"{', '.join(counts) or 'Nothing is different'}.{wire}", "", "", inner)


def _said(change: Change) -> str:
    before, after = _short(change.before), _short(change.after)
    if change.action == "changed":
        return f"changed from {before} to {after}"
    return f"{change.action}: {before or after}"


def _short(value: str) -> str:
    value = " ".join(value[: 2 * MOST].split())
    return value if len(value) <= MOST else f"{value[:MOST]}…"
