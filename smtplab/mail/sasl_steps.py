"""What the messages of a login mean, part by part (RFC 4616, RFC 5802, RFC 7628).

Each message becomes a `Step`: `what` is the text behind the base64, `steps` are its parts. A password, a
token and SCRAM's proof are hidden unless asked for. What is malformed is said, never raised.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from .errors import RecordError
from .line import HIDDEN
from .mechanisms import Bearer, Gs2, Plain, Scram, utf8
from .sasl_exchange import Login, Turn, readable
from .transcript import Side
from .verdict import Step

Explain = Callable[[Login, Turn, bytes, bool], Step]

_NUL = "base64 undone: three parts, with a NUL (\\0) between them"


def message(login: Login, turn: Turn, secrets: bool) -> tuple[Step, ...]:
    """What stands in the message of `turn`: no steps when it has none."""
    if turn.malformed:
        shown = turn.coded if turn.side is Side.SERVER or secrets else HIDDEN
        return (Step(shown, "this is not base64", "permerror", "RFC 4954 §4"),)
    if turn.data is None or not turn.nth:
        return ()
    try:
        return (EXPLAIN.get(login.mechanism, _unknown)(login, turn, turn.data, secrets),)
    except RecordError as error:
        shown = readable(turn.data) if turn.side is Side.SERVER or secrets else HIDDEN
        return (Step(shown, f"malformed: {error.message}", "permerror"),)


def _secret(text: str, secrets: bool) -> str:
    return text if secrets or not text else HIDDEN


def _plain(login: Login, turn: Turn, data: bytes, secrets: bool) -> Step:
    if turn.side is Side.SERVER:
        return _unknown(login, turn, data, secrets)
    plain = Plain.parse(data)
    password = _secret(plain.password, secrets)
    return Step(
        f"{plain.authorization}\\0{plain.account}\\0{password}",
        _NUL,
        "",
        "RFC 4616 §2",
        (
            Step(plain.authorization or "(empty)", "whom to act as: empty stands for the account itself"),
            Step(plain.account, "the account"),
            Step(password, "its password, as it is"),
        ),
    )


def _login(login: Login, turn: Turn, data: bytes, secrets: bool) -> Step:
    text = utf8(data)
    if turn.side is Side.SERVER:
        return Step(text, "base64 undone: the server asks, and no RFC says in which words")
    if login.is_name(turn):
        return Step(text, "base64 undone: the account")
    return Step(_secret(text, secrets), "base64 undone: its password, as it is")


def _header(header: Gs2) -> Step:
    flags = {
        "n": "no channel binding: the exchange is not tied to this TLS connection",
        "y": "the client could bind to the TLS channel, and saw no -PLUS mechanism on offer",
    }
    why = flags.get(header.flag, "the client binds the exchange to this TLS connection")
    whom = f"; it wants to act as {header.authorization}" if header.authorization else ""
    return Step(header.flag, why + whom, "", "RFC 5802 §7")


# letter -> what it is, by the message that it stands in
_CLIENT_FIRST = {
    "n": "the account",
    "r": "the client's nonce: new in every login, so that none can be replayed",
}
_SERVER_FIRST = {
    "r": "the nonce: the client's, then the server's own",
    "s": "the salt, in base64: it makes equal passwords look different on the server",
    "i": "iterations: how often the hash is applied, so that each guess is dear",
}
_CLIENT_LAST = {
    "c": "the header again, in base64: nobody has changed it on the way",
    "r": "the nonce again: this answer belongs to this challenge",
    "p": "the proof, which only someone who knows the password can compute; it does not hold the password",
}
_SERVER_LAST = {
    "v": "the server's proof: it knows the password too, or its keys, and is no impostor",
    "e": "why the server refuses",
}


def _scram(login: Login, turn: Turn, data: bytes, secrets: bool) -> Step:
    text = utf8(data)
    if turn.side is Side.CLIENT:
        if turn.nth == 1:
            found = Scram.parse(data, "nr", header=True)
            head = (_header(found.header),) if found.header else ()
            return _attributes(text, "the client's first message", found, _CLIENT_FIRST, head)
        if turn.nth == 2:
            found = Scram.parse(data, "crp")
            shown = text if secrets else f"{text[: text.rindex(',p=')]},p={HIDDEN}"
            return _attributes(shown, "the client's last message", found, _CLIENT_LAST, (), secrets)
        return Step("(empty)", "the client has checked the server's proof", "", "RFC 4954 §4")
    if turn.nth == 1:
        first = Scram.parse(data, "rsi")
        return _attributes(text, "the server's first message", first, _SERVER_FIRST)
    return _attributes(text, "the server's last message", Scram.parse(data, "v", "e"), _SERVER_LAST)


def _attributes(
    text: str,
    title: str,
    found: Scram,
    words: dict[str, str],
    before: tuple[Step, ...] = (),
    secrets: bool = True,
) -> Step:
    """A message of SCRAM with a step for each attribute."""
    steps = [
        Step(
            f"{letter}={_secret(value, secrets or letter != 'p')}",
            words.get(letter, "an extension"),
            "",
            "RFC 5802 §5.1",
        )
        for letter, value in found.attributes
    ]
    return Step(text, f"base64 undone: {title}", "", "RFC 5802 §7", (*before, *steps))


def _bearer(login: Login, turn: Turn, data: bytes, secrets: bool) -> Step:
    if turn.side is Side.SERVER:
        return _problem(data)
    found = Bearer.parse(data)
    if found.is_error_seen:
        why = "the client has seen what is wrong, and lets the server end the exchange"
        return Step("\x01", why, "", "RFC 7628 §3.2.3")
    pairs = tuple((key, _token(value, secrets) if key == "auth" else value) for key, value in found.pairs)
    about = {"host": "the server that the client means", "port": "and its port", "auth": "the token"}
    steps = [Step(f"{key}={value}", about.get(key, "another pair")) for key, value in pairs]
    shown = Bearer(found.header, pairs).format().decode()
    why = "base64 undone: a header, then pairs between control characters (\\x01)"
    return Step(shown, why, "", "RFC 7628 §3.1", (_header(found.header), *steps))


def _token(value: str, secrets: bool) -> str:
    kind, space, token = value.partition(" ")
    return value if secrets else f"{kind}{space}{_secret(token, secrets)}" if space else HIDDEN


def _problem(data: bytes) -> Step:
    """The server's error message. JSON from the wire can be anything."""
    text = utf8(data)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return Step(text, "this should be JSON that says what is wrong", "permerror", "RFC 7628 §3.2.2")
    status = found.get("status") if isinstance(found, dict) else None
    known = {
        "invalid_token": "the token is unknown, expired or for somebody else",
        "invalid_request": "the message is malformed, or has no token",
        "insufficient_scope": "the token does not go that far",
    }
    why = known.get(str(status), "the server says what is wrong")
    return Step(text, f"base64 undone: {why}", "", "RFC 7628 §3.2.2")


def _unknown(login: Login, turn: Turn, data: bytes, secrets: bool) -> Step:
    shown = readable(data) if turn.side is Side.SERVER or secrets else HIDDEN
    return Step(shown or "(empty)", "base64 undone: what it means, the mechanism says")


EXPLAIN: dict[str, Explain] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "SCRAM-SHA-1": _scram,
    "SCRAM-SHA-256": _scram,
    "OAUTHBEARER": _bearer,
}
