"""`smtplab judge`: files and standard input to a case, and what was wrong with them in one sentence.

No name is looked up and nothing is sent: DNS answers are pasted. `--live-dns` alone asks (`live_dns`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .auth.answers import Answers, commands, read
from .auth.case import (
    Case,
    CaseJudgement,
    Redactor,
    Told,
    delivered,
    explain,
    judge_bounce,
    judge_case,
    questions,
    recognise,
    requirements,
)
from .mail.errors import RecordError
from .mail.path import Path as MailPath
from .mail.route import Question
from .mail.text import decode, visible

if TYPE_CHECKING:
    from .live_dns import LiveDns

MOST = 50 << 20  # octets of one file
OF_COPY = "The rules of large providers are held against the message that came back, not against the bounce."


@dataclass(frozen=True, slots=True)
class Page:
    """What the command prints: what was found, also the rules of large providers, also redacted."""

    found: CaseJudgement | Told
    with_rules: bool = False
    redacted: bool = False
    asked: tuple[Question, ...] = ()  # what was looked up

    @property
    def judgement(self) -> CaseJudgement | None:
        """The judgement that rules are about: on a message, and for a bounce on what came back in it."""
        return self.found.about if isinstance(self.found, Told) else self.found

    @property
    def _of_copy(self) -> bool:
        return isinstance(self.found, Told) and self.found.returned is not None

    def text(self, *, whole: bool = False) -> str:
        """For a terminal."""
        parts = [self.found.text(whole=whole)]
        if self.with_rules and self.judgement:
            parts += [OF_COPY] if self._of_copy else []
            parts += [verdict.text() for verdict in requirements(self.judgement)]
            lines = commands(questions(self.judgement))["dig"]
            parts += ["\n".join(["For these rules run, and paste what it prints:", *lines])] if lines else []
        parts += [self._asked] if self.asked else []
        page = "\n\n".join(parts)
        return Redactor().text(page) if self.redacted else page

    @property
    def _asked(self) -> str:
        names = ", ".join(f"{one.rdtype} {visible(one.name)}" for one in self.asked)
        return f"Looked up just now, as the DNS is today: {names}."

    def html(self) -> str:
        """As an HTML page that needs nothing else."""
        from .show.judgement_page import html

        made = self.judgement if self.with_rules else None
        return html(
            self.found,
            rules=requirements(made) if made else (),
            commands=commands(questions(made)) if made else None,
            say=Redactor().text if self.redacted else str,
            note=" ".join(
                [*([OF_COPY] if made and self._of_copy else []), *([self._asked] if self.asked else [])]
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        told = self.found.to_dict()
        if self.with_rules and self.judgement:
            told["requirements"] = [verdict.to_dict() for verdict in requirements(self.judgement)]
        if self.asked:
            told["looked_up"] = [{"name": one.name, "type": one.rdtype} for one in self.asked]
        return Redactor().data(told) if self.redacted else told


class BadInput(Exception):
    """What was given can't be used, in one sentence that says why."""


def judge(
    message: str,
    dns: Sequence[str],
    *,
    ip: str | None,
    mail_from: str | None,
    helo: str | None,
    trusted: Sequence[str],
    live: LiveDns | None = None,
    with_rules: bool = False,
) -> CaseJudgement | Told:
    """The judgement on the file `message` with the answers in the files `dns`; "-" is standard input.

    What is no message, such as a reply or a report, is read as what it is. For a bounce with the message that
    it is about, `ip`, `mail_from` and `helo` are of that message, and both are judged. `live` is asked for
    what is missing, with `with_rules` also for what the providers' rules hang on.

    Raises BadInput.
    """
    if [message, *dns].count("-") > 1:
        raise BadInput("Only one of the message and the DNS answers can come from standard input.")
    octets = contents(message)
    kind = recognise(octets)
    if not octets.strip():
        raise BadInput(f"{_shown(message)} is empty: give the raw source of a message.")
    if kind == "DNS answers":
        raise BadInput(f"{_shown(message)} looks like DNS answers: give them with --dns, beside a message.")
    told = None
    if kind not in ("message", "text"):
        try:
            told = explain(octets, kind)
        except RecordError as error:
            raise BadInput(f"{_shown(message)} was taken for: {kind}, but {error.message}.") from None
        if kind != "bounce":
            return Told(kind, told)
    answers = Answers()
    for path in dns:
        answers += read(decode(contents(path)))
    now = datetime.now(UTC)
    case = Case(octets, _ip(ip), _path(mail_from), helo, tuple(trusted), answers)

    def found(at_hand: Answers) -> CaseJudgement | Told:
        one = replace(case, answers=at_hand)
        return judge_bounce(one, told, now) if told else judge_case(one, delivered(one, now))

    try:
        if live is None:
            return found(answers)
        return live.complete(answers, found, lambda one: _missing(one, with_rules))
    except RecordError as error:  # of --trust alone
        raise BadInput(f"--trust: {error.message}, not {visible(error.text)[:100]!r}.") from None


def ask_live(tell: Callable[[str], None]) -> LiveDns:
    """Who asks the system's resolver, and tells of it. Raises BadInput where the system has none."""
    from dns.resolver import NoResolverConfiguration

    from .live_dns import LiveDns

    try:
        return LiveDns(tell)
    except NoResolverConfiguration:
        raise BadInput("--live-dns: this system has no resolver set up.") from None


def _missing(found: CaseJudgement | Told, with_rules: bool) -> Iterator[Question]:
    """What a judgement, and that on a message which came back, hang on."""
    made = (found.judgement, found.returned) if isinstance(found, Told) else (found,)
    for judgement in made:
        if judgement:
            yield from judgement.missing
    if with_rules and (about := next((one for one in reversed(made) if one), None)):
        yield from questions(about)


def contents(path: str) -> bytes:
    """The octets of a file, or of standard input. Raises BadInput."""
    try:
        if path == "-":
            octets = sys.stdin.buffer.read(MOST + 1)
        else:
            with Path(path).open("rb") as file:
                octets = file.read(MOST + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such name of a file"
        raise BadInput(f"{_shown(path)} can't be read: {why}.") from None
    if len(octets) > MOST:
        raise BadInput(f"{_shown(path)} has more than {MOST >> 20} MB, and that is no mail.")
    return octets


def write(path: str, page: str, *, unlike: Sequence[str]) -> None:
    """Write an HTML page to a file, which is none of the files that were read. Raises BadInput."""
    file = Path(path)
    try:
        if any(Path(other).exists() and file.exists() and file.samefile(other) for other in unlike):
            raise BadInput(f"{_shown(path)} is what was read: give --html another file.")
        file.write_text(page, encoding="utf-8", newline="\n")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such name of a file"
        raise BadInput(f"{_shown(path)} can't be written: {why}.") from None


def _shown(path: str) -> str:
    return "Standard input" if path == "-" else visible(path)[:200]


def _ip(text: str | None) -> str | None:
    try:
        return None if text is None else str(ip_address(text.strip()))
    except ValueError:
        raise BadInput(f"--ip wants an IP address, not {visible(text or '')[:100]!r}.") from None


def _path(text: str | None) -> str | None:
    if text is None or text in ("", "<>"):
        return "" if text is not None else None
    try:
        return MailPath.of(text.removeprefix("<").removesuffix(">")).address
    except RecordError as error:
        raise BadInput(f"--mail-from: {error.message}.") from None
