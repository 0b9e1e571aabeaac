"""Answers of the DNS, kept for as long as they may be by the lab's clock (RFC 1035 §3.2.1, RFC 2308 §5).

Without it an edited record counts at once. With it a receiver goes on using what it has heard until its TTL
is over, and that there is nothing too, which is what makes a change of keys a matter of timing. Nobody's
silence is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from ...mail.route import Answer, Question

MOST = 10_000  # answers; the oldest go

Fetch = Callable[[Question], Awaitable[tuple[Answer, int]]]


class Cache:
    """What one host has heard. `now` is the lab's clock, `fetch` asks the DNS and tells the TTL."""

    def __init__(self, now: Callable[[], datetime], fetch: Fetch) -> None:
        self._now, self._fetch = now, fetch
        self._kept: dict[tuple[str, str], tuple[datetime, Answer]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    async def ask(self, question: Question) -> Answer:
        """The answer that is still good, or a new one."""
        key = (question.name.lower().removesuffix("."), question.rdtype)
        until, answer = self._kept.get(key, (self._now(), None))
        if answer is not None and self._now() < until:
            return answer
        self._kept.pop(key, None)
        answer, ttl = await self._fetch(question)
        if ttl > 0:
            self._kept[key] = self._now() + timedelta(seconds=ttl), answer
            if len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]
        return answer

    def left(self, name: str, rdtype: str) -> timedelta:
        """How long the answer for a name will still be used; zero where there is none."""
        until, _ = self._kept.get((name.lower().removesuffix("."), rdtype), (self._now(), None))
        return max(until - self._now(), timedelta(0))
