"""The lab's certificate authority: whom can a TLS client of the lab believe?

One CA, made anew with each lab and trusted by nobody outside it; a certificate for each host; and
those that a client must not accept: for another name, expired, signed by itself or by a CA that nobody
trusts. Besides, what somebody has to show who only pretends to be a host. Validity does not follow the
lab's clock, so that curl, openssl and swaks accept the good ones by the real one. There is no revocation,
and no key log: the lab reads what is said where the server decrypts it.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

import trustme
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ..mail.certificate import Certificate as Shown
from ..mail.errors import LabError
from ..mail.text import visible

Kind = Literal["good", "wrong-name", "expired", "self-signed", "unknown-ca"]
Pretence = Literal["self-signed", "unknown-ca", "wrong-name"]

ORGANIZATION = "smtplab"
ANOTHER_NAME = "elsewhere.example"  # what a "wrong-name" certificate is for
SINCE, UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
MAX_COMMON_NAME = 64  # characters (RFC 5280 §A.1); the names that count are in the alternative names
EXPIRED = datetime(2020, 1, 1, tzinfo=UTC)  # before any lab begins, and before today

# What cryptography raises for a certificate that is not well-formed.
_UNREADABLE = (
    ValueError,
    TypeError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate for `names` (host names or IP addresses) with its private key, both as PEM."""

    names: tuple[str, ...]
    pem: bytes
    key_pem: bytes

    def load_into(self, context: ssl.SSLContext) -> None:
        """Make `context` present this certificate."""
        # ssl reads keys from files only. This one is readable for its owner, and gone at once.
        with tempfile.TemporaryDirectory(prefix="smtplab-") as folder:
            path = Path(folder, "leaf.pem")
            path.write_bytes(self.key_pem + self.pem)
            context.load_cert_chain(path)


