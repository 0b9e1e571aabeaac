"""The mail map: who is on the network, who runs it, and what went on between them (RFC 5598).

`MailMap` shows records that are handed in, so it needs no running lab: a `Topology`, and transcripts as
a list or as a function that fetches them anew. In JupyterLab a host can be opened by mouse or keyboard;
without a kernel the same picture stands above the same facts, and in a terminal there is a table.

With the events of a message (`mail.timeline`) the map shows its journey: step by step, to be scrubbed and
played, with what was asked, said and written at each. Without them it draws how things stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import htpy as h
import traitlets
from markupsafe import Markup

from ..mail.timeline import Event
from ..mail.topology import Place, Topology
from ..mail.transcript import Transcript
from . import theme
from .code_tabs import html as code_html
from .controls import Notice, Shown, guarded
from .map_data import Talks, dialogue_text, hosts, legend, table
from .map_journey import Journey
from .map_layout import layout
from .map_svg import picture, summary

Source = Callable[[], Iterable[Transcript]] | Iterable[Transcript]
Events = Callable[[], Iterable[Event]] | Iterable[Event]

HERE = Path(__file__).parent
STYLE = "".join((HERE / name).read_text("utf-8") for name in ("map.css", "map_live.css"))
SCRIPT = "".join((HERE / name).read_text("utf-8") for name in ("map_live.js", "map.js"))
STATIC_TEXTS = 20  # dialogues that a static page holds, the newest first

HOW_TO = "Arrow keys or Tab move between hosts, Enter opens one, Escape leads back."
JOURNEY = "On the time line arrow keys go from step to step, Home and End to its ends; a number opens a hop. "


class _View(anywidget.AnyWidget):
    """The part of the map that lives in the browser (map.js)."""

    _esm = SCRIPT
    _css = theme.CSS + STYLE
    svg = traitlets.Unicode().tag(sync=True)
    hosts: traitlets.List[Any] = traitlets.List().tag(sync=True)
    talks: traitlets.List[Any] = traitlets.List().tag(sync=True)
    legend: traitlets.List[Any] = traitlets.List().tag(sync=True)
    steps: traitlets.List[Any] = traitlets.List().tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)
    how_to = traitlets.Unicode(HOW_TO).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)


class MailMap(Shown):
    """The map of `places`: a `Topology`, or places alone, which are then drawn without links.

    `transcripts` are those so far: a function is asked again by Refresh and when a host is opened. `path`
    is a message's way, as pairs of host names (from, to): its hops are numbered. Hosts in it that the map
    does not have are left out of the picture.

    `events` are those of one message (`mail.timeline`), or a function that fetches them anew: then the map
    shows its journey, `path` is taken from it, and a host that the map lacks is added. `code` is what *Show
    the code* shows, by tool.
    """

    def __init__(
        self,
        places: Topology | Iterable[Place],
        *,
        transcripts: Source = (),
        path: Sequence[tuple[str, str]] = (),
        events: Events = (),
        code: Mapping[str, str] | None = None,
    ) -> None:
        self._places = places if isinstance(places, Topology) else Topology(tuple(places))
        self._given = tuple(path)
        self._source = transcripts if callable(transcripts) else tuple(transcripts)
        self._events = events if callable(events) else tuple(events)
        self._notice = Notice()
        self._view = _View(code=str(code_html(code or {})))
        self._draw()
        answer = guarded(self._view, self._notice)(self._answer)
        self._view.on_msg(lambda _, content, __: answer(content))
        super().__init__(
            (self._view, self._notice),
            html=lambda: static(self.topology, self._transcripts(), self.path, self.journey),
            text=lambda: table(self.topology, self.path, self.journey.text()),
            classes=("smtplab-map",),
        )

    def refresh(self) -> None:
        """Fetches transcripts and events anew; what the page shows follows."""
        if callable(self._events):
            self._draw()
        else:
            self._view.talks = self._talks.rows(self._transcripts())

    def _draw(self) -> None:
        self.journey = Journey(self._events() if callable(self._events) else self._events)
        self.topology = self.journey.places(self._places)
        self.path = tuple(self.journey.hops) or self._given
        self._talks = Talks(self.topology)
        drawn = layout(self.topology, self.path)
        with self._view.hold_sync():
            self._view.svg = str(picture(self.topology, self.path, live=True, drawn=drawn))
            self._view.steps = self.journey.rows(self.topology, drawn)
            self._view.how_to = (JOURNEY if self.journey.steps else "") + HOW_TO
            self._view.hosts = hosts(self.topology)
            self._view.talks = self._talks.rows(self._transcripts())
            self._view.legend = legend(self.topology)

    def _transcripts(self) -> list[Transcript]:
        return list(self._source() if callable(self._source) else self._source)

    def _answer(self, content: dict[str, Any]) -> None:
        """What the page asks for: all anew, one dialogue's text, or what a step has behind it."""
        self._notice.clear()
        kind, number = content.get("kind"), content.get("number")
        if kind == "refresh":
            self.refresh()
        elif kind == "step":
            self._view.send({"kind": "step", **self.journey.detail(number if isinstance(number, int) else 0)})
        else:
            found = next((one for one in self._transcripts() if one.number == number), None)
            text = dialogue_text(found) if found else "This transcript is no longer kept."
            self._view.send({"kind": "text", "number": number, "text": text})

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**kwargs)
        return {**bundle, "image/svg+xml": standalone(self.topology, self.path)}


