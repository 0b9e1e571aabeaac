"""The look: colours, type and the small parts that every picture of smtplab shares.

One string, `CSS`, holds the tokens (`--smtplab-ok`, ...) and the classes (`smtplab-chip`, ...). Paper
and ink come from JupyterLab's own variables, so that its themes carry through; what has a hue is chosen
here, once for light and once for dark. A page without JupyterLab is light, or dark where the reader's
system asks for that. The contrast of every pair meets WCAG 2.2 AA: the tests compute it from these tables.

It does not draw: the pictures do, with these classes, and each adds the rules that only it needs.
"""

from __future__ import annotations

import htpy as h
from markupsafe import Markup

from ..mail.text import visible
from ..mail.verdict import SIGNS, Tone, tone

# Taken over from JupyterLab where it is there: our token -> its variable.
JUPYTERLAB = {
    "bg": "--jp-layout-color0",
    "ink": "--jp-content-font-color1",
    "ui": "--jp-ui-font-family",
    "mono": "--jp-code-font-family",
}

# Mixed from ink and paper, so that they follow any theme: per cent of ink.
MIXED = {"panel": 4, "line": 16, "dim": 70}

LIGHT = {
    "bg": "#ffffff",
    "ink": "#1b1f24",
    "client": "#44546a",
    "server": "#44546a",
    "mallory": "#8a2b6b",
    "accent": "#0067a3",
    "on-accent": "#ffffff",
    "ok": "#00785a",
    "more": "#0067a3",
    "later": "#8a5a00",
    "no": "#b3261e",
    "cipher": "#6a4ea3",
    "ok-bg": "#e3f4ee",
    "more-bg": "#e2f0fa",
    "later-bg": "#fdf1dc",
    "no-bg": "#fbe6e4",
    "cipher-bg": "#efeaf8",
    "focus": "#fff7d6",
}

DARK = {
    "bg": "#111417",
    "ink": "#e8ebee",
    "client": "#a9b8ca",
    "server": "#a9b8ca",
    "mallory": "#e48bc8",
    "accent": "#6cb8ea",
    "on-accent": "#111417",
    "ok": "#4fc9a4",
    "more": "#6cb8ea",
    "later": "#f0c061",
    "no": "#ff8a80",
    "cipher": "#b9a3ea",
    "ok-bg": "#12322a",
    "more-bg": "#12293a",
    "later-bg": "#362a10",
    "no-bg": "#3a1917",
    "cipher-bg": "#241d38",
    "focus": "#3a3413",
}

FONTS = {
    "ui": 'system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif',
    "mono": 'ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace',
}

CLASSES: dict[Tone, str] = {"good": "ok", "more": "more", "later": "later", "bad": "no", "plain": "plain"}
REPLIES: dict[int, Tone] = {2: "good", 3: "more", 4: "later", 5: "bad"}  # RFC 5321 §4.2.1

SHACKLE = "M3.5 5.5V4a2.5 2.5 0 0 1 5 0v1.5"  # of the lock

SHOWN = 4000  # characters of one text in a picture: a line of 100 kB would push all else off the screen


def _tokens(values: dict[str, str]) -> str:
    rules = []
    for name, value in values.items():
        theirs = JUPYTERLAB.get(name)
        rules.append(f"--smtplab-{name}:" + (f"var({theirs},{value})" if theirs else value))
    return ";".join(rules)


def _mixed() -> str:
    mix = "--smtplab-{}:color-mix(in srgb,var(--smtplab-ink) {}%,var(--smtplab-bg))"
    return ";".join(mix.format(name, share) for name, share in MIXED.items())


# A body that JupyterLab (or nbconvert, which writes the same attribute) has not marked is a plain page.
PLAIN_PAGE = "body:not([data-jp-theme-light]):not(.jp-Notebook)"

TOKENS = f"""
body{{{_tokens(LIGHT | FONTS)};{_mixed()}}}
body[data-jp-theme-light="false"],body.theme-dark{{{_tokens(DARK)}}}
@media (prefers-color-scheme:dark){{{PLAIN_PAGE}{{{_tokens(DARK)}}}}}
"""

