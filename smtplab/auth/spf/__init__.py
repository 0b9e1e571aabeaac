"""SPF (RFC 7208): may this host send mail for this domain?"""

from ..advice import Advice
from .build import build
from .check import check_host
from .evaluation import evaluate
from .lint import cost, lint
from .record import Mechanism, Modifier, Record, parse, select
from .result import SpfVerdict, refusal

__all__ = [
    "Advice",
    "Mechanism",
    "Modifier",
    "Record",
    "SpfVerdict",
    "build",
    "check_host",
    "cost",
    "evaluate",
    "lint",
    "parse",
    "refusal",
    "select",
]
