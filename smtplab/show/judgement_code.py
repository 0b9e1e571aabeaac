"""What *Show the code* shows of the judge desk: the command, the Python, the look-ups with dig, and tools.

The snippets hold what was typed as literals and quoted words. The command and the Python go by what was
pasted; dig and what `judgement_tools` adds are for whoever wants to ask others.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from ..auth.answers import commands
from ..auth.case import CaseJudgement, Told
from ..mail.route import Question
from ..mail.text import visible
from .judgement_input import Found, Given
from .judgement_parts import judgement_of
from .judgement_tools import tools

MOST = 12  # look-ups that are shown


def snippets(found: Found, given: Given) -> Mapping[str, str]:
    """What does the same, by tool."""
    made = judgement_of(found)
    if made is None:
        assert isinstance(found, Told)
        return {"Command line": "smtplab judge pasted.txt", "smtplab": _told(found)}
    code = {"Command line": _command(given), "smtplab": _python(made)}
    lines = commands(_asked(made))["dig"][:MOST]
    return code | ({"dig": "\n".join(lines)} if lines else {}) | tools(made)


def _asked(made: CaseJudgement) -> Iterator[Question]:
    for verdict in made.verdicts:
        for question, _ in getattr(verdict, "queries", ()):
            yield question


def _command(given: Given) -> str:
    words = ["smtplab", "judge", "message.eml"]
    if given.answers.strip():
        words += ["--dns", "answers.txt"]
    for name in ("ip", "mail_from", "helo"):
        if value := visible(getattr(given, name).strip())[:400]:
            words += [f"--{name.replace('_', '-')}", "" if value == "<>" else value]
    for host in given.trusted.replace(",", " ").split()[:20]:
        words += ["--trust", visible(host)[:255]]
    return shlex.join(words)


def _python(made: CaseJudgement) -> str:
    case = made.case
    given = [
        f"{name}={getattr(case, name)!a}"
        for name in ("ip", "mail_from", "helo", "trusted")
        if getattr(case, name) not in (None, ())
    ]
    more = "".join(f", {each}" for each in given)
    return (
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from smtplab.auth.answers import read\n"
        "from smtplab.auth.case import Case, judge_case\n\n"
        'answers = read(Path("answers.txt").read_text(encoding="utf-8"))\n'
        f'case = Case(Path("message.eml").read_bytes(), answers=answers{more})\n'
        "print(judge_case(case, datetime.now(UTC)))\n"
    )


def _told(told: Told) -> str:
    return (
        "from pathlib import Path\n"
        "from smtplab.auth.case import explain\n\n"
        f'print(explain(Path("pasted.txt").read_bytes(), {told.kind!r}))\n'
    )
