"""DKIM keys: make one, and write the record that publishes it (RFC 6376 §3.6.1, RFC 8463 §4.2).

RSA with 2048 bits is what every verifier knows; Ed25519 is short and not yet known everywhere.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


def generate(kind: Literal["rsa", "ed25519"] = "rsa", bits: int = 2048) -> PrivateKey:
    """A new private key. `bits` is for RSA: RFC 8301 §3.2 asks signers for 1024 at least, better 2048."""
    if kind == "ed25519":
        return Ed25519PrivateKey.generate()
    return generate_private_key(public_exponent=65537, key_size=bits)


def algorithm(key: PrivateKey) -> str:
    """What a= says for this key: "rsa-sha256" or "ed25519-sha256"."""
    return "ed25519-sha256" if isinstance(key, Ed25519PrivateKey) else "rsa-sha256"


def record(key: PrivateKey) -> str:
    """The TXT record for the public half of `key`, for the name SELECTOR._domainkey.DOMAIN.

    An Ed25519 key is its 32 octets (RFC 8463 §4.2), an RSA key a SubjectPublicKeyInfo, which is what
    OpenSSL writes and what every verifier reads (RFC 6376 §3.6.1, its erratum 3017).
    """
    if isinstance(key, Ed25519PrivateKey):
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={b64encode(public).decode()}"
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"
