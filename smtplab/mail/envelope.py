"""Envelope: what MAIL and RCPT said about a message (RFC 5321 §2.3.1).

Answers: where do bounces go, who gets the message, and what was declared about it? The envelope is
not the message: To and From in the header section may say something else.

The records keep parameters that they do not know in `other`, for the server to refuse with 555. They
do not know what the server offers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import parameters
from .errors import RecordError
from .parameters import Parameter, parse_parameters, xtext_decode, xtext_encode
from .path import Path, split_path

__all__ = [
    "Envelope",
    "MailParameters",
    "Recipient",
    "parse_mail",
    "parse_parameters",
    "parse_rcpt",
    "xtext_decode",
    "xtext_encode",
]


@dataclass(frozen=True, slots=True)
class MailParameters:
    """What MAIL declared: `size` in octets or None, `body` "", "7BIT", "8BITMIME" or "BINARYMIME".

    `ret` is "", "FULL" or "HDRS", `envid` and `auth` are decoded from xtext. `other` has the
    parameters that are not known here, as (keyword, value or "").
    """

    body: str = ""
    size: int | None = None
    smtputf8: bool = False
    ret: str = ""
    envid: str = ""
    auth: str = ""
    requiretls: bool = False
    other: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str, start: int = 0) -> MailParameters:
        """The parameters of MAIL in `text` from `start` on. Raises RecordError."""
        known: dict[str, Any] = {}
        other: list[tuple[str, str]] = []
        for each in parameters.scan(text, start):
            match each.keyword:
                case "BODY":
                    known["body"] = parameters.word(each, "7BIT", "8BITMIME", "BINARYMIME")
                case "SIZE":
                    known["size"] = parameters.size(each)
                case "RET":
                    known["ret"] = parameters.word(each, "FULL", "HDRS")
                case "ENVID":
                    known["envid"] = parameters.envid(each)
                case "AUTH":
                    known["auth"] = parameters.auth(each)
                case "SMTPUTF8" | "REQUIRETLS":
                    known[each.keyword.lower()] = parameters.flag(each)
                case _:
                    other.append(_kept(each))
        return cls(**known, other=tuple(other))

    def __str__(self) -> str:
        """The parameters as MAIL carries them, one space between."""
        pairs = (
            ("BODY", self.body),
            ("SIZE", "" if self.size is None else str(self.size)),
            ("RET", self.ret),
            ("ENVID", xtext_encode(self.envid)),
            ("AUTH", xtext_encode(self.auth)),
        )
        flags = [("SMTPUTF8", "")] * self.smtputf8 + [("REQUIRETLS", "")] * self.requiretls
        return _written([*(pair for pair in pairs if pair[1]), *flags, *self.other])


@dataclass(frozen=True, slots=True)
class Recipient:
    """One accepted RCPT: the forward-path, and which DSNs the sender asked for.

    `notify` is () when nothing was asked, ("NEVER",), or some of SUCCESS, FAILURE and DELAY; `orcpt`
    is "" or the address type and the decoded address, `rfc822;bob@birch.example`.
    """

    path: Path
    notify: tuple[str, ...] = ()
    orcpt: str = ""
    other: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """What follows `RCPT TO:`."""
        kind, _, address = self.orcpt.partition(";")
        pairs = [("NOTIFY", ",".join(self.notify))] * bool(self.notify)
        pairs += [("ORCPT", f"{kind};{xtext_encode(address)}")] * bool(self.orcpt)
        return f"{self.path} {_written([*pairs, *self.other])}".rstrip()


@dataclass(frozen=True, slots=True)
class Envelope:
    """A transaction's envelope: the reverse-path, the forward-paths in order, and the parameters.

    `recipients` has one Recipient for each forward-path; left out, they have no parameters.
    """

    reverse_path: Path
    forward_paths: tuple[Path, ...] = ()
    parameters: MailParameters = MailParameters()
    recipients: tuple[Recipient, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.recipients:
            object.__setattr__(self, "recipients", tuple(map(Recipient, self.forward_paths)))
        if tuple(recipient.path for recipient in self.recipients) != self.forward_paths:
            raise ValueError("recipients and forward_paths must name the same paths in the same order")

    def add(self, recipient: Recipient) -> Envelope:
        """The envelope after one more accepted RCPT."""
        paths = (*self.forward_paths, recipient.path)
        return Envelope(self.reverse_path, paths, self.parameters, (*self.recipients, recipient))

    @property
    def needs_utf8(self) -> bool:
        """True when a path goes beyond ASCII, so that MAIL must carry SMTPUTF8 (RFC 6531 §3.4)."""
        return self.reverse_path.needs_utf8 or any(path.needs_utf8 for path in self.forward_paths)

    def commands(self) -> tuple[str, ...]:
        """The MAIL command and the RCPT commands that say this envelope, without line ends."""
        mail = f"MAIL FROM:{self.reverse_path} {self.parameters}".rstrip()
        return (mail, *(f"RCPT TO:{recipient}" for recipient in self.recipients))

    def to_dict(self) -> dict[str, Any]:
        """The envelope as plain JSON types: addresses without angle brackets, parameters as written."""
        return {
            "reverse_path": self.reverse_path.address,
            "forward_paths": [path.address for path in self.forward_paths],
            "commands": list(self.commands()),
        }


def parse_mail(argument: str) -> tuple[Path, MailParameters]:
    """What follows `MAIL FROM:`: the reverse-path and the parameters (RFC 5321 §4.1.1.2).

    Characters beyond ASCII in the path need the parameter SMTPUTF8. Raises RecordError.
    """
    path, rest = split_path(argument)
    found = MailParameters.parse(argument, _start(argument, rest))
    if path.local and not path.domain:
        end = argument.index(">")
        rule = "a reverse-path has @ and a domain; only RCPT may name postmaster alone"
        raise RecordError(rule, argument, (end, end))
    if not found.smtputf8:
        split_path(argument, utf8=False)
    return path, found


def parse_rcpt(argument: str, *, utf8: bool = True) -> Recipient:
    """What follows `RCPT TO:` (RFC 5321 §4.1.1.3); `utf8` says whether MAIL carried SMTPUTF8.

    Raises RecordError, also for the null path: nobody reads what is sent to nobody.
    """
    path, rest = split_path(argument, utf8=utf8)
    if path.is_null:
        raise RecordError("a forward-path names a mailbox; only MAIL may say <>", argument, (0, 2))
    known: dict[str, Any] = {}
    other: list[tuple[str, str]] = []
    for each in parameters.scan(argument, _start(argument, rest)):
        match each.keyword:
            case "NOTIFY":
                known["notify"] = parameters.notify(each)
            case "ORCPT":
                known["orcpt"] = parameters.orcpt(each)
            case _:
                other.append(_kept(each))
    return Recipient(path, **known, other=tuple(other))


def _start(argument: str, rest: str) -> int:
    """Where the parameters `rest`, the end of `argument` but for spaces, begin."""
    return len(argument.rstrip(" ")) - len(rest)


def _kept(parameter: Parameter) -> tuple[str, str]:
    return parameter.keyword, parameter.value or ""


def _written(pairs: list[tuple[str, str]]) -> str:
    return " ".join(f"{keyword}={value}" if value else keyword for keyword, value in pairs)
