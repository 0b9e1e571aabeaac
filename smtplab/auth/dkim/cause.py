"""What became of a message whose signature fails? (RFC 6376 §6.1.3 says only that it does.)

Found out by trying: each attempt undoes one thing that mail systems are known to do, and hashes again. If
the hash is then the one that was signed, that is what happened, and no guess. Where nothing fits, the cause
is the plain one. `cause_body` and `cause_header` have the attempts. The work is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass

from smtplab.mail.verdict import Step

from .key_record import PublicKey
from .message import Message
from .signature import Signature

CHECK = "RFC 6376 §6.1.3"

# The word for each cause, and what it says. `header-…:subject` has the field's name behind a colon.
# where the hash fits the other canonical form: the two cannot be told apart
EITHER = "white space was changed, or the signer hashed that form"
CAUSES = {
    "algorithm": "a= names an algorithm that nobody knows",
    "banner-added": "lines were put in front of the body",
    "body-changed": "the body is another, and nothing tried makes it the old one",
    "body-length": "l= leaves part of the body unsigned, and this verifier does not take that",
    "body-reencoded": "the body was put into another transfer encoding",
    "body-truncated": "the end of the body is missing",
    "body-whitespace": "white space in the body was changed",
    "body-wrapped": "the body was made a part of a new one",
    "canonicalization": "the signer used another canonical form than c= says",
    "domain-mismatch": "i= is in another domain than d=",
    "dot-stuffing": "dots at the beginning of lines were doubled, or halved once too often",
    "expired": "the time of x= is over",
    "footer-appended": "lines were put behind the body",
    "from-many": "the message has several From fields",
    "from-missing": "the message has no From field",
    "from-quoted": "lines that begin with From were marked with >",
    "from-unsigned": "h= does not name From",
    "future": "the time of t= is yet to come",
    "header-added": "a field was added that is signed as not there",
    "header-changed": "a signed field was changed",
    "header-or-key": "either a signed field was changed, or the key is another one",
    "header-order": "fields of one name changed places",
    "header-removed": "a signed field was removed",
    "header-whitespace": "white space in a signed field was changed",
    "key-domain": "the key says t=s, and i= is in a subdomain",
    "key-hash": "the key is for another hash",
    "key-service": "the key is not for mail",
    "key-syntax": "the key record cannot be read",
    "key-type": "the key is of another type than the signature",
    "last-newline": "the line end at the end of the body was signed otherwise",
    "line-endings": "line ends were changed",
    "lines-added": "lines were put into the body",
    "no-dns": "the DNS did not answer",
    "no-key": "there is no key in the DNS",
    "revoked": "the key was withdrawn",
    "sha1": "SHA-1 counts no more",
    "syntax": "the field is malformed",
    "too-many": "the message has more signatures than this verifier looks at",
    "weak-key": "the key is too short",
    "wrong-key": "the key in the DNS is not the one that signed",
}


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


@dataclass(frozen=True, slots=True)
class Finding:
    """What an attempt found: the cause, and in words how that is known."""

    cause: str
    why: str

    @property
    def step(self) -> Step:
        return Step(f"cause: {self.cause}", self.why, "", CHECK)
