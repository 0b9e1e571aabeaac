"""The ladder: a dialogue as a sequence diagram whose lines explain themselves.

`svg` draws it for any page, `html` adds the same dialogue as text, and `Ladder` is the widget in which
one line has the focus and the side panel says what it means. All three are made from a transcript, and
show what it holds at that moment; none of them needs the lab that made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import anywidget
import htpy as h
import traitlets
from markupsafe import Markup

from ..mail.dialogue import lines as read
from ..mail.dialogue import text as as_text
from ..mail.line import Line, shown
from ..mail.transcript import Transcript
from . import drawing, keys, pcap
from .panel import panel
from .rungs import Row, rows
from .theme import CSS, DARK, FONTS, LIGHT, MIXED, TOKENS, style
from .verdict import STYLE as VERDICT_STYLE

Source = Transcript | Sequence[Line]

MOST_WHYS = 50  # refusals in one dialogue that get their reasons in full; each costs a few kilobytes
WIDTH = 760  # pixels of a still picture: what a notebook page has room for


def script_file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


PICTURE_CSS = script_file("drawing.css")


def svg(
    source: Source,
    *,
    focus: int | None = None,
    width: int = WIDTH,
    unfold: bool = False,
    secrets: bool = False,
) -> Markup:
    """The dialogue as one SVG that stands on its own, `width` pixels wide.

    `focus` is the number of a line to mark. Long runs of content are folded unless `unfold`; passwords
    are hidden unless `secrets` (`mail.line.shown`).
    """
    lines, transcript = _read(source)
    made = rows(lines, unfold=unfold, top=drawing.HEAD)
    return Markup(
        _svg(made, str(width), title=_summary(lines, transcript))[
            h.style[Markup(TOKENS + _root_tokens() + PICTURE_CSS)],
            drawing.head(*_ends(transcript)),
            h.g(transform=f"translate(-{drawing.RIGHT} 0)")[
                list(drawing.backdrop(made, drawing.HEAD - 4)),
                [drawing.cursor(row) for row in made if focus is not None and covers(row, focus)],
                [drawing.draw(row, width - drawing.X, secrets=secrets) for row in made],
            ],
        ]
    )


def html(source: Source, *, focus: int | None = None, unfold: bool = False) -> Markup:
    """The dialogue for a page without a kernel: the picture, and the same as text."""
    lines, transcript = _read(source)
    said = as_text(transcript) if transcript else "\n".join(f"{ln.side} {shown(ln)}" for ln in lines)
    return Markup(
        h.div(".smtplab.smtplab-card.sl-still")[
            style(WIDGET_CSS),
            h.div(".sl-scroll", tabindex="0", role="group", aria_label="The dialogue")[
                svg(lines if transcript is None else transcript, focus=focus, unfold=unfold)
            ],
            h.details[h.summary["As text"], h.pre(tabindex="0")[said]],
        ]
    )


def covers(row: Row, line: int) -> bool:
    """True when `row` shows the line with this number."""
    return row.index <= line < row.index + row.count


def _read(source: Source) -> tuple[list[Line], Transcript | None]:
    if isinstance(source, Transcript):
        return read(source), source
    return list(source), None


def _ends(transcript: Transcript | None) -> tuple[Any, Any]:
    return (transcript.client, transcript.server) if transcript else (None, None)


def _summary(lines: Sequence[Line], transcript: Transcript | None) -> str:
    return drawing.summary(len(lines), *_ends(transcript))


def _svg(made: Sequence[Row], width: str, *, title: str, role: str = "img") -> h.Element:
    bottom = made[-1].y + made[-1].height if made else drawing.HEAD
    return h.svg(
        class_="sl-picture",
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=str(bottom + drawing.TAIL),
        role=role,
        aria_label=title,
    )


def _root_tokens() -> str:
    """The tokens for an SVG that is a document by itself, where no page gives it any."""
    mix = "color-mix(in srgb,var(--smtplab-ink) {}%,var(--smtplab-bg))"
    light = LIGHT | FONTS | {name: mix.format(share) for name, share in MIXED.items()}
    rules = (
        ";".join(f"--smtplab-{name}:{value}" for name, value in table.items()) for table in (light, DARK)
    )
    return "svg:root{{{}}}@media(prefers-color-scheme:dark){{svg:root{{{}}}}}".format(*rules)


WIDGET_CSS = PICTURE_CSS + script_file("ladder.css")
SCRIPT = keys.SCRIPT + script_file("ladder.js") + script_file("asking.js")


class Ladder(anywidget.AnyWidget):
    """The ladder as a widget: move the focus by keyboard or mouse, and read what the line means.

    `focus` is the number of the focused line, -1 for none; `unfold` shows all content lines. Both can
    be set, and follow what the reader does. `show` replaces the dialogue.
    """

    _esm = SCRIPT + "\nexport default { render: ({ model, el }) => ladder(model, el).stop };\n"
    _css = CSS + VERDICT_STYLE + WIDGET_CSS

    view = traitlets.Dict().tag(sync=True)
    focus = traitlets.Int(-1).tag(sync=True)
    unfold = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self, source: Source = (), *, focus: int = -1, unfold: bool = False, secrets: bool = False
    ) -> None:
        super().__init__(focus=focus, unfold=unfold)
        self._secrets = secrets
        self.source: Source = source
        self.add_class("smtplab-ladder")
        self.observe(lambda change: self.show(self.source, self.focus), "unfold")
        self.on_msg(self._asked)
        self.show(source, focus)

    def show(self, source: Source, focus: int | None = None) -> None:
        """Draw `source`, with the focus on line `focus` (the last line when None)."""
        self.source = source
        lines, transcript = _read(source)
        with self.hold_sync():
            self.view = view(lines, transcript, unfold=self.unfold, secrets=self._secrets)
            self.focus = len(lines) - 1 if focus is None else focus

    def _asked(self, widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        """The page asks for the capture file: it is made only then."""
        if content.get("do") == "save" and isinstance(self.source, Transcript):
            name = f"smtplab-{self.source.number}"
            made = {f"{name}.pcap": pcap.pcap(self.source), f"{name}.keys": pcap.keylog(self.source).encode()}
            made = {name: data for name, data in made.items() if data}
            self.send({"save": list(made)}, list(made.values()))

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        return bundle | bundle_of(self.source, focus=self.focus), metadata


def bundle_of(source: Source, *, focus: int = -1) -> dict[str, str]:
    """The still forms of a dialogue, by media type, for a page without widgets."""
    lines, transcript = _read(source)
    where = None if focus < 0 else focus
    return {
        "text/html": str(html(source, focus=where)),
        "image/svg+xml": str(svg(source, focus=where)),
        "text/plain": as_text(transcript) if transcript else "\n".join(shown(line) for line in lines),
    }


def view(
    lines: Sequence[Line], transcript: Transcript | None, *, unfold: bool = False, secrets: bool = False
) -> dict[str, Any]:
    """What the script shows: the picture, and for every row the numbers of its panel's parts."""
    made = rows(lines, unfold=unfold)
    picture = _svg(made, "100%", title=_summary(lines, transcript), role="listbox")[
        h.g(transform=f"translate(-{drawing.RIGHT} 0)")[
            h.g(aria_hidden="true")[list(drawing.backdrop(made, 0))],
            [drawing.draw(row, 0, option=True, secrets=secrets) for row in made],
        ]
    ]
    parts: dict[Markup, int] = {}
    refusals = 0
    panels: list[list[int]] = []
    for row in made:
        panels.append(
            [parts.setdefault(part, len(parts)) for part in panel(lines, row.index, why=refusals < MOST_WHYS)]
        )
        refusals += row.line.reply is not None and row.line.reply.code >= 400
    head = h.svg(".sl-picture", width="100%", height=str(drawing.HEAD), aria_hidden="true")[
        drawing.head(*_ends(transcript))
    ]
    return {
        "head": str(head),
        "picture": str(picture),
        "parts": [str(part) for part in parts],
        "panels": panels,
        "capture": transcript is not None,
    }
