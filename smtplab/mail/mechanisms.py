"""What the messages of SASL mechanisms hold: PLAIN (RFC 4616), SCRAM (RFC 5802), OAUTHBEARER (RFC 7628).

Answers: which parts has this message, once its base64 is undone? A server reads what a client sent with
these records, and `sasl` explains them to people. LOGIN has no messages of its own: each line is one bare
value. This module checks no password, and does no cryptography.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import RecordError

KVSEP = "\x01"  # RFC 7628 §3.1: stands around every key and value

_FLAG = re.compile(r"n|y|p=[A-Za-z0-9.-]+")  # gs2-cbind-flag (RFC 5802 §7)
_NAME = re.compile(r"(?:[^=,\0]|=2C|=3D)*")  # saslname (RFC 5802 §7), here possibly empty
_ATTRIBUTE = re.compile(r"([A-Za-z])=([^,\0]+)")
_PAIR = re.compile(r"([A-Za-z]+)=([\t\r\n -~]*)")
_TOKEN = re.compile(r"Bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)  # RFC 6750 §2.1


def utf8(data: bytes) -> str:
    """The text of a message, which is UTF-8 in all of these mechanisms. Raises RecordError."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", "surrogateescape")
        start = len(data[: error.start].decode("utf-8"))
        raise RecordError("A SASL message is UTF-8", text, (start, start + 1)) from None


@dataclass(frozen=True, slots=True)
class Plain:
    """The one message of PLAIN. `authorization` is the account to act as, "" for the account itself."""

    authorization: str
    account: str
    password: str

    @classmethod
    def parse(cls, data: bytes) -> Plain:
        """[authorization] NUL account NUL password (RFC 4616 §2). Raises RecordError."""
        text = utf8(data)
        parts = text.split("\0")
        if len(parts) != 3:
            wanted = "AUTH PLAIN needs: authorization id, NUL, account, NUL, password"
            raise RecordError(wanted, text, (0, len(text)))
        if not parts[1] or not parts[2]:
            raise RecordError("AUTH PLAIN needs an account and a password", text, (0, len(text)))
        return cls(*parts)


@dataclass(frozen=True, slots=True)
class Gs2:
    """How a message of SCRAM or OAUTHBEARER begins: what the client says about channel binding, and whom
    it wants to act as ("" for the account itself).

    `flag` is "n" (the client binds to no channel), "y" (it could, but saw no -PLUS on offer) or "p=type".
    """

    flag: str
    authorization: str

    @classmethod
    def parse(cls, text: str) -> tuple[Gs2, str]:
        """The header, and what follows it (RFC 5802 §7). Raises RecordError."""
        flag, comma, rest = text.partition(",")
        if not comma or not _FLAG.fullmatch(flag):
            raise RecordError("The message begins with n, y or p=type, and a comma", text, (0, len(flag)))
        name, comma, rest = rest.partition(",")
        start = len(flag) + 1
        if not comma or (name and not name.startswith("a=")):
            wanted = "After the first comma stands a=authorization id, or nothing, and a comma"
            raise RecordError(wanted, text, (start, start + len(name)))
        return cls(flag, _unescaped(name.removeprefix("a="), text, start)), rest


