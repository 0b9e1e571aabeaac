"""The logbook: rows, what stands behind them, its forms without a kernel, and the page with ten thousand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from smtplab.mail.timeline import Event
from smtplab.mail.verdict import Step, Verdict
from smtplab.show import logbook
from smtplab.show.logbook import MOST, STATIC, Logbook, behind, rows, static
from tests.show.journeys import START, Writer, talk
from tests.show.test_show_map import HOSTILE, PAGE

ACORN, BIRCH = "mail.acorn.example", "mx.birch.example"


def events() -> list[Event]:
    writer = Writer()
    writer.hop("alice.home.example", ACORN)
    writer.hop(ACORN, BIRCH)
    verdict = Verdict("refused", "Mta", "what was decided?", (Step("a", "because"),))
    writer.add(
        "verdict", BIRCH, ACORN, "RCPT: 550", "refused", verdict=verdict, transcript=talk(9, ACORN, BIRCH)
    )
    writer.delivered(BIRCH)
    return writer.events


def many(count: int) -> list[Event]:
    some = events()
    return [replace(some[n % len(some)], t=n) for n in range(count)]


def test_a_row_says_when_where_and_what() -> None:
    refused = next(row for row in rows(events()) if row[2] == "verdict")
    assert refused[1:] == ("02 Mar 09:00:00", "verdict", BIRCH, ACORN, "✕", "refused", "no", "RCPT: 550")
    assert rows([Event(START, 0, "dns", "", text="x A: y")])[0][3] == "you"


def test_each_event_leads_to_what_stands_behind_it() -> None:
    titles = {event.kind: [part["title"] for part in behind(event)] for event in events()}
    assert titles["dns"] == ["Question and answer"]
    assert titles["smtp"] == ["What was said: transcript 2"]
    assert titles["verdict"] == ["The verdict", "What was said: transcript 9"]
    assert titles["delivered"] == ["The header section: what was added (+)"]
    assert behind(Event(START, 0, "dsn", "a"))[0]["title"] == "Nothing more is known of it."


def test_the_newest_ten_thousand_are_shown_and_the_rest_counted() -> None:
    begun = time.perf_counter()
    made = Logbook(many(MOST + 7))
    assert time.perf_counter() - begun < 2.0  # it takes 60 ms: a slow and busy machine counted in
    assert len(made._view.rows) == MOST and made._view.older == 7
    assert made._view.rows[0][0] == 7


def test_refresh_asks_again_and_a_row_is_opened() -> None:
    found = events()[:3]
    made = Logbook(lambda: found)
    sent: list[dict[str, Any]] = []
    made._view.send = lambda content, buffers=None: sent.append(content)  # type: ignore[method-assign]
    found[:] = events()
    made._view._handle_custom_msg({"kind": "refresh"}, [])
    assert len(made._view.rows) == len(events())
    made._view._handle_custom_msg({"kind": "open", "t": 0}, [])
    made._view._handle_custom_msg({"kind": "open", "t": 99_999}, [])
    assert sent[0]["parts"][0]["title"] == "Question and answer"
    assert sent[1]["parts"][0]["title"] == "This event is no longer kept."


def test_without_a_kernel_the_newest_stand_in_a_table() -> None:
    bundle = Logbook(many(STATIC + 50))._repr_mimebundle_()
    assert bundle["text/html"].count("<tr>") == STATIC + 1
    assert f"The newest {STATIC} of {STATIC + 50} events." in bundle["text/html"]
    assert len(bundle["text/plain"].splitlines()) == STATIC
    assert repr(Logbook([])) == "Nothing has happened yet."


EVIL = [
    Event(
        START,
        n,
        kind,
        HOSTILE,
        HOSTILE,
        HOSTILE,
        HOSTILE,
        HOSTILE,
        transcript=talk(n, HOSTILE, HOSTILE, f"C {HOSTILE}"),
        verdict=Verdict(HOSTILE, HOSTILE, HOSTILE, (Step(HOSTILE, HOSTILE),)),
        after=HOSTILE.encode(),
    )
    for n, kind in enumerate(("smtp", "dns", "verdict"))
]


def test_hostile_text_is_escaped_and_made_visible() -> None:
    made = Logbook(EVIL)
    shown = [
        str(static(EVIL)),
        repr(made),
        *(json.dumps(x, ensure_ascii=False) for x in (rows(EVIL), behind(EVIL[0]))),
    ]
    for text in shown:
        assert "\u202e" not in text and "\x1b" not in text
    assert "<script" not in shown[0] and "<img" not in shown[0]


# In the browser


@pytest.fixture
def show(browser: Any) -> Iterator[Callable[..., Any]]:
    pages, errors = [], []

    def make(made: Logbook, width: int = 1300, scheme: str = "light") -> Any:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("pageerror", lambda error: errors.append(str(error)))
        names = ("rows", "kinds", "older", "code", "disabled")
        state = json.dumps({name: getattr(made._view, name) for name in names}).replace("<", "\\u003c")
        script = (logbook.HERE / "logbook.js").read_text("utf-8").replace("export default", "const widget =")
        page.set_content(PAGE % (made._view._css, script, state))
        page.wait_for_selector(".lb-row")
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.close()
    assert errors == []


def count(page: Any) -> str:
    return str(page.locator(".lb-count").inner_text())


def test_it_is_filtered_by_kind_host_and_words(show: Callable[..., Any]) -> None:
    page = show(Logbook(events()))
    everything = len(events())
    page.get_by_role("button", name="dns").click()
    assert count(page) == f"{everything - 2} of {everything} events"
    page.get_by_role("button", name="dns").click()
    page.locator(".lb-host").select_option("alice.home.example")
    assert count(page) == f"3 of {everything} events"
    page.locator(".lb-host").select_option("")
    page.locator(".lb-search").fill("refused rcpt")
    assert count(page) == f"1 of {everything} events"
    page.locator(".lb-search").fill("refused relayed")  # each word must be there
    assert page.locator(".lb-row").inner_text() == "No event is like that."


def test_the_keyboard_moves_and_opens(show: Callable[..., Any]) -> None:
    made = Logbook(events())
    page = show(made)
    listed = page.locator(".lb-list")
    listed.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    chosen = page.locator(".lb-row[aria-selected=true]")
    assert chosen.get_attribute("aria-posinset") == "2"
    assert listed.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("Enter")
    assert page.evaluate("lab.sent.at(-1)") == {"kind": "open", "t": 1}
    parts = behind(made.events[1])
    page.evaluate("parts => lab.model.say({kind: 'parts', t: 1, parts})", parts)
    assert "220 hello" in page.locator(".lb-panel pre").inner_text()


def test_of_ten_thousand_only_what_is_seen_is_drawn(show: Callable[..., Any]) -> None:
    page = show(Logbook(many(MOST)))
    assert page.locator(".lb-row").count() < 60
    page.locator(".lb-list").focus()
    page.keyboard.press("Home")
    page.locator(".lb-row[aria-posinset='1']").wait_for()
    page.keyboard.press("End")
    page.locator(f".lb-row[aria-posinset='{MOST}']").wait_for()
    assert page.locator(".lb-row").count() < 60


def test_hostile_text_does_nothing_in_the_browser(show: Callable[..., Any]) -> None:
    page = show(Logbook(EVIL))
    page.locator(".lb-row").first.click()
    page.evaluate("parts => lab.model.say({kind: 'parts', t: 0, parts})", behind(EVIL[0]))
    assert "<script>" in page.locator(".lb-panel pre").first.inner_text()
    assert page.locator("#at script, #at img").count() == 0
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize(("scheme", "width"), [("light", 1300), ("dark", 380)])
def test_axe_finds_nothing_serious(show: Callable[..., Any], scheme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = show(Logbook(events(), code={"smtplab": "x"}), scheme=scheme, width=width)
    page.locator(".lb-row").last.click()
    page.evaluate("parts => lab.model.say({kind: 'parts', t: 7, parts})", behind(events()[1]))
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
