"""SPF evaluations a second: ours with every step explained, pyspf's without. The DNS is a table in memory."""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Callable, Iterator

import spf

from smtplab.auth.spf import evaluate
from smtplab.mail.route import Answer, Question

ROUNDS = 9
COUNT = 200
Table = dict[tuple[str, str], tuple[str, ...]]

USUAL: Table = {
    ("acorn.example", "TXT"): ("v=spf1 ip4:198.51.100.0/24 mx include:out.example a:www.acorn.example -all",),
    ("acorn.example", "MX"): ("10 mail.acorn.example.", "20 mail2.acorn.example."),
    ("mail.acorn.example", "A"): ("203.0.113.5",),
    ("mail2.acorn.example", "A"): ("203.0.113.6",),
    ("out.example", "TXT"): ("v=spf1 ip4:203.0.113.64/27 ip4:203.0.113.128/25 ip6:2001:db8::/48 ~all",),
    ("www.acorn.example", "A"): ("192.0.2.1",),
}
TEN: Table = {
    ("acorn.example", "TXT"): (f"v=spf1 {' '.join(f'include:p{n}.example' for n in range(10))} -all",),
    **{
        (f"p{n}.example", "TXT"): (
            f"v=spf1 ip4:198.51.{n}.0/24 ip4:203.0.113.{n} ip6:2001:db8:{n}::/48 ~all",
        )
        for n in range(10)
    },
}


def ours(table: Table) -> str:
    asking = evaluate("192.0.2.1", "acorn.example", "alice@acorn.example", helo="mail.acorn.example")
    try:
        question = next(asking)
        while True:
            question = asking.send(_answer(table, question))
    except StopIteration as end:
        return end.value.result


def _answer(table: Table, question: Question) -> Answer:
    values = table.get((question.name, question.rdtype))
    return Answer("found", values) if values else Answer("no data")


def theirs(table: Table) -> str:
    """pyspf with the same table, in the shapes that it wants."""

    def look_up(name: str, rdtype: str, *_: object) -> Iterator[tuple[tuple[str, str], object]]:
        for value in table.get((name, rdtype), ()):
            shaped: object = value
            if rdtype == "TXT":
                shaped = (value.encode(),)
            elif rdtype == "MX":
                preference, _, host = value.partition(" ")
                shaped = (int(preference), host.removesuffix("."))
            elif rdtype == "AAAA":
                shaped = socket.inet_pton(socket.AF_INET6, value)
            yield (name, rdtype), shaped

    spf.DNSLookup = look_up
    return spf.check2("192.0.2.1", "alice@acorn.example", "mail.acorn.example")[0]


def rows() -> list[tuple[str, str, str, str]]:
    """A usual record, and one of ten includes; the two take turns, round by round."""
    kept = spf.DNSLookup
    try:
        return [
            _row("SPF checks a second, with every step", USUAL),
            _row("the same, a record of ten includes", TEN),
        ]
    finally:
        spf.DNSLookup = kept


def _row(what: str, table: Table) -> tuple[str, str, str, str]:
    assert ours(table) == theirs(table)
    rounds = [(_a_second(lambda: ours(table)), _a_second(lambda: theirs(table))) for _ in range(ROUNDS)]
    mine, other = (statistics.median(column) for column in zip(*rounds, strict=True))
    return what, f"{mine:.0f}", f"pyspf {other:.0f}, without", f"{mine / other:.1f} times; aim: 2"


def _a_second(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(COUNT):
        work()
    return COUNT / (time.perf_counter() - start)
