"""What a mark of the queue timeline means: a reply and who acts on it, a DSN, or what is still to come.

Whose turn is it now, and why? An attempt is told with its reply explained (`mail.reply_desk`), what
was decided about TLS, and what was said on the wire. It judges nothing: all of it stands in the records.
"""

from __future__ import annotations

from collections.abc import Iterator

import htpy as h
from markupsafe import Markup

from ..mail.attempt import Attempt
from ..mail.dialogue import text as dialogue_text
from ..mail.errors import RecordError
from ..mail.history import Notice
from ..mail.reply import Reply
from ..mail.reply_desk import Explained, examine
from ..mail.verdict import SIGNS, Step, tone
from .queue_drawing import age, clock, lane_word
from .queue_events import Lane, Mark
from .theme import CLASSES, chip, result_chip, shown, style
from .tracer_delay import words
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html

_STYLE = Markup(style(VERDICT_STYLE))  # the widget brings it once for all
_RETRY = "RFC 5321 §4.5.4.1"
_CLASS = "RFC 5321 §4.2.1"

Term = tuple[str, h.Node]


def panel(lane: Lane, mark: Mark) -> Markup:
    """All that is known about a mark, for beside the timeline."""
    if mark.attempt:
        body = _attempt(lane, mark, mark.attempt)
    elif mark.notice:
        body = _notice(lane, mark, mark.notice)
    else:
        body = _moment(lane, mark)
    return Markup(h.div(".qt-told")[body])


# Attempts -----------------------------------------------------------------------------------------------


def _attempt(lane: Lane, mark: Mark, attempt: Attempt) -> h.Node:
    return [
        h.div(".qt-explained")[
            h.h3[f"Attempt {mark.number} ", result_chip(attempt.outcome)],
            _meaning(mark, attempt),
            h.dl[[[h.dt[name], h.dd[what]] for name, what in _terms(lane, mark, attempt)]],
        ],
        h.div(".qt-said")[_dialogue(attempt)],
    ]


def _meaning(mark: Mark, attempt: Attempt) -> Iterator[h.Node]:
    reply = attempt.reply
    if reply is None:
        what = "No connection came about" if attempt.transcript is None else _broken(attempt)
        yield h.p[h.strong[what, "."], " ", _because(attempt.note)]
        yield h.p[*_unsettled(attempt)]
        yield from _last(attempt)
        return
    yield h.p(".qt-reply")[chip(reply.code, reply.enhanced), " ", h.code[shown(reply.text, 600)]]
    if attempt.rule:
        yield h.p["Nobody was asked: the sending MTA gave this reply itself. ", _ref(attempt.rule)]
    yield from _explained(attempt, reply)
    yield from _last(attempt)


def _explained(attempt: Attempt, reply: Reply) -> Iterator[h.Node]:
    """The reply as the reply desk reads it: what it speaks of, whose turn it is, what to do, and why so."""
    read = _read(reply, attempt.during or "connect")
    if read is None:
        yield h.p[shown(reply.meaning, 600)]
        yield h.p[h.strong["Next: "], reply.next_step, " ", _ref(_CLASS)]
        return
    yield h.p[read.summary]
    for turn in read.turns[: 0 if attempt.expired else 1]:
        yield h.p[h.strong[f"{turn.who.capitalize()}: "], turn.what, " ", _ref(turn.ref)]
    if attempt.outcome != "relayed":
        yield h.p[h.strong["What to do: "], read.advice]
    steps = Markup(verdict_html(read.verdict).replace(_STYLE, ""))
    yield h.details(".qt-why", data_fold="why")[h.summary(data_key="why")["Number by number"], steps]


def _read(reply: Reply, verb: str) -> Explained | None:
    """What the desk makes of it; None where it reads something else in the words."""
    try:
        read = examine(str(reply), verb=verb)
    except RecordError:
        return None
    return read if read.found.code == reply.code else None


def _unsettled(attempt: Attempt) -> tuple[h.Node, ...]:
    if attempt.transcript is not None and attempt.during == ".":
        why = "The message had been sent to its end, so the host may have it. The next try may make a twin."
        return why, " ", _ref("RFC 5321 §4.5.3.2.6")
    return "Without a reply nothing is settled: the message stays in the queue. ", _ref(_RETRY)


def _last(attempt: Attempt) -> Iterator[h.Node]:
    if attempt.expired:
        yield h.p["It was the last attempt: the time to give up had come. The status is ", h.code["4.4.7"],
                  ", delivery time expired. ", _ref(_RETRY)]  # fmt: skip


def _broken(attempt: Attempt) -> str:
    if attempt.during:
        return f"The connection broke at {shown(attempt.during, 20)}, before its reply"
    return "The connection broke before the greeting"


def _because(note: str) -> h.Node:
    return h.code[shown(note, 400)] if note else None


