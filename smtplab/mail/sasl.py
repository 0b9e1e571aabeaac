"""Which lines of an AUTH exchange are secrets (RFC 4954 §4, RFC 4616).

Answers: may this line be shown to a class? When in doubt it is a secret. This module checks no
password and knows no account: it follows the exchange in a transcript.
"""

from __future__ import annotations

import base64
import binascii

from .text import decode


def unbase64(text: str) -> str:
    """The text behind base64, or "" when it is not base64. What is not UTF-8 is kept as `decode` does."""
    try:
        return decode(base64.b64decode(text.strip().encode("ascii"), validate=True))
    except (binascii.Error, UnicodeEncodeError):
        return ""


class Exchange:
    """The SASL exchange that the last AUTH began.

    It stays `open` until a verb that SMTP knows follows, so that a password typed after the server
    has refused AUTH is still taken for one.
    """

    def __init__(self) -> None:
        self.open = False
        self._mechanism = ""
        self._answers = 0
        self._challenge = ""

    def begin(self, argument: str) -> bool:
        """Note the argument of an AUTH command; true when it carries a secret itself."""
        mechanism, _, initial = argument.partition(" ")
        initial = initial.strip()
        self.open, self._mechanism, self._challenge = True, mechanism.upper(), ""
        self._answers = int(bool(initial))
        # The initial response of LOGIN is the account's name, unless the client mixes it up with PLAIN.
        return initial not in ("", "=") and (self._mechanism != "LOGIN" or not _is_name(initial))

    def challenge(self, text: str) -> None:
        """Note what a 334 asked for."""
        self._challenge = unbase64(text).lower()

    def answer(self, text: str) -> bool:
        """Note a line of the client's; true when it is a secret. "*" cancels (RFC 4954 §4)."""
        self._answers += 1
        asks_name = self._mechanism == "LOGIN" and self._answers == 1 and "pass" not in self._challenge
        return text not in ("", "=", "*") and not (asks_name and _is_name(text))


def _is_name(text: str) -> bool:
    """Whether base64 `text` can be an account's name: printable, so not the parts of PLAIN with NUL."""
    return unbase64(text).isprintable() and unbase64(text) != ""
