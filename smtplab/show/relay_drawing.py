"""The relay table's surroundings: the bar and the banner above it, and the rules below it.

Every text is escaped, and made visible where a learner or the wire can have written it.
"""

from __future__ import annotations

import htpy as h
from markupsafe import Markup

from ..mail.relaying import DEFERRED, DENIED, PRESETS, Scene, Setting, judge
from ..mail.reply import Reply
from ..mail.verdict import SIGNS
from .relay_parts import button, switch
from .theme import chip, shown

# code -> the reply, what it means in short, and what a client does then
DENIALS: dict[int, tuple[Reply, str, str]] = {
    554: (DENIED, "for good", "the client gives up at once, and its user gets a DSN"),
    454: (DEFERRED, "for now", "the client keeps the message and asks again, for days"),
}


def bar(setting: Setting, scene: Scene, usual: Setting) -> Markup:
    """What stands above: try all, the presets, and back to how it was."""
    return Markup(
        h.fragment[
            button(
                "Try all six", "all", go=True, title="Six real sessions with the server, one for each cell"
            ),
            h.span(".rt-presets", role="group", aria_label="Presets")[
                (
                    button(word, "preset", title=what, pressed=make(setting, scene) == setting, value=word)
                    for word, (what, make) in PRESETS.items()
                )
            ],
            button(
                "As it was", "reset", title="Set the server as this table found it", pressed=setting == usual
            ),
            h.span(".smtplab-space"),
            h.span(".sl-title")[shown(scene.server)],
        ]
    )


def banner(setting: Setting, scene: Scene) -> Markup:
    """Whether this is an open relay, and what that means."""
    found = judge(setting, scene)
    kind, sign = ("no", SIGNS["bad"]) if found.is_open else ("ok", SIGNS["good"])
    return Markup(
        h.div(class_=f"rt-banner rt-{kind}")[
            h.span(class_=f"smtplab-big smtplab-{kind}")[f"{sign} {found.headline}"],
            h.p[shown(found.sentence[:1].upper() + found.sentence[1:])],
        ]
    )


def rules(setting: Setting, scene: Scene) -> Markup:
    """The rest of the setting, with its controls: who is inside, the gateway, and how a refusal is worded."""
    behind = f"every client seems to be {setting.gateway}"
    before = f"when on, every client seems to be {scene.gateway}, as behind many a container's proxy"
    return Markup(
        h.fragment[
            h.div(".rt-rule")[
                h.label[
                    h.span(".rt-legend")["Inside are the networks"],
                    h.span(".rt-field")[
                        h.input(
                            type="text",
                            value=shown(", ".join(setting.inside)),
                            placeholder="none",
                            autocomplete="off",
                            spellcheck="false",
                            data_key="networks",
                        ),
                    ],
                ],
                button("Set", "inside", about="the networks"),
                h.span(".rt-aside")["who calls from there need not log in; Postfix's word is mynetworks"],
            ],
            h.div(".rt-rule")[
                h.span(".rt-legend")["Behind a gateway (NAT)"],
                switch(bool(setting.gateway), "on" if setting.gateway else "off", "gateway", "Gateway"),
                h.span(".rt-aside")[shown(behind if setting.gateway else before)],
            ],
            h.fieldset(".rt-rule")[
                h.legend(".rt-legend")["A refusal says"],
                (_denial(code, setting.denial.code) for code in DENIALS),
                h.span(".smtplab-ref")["RFC 5321 §4.2.1, §4.5.4.1"],
            ],
        ]
    )


def _denial(code: int, now: int) -> h.Element:
    reply, short, long = DENIALS[code]
    return h.label(".rt-choice")[
        h.input(type="radio", name="denial", value=str(code), checked=code == now, data_key=f"deny-{code}"),
        h.span[chip(reply.code, reply.enhanced), f" {short}: ", h.span(".smtplab-dim")[long]],
    ]


def told(setting: Setting) -> Markup:
    """The same in words, for a page without controls."""
    reply, short, long = DENIALS.get(setting.denial.code, (setting.denial, "", ""))
    gateway = f"; every client seems to be {setting.gateway}, the gateway" if setting.gateway else ""
    inside = ", ".join(setting.inside) or "none"
    means = f" {short}: {long}." if short else ""
    return Markup(
        h.p[
            f"Networks that count as inside: {shown(inside)}{shown(gateway)}. A refusal says ",
            chip(reply.code, reply.enhanced),
            means,
        ]
    )
