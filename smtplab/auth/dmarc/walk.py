"""The DNS tree walk (RFC 9989 §4.10): from a domain upwards, which DMARC records are there?

At most eight questions for one domain, however many labels it has. The same walk finds the record that
counts for From and the organizational domain of any domain, and what one walk asked no other asks again. A
walk is a generator: it yields Questions and is sent Answers.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from smtplab.mail.errors import RecordError
from smtplab.mail.route import Answer, Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step

from .record import Record, parse, select

MAX_QUERIES = 8  # RFC 9989 §4.10
LABELS = 7  # that are left of a longer name after the first question
WALK = "RFC 9989 §4.10"
ORGANIZATION = "RFC 9989 §4.10.2"


class NoAnswer(Exception):
    """The DNS did not answer a question that the result hangs on; `steps` are those up to it."""

    def __init__(self, question: Question, steps: tuple[Step, ...]) -> None:
        super().__init__(question.name)
        self.question, self.steps = question, steps

    @property
    def step(self) -> Step:
        """The step of that question."""
        return self.steps[-1]


@dataclass(frozen=True, slots=True)
class Walk:
    """What one walk found: the records by domain, the longest name first, and a step for each question.

    `broken` is set where the DNS did not answer above a domain that has a record of its own: its policy is
    known then, and its organization is not.
    """

    start: str
    records: tuple[tuple[str, Record], ...]
    steps: tuple[Step, ...]
    broken: NoAnswer | None = None

    def record(self, domain: str) -> Record | None:
        """The record at `domain`, None where there is none."""
        return dict(self.records).get(domain)

    @property
    def organization(self) -> str:
        """The organizational domain of where the walk began (RFC 9989 §4.10.2). Raises NoAnswer where the
        walk was broken off."""
        if self.broken:
            raise self.broken
        for domain, record in self.records:
            if record.psd == "n":
                return domain
            if record.psd == "y" and domain != self.start:
                return below(self.start, domain)
        return self.records[-1][0] if self.records else self.start

    @property
    def public_suffix(self) -> str:
        """The domain above the organizational one that says psd=y, "" where none does."""
        return next((d for d, record in self.records if record.psd == "y" and d != self.start), "")


class Walker:
    """Walks, and remembers what was asked: walks by their start, names with what is there."""

    def __init__(self) -> None:
        self.queries: list[tuple[Question, Answer]] = []
        self._known: dict[str, tuple[Record | None, Step, str]] = {}
        self._walks: dict[str, Walk] = {}

    def walk(self, start: str) -> Generator[Question, Answer, Walk]:
        """Walk up from `start`. Raises NoAnswer where the DNS does not answer and `start` has no record."""
        if start not in self._walks:
            self._walks[start] = yield from self._walk(start)
        return self._walks[start]

    def _walk(self, start: str) -> Generator[Question, Answer, Walk]:
        records: list[tuple[str, Record]] = []
        steps: list[Step] = []
        for target in targets(start):
            record, step, status = yield from self._ask(target)
            steps.append(step)
            if status == "no answer":
                broken = NoAnswer(Question(f"_dmarc.{target}", "TXT"), tuple(steps))
                if records and records[0][0] == start:
                    return Walk(start, tuple(records), tuple(steps), broken)
                raise broken
            if record is None:
                continue
            records.append((target, record))
            if record.psd in ("n", "y"):
                break
        return Walk(start, tuple(records), tuple(steps))

    def ask(self, name: str, rdtype: str) -> Generator[Question, Answer, Answer]:
        """Ask, and keep the answer."""
        question = Question(name, rdtype)
        answer = yield question
        self.queries.append((question, answer))
        return answer

    def _ask(self, target: str) -> Generator[Question, Answer, tuple[Record | None, Step, str]]:
        if target not in self._known:
            answer = yield from self.ask(f"_dmarc.{target}", "TXT")
            self._known[target] = (*_read(target, answer), answer.status)
        return self._known[target]


def targets(start: str) -> list[str]:
    """The domains that a walk from `start` asks for, at most eight (RFC 9989 §4.10)."""
    labels = start.split(".")
    found = [start]
    rest = labels[1:] if len(labels) <= LABELS else labels[-LABELS:]
    found += [".".join(rest[at:]) for at in range(len(rest))]
    return [name for name in found if name][:MAX_QUERIES]


def below(name: str, parent: str) -> str:
    """The domain one label below `parent` on the way down to `name`."""
    labels = name.split(".")
    return ".".join(labels[-(parent.count(".") + 2) :])


def _read(target: str, answer: Answer) -> tuple[Record | None, Step]:
    what = f"_dmarc.{visible(target)[:200]} TXT"
    if answer.status == "no answer":
        return None, Step(what, f"no answer: {visible(answer.note)[:200]}", "temperror", WALK)
    if answer.status != "found":
        why = "there is no such name" if answer.status == "no such name" else "no TXT record is there"
        return None, Step(what, why, "none", WALK)
    texts = select(answer.values)
    if len(texts) != 1:
        why = (
            f"{len(texts)} DMARC records, which count as none"
            if texts
            else "no TXT record there begins with v=DMARC1"
        )
        return None, Step(what, why, "none", WALK)
    try:
        record = parse(texts[0])
    except RecordError as error:
        return None, Step(what, error.message, "none", "RFC 9989 §4.7")
    return record, Step(what, visible(record.text)[:400], "known", WALK)
