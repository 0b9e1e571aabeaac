"""Path: the address in MAIL and RCPT (RFC 5321 §4.1.2, RFC 6531 §3.3).

Answers: is `<"Alice A."@acorn.example>` well-formed, and which mailbox does it name? A path is what
stands between and including the angle brackets. Quoting is undone, a source route is dropped, and
what is malformed is pointed at.

It does not look anything up: a well-formed path may name nobody. It is not for header fields, whose
addresses have comments and display names (RFC 5322 §3.4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .domain import check_domain, check_length, to_ascii
from .errors import RecordError

MAX_LOCAL = 64  # RFC 5321 §4.5.3.1.1, in octets
MAX_PATH = 256  # RFC 5321 §4.5.3.1.3, in octets, with the brackets and other punctuation

# Controls are never part of a path. RFC 6531 §3.3 would let the C1 controls (U+0080 to U+009F) pass as
# UTF8-non-ascii; here they are refused, because other software takes U+0085 for the end of a line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_SURROGATE = re.compile(r"[\ud800-\udfff]+")  # how mail.text.decode keeps an octet that is not UTF-8
_NON_ASCII = re.compile(r"[^\x00-\x7f]+")

# Dot-string = Atom *("." Atom) ; Atom = 1*atext (RFC 5321 §4.1.2; beyond ASCII: RFC 6531 §3.3)
# Written as what it is not: re takes twenty times as long to compile the list of all that it is.
_ATEXT = r"[^\x00-\x20\"(),.:;<>@\[\\\]\x7f-\x9f\ud800-\udfff]"
_DOT_STRING = re.compile(rf"{_ATEXT}++(?:\.{_ATEXT}++)*+")
# Quoted-string = DQUOTE *QcontentSMTP DQUOTE ; a backslash quotes one printable ASCII character
_QUOTED = re.compile(r'"((?:[^"\\]++|\\[ -~])*+)"')
_POSTMASTER = re.compile(r"(postmaster)>", re.IGNORECASE)
_DOMAIN = re.compile(r"\[[^\]]*+\]|[^ >,:]*+")

_LOCAL_RULE = (
    "a local part is letters, digits and !#$%&'*+-/=?^_`{|}~ with single dots between, or it is in quotes"
)


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A mailbox in the envelope, or the null reverse-path when both parts are empty.

    `local` is without quotes and `domain` as written, an address literal with its square brackets.
    Only `postmaster` may come without a domain (RFC 5321 §4.1.1.3). Two paths are equal when the
    domains are, in any case, and the local parts are, letter by letter (RFC 5321 §2.4). Raises
    RecordError when the parts cannot stand in a path.
    """

    local: str = ""
    domain: str = ""

    def __post_init__(self) -> None:
        written = str(self)
        _check_characters(written, utf8=True)
        end = len(written) - 1
        if self.domain:
            at = end - len(self.domain)
            check_length(written, (1, at - 1), MAX_LOCAL, "a local part")
            check_domain(written, (at, end))
            check_length(written, (0, end + 1), MAX_PATH, "a path")
        elif self.local and self.local.lower() != "postmaster":
            raise RecordError("an address needs @ and a domain", written, (end, end))

    @classmethod
    def parse(cls, text: str, *, utf8: bool = True) -> Path:
        """The path that `text`, with its angle brackets, is; a source route in it is dropped.

        With `utf8=False`, when the client did not ask for SMTPUTF8, only ASCII is accepted. Raises
        RecordError (RFC 5321 §4.1.2).
        """
        _check_characters(text, utf8)
        path, end = _path(text)
        if end < len(text):
            raise RecordError('nothing may follow the closing ">" of a path', text, (end, len(text)))
        return path

    @classmethod
    def of(cls, address: str) -> Path:
        """The path for an address without angle brackets; "" is the null reverse-path."""
        return cls.parse(f"<{address}>")

    @property
    def is_null(self) -> bool:
        """True for `<>`, from which DSNs come, so that nothing answers them (RFC 5321 §4.5.5)."""
        return not self.local and not self.domain

    @property
    def needs_utf8(self) -> bool:
        """True when the path has characters outside ASCII, so that it needs SMTPUTF8."""
        return not (self.local.isascii() and self.domain.isascii())

    @property
    def domain_ascii(self) -> str:
        """The domain in lower case for the DNS, each U-label as its A-label (`xn--…`)."""
        return to_ascii(self.domain)

    @property
    def address(self) -> str:
        """The address with as few quotes as it needs (RFC 5321 §4.1.2) and no angle brackets."""
        if not self.domain:
            return self.local
        plain = _DOT_STRING.fullmatch(self.local)
        return f"{self.local if plain else _quote(self.local)}@{self.domain}"

    def __str__(self) -> str:
        return f"<{self.address}>"

    def _key(self) -> tuple[str, str]:
        # RFC 5321 §4.1.1.3: postmaster is the one local part that is the same in any case.
        local = "postmaster" if self.local.lower() == "postmaster" else self.local
        return local, self.domain_ascii

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Path) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())


