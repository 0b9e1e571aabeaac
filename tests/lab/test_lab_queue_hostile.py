"""A receiver that keeps to no rule: nothing is lost, and nothing counts as taken without a whole 250.

The lab's own servers cannot misbehave so, not even with `faults`: here a few lines stand in for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from smtplab.lab.lab import Lab
from tests.lab.queued import ALICE, MX, fill, outcomes

POLITE = {"": b"220 x\r\n", "DATA": b"354 go\r\n", "QUIT": b"221 bye\r\n"}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


class Rude(asyncio.Protocol):
    """Answers each verb, "" for the greeting and "." for the end of the message, as `says` has it."""

    def __init__(self, says: dict[str, bytes]) -> None:
        self.says = {**POLITE, **says}
        self.buffer = b""
        self.end = b"\r\n"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.answer("")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self.end in self.buffer:
            line, _, self.buffer = self.buffer.partition(self.end)
            verb = "." if self.end == b"\r\n.\r\n" else line[:4].decode().upper()
            self.end = b"\r\n"
            self.answer(verb)

    def answer(self, verb: str) -> None:
        reply = self.says.get(verb, b"250 ok\r\n")
        self.transport.write(reply)
        if verb == "DATA" and reply.startswith(b"354"):
            self.end = b"\r\n.\r\n"
        if not reply.endswith(b"\n"):
            self.transport.close()


# What it says instead, what becomes of the message at the first try, and where that is decided.
TABLE = [
    ({"": b"\x00\xffhello\r\n"}, "delayed", ""),
    ({"": b"-"}, "delayed", ""),
    ({"MAIL": b"okay then\r\n"}, "delayed", "MAIL"),
    ({"MAIL": b"\r\n"}, "delayed", "MAIL"),
    ({"MAIL": b"600 x\r\n"}, "delayed", "MAIL"),
    ({"MAIL": b"199 x\r\n"}, "delayed", "MAIL"),
    ({"RCPT": b"354 go\r\n"}, "delayed", "RCPT"),
    ({"RCPT": b"550-5.1.1 half"}, "delayed", "RCPT"),
    ({"RCPT": b"450 " + b"x" * 100_000 + b"\r\n"}, "delayed", "RCPT"),
    ({"RCPT": b"450-x\r\n" * 20_000 + b"450 x\r\n"}, "delayed", "RCPT"),
    ({"RCPT": b"550\r\n"}, "failed", "RCPT"),
    ({"RCPT": b"550 5.1.1 no\n"}, "failed", "RCPT"),
    ({"RCPT": b"550 5.1.1 a\rAction: delivered\x00\x1b[31m\r\n"}, "failed", "RCPT"),
    ({"RCPT": b"550-5.1.1 a\r\n550-\r\n550 Action: delivered\r\n"}, "failed", "RCPT"),
    ({"DATA": b"250 ok\r\n"}, "delayed", "DATA"),
    ({"DATA": b"354"}, "delayed", "DATA"),
    ({".": b"354 go\r\n"}, "delayed", "."),
    ({".": b"250"}, "delayed", "."),
]


@pytest.mark.parametrize(("says", "outcome", "during"), TABLE, ids=range(len(TABLE)))
def test_whatever_it_says_the_sender_hears_of_it_once(
    lab: Lab, says: dict[str, bytes], outcome: str, during: str
) -> None:
    lab.dns.zone("birch.example").set("@", "MX", f"10 {MX}")
    host, run = lab.network.host(MX), lab._world.thread.run
    run(lab.network.stop(host))
    run(lab.network.listen(host, 25, lambda wire: Rude(says)))
    items = fill(lab, 2)
    lab.settle()
    assert {(a.outcome, a.during) for item in items for a in item.attempts} == {(outcome, during)}
    lab.clock.advance(days=6)
    assert outcomes(items) == {"failed": 2}
    assert lab._world.errors == []
    lines = [line for mail in lab.mailbox(ALICE) for line in mail.raw.split(b"\r\n")]
    assert lines.count(b"Action: failed") == 2 and b"Action: delivered" not in lines
    assert not any(octet in line for line in lines for octet in (b"\r", b"\n", b"\0", b"\x1b"))
