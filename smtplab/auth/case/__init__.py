"""A case: one message that somebody has at hand, judged by what is at hand, offline."""

from typing import TYPE_CHECKING

from smtplab.mail.lazy import lazily

if TYPE_CHECKING:
    from .bounced import Returned, judge_bounce, returned
    from .damage import RAW_SOURCE
    from .inputs import recognise
    from .judging import delivered, judge_case
    from .others import Told, explain
    from .record import Case, CaseJudgement, Fact
    from .redacting import Redactor
    from .requirements import questions, requirements
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "RAW_SOURCE": ".damage",
            "recognise": ".inputs",
            **dict.fromkeys(("delivered", "judge_case"), ".judging"),
            **dict.fromkeys(("Told", "explain"), ".others"),
            "Redactor": ".redacting",
            **dict.fromkeys(("Returned", "judge_bounce", "returned"), ".bounced"),
            **dict.fromkeys(("questions", "requirements"), ".requirements"),
            **dict.fromkeys(("Case", "CaseJudgement", "Fact"), ".record"),
        },
    )

__all__ = [
    "RAW_SOURCE",
    "Case",
    "CaseJudgement",
    "Fact",
    "Redactor",
    "Returned",
    "Told",
    "delivered",
    "explain",
    "judge_bounce",
    "judge_case",
    "questions",
    "recognise",
    "requirements",
    "returned",
]