def split_path(argument: str, *, utf8: bool = True) -> tuple[Path, str]:
    """The path at the front of a MAIL or RCPT argument, and the parameters after it.

    `argument` is what follows `FROM:` or `TO:`, for instance `<a@b> SIZE=10`; a quoted local part may
    hold spaces and ">" itself. Raises RecordError (RFC 5321 §4.1.2).
    """
    _check_characters(argument, utf8)
    path, end = _path(argument)
    if end < len(argument) and argument[end] != " ":
        raise RecordError("a space stands between the path and its parameters", argument, (end, end + 1))
    return path, argument[end:].strip(" ")


def _check_characters(text: str, utf8: bool) -> None:
    if control := _CONTROL.search(text):
        raise RecordError("an address and its parameters hold no control characters", text, control.span())
    if odd := _SURROGATE.search(text):
        raise RecordError("characters outside ASCII are written in UTF-8", text, odd.span())
    if not utf8 and (found := _NON_ASCII.search(text)):
        raise RecordError("characters outside ASCII need the SMTPUTF8 parameter on MAIL", text, found.span())


def _path(text: str) -> tuple[Path, int]:
    """Path = "<" [ A-d-l ":" ] Mailbox ">", and where it ends."""
    if not text.startswith("<"):
        spaces = len(text) - len(text.lstrip(" "))
        rule = 'a path begins with "<", and no space stands before it'  # RFC 5321 §3.3
        raise RecordError(rule, text, (0, spaces or min(1, len(text))))
    if text.startswith("<>"):
        return Path(), 2
    if found := _POSTMASTER.match(text, 1):
        return Path(found[1], ""), found.end()
    local, at = _local(text, _after_route(text))
    _expect(text, at, "@", "@ and a domain follow the local part; any other character there needs quotes")
    end = _domain_end(text, at + 1)
    _expect(text, end, ">", 'a path ends with ">"')
    check_length(text, (0, end + 1), MAX_PATH, "a path")
    return Path(local, text[at + 1 : end]), end + 1


def _after_route(text: str) -> int:
    """A-d-l = "@" Domain *( "," "@" Domain ): must be accepted and is ignored (RFC 5321 §4.1.1.3)."""
    if not text.startswith("@", 1):
        return 1
    end = 0
    while end == 0 or text.startswith(",", end):
        _expect(text, end + 1, "@", 'each host of a source route begins with "@"')
        end = _domain_end(text, end + 2, literal=False)
    _expect(text, end, ":", 'a local part stands before "@"; a source route ends with a colon')
    return end + 1


def _local(text: str, start: int) -> tuple[str, int]:
    """Local-part = Dot-string / Quoted-string: its unquoted form, and where it ends."""
    if text.startswith('"', start):
        found = _QUOTED.match(text, start)
        if not found:
            rule = 'a quoted local part ends with a quote; inside it a backslash stands before " and \\'
            raise RecordError(rule, text, (start, len(text)))
        local = re.sub(r"\\(.)", r"\1", found[1])
    else:
        found = _DOT_STRING.match(text, start)
        if not found or text.startswith(".", found.end()):
            end = found.end() if found else start
            raise RecordError(_LOCAL_RULE, text, (end, min(end + 1, len(text))))
        local = found[0]
    check_length(text, (start, found.end()), MAX_LOCAL, "a local part")
    return local, found.end()


def _domain_end(text: str, start: int, literal: bool = True) -> int:
    """Where the domain or address literal that begins at `start`, and is well-formed, ends."""
    found = _DOMAIN.match(text, start)
    end = found.end() if found else start
    check_domain(text, (start, end), literal=literal)
    return end


def _expect(text: str, at: int, char: str, rule: str) -> None:
    if not text.startswith(char, at):
        raise RecordError(rule, text, (at, min(at + 1, len(text))))


def _quote(local: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
