"""What the DKIM workbench works out: a message that was signed, what became of it, and what that does.

`message` is the one on the bench, `original` the same as it was signed; each look verifies the one with the
other at hand. Signing anew makes a new original. DNS, clock and keys are handed in; nothing is published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, get_args

from ..auth.dkim import DkimVerdict, sign, verify
from ..auth.dkim.canonical import Form
from ..auth.dkim.evaluation import wire
from ..auth.dkim.keys import PrivateKey
from ..auth.dkim.message import Message
from ..auth.dkim.sign import worth_signing
from ..auth.what_if import Resolve
from ..mail.errors import LabError
from ..mail.text import visible
from ..mail.verdict import Comparison

LIFE = timedelta(days=7)  # what x= gives, where it is asked for
LATER = timedelta(days=8)
BACK = 100  # changes that can be undone
KEPT = 8 << 20  # octets that are kept for that
KEYS = {
    "gone": "No key",
    "revoked": "Withdrawn, p= empty",
    "other": "Another key",
    "testing": "Only a test, t=y",
}


@dataclass(frozen=True, slots=True)
class Signer:
    """A key to sign with, and where its public half is: `selector`._domainkey.`domain`."""

    domain: str
    selector: str
    key: PrivateKey


@dataclass(frozen=True, slots=True)
class Signing:
    """How to sign: which key, the canonical forms, whether l= is the size of the body as it is now, whether
    one more From is closed out, and whether x= ends it after `LIFE`."""

    kind: str = "rsa"
    header: Form = "relaxed"
    body: Form = "relaxed"
    length: bool = False
    over: bool = True
    expires: bool = False


class Bench:
    """A message on the bench."""

    def __init__(
        self,
        message: bytes,
        *,
        resolve: Resolve,
        now: Callable[[], datetime],
        signers: Mapping[str, Signer],
        other: str = "",
    ) -> None:
        self.resolve, self.now, self.signers, self.other = resolve, now, signers, other
        self.message = self.original = wire(message)[0]
        self._weighed: tuple[bytes | None, bool] = (None, False)
        self.before: list[tuple[bytes, bytes]] = []  # the message, and the one that was signed
        self.signing = Signing(kind=next(iter(signers), ""))
        self.late = False
        self.number = 0  # which of several signatures
        self.key = ""  # which other key the DNS might have
        self.verdicts: list[DkimVerdict] = []
        self.comparison: Comparison | None = None
        self.read = Message(self.message)
        self.look()

    def look(self) -> None:
        """Verify what is on the bench."""
        now = self.now() + (LATER if self.late else timedelta())
        self.read = Message(self.message)
        original = self.original if self.changed and self._is_sound(now) else None
        self.verdicts = verify(self.message, resolve=self.resolve, now=now, original=original)
        self.number = max(0, min(self.number, len(self.verdicts) - 1))
        records = self._records()
        self.comparison = self.verdict.what_if(records=records) if self.verdict and records else None

    def _is_sound(self, now: datetime) -> bool:
        """Whether the original is what was signed: what arrived may have been changed on its way already."""
        if self._weighed[0] is not self.original:
            found = verify(self.original, resolve=self.resolve, now=now)
            sound = any("fail" not in [step.result for step in verdict.steps] for verdict in found)
            self._weighed = self.original, sound
        return self._weighed[1]

    @property
    def verdict(self) -> DkimVerdict | None:
        """The verdict on the signature that is looked at; None where the message has none."""
        return self.verdicts[self.number] if self.verdicts else None

    @property
    def own(self) -> bytes:
        """The field of the signature that is looked at."""
        return self.read.signatures[self.number] if self.verdicts else b""

    @property
    def question(self) -> str:
        """The name at which the key is, "" where the signature cannot be read."""
        signature = self.verdict.signature if self.verdict else None
        return signature.question if signature else ""

    @property
    def record(self) -> str:
        """The key record as the DNS has it, "" where there is none."""
        for question, answer in self.verdict.queries if self.verdict else ():
            if question.rdtype == "TXT" and answer.values:
                return answer.values[0]
        return ""

    @property
    def changed(self) -> bool:
        return self.message != self.original

    # What is done -----------------------------------------------------------------------------------

    def put(self, message: bytes) -> None:
        """Another message on the bench, which is a change of the one before."""
        if message != self.message:
            self.before = [*self.before[1 - BACK :], (self.message, self.original)]
            while len(self.before) > 1 and sum(len(old) for old, _ in self.before) > KEPT:
                self.before.pop(0)
            self.message = message

    def undo(self) -> None:
        if not self.before:
            raise LabError("There is nothing to undo.")
        self.message, self.original = self.before.pop()

    def back(self) -> None:
        self.put(self.original)

    def how(self, **changed: Any) -> None:
        """Sign otherwise from now on. Raises LabError for what `Signing` does not have."""
        known = {"kind": tuple(self.signers), "header": get_args(Form), "body": get_args(Form)}
        for name, value in changed.items():
            if name not in Signing.__dataclass_fields__:
                fields = ", ".join(Signing.__dataclass_fields__)
                raise LabError(f"How to sign is told by {fields}; {visible(name)[:40]!r} is none of them.")
            if name in known and value not in known[name]:
                raise LabError(
                    f"{name} is one of {', '.join(known[name])}, not {visible(str(value))[:40]!r}."
                )
        self.signing = replace(self.signing, **changed)

    def sign(self) -> None:
        """Sign what is on the bench anew, in place of the signature that is looked at."""
        how = self.signing
        signer = self.signers.get(how.kind)
        if signer is None:
            raise LabError("There is no key here to sign with.")
        bare = self._bare()
        read = Message(bare)
        names = worth_signing(read.fields)
        if "from" not in names:
            raise LabError("A message without From cannot be signed: write one.")
        now = self.now()
        field = sign(
            bare,
            domain=signer.domain,
            selector=signer.selector,
            key=signer.key,
            headers=names if how.over else names[1:],
            canonicalization=(how.header, how.body),
            length=read.body_hash(how.body).size if how.length else None,
            now=now,
            expires=now + LIFE if how.expires else None,
        )
        self.put(field + bare)
        self.original, self.number = self.message, 0

    def _bare(self) -> bytes:
        """The message without the signature that is looked at."""
        at, number = 0, 0
        for name, field in self.read.fields:
            at = self.message.find(field, at)
            if name == "dkim-signature" and number == self.number:
                return self.message[:at] + self.message[at + len(field) :]
            number += name == "dkim-signature"
            at += len(field)
        return self.message

    def _records(self) -> dict[tuple[str, str], list[str]] | None:
        """The DNS that the reader asks about, None for that as it is."""
        if not self.question or not self.key:
            return None
        values = {
            "gone": [],
            "revoked": ["v=DKIM1; p="],
            "other": [self.other] if self.other else [],
            "testing": [f"{self.record.rstrip('; ')}; t=y"] if self.record else [],
        }
        return {(self.question, "TXT"): values[self.key]} if self.key in values else None