@dataclass(frozen=True, slots=True)
class Scram:
    """A message of SCRAM: attributes, each one letter and a value, in their order.

    `header` stands on the client's first message only.
    """

    attributes: tuple[tuple[str, str], ...]
    header: Gs2 | None = None

    def get(self, letter: str) -> str:
        """The value of an attribute, "" when it is missing."""
        return dict(self.attributes).get(letter, "")

    @property
    def account(self) -> str:
        """The account's name in the client's first message, its commas and equal signs as they were."""
        return _unescaped(self.get("n"), self.get("n"), 0)

    @classmethod
    def parse(cls, data: bytes, *letters: str, header: bool = False) -> Scram:
        """A message whose attributes are one of `letters`: "nr" the client's first, "rsi" the server's first,
        "crp" the client's last, "v" or "e" the server's last (RFC 5802 §5.1, RFC 5802 §7).

        Extensions may follow, before the p of the client's last. Raises RecordError.
        """
        text = utf8(data)
        gs2, body = Gs2.parse(text) if header else (None, text)
        start = len(text) - len(body)
        found = []
        for part in body.split(","):
            attribute = _ATTRIBUTE.fullmatch(part)
            if not attribute:
                wanted = "Between commas stands a letter, an equal sign and a value"
                raise RecordError(wanted, text, (start, start + len(part)))
            found.append((attribute[1], attribute[2]))
            start += len(part) + 1
        message = cls(tuple(found), gs2)
        if not any(message._has(wanted) for wanted in letters):
            wanted = " or ".join(", ".join(letter) for letter in letters)
            raise RecordError(f"The attributes are {wanted}, in this order", text, (0, len(text)))
        if header:
            _unescaped(message.get("n"), text, len(text) - len(body))
        return message

    def _has(self, letters: str) -> bool:
        """The attributes are these, once each; extensions stand last, or before the p."""
        given = "".join(letter for letter, _ in self.attributes)
        if len(set(given)) < len(given):
            return False
        last = "p" if letters.endswith("p") else ""
        return given.startswith(letters.removesuffix("p")) and given.endswith(last)


@dataclass(frozen=True, slots=True)
class Bearer:
    """The client's message of OAUTHBEARER: the header, and pairs such as host, port and auth.

    A lone %x01 is the answer to the server's error message: it has neither, and `is_error_seen` says so.
    """

    header: Gs2
    pairs: tuple[tuple[str, str], ...]
    is_error_seen: bool = False

    @property
    def token(self) -> str:
        """The bearer token, "" when the auth pair is missing or of another kind (RFC 6750 §2.1)."""
        found = _TOKEN.fullmatch(dict(self.pairs).get("auth", ""))
        return found[1] if found else ""

    @classmethod
    def parse(cls, data: bytes) -> Bearer:
        """gs2-header %x01 *(key=value %x01) %x01, or %x01 alone (RFC 7628 §3.1, RFC 7628 §3.2.3).

        Raises RecordError.
        """
        text = utf8(data)
        if text == KVSEP:
            return cls(Gs2("n", ""), (), is_error_seen=True)
        header, rest = Gs2.parse(text)
        start = len(text) - len(rest) + 1
        if rest != KVSEP * 2 and not (rest.startswith(KVSEP) and rest.endswith(KVSEP * 2)):
            wanted = "%x01 stands before the pairs, after each, and once more"
            raise RecordError(wanted, text, (start - 1, len(text)))
        found = []
        for part in [] if rest == KVSEP * 2 else rest[1:-2].split(KVSEP):
            pair = _PAIR.fullmatch(part)
            if not pair:
                raise RecordError("A pair is key=value, in ASCII", text, (start, start + len(part)))
            found.append((pair[1].lower(), pair[2]))
            start += len(part) + 1
        return cls(header, tuple(found))

    def format(self) -> bytes:
        """The message as it goes into base64."""
        if self.is_error_seen:
            return KVSEP.encode()
        name = f"a={escaped(self.header.authorization)}" if self.header.authorization else ""
        pairs = "".join(f"{key}={value}{KVSEP}" for key, value in self.pairs)
        return f"{self.header.flag},{name},{KVSEP}{pairs}{KVSEP}".encode()


def escaped(name: str) -> str:
    """A name as it stands in a message: its comma and equal sign are written =2C and =3D (RFC 5802 §5.1)."""
    return name.replace("=", "=3D").replace(",", "=2C")


def _unescaped(name: str, text: str, start: int) -> str:
    if not _NAME.fullmatch(name):
        raise RecordError("In a name, = stands only in =2C and =3D", text, (start, start + len(name)))
    return name.replace("=2C", ",").replace("=3D", "=")
