"""Waiting for a transcript to grow: woken by what grows it, not by a clock."""

from __future__ import annotations

import threading
import time

from smtplab.mail.transcript import grown, wait_until


def test_it_ends_when_somebody_tells() -> None:
    said: list[str] = []
    asked = threading.Event()

    def ready() -> bool:
        asked.set()
        return bool(said)

    def say() -> None:
        asked.wait(10)
        said.append("250")
        grown()

    thread = threading.Thread(target=say)
    thread.start()
    begun = time.monotonic()
    assert wait_until(ready, 60)
    thread.join()
    assert time.monotonic() - begun < 30  # told, or it would have waited for all of its time


def test_what_is_so_already_is_not_waited_for() -> None:
    assert wait_until(lambda: True, 0)


def test_it_gives_up() -> None:
    assert not wait_until(lambda: False, 0.01)
