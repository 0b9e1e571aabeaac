"""What became of a message whose signature fails? (RFC 6376 §6.1.3 says only that it does.)

Each attempt undoes one thing that mail systems are known to do and hashes again: if the hash is then the one
that was signed, that is what happened, and no guess. Where nothing fits, the cause is the plain one.
"""

from __future__ import annotations

from dataclasses import dataclass

from smtplab.mail.verdict import Step

from . import crypto
from .key_record import PublicKey
from .message import Message
from .signature import Signature


@dataclass(frozen=True, slots=True)
class Failure:
    """A signature that fails: on which message, with which keys, and the hash of the header as it is now.

    `original` is the message as it was signed, where someone has it.
    """

    message: Message
    own: bytes
    signature: Signature
    keys: list[PublicKey]
    digest: bytes
    original: Message | None


def explain(failure: Failure, cause: str) -> tuple[str, Step]:
    """The cause in one word, and the step that says how it is known. `cause` is what failed."""
    if cause == "body-changed":
        return cause, Step("cause", "the body was changed since it was signed", "", "RFC 6376 §6.1.3")
    name = failure.signature.hash_name
    if not any(crypto.signed_hash(key, failure.signature.octets, name) for key in failure.keys):
        why = "the key in the DNS is not the one that signed, or b= was damaged"
        return "wrong-key", Step("cause", why, "", "RFC 6376 §6.1.3")
    why = "the right key signed another header section"
    return "header-changed", Step("cause", why, "", "RFC 6376 §6.1.3")
