"""Policy: what one verifier accepts beyond what the signature says of itself (RFC 6376 §6.3, RFC 8301 §3)."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_BITS = 1024  # RFC 8301 §3.2: a signature of a shorter RSA key MUST NOT count


@dataclass(frozen=True, slots=True)
class Policy:
    """What a verifier takes. The defaults are what the RFCs ask for, and where they ask nothing, usual.

    `least_bits` of an RSA key; `sha1`: whether rsa-sha1 counts, as it did until RFC 8301; `length`: whether a
    signature counts whose l= leaves part of the body unsigned; `expired`: whether one does whose x= is over;
    `many_from`: whether it does on a message with several From fields (RFC 6376 §8.15). `skew` is how many
    seconds the signer's clock may be off. Of several signatures the first `most` are evaluated.
    Without `body` only the header section is at hand: a signature that fits it is neutral, "no-body".
    """

    least_bits: int = LEAST_BITS
    sha1: bool = False
    length: bool = True
    expired: bool = False
    many_from: bool = False
    skew: int = 300
    most: int = 10
    body: bool = True
