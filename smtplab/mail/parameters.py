"""The parameters of MAIL and RCPT (RFC 5321 §4.1.2), and xtext (RFC 3461 §4).

Answers: is `SIZE=10 RET=HDRS ENVID=QQ314` well-formed, and what does each value say? Every check
points at the value that is wrong. Whether a server offers the extension that a parameter belongs to
is the server's question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import RecordError
from .path import Path
from .text import decode, encode

MAX_ENVID = 100  # RFC 3461 §4.4, in characters of xtext
MAX_ORCPT = 500  # RFC 3461 §4.2, in characters

_WORD = re.compile(r"[^ ]++")
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*+")
# esmtp-value = 1*(%d33-60 / %d62-126), beyond ASCII with SMTPUTF8 (RFC 6531 §3.3)
_NOT_IN_VALUE = re.compile(r"[\x00-\x20=\x7f-\x9f\ud800-\udfff]")
_NOT_XTEXT = re.compile(r"\+(?![0-9A-F]{2})|[^!-<>-~]")
_ADDR_TYPE = re.compile(r"[A-Za-z0-9!#$%&'*+/?^_`{|}~-]+")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its keyword in upper case, its value or None, and where the value stands in `text`."""

    keyword: str
    value: str | None
    text: str
    span: tuple[int, int]

    def wrong(self, rule: str) -> RecordError:
        """The error that points at this parameter's value and says what would be right."""
        return RecordError(rule, self.text, self.span)

    def given(self) -> str:
        """The value. Raises RecordError when there is none."""
        if self.value is None:
            raise self.wrong(f"{self.keyword} needs a value, as in {self.keyword}=…")
        return self.value


def parse_parameters(rest: str) -> dict[str, str]:
    """The parameters after a path as keyword -> value, "" where a keyword stands alone.

    Keywords come in upper case, values as written. Raises RecordError on what the grammar forbids
    and on a keyword given twice (RFC 5321 §4.1.2).
    """
    return {each.keyword: each.value or "" for each in scan(rest)}


def scan(text: str, start: int = 0) -> list[Parameter]:
    """The parameters in `text` from `start` on, each with its span in `text`. Raises RecordError."""
    found: dict[str, Parameter] = {}
    for word in _WORD.finditer(text, start):
        each = _parameter(text, *word.span())
        if each.keyword in found:
            at = word.start()
            raise RecordError(f"{each.keyword} stands once", text, (at, at + len(each.keyword)))
        found[each.keyword] = each
    return list(found.values())


def _parameter(text: str, start: int, end: int) -> Parameter:
    """esmtp-param = esmtp-keyword ["=" esmtp-value] (RFC 5321 §4.1.2)."""
    keyword = _KEYWORD.match(text, start, end)
    after = keyword.end() if keyword else start
    if not keyword or (after < end and text[after] != "="):
        rule = "a parameter is a keyword of letters, digits and hyphens, then perhaps = and a value"
        raise RecordError(rule, text, (after, after + 1))
    if after == end:
        return Parameter(keyword[0].upper(), None, text, (start, end))
    if after + 1 == end:
        raise RecordError('a value follows "="', text, (end, end))
    if bad := _NOT_IN_VALUE.search(text, after + 1, end):
        rule = 'a value holds no "=" and no control character; xtext writes them as + and two hex digits'
        raise RecordError(rule, text, bad.span())
    return Parameter(keyword[0].upper(), text[after + 1 : end], text, (after + 1, end))


def xtext_encode(text: str) -> str:
    """`text` as xtext: printable ASCII but "+" and "=" as it is, other octets as `+` and two hex digits."""
    return "".join(
        chr(octet) if 33 <= octet <= 126 and octet not in b"+=" else f"+{octet:02X}" for octet in encode(text)
    )


def xtext_decode(value: str) -> str:
    """The text that `value`, xtext, stands for. Raises RecordError (RFC 3461 §4)."""
    if bad := _NOT_XTEXT.search(value):
        end = min(bad.start() + 3, len(value)) if bad[0] == "+" else bad.end()
        rule = 'xtext is printable ASCII without "=", and "+" only before two upper-case hex digits'
        raise RecordError(rule, value, (bad.start(), end))
    return decode(re.sub(rb"\+(..)", lambda found: bytes.fromhex(found[1].decode()), value.encode()))


