"""What the eavesdropper's view says in words: about a turn, about a record, and what is learnt in the end.

Everything is made from what the tap recorded. A word set apart as a leak is something that a listener
without a key knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ..mail.line import Line
from ..mail.sasl import unbase64
from ..mail.text import decode
from ..mail.tls_hello import CERTIFICATE, ClientHello, ServerHello
from ..mail.tls_names import ALERTS, GROUPS, SUITES, VERSIONS, named
from ..mail.tls_records import DATA, TLS13, Heard
from ..mail.transcript import Side
from .eavesdrop_rows import Row
from .theme import shown

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

LONG = 300  # characters of a name or a list that are shown

PHASES = {
    "clear": ("In clear", "Mallory reads every word."),
    "setup": ("TLS handshake", "A box is a TLS record. Mallory reads what has no lock, and every label."),
    "sealed": ("Sealed", "Mallory sees who, when and how much."),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something about a record. `leak` is a word for what a listener learns from it, where it does."""

    text: str
    leak: str = ""


def who(side: Side) -> str:
    """The speaker's name in a sentence."""
    return "client" if side is Side.CLIENT else "server"


def ended(line: Line) -> str:
    """How TLS began or the connection ended, as a sentence."""
    verb = line.text.startswith(("closed", "reset", "broke"))
    return f"The {who(line.side)}{'' if verb else ':'} {shown(line.text)}."


def noted(line: Line) -> str:
    """How someone in the middle had a hand in a line."""
    return shown(line.note, LONG)


def says(row: Row) -> str:
    """What happens inside in a turn that carries no line of the dialogue."""
    if not row.heard:
        return ""
    if row.heard[0].kind != "record":
        return "Nothing of the dialogue."
    records = [one.record for one in row.heard if one.record]
    bodies = [message.body for record in records for message in record.messages]
    names = {message.name for record in records for message in record.messages}
    alert = next((record.alert for record in records if record.alert), None)
    if alert and alert[1]:
        return f"The {who(row.side)} gives up: {named(ALERTS, alert[1])}."
    if "ClientHello" in names:
        return "The client begins TLS: the versions and ciphers it knows, and the host it wants."
    if "HelloRetryRequest" in names:
        return "The server asks for another ClientHello, with a key exchange that it knows."
    if hello := next((body for body in bodies if isinstance(body, ServerHello)), None):
        return _chosen(hello, "Certificate" in names)
    if all(record.setup for record in records):
        return f"The {who(row.side)} ends its part of the handshake."
    return _own(row)


def _chosen(hello: ServerHello, certificate: bool) -> str:
    version = named(VERSIONS, hello.version)
    if hello.resumed:
        return f"The server chooses {version} and goes on with an earlier session: no certificate is needed."
    if hello.version == TLS13:
        return f"The server chooses {version}. All it sends after that is sealed, its certificate too."
    shows = " and shows its certificate, for all to read" if certificate else ""
    return f"The server chooses {version}{shows}."


def _own(row: Row) -> str:
    record = row.heard[-1].record
    if row.heard[-1].cut:
        return "The recording ends within a record."
    if record and (record.kind == "alert" or (record.code == DATA and record.inside == (2, 2))):
        return "Nothing of the dialogue: an alert, by its size. TLS says goodbye."
    return "Nothing of the dialogue: TLS's own, such as tickets for a later session."


def about(row: Row) -> Iterator[str]:
    """What is to be said about a turn as a whole, on the listener's side."""
    sealed = [one for one in row.heard if one.record and one.record.sealed]
    if sealed and row.side is Side.SERVER and sealed[0].record and sealed[0].record.setup:
        bodies = [message.body for one in row.heard if one.record for message in one.record.messages]
        resumed = any(isinstance(body, ServerHello) and body.resumed for body in bodies)
        if sealed[0].record.code == DATA:
            within = "no certificate is in here" if resumed else "the certificate is in here, unreadable"
            yield f"encrypted handshake: {within}"
    elif len(row.lines) > 1 and sealed and row.lines[0].tls:
        yield f"one record carries these {len(row.lines):,} lines" if len(row.heard) == 1 else ""
    if row.goes_on and sealed:
        yield "it also carries the beginning of the next line"
    if not row.sure:
        yield "matched by time alone: which record carried which line can't be told"


def facts(one: Heard) -> Iterator[Fact]:
    """What a record tells, beside its name and its length."""
    if fault := one.fault or (one.record.fault if one.record else ""):
        yield Fact(shown(fault, LONG))
    for message in one.record.messages if one.record else ():
        if isinstance(message.body, ClientHello):
            yield from _asked(message.body)
        elif isinstance(message.body, ServerHello):
            group = f", with {named(GROUPS, message.body.group)}" if message.body.group else ""
            suite, version = named(SUITES, message.body.suite), named(VERSIONS, message.body.version)
            yield Fact(f"chooses {version}, {suite}{group}")
        elif message.code == CERTIFICATE and isinstance(message.body, tuple):
            yield from (Fact(certificate_words(der), "certificate") for der in message.body[:1])


def _asked(hello: ClientHello) -> Iterator[Fact]:
    if hello.server_name:
        yield Fact(shown(hello.server_name, LONG), "host name (SNI)")
    if hello.protocols:
        yield Fact(shown(", ".join(hello.protocols), LONG), "protocol (ALPN)")
    versions = ", ".join(named(VERSIONS, code) for code in hello.versions)
    groups = ", ".join(named(GROUPS, code) for code in hello.groups[:4])
    more = f" and {len(hello.groups) - 4} more" if len(hello.groups) > 4 else ""
    offers = f"offers {versions}; {len(hello.suites):,} cipher suites"
    yield Fact(shown(f"{offers}; key exchange with {groups}{more}" if groups else offers, LONG))


@lru_cache(maxsize=64)
def certificate_words(der: bytes) -> str:
    """A certificate's names, issuer and last day, made visible; or that it can't be read."""
    from cryptography import x509  # 0.1 s, and TLS 1.3 never gets here

    try:
        certificate = x509.load_der_x509_certificate(der)
        names = _host_names(certificate) or [certificate.subject.rfc4514_string()]
        by, until = certificate.issuer.rfc4514_string(), certificate.not_valid_after_utc
    except Exception as error:  # a hostile certificate fails in many ways, and the rest is still to be shown
        return f"{len(der):,} octets that are no certificate ({type(error).__name__})"
    return shown(f"for {', '.join(names)}, by {by}, until {until:%Y-%m-%d}", LONG)


def _host_names(certificate: Certificate) -> list[str]:
    """The names that a certificate is for, by its subject alternative names."""
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in found.value]


def stolen(line: Line) -> Fact | None:
    """What a listener makes of a line in clear that holds a secret."""
    if not line.secret or line.tls:
        return None
    word = line.text.rpartition(" ")[2]
    plain = unbase64(word)
    if line.verb == "AUTH" and plain:
        return Fact(f"base64 of {shown(plain, LONG)}", "password")
    return Fact("", "password")


def raw(data: bytes) -> str:
    """Octets in clear as a listener reads them, without the line end."""
    text = decode(data).removesuffix("\n").removesuffix("\r")
    return shown(text)


def hexadecimal(data: bytes, count: int) -> str:
    """The first `count` octets in hexadecimal, and a sign that there are more."""
    return data[:count].hex(" ") + (" …" if len(data) > count else "")
