"""The logbook: every event of a lab, of all hosts, in one list to filter, to search and to open.

It shows the events of `mail.timeline`, the newest ten thousand of them. In JupyterLab only the rows in sight
are drawn, so a long list is as quick as a short one; a row opens what stands behind it, the dialogue, the
verdict, or the question and its answer. Without a kernel the newest stand in a table, and in a terminal as
lines.

It records nothing and runs nothing: events are handed in, as a list or as a function that fetches them anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import htpy as h
import traitlets
from markupsafe import Markup

from ..mail.text import decode, visible
from ..mail.timeline import KINDS, Event, compared, summary
from ..mail.verdict import SIGNS, tone
from . import theme
from .code_tabs import html as code_html
from .controls import Notice, Shown, guarded
from .map_data import dialogue_text

Events = Callable[[], Iterable[Event]] | Iterable[Event]

HERE = Path(__file__).parent
STYLE = (HERE / "logbook.css").read_text("utf-8")
MOST = 10_000  # events; of more, the newest are shown, and how many are not is said
LONGEST = 400  # characters of a row's text
STATIC = 200  # rows of a page without a kernel

Row = tuple[int, str, str, str, str, str, str, str, str]


class _View(anywidget.AnyWidget):
    """The part of the logbook that lives in the browser (logbook.js)."""

    _esm = HERE / "logbook.js"
    _css = theme.CSS + STYLE
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    kinds: traitlets.List[Any] = traitlets.List().tag(sync=True)
    older = traitlets.Int(0).tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)


class Logbook(Shown):
    """The logbook of `events`: a list, or a function that Refresh asks again.

    `code` is what *Show the code* shows, by tool.
    """

    def __init__(self, events: Events, *, code: Mapping[str, str] | None = None) -> None:
        self._source = events if callable(events) else tuple(events)
        self._notice = Notice()
        kinds = [[kind, what] for kind, what in KINDS.items()]
        self._view = _View(kinds=kinds, code=str(code_html(code or {})))
        self.refresh()
        answer = guarded(self._view, self._notice)(self._answer)
        self._view.on_msg(lambda _, content, __: answer(content))
        super().__init__(
            (self._view, self._notice),
            html=lambda: static(self.events),
            text=lambda: summary(self.events[-STATIC:]) or "Nothing has happened yet.",
            classes=("smtplab-logbook",),
        )

    def refresh(self) -> None:
        """Fetches the events anew; what the page shows follows, filtered as it was."""
        found = tuple(self._source() if callable(self._source) else self._source)
        self.events = found[-MOST:]
        with self._view.hold_sync():
            self._view.older = len(found) - len(self.events)
            self._view.rows = rows(self.events)

    def _answer(self, content: dict[str, Any]) -> None:
        """What the page asks for: all anew, or what stands behind one event."""
        self._notice.clear()
        if content.get("kind") == "refresh":
            self.refresh()
            return
        t = content.get("t")
        found = next((event for event in self.events if event.t == t), None)
        parts = behind(found) if found else [{"title": "This event is no longer kept.", "text": ""}]
        self._view.send({"kind": "parts", "t": t, "parts": parts})


def rows(events: Iterable[Event]) -> list[Row]:
    """Each event as a row: its number, time, kind, host, peer, sign, result, tone and text, made visible."""
    found: list[Row] = []
    for event in events:
        how = tone(event.result)
        found.append(
            (
                event.t,
                f"{event.when:%d %b %H:%M:%S}",
                event.kind,
                theme.shown(event.host, 120) or "you",
                theme.shown(event.peer, 120),
                SIGNS[how] if event.result else "",
                theme.shown(event.result, 40),
                theme.CLASSES[how],
                theme.shown(event.text, LONGEST),
            )
        )
    return found


def behind(event: Event) -> list[dict[str, str]]:
    """What stands behind an event, as titled texts: verdict, answer, what a host added, dialogue."""
    parts: list[dict[str, str]] = []
    if event.verdict:
        parts.append({"title": "The verdict", "text": visible(event.verdict.text(), keep="\n")})
    if event.query:
        asked, answer = event.query
        lines = [f"{asked.name} {asked.rdtype}", answer.status, *answer.values, answer.note]
        parts.append(
            {"title": "Question and answer", "text": "\n".join(visible(one) for one in lines if one)}
        )
    if event.after:
        changed = [
            f"{sign} {theme.shown(decode(line))}" for sign, line in compared(event.before, event.after)
        ]
        parts.append({"title": "The header section: what was added (+)", "text": "\n".join(changed)})
    if event.transcript:
        title = f"What was said: transcript {event.transcript.number}"
        parts.append({"title": title, "text": dialogue_text(event.transcript)})
    return parts or [{"title": "Nothing more is known of it.", "text": ""}]


def static(events: Sequence[Event]) -> Markup:
    """The newest events as a table that needs no script."""
    shown = events[-STATIC:]
    return Markup(
        h.div(".smtplab.smtplab-card.lb-static")[
            theme.style(STYLE),
            h.p(".smtplab-dim")[f"The newest {len(shown)} of {len(events)} events."],
            h.table[
                h.thead[h.tr[(h.th(scope="col")[name] for name in ("Time", "Kind", "Where", "What"))]],
                h.tbody[(_tr(row) for row in rows(shown))],
            ],
        ]
    )


def _tr(row: Row) -> h.Element:
    _, when, kind, host, peer, sign, result, how, text = row
    chip = h.span(class_=f"smtplab-chip smtplab-{how}")[f"{sign} {result}"] if result else None
    return h.tr[
        h.td(".lb-when")[when], h.td[kind], h.td[f"{host} → {peer}" if peer else host], h.td[chip, " ", text]
    ]
