"""The page of a judgement: whole, self-contained, and what strangers wrote in it stays text."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from smtplab.auth.case import Fact, Redactor, Told, explain, requirements
from smtplab.auth.spf import SpfVerdict
from smtplab.mail.verdict import Step, Verdict
from smtplab.show import judgement_page
from tests.auth.test_auth_case import ALL, MESSAGE, SIGNED, TRACE, judged

HOSTILE = (
    TRACE.replace(b"mail.acorn.example (", b"<script>alert(1)</script> (")
    + b'Subject: </title></style></pre><img src=x onerror="alert(2)">\r\n'
    + b"X-\xe2\x80\xae: \x00\r\nReply-To: \xe2\x80\xaeNUL\x00BEL\x07 <a@b.example>\r\n"
    + b"List-Unsubscribe: <javascript:alert(3)>\r\nContent-Type: text/html\r\n"
    + b'Message-ID: <"><svg/onload=alert(4)>@acorn.example>\r\n'
    + b'DKIM-Signature: v=1; a=rsa-sha256; d="><script>alert(5)</script>; s=&lt;s; h=from; bh=a; b=a\r\n'
    + SIGNED
)


class Seen(HTMLParser):
    """What a browser would make of a page: its elements, their attributes and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def safe(page: str) -> Seen:
    """The page as seen, when nothing in it runs, loads or leads anywhere."""
    seen = Seen(page)
    assert not seen.open
    allowed = (
        "html head meta title style body main section h1 h2 h3 p dl dt dd ul li pre code span i div strong"
    )
    assert set(seen.tags) <= {*allowed.split(), "details", "summary"}
    names = {name for name, _ in seen.attributes}
    assert names <= {"lang", "charset", "http-equiv", "content", "name", "class", "open", "aria-hidden"}
    assert not [sign for sign in seen.text if ord(sign) < 32 or sign in "\u202e\u202d\x7f"]
    assert "url(" not in page and "@import" not in page
    return seen


def test_the_page_has_everything() -> None:
    found = judged()
    page = judgement_page.html(found, rules=requirements(found), commands={"dig": ["dig PTR x."], "host": []})
    assert page.startswith("<!doctype html><html") and page.endswith("</html>\n")
    seen = safe(page)
    assert seen.tags.count("style") == 1 and "prefers-color-scheme:dark" in page
    assert ("content", judgement_page.POLICY) in seen.attributes
    for sentence in found.sentences:
        assert sentence.partition(": ")[2] in seen.text or sentence in seen.text
    for verdict in found.verdicts:
        for step in verdict.steps:
            assert " ".join(step.why.split()) in seen.text
    assert "what Gmail wants" in seen.text and "dig PTR x." in seen.text


def test_what_is_missing_damaged_or_not_understood() -> None:
    seen = safe(judgement_page.html(judged(b"> " + MESSAGE, "acorn.example has no idea\n")))
    assert "dig TXT _dmarc.acorn.example." in seen.text
    assert "Resolve-DnsName -Type TXT" in seen.text
    assert "What the paste has suffered" in seen.text and "Download original" in seen.text
    assert "Not understood in the DNS answers character 1:" in seen.text


@pytest.mark.parametrize(
    "message", [HOSTILE, HOSTILE.replace(b"\r\n", b"\n"), b"<script>" * 500, b"\x00" * 99]
)
def test_what_a_stranger_wrote_stays_text(message: bytes) -> None:
    answers = ALL.replace("?all", "include:<script>alert(6)</script> ?all")
    found = judged(message, answers)
    seen = safe(judgement_page.html(found, rules=requirements(found)))
    if message == HOSTILE:
        for words in ("<script>alert(1)</script>", 'onerror="alert(2)"', "onload=alert(4)", "NUL\\x00"):
            assert words in seen.text


def test_each_place_of_the_page_escapes() -> None:
    bad = "<script>alert(7)</script>\x00\u202e"
    step = Step(bad, bad, "fail", bad)
    found = replace(
        judged(answers=bad * 3),
        facts=(Fact("helo", bad, "claimed", bad),),
        verdicts=(Verdict(bad, bad, bad, (step,)), SpfVerdict("fail", "SPF", bad, domain=bad)),
        sentences=(bad, bad, bad),
        damage=(step,),
    )
    told = Told("bounce", Verdict("none", bad, bad, (step,)), found)
    page = judgement_page.html(told, rules=found.verdicts, commands={"dig": [bad]})
    assert safe(page).text.count("<script>alert(7)</script>\\x00\\u202e") > 20
    assert page.count("&lt;script&gt;") > 20


def test_no_more_steps_than_a_page_can_bear() -> None:
    found = judged(TRACE + b"X-A: 1\r\n" * 3000 + SIGNED)
    page = judgement_page.html(found)
    assert "The rest is left out here" in safe(page).text
    assert len(page) < 1_500_000
    assert "The rest is left out here" not in judgement_page.html(judged())


def test_nothing_is_shown_that_is_to_be_hidden() -> None:
    found = judged(answers="")
    assert "198.51.100.10" in judgement_page.html(found) and "alice@" in judgement_page.html(found)
    page = judgement_page.html(found, rules=requirements(found), say=Redactor().text)
    assert "198.51.100.10" not in page and "alice@" not in page and "ip1" in page


def test_what_is_no_message_has_a_page_too() -> None:
    reply = explain(b"550 5.7.1 <script>alert(1)</script>", "reply")
    seen = safe(judgement_page.html(Told("reply", reply)))
    assert seen.text.startswith("What was read What was read Read as: reply")
    assert "<script>alert(1)</script>" in seen.text
    assert "What they say" not in seen.text
    both = safe(judgement_page.html(Told("bounce", Verdict("failed", "bounce", "what?"), judged())))
    assert "bounce" in both.text and "What they say" in both.text