def _terms(lane: Lane, mark: Mark, attempt: Attempt) -> Iterator[Term]:
    yield "When", f"{clock(mark.when)}, {age(mark.when, lane)}"
    wait = next((after - before for before, after in lane.gaps() if after == mark.when), None)
    if wait:
        yield "Waited", f"{words(wait)} since the attempt before"
    yield "Recipient", h.code[shown(str(attempt.recipient.path), 320)]
    where = f" at {attempt.address}" if attempt.address else ""
    yield "Host", h.code[shown(attempt.host + where, 320)]
    if route := _route(lane, mark):
        yield "Route", route
    if attempt.during and attempt.reply:
        yield "Reply to", h.code[shown(attempt.during, 20)]
    if attempt.place:
        yield "Connection", f"kept open: {attempt.place} taken over it before this one"
    if attempt.tls:
        yield "TLS", _step(attempt.tls)


def _route(lane: Lane, mark: Mark) -> h.Node:
    """The hosts that this round went through, in order, this one among them; None when it was alone."""
    tried = [one for one in lane.attempts if one.when == mark.when]
    if len(tried) < 2:
        return None
    names = [shown(one.attempt.address or one.attempt.host, 100) for one in tried if one.attempt]
    return [
        [" → " if place else "", h.strong[h.code[name]] if one is mark else h.code[name]]
        for place, (one, name) in enumerate(zip(tried, names, strict=True))
    ]


def _step(step: Step) -> h.Node:
    how = tone(step.result)
    sign = h.span(class_=f"smtplab-mark smtplab-{CLASSES[how]}", aria_hidden="true")[f"{SIGNS[how]} "]
    return [
        sign if step.result else None,
        h.code[shown(step.what, 200)],
        f": {shown(step.why, 600)} ",
        _ref(step.ref),
    ]


def _dialogue(attempt: Attempt) -> h.Node:
    if attempt.transcript is None:
        return h.p(".smtplab-dim")["Nothing was said: there was no connection."]
    return [
        h.h4[f"What was said to {shown(str(attempt.transcript.server), 120)}"],
        h.pre(tabindex="0", role="region", aria_label="Dialogue")[shown_dialogue(attempt)],
    ]


def shown_dialogue(attempt: Attempt, limit: int = 6000) -> str:
    """The attempt's dialogue as text, without secrets; "" where there was no connection."""
    if attempt.transcript is None:
        return ""
    said = dialogue_text(attempt.transcript)  # it makes each line visible
    return said if len(said) <= limit else f"{said[:limit]}… ({len(said) - limit} characters more)"


def _ref(ref: str) -> h.Node:
    return h.span(".smtplab-ref")[shown(ref, 60)] if ref else None


# Notices and moments --------------------------------------------------------------------------------------


def _notice(lane: Lane, mark: Mark, notice: Notice) -> h.Node:
    about = ", ".join(shown(one, 320) for one in notice.recipients[:10])
    to = h.code[f"<{shown(notice.to, 320)}>"]
    if notice.why_not:
        told: h.Node = [h.p["No DSN was made: ", shown(notice.why_not, 600), " ", _ref(notice.rule)]]
    else:
        told = [
            h.p["The MTA wrote to the reverse-path ", to, " with ", h.code[f"Action: {notice.action}"], ". ",
                _ref("RFC 3464 §2.3.3")],
            h.p["The notice itself has the null reverse-path, so that nothing is ever sent about it. ",
                _ref("RFC 5321 §4.5.5")],
        ]  # fmt: skip
    return h.div(".qt-explained")[
        h.h3["DSN " if not notice.why_not else "No DSN ", result_chip(notice.action)],
        told,
        h.dl[
            h.dt["When"], h.dd[f"{clock(mark.when)}, {age(mark.when, lane)}"],
            h.dt["About"], h.dd[h.code[about]],
        ],
    ]  # fmt: skip


def _moment(lane: Lane, mark: Mark) -> h.Node:
    title, texts, ref = _MOMENTS[mark.kind]
    ahead = mark.when - lane.history.now
    left = f", in {words(ahead)}" if mark.hollow and ahead.total_seconds() > 0 else ""
    return h.div(".qt-explained")[
        h.h3[title or f"{lane_word(mark)} on this host"],
        [h.p[text] for text in texts],
        h.p[_ref(ref)],
        h.dl[h.dt["When"], h.dd[f"{clock(mark.when)}, {age(mark.when, lane)}{left}"]],
    ]


_MOMENTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "here": ("", ("No attempt was needed: the recipient was settled on the host that took the message.",),
             "RFC 5321 §4.2.5"),
    "next": (
        "Next attempt",
        ("The queue waits on purpose: whoever fails now will mostly fail again a moment later, and asking "
         "at once would only be a burden.",
         "The wait should be 30 minutes at least, and MTAs make it grow with each failure."),
        _RETRY,
    ),
    "warn": (
        "Warning to the sender",
        ("If the message still waits then, the sender is told with a DSN whose action is “delayed”. Nothing "
         "has to be done about it: the queue goes on trying.",),
        "RFC 3464 §2.3.3",
    ),
    "stop": (
        "The queue gives up",
        ("If the message still waits then, it has failed, though no host has refused it for good. The sender "
         "is told with a DSN.",
         "The time to give up should be four to five days at least."),
        _RETRY,
    ),
    "gave up": (
        "The queue gave up",
        ("The last reply was not permanent, but the time was over. The DSN says so with the status 4.4.7, "
         "delivery time expired, or repeats the last 4.x.x.",),
        _RETRY,
    ),
}  # fmt: skip
