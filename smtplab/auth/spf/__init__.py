"""SPF (RFC 7208): may this host send mail for this domain?"""

from typing import TYPE_CHECKING

from smtplab.mail.lazy import lazily

if TYPE_CHECKING:
    from ..advice import Advice
    from .build import build
    from .check import check_host, cost_tree
    from .evaluation import evaluate
    from .lint import cost, lint
    from .record import Mechanism, Modifier, Record, parse, select
    from .result import SpfVerdict, refusal
    from .tree import Cost, CostTree
    from .weighing import weigh
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "Advice": "..advice",
            "build": ".build",
            **dict.fromkeys(("check_host", "cost_tree"), ".check"),
            "evaluate": ".evaluation",
            **dict.fromkeys(("cost", "lint"), ".lint"),
            **dict.fromkeys(("Mechanism", "Modifier", "Record", "parse", "select"), ".record"),
            **dict.fromkeys(("SpfVerdict", "refusal"), ".result"),
            **dict.fromkeys(("Cost", "CostTree"), ".tree"),
            "weigh": ".weighing",
        },
    )

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