# Without a kernel


def standalone(topology: Topology, path: Sequence[tuple[str, str]] = ()) -> str:
    """The picture as an SVG file that brings its colours, light or dark as the reader's system asks."""
    mixed = ";".join(
        f"--smtplab-{name}:color-mix(in srgb,var(--smtplab-ink) {share}%,var(--smtplab-bg))"
        for name, share in theme.MIXED.items()
    )
    light, dark = (
        ";".join(f"--smtplab-{name}:{value}" for name, value in values.items())
        for values in (theme.LIGHT | theme.FONTS, theme.DARK)
    )
    tokens = f".sm-picture{{{light};{mixed};background:var(--smtplab-bg)}}"
    night = f"@media(prefers-color-scheme:dark){{.sm-picture{{{dark}}}}}"
    style = h.style[Markup(tokens + night + STYLE)]
    return str(picture(topology, path, style=style))


def static(
    topology: Topology,
    transcripts: Sequence[Transcript] = (),
    path: Sequence[tuple[str, str]] = (),
    journey: Journey | None = None,
) -> Markup:
    """The map as one HTML fragment that needs no script: the picture, the journey's steps, then each host to
    unfold."""
    talks = Talks(topology)
    rows = talks.rows(transcripts)
    places = zip(hosts(topology), rows, strict=True)
    latest = sorted(transcripts, key=lambda one: one.number, reverse=True)[:STATIC_TEXTS]
    return Markup(
        h.div(".smtplab.smtplab-card.sm-static")[
            theme.style(STYLE),
            picture(topology, path),
            journey.listed() if journey and journey.steps else None,
            h.p(".sm-how")[f"{summary(topology, path)}. Unfold a host to read about it."],
            (_static_host(host, talk) for host, talk in places),
            h.p(".sm-how")[f"Dialogues: the latest {len(latest)} of {len(transcripts)}."] if latest else None,
            (_static_talk(one, talks) for one in latest),
        ]
    )


def _static_host(host: dict[str, Any], talk: dict[str, Any]) -> h.Element:
    ports = [
        h.tr[(h.td[str(port[key]) or "-"] for key in ("number", "service", "tls", "real"))]
        for port in host["ports"]
    ]
    return h.details[
        h.summary[h.strong[host["name"]], " ", h.span(".smtplab-dim")[host["note"]]],
        h.ul[
            h.li[f"Run by {host['admd']}" if host["admd"] else "In nobody's mail domain"],
            (h.li[h.code[address]] for address in host["addresses"]),
            (h.li[h.strong[role["title"]], f" ({role['role']}): {role['what']}"] for role in host["roles"]),
            h.li[f"Transcripts: {talk['total']}"],
        ],
        h.table[
            h.tr[(h.th[title] for title in ("Port", "Service", "TLS", "On this machine"))],
            ports,
        ]
        if ports
        else None,
    ]


def _static_talk(transcript: Transcript, talks: Talks) -> h.Element:
    how = talks.how(transcript)
    ends = f"{transcript.number}  {transcript.client.host} → {transcript.server} "
    return h.details[
        h.summary[
            theme.shown(ends),
            h.span(class_=f"smtplab-chip smtplab-{how['class']}")[f"{how['sign']} {how['code']}"],
            f" {how['said']}",
        ],
        h.pre(".sm-text")[dialogue_text(transcript, theme.SHOWN)],
    ]
