"""The look: every pair of colours that the styles use can be read, in light and in dark."""

from __future__ import annotations

import re
import sys
from itertools import product
from pathlib import Path

import htpy as h
import pytest

from smtplab.course import asking, lessons, quizzes
from smtplab.mail.verdict import TONES
from smtplab.show import controls, theme, verdict

Colour = tuple[float, float, float, float]

THEMES = Path(sys.prefix) / "share/jupyter/lab/themes/@jupyterlab"
PAGES = ["light", "dark", "jupyterlab light", "jupyterlab dark", "jupyterlab dark-high-contrast"]
STYLES = theme.PARTS + controls.STYLE + verdict.STYLE + asking.STYLE + lessons.STYLE + quizzes.QUIZ_STYLE

# Pairs that no one rule names: words in a notice, and text on a focused line of the ladder.
ACROSS_RULES = [
    *product(("ink", "dim"), ("ok-bg", "more-bg", "later-bg", "no-bg", "cipher-bg", "focus", "panel")),
    *product(("client", "server", "mallory", "accent"), ("bg", "panel")),
]


def jupyterlab(name: str) -> dict[str, str]:
    """The custom properties of one of JupyterLab's themes, as its style sheet has them."""
    css = (THEMES / f"theme-{name}-extension/index.css").read_text("utf-8")
    return dict(re.findall(r"(--[\w-]+):([^;}]+)", css))


def properties(page: str) -> dict[str, str]:
    """All custom properties of a page: JupyterLab's where it is there, and ours."""
    values = theme.LIGHT | theme.FONTS | (theme.DARK if "dark" in page else {})
    theirs = jupyterlab(page.removeprefix("jupyterlab ")) if page.startswith("jupyterlab") else {}
    ours = re.findall(r"(--smtplab-[\w-]+):([^;}]+)", f"{theme._tokens(values)};{theme._mixed()}")
    return theirs | dict(ours)


def colour(value: str, known: dict[str, str]) -> Colour:
    """What a browser makes of a colour: red, green, blue and alpha, from 0 to 1."""
    value = value.strip()
    if value.startswith("#"):
        digits = value[1:] if len(value) > 4 else "".join(2 * digit for digit in value[1:])
        red, green, blue = (int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4))
        return red, green, blue, 1
    if named := {"white": "#fff", "black": "#000"}.get(value):
        return colour(named, known)
    if value.startswith("rgb"):
        red, green, blue, *alpha = (float(part) for part in re.findall(r"[\d.]+", value))
        return red / 255, green / 255, blue / 255, alpha[0] if alpha else 1
    if variable := re.fullmatch(r"var\((--[\w-]+)(?:,(.*))?\)", value):
        return colour(known.get(variable[1]) or variable[2], known)
    mixed = re.fullmatch(r"color-mix\(in srgb,(.+) (\d+)%,(.+)\)", value)
    assert mixed, value
    return mix(colour(mixed[1], known), colour(mixed[3], known), int(mixed[2]) / 100)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """CSS color-mix: colours weighted by their alpha."""
    alpha = one[3] * share + other[3] * (1 - share)
    red, green, blue = (
        (a * one[3] * share + b * other[3] * (1 - share)) / alpha
        for a, b in zip(one[:3], other[:3], strict=True)
    )
    return red, green, blue, alpha


def over(top: Colour, bottom: Colour) -> Colour:
    """A colour as it is seen on an opaque ground."""
    red, green, blue = (a * top[3] + b * (1 - top[3]) for a, b in zip(top[:3], bottom[:3], strict=True))
    return red, green, blue, 1


