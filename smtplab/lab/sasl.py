"""The server's side of SASL: PLAIN (RFC 4616), LOGIN, SCRAM-SHA-256 (RFC 7677) and OAUTHBEARER (RFC 7628).

Answers: who is this client? A mechanism is a generator. It yields challenges, is sent the client's
responses, and returns the name of the account, or raises `Failed` with the reply. So it opens no socket
and knows no base64: `login` carries the exchange over SMTP. SCRAM's cryptography is scramp's.

No -PLUS mechanism is here: binding to the TLS channel needs values that few clients have (RFC 9266).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from ..mail.errors import RecordError
from ..mail.mechanisms import Bearer, Plain, Scram, utf8
from ..mail.reply import Reply
from .accounts import Accounts

T = TypeVar("T")
Steps = Generator[bytes, bytes, str]  # challenges out, responses in, at the end the account's name

INVALID = Reply(535, "5.7.8", ("Authentication failed: no such account, or a wrong password",))
NO_TOKEN = Reply(535, "5.7.8", ("Authentication failed: this token opens no account, or not any more",))
NOT_OTHERS = Reply(535, "5.7.8", ("Authentication failed: this account may act for itself only",))
DOWN = Reply(454, "4.7.0", ("Temporary authentication failure: accounts cannot be looked up",))
CANCELLED = Reply(501, "5.7.0", ("Authentication cancelled",))
NOT_BASE64 = Reply(501, "5.5.2", ("That is not base64",))
TOO_LONG = Reply(500, "5.5.6", ("Authentication exchange line is too long",))


class Failed(Exception):
    """The exchange ends without a login: the reply, and what the client is told before it, if anything."""

    def __init__(self, reply: Reply, challenge: bytes | None = None) -> None:
        super().__init__(reply)
        self.reply = reply
        self.challenge = challenge


def exchange(mechanism: str, accounts: Accounts) -> Steps:
    """The exchange of one of MECHANISMS. The first challenge is not sent when an initial response came."""
    name = yield from MECHANISMS[mechanism](accounts)
    if name not in accounts:  # closed while the exchange went on
        raise Failed(INVALID)
    allowed = accounts[name].mechanisms
    if allowed is not None and mechanism not in allowed:  # RFC 4954 §6
        raise Failed(Reply(534, "5.7.9", (f"{mechanism} is too weak here: use {' or '.join(allowed)}",)))
    return name


def plain(accounts: Accounts) -> Steps:
    """PLAIN: all in one message (RFC 4616 §2)."""
    message = _read(Plain.parse, (yield b""))
    name = _check(accounts, message.account, message.password)
    if message.authorization not in ("", name):
        raise Failed(NOT_OTHERS)
    return name


def login(accounts: Accounts) -> Steps:
    """LOGIN: the name, then the password. No RFC describes it."""
    name = _read(utf8, (yield b"Username:"))
    return _check(accounts, name, _read(utf8, (yield b"Password:")))


def scram_sha_256(accounts: Accounts) -> Steps:
    """SCRAM-SHA-256: each end proves to the other that it knows the password (RFC 5802 §5).

    SMTP has no place for data in the 235, so the server's proof comes as a challenge, and the client
    answers with nothing (RFC 4954 §4).
    """
    from scramp import ScramException, ScramMechanism  # type: ignore[import-untyped]  # 40 ms

    names: list[str] = []

    def keys(name: str) -> tuple[bytes, bytes, bytes, int]:
        names.append(name)
        return accounts.keys(name)

    server: Any = ScramMechanism("SCRAM-SHA-256").make_server(keys, s_nonce=accounts.nonce())
    first = yield b""
    message = _read(lambda data: Scram.parse(data, "nr", header=True), first)
    _look_up(accounts)
    if message.header and message.header.authorization not in ("", message.account):
        raise Failed(NOT_OTHERS)
    try:
        server.set_client_first(first.decode())
    except ScramException as error:
        raise Failed(_malformed(error.args[0])) from None
    final = yield server.get_server_first().encode()
    _read(lambda data: Scram.parse(data, "crp"), final)
    try:
        server.set_client_final(final.decode())
    except ScramException:
        # RFC 5802 §5.1: a server may leave out its last message, with the e= in it, and just say no.
        raise Failed(INVALID) from None
    if (yield server.get_server_final().encode()):
        raise Failed(_malformed("After the server's proof comes an empty line, or *"))
    return names[0]


def oauthbearer(accounts: Accounts) -> Steps:
    """OAUTHBEARER: a token in place of a password (RFC 7628 §3.1).

    What is wrong with it is told in a challenge, because a failed SASL exchange has no place for more
    than its outcome; the client answers with %x01, and then comes the reply (RFC 7628 §3.2.3).
    """
    data = yield b""
    try:
        message = Bearer.parse(data)
    except RecordError:
        raise Failed(NO_TOKEN, _problem("invalid_request")) from None
    _look_up(accounts)
    name = accounts.token_owner(message.token)
    if not message.token or message.header.flag.startswith("p"):
        raise Failed(NO_TOKEN, _problem("invalid_request"))
    if not name or message.header.authorization not in ("", name):
        raise Failed(NO_TOKEN, _problem("invalid_token"))
    return name


MECHANISMS: dict[str, Callable[[Accounts], Steps]] = {
    "PLAIN": plain,
    "LOGIN": login,
    "SCRAM-SHA-256": scram_sha_256,
    "OAUTHBEARER": oauthbearer,
}


def _check(accounts: Accounts, name: str, password: str) -> str:
    _look_up(accounts)
    account = accounts.check(name, password)
    if not account:
        raise Failed(INVALID)
    return account


def _look_up(accounts: Accounts) -> None:
    if accounts.down:
        raise Failed(DOWN)


def _read(parse: Callable[[bytes], T], data: bytes) -> T:
    """What `parse` makes of a response. A malformed one is no wrong password: it gets a 501."""
    try:
        return parse(data)
    except RecordError as error:
        raise Failed(_malformed(error.message)) from None


def _malformed(why: str) -> Reply:
    return Reply(501, "5.5.2", (why,))


def _problem(status: str) -> bytes:
    """The error message of OAUTHBEARER (RFC 7628 §3.2.2); the statuses are those of RFC 6750 §3.1."""
    return json.dumps({"status": status, "scope": "smtp"}).encode()
