"""What the mail map says about a host: its roles, its ports, whom it talks to, and how each talk ended.

Topology and transcripts become plain dicts, for the widget's side panel, the static page and the text
table alike. Every string in them has been through `visible`: the page that shows them only has to set
them as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..mail import dialogue
from ..mail.text import visible
from ..mail.topology import ROLES, Place, Topology
from ..mail.transcript import Transcript
from ..mail.verdict import SIGNS, Tone
from .theme import CLASSES, REPLIES, shown

LATEST = 30  # transcripts that a host's list shows, the newest first
LONGEST = 60_000  # characters of one dialogue in the side panel

TLS_WORDS = {"none": "none", "starttls": "STARTTLS", "implicit": "implicit"}


def hosts(topology: Topology) -> list[dict[str, Any]]:
    """Each place as a dict, in order, with what it is connected to."""
    return [_host(topology, place) for place in topology.places]


def _host(topology: Topology, place: Place) -> dict[str, Any]:
    name = place.name.lower()
    return {
        "name": shown(place.name),
        "note": shown(place.note),
        "admd": shown(place.admd),
        "hostile": place.hostile,
        "addresses": [shown(address) for address in place.addresses],
        "roles": [
            dict(zip(("role", "title", "what", "ref"), (role, *ROLES[role]), strict=True))
            for role in place.roles
        ],
        "ports": [
            {
                "number": port.number,
                "service": shown(port.service),
                "tls": TLS_WORDS[port.tls],
                "real": shown(f"{port.real[0]}:{port.real[1]}") if port.real else "",
            }
            for port in place.ports
        ],
        "to": [_link(link.b, link.label) for link in topology.links if link.a.lower() == name],
        "from": [_link(link.a, link.label) for link in topology.links if link.b.lower() == name],
    }


def legend(topology: Topology) -> list[tuple[str, str]]:
    """The roles that occur, as the map writes them, and what each does."""
    there = {role for place in topology.places for role in place.roles}
    return [(role.upper(), what) for role, (_, what, _) in ROLES.items() if role in there]


def _link(name: str, label: str) -> dict[str, str]:
    return {"name": shown(name), "label": shown(label)}


class Talks:
    """The transcripts, as rows by host. A transcript that has not changed is read once."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._ended: dict[tuple[int, int, bool], dict[str, str]] = {}

    def rows(self, transcripts: Sequence[Transcript]) -> list[dict[str, Any]]:
        """For each host: how many transcripts there are ("total"), and the latest ("rows")."""
        by_name: dict[str, list[Transcript]] = {}
        for transcript in transcripts:
            for name in {transcript.client.host.lower(), transcript.server.host.lower()}:
                by_name.setdefault(name, []).append(transcript)
        return [
            self._of(place.name.lower(), by_name.get(place.name.lower(), []))
            for place in self.topology.places
        ]

    def _of(self, name: str, transcripts: list[Transcript]) -> dict[str, Any]:
        latest = sorted(transcripts, key=lambda transcript: transcript.number, reverse=True)[:LATEST]
        return {"total": len(transcripts), "rows": [self._row(name, one) for one in latest]}

    def _row(self, name: str, transcript: Transcript) -> dict[str, Any]:
        serves = transcript.server.host.lower() == name
        peer = transcript.client if serves else transcript.server
        return {
            "number": transcript.number,
            "way": "from" if serves else "to",
            "peer": shown(peer.host),
            "port": transcript.server.port,
            "tls": transcript.tls,
            "ended": self.how(transcript),
        }

    def how(self, transcript: Transcript) -> dict[str, str]:
        """How it ended: the last reply as "sign", "code", "said", and "class" for its colour."""
        key = (transcript.number, len(transcript.events), transcript.closed)
        if key not in self._ended:
            self._ended[key] = _ending(transcript)
        return self._ended[key]


def _ending(transcript: Transcript) -> dict[str, str]:
    open_ = "" if transcript.closed else "open, "
    for line in reversed(dialogue.lines(transcript)):
        if line.reply is not None:
            tone: Tone = REPLIES.get(line.reply.code // 100, "plain")
            said = " ".join(part for part in (line.reply.enhanced, *line.reply.lines[-1:]) if part)
            return {
                "sign": SIGNS[tone],
                "code": f"{line.reply.code:03d}",
                "said": open_ + shown(said, 200),
                "class": CLASSES[tone],
            }
    said = "no reply" if transcript.protocol == "smtp" else f"{shown(transcript.protocol, 20)}, no SMTP"
    return {"sign": SIGNS["plain"], "code": "", "said": open_ + said, "class": CLASSES["plain"]}


def dialogue_text(transcript: Transcript, limit: int = LONGEST) -> str:
    """The dialogue as swaks would print it, cut at `limit` characters, saying how many were left out."""
    text = visible(transcript.text(), keep="\n")
    return text if len(text) <= limit else f"{text[:limit]}…\n({len(text) - limit} characters more)"


def table(topology: Topology, path: Iterable[tuple[str, str]] = (), journey: str = "") -> str:
    """The map as text: a row a host, then the path, or the steps of the journey where they are known."""
    head = ("host", "run by", "roles", "addresses", "ports")
    rows = [
        (
            visible(place.name),
            visible(place.admd) or "-",
            " ".join(place.roles) or "-",
            visible(" ".join(place.addresses)) or "-",
            " ".join(str(port.number) for port in place.ports) or "-",
        )
        for place in topology.places
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]
    hops = (
        [journey]
        if journey
        else [f"{number}. {visible(a)} -> {visible(b)}" for number, (a, b) in enumerate(path, 1)]
    )
    return "\n".join([*lines, *(["", "the message's way:"] if hops else []), *hops])
