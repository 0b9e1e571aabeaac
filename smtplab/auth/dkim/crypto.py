"""The arithmetic: does a signature fit a key and a hash? (RFC 6376 §3.3, RFC 8463 §3)"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from .key_record import PublicKey

_HASHES = {"sha256": SHA256(), "sha1": SHA1()}
_PREHASHED = {name: Prehashed(kind) for name, kind in _HASHES.items()}
_PADDING = PKCS1v15()


def fits(key: PublicKey, signature: bytes, digest: bytes, hash_name: str) -> bool:
    """Whether the key's owner signed this hash."""
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, digest, _PADDING, _PREHASHED[hash_name])
        else:
            key.verify(signature, digest)  # RFC 8463 §3: Ed25519 signs the hash
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def signed_hash(key: PublicKey, signature: bytes, hash_name: str) -> bytes | None:
    """The hash that was signed with the other half of `key`, or None where it was not signed with that.

    An RSA signature gives its hash back, so that a wrong key and another hash can be told apart. An Ed25519
    signature does not: None.
    """
    if isinstance(key, Ed25519PublicKey):
        return None
    try:
        return key.recover_data_from_signature(signature, _PADDING, _HASHES[hash_name])
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return None


def is_silent(key: PublicKey) -> bool:
    """Whether the key's signatures do not give back the hash that was signed."""
    return isinstance(key, Ed25519PublicKey)
