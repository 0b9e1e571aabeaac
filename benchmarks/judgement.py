"""A whole judgement at the end of DATA: SPF, DKIM and DMARC with every step, beside mailauth.

The same message, signed with RSA-2048, the same client and the same DNS, which is a table in memory. Both
write an Authentication-Results field of it. mailauth runs in Node.js and is left out where that is missing;
what it would do besides (ARC, BIMI) is switched off. The second row is the same message as somebody's case:
the DNS answers are read as pasted text, and the Received chain, the header section and the copies of results
are judged too, which mailauth does not do.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver

from smtplab.auth import dkim, results
from smtplab.auth.answers import read
from smtplab.auth.case import Case, judge_case
from smtplab.auth.judge import judge
from tests.peers import mailauth_dmarc

ROUNDS = 200
NOW = datetime.now(UTC).replace(microsecond=0)
CLIENT = {"ip": "203.0.113.70", "helo": "out.acorn.example"}
SENDER = "alice@news.acorn.example"
MESSAGE = (
    b"From: Alice <alice@news.acorn.example>\r\nTo: bob@birch.example\r\nSubject: Tea or coffee?\r\n"
    b"Date: Mon, 2 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@acorn.example>\r\n\r\n"
) + b"Shall we have tea, or coffee, or both of them?\r\n" * 60
Row = tuple[str, str, str, str]


def rows() -> list[Row]:
    """Two rows: milliseconds for a judgement, the median of many."""
    key = dkim.generate()
    signed = dkim.sign(MESSAGE, domain="acorn.example", selector="s1", key=key, now=NOW) + MESSAGE
    records = {
        ("news.acorn.example", "TXT"): "v=spf1 ip4:198.51.100.0/24 include:out.example -all",
        ("out.example", "TXT"): "v=spf1 ip4:203.0.113.64/27 ip6:2001:db8::/48 ~all",
        ("s1._domainkey.acorn.example", "TXT"): dkim.record(key),
        ("_dmarc.acorn.example", "TXT"): "v=DMARC1; p=reject; rua=mailto:dmarc@acorn.example",
    }
    other = theirs(signed, records)
    return [
        _row("a judgement by SPF, DKIM and DMARC, every step", ours(signed, records), other),
        _row("the same as a case, with pasted DNS answers to read", at_hand(signed, records), other),
    ]


def _row(what: str, mine: float, other: float | None) -> Row:
    if other is None:
        return what, f"{1000 * mine:.2f} ms", "no Node.js", "none"
    return what, f"{1000 * mine:.2f} ms", f"mailauth {1000 * other:.2f} ms", f"{mine / other:.2f} times"


def ours(message: bytes, records: dict[tuple[str, str], str]) -> float:
    zone = {key: (_txt(text),) for key, text in records.items()}

    def resolve(name: str, rdtype: str) -> Sequence[dns.rdata.Rdata]:
        found = zone.get((name, rdtype))
        if not found:
            raise dns.resolver.NXDOMAIN
        return found

    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = judge(message, mail_from=SENDER, now=NOW, resolve=resolve, **CLIENT)
        results.write("mx.birch.example", spf=found.spf, dkim=found.dkim, dmarc=found.dmarc)
        taken.append(time.perf_counter() - start)
    assert [one.result for one in (found.spf, *found.dkim, found.dmarc)] == ["pass"] * 3
    return statistics.median(taken)


def at_hand(message: bytes, records: dict[tuple[str, str], str]) -> float:
    """The median of `judge_case`, with the reading of the answers."""
    pasted = "\n".join(f"{name}. IN {rdtype} {_txt(text)}" for (name, rdtype), text in records.items())
    for name in ("_dmarc.news.acorn.example", "_dmarc.example"):
        pasted += f"\nHost {name} not found: 3(NXDOMAIN)\n"
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = judge_case(Case(message, CLIENT["ip"], SENDER, CLIENT["helo"], answers=read(pasted)), NOW)
        taken.append(time.perf_counter() - start)
    results_of = [one.result for method in ("SPF", "DKIM", "DMARC") for one in found.of(method)]
    assert results_of == ["pass"] * 3
    return statistics.median(taken)


def _txt(text: str) -> dns.rdata.Rdata:
    pieces = [text[start : start + 255] for start in range(0, len(text), 255)]
    said = " ".join(f'"{piece}"' for piece in pieces)
    return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, said)


def theirs(message: bytes, records: dict[tuple[str, str], str]) -> float | None:
    """The median of mailauth's, after the rounds that its compiler needs to warm up."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    asked: dict[str, Any] = {
        "message": b64encode(message).decode(),
        "records": {f"{name} {rdtype}": [text] for (name, rdtype), text in records.items()},
        "options": {**CLIENT, "sender": SENDER, "mta": "mx.birch.example"},
        "rounds": 2 * ROUNDS,
    }
    try:
        told = mailauth_dmarc.ask(node, npm, **asked)
    except (OSError, subprocess.SubprocessError):
        return None
    assert told["judged"] == {"spf": "pass", "dkim": ["pass"], "dmarc": "pass"}
    return statistics.median(told["seconds"][ROUNDS:])
