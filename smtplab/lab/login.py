"""AUTH on the server (RFC 4954 §4): carries a SASL exchange over SMTP, line by line, in base64.

Answers with the one reply that ends the command. What is said inside is the mechanism's business (`sasl`);
which mechanisms there are, and when an address has failed too often, is the MTA's.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from ..mail.reply import Reply
from ..mail.text import encode
from . import sasl

if TYPE_CHECKING:
    from .connection import Connection

LINE_LIMIT = 12288  # octets: RFC 4954 §4, for a line of a SASL exchange
DONE = Reply(235, "2.7.0", ("Authentication successful",))
SYNTAX = Reply(501, "5.5.4", ("Syntax: AUTH mechanism [initial-response]",))


async def log_in(session: Connection, argument: str) -> Reply:
    """The reply that ends AUTH; after 235 `session.account` says who the client is."""
    mechanism, _, initial = argument.partition(" ")
    mechanism = mechanism.upper()
    if not mechanism or " " in initial:
        return SYNTAX
    if mechanism not in session.mta.mechanisms or mechanism not in sasl.MECHANISMS:
        offered = " ".join(session.mta.mechanisms) or "none"
        return Reply(504, "5.5.4", (f"Unknown mechanism; there are: {offered}",))
    try:
        session.account = await _carry(session, sasl.exchange(mechanism, session.mta.accounts), initial)
    except sasl.Failed as failed:
        return await _end(session, failed)
    return DONE


async def _carry(session: Connection, steps: sasl.Steps, initial: str) -> str:
    """Carry challenges out and responses in, until the account is known. Raises sasl.Failed."""
    challenge = next(steps)
    response = _decoded(encode(initial)) if initial else await _ask(session, challenge)
    while True:
        # Looked at before each answer is judged: the guesses may come over many connections at once.
        if closed := session.mta.locked_out(_address(session)):
            raise sasl.Failed(closed)
        try:
            challenge = steps.send(response)
        except StopIteration as done:
            return str(done.value)
        response = await _ask(session, challenge)


async def _ask(session: Connection, challenge: bytes) -> bytes:
    """The client's response to a challenge. Raises sasl.Failed when it cancels, or when that is no base64."""
    await session.push(Reply(334, "", (b64encode(challenge).decode(),)))
    line = await session.read_line(b"\r\n", LINE_LIMIT)
    if not line:
        raise sasl.Failed(sasl.TOO_LONG)
    if line == b"*\r\n":
        raise sasl.Failed(sasl.CANCELLED)
    return _decoded(line.removesuffix(b"\r\n"))


def _decoded(data: bytes) -> bytes:
    if data == b"=":  # RFC 4954 §4: an initial response of no octets
        return b""
    try:
        return b64decode(data, validate=True)
    except binascii.Error:
        raise sasl.Failed(sasl.NOT_BASE64) from None


async def _end(session: Connection, failed: sasl.Failed) -> Reply:
    """The reply to a login that failed. A wrong password is counted before anything more is said."""
    if failed.reply.code == 535:
        mta = session.mta
        mta.failures.note(_address(session), mta.world.clock.now())
        if closed := mta.locked_out(_address(session)):
            return closed
    if failed.challenge is not None:
        try:
            await _ask(session, failed.challenge)
        except sasl.Failed as ended:  # "*" is a way to end it too (RFC 7628 §3.2.3)
            return ended.reply
    return failed.reply


def _address(session: Connection) -> str:
    return session.wire.transcript.client.address
