"""The messages of a TLS handshake that a listener can read (RFC 8446 §4, RFC 5246 §7.4).

Answers: what do a ClientHello and a ServerHello say in clear, field by field, and which of it gives
something away? Of a Certificate it hands over the certificates, as they are. What is sealed is not here,
and no key is known: this is the view from outside. Malformed messages raise RecordError.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .errors import RecordError
from .tls_extensions import CLIENTS, SERVERS, Cursor, Field, extensions, listed
from .tls_names import HANDSHAKES, SIGNALS, SUITES, VERSIONS, is_grease, named

CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11
PRE_SHARED_KEY = 41  # the extension

MOST_CERTIFICATES = 20  # of one message that are read: real chains have two to four

# RFC 8446 §4.1.3: a ServerHello with this random is a HelloRetryRequest.
RETRY = hashlib.sha256(b"HelloRetryRequest").digest()


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client asks for (RFC 8446 §4.1.2).

    Lists are in the client's order; made-up values (RFC 8701 §2) and signals are left out of them.
    `server_name` and `protocols` are decoded, not yet made visible.
    """

    random: bytes
    server_name: str = ""
    protocols: tuple[str, ...] = ()
    versions: tuple[int, ...] = ()
    suites: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What the server chose (RFC 8446 §4.1.3).

    With `retry` it only asks for another ClientHello; with `resumed` an earlier session goes on, and no
    certificate is sent (RFC 8446 §2.2). Before TLS 1.3 that can't be told from this message.
    """

    random: bytes
    version: int
    suite: int
    group: int = 0  # of the key share; 0 before TLS 1.3
    retry: bool = False
    resumed: bool = False


Body = ClientHello | ServerHello | tuple[bytes, ...] | None


@dataclass(frozen=True, slots=True)
class Message:
    """One handshake message in clear.

    `body` is a hello, the DER certificates of a Certificate, or None for what is not read further;
    `fault` says why a message could not be read.
    """

    code: int
    size: int  # octets, with its header of four
    body: Body = None
    fields: tuple[Field, ...] = ()
    fault: str = ""

    @property
    def name(self) -> str:
        """What RFC 8446 calls it."""
        if isinstance(self.body, ServerHello) and self.body.retry:
            return "HelloRetryRequest"
        return named(HANDSHAKES, self.code)


def read_message(data: bytes) -> Message:
    """Read one whole handshake message, its header included. Never raises: see `fault`."""
    code = data[0]
    head = (
        Field(data[:1], "message", named(HANDSHAKES, code)),
        Field(data[1:4], "length", f"{len(data) - 4:,} octets follow"),
    )
    reader = _READERS.get(code)
    if reader is None:
        return Message(code, len(data), None, head)
    try:
        body, fields = reader(data[4:])
    except RecordError as error:
        return Message(code, len(data), None, head, error.message)
    return Message(code, len(data), body, head + fields)


def _client_hello(data: bytes) -> tuple[Body, tuple[Field, ...]]:
    cursor = Cursor(data, "the ClientHello")
    fields = [_old_version(cursor), Field(random := cursor.take(32, "random"), "random", _RANDOM)]
    fields += [
        Field(cursor.vector(1, "session id"), "session id", "to resume a session; in TLS 1.3 for show")
    ]
    octets = cursor.vector(2, "cipher suites")
    suites = tuple(
        code
        for code in Cursor(octets, "the list of cipher suites").pairs()
        if not is_grease(code) and code not in SIGNALS
    )
    fields += [Field(octets, "cipher suites", f"{len(suites)} offered: {listed(SUITES, suites)}")]
    fields += [Field(cursor.vector(1, "compression methods"), "compression", "none in use any more")]
    hello: dict[str, Any] = {}
    for code, field, value in extensions(cursor, CLIENTS):
        fields.append(field)
        if value is not None:
            hello[CLIENTS[code][0]] = value
    if "versions" in hello:
        fields[0] = replace(fields[0], words=fields[0].words + _LABEL)
    else:  # RFC 8446 §4.2.1: then the field at the front says it
        hello["versions"] = (int.from_bytes(data[:2], "big"),)
    return ClientHello(random, suites=suites, **hello), tuple(fields)


def _server_hello(data: bytes) -> tuple[Body, tuple[Field, ...]]:
    cursor = Cursor(data, "the ServerHello")
    fields = [_old_version(cursor), Field(random := cursor.take(32, "random"), "random", _RANDOM)]
    fields += [Field(cursor.vector(1, "session id"), "session id", "the client's, said again")]
    chosen = cursor.take(2, "cipher suite")
    suite = int.from_bytes(chosen, "big")
    fields += [Field(chosen, "cipher suite", named(SUITES, suite))]
    fields += [Field(cursor.take(1, "compression method"), "compression", "none")]
    version, group, resumed = int.from_bytes(data[:2], "big"), 0, False
    for code, field, value in extensions(cursor, SERVERS):
        fields.append(field)
        if isinstance(value, int):
            version, group = (value, group) if code == 43 else (version, value)
        resumed |= code == PRE_SHARED_KEY
        if code == 43:
            fields[0] = replace(fields[0], words=fields[0].words + _LABEL)
    return ServerHello(random, version, suite, group, random == RETRY, resumed), tuple(fields)


_RANDOM = "made up for this session"
_LABEL = " on the label, for old equipment on the way; an extension says what is meant"


def _old_version(cursor: Cursor) -> Field:
    octets = cursor.take(2, "version")
    return Field(octets, "version", named(VERSIONS, int.from_bytes(octets, "big")))


def _certificate(data: bytes) -> tuple[Body, tuple[Field, ...]]:
    """A Certificate as TLS 1.2 has it (RFC 5246 §7.4.2): in TLS 1.3 none is ever in clear."""
    cursor = Cursor(Cursor(data, "the Certificate").vector(3, "list"), "the list of certificates")
    certificates: list[bytes] = []
    while len(cursor) and len(certificates) < MOST_CERTIFICATES:
        certificates.append(cursor.vector(3, "certificate"))
    fields = (
        Field(der, "certificate", f"{len(der):,} octets of DER, readable by anyone", "certificate")
        for der in certificates
    )
    return tuple(certificates), tuple(fields)


_READERS: dict[int, Callable[[bytes], tuple[Body, tuple[Field, ...]]]] = {
    CLIENT_HELLO: _client_hello,
    SERVER_HELLO: _server_hello,
    CERTIFICATE: _certificate,
}
