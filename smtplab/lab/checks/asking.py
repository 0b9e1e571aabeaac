"""A check's questions, asked over the lab's DNS without holding up the lab's loop.

The checks of `auth` are generators that yield a Question and are sent its Answer. `drive` answers them on the
loop, where a blocking resolver may not wait; what it asks with is a `Cache` or the DNS itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import TypeVar

import dns.exception
import dns.name
import dns.rdata
import dns.resolver

from ...mail.route import Answer, Question
from ...mail.text import decode
from ..dns import Dns
from ..router import note

T = TypeVar("T")
Ask = Callable[[Question], Awaitable[Answer]]

PATIENCE = 20.0  # seconds for all questions of one check: RFC 7208 §4.6.4 wants this at least


async def drive(check: Generator[Question, Answer, T], ask: Ask, patience: float = PATIENCE) -> T:
    """The result of `check`, its questions answered by `ask`. After `patience` seconds nothing is asked."""
    loop = asyncio.get_running_loop()
    end = loop.time() + patience
    try:
        question = next(check)
        while True:
            if loop.time() > end:
                answer = Answer("no answer", note="there is no time left for it")
            else:
                answer = await ask(question)
            question = check.send(answer)
    except StopIteration as finished:
        result: T = finished.value
        return result


async def ask(server: Dns, question: Question, asker: str = "") -> tuple[Answer, int]:
    """The answer, and for how many seconds it may be kept: 0 where nobody answered (RFC 2308 §7).

    The strings of a TXT record are joined with nothing between (RFC 7208 §3.3). It never raises: what goes
    wrong is an answer too.
    """
    try:
        name = dns.name.from_text(question.name.replace("\\", "\\\\"))
    except dns.exception.DNSException:  # a name that cannot be written as a question
        return Answer("no such name"), 0
    try:
        found = await server.look_up(name, question.rdtype, asker, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN as error:
        responses = list(error.responses().values())  # type: ignore[no-untyped-call]
        ttl = responses[0].resolve_chaining().minimum_ttl if responses else 0
        return Answer("no such name"), int(ttl)
    except dns.exception.DNSException as error:
        return Answer("no answer", note=note(error)), 0
    ttl = found.chaining_result.minimum_ttl
    if not found.rrset:
        return Answer("no data"), int(ttl)
    return Answer("found", tuple(map(_text, found.rrset))), int(ttl)


def _text(record: dns.rdata.Rdata) -> str:
    strings = getattr(record, "strings", None)
    return record.to_text() if strings is None else decode(b"".join(strings))