# JupyterLab has rules of its own for rendered HTML; a class named twice or thrice outranks them.
PARTS = """
.smtplab{box-sizing:border-box;color:var(--smtplab-ink);background:var(--smtplab-bg);
 font:14px/1.45 var(--smtplab-ui);overflow-wrap:anywhere}
.smtplab *{box-sizing:border-box}
.smtplab.smtplab p{margin:0 0 8px} .smtplab.smtplab p:last-child{margin-bottom:0}
.smtplab.smtplab code,.smtplab-mono{font-family:var(--smtplab-mono);font-size:12.5px}
.smtplab.smtplab.smtplab code{color:var(--smtplab-ink);background:none;padding:0;white-space:pre-wrap}
.smtplab-card{border:1px solid var(--smtplab-line);border-radius:8px;padding:12px 16px;margin:2px 0}
.smtplab-bar{display:flex;flex-wrap:wrap;gap:8px;align-items:center}
.smtplab-space{flex:1}
.smtplab-dim,.smtplab-ref{color:var(--smtplab-dim)} .smtplab-ref{font-size:12px}
.smtplab-chip{font:600 12px var(--smtplab-mono);padding:1px 6px;border-radius:4px;white-space:nowrap}
.smtplab-big{font:700 15px var(--smtplab-mono);padding:3px 10px;border-radius:5px}
.smtplab-ok{color:var(--smtplab-ok);background:var(--smtplab-ok-bg)}
.smtplab-more{color:var(--smtplab-more);background:var(--smtplab-more-bg)}
.smtplab-later{color:var(--smtplab-later);background:var(--smtplab-later-bg)}
.smtplab-no{color:var(--smtplab-no);background:var(--smtplab-no-bg)}
.smtplab-plain{color:var(--smtplab-dim);background:var(--smtplab-panel)}
.smtplab-cipher{color:var(--smtplab-cipher);background:var(--smtplab-cipher-bg)}
.smtplab-lock{width:12px;height:12px;vertical-align:-1px;color:var(--smtplab-cipher)}
.smtplab-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.smtplab summary{cursor:pointer}
.smtplab :focus-visible{outline:2px solid var(--smtplab-accent);outline-offset:1px}
.smtplab.smtplab dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:0}
.smtplab.smtplab dt{font-weight:650;margin:0;padding:0;float:none;width:auto;overflow-wrap:normal}
.smtplab.smtplab dd{margin:0;float:none;width:auto}
.smtplab.smtplab table{border-collapse:collapse;font-size:13px;margin:0;overflow-wrap:break-word}
.smtplab.smtplab th,
.smtplab.smtplab td{padding:3px 12px 3px 0;text-align:left;border-bottom:1px solid var(--smtplab-line);
 color:var(--smtplab-ink);background:none}
.smtplab.smtplab .smtplab-number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
"""

CSS = TOKENS + PARTS


def style(*more: str) -> h.Element:
    """The `<style>` that a rendered fragment carries once. `more` is CSS of the picture's own.

    What goes in is trusted: pass constants, never anything that came from the wire.
    """
    return h.style[Markup("".join((CSS, *more)))]


def shown(text: str, limit: int = SHOWN) -> str:
    """`text` made visible and cut at `limit` characters, saying how many were left out."""
    if len(text) <= limit:
        return visible(text)
    return f"{visible(text[:limit])}… ({len(text) - limit} characters more)"


def chip(code: int, text: str = "") -> h.Element:
    """A reply in short, `✓ 250`: sign, code, and `text` (an enhanced code) where given.

    The colour says the reply's class by its first digit (RFC 5321 §4.2.1), and so does the sign.
    """
    how: Tone = REPLIES.get(code // 100, "plain")
    words = f"{SIGNS[how]} {code:03d}" + (f" {shown(text)}" if text else "")
    return h.span(class_=f"smtplab-chip smtplab-{CLASSES[how]}")[words]


def result_chip(result: str, big: bool = False) -> h.Element:
    """A result word with its sign, `✕ fail`, coloured by how it went (`mail.verdict.tone`)."""
    how = tone(result)
    size = "big" if big else "chip"
    return h.span(class_=f"smtplab-{size} smtplab-{CLASSES[how]}")[f"{SIGNS[how]} {shown(result)}"]


def lock(label: str = "encrypted") -> h.Element:
    """The lock that stands for ciphertext, as inline SVG with a name for screen readers."""
    return h.svg(".smtplab-lock", viewBox="0 0 12 12", role="img", aria_label=label)[
        h.path({"stroke-width": "1.5"}, d=SHACKLE, fill="none", stroke="currentColor"),
        h.rect(x="2", y="5.5", width="8", height="5.5", rx="1.2", fill="currentColor"),
    ]


def hidden(text: str) -> h.Element:
    """Words for screen readers alone, where the picture says the same by its form."""
    return h.span(".smtplab-hidden")[shown(text)]
