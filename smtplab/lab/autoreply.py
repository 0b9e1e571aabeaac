"""A program that answers for somebody who is away (RFC 3834), and one that does so without care.

A lesson switches it on for a mailbox. The careful one asks `mail.autoreply.may_answer` and sends from the
null reverse-path, so two of them never answer each other. The careless one answers whatever comes, from its
owner's address, as programs before RFC 3834 did: two of those go on and on.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ..mail.autoreply import Before, may_answer, write
from ..mail.envelope import Envelope, MailParameters
from ..mail.path import Path
from ..mail.verdict import Step, Verdict
from .bounces import dsn_envelope

if TYPE_CHECKING:
    from .mailbox import Mail
    from .mta import Mta


class Autoreply:
    """Answers what comes to `mailbox` with `text`. `log` has a Verdict for each message, with the reasons.

    `own` are the addresses that count as its owner's in To and Cc, the mailbox's among them. A careless one
    heeds none of the rules. Lab: it stops after `most` answers, where a real one would go on.
    """

    def __init__(self, mailbox: str, text: str, *, careless: bool = False, most: int = 20) -> None:
        self.mailbox = mailbox.lower()
        self.text = text
        self.careless = careless
        self.most = most
        self.own = {self.mailbox}
        self.answers = 0
        self.log: list[Verdict] = []
        self._answered: dict[Path, datetime] = {}

    def delivered(self, mta: Mta, mail: Mail) -> None:
        """Look at a message that has come, and answer it or not. Called on the lab's loop."""
        verdict = self._judge(mail)
        self.log.append(verdict)
        if verdict.result == "accepted":
            self.answers += 1
            self._answered[mail.reverse_path] = mail.when
            mta.world.work(self._send(mta, mail))

    def _judge(self, mail: Mail) -> Verdict:
        if not self.careless:
            before = Before(self._answered.get(mail.reverse_path), mail.when)
            return may_answer(mail.raw, reverse_path=mail.reverse_path, own=self.own, before=before)
        if mail.reverse_path.is_null:
            step = Step("Return-Path: <>", "There is nowhere to send an answer.", "refused", "RFC 3834 §2")
        elif self.answers >= self.most:
            step = Step(
                "enough", f"The lab ends it after {self.most} answers. Nothing else would.", "refused"
            )
        else:
            step = Step("careless", "It answers whatever comes.", "accepted")
        return Verdict(step.result, "autoreply", "may a program answer this message?", (step,))

    async def _send(self, mta: Mta, mail: Mail) -> None:
        content = write(
            mail.raw,
            author=self.mailbox,
            to=mail.reverse_path,
            text=self.text,
            when=mail.when,
            token=mta.new_id(),
            careful=not self.careless,
        )
        to = mail.reverse_path
        envelope = dsn_envelope(to, content, not self.mailbox.isascii())
        if self.careless:
            parameters = MailParameters(body=envelope.parameters.body, smtputf8=envelope.parameters.smtputf8)
            envelope = Envelope(Path.of(self.mailbox), (to,), parameters)
        mta.originate(envelope, content)
