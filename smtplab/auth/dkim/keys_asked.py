"""The key for a signature (RFC 6376 §6.1.2): asked for, read, and held against what the signature wants.

Several TXT records at one name are tried in order, as the RFC lets a verifier do. What is asked is asked once
for a message, however many signatures name the same key.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from smtplab.mail.domain import to_ascii
from smtplab.mail.errors import RecordError
from smtplab.mail.route import Answer, Question
from smtplab.mail.verdict import Step

from .key_record import KeyRecord, PublicKey, parse_key
from .policy import LEAST_BITS, Policy
from .signature import Signature
from .steps import cut, shown

MAX_RECORDS = 5  # records at one name that are looked at
RECORD = "RFC 6376 §3.6.1"
ASKED = "RFC 6376 §6.1.2"
_WORDS = {
    "no answer": ("temperror", "no-dns", "the key cannot be had now; later it may"),
    "no such name": ("permerror", "no-key", "there is no key of this name"),
    "no data": ("permerror", "no-key", "there is no key of this name"),
}


@dataclass(slots=True)
class Key:
    """A key that the signature may use, with what this verifier has against it all the same."""

    record: KeyRecord
    public: PublicKey
    problems: list[tuple[str, str]]


@dataclass(slots=True)
class Found:
    """What asking led to: keys to try, or the record that may not be used, and the step that says why."""

    step: Step
    queries: tuple[tuple[Question, Answer], ...]
    keys: list[Key]
    problems: list[tuple[str, str]]
    refused: KeyRecord | None = None


class KeyAsking:
    """The questions of one message, and their answers."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}

    def keys(self, signature: Signature, policy: Policy) -> Generator[Question, Answer, Found]:
        """The keys for this signature."""
        name = signature.question
        question = Question(name, "TXT")
        if len(name) > 253 or any(len(label) > 63 for label in name.split(".")):
            why = "no such name can exist: labels have 63 octets at most, names 253"
            step = Step("key", why, "permerror", ASKED)
            return Found(step, (), [], [("permerror", "no-key")])
        if name not in self.answers:
            self.answers[name] = yield question
        answer = self.answers[name]
        inside = [shown(question, answer)]
        queries = ((question, answer),)
        if answer.status in _WORDS:
            result, cause, why = _WORDS[answer.status]
            return Found(Step("key", why, result, ASKED, tuple(inside)), queries, [], [(result, cause)])
        keys, refusals = _usable(answer.values, signature, policy, inside)
        if keys:
            kind, bits = keys[0].record.kind, keys[0].record.bits
            testing = "; t=y: the domain only tests, so even a pass counts as no signature"
            why = f"{kind}, {bits} bits" + testing * keys[0].record.is_testing
            result = "policy" if keys[0].problems or keys[0].record.is_testing else "pass"
            return Found(Step("key", why, result, ASKED, tuple(inside)), queries, keys, [])
        result, cause, why, record = refusals[0] if refusals else ("permerror", "no-key", _NONE, None)
        step = Step("key", why, result, ASKED, tuple(inside))
        return Found(step, queries, [], [(result, cause)], record)


_NONE = "there are TXT records, and none of them is a key record"


def _usable(
    values: tuple[str, ...], signature: Signature, policy: Policy, inside: list[Step]
) -> tuple[list[Key], list[tuple[str, str, str, KeyRecord | None]]]:
    """The keys that this signature may use, and what is wrong with the other records."""
    keys: list[Key] = []
    refusals: list[tuple[str, str, str, KeyRecord | None]] = []
    if len(values) > 1:
        why = f"{len(values)} TXT records at one name: tried in order, and one of them may do"
        inside.append(Step("records", why, "", ASKED))
    for text in values[:MAX_RECORDS]:
        try:
            record = parse_key(text)
        except RecordError as error:
            if len(values) > 1 and "p=" not in text:
                inside.append(Step(cut(text), "no key record", "none", RECORD))
                continue
            place = cut(error.text[slice(*error.span)], 80) or f"character {error.span[0] + 1}"
            inside.append(Step(place, error.message, "neutral", RECORD))
            refusals.append(("neutral", "key-syntax", "the key record cannot be read", None))
            continue
        cause, why, ref = _against(record, signature)
        if cause or record.public is None:
            inside.append(Step(cut(record.text), why, "permerror", ref))
            refusals.append(("permerror", cause, why, record))
            continue
        keys.append(Key(record, record.public, _weak(record, policy, inside)))
    return keys, refusals


def _against(record: KeyRecord, signature: Signature) -> tuple[str, str, str]:
    """Why this key is not for this signature: the cause, in words, and the section; or three times ""."""
    if record.is_revoked:
        return "revoked", "p= is empty: the key was withdrawn", RECORD
    kind = signature.algorithm.rpartition("-")[0]
    if record.kind != kind or record.public is None:
        return "key-type", f"a {cut(record.kind, 40)} key, and the signature is made with {kind}", ASKED
    if record.hashes and signature.hash_name not in record.hashes:
        hashes = cut(":".join(record.hashes), 80)
        return "key-hash", f"the key is for h={hashes}, and the signature uses {signature.hash_name}", RECORD
    if not {"*", "email"} & set(record.services):
        return "key-service", f"the key is for s={cut(':'.join(record.services), 80)}, not for mail", RECORD
    domain = signature.identity.rpartition("@")[2]
    if record.is_strict and to_ascii(domain) != to_ascii(signature.domain):
        return "key-domain", f"t=s: i= must be in {signature.domain} itself, not in {cut(domain, 80)}", RECORD
    return "", "", ""


def _weak(record: KeyRecord, policy: Policy, inside: list[Step]) -> list[tuple[str, str]]:
    if record.kind != "rsa" or record.bits >= policy.least_bits:
        return []
    result = "permerror" if record.bits < LEAST_BITS else "policy"
    why = f"{record.bits} bits: shorter than the {policy.least_bits} that count here"
    inside.append(Step("key length", why, result, "RFC 8301 §3.2"))
    return [(result, "weak-key")]
