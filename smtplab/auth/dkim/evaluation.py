"""DKIM verification (RFC 6376 §6): did the domain in d= sign this message, and is it still as it was?

`evaluate` checks one signature after the other and writes one Step per decision, with the sizes and hashes
that decide. On failure `cause` goes on until it can say what happened to the message. It is a generator and
does no I/O: it yields a Question for the DNS, is sent the Answer, and returns the verdicts. Whoever drives it
may be blocking (`verify`) or not.

It does not say what to do about a result, nor whether d= has anything to do with From: that is DMARC's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime

from smtplab.mail.domain import to_ascii
from smtplab.mail.header.field import Message as Given
from smtplab.mail.header.field import octets as octets_of
from smtplab.mail.route import Answer, Question
from smtplab.mail.verdict import Step

from . import cause_body, cause_header, crypto, steps
from .cause import Failure
from .key_record import KeyRecord
from .keys_asked import Found, KeyAsking
from .message import BodyHash, Message, signed_octets, without_value
from .policy import Policy
from .result import DkimVerdict
from .signature import Signature, SignatureError

USUAL = Policy()
NO_BODY = "no-body"  # the cause where a signature holds as far as the header section goes
MAX_NAMED = 100  # signatures that get a verdict of their own; one more is about all the others
MAX_SEARCHED = 3  # signatures of a message for which it is found out why they fail
_RANK = ("neutral", "temperror", "permerror", "fail", "policy")  # of several, what decides


def evaluate(
    message: Given, *, now: datetime, policy: Policy = USUAL, original: bytes | None = None
) -> Generator[Question, Answer, list[DkimVerdict]]:
    """The verdicts on a message's signatures, the top one first; arguments as for `verify`."""
    octets, local = wire(octets_of(message))
    taken = Message(octets)
    before = Message(wire(original)[0]) if original is not None else None
    asking = KeyAsking()
    verdicts: list[DkimVerdict] = []
    for number, own in enumerate(taken.signatures[:MAX_NAMED]):
        if number < policy.most:
            search = sum(one.result == "fail" for one in verdicts) < MAX_SEARCHED
            evaluation = _Evaluation(taken, own, now, policy, before, local, search)
            verdicts.append((yield from evaluation.run(asking)))
        else:
            verdicts.append(_left_out(own, len(taken.signatures), policy.most))
    if rest := taken.signatures[MAX_NAMED:]:
        verdicts.append(_not_named(rest[0], len(rest)))
    return verdicts


def wire(octets: bytes) -> tuple[bytes, bool]:
    """A message as on the wire. Bare line feeds are mended only where there are no others, as in a file."""
    local = b"\r\n" not in octets and b"\n" in octets
    return (octets.replace(b"\n", b"\r\n") if local else octets), local


def _left_out(own: bytes, count: int, most: int) -> DkimVerdict:
    why = f"the message has {count} signatures, and this verifier looks at {most}"
    step = Step("DKIM-Signature", why, "policy", "RFC 6376 §6.1")
    return DkimVerdict(
        "policy", "DKIM", "does one more signature hold?", (step,), cause="too-many", field=own
    )


def _not_named(own: bytes, count: int) -> DkimVerdict:
    """A verifier may limit how many signatures it looks at (RFC 6376 §6.1); these it does not even list."""
    why = f"{count} more, none of which was looked at: nobody signs a message so often"
    step = Step("DKIM-Signature", why, "policy", "RFC 6376 §6.1")
    question = "do all the other signatures hold?"
    return DkimVerdict("policy", "DKIM", question, (step,), cause="too-many", field=own)