def luminance(seen: Colour) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in seen[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(text: str, ground: str, known: dict[str, str]) -> float:
    """The contrast of one token on another, on this page."""
    paper = colour("var(--smtplab-bg)", known)
    below = over(colour(f"var(--smtplab-{ground})", known), paper)
    above = over(colour(f"var(--smtplab-{text})", known), below)
    light, dark = sorted((luminance(above), luminance(below)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def pairs() -> set[tuple[str, str]]:
    """Text and ground of every rule; where a rule names no ground, paper and panel."""
    found = set(ACROSS_RULES)
    for rule in re.findall(r"\{([^{}]*)\}", STYLES):
        text = re.search(r"(?<![\w-])color:var\(--smtplab-([\w-]+)\)", rule)
        ground = re.search(r"background:var\(--smtplab-([\w-]+)\)", rule)
        if text:
            found.update((text[1], name) for name in ([ground[1]] if ground else ("bg", "panel")))
    return found


def test_the_arithmetic_is_right() -> None:
    assert contrast("ink", "bg", {"--smtplab-ink": "#000", "--smtplab-bg": "#fff"}) == pytest.approx(21)
    assert contrast("ink", "bg", {"--smtplab-ink": "#767676", "--smtplab-bg": "#fff"}) == pytest.approx(
        4.54, abs=0.01
    )
    half = colour("color-mix(in srgb,#000 50%,#fff)", {})
    assert half == pytest.approx((0.5, 0.5, 0.5, 1))


def test_the_pairs_are_found() -> None:
    assert {("ok", "ok-bg"), ("no", "no-bg"), ("on-accent", "accent"), ("dim", "panel")} <= pairs()
    assert len(pairs()) > 20


@pytest.mark.parametrize("page", PAGES)
def test_every_pair_can_be_read(page: str) -> None:
    known = properties(page)
    low = {pair: round(contrast(*pair, known), 2) for pair in pairs() if contrast(*pair, known) < 4.5}
    assert not low, f"below 4.5:1 (WCAG 2.2, 1.4.3): {low}"


@pytest.mark.parametrize("page", PAGES)
def test_what_is_no_text_can_be_told_apart(page: str) -> None:
    known = properties(page)
    cells = [("later", "line"), ("no", "line")]  # the meter's used cells beside its free ones
    assert all(contrast(*pair, known) >= 3 for pair in cells), "WCAG 2.2, 1.4.11"


def test_no_token_is_used_that_is_not_there() -> None:
    used = set(re.findall(r"var\(--smtplab-([\w-]+)\)", STYLES))
    assert used <= {*theme.LIGHT, *theme.FONTS, *theme.MIXED}
    assert theme.LIGHT.keys() == theme.DARK.keys()


def test_every_class_is_ours() -> None:
    foreign = {"jupyter-button", "widget-html", "widget-html-content", "widget-radio", "widget-radio-box"}
    classes = set(re.findall(r"\.([a-z][\w-]*)", re.sub(r"\{[^{}]*\}", "{}", STYLES)))
    assert {name for name in classes if name != "smtplab" and not name.startswith("smtplab-")} == foreign


@pytest.mark.parametrize(
    ("code", "shown", "kind"),
    [
        (250, "✓ 250", "ok"),
        (354, "→ 354", "more"),
        (450, "~ 450", "later"),
        (550, "✕ 550", "no"),
        (199, "· 199", "plain"),
    ],
)
def test_a_chip_says_its_class_by_sign_and_colour(code: int, shown: str, kind: str) -> None:
    assert str(theme.chip(code)) == f'<span class="smtplab-chip smtplab-{kind}">{shown}</span>'
    assert f"{shown} 5.1.1<" in str(theme.chip(code, "5.1.1"))


@pytest.mark.parametrize("result", [*TONES, "unheard of"])
def test_every_result_has_a_sign(result: str) -> None:
    assert re.search(
        rf"smtplab-chip smtplab-(ok|more|later|no|plain)\">[✓→~✕·] {result}<", str(theme.result_chip(result))
    )


def test_hostile_text_is_shown_as_text() -> None:
    for made in (
        theme.chip(550, '<img src=x onerror="x">\x1b'),
        theme.result_chip("<b>\u202e"),
        theme.hidden("<b>"),
    ):
        assert "<b>" not in str(made) and "<img" not in str(made)
        assert not {"\x1b", "\u202e"} & set(str(made))
    assert theme.shown("x" * 100_000).endswith("… (96000 characters more)")


def test_a_lock_has_a_name() -> None:
    assert 'role="img"' in str(theme.lock()) and 'aria-label="encrypted"' in str(theme.lock())
    assert "emoji" not in str(theme.lock()) and str(theme.lock()).isascii()


def test_a_fragment_carries_one_style() -> None:
    made = str(h.div[theme.style(".smtplab-mine{color:red}"), theme.chip(250)])
    assert made.count("<style>") == 1 and ".smtplab-mine{color:red}" in made and "--smtplab-ok:" in made
