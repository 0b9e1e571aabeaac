"""DMARC (RFC 9989): is the domain in From the one that was authenticated, and what does its owner ask for?"""

from typing import TYPE_CHECKING

from smtplab.mail.lazy import lazily

if TYPE_CHECKING:
    from ..advice import Advice
    from .building import build
    from .check import verify
    from .combinations import Combination, combinations
    from .deciding import Receiver, disposition, refusal
    from .evaluation import evaluate
    from .linting import lint
    from .quizzing import Case, case
    from .record import Record, Tag, parse, select
    from .result import DmarcVerdict
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "Advice": "..advice",
            "build": ".building",
            "verify": ".check",
            **dict.fromkeys(("Combination", "combinations"), ".combinations"),
            **dict.fromkeys(("Receiver", "disposition", "refusal"), ".deciding"),
            "evaluate": ".evaluation",
            "lint": ".linting",
            **dict.fromkeys(("Case", "case"), ".quizzing"),
            **dict.fromkeys(("Record", "Tag", "parse", "select"), ".record"),
            "DmarcVerdict": ".result",
        },
    )

__all__ = [
    "Advice",
    "Case",
    "Combination",
    "DmarcVerdict",
    "Receiver",
    "Record",
    "Tag",
    "build",
    "case",
    "combinations",
    "disposition",
    "evaluate",
    "lint",
    "parse",
    "refusal",
    "select",
    "verify",
]
