"""What a listener without a key has learnt at the end of a connection, in one sentence.

Who talked to whom, when, how much, which host the client asked for, whether the certificate could be read,
and what was said in clear: made from what the tap recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..mail.line import Line
from ..mail.tls_hello import CERTIFICATE, ClientHello
from ..mail.tls_names import VERSIONS, named
from ..mail.tls_records import TLS13
from ..mail.transcript import Endpoint, Side
from .eavesdrop_rows import View
from .eavesdrop_words import LONG, Fact, certificate_words, stolen
from .rungs import elapsed
from .theme import shown

NAMED = 5  # recipients that the sentence names


@dataclass(frozen=True, slots=True)
class Amounts:
    """Octets on the wire: in clear, in the handshake, sealed, and neither."""

    clear: int = 0
    setup: int = 0
    sealed: int = 0
    junk: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.clear + self.setup + self.sealed + self.junk


def amounts(view: View, side: Side | None = None) -> Amounts:
    """How much of what passed is of which kind; of one side where given."""
    counts = {"clear": 0, "setup": 0, "sealed": 0, "junk": 0}
    for one in view.heard:
        if side in (None, one.side):
            sealed = one.record is not None and one.record.sealed and not one.record.setup
            kind = {"text": "clear", "junk": "junk"}.get(one.kind, "sealed" if sealed else "setup")
            counts[kind] += len(one.data)
    return Amounts(**counts)


def learnt(view: View) -> list[Fact]:
    """The sentence in pieces: those with a `leak` are what should not be known."""
    if not view.heard:
        return [Fact("Nothing has passed on the wire yet.")]
    clauses = [*_ends(view), *_labels(view), *_clear(view)]
    pieces = [_lead(view)]
    for number, clause in enumerate(clauses):
        joint = "" if not number else "; and " if number == len(clauses) - 1 else "; "
        pieces += [Fact(joint), *clause]
    sealed = any(line.tls and line.kind not in ("tls", "close") for line in view.lines)
    return [*pieces, Fact(". Of what was said under TLS it reads not one word." if sealed else ".")]


def _lead(view: View) -> Fact:
    found = amounts(view)
    if found.sealed:
        return Fact("Without a key, Mallory still learns ")
    return Fact("TLS never stood. Mallory learns " if found.setup else "Mallory reads everything: ")


def _ends(view: View) -> Iterator[list[Fact]]:
    """Who, when, and how much."""
    record = view.transcript
    when = f"{record.opened:%Y-%m-%d %H:%M:%S} {record.opened.tzname() or ''}".strip()
    last = elapsed(view.heard[-1].t)
    ends = f"{_end(record.client)} talked to {_end(record.server)}, port {record.server.port}"
    lasted = last if last.endswith("s") else f"{last} ms"
    yield [Fact(f"that {ends}, from {when} on, for {lasted}")]
    there, back = amounts(view, Side.CLIENT), amounts(view, Side.SERVER)
    much = f"that {there.total:,} octets went there and {back.total:,} came back"
    sealed = there.sealed + back.sealed
    yield (
        [Fact(f"{much}, {sealed:,} of them sealed, with the time and the size of each record")]
        if sealed
        else [Fact(much)]
    )


def _end(end: Endpoint) -> str:
    return shown(f"{end.address} ({end.host})", LONG)


def _labels(view: View) -> Iterator[list[Fact]]:
    """What the handshake gives away."""
    messages = [message for one in view.heard if one.record for message in one.record.messages]
    hellos = (message.body for message in messages if isinstance(message.body, ClientHello))
    if name := next((hello.server_name for hello in hellos if hello.server_name), ""):
        yield [Fact("that the client asked for "), Fact(shown(name, LONG), "host name")]
    shows = next((message.body for message in messages if message.code == CERTIFICATE), None)
    if isinstance(shows, tuple) and shows:
        yield [Fact("the certificate, "), Fact(certificate_words(shows[0]), "certificate")]
    elif view.chosen and view.chosen.version == TLS13 and not view.chosen.resumed:
        yield [Fact(f"nothing of the certificate, which {named(VERSIONS, TLS13)} seals")]


def _clear(view: View) -> Iterator[list[Fact]]:
    """What was said in clear."""
    clear = [line for line in view.lines if not line.tls and line.kind not in ("tls", "close")]
    size = amounts(view).clear
    if size:
        before = " before TLS" if amounts(view).sealed else ""
        yield [Fact(f"every word of the {size:,} octets in clear{before}")]
    yield from _envelope(clear)
    if any(line.kind == "data" for line in clear):
        count = sum(line.kind == "data" for line in clear)
        yield [Fact(f"the message, all {count:,} lines of it", "message")]
    if any(stolen(line) for line in clear):
        yield [Fact("the password", "password")]


def _envelope(clear: list[Line]) -> Iterator[list[Fact]]:
    senders = [line.argument for line in clear if line.kind == "command" and line.verb == "MAIL"]
    recipients = [line.argument for line in clear if line.kind == "command" and line.verb == "RCPT"]
    if senders or recipients:
        said = [*senders[:1], *recipients[:NAMED]]
        more = f" and {len(recipients) - NAMED} more" if len(recipients) > NAMED else ""
        yield [Fact("the envelope, "), Fact(shown(", ".join(said), LONG) + more, "envelope")]
