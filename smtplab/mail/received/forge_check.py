"""Guesses about a forged message, held against the truth: where does trust end, and what is made up?

The first has an answer that a reader can find (RFC 5321 §7.1), and `chain` finds it. The second often has
none that anybody could find. Each Step says which, and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..verdict import Step, Verdict
from .chain import chain
from .hops import Chain

if TYPE_CHECKING:
    from .forge import Forged


def check(made: Forged, known: int | None, forged: int | None) -> Verdict:
    """`known` and `forged` are guesses, in lines, None for none.

    "pass" when all that was guessed is right, "fail" when something is wrong, "none" without a guess.
    """
    found = chain(made.message, trusted=made.trusted)
    steps = [] if known is None else [_known(made, found, known)]
    steps += [] if forged is None else [_forged(made, found, forged)]
    right = all(step.result == "pass" for step in steps)
    result = "none" if not steps else "pass" if right else "fail"
    steps = steps or [Step("no guess", "Give known=, forged= or both: a number of lines.", "none")]
    question = f"how many of these {len(found.hops)} lines are known, and how many are made up?"
    return Verdict(result, "guesses", question, tuple(steps))


def _known(made: Forged, found: Chain, guess: int) -> Step:
    """The guess about the trust boundary, with the reason for each line, the newest first."""
    lines = tuple(
        Step(f"line {hop.place} from the top", hop.why, "known" if hop.known else "claimed")
        for hop in found.header
    )
    why = f"You said {guess}, and it is {made.known}, read from the top down."
    return Step("lines that are known", why, _result(guess, made.known), "RFC 5321 §7.1", lines)


def _forged(made: Forged, found: Chain, guess: int) -> Step:
    """The guess about the lines that the sender made up, with what could have told."""
    odd = tuple(step for hop in found.hops[: made.forged] for step in hop.steps)
    if not made.forged:
        why = "none: the claimed lines are true as well, and nobody can see that in them."
    elif made.tellable:
        why = f"{made.forged}, the oldest. Something in them does not fit, and gives them away."
    else:
        why = (
            f"{made.forged}, the oldest. A consistent forgery can't be told from the truth, and this is one."
        )
    return Step(
        "lines that are made up", f"You said {guess}, and it is {why}", _result(guess, made.forged), steps=odd
    )


def _result(guess: int, truth: int) -> str:
    return "pass" if guess == truth else "fail"
