"""What an exchanger says to each recipient, and what becomes of each: tests/cases/queue/recipients.toml."""

from __future__ import annotations

import tomllib
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from smtplab.lab.lab import Lab
from smtplab.lab.policy import Policy
from smtplab.mail.dialogue import lines
from smtplab.mail.envelope import Envelope, Recipient
from smtplab.mail.reply import Reply

MSA, MX = "mail.acorn.example", "mx.birch.example"
CASES = tomllib.loads((Path(__file__).parents[1] / "cases/queue/recipients.toml").read_text("utf-8"))["case"]
PEOPLE = [f"r{n}@birch.example" for n in range(3)]


class Script(Policy):
    """Says what a case has it say, and then takes everything."""

    def __init__(self, case: dict[str, Any]) -> None:
        words = zip(PEOPLE, case.get("rcpt", []), strict=False)
        self.rcpt = {who: deque(reply(word) for word in text.split("|")) for who, text in words}
        self.mail = deque([reply(case["mail"])] if "mail" in case else [])
        self.dot = deque([reply(case["dot"])] if "dot" in case else [])

    async def on_mail(self, session: object, envelope: Envelope) -> Reply | None:
        return self.mail.popleft() if self.mail else None

    async def on_rcpt(self, session: object, recipient: Recipient) -> Reply | None:
        said = self.rcpt.get(recipient.path.address)
        if not said:
            return None
        answer = said.popleft()
        return None if str(answer) == "250" else answer

    async def on_message(self, session: object, envelope: Envelope, content: bytes) -> Reply | None:
        return self.dot.popleft() if self.dot else None


def reply(text: str) -> Reply:
    return Reply.parse(text.strip())


def test_there_are_enough() -> None:
    assert len(CASES) >= 25
    assert len({case["name"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_each_recipient_gets_what_its_own_replies_say(case: dict[str, Any]) -> None:
    with Lab() as lab:
        lab.dns.zone("birch.example").set("@", "MX", f"10 {MX}")
        mx = lab.mta(MX)
        mx.store.add(*PEOPLE)
        mx.policies.append(Script(case))
        if "data" in case:
            mx.faults.add("DATA", reply(case["data"]), times=1)
        delivery = lab.submit(f"From: alice@acorn.example\nTo: {', '.join(PEOPLE)}\nSubject: x\n\nHello\n")
        item = lab.queue(MSA)[0]
        assert list(item.outcomes.values()) == case["first"]
        session = item.attempts[0].transcript
        assert session
        said = [line.text.split()[0] for line in lines(session) if line.kind == "command"]
        assert said.count("MAIL") == case.get("transactions", 1)
        lab.clock.advance(days=1)
        done = ["relayed" if outcome == "delayed" else outcome for outcome in case["first"]]
        assert list(item.outcomes.values()) == case.get("last", done)
        assert [len(lab.mailbox(who)) for who in PEOPLE] == case.get("copies", [1, 1, 1])
        assert (delivery.result == "failed") is ("failed" in item.outcomes.values())
        assert lab._world.errors == []
