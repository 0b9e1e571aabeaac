"""Advice on a DKIM-Signature field: what makes it fail, and what leaves the message open."""

from __future__ import annotations

from ..advice import Advice, worst_first
from .signature import SYNTAX, Signature, SignatureError

ESSENTIAL = ("subject", "date", "to")  # RFC 6376 §5.4.1, of those that each message has
TRACE = ("received", "return-path", "authentication-results", "dkim-signature")
LONG_LIFE = 90 * 24 * 3600  # seconds from t= to x=


def lint_signature(text: str) -> tuple[Advice, ...]:
    """Advice on a signature field, worst first. Raises nothing."""
    try:
        signature = Signature.parse(text)
    except SignatureError as error:
        return (Advice("permerror", error.message, error.span, error.ref),)
    return worst_first([*_strength(signature), *_coverage(signature), *_limits(signature)])


def _strength(signature: Signature) -> list[Advice]:
    tags = signature.tags
    if signature.hash_name == "sha1":
        why = "rsa-sha1 counts no more: sign with rsa-sha256"
        return [Advice("permerror", why, tags["a"].span, "RFC 8301 §3.1")]
    size = 64 if signature.algorithm == "ed25519-sha256" else 128
    exact = signature.algorithm == "ed25519-sha256"
    if (len(signature.octets) != size) if exact else (len(signature.octets) < size):
        why = f"b= holds {len(signature.octets)} octets, and {signature.algorithm} has {size}"
        return [Advice("permerror", f"{why}{'' if exact else ' at least'}", tags["b"].span, SYNTAX)]
    if len(signature.digest) != 32:
        why = f"bh= holds {len(signature.digest)} octets, and a SHA-256 hash has 32"
        return [Advice("permerror", why, tags["bh"].span, SYNTAX)]
    return []


def _coverage(signature: Signature) -> list[Advice]:
    names = signature.headers
    span = signature.tags["h"].span
    advice = []
    if missing := [name for name in ESSENTIAL if name not in names]:
        why = f"h= leaves out {', '.join(missing)}: whoever changes them breaks nothing"
        advice.append(Advice("policy", why, span, "RFC 6376 §5.4.1"))
    if trace := [name for name in TRACE if name in names]:
        why = f"h= names {', '.join(trace)}, which changes on the way: the signature will break"
        advice.append(Advice("policy", why, span, "RFC 6376 §5.4.1"))
    if names.count("from") == 1:
        why = "h= names From once: somebody may add another; From twice prevents that"
        advice.append(Advice("neutral", why, span, "RFC 6376 §8.15"))
    if "content-type" not in names:
        why = "h= leaves out Content-Type: with another one, a body may read otherwise"
        advice.append(Advice("neutral", why, span, "RFC 6376 §5.4.1"))
    return advice


def _limits(signature: Signature) -> list[Advice]:
    tags = signature.tags
    advice = []
    if signature.length is not None:
        how = "nothing of the body" if signature.length == 0 else f"the first {signature.length} octets"
        why = f"l= signs {how}: whatever stands behind them, the signature holds"
        advice.append(Advice("policy", why, tags["l"].span, "RFC 6376 §8.2"))
    if signature.forms[0] == "simple":
        why = "the simple form of the header breaks as soon as somebody folds a line otherwise"
        span = tags["c"].span if "c" in tags else (len(signature.text), len(signature.text))
        advice.append(Advice("neutral", why, span, "RFC 6376 §3.4"))
    if "t" not in tags:
        why = "without t= nobody knows when it was signed"
        advice.append(Advice("neutral", why, (len(signature.text), len(signature.text)), SYNTAX))
    if signature.signed_at and signature.expires:
        life = (signature.expires - signature.signed_at).total_seconds()
        if life > LONG_LIFE:
            why = f"x= lets it count for {life / 86400:.0f} days: that long it can be sent again"
            advice.append(Advice("neutral", why, tags["x"].span, SYNTAX))
    return advice
