"""Judging as a notebook has it: a message on the verdict board, and cases to predict the verdict of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dns.exception

from ..mail.errors import LabError
from .base import Base

if TYPE_CHECKING:
    from ..auth.dkim.keys import PrivateKey
    from ..auth.judge import Judged
    from ..course.practice import Practice
    from ..course.question import Question
    from ..lab.checks import Judgement
    from ..show.verdict_board import VerdictBoard
    from ..show.verdict_case import Case

LETTER = (
    b"From: Alice <alice@acorn.example>\r\nTo: bob@birch.example\r\nSubject: Tea?\r\n"
    b"Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nMessage-ID: <tea.1@acorn.example>\r\n\r\nAt five.\r\n"
)
LEVELS = {"easy": 1, "middling": 2, "hard": 3}
FOOTER = b"-- \r\nThe list of trees\r\n"


class Judging(Base):
    """A lab with the verdict board."""

    def verdict_board(self, judgement: Judgement | None = None) -> VerdictBoard:
        """SPF, DKIM, alignment, policy and disposition of a message in one picture, each to be edited.

        Begins with `judgement` (one of `lab.judgements(host)`), or with Alice's own mail; other cases are a
        click away. Nothing that is tried there is published or sent. Raises LabError for a judgement whose
        message was not kept.
        """
        from ..show.verdict_board import VerdictBoard

        cases = self._cases()
        if judgement is not None:
            cases.insert(0, self._case_of(judgement))
        known = [f"{host.addresses[0]} {host.name}" for host in self.network.hosts.values() if host.addresses]
        return VerdictBoard(
            self._judged_case, self._published, cases=cases, known=known, code=self._judging_code
        )

    def predict_verdicts(self) -> Practice:
        """Cases without end: what does the receiver make of this message? Three levels, and a score."""
        from ..course.practice import Practice

        return Practice("verdicts", _asked, list(LEVELS), "What will the receiver do?")

    def _judged_case(self, case: Case) -> Judged:
        from ..auth.judge import judge

        return judge(
            case.message,
            ip=case.ip,
            mail_from=case.mail_from,
            helo=case.helo,
            receiver=case.receiver,
            now=self.clock.now(),
            resolve=self.resolve,
            records=case.tried(),
        )

    def _published(self, name: str) -> str:
        """The TXT records at `name`, one a line, "" where there is none or no answer."""
        from ..auth.spf.check import text_of

        try:
            found = self.resolve(name, "TXT")
        except (dns.exception.DNSException, ValueError):
            return ""
        return "\n".join(text_of(record) for record in found)

    def _case_of(self, judgement: Judgement) -> Case:
        from ..auth.dmarc.deciding import RECEIVERS, Receiver
        from ..show.verdict_case import Case

        if not judgement.content:
            why = "it was refused before it came, or it is too long"
            raise LabError(f"This judgement has no message ({why}), so it cannot be put on the board.")
        path = judgement.envelope.reverse_path
        sender = "" if path.is_null else path.address
        note = f"as it came to {judgement.transcript.server.host}"
        server = self.mtas.get(judgement.transcript.server.host)
        rule = server.checks.dmarc if server else "junk"
        wanted: Receiver = "mark"  # what "off" comes to
        receiver = next((one for one in RECEIVERS if one == rule), wanted)
        return Case(
            "This message", note, judgement.client, judgement.helo, sender, judgement.content, receiver
        )

    def _cases(self) -> list[Case]:
        from ..show.verdict_case import Case

        own = self._signed(LETTER, "acorn.example")
        listed = own.replace(b"Subject: Tea?", b"Subject: [trees] Tea?") + FOOTER
        news = self.providers["news"].host
        mallory, mallory_records = self._signed_for_once(LETTER, "mallory.example")
        service, service_records = self._signed_for_once(LETTER, "news.example")
        return [
            self._case("Alice's own mail", "straight from her provider", "mail.acorn.example", "", own),
            self._case("Forwarded", "by a plain forwarder", "mx.forward.example", "", own),
            self._case(
                "Through a list",
                "with a footer, and a mark in Subject",
                "mx.list.example",
                "trees-bounces@list.example",
                listed,
            ),
            self._case(
                "A newsletter service",
                "which nobody has set up",
                news,
                "bounces@news.example",
                service,
                service_records,
            ),
            self._case(
                "Mallory",
                "with an SPF record and a key as good as Alice's",
                "mail.mallory.example",
                "mallory@mallory.example",
                mallory,
                mallory_records,
            ),
            Case(
                "No checks at all",
                "a domain without records",
                self.network.host("mail.mallory.example").addresses[0],
                "host.nowhere.example",
                "who@nowhere.example",
                LETTER.replace(b"Alice <alice@acorn.example>", b"who@nowhere.example"),
            ),
        ]

    def _case(
        self,
        name: str,
        note: str,
        host: str,
        mail_from: str,
        message: bytes,
        records: Mapping[str, str] | None = None,
    ) -> Case:
        from ..show.verdict_case import Case

        address = self.network.host(host).addresses[0]
        return Case(
            name, note, address, host, mail_from or "alice@acorn.example", message, records=records or {}
        )

    def _signed(self, message: bytes, domain: str) -> bytes:
        """`message` as the MTA of `domain` would sign it."""
        from ..lab.dkim_keys import SELECTORS, lab_key

        return _sign(message, domain, SELECTORS[domain], lab_key(domain))

    def _signed_for_once(self, message: bytes, domain: str) -> tuple[bytes, dict[str, str]]:
        """`message` signed with a key made for it, and the record of that key: the same in every run."""
        from ..auth import dkim

        key = self.dkim_key(f"once._domainkey.{domain}")
        return _sign(message, domain, "once", key), {f"once._domainkey.{domain}": dkim.record(key)}

    def _judging_code(self, case: Case, judged: Judged) -> Mapping[str, str]:
        from ..show.board_code import snippets

        return snippets(self.dns.address, case, judged)


def _asked(number: int, level: str) -> Question:
    """Case `number` of a level as a question; each has its own answer and reasons, by the engine."""
    from ..auth import dmarc
    from ..course.question import question

    made = dmarc.case(number, LEVELS[level])
    return question(made.text, made.options, answer=made.answer, reasons=made.reasons, explain=made.explain)


def _sign(message: bytes, domain: str, selector: str, key: PrivateKey) -> bytes:
    from ..auth import dkim

    return dkim.sign(message, domain=domain, selector=selector, key=key) + message
