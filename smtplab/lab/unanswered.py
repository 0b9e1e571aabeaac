"""Questions to the DNS that nobody will answer: who waits is told at once.

A fault makes the lab's DNS leave a question without an answer. A client on the internet waits for seconds and
asks again; here five days of retries would take minutes. So the server says that it has dropped a question,
and the lab's own hosts give up on it then. Programs outside the lab wait as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import dns.resolver
from dns.name import Name
from dns.rdatatype import RdataType

T = TypeVar("T")


class Unanswered:
    """Who waits for which question. All of it happens on the lab's loop."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[Name, RdataType], list[asyncio.Future[None]]] = {}

    def tell(self, name: Name, rdtype: RdataType) -> None:
        """A question has been dropped."""
        for dropped in self._waiting.get((name, rdtype), ()):
            if not dropped.done():
                dropped.set_result(None)

    async def wait(self, name: Name, rdtype: RdataType, looking: Coroutine[Any, Any, T]) -> T:
        """What `looking`, a look-up of this question, brings. Raises LifetimeTimeout once it is dropped."""
        dropped = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault((name, rdtype), [])
        waiting.append(dropped)
        task = asyncio.ensure_future(looking)
        try:
            await asyncio.wait({task, dropped}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise dns.resolver.LifetimeTimeout(timeout=0.0, errors=[])  # type: ignore[no-untyped-call]
        finally:
            waiting.remove(dropped)
            if not waiting:
                self._waiting.pop((name, rdtype), None)
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            elif not task.cancelled():
                task.exception()  # seen, also where whoever waited is gone
