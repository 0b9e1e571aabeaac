"""The eavesdropper's view: the same session twice, as the two ends have it and as a listener reads it.

On the left what client and server say; on the right, in step with it, what passed on the wire at that
moment: text where it was clear, TLS records where it was not, from the tap's octets and nothing else. Under
it stands what the listener has learnt all the same.

`html` shows a transcript on any page, `text` in a terminal, and `Eavesdropper` is the widget, in which a line
or a record that has the focus lights what belongs to it. None of them needs the lab that made the transcript.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import anywidget
import htpy as h
import traitlets
from markupsafe import Markup

from ..mail.text import visible
from ..mail.transcript import Transcript
from .eavesdrop_cells import joined, rows_html
from .eavesdrop_rows import View, view
from .eavesdrop_summary import Amounts, amounts, learnt
from .eavesdrop_text import render
from .theme import CSS, lock, style


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


STYLE = _file("eavesdrop.css")


def html(transcript: Transcript, *, secrets: bool = False) -> Markup:
    """The view for a page without a kernel. With `secrets`, passwords are shown on the left as well."""
    return _still(view(transcript), secrets)


def _still(seen: View, secrets: bool) -> Markup:
    return Markup(
        h.div(".smtplab.smtplab-card.se-view.se-still")[style(STYLE), picture(seen, secrets=secrets)]
    )


def text(transcript: Transcript, *, secrets: bool = False, width: int = 118) -> str:
    """The view for a terminal, in two columns that are `width` characters wide together."""
    return render(view(transcript), secrets=secrets, width=width)


def picture(seen: View, *, live: bool = False, secrets: bool = False) -> Markup:
    """The view without its frame; `live` gives it the roles that a script fills with life."""
    ends = seen.transcript
    return Markup(
        h.fragment[
            h.div(".se-top")[
                h.strong[visible(f"{ends.client.host} → {ends.server}")],
                h.span(".smtplab-dim")["the same session twice, from inside and from the wire"],
                h.span(".smtplab-space"),
                h.span(".se-keys", aria_hidden="true")[h.kbd["↑"], h.kbd["↓"]] if live else None,
            ],
            h.div(
                ".se-table",
                role="grid" if live else "table",
                aria_label=visible(f"Session of {ends.client.host} with {ends.server}, as said and as heard"),
                tabindex=None if live else "0",
            )[
                h.div(".se-head", role="row")[
                    h.div(".se-time", role="columnheader")[h.span(title="since the connection opened")["ms"]],
                    h.div(".se-in", role="columnheader")[h.b["What client and server say"]],
                    h.div(".se-out", role="columnheader")[_ear(), h.b["What Mallory reads"]],
                ],
                rows_html(seen.rows, live=live, secrets=secrets),
            ],
            h.div(".se-sum")[
                h.h3["What the listener knows now"],
                h.p[joined(learnt(seen))],
                _bar(amounts(seen)) if seen.heard else None,
            ],
        ]
    )


def _ear() -> h.Element:
    """An eye: whoever listens on the wire."""
    return h.svg(".se-eye", viewBox="0 0 16 12", aria_hidden="true")[
        h.path(d="M1 6C3.5 2 6 1 8 1s4.5 1 7 5c-2.500 4-5 5-7 5S3.500 10 1 6Z", fill="none"),
        h.circle(cx="8", cy="6", r="2"),
    ]


def _bar(found: Amounts) -> h.Element:
    """How much of what passed was in clear, on labels, sealed, or no TLS: a bar, and the same in words."""
    parts = [
        ("clear", "in clear", found.clear),
        ("setup", "handshake", found.setup),
        ("sealed", "sealed", found.sealed),
        ("junk", "no TLS", found.junk),
    ]
    there = [part for part in parts if part[2]]
    return h.div(".se-amounts")[
        h.div(".se-bar", aria_hidden="true")[
            (h.span(class_=f"se-part se-{name}", style=f"flex-grow:{count}") for name, _, count in there)
        ],
        h.ul[
            (
                h.li[
                    h.span(class_=f"se-key se-{name}", aria_hidden="true"),
                    lock() if name == "sealed" else None,
                    f" {words}: {count:,} of {found.total:,} octets",
                ]
                for name, words, count in there
            )
        ],
    ]


class Eavesdropper(anywidget.AnyWidget):
    """The view as a widget: Up and Down move from turn to turn, and what belongs together is lit.

    It shows the transcript as it is when made; `show` draws another one, or the same one grown.
    """

    _esm = _file("eavesdrop.js")
    _css = CSS + STYLE

    picture = traitlets.Unicode().tag(sync=True)

    def __init__(self, transcript: Transcript, *, secrets: bool = False) -> None:
        super().__init__()
        self._secrets = secrets
        self.add_class("smtplab-eavesdropper")
        self.show(transcript)

    def show(self, transcript: Transcript) -> None:
        """Draw `transcript` as it is now."""
        self.transcript = transcript
        self._seen = view(transcript)
        self.picture = str(picture(self._seen, live=True, secrets=self._secrets))

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        still = {"text/html": str(_still(self._seen, self._secrets)), "text/plain": repr(self)}
        return bundle | still, metadata

    def __repr__(self) -> str:
        return render(self._seen, secrets=self._secrets)
