"""The port chooser: who are you, whom do you talk to, what does the network allow? Then try it.

The advice and its reasons come from `mail.ports`. *Run it* carries the chosen way out, right or wrong, with
the function that is handed in, and shows the trial's steps and its transcript as a ladder. What was tried
before stays within reach, for comparing. This module opens no connection and knows no hosts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import htpy as h
import traitlets
from markupsafe import Markup

from ..mail.dialogue import lines as read
from ..mail.line import Line
from ..mail.ports import PORTS, TLS, WHO, WHOM, Advice, Situation, Tls, Trial, Way, Who, Whom, advise
from ..mail.text import visible
from ..mail.transcript import Side, Transcript
from ..mail.verdict import SIGNS, Step, tone
from .code_tabs import tabs
from .controls import STYLE as CONTROLS_STYLE
from .controls import Notice, guarded
from .ladder import SCRIPT, WIDGET_CSS, Ladder, bundle_of, script_file
from .port_lines import readable
from .theme import CLASSES, CSS, shown, style
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html

PORTS_CSS = script_file("port_chooser.css")
KEPT = 8  # trials that stay within reach

WHO_WORDS: dict[Who, str] = {
    "mail program": "a mail program at home",
    "application": "an application on a server",
    "mail server": "a mail server",
}
WHOM_WORDS: dict[Whom, str] = {
    "submission server": "your provider's submission server",
    "mail exchanger": "the recipient's mail exchanger",
    "relay": "a relay (smart host)",
}
NETWORK_WORDS = {False: "everything", True: "everything but port 25"}
TLS_LABELS: dict[Tls, str] = {"none": "none", "starttls": "STARTTLS", "implicit": "implicit"}

# The tabs are the stepper's; what makes a stepper of it is not wanted here.
_TABS = script_file("stepper.js").partition("// Tabs as the ARIA")[2].partition("export default")[0]

Ends = Callable[[Situation], tuple[str, str]]
Code = Callable[[Situation, Way], Mapping[str, str]]


class PortChooser(Ladder):
    """Choose, and see the advice; change the way if you like; run it.

    `attempt` tries a way for real and returns the record; `ends` names the two hosts that play in a
    situation; `code` makes what *Show the code* shows. The methods `choose`, `go` and `run` do what the
    controls do.
    """

    _esm = SCRIPT + "// Tabs as the ARIA" + _TABS + script_file("port_chooser.js")
    _css = CSS + VERDICT_STYLE + WIDGET_CSS + CONTROLS_STYLE + PORTS_CSS

    tools = traitlets.Dict().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self, attempt: Callable[[Situation, Way], Trial], *, ends: Ends, code: Code | None = None
    ) -> None:
        self._attempt, self._ends, self._code = attempt, ends, code
        self.situation = Situation("mail program", "submission server")
        self.way = advise(self.situation).first
        self.trials: list[Trial] = []
        self._shown: Trial | None = None
        super().__init__()
        self._notice = Notice()
        self._notice.observe(lambda change: self.set_trait("message", change["new"]), "value")
        guard = guarded(self, self._notice, self._settle)
        self._acts = {name: guard(getattr(self, name)) for name in ("choose", "go", "run", "look")}
        self.add_class("smtplab-port-chooser")
        self._settle()

    @property
    def advice(self) -> Advice:
        """What is right for the situation that is chosen."""
        return advise(self.situation)

    # What the controls do ---------------------------------------------------------------------------

    def choose(self, who: Who, whom: Whom, blocked: bool = False) -> None:
        """Say who you are, whom you talk to, and whether the network swallows port 25."""
        if who not in WHO or whom not in WHOM:
            raise ValueError(f"{who!r} and {whom!r}: choose one of {WHO} and one of {WHOM}")
        self.situation = Situation(who, whom, bool(blocked))
        self.way = self.advice.first

    def go(self, port: int, tls: Tls, login: bool) -> None:
        """Choose a way, be it the advised one or not."""
        if port not in PORTS or tls not in TLS:
            raise ValueError(f"{port!r} and {tls!r}: choose one of {PORTS} and one of {TLS}")
        self.way = Way(port, tls, bool(login))

    def run(self) -> Trial:
        """Carry the way out, and show what became of it."""
        trial = self._attempt(self.situation, self.way)
        self.trials = [*self.trials, trial][-KEPT:]
        self._look(trial)
        return trial

    def look(self, number: int) -> None:
        """Show the trial with this number among `trials` once more."""
        self._look(self.trials[number])

    # How --------------------------------------------------------------------------------------------

    def _look(self, trial: Trial) -> None:
        self._shown = trial
        self.show(readable(trial.transcript) if trial.transcript else ())
        lines = read(self.source) if isinstance(self.source, Transcript) else []
        self.focus = _telling(lines)

    def _settle(self) -> None:
        """Tell the page how things stand."""
        situation, way, trial, advice = self.situation, self.way, self._shown, self.advice
        self.tools = {
            "groups": _groups(situation, way),
            "advised": way in advice.ways,
            "advice": str(advice_html(advice, " → ".join(self._ends(situation)))),
            "first": [advice.first.port, advice.first.tls, advice.first.login],
            "trial": str(_bare(trial)) if trial else "",
            "talk": trial is not None and trial.transcript is not None,
            "tried": [_tried(one, one is trial) for one in self.trials],
        }
        if self._code:
            self.code = str(tabs(self._code(situation, way)))

    def _asked(self, widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        match content:
            case {"do": "choose", "who": str(who), "whom": str(whom), "blocked": bool(blocked)}:
                self._acts["choose"](who, whom, blocked)
            case {"do": "go", "port": int(port), "tls": str(tls), "login": bool(login)}:
                self._acts["go"](port, tls, login)
            case {"do": "run"}:
                self._acts["run"]()
            case {"do": "look", "number": int(number)} if 0 <= number < len(self.trials):
                self._acts["look"](number)
            case _:
                super()._asked(widget, content, buffers)

    # Without a kernel -------------------------------------------------------------------------------

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle, metadata = super()._repr_mimebundle_(**options)
        bundle.pop("image/svg+xml", None)
        return bundle | {"text/html": str(self._html()), "text/plain": repr(self)}, metadata

    def __repr__(self) -> str:
        parts = [f"{_in_words(self.situation)}: {self.advice.summary}"]
        parts += [str(trial) for trial in self.trials]
        return "\n".join(parts)

    def _html(self) -> Markup:
        trial = self._shown
        talk = bundle_of(self.source)["text/html"] if trial and trial.transcript else ""
        return Markup(
            h.div(".smtplab.smtplab-card.pc-still")[
                style(VERDICT_STYLE, PORTS_CSS),
                h.p[h.strong[_in_words(self.situation)]],
                advice_html(self.advice, " → ".join(self._ends(self.situation))),
                [_bare(trial), Markup(talk)] if trial else None,
                h.details[h.summary["All situations"], _overview()],
            ]
        )


def _telling(lines: Sequence[Line]) -> int:
    """The line to look at first: the last one that was refused, or the first; -1 where there is none."""
    refused = [n for n, line in enumerate(lines) if line.reply and line.reply.code >= 400]
    unasked = next((n for n, line in enumerate(lines) if line.side is Side.CLIENT), 0)
    said = [lines[n].pair if lines[n].pair >= 0 else unasked for n in refused]
    return said[-1] if said else min(0, len(lines) - 1)


def advice_html(advice: Advice, ends: str = "") -> Markup:
    """The advice in short, between which hosts, and its reasons."""
    sign, kind = (SIGNS["good"], "ok") if advice.ways else (SIGNS["bad"], "no")
    return Markup(
        h.div(".pc-advice")[
            h.p(".pc-summary")[
                h.span(class_=f"smtplab-chip smtplab-{kind}", aria_hidden="true")[sign],
                h.strong[advice.summary],
                h.span(".pc-ends")[shown(ends)],
            ],
            h.dl[(_reason(step) for step in advice.steps)],
        ]
    )


def _reason(step: Step) -> h.Node:
    source = h.span(".smtplab-ref")[step.ref] if step.ref else None
    return [h.dt[step.what], h.dd[step.why, " ", source]]


def _bare(trial: Trial) -> Markup:
    """The trial's verdict, for a page that has the style already."""
    made = verdict_html(trial.verdict())
    return Markup(made.replace(str(style(VERDICT_STYLE)), ""))


