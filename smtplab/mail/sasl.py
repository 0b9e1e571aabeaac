"""SASL in an SMTP dialogue (RFC 4954, RFC 4616, RFC 5802, RFC 7628): what is secret, and what is said.

Answers: may this line be shown to a class? When in doubt it is a secret. And: who logs in here, what does
each line stand for, what has a listener learnt? This module checks no password and knows no account: it
follows the exchange in a transcript.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from . import sasl_listener
from .codes import code as meaning_of
from .line import HIDDEN
from .sasl_exchange import Login, Said, Turn, logins
from .sasl_steps import message
from .text import decode
from .verdict import Step, Verdict, walk


def explain(said: Said, *, secrets: bool = False) -> Verdict:
    """What the logins of a transcript say, line by line, and what a listener without TLS would know.

    `said` is a transcript, its lines, or lines of text, such as ["AUTH PLAIN AGEAYg==", "535 5.7.8 no"]. The
    result is that of the last login, in the words of RFC 8601 §2.7.4: pass, fail, temperror, permerror, and
    none when it did not end. Passwords, tokens and proofs are hidden unless `secrets` asks for them.
    """
    found = logins(said)
    if not found:
        step = Step("no AUTH", "nobody has logged in here", "", "RFC 4954 §4")
        return Verdict("none", "AUTH", "who logs in, and what would a listener know?", (step,))
    names = ", ".join(dict.fromkeys(login.mechanism or "no mechanism" for login in found))
    each = [_steps(login, secrets) for login in found]
    if len(found) == 1:
        steps = each[0]
    else:
        titles = (f"login {number}: {login.mechanism}" for number, login in enumerate(found, 1))
        steps = tuple(
            Step(title, f"{len(login.turns)} lines", _result(login), "", inner)
            for title, login, inner in zip(titles, found, each, strict=True)
        )
    return Verdict(
        _result(found[-1]), "AUTH", f"who logs in with {names}, and what would a listener know?", steps
    )


def guess(said: Said, words: Iterable[str]) -> str | None:
    """Try `words` as the password of each SCRAM exchange: the first that fits, or None.

    It is what a listener can do with an exchange that was not under TLS, at leisure and without asking the
    server (RFC 5802 §9).
    """
    words = list(words)
    tries = (sasl_listener.guess(login, words) for login in logins(said))
    return next((word for word in tries if word is not None), None)


def _steps(login: Login, secrets: bool) -> tuple[Step, ...]:
    said = tuple(_step(login, turn, secrets) for turn in login.turns)
    return (*said, sasl_listener.knows(login, secrets))


def _step(login: Login, turn: Turn, secrets: bool) -> Step:
    """A line of a login, with what stands behind its base64."""
    inner = message(login, turn, secrets)
    result, ref = "", "RFC 4954 §4"
    if turn.kind == "auth":
        begins = ", and begins at once" if turn.nth else ", and waits for the server to ask"
        why = f"the client names the mechanism{begins}"
    elif turn.kind == "cancel":
        why = "the client gives up"
    elif turn.kind == "response":
        why = "the client answers"
    elif turn.kind == "challenge":
        why = "the server asks" if inner else "the server has nothing to ask: it is the client's turn"
    else:
        entry = meaning_of(turn.code)
        why, ref = (entry.meaning, entry.ref) if entry else ("the server ends the login", ref)
        result = _result(login)
    hidden = any(HIDDEN in step.what for _, step in walk(inner))
    return Step(f"{turn.side}: {_shown(turn, hidden)}", why, result, ref, inner)


def _shown(turn: Turn, hidden: bool) -> str:
    """The line itself, on one line, its base64 hidden where that stands for a secret."""
    if hidden:
        return " ".join([*(turn.text.split()[:2] if turn.kind == "auth" else ()), HIDDEN])
    return " ".join(turn.text.split()) or "(nothing)"


def _result(login: Login) -> str:
    """How it ended (RFC 8601 §2.7.4)."""
    if not login.code:
        return "none"
    if login.code < 400:
        return "pass"
    if login.code < 500:
        return "temperror"
    return "fail" if login.code in (534, 535) else "permerror"


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