class Authority:
    """A certificate authority of its own for each lab."""

    def __init__(self) -> None:
        self._ca = trustme.CA(
            organization_name=ORGANIZATION,
            organization_unit_name="the lab's CA",
            key_type=trustme.KeyType.ECDSA,
        )
        self._leaves: dict[tuple[str, ...], Certificate] = {}
        self._contexts: dict[tuple[str, Kind], ssl.SSLContext] = {}
        self._clients: dict[bool, ssl.SSLContext] = {}

    @property
    def pem(self) -> bytes:
        """The CA's own certificate, as PEM: what a client has to trust."""
        return self._ca.cert_pem.bytes()

    def leaf(self, *names: str) -> Certificate:
        """The certificate for these host names and IP addresses; the same ones give the same again.

        Raises LabError for a name that no certificate can carry.
        """
        if names not in self._leaves:
            self._leaves[names] = self._issue(*names)
        return self._leaves[names]

    @cached_property
    def _stranger(self) -> trustme.CA:
        """A CA that nobody trusts."""
        return trustme.CA(
            organization_name="Stranger",
            organization_unit_name="a CA that nobody trusts",
            key_type=trustme.KeyType.ECDSA,
        )

    def _issue(self, *names: str, until: datetime = UNTIL, by: trustme.CA | None = None) -> Certificate:
        if not names:
            raise _no_name(names)
        try:
            leaf = (by or self._ca).issue_cert(
                *names,
                common_name=names[0] if len(names[0]) <= MAX_COMMON_NAME else None,
                organization_name=ORGANIZATION,
                organization_unit_name="lab",
                not_before=SINCE,
                not_after=until,
                key_type=trustme.KeyType.ECDSA,
            )
        except ValueError:
            raise _no_name(names) from None
        return Certificate(names, leaf.cert_chain_pems[0].bytes(), leaf.private_key_pem.bytes())

    def server_context(self, name: str, *, kind: Kind = "good") -> ssl.SSLContext:
        """The TLS context of the server `name`, TLS 1.2 and up; the same one each time.

        `kind` is what its certificate is: "good", "wrong-name", "expired", "self-signed" or
        "unknown-ca". Raises LabError for another kind. The context is a plain one: set its
        `sslobject_class` to read along.
        """
        makers: dict[Kind, Callable[[], Certificate]] = {
            "good": lambda: self.leaf(name),
            "wrong-name": lambda: self.leaf(ANOTHER_NAME),
            "expired": lambda: self._issue(name, until=EXPIRED),
            "self-signed": lambda: _self_signed(self.leaf(name)),
            "unknown-ca": lambda: self._issue(name, by=self._stranger),
        }
        if kind not in makers:
            raise LabError(f"There is no certificate of kind {kind!r}. There are: {', '.join(makers)}.")
        if (name, kind) not in self._contexts:
            self._contexts[name, kind] = _serving(makers[kind]())
        return self._contexts[name, kind]

    def impostor_context(self, name: str, own: str, kind: Pretence = "self-signed") -> ssl.SSLContext:
        """The TLS context of somebody whose host is `own` and who pretends to be `name`.

        `kind` is what there is to show for it, always with another key than that of `name`: a
        certificate for `name` that is "self-signed" or from an "unknown-ca", or one from the CA that all
        trust, but for `own` ("wrong-name"). Raises LabError for another kind.
        """
        makers: dict[Pretence, Callable[[], Certificate]] = {
            "self-signed": lambda: _self_signed(self._issue(name)),
            "unknown-ca": lambda: self._issue(name, by=self._stranger),
            "wrong-name": lambda: self._issue(own),
        }
        if kind not in makers:
            raise LabError(
                f"Nobody can pretend with a certificate of kind {kind!r}, but: {', '.join(makers)}."
            )
        return _serving(makers[kind]())

    def client_context(self, check: bool = True) -> ssl.SSLContext:
        """A new client context that trusts this CA and no other, or with `check=False` anyone.

        TLS 1.2 and up. Without checking TLS keeps out whoever only listens, but not whoever answers
        in the server's place; that is what SMTP between MTAs mostly does.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata=self.pem.decode("ascii"))
        if not check:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def shared_context(self, check: bool = True) -> ssl.SSLContext:
        """The `client_context` that the lab's own clients share: making one takes as long as a session.

        Nobody may change it.
        """
        if check not in self._clients:
            self._clients[check] = self.client_context(check)
        return self._clients[check]


def read(der: bytes) -> Shown:
    """What the certificate `der`, in DER, says. Raises LabError when it is none that can be read."""
    try:
        seen = x509.load_der_x509_certificate(der)
        return Shown(
            seen.subject.rfc4514_string(),
            seen.issuer.rfc4514_string(),
            _names(seen),
            seen.not_valid_before_utc,
            seen.not_valid_after_utc,
            seen.fingerprint(hashes.SHA256()).hex(":").upper(),
            _signed_by_itself(seen),
        )
    except _UNREADABLE as error:
        raise LabError(f"This certificate cannot be read: {visible(str(error))}.") from None


def _names(seen: x509.Certificate) -> tuple[str, ...]:
    """The host names and IP addresses that a certificate is for."""
    try:
        alternatives = seen.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = alternatives.get_values_for_type(x509.DNSName)
    return (*hosts, *map(str, alternatives.get_values_for_type(x509.IPAddress)))


def _signed_by_itself(seen: x509.Certificate) -> bool:
    try:
        seen.verify_directly_issued_by(seen)
    except (InvalidSignature, UnsupportedAlgorithm, *_UNREADABLE):
        return False
    return True


def _serving(certificate: Certificate) -> ssl.SSLContext:
    """The context of a server that presents `certificate`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    certificate.load_into(context)
    return context


def _self_signed(leaf: Certificate) -> Certificate:
    """`leaf` as its owner would have made it alone: right in all but who vouches for it."""
    model = x509.load_pem_x509_certificate(leaf.pem)
    key = serialization.load_pem_private_key(leaf.key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    builder = x509.CertificateBuilder(
        issuer_name=model.subject,
        subject_name=model.subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=SINCE,
        not_valid_after=UNTIL,
    )
    for extension in model.extensions:
        if not isinstance(extension.value, x509.AuthorityKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return Certificate(leaf.names, pem, leaf.key_pem)


def _no_name(names: tuple[str, ...]) -> LabError:
    return LabError(f"Use host names or IP addresses: no certificate can carry {names!r}.")
