"""check_host (RFC 7208 §4): the SPF check with a blocking resolver; and what a record costs, likewise.

It drives `evaluate` and `weigh`, and bounds the time that all answers together may take. It keeps no answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import TypeVar

import dns.exception
import dns.rdata
import dns.resolver

from smtplab.mail.errors import RecordError
from smtplab.mail.route import Answer, Question
from smtplab.mail.text import decode

from ..what_if import Resolve, asked
from .asking import Address
from .evaluation import evaluate
from .result import SpfVerdict
from .tree import CostTree
from .weighing import weigh

T = TypeVar("T")
PATIENCE = 20.0  # seconds for all answers together: RFC 7208 §4.6.4 wants this at least


def check_host(
    ip: str | Address,
    domain: str,
    sender: str,
    *,
    helo: str = "",
    receiver: str = "",
    now: int | None = None,
    resolve: Resolve,
    patience: float = PATIENCE,
) -> SpfVerdict:
    """May `ip` send mail with the reverse-path `sender`, by the record of `domain`? (RFC 7208 §4)

    `sender` is an address; "" (or "<>") is the null reverse-path, which stands for postmaster at `helo`
    (RFC 7208 §2.4). `domain` "" is the sender's. `resolve(name, rdtype)` returns records or raises
    dnspython's NXDOMAIN, NoAnswer or Timeout. `receiver` and `now` (seconds since 1970) are for explanations.
    Raises ValueError where `ip` is no IP address; everything else is a result.
    """
    given = {"ip": ip, "domain": domain, "sender": sender, "helo": helo, "receiver": receiver, "now": now}
    seconds = int(time.time()) if now is None else now
    asking = evaluate(ip, domain, sender, helo=helo, receiver=receiver, now=seconds)
    verdict = drive(asking, resolve, patience)
    return asked(verdict, check_host, {**given, "resolve": resolve, "patience": patience})


def cost_tree(
    domain: str, *, resolve: Resolve, record: str | None = None, patience: float = PATIENCE
) -> CostTree:
    """Every term of `domain`'s record that asks the DNS, with those inside includes, and what they cost.

    `record` is a text that stands in place of the published one, which may not be there at all yet. What
    comes back tells `.total` of the ten, `.voids` of the two, `.over` (the term that is the eleventh) and
    `.terms()`; `.root.terms` is the tree, one `Cost` a term: its text, span and domain, its number, own
    and total cost, what is wrong with it (`.cause`, `.problem`), and the terms inside it. It counts as for
    a client that nothing matches. Where a macro makes the name depend on the message, that is said
    (`cause` "depends"). Raises nothing: what the DNS or the record has wrong stands in the tree.
    """
    return drive(weigh(domain, record=record), resolve, patience)


def drive(
    asking: Generator[Question, Answer, T],
    resolve: Resolve,
    patience: float,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """Answer with `resolve` what a generator asks, until it returns. After `patience` seconds by `clock`
    nothing is asked any more."""
    end = clock() + patience
    try:
        question = next(asking)
        while True:
            question = asking.send(answer_of(question, resolve, end, clock))
    except StopIteration as finished:
        result: T = finished.value
        return result


def answer_of(
    question: Question, resolve: Resolve, end: float, clock: Callable[[], float] = time.monotonic
) -> Answer:
    """Ask with `resolve`; what goes wrong is an answer too. Past `end` (by `clock`) nothing is asked."""
    if clock() > end:
        return Answer("no answer", note="there is no time left for it")
    name = question.name
    try:
        records = resolve(name.replace("\\", "\\\\") if "\\" in name else name, question.rdtype)
    except dns.resolver.NXDOMAIN:
        return Answer("no such name")
    except dns.resolver.NoAnswer:
        return Answer("no data")
    except RecordError:  # the lab's resolver: a name that cannot be written as a question
        return Answer("no such name")
    except dns.exception.DNSException as error:
        return Answer("no answer", note=type(error).__name__)
    if not records:
        return Answer("no data")
    return Answer("found", tuple(map(text_of, records)))


def text_of(record: dns.rdata.Rdata) -> str:
    """A record as text. The strings of a TXT record are joined with nothing between (RFC 7208 §3.3)."""
    strings = getattr(record, "strings", None)
    if strings is not None:
        return decode(b"".join(strings))
    return record.to_text()