def word(parameter: Parameter, *allowed: str) -> str:
    """The value in upper case. Raises RecordError unless it is one of `allowed`."""
    value = parameter.given().upper()
    if value not in allowed:
        raise parameter.wrong(f"{parameter.keyword} is one of {', '.join(allowed)}")
    return value


def flag(parameter: Parameter) -> bool:
    """True. Raises RecordError when the parameter has a value."""
    if parameter.value is not None:
        raise parameter.wrong(f"{parameter.keyword} takes no value")
    return True


def size(parameter: Parameter) -> int:
    """The value of SIZE in octets: 1 to 20 digits (RFC 1870 §3). Raises RecordError."""
    value = parameter.given()
    if not re.fullmatch("[0-9]{1,20}", value):
        raise parameter.wrong("SIZE is the number of octets, 1 to 20 digits")
    return int(value)


def notify(parameter: Parameter) -> tuple[str, ...]:
    """The value of NOTIFY: NEVER alone, or SUCCESS, FAILURE and DELAY in a list (RFC 3461 §4.1)."""
    words = tuple(dict.fromkeys(parameter.given().upper().split(",")))
    if words != ("NEVER",) and not {"SUCCESS", "FAILURE", "DELAY"}.issuperset(words):
        raise parameter.wrong("NOTIFY is NEVER alone, or SUCCESS, FAILURE and DELAY with commas between")
    return words


def envid(parameter: Parameter) -> str:
    """The value of ENVID, decoded: printable ASCII (RFC 3461 §4.4). Raises RecordError."""
    value = parameter.given()
    if len(value) > MAX_ENVID:
        raise parameter.wrong(f"ENVID has at most {MAX_ENVID} characters, and this has {len(value)}")
    return _printable(parameter, _decoded(parameter, value))


def orcpt(parameter: Parameter) -> str:
    """The value of ORCPT, decoded: `rfc822;bob@birch.example` (RFC 3461 §4.2). Raises RecordError."""
    value = parameter.given()
    kind, semicolon, address = value.partition(";")
    if not semicolon or not _ADDR_TYPE.fullmatch(kind) or not address:
        raise parameter.wrong(
            "ORCPT is an address type, a semicolon and the address: rfc822;bob@birch.example"
        )
    if len(value) > MAX_ORCPT:
        raise parameter.wrong(f"ORCPT has at most {MAX_ORCPT} characters, and this has {len(value)}")
    # RFC 6533 §3: only the type utf-8 may go beyond ASCII, and then it need not be xtext.
    utf8 = kind.lower() == "utf-8"
    decoded = address if utf8 and not address.isascii() else _decoded(parameter, address)
    return f"{kind};{_printable(parameter, decoded, utf8=utf8)}"


def auth(parameter: Parameter) -> str:
    """The value of AUTH, decoded: the address that submitted the message, or <> (RFC 4954 §5)."""
    decoded = _decoded(parameter, parameter.given())
    if decoded != "<>":
        try:
            Path.of(decoded)
        except RecordError as error:
            raise parameter.wrong(f"AUTH is an address in xtext, or <>: {error.message}") from None
    return decoded


def _decoded(parameter: Parameter, value: str) -> str:
    """`value`, the end of the parameter's value, from xtext; an error points into the parameter's text."""
    try:
        return xtext_decode(value)
    except RecordError as error:
        shift = parameter.span[1] - len(value)
        start, end = error.span
        raise RecordError(error.message, parameter.text, (start + shift, end + shift)) from None


def _printable(parameter: Parameter, text: str, *, utf8: bool = False) -> str:
    """`text`, which goes into a DSN's header fields one day, so that a control would be an attack."""
    if not text.isprintable() or not (utf8 or text.isascii()):
        raise parameter.wrong(f"{parameter.keyword} stands for printable ASCII, also once it is decoded")
    return text
