"""A judgement as one HTML page: to keep, to print, or to attach to a ticket.

What was found out about this message? All of it stands in one file that needs no script, no kernel and no
network; it is light or dark as the reader's system is. All text from outside goes through `visible` and an
escaping builder, and a policy in the page forbids it to load or run anything. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import htpy as h
from markupsafe import Markup

from ..auth.case import RAW_SOURCE, CaseJudgement, Told
from ..mail.verdict import Step, Verdict
from .theme import PLAIN_PAGE, result_chip, shown, style
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html
from .verdict import tree

MOST_STEPS = 1000  # of one verdict; the text form has them all
MOST_REMARKS = 20

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
CSS = f"""
{PLAIN_PAGE}{{margin:0;background:var(--smtplab-bg);color-scheme:light dark}}
.jp-page{{max-width:60rem;margin:0 auto;padding:16px 20px 40px}}
.jp-page h1{{font-size:22px;margin:0 0 12px}}
.jp-page h2{{font-size:16px;margin:24px 0 8px}}
.jp-page h3{{font-size:14px;margin:12px 0 4px}}
.jp-page pre{{font:12.5px/1.5 var(--smtplab-mono);background:var(--smtplab-panel);padding:8px 12px;margin:0;
 border-radius:6px;white-space:pre-wrap}}
.jp-page details.jp-verdict{{margin:6px 0}}
@media print{{.jp-page{{max-width:none;padding:0}}}}
"""

_STYLE = Markup(style(VERDICT_STYLE))
_HEADS = ("Known", "Wrong", "First")
Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Page:
    """What is drawn with: `say` is what each text goes through before it is shown, such as a redactor."""

    say: Say
    rules: Sequence[Verdict]
    commands: Mapping[Any, Sequence[str]]  # what to run for the rules


def html(
    found: CaseJudgement | Told,
    *,
    rules: Sequence[Verdict] = (),
    commands: Mapping[Any, Sequence[str]] | None = None,
    say: Say = str,
    note: str = "",
) -> str:
    """`found` as a whole HTML page, with the verdicts of `rules` (`auth.case.requirements`) if there are any.

    `commands` are what to run, by tool, for what these rules hang on. `say` takes and gives a text: with
    `Redactor().text` nothing is shown that it hides. `note` stands at the end.
    """
    page = _Page(say, rules, commands or {})
    title = "What can be said of this message" if _judgement(found) else "What was read"
    drawn = h.html(lang="en")[
        h.head[
            h.meta(charset="utf-8"),
            h.meta(http_equiv="Content-Security-Policy", content=POLICY),
            h.meta(name="viewport", content="width=device-width, initial-scale=1"),
            h.title[title],
            style(VERDICT_STYLE, CSS),
        ],
        h.body[h.main(".smtplab.jp-page")[h.h1[title], list(_sections(found, page)), _note(note, say)]],
    ]
    return f"{drawn}\n"


def _note(note: str, say: Say) -> h.Node:
    return h.p(".smtplab-dim")[shown(say(note))] if note else None


def _judgement(found: CaseJudgement | Told) -> CaseJudgement | None:
    return found.judgement if isinstance(found, Told) else found


def _sections(found: CaseJudgement | Told, page: _Page) -> Iterator[h.Node]:
    if isinstance(found, Told):
        yield h.p["Read as: ", h.strong[found.kind]]
        yield _verdict(found.verdict, page, is_open=True)
    if made := _judgement(found):
        yield from _judged(made, page)
    if isinstance(found, Told) and found.returned:
        yield _section("The message that came back", h.p[found.copy], list(_judged(found.returned, page)))
    if page.rules:
        yield _section(
            "What the large providers want of senders", [_verdict(one, page) for one in page.rules]
        )
        if any(page.commands.values()):
            yield _section("For these rules run, and paste what it prints", _run(page.commands, page))


def _judged(made: CaseJudgement, page: _Page) -> Iterator[h.Node]:
    said = zip(_HEADS, made.sentences, strict=True)
    yield h.dl[
        (
            h.fragment[h.dt[head], h.dd[shown(page.say(text.removeprefix(f"{head}: ")), 1500)]]
            for head, text in said
        )
    ]
    if made.missing:
        yield _section("Not at hand: run these, and paste what they print", _run(made.commands(), page))
    if made.damage:
        yield _section("What the paste has suffered", _damage(made.damage, page))
    facts = Verdict("", "", "", tuple(fact.step for fact in made.facts))
    yield _section("What the checks were asked with", _steps(facts, page))
    yield _section("What they say", [_verdict(one, page) for one in made.verdicts])
    if remarks := made.case.answers.remarks:
        lines = [f"character {one.span[0] + 1}: {one.message}" for one in remarks[:MOST_REMARKS]]
        lines += [f"and {len(remarks) - MOST_REMARKS} more"] if len(remarks) > MOST_REMARKS else []
        listed = h.ul[(h.li[shown(page.say(line), 600)] for line in lines)]
        yield _section("Not understood in the DNS answers", listed)


def _section(title: str, *inside: h.Node) -> h.Element:
    return h.section[h.h2[title], inside]


def _run(commands: Mapping[Any, Sequence[str]], page: _Page) -> list[h.Node]:
    return [
        h.fragment[h.h3[tool], h.pre["\n".join(shown(page.say(line)) for line in lines)]]
        for tool, lines in commands.items()
        if lines
    ]


def _damage(steps: Sequence[Step], page: _Page) -> list[h.Node]:
    drawn: list[h.Node] = [_steps(Verdict("", "", "", tuple(steps)), page)]
    if any(step.result for step in steps):
        listed = h.dl[(h.fragment[h.dt[who], h.dd[how]] for who, how in RAW_SOURCE.items())]
        drawn += [h.h3["How to get the raw source"], listed]
    return drawn


def _steps(verdict: Verdict, page: _Page) -> h.Element:
    """Steps that belong to no verdict, as the verdict renderer draws them."""
    return tree(_plain(verdict, page.say).steps)


def _verdict(verdict: Verdict, page: _Page, *, is_open: bool = False) -> h.Element:
    """A verdict, folded, with its result to be seen all the same."""
    plain = _plain(verdict, page.say)
    about = page.say(getattr(verdict, "domain", "")) or plain.question
    all_of_them = _count(verdict.steps) <= MOST_STEPS
    return h.details(".jp-verdict", open=is_open)[
        h.summary[
            result_chip(plain.result), " ", h.strong[shown(plain.method, 80)], " ", h.span[shown(about, 160)]
        ],
        Markup(verdict_html(plain).replace(_STYLE, Markup(""))),
        None if all_of_them else h.p(".smtplab-dim")["The rest is left out here; --whole prints every step."],
    ]


def _count(steps: Iterable[Step]) -> int:
    return sum(1 + _count(step.steps) for step in steps)


def _plain(verdict: Verdict, say: Say) -> Verdict:
    """The verdict with each text as `say` has it, and no more than MOST_STEPS steps."""
    steps, _ = _kept(verdict.steps, MOST_STEPS, say)
    return Verdict(verdict.result, verdict.method, say(verdict.question), steps, verdict.meters)


def _kept(steps: Sequence[Step], left: int, say: Say) -> tuple[tuple[Step, ...], int]:
    """As many steps as there is room for, and the room left."""
    kept: list[Step] = []
    for step in steps:
        if left <= 0:
            break
        inside, left = _kept(step.steps, left - 1, say)
        kept.append(Step(say(step.what), say(step.why), step.result, step.ref, inside))
    return tuple(kept), left
