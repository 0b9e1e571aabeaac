"""SPF (RFC 7208): may this host send mail for this domain?"""

from .check import check_host
from .evaluation import evaluate
from .record import Mechanism, Modifier, Record, parse, select
from .result import SpfVerdict, refusal

__all__ = [
    "Mechanism",
    "Modifier",
    "Record",
    "SpfVerdict",
    "check_host",
    "evaluate",
    "parse",
    "refusal",
    "select",
]
