"""The events of a transcript with its passwords and tokens blacked out, for what is stored or handed on.

Answers: which octets are a secret? Those of the lines that `dialogue` marks (RFC 4954 §4); a line may lie
in several events, as the network cut it. The record itself keeps every octet, and so does a capture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .dialogue import lines
from .line import HIDDEN, Line, shown
from .text import encode
from .transcript import Event, Side, Transcript

Cut = tuple[int, int, bytes]  # from, to, what stands there instead


def masked(transcript: Transcript) -> list[Event]:
    """The events so far, each secret replaced by what the dialogue shows in its place."""
    events = list(transcript.events)
    said = lines(replace(transcript, events=events))
    for side in Side:
        mine = [number for number, event in enumerate(events) if event.side is side and event.kind == "data"]
        stream = b"".join(events[number].data for number in mine)
        cuts = list(_cuts([line for line in said if line.side is side], stream))
        start = 0
        for number in mine if cuts else ():
            stop = start + len(events[number].data)
            events[number] = replace(events[number], data=_without(cuts, stream, start, stop))
            start = stop
    return events


def _cuts(said: list[Line], stream: bytes) -> Iterator[Cut]:
    """Where the secrets of one side are. Its lines stand in the stream one after the other."""
    at = 0
    for line in said:
        if line.kind in ("tls", "close"):
            continue
        reply = line.side is Side.SERVER
        for part in line.text.split("\n") if reply else [line.text]:
            octets = encode(part)
            at = max(at, stream.find(octets, at))
            if line.secret and octets:
                shows = f"{part[:4]}{HIDDEN}" if reply else shown(line)
                yield at, at + len(octets), encode(shows)
            at += len(octets)


def _without(cuts: list[Cut], stream: bytes, start: int, stop: int) -> bytes:
    """The octets from `start` to `stop`. What replaces a cut stands in the event where it begins."""
    out, at = b"", start
    for begin, end, instead in cuts:
        if end > start and begin < stop:
            out += stream[at : max(begin, start)] + (instead if begin >= start else b"")
            at = min(end, stop)
    return out + stream[at:stop]
