"""smtplab: learn SMTP by running it.

    from smtplab import Lab
    lab = Lab()

This is the face: notebooks import from here and nothing deeper. A name is loaded when it is first
asked for, so that `import smtplab` is quick and a script that only wants a lab loads no widgets.
"""

# ruff: noqa: F401 - what type checkers import here, __getattr__ loads when it is asked for
from __future__ import annotations

import builtins
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .auth import dkim, dmarc, spf
    from .auth.dmarc import reports
    from .course import (
        check,
        exercise,
        explain,
        form,
        gain,
        glossary,
        hint,
        lesson,
        predict,
        progress,
        question,
        quiz,
    )
    from .desk import Lab
    from .lab import policies
    from .lab.item import SmartHost
    from .lab.signing import Signer
    from .mail.dialogue import lines
    from .mail.dsn import explain_bounce
    from .mail.envelope import Envelope
    from .mail.header.thread import thread
    from .mail.path import Path
    from .mail.received.chain import chain
    from .mail.received.forge import forge
    from .mail.received.parse import parse as parse_received
    from .mail.reply import Reply
    from .mail.reply_desk import explain as explain_reply
    from .mail.sasl import explain as explain_login
    from .mail.session import State, refusal
    from .mail.transcript import Side
    from .show.judgement import judge_desk
    from .show.script import content

__version__ = "0.1.0"

_WHERE = {
    "Lab": "desk",
    "SmartHost": "lab.item",
    "Signer": "lab.signing",
    "policies": "lab.policies:",
    "dkim": "auth.dkim:",
    "spf": "auth.spf:",
    "dmarc": "auth.dmarc:",
    "reports": "auth.dmarc.reports:",
    "content": "show.script",
    "judge_desk": "show.judgement",
    "Path": "mail.path",
    "Envelope": "mail.envelope",
    "Reply": "mail.reply",
    "State": "mail.session",
    "refusal": "mail.session",
    "Side": "mail.transcript",
    "thread": "mail.header.thread",
    "lines": "mail.dialogue",
    "chain": "mail.received.chain",
    "forge": "mail.received.forge",
    "parse_received": "mail.received.parse:parse",
    "explain_bounce": "mail.dsn",
    "explain_login": "mail.sasl:explain",
    "explain_reply": "mail.reply_desk:explain",
    **dict.fromkeys(("check", "exercise", "explain", "form", "gain", "glossary"), "course"),
    **dict.fromkeys(("hint", "lesson", "predict", "progress", "question", "quiz"), "course"),
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"smtplab has no {name!r}. It has: {', '.join(__all__)}.")
    place, colon, own_name = _WHERE[name].partition(":")  # "module", "module:its name there", or "module:"
    module = importlib.import_module(f".{place}", __name__)
    value = module if colon and not own_name else getattr(module, own_name or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


if hasattr(builtins, "__IPYTHON__"):
    # The records show themselves in a notebook, though mail/ knows no HTML.
    from .show.register import register

    register()
