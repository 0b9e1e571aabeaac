"""A verdict as HTML: everything in it is there, nested as it was, and nothing in it runs."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from markupsafe import Markup

from smtplab.mail.verdict import Step, Verdict
from smtplab.show.verdict import html

INNER = Step("-all", "matches everything: fail, for the included record only", "fail", "RFC 7208 §5.1")
VERDICT = Verdict(
    "fail",
    "SPF",
    "may 198.51.100.77 send for acorn.example?",
    (
        Step("ip4:192.0.2.0/28", "198.51.100.77 is not in it", ref="RFC 7208 §5.6"),
        Step("include:_spf.relay.example", "that record says fail: go on", "none", steps=(INNER,)),
        Step("-all", "matches everything", "fail", "RFC 7208 §5.1"),
    ),
    {"lookups": (3, 10)},
)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202eevil",
    "\x1b[31mred",
    "\udc80",
    "&lt;b&gt;",
]


class Page(HTMLParser):
    """The elements of a fragment, each with its ancestors, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs), tuple(self.open)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def count(self, tag: str) -> int:
        return sum(tag == seen for seen, _, _ in self.seen)


def test_it_says_all_that_the_verdict_says() -> None:
    made = html(VERDICT)
    page = Page(made)
    assert isinstance(made, Markup) and not page.open
    for words in (
        "✕ fail",
        "SPF",
        VERDICT.question,
        "lookups",
        "3 of 10",
        "ip4:192.0.2.0/28",
        "RFC 7208 §5.6",
    ):
        assert words in page.text
    assert page.count("style") == 1


def test_steps_nest_as_they_do_in_the_verdict() -> None:
    page = Page(html(VERDICT))
    depths = [parents.count("ul") for tag, _, parents in page.seen if tag == "li"]
    assert depths == [1, 1, 2, 1]
    assert [parents[-1] for tag, _, parents in page.seen if tag == "ul"] == ["div", "details"]
    folds = [attrs for tag, attrs, _ in page.seen if tag == "details"]
    assert len(folds) == 1 and "open" in folds[0]


def test_what_is_looked_at_is_mono_and_the_sign_is_not_alone() -> None:
    page = Page(html(VERDICT))
    assert page.count("code") == 4
    assert "fail: -all" in page.text  # the word, for whoever does not see the sign
    marks = [attrs for _, attrs, _ in page.seen if "smtplab-mark" in (attrs.get("class") or "")]
    assert len(marks) == 4 and all(attrs["aria-hidden"] == "true" for attrs in marks)


def test_the_deciding_step_stands_out() -> None:
    earlier = Verdict("fail", "SPF", "?", (Step("a", "not this", "fail"), Step("b", "but this", "fail")))
    for verdict, why in ((VERDICT, "matches everything"), (earlier, "but this")):
        assert str(html(verdict)).count(f'class="smtplab-why smtplab-decides">{why}<') == 1
        assert str(html(verdict)).count('class="smtplab-why smtplab-decides"') == 1
    assert 'class="smtplab-why smtplab-decides"' not in html(Verdict("none", "SPF", "?", (Step("a", "b"),)))


@pytest.mark.parametrize(
    ("used", "limit", "cells", "filled"),
    [
        (3, 10, 10, 3),
        (0, 10, 10, 0),
        (10, 10, 10, 10),
        (12, 10, 10, 10),
        (1, 1000, 20, 1),
        (2, 0, 0, 0),
        (-1, 5, 5, 0),
    ],
)
def test_a_meter(used: int, limit: int, cells: int, filled: int) -> None:
    page = Page(html(Verdict("pass", "SPF", "?", meters={"void": (used, limit)})))
    bar = [attrs.get("class") for tag, attrs, _ in page.seen if tag == "i"]
    assert len(bar) == cells and sum(name is not None for name in bar) == filled
    assert f"{used} of {limit}" in page.text
    assert ("smtplab-over" in bar) == (used > limit > 0)


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_text_shows_as_text(evil: str) -> None:
    step = Step(evil, evil, evil, evil, (Step(evil, evil, evil, evil),))
    made = html(Verdict(evil, evil, evil, (step,), {evil: (1, 2)}))
    page = Page(made)
    calm = Page(
        html(Verdict("x", "x", "x", (Step("x", "x", "x", "x", (Step("x", "x", "x", "x"),)),), {"x": (1, 2)}))
    )
    tags = [tag for tag, _, _ in page.seen]
    assert tags == [tag for tag, _, _ in calm.seen]
    assert page.text.isprintable() and page.text.encode("utf-8")


def test_a_line_of_100_kb_does_not_flood_the_page() -> None:
    assert len(html(Verdict("fail", "SPF", "?", (Step("x" * 100_000, "y" * 100_000),)))) < 30_000


def test_a_verdict_without_steps() -> None:
    page = Page(html(Verdict("none", "SPF", "is there a record?")))
    assert page.count("ul") == 0 and "· none" in page.text
