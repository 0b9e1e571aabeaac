"""The chain of a DKIM signature, and where it breaks: body, bh=, header hash, b=, and the key.

The body's hash stands in bh=; bh= stands in a field that is hashed with the other signed fields; that hash
is what b= signs, and the key in the DNS tells whether it does. A change of the body breaks the first link and
leaves the others whole; a change of a field breaks the third. Each link says it by its line, a sign and a
word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import htpy as h
from markupsafe import Markup

from ..auth.dkim import DkimVerdict
from ..auth.dkim.cause import CAUSES
from ..mail.verdict import SIGNS, Tone
from .theme import CLASSES, result_chip, shown

State = Literal["whole", "broken", "unknown"]
TONES: dict[State, Tone] = {"whole": "good", "broken": "bad", "unknown": "plain"}


@dataclass(frozen=True, slots=True)
class Link:
    """What ties one thing to the next: its state, and a word or two about it."""

    state: State
    says: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The four links, from the body to the key."""

    body: Link
    inside: Link
    signed: Link
    key: Link


def chain(verdict: DkimVerdict) -> Chain:
    """The links, as the verdict's steps say them."""
    if verdict.signature is None:
        lost = Link("unknown", "cannot be read")
        return Chain(lost, lost, lost, lost)
    found = {step.what: step.result for step in verdict.steps}
    whole = found.get("body hash") == "pass"
    body = Link("whole", "the same hash") if whole else Link("broken", "another hash")
    result = found.get("signature", "none")
    alien = verdict.cause in ("wrong-key", "header-or-key")
    if result == "pass":
        return Chain(body, Link("whole", "unchanged"), Link("whole", "b= fits"), _key(verdict))
    if result == "none":
        return Chain(body, Link("unknown", "only b= tells"), Link("unknown", "no key to tell"), _key(verdict))
    key = Link("broken", "another key") if verdict.cause == "wrong-key" else Link("unknown", "there is one")
    return Chain(
        body,
        Link("unknown", "only b= tells"),
        Link("broken", "b= does not fit"),
        key if alien else _key(verdict),
    )


def _key(verdict: DkimVerdict) -> Link:
    words = {
        "revoked": "withdrawn",
        "no-key": "not in the DNS",
        "no-dns": "no answer",
        "weak-key": "too short",
        "key-syntax": "malformed",
        "key-type": "of another type",
    }
    if verdict.cause in words:
        return Link("unknown" if verdict.cause == "no-dns" else "broken", words[verdict.cause])
    return Link("whole", "in the DNS") if verdict.key else Link("unknown", "not known")


def draw(verdict: DkimVerdict | None) -> Markup:
    """The chain as a row of boxes, and in a sentence what is the matter."""
    if verdict is None:
        return Markup(
            h.p(".dk-says")[result_chip("none", big=True), " The message has no signature: sign it."]
        )
    links = chain(verdict)
    size = len(verdict.canonical_header)
    more = "" if len(verdict.canonical_body) < 1 << 16 else " or more"
    return Markup(
        h.fragment[
            h.p(".dk-says")[
                result_chip(verdict.result, big=True),
                h.strong["DKIM"],
                h.span(".dk-cause")[_sentence(verdict)],
            ],
            h.ol(".dk-chain")[
                _box("Body", f"{len(verdict.canonical_body)} octets{more}"),
                _link(links.body),
                _box("bh=", _short(verdict.claimed)),
                _link(links.inside),
                _box("Header hash", f"of {size} octets"),
                _link(links.signed),
                _box("b=", "the signature"),
                _link(links.key, back=True),
                _box("Key", verdict.selector and f"{verdict.selector}._domainkey"),
            ],
            _hashes(verdict),
        ]
    )


def _short(value: str) -> str:
    return f"{value[:10]}…" if len(value) > 10 else value


def _box(name: str, says: str) -> h.Element:
    return h.li(".dk-box")[h.b[name], h.span(".smtplab-dim")[shown(says, 40)]]


def _link(link: Link, *, back: bool = False) -> h.Element:
    """A line to the next box; `back` for one that the next box makes to this."""
    how = TONES[link.state]
    return h.li(class_=f"dk-link dk-{link.state}{' dk-back' if back else ''}")[
        h.span(".dk-line", aria_hidden="true")[h.i, h.i],
        h.span(class_=f"dk-state smtplab-{CLASSES[how]}")[
            f"{SIGNS[how] if link.state != 'unknown' else '?'} {link.state}"
        ],
        h.span(".dk-why")[link.says],
    ]


def _sentence(verdict: DkimVerdict) -> h.Node:
    if verdict.result == "pass":
        tail = " Its key says t=y, though: it only tests, and counts as none." if verdict.testing else ""
        who = shown(verdict.domain, 100)
        return [h.b[f"{who} signed this, and it is unchanged."], tail]
    word, _, name = verdict.cause.partition(":")
    says = CAUSES.get(word, "it does not hold")
    why = next((s.why for s in reversed(verdict.steps) if s.what == f"cause: {verdict.cause}"), "")
    if name and not why:
        says += f": {shown(name, 60)}"
    return [h.b[f"{_capital(says)}."], f" {shown(_capital(why), 300)}." if why else ""]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _hashes(verdict: DkimVerdict) -> h.Element | None:
    """The two body hashes, one above the other, where they differ."""
    if not verdict.claimed or verdict.claimed == verdict.body_hash:
        return None
    return h.dl(".dk-hashes")[
        h.dt["bh= says"],
        h.dd[h.code[shown(verdict.claimed, 100)]],
        h.dt["computed now"],
        h.dd[h.code[shown(verdict.body_hash, 100)]],
    ]
