"""verify (RFC 6376 §6): the DKIM check with a blocking resolver.

It drives `evaluate`, and bounds the time that all answers together may take. It keeps no answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from smtplab.mail.header.field import Message as Given
from smtplab.mail.verdict import Step

from ..spf.check import PATIENCE, drive
from ..what_if import Resolve, asked
from .evaluation import USUAL, evaluate
from .policy import Policy
from .result import DkimVerdict


def verify(
    message: Given,
    *,
    resolve: Resolve,
    now: datetime,
    policy: Policy = USUAL,
    original: bytes | None = None,
    patience: float = PATIENCE,
) -> list[DkimVerdict]:
    """The verdicts on a message's signatures, the top one first; none where it has none. Raises nothing.

    `message` has CR LF line ends, or bare LF alone as a file may. `resolve(name, rdtype)` returns records or
    raises dnspython's NXDOMAIN, NoAnswer or Timeout. `now` has a time zone. `original` is the message as it
    was signed: where someone has it, a failure can say what the difference is.
    """
    verdicts = _run(message, resolve, now, policy, original, patience)
    return askable(
        verdicts, message, resolve=resolve, now=now, policy=policy, original=original, patience=patience
    )


def askable(
    verdicts: Iterable[DkimVerdict],
    message: Given,
    *,
    resolve: Resolve,
    now: datetime,
    policy: Policy = USUAL,
    original: bytes | None = None,
    patience: float = PATIENCE,
) -> list[DkimVerdict]:
    """The verdicts of a check that has just ended, each of which can be asked again; they keep `message`."""
    given: dict[str, Any] = {
        "message": message,
        "resolve": resolve,
        "now": now,
        "policy": policy,
        "original": original,
        "patience": patience,
    }
    return [_asked(verdict, number, given) for number, verdict in enumerate(verdicts)]


def _run(
    message: Given,
    resolve: Resolve,
    now: datetime,
    policy: Policy,
    original: bytes | None,
    patience: float,
) -> list[DkimVerdict]:
    return drive(evaluate(message, now=now, policy=policy, original=original), resolve, patience)


def _asked(verdict: DkimVerdict, number: int, given: dict[str, Any]) -> DkimVerdict:
    def again(**changed: Any) -> DkimVerdict:
        verdicts = _run(**changed)
        if number < len(verdicts):
            return _asked(verdicts[number], number, changed)
        step = Step("DKIM-Signature", "the message has none here any more", "none", "RFC 6376 §6.1")
        return DkimVerdict("none", "DKIM", "is there a signature?", (step,))

    return asked(verdict, again, given)
