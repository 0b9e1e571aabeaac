"""What was said when TLS met a server that speaks in clear, made readable.

A client that begins with TLS on a port that does not sends a ClientHello into a clear session, and the
transcript has its octets. Here a TLS record in clear becomes one line that names it. Everything else stays
as it was: nothing is left out, and what was never said is not added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..mail.tls_hello import ClientHello
from ..mail.tls_listener import listen
from ..mail.tls_records import Heard
from ..mail.transcript import Event, Transcript

_BEGINS = b"\x16\x03"  # a handshake record, and the first octet of every version of TLS (RFC 8446 §5.1)


def is_mismatch(transcript: Transcript) -> bool:
    """Whether somebody began with TLS and the other never did."""
    sent = (event.data for event in list(transcript.wire) if event.kind == "data")
    return not transcript.tls and any(data.startswith(_BEGINS) for data in sent)


def readable(transcript: Transcript) -> Transcript:
    """`transcript`, or where it is a mismatch a copy that has one line for each TLS record."""
    if not is_mismatch(transcript):
        return transcript
    ends = [event for event in list(transcript.events) if event.kind != "data"]
    return replace(transcript, events=[*_told(transcript), *ends])


def _told(transcript: Transcript) -> Iterator[Event]:
    for heard in listen(transcript.wire):
        data = _named(heard) if heard.kind == "record" else heard.data
        yield Event(heard.t, heard.side, data)


def _named(heard: Heard) -> bytes:
    record = heard.record
    assert record is not None
    said = [message.name for message in record.messages]
    hello = next((one.body for one in record.messages if isinstance(one.body, ClientHello)), None)
    for_ = f", for {hello.server_name}" if hello and hello.server_name else ""
    name = ", ".join(said) or record.name
    return f"{name} (a TLS {record.kind} record, {len(heard.data)} octets{for_})\r\n".encode()
