"""check_host (RFC 7208 §4): the SPF check with a blocking resolver.

It drives `evaluate`, and bounds the time that all answers together may take. It keeps no answers.
"""

from __future__ import annotations

import time

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
    end = time.monotonic() + patience
    seconds = int(time.time()) if now is None else now
    asking = evaluate(ip, domain, sender, helo=helo, receiver=receiver, now=seconds)
    try:
        question = next(asking)
        while True:
            question = asking.send(answer_of(question, resolve, end))
    except StopIteration as finished:
        verdict: SpfVerdict = finished.value
        return asked(verdict, check_host, {**given, "resolve": resolve, "patience": patience})


def answer_of(question: Question, resolve: Resolve, end: float) -> Answer:
    """Ask with `resolve`; what goes wrong is an answer too. Past `end` (monotonic) nothing is asked."""
    if time.monotonic() > end:
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
