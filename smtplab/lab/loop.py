"""The lab's one background thread and its asyncio loop.

Servers never sit on the notebook kernel's loop. So a cell may block in smtplib or `dns.resolver`, or
await, and the servers answer all the same.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from ..mail.errors import LabError

T = TypeVar("T")

STOPPED = "This lab has stopped. Make a new one with `lab = Lab()`."


class LoopThread:
    """An asyncio loop on a daemon thread: a kernel that dies takes it along."""

    def __init__(self, name: str = "smtplab") -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._thread.start()

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 60.0) -> T:
        """Run `work` on the loop and wait for it, `timeout` seconds at most.

        Raises LabError when called from the loop itself (it would wait for itself for ever), after
        the lab has stopped, and when the time is up.
        """
        if self.loop.is_closed():
            work.close()
            raise LabError(STOPPED)
        if threading.current_thread() is self._thread:
            work.close()
            raise LabError("The lab's own thread may not wait for itself: use the coroutine instead.")
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result(timeout)
        except CancelledError:
            raise LabError(STOPPED) from None
        except TimeoutError:
            if future.done():  # the work itself raised TimeoutError
                raise
            future.cancel()
            raise LabError(f"The lab did not answer within {timeout:g} s. Run `lab = Lab()` again.") from None

    def stop(self) -> None:
        """Cancel what still runs, stop the loop and end the thread. Doing it twice is harmless."""
        if self.loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(_cancel_all(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


async def _cancel_all() -> None:
    loop = asyncio.get_running_loop()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
