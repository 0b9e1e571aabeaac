"""The mail reader's view beside View Source: what Bob sees, and what the message says.

On the left a mail program as most are: a name, a subject, a text. On the right the same message as it came,
field by field, each explained where the focus is. What the view hides or makes look other than it is stands
under it. A switch shows it as programs on small screens do, by the display name alone.

It opens no link, picture or file. What a field is worth, `mail.header.read` says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import htpy as h
from markupsafe import Markup

from ..mail.header import read
from ..mail.header.field import Message, octets
from ..mail.text import visible
from ..mail.verdict import Step
from ..mail.view import View, reader_view
from . import code_tabs
from .ladder import script_file
from .reader_source import explanations, source
from .scripted import SCRIPT, STYLE, Scripted
from .theme import shown, style
from .verdict import STYLE as VERDICT_STYLE

READER_CSS = script_file("reader.css")
TEXT = 20_000  # characters of a text: a mail program would scroll


class MailReader(Scripted):
    """A message as its reader sees it, beside its source. `show` takes another one, `names_only` switches.

    `message` is octets, text or a message from a mailbox; `trusted` are the hosts whose fields count as
    evidence. `origin` is the expression that gives the octets in the notebook, for *Show the code*.
    """

    _esm = SCRIPT + script_file("reader.js")
    _css = STYLE + READER_CSS

    def __init__(
        self,
        message: Message,
        *,
        trusted: Collection[str] = (),
        name_only: bool = False,
        title: str = "",
        origin: str = "message",
    ) -> None:
        self._title, self._origin = title, origin
        self.name_only = bool(name_only)
        super().__init__("smtplab-reader")
        self.show(message, trusted=trusted)

    # What the controls do ---------------------------------------------------------------------------

    def show(self, message: Message, *, trusted: Collection[str] = ()) -> None:
        """Show another message."""
        self.raw = message if isinstance(message, str) else octets(message)
        self.trusted = tuple(trusted)
        self.view = reader_view(self.raw)
        self.verdict = read(self.raw, trusted=self.trusted)
        self._settle()

    def names_only(self, on: bool) -> None:
        """Show only the display name of the sender, as programs on small screens do, or all there is."""
        self.name_only = bool(on)
        self._settle()

    # How --------------------------------------------------------------------------------------------

    def _draw(self) -> dict[str, Any]:
        return {
            "view": str(mock(self.view, name_only=self.name_only)),
            "source": str(source(self.raw, live=True)),
            "fields": explanations(self.raw, self.verdict),
            "names": self.name_only,
            "title": visible(self._title),
        }

    def _snippets(self) -> Mapping[str, str]:
        return snippets(self._origin)

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        match content:
            case {"do": "names", "value": bool(on)}:
                return lambda: self.names_only(on)
        return None

    # Without a kernel -------------------------------------------------------------------------------

    def _html(self) -> Markup:
        from .verdict import html as verdict_html

        verdict = verdict_html(self.verdict).replace(str(style(VERDICT_STYLE)), "")
        return Markup(
            h.div(".smtplab.smtplab-card.mr-still")[
                style(VERDICT_STYLE, READER_CSS),
                h.div(".mr-sides")[
                    h.div(".mr-side")[
                        _heading("What the reader sees"), mock(self.view, name_only=self.name_only)
                    ],
                    h.div(".mr-side")[_heading("View Source"), source(self.raw)],
                ],
                h.details[h.summary["What each field is, and what it is worth"], Markup(verdict)],
                code_tabs.html(self._snippets()),
            ]
        )

    def __repr__(self) -> str:
        return self.view.text()


def view_html(view: View) -> Markup:
    """A view by itself, as a notebook shows the record."""
    return Markup(h.div(".smtplab.smtplab-card.mr-still")[style(READER_CSS), mock(view)])


def _heading(words: str) -> h.Element:
    return h.h3(".mr-heading")[words]


def mock(view: View, *, name_only: bool = False) -> Markup:
    """A mail program that shows `view`; with `name_only` as little of it as on a small screen."""
    whole = view.sender if name_only or not view.name else f"{view.name} <{view.address or 'no address'}>"
    more = [] if name_only else [("To", view.to), ("Cc", view.cc), ("Answers go to", view.reply_to)]
    return Markup(
        h.fragment[
            h.article(class_="mr-mail mr-small" if name_only else "mr-mail", aria_label="The message")[
                h.div(".mr-head")[
                    h.span(".mr-face", aria_hidden="true")[_initial(view.sender)],
                    h.div(".mr-who")[
                        h.div(".mr-sender")[shown(whole, 300)],
                        (
                            h.div(".mr-line")[f"{label}: ", shown(", ".join(names), 600)]
                            for label, names in more
                            if names
                        ),
                    ],
                    h.div(".mr-date")[shown(view.date, 100)],
                ],
                h.div(".mr-subject")[shown(view.subject, 300)],
                h.div(".mr-text", tabindex="0")[_cut(view.body)],
                h.ul(".mr-files")[
                    (
                        h.li[f"{shown(file.name, 100)} ", h.span(".smtplab-dim")[f"{file.size:,} octets"]]
                        for file in view.attachments[:50]
                    )
                ]
                if view.attachments
                else None,
            ],
            misleading(view.warnings),
        ]
    )


def _initial(name: str) -> str:
    return next((char.upper() for char in name if char.isalnum()), "?")


def _cut(text: str) -> str:
    left = len(text) - TEXT
    return text if left <= 0 else f"{text[:TEXT]}… ({left} characters more)"


def misleading(warnings: tuple[Step, ...]) -> Markup:
    """What misleads in the view, to be unfolded once the reader has looked; nothing where nothing does."""
    if not warnings:
        return Markup("")
    return Markup(
        h.details(".mr-warnings", data_key="warnings")[
            h.summary[f"What misleads here: {len(warnings)}"],
            h.dl[
                (
                    [
                        h.dt[shown(step.what, 200)],
                        h.dd[shown(step.why, 400), " ", h.span(".smtplab-ref")[shown(step.ref)]],
                    ]
                    for step in warnings[:50]
                )
            ],
        ]
    )


def snippets(origin: str) -> dict[str, str]:
    """What does the same without a widget."""
    stock = [
        "import email",
        "import email.policy",
        "from email.utils import parseaddr",
        "",
        f"found = email.message_from_bytes({origin}, policy=email.policy.default)",
        'name, address = parseaddr(found["From"])',
        "print(name or address)                # what most programs show",
        'print(found["Subject"], found["Date"])',
        'print(found.get_body(("plain", "html")).get_content())',
        "",
        f'print({origin}.decode(errors="replace"))  # View Source',
    ]
    return {"Python": "\n".join(stock) + "\n"}