def _tried(trial: Trial, now: bool) -> dict[str, Any]:
    how = tone(trial.result)
    return {
        "sign": SIGNS[how],
        "class": CLASSES[how],
        "result": trial.result,
        "way": visible(str(trial.way)),
        "ends": visible(f"{trial.client} → {trial.server}"),
        "now": now,
    }


def _groups(situation: Situation, way: Way) -> list[dict[str, Any]]:
    """The groups of choices, each with its name, its question, its options, and what is chosen."""
    login = {True: "log in", False: "no"}
    questions: tuple[tuple[str, str, Mapping[Any, str], Any], ...] = (
        ("who", "Who are you?", WHO_WORDS, situation.who),
        ("whom", "Whom do you talk to?", WHOM_WORDS, situation.whom),
        ("blocked", "What does the network allow?", NETWORK_WORDS, situation.blocked),
        ("port", "Port", {port: str(port) for port in PORTS}, way.port),
        ("tls", "TLS", TLS_LABELS, way.tls),
        ("login", "AUTH", login, way.login),
    )
    return [
        {"name": name, "asks": asks, "options": [[k, v] for k, v in options.items()], "chosen": chosen}
        for name, asks, options, chosen in questions
    ]


def _in_words(situation: Situation) -> str:
    allows = NETWORK_WORDS[situation.blocked]
    return f"{WHO_WORDS[situation.who]} → {WHOM_WORDS[situation.whom]}; the network allows {allows}"


def _overview() -> h.Element:
    head = ("Who", "Talks to", "Network", "Do")
    return h.table[
        h.thead[h.tr[(h.th(scope="col")[title] for title in head)]],
        h.tbody[(h.tr[(h.td[text] for text in row)] for row in _rows())],
    ]


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for who in WHO:
        for whom in WHOM:
            open_, shut = (advise(Situation(who, whom, blocked)).summary for blocked in (False, True))
            if open_ == shut:
                yield WHO_WORDS[who], WHOM_WORDS[whom], "any", open_
            else:
                yield WHO_WORDS[who], WHOM_WORDS[whom], NETWORK_WORDS[False], open_
                yield WHO_WORDS[who], WHOM_WORDS[whom], NETWORK_WORDS[True], shut
