"""SPF (RFC 7208): may this host send mail for this domain?"""

from ..advice import Advice
from .build import build
from .check import check_host, cost_tree
from .evaluation import evaluate
from .lint import cost, lint
from .record import Mechanism, Modifier, Record, parse, select
from .result import SpfVerdict, refusal
from .tree import Cost, CostTree
from .weighing import weigh

__all__ = [
    "Advice",
    "Cost",
    "CostTree",
    "Mechanism",
    "Modifier",
    "Record",
    "SpfVerdict",
    "build",
    "check_host",
    "cost",
    "cost_tree",
    "evaluate",
    "lint",
    "parse",
    "refusal",
    "select",
    "weigh",
]
