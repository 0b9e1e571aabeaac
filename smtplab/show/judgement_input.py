"""From what stands in the fields of the judge desk to a judgement, or one sentence that says why not.

The fields are what somebody pasted or opened, so anything may stand in them. It opens no file, looks up no
name and sends nothing: `auth.case` reads and judges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address

from ..auth.answers import read
from ..auth.case import Case, CaseJudgement, Told, delivered, explain, judge_bounce, judge_case, recognise
from ..mail.errors import LabError, RecordError
from ..mail.path import Path
from ..mail.text import encode, visible

Found = Told | CaseJudgement

LIMIT = 5_000_000  # octets of a message or a file; larger ones are for the command
SMALL = 4000  # characters of a small field

NOTHING = "There is nothing here yet: paste the raw source of a message, or open its file."
TOO_LARGE = "This is larger than 5 MB: save it as a file, and run `smtplab judge` on that."
ONLY_ANSWERS = "These are DNS answers: paste them into the box for DNS answers, beside a message."
OUTLOOK = "This is Outlook's own format (.msg): save the message as .eml, or paste its source."


@dataclass(frozen=True, slots=True)
class Given:
    """What stands in the fields, as typed. `file` are the octets of a file that was opened last, which then
    count instead of the text of `message`; `title` is its name."""

    message: str = ""
    answers: str = ""
    ip: str = ""
    mail_from: str = ""
    helo: str = ""
    trusted: str = ""
    file: bytes | None = None
    title: str = ""

    @property
    def octets(self) -> bytes:
        """What is judged."""
        return encode(self.message) if self.file is None else self.file


FIELDS = ("message", "answers", "ip", "mail_from", "helo", "trusted")


def judged(given: Given) -> Found:
    """The judgement on what is given. Raises LabError, with one sentence, for what can't be judged."""
    octets = given.octets
    if not octets.strip():
        raise LabError(NOTHING)
    if len(octets) > LIMIT:
        raise LabError(TOO_LARGE)
    if octets.startswith(b"\xd0\xcf\x11\xe0"):
        raise LabError(OUTLOOK)
    kind = recognise(octets)
    if kind == "DNS answers":
        raise LabError(ONLY_ANSWERS)
    told = None
    if kind not in ("message", "text"):
        try:
            told = explain(octets, kind)
        except RecordError as error:
            raise LabError(f"This was taken for: {kind}, but {error.message}.") from None
        if kind != "bounce":
            return Told(kind, told)
    case, now = case_of(given), datetime.now(UTC)
    try:
        return judge_bounce(case, told, now) if told else judge_case(case, delivered(case, now))
    except RecordError as error:  # of the trusted hosts alone
        raise LabError(f"Hosts that you trust: {error.message}, not {_cut(error.text)!r}.") from None


def case_of(given: Given) -> Case:
    """The case that the fields make. Raises LabError for a field that can't be read."""
    trusted = tuple(given.trusted[:SMALL].replace(",", " ").split())
    helo = given.helo[:SMALL].strip() or None
    return Case(given.octets, _ip(given.ip), _path(given.mail_from), helo, trusted, read(given.answers))


def _ip(text: str) -> str | None:
    text = text[:SMALL].strip()
    try:
        return str(ip_address(text)) if text else None
    except ValueError:
        raise LabError(f"The connecting address wants an IP address, not {_cut(text)!r}.") from None


def _path(text: str) -> str | None:
    text = text[:SMALL].strip()
    if text in ("", "<>"):
        return "" if text else None
    try:
        return Path.of(text.removeprefix("<").removesuffix(">")).address
    except RecordError as error:
        raise LabError(f"MAIL FROM: {error.message}.") from None


def _cut(text: str) -> str:
    return visible(text)[:100]


def filled(given: Given, fields: dict[str, object]) -> Given:
    """`given` with what stands in the fields now; what is no text is left out."""
    texts = {name: value for name in FIELDS if isinstance(value := fields.get(name), str)}
    return replace(given, **texts)  # type: ignore[arg-type]
