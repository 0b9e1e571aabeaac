"""The controls of the envelope x-ray: the fields of a letter, its envelope, and what the program does wrong.

Each control says in its attributes which part of a letter it is (`data-of`), and the script sends them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import htpy as h
from markupsafe import Markup

from ..mail.letter import Letter, addresses
from .theme import shown

ORDINARY = Letter()
BLIND = replace(ORDINARY, bcc="erin@birch.example", rcpt_to=("bob@birch.example", "erin@birch.example"))
PRESETS: Mapping[str, Letter] = {
    "ordinary": ORDINARY,
    "blind copy": BLIND,
    "like a list": replace(ORDINARY, to="trees@list.example", mail_from="bounces@list.example"),
    "forged From": replace(ORDINARY, from_="Your bank <service@bank.example>"),
}

FIELDS = {"from_": "From", "to": "To", "cc": "Cc", "bcc": "Bcc"}
ENVELOPE = {"mail_from": "MAIL FROM", "rcpt_to": "RCPT TO"}
HINTS = {"mail_from": "<> when empty", "rcpt_to": "none", "cc": "none", "bcc": "none"}
SWITCHES = {
    "leaves_bcc": "the program leaves Bcc in the header section (a bug that real programs had)",
    "stamps": "the program writes Date and Message-ID itself",
    "tls": "the servers use TLS with each other",
}


def desk(letter: Letter) -> Markup:
    """The controls, as `letter` has them."""
    return Markup(
        h.fragment[
            h.div(".sl-top-bar")[
                h.span(".xr-from")["Start from"],
                (
                    h.button(
                        ".sl-button",
                        type="button",
                        data_do="preset",
                        data_value=name,
                        data_key=f"preset-{name}",
                        aria_pressed=str(made == letter).lower(),
                    )[name]
                    for name, made in PRESETS.items()
                ),
            ],
            h.div(".xr-desk")[
                _group("Header section: what people read", FIELDS, letter),
                _group(
                    "Envelope: what SMTP goes by",
                    ENVELOPE,
                    letter,
                    h.button(".sl-button", type="button", data_send="usual", data_key="usual")[
                        "Take it from the fields"
                    ],
                    h.span(".xr-aside")["as mail programs do"],
                ),
                h.fieldset(".xr-group.xr-switches")[
                    h.legend["On the way"],
                    (_switch(of, words, bool(getattr(letter, of))) for of, words in SWITCHES.items()),
                    h.div(".xr-go")[
                        h.button(".sl-button.sl-go", type="button", data_send="send", data_key="send")["Send"]
                    ],
                ],
            ],
        ]
    )


def _group(title: str, names: Mapping[str, str], letter: Letter, *more: h.Node) -> h.Element:
    return h.fieldset(".xr-group")[
        h.legend[title],
        (_input(of, label, getattr(letter, of)) for of, label in names.items()),
        h.div(".xr-more")[more] if more else None,
    ]


def _input(of: str, label: str, value: str | tuple[str, ...]) -> h.Element:
    text = value if isinstance(value, str) else ", ".join(value)
    return h.label(".xr-field")[
        h.code[label],
        h.input(
            ".sl-field",
            type="text",
            value=shown(text),
            placeholder=HINTS.get(of, "none"),
            spellcheck="false",
            autocomplete="off",
            data_of=of,
            data_key=of,
        ),
    ]


def _switch(of: str, words: str, on: bool) -> h.Element:
    return h.label(".xr-switch")[
        h.input(type="checkbox", checked=on, data_of=of, data_key=of),
        h.span[words],
    ]


def letter_of(given: Mapping[str, object], before: Letter) -> Letter:
    """The letter that the page's controls say; what is of the wrong kind stays as it was."""
    words = {of: given[of] for of in (*FIELDS, "mail_from") if isinstance(given.get(of), str)}
    flags = {of: given[of] for of in SWITCHES if isinstance(given.get(of), bool)}
    made = replace(before, **words, **flags)  # type: ignore[arg-type]
    rcpt = given.get("rcpt_to")
    return replace(made, rcpt_to=addresses(rcpt)) if isinstance(rcpt, str) else made
