"""Received fields side by side with mail-parser, over the shapes in tests/cases/received.

mail-parser splits clauses and leaves the client as one text, so its words are first made as good as can be:
comments and angle brackets are taken off before they are compared, and its own search for the sender's
address is asked. That smtplab reads all of them is what tests/mail/test_mail_received_cases.py holds it to;
the other column is what is to be seen here. `pytest -rP tests/peers/test_peer_received.py` prints the table.
"""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from mailparser import MailParser
from mailparser.utils import receiveds_parsing

from smtplab.mail.errors import RecordError
from smtplab.mail.received import parse

CASES = Path(__file__).resolve().parents[1] / "cases" / "received"
FIELDS = ("by", "via", "with_", "id", "for_", "date", "helo", "rdns", "ip")
CLIENT = ("helo", "rdns", "ip")
COMMENT = re.compile(r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")

Case = dict[str, Any]
Read = dict[str, Any]


def cases(*, broken: bool) -> list[Case]:
    """The shapes with CRLF for line ends, either the right ones or those of forgers and faults."""
    return [
        {**case, "text": case["text"].replace("\n", "\r\n")}
        for path in sorted(CASES.glob("*.toml"))
        if (path.stem in ("broken", "hostile")) is broken
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
        if not case["text"].startswith("X-Received")  # mail-parser takes the body only
    ]


def truth(case: Case) -> Read:
    """What the shape says, by the names of FIELDS; None for what is absent."""
    found = {name: case.get(name) for name in FIELDS}
    return {**found, "ip": ip_address(case["ip"]) if "ip" in case else None}


def ours(text: str) -> Read:
    try:
        read = parse(text)
    except RecordError:
        return dict.fromkeys(FIELDS)
    return {name: getattr(read, name) or None for name in FIELDS}


def theirs(text: str) -> Read:
    """mail-parser's reading, by the same names."""
    [read] = receiveds_parsing([text])
    found: Read = {name: bare(read.get(name.rstrip("_"), "")) for name in FIELDS}
    found["helo"] = bare(read.get("from", ""))
    found["date"] = datetime.fromisoformat(read["date_utc"]) if read.get("date_utc") else None
    # Its public method keeps only addresses of the public network, and these here are reserved.
    candidates = MailParser()._sender_ip_candidates(text)
    found["ip"] = address(candidates[-1]) if candidates else None
    return found


def address(text: str) -> object:
    found = ip_address(text)
    return getattr(found, "ipv4_mapped", None) or found


def bare(text: str) -> str | None:
    """A clause without comments and angle brackets."""
    return " ".join(COMMENT.sub(" ", text).split()).strip("<>") or None


def score(shapes: list[Case]) -> dict[str, tuple[int, int, int]]:
    """For each field: how often it is there or one of the two finds it, and how often each is right."""
    counts = {name: [0, 0, 0] for name in (*FIELDS, "all three")}
    for case in shapes:
        want, mine, other = truth(case), ours(case["text"]), theirs(case["text"])
        for name in FIELDS:
            if want[name] is not None or mine[name] is not None or other[name] is not None:
                _count(counts[name], mine[name] == want[name], other[name] == want[name])
        if want["ip"] is not None:
            apart = [all(read[name] == want[name] for name in CLIENT) for read in (mine, other)]
            _count(counts["all three"], *apart)
    return {name: (total, mine, other) for name, (total, mine, other) in counts.items()}


def _count(row: list[int], mine: bool, other: bool) -> None:
    row[0] += 1
    row[1] += mine
    row[2] += other


def show(title: str, scores: dict[str, tuple[int, int, int]]) -> None:
    print(f"\n{title}\n{'clause':<12}{'shapes':>8}{'smtplab':>9}{'mail-parser':>13}")
    for name, (total, mine, other) in scores.items():
        print(f"{name.rstrip('_'):<12}{total:>8}{mine:>9}{other:>13}")


@pytest.mark.parametrize("broken", [False, True], ids=["right", "broken and hostile"])
def test_side_by_side(broken: bool) -> None:
    scores = score(cases(broken=broken))
    show("broken and hostile lines" if broken else "lines as programs write them", scores)
    for name, (total, mine, other) in scores.items():
        assert mine == total >= other, name
    total, mine, other = scores["all three"]  # helo, rdns and address told apart
    assert mine > 2 * other


def test_mail_parser_can_be_right() -> None:
    """The comparison is no straw man: on a plain line both read the same, but for the name of the address."""
    client, date = "from a.example ([192.0.2.1])", "Mon, 2 Mar 2026 09:00:00 +0000"
    text = f"{client} by b.example with SMTP id X1 for <c@d.example>; {date}"
    assert theirs(text) == ours(text)