@dataclass
class _Evaluation:
    """One signature on its way. `problems` are results with their causes, in the order of their steps."""

    message: Message
    own: bytes
    now: datetime
    policy: Policy
    original: Message | None
    local: bool
    search: bool
    steps: list[Step] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def run(self, asking: KeyAsking) -> Generator[Question, Answer, DkimVerdict]:
        if self.local:
            why = "the message has bare line feeds alone, as in a file: each counts as CR LF"
            self.steps.append(Step("line ends", why, "", "RFC 6376 §5.3"))
        try:
            signature = Signature.parse(self.own)
        except SignatureError as error:
            return self.unread(error)
        self.steps.append(steps.read(signature))
        self.author()
        self.algorithm(signature)
        self.times(signature)
        found = yield from asking.keys(signature, self.policy)
        self.steps.append(found.step)
        self.problems += found.problems
        body = self.body(signature) if self.policy.body else self.no_body()
        octets = self.header(signature)
        digest = hashlib.new(signature.hash_name, octets, usedforsecurity=False).digest()
        record = self.check(signature, found, digest)
        self.explain(signature, found, digest)
        problems = sorted(self.problems, key=lambda one: _RANK.index(one[0]))
        held = ("pass", "") if self.policy.body else ("neutral", NO_BODY)
        result, cause = problems[0] if problems else held
        return DkimVerdict(
            result,
            "DKIM",
            steps.cut(f"did {signature.domain} sign this message, and is it unchanged?"),
            tuple(self.steps),
            {},
            to_ascii(signature.domain),
            signature.selector,
            signature.identity,
            signature.algorithm,
            cause,
            signature,
            steps.base64(body.digest),
            signature.body_hash,
            octets,
            body.head,
            record.is_testing if record else False,
            record,
            self.own,
            found.queries,
        )

    def unread(self, error: SignatureError) -> DkimVerdict:
        """A field that cannot be read counts as none; RFC 8601 §2.7.1 calls that neutral."""
        place = steps.cut(error.text[slice(*error.span)], 80) or f"character {error.span[0] + 1}"
        result = "permerror" if error.cause in ("from-unsigned", "domain-mismatch") else "neutral"
        self.steps.append(Step(place, f"{error.message}: nothing can be verified", result, error.ref))
        question = "is this a signature?"
        return DkimVerdict(result, "DKIM", question, tuple(self.steps), cause=error.cause, field=self.own)

    def problem(self, result: str, cause: str) -> str:
        self.problems.append((result, cause))
        return result

    def author(self) -> None:
        """One From, as every message has (RFC 5322 §3.6)."""
        count = len(self.message.index.get("from", ()))
        if count == 0:
            why = "the message has none, so what was signed is not what arrived"
            self.steps.append(Step("From", why, self.problem("permerror", "from-missing"), "RFC 6376 §5.4"))
        elif count > 1 and not self.policy.many_from:
            why = f"{count} of them: a signature covers one, and a reader may be shown another"
            self.steps.append(Step("From", why, self.problem("policy", "from-many"), "RFC 6376 §8.15"))
        else:
            self.steps.append(Step("From", "it is there, once, and h= names it", "pass", "RFC 6376 §5.4"))

    def algorithm(self, signature: Signature) -> None:
        """SHA-1 counts no more (RFC 8301 §3.1)."""
        if signature.hash_name == "sha1" and not self.policy.sha1:
            why = "SHA-1 is broken: a signature with it counts as failed, whatever it covers"
            self.steps.append(Step("a=rsa-sha1", why, self.problem("permerror", "sha1"), "RFC 8301 §3.1"))

    def times(self, signature: Signature) -> None:
        """t= and x= against the clock, which may be off by the policy's skew (RFC 6376 §3.5)."""
        now, skew = self.now.timestamp(), self.policy.skew
        clock = f"now it is {self.now:%Y-%m-%d %H:%M:%S %Z}".rstrip()
        if signature.signed_at:
            future = signature.signed_at.timestamp() > now + skew
            why = f"signed at {signature.signed_at:%Y-%m-%d %H:%M:%S} UTC; {clock}"
            why += ": that is in the future" if future else ""
            result = self.problem("policy", "future") if future else ""
            self.steps.append(Step("t=", why, result, "RFC 6376 §3.5"))
        if signature.expires:
            over = signature.expires.timestamp() < now - skew
            why = f"good until {signature.expires:%Y-%m-%d %H:%M:%S} UTC; {clock}"
            why += ", and it is over" if over else ""
            result = self.problem("policy", "expired") if over and not self.policy.expired else ""
            self.steps.append(Step("x=", why, result or "pass", "RFC 6376 §6.1.1"))

    def body(self, signature: Signature) -> BodyHash:
        """The body's hash against bh= (RFC 6376 §3.7, §6.1.3)."""
        form, length = signature.forms[1], signature.length
        found = self.message.body_hash(form, length, signature.hash_name)
        same = found.digest == signature.digest and (length is None or found.hashed == length)
        inside = (
            *steps.body_sizes(found, form, length),
            Step("computed", f"{signature.hash_name} of {found.hashed} octets: {steps.base64(found.digest)}"),
            Step("claimed", f"bh={signature.body_hash}"),
        )
        why = "it is what bh= says" if same else "it is not what bh= says: the body is not what was signed"
        result = "pass" if same else self.problem("fail", "body-changed")
        self.steps.append(Step("body hash", why, result, "RFC 6376 §6.1.3", inside))
        if length is not None and length < found.size and not self.policy.length:
            why = "this verifier takes no signature that leaves part of the body open"
            self.steps.append(
                Step(f"l={length}", why, self.problem("policy", "body-length"), "RFC 6376 §8.2")
            )
        return found

    def no_body(self) -> BodyHash:
        """Nothing to hash: a bounce may bring back the header section alone (RFC 6522 §3)."""
        why = "the body is not at hand, so nobody can tell whether it is what bh= says"
        self.steps.append(Step("body hash", why, "unknown", "RFC 6376 §6.1.3"))
        return BodyHash(b"", 0, 0, b"")

    def header(self, signature: Signature) -> bytes:
        """What is hashed for b=: the covered fields, then the signature's own (RFC 6376 §3.7)."""
        covered = self.message.covered(signature.headers, self.own)
        octets = signed_octets(covered, without_value(self.own), signature.forms[0])
        there = sum(one is not None for one in covered)
        why = f"{there} fields and the signature's own, {signature.forms[0]}: {len(octets)} octets"
        inside = steps.fields(signature.headers, covered)
        self.steps.append(Step("header hash input", why, "", "RFC 6376 §3.7", inside))
        return octets

    def check(self, signature: Signature, found: Found, digest: bytes) -> KeyRecord | None:
        """The signature against each key that may be meant (RFC 6376 §6.1.2, §6.1.3)."""
        name = signature.hash_name
        hashed = Step("computed", f"{name} of the hash input: {steps.base64(digest)}")
        if not found.keys:
            why = "without a key nobody can tell whether the header section is what was signed"
            self.steps.append(Step("signature", why, "none", "RFC 6376 §6.1.3", (hashed,)))
            return found.refused
        for key in found.keys:
            if crypto.fits(key.public, signature.octets, digest, name):
                why = f"b= fits the {key.record.bits} bit key and this hash: the fields are what was signed"
                self.steps.append(Step("signature", why, "pass", "RFC 6376 §6.1.3", (hashed,)))
                self.problems += key.problems
                return key.record
        key = found.keys[0]
        claimed = crypto.signed_hash(key.public, signature.octets, name)
        inside = (hashed, *([Step("claimed", f"b= holds {steps.base64(claimed)}")] if claimed else ()))
        why = "b= does not fit this key and this hash"
        result = self.problem("fail", "signature")
        self.steps.append(Step("signature", why, result, "RFC 6376 §6.1.3", inside))
        self.problems += key.problems
        return key.record

    def explain(self, signature: Signature, found: Found, digest: bytes) -> None:
        """What has become of the message, where it fails."""
        public = [key.public for key in found.keys]
        failure = Failure(self.message, self.own, signature, public, digest, self.original)
        for number, (result, cause) in enumerate(self.problems):
            if result == "fail" and not self.search:
                self.problems[number] = (result, cause if cause == "body-changed" else "header-or-key")
                why = "not looked for: other signatures fail before this one"
                self.steps.append(Step("cause", why, "", "RFC 6376 §6.1"))
            elif result == "fail":
                finding = (cause_body if cause == "body-changed" else cause_header).find(failure)
                self.problems[number] = (result, finding.cause)
                self.steps.append(finding.step)
