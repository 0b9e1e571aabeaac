"""The journey on the map: its steps, where the copies are, its forms without a kernel, and the page."""

from __future__ import annotations

import json
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from smtplab.mail.timeline import Event
from smtplab.mail.topology import Place, Topology
from smtplab.mail.verdict import Step as Reason
from smtplab.mail.verdict import Verdict
from smtplab.show.map import MailMap, standalone, static
from smtplab.show.map_journey import Journey, title
from smtplab.show.map_layout import CROWD, TALL, layout
from smtplab.show.map_steps import Step, steps
from tests.show.journeys import START, Writer, crowd, long_way, talk
from tests.show.test_show_map import CAST, HOSTILE, PAGE, crossings, overlaps

ALICE, ACORN, BIRCH = "alice.home.example", "mail.acorn.example", "mx.birch.example"
SOON = timedelta(minutes=30)


def plain() -> list[Event]:
    writer = Writer()
    writer.hop(ALICE, ACORN)
    writer.hop(ACORN, BIRCH)
    writer.delivered(BIRCH)
    return writer.events


def waiting(rounds: int) -> list[Event]:
    writer = Writer()
    writer.hop(ALICE, ACORN)
    for _ in range(rounds):
        writer.misses(ACORN, BIRCH, SOON)
    return writer.events


def told(found: list[Step]) -> list[str]:
    return [" ".join(part for part in (step.kind, step.a, step.b) if part) for step in found]


def where(step: Step) -> list[tuple[str, str, str]]:
    return [(token.host, token.state, token.label) for token in step.tokens]


# Steps


def test_a_journey_is_told_hop_by_hop_with_the_lookups_before() -> None:
    assert told(steps(plain())) == [
        f"dns {ALICE}",
        f"hop {ALICE} {ACORN}",
        f"dns {ACORN}",
        f"hop {ACORN} {BIRCH}",
        f"box {BIRCH} bob@birch.example",
    ]


def test_a_copy_is_where_the_message_is() -> None:
    found = steps(plain())
    assert [where(step) for step in found] == [
        [(ALICE, "here", "")],
        [(ACORN, "here", "")],
        [(ACORN, "here", "")],
        [(BIRCH, "here", "")],
        [(BIRCH, "box", "bob@birch.example")],
    ]


def test_a_hop_knows_its_lookups_and_what_the_host_added() -> None:
    hop = steps(plain())[3]
    assert [event.text for event in hop.lookups] == [f"{BIRCH} A: 192.0.2.2"]
    assert hop.after.count(b"Received") == hop.before.count(b"Received") + 1
    assert hop.number == 2 and hop.result == "relayed"


def test_a_message_waits_with_its_count_of_tries() -> None:
    found = steps(waiting(2))
    assert [step.kind for step in found[2:]] == ["dns", "miss", "wait"] * 2
    assert where(found[-1]) == [(ACORN, "wait", "2 tries")]
    assert found[-1].until == START + 2 * SOON


def test_rounds_that_end_alike_are_told_once_and_counted() -> None:
    few, many = steps(waiting(2)), steps(waiting(200))
    assert len(few) == len(many) == 8
    assert many[-1].rounds == 200 and many[-1].until == START + 200 * SOON
    assert where(many[-1]) == [(ACORN, "wait", "200 tries")]


def test_a_round_that_ends_otherwise_is_told() -> None:
    writer = Writer()
    writer.hop(ALICE, ACORN)
    for _ in range(9):
        writer.misses(ACORN, BIRCH, SOON)
    writer.misses(ACORN, "mx2.birch.example", SOON)
    assert [step.b for step in steps(writer.events) if step.kind == "miss"] == [
        BIRCH,
        BIRCH,
        "mx2.birch.example",
    ]


def test_a_report_travels_back_and_says_that_it_is_one() -> None:
    writer = Writer()
    writer.hop(ALICE, ACORN)
    writer.add("smtp", ACORN, BIRCH, "#2", transcript=(heard := talk(2, ACORN, BIRCH)))
    about = {"message": "Q1", "recipients": ("bob@birch.example",)}
    writer.add(
        "queue", ACORN, BIRCH, "attempt 1 for bob: 550 5.1.1 No", "failed", tries=1, transcript=heard, **about
    )
    writer.add("dsn", ACORN, "alice@home.example", "failed: bob@birch.example", "failed", **about)
    writer.add("queue", ACORN, "", "takes a message of its own making", "queued", message="D1")
    writer.add("smtp", ACORN, ALICE, "#3", transcript=(back := talk(3, ACORN, ALICE)))
    writer.add("queue", ALICE, ACORN, "takes it", "queued", message="D2", transcript=back)
    writer.add("queue", ACORN, ALICE, "attempt 1: 250 OK", "relayed", message="D1", transcript=back)
    found = steps(writer.events)
    refused, report, way = found[2], found[3], found[4]
    assert (refused.kind, refused.result) == ("hop", "failed")
    assert report.kind == "dsn" and [token.dsn for token in report.tokens] == [True]
    assert way.dsn and title(way) == f"{ACORN} hands its report to {ALICE}."


def test_some_may_be_refused_where_others_are_not() -> None:
    writer = Writer()
    writer.hop(ALICE, ACORN)
    writer.hop(ACORN, BIRCH)
    last = writer.events[-1]
    writer.add(
        "queue", ACORN, BIRCH, "attempt 1 for nobody@birch.example: 550 No", "failed",
        message="Q1", recipients=("nobody@birch.example",), transcript=last.transcript,
    )  # fmt: skip
    hop = steps(writer.events)[-1]
    assert title(hop) == f"{ACORN} hands the message to {BIRCH}, but not for everyone."
    assert [line[0] for line in hop.lines[1:]] == ["→", "✕"]


def test_what_the_server_decided_stands_with_the_hop() -> None:
    events = plain()
    hop = next(event for event in events if event.kind == "smtp" and event.peer == BIRCH)
    verdict = Verdict("refused", "Mta", "?", (Reason("a", "b"),))
    at = events.index(hop) + 1
    events.insert(
        at,
        Event(
            START,
            at,
            "verdict",
            BIRCH,
            ACORN,
            "RCPT: 550",
            "refused",
            transcript=hop.transcript,
            verdict=verdict,
        ),
    )
    parts = Journey(events).detail(4)["parts"]
    assert {"kind": "list", "title": f"What {BIRCH} decided", "items": ["✕ RCPT: 550"]} in parts


def test_mail_is_read_at_the_end() -> None:
    writer = Writer()
    writer.hop(ALICE, ACORN)
    writer.add("pop3", "bob.birch.example", "imap.birch.example", "#9", transcript=talk(9, "b", "i", "S +OK"))
    assert title(steps(writer.events)[-1]) == "bob.birch.example reads it from imap.birch.example by POP3."


def test_no_events_make_no_steps() -> None:
    made = MailMap(CAST, events=[])
    assert made._view.steps == [] and made.path == ()


# On the map


def test_rows_light_the_route_and_the_card_of_their_step() -> None:
    made = MailMap(CAST, events=plain())
    drawn = layout(made.topology, made.path)
    hop = made._view.steps[4]
    assert made.topology.places[hop["place"]].name == ACORN
    assert drawn.routes[hop["route"]].link.b == BIRCH
    assert made.path == ((ALICE, ACORN), (ACORN, BIRCH))
    assert made._view.steps[0]["tokens"] == [{"place": 0, "state": "here", "label": "", "dsn": False}]


def test_a_mailbox_is_where_its_message_store_is() -> None:
    tokens = MailMap(CAST, events=plain())._view.steps[-1]["tokens"]
    assert [(CAST.places[one["place"]].name, one["label"]) for one in tokens] == [
        ("imap.birch.example", "✓ bob")
    ]


def test_a_host_that_the_map_lacks_is_drawn_as_a_guest() -> None:
    writer = Writer()
    writer.hop("printer.acorn.example", ACORN)
    made = MailMap(CAST, events=writer.events)
    guest = made.topology.place("printer.acorn.example")
    assert guest is not None and guest.addresses == ("192.0.2.1",)
    assert made._view.steps[2]["route"] >= 0


def test_an_attempt_without_a_connection_has_a_line() -> None:
    writer = Writer()
    writer.hop(ALICE, ACORN)
    writer.misses(ACORN, "visitor.example", SOON)
    rows = MailMap(CAST, events=writer.events)._view.steps
    assert [row["route"] >= 0 for row in rows if row["kind"] == "miss"] == [True]


def test_a_way_gone_again_and_again_has_one_badge() -> None:
    writer = Writer()
    for _ in range(5):
        writer.hop(ALICE, ACORN)
    svg = str(standalone(CAST, MailMap(CAST, events=writer.events).path))
    assert ">1 +4<" in svg


def test_a_step_opens_its_dialogue_and_its_header_section() -> None:
    detail = Journey(plain()).detail(4)
    assert [part["kind"] for part in detail["parts"]] == ["list", "diff", "dialogue"]
    assert detail["parts"][1]["rows"][0] == ["+", "Received: from somewhere"]
    assert "<-  220 hello" in detail["parts"][2]["text"]
    for number in (0, 99, -1):
        assert Journey(plain()).detail(number)["parts"] == []


def test_the_page_asks_for_a_step() -> None:
    made = MailMap(CAST, events=plain())
    sent: list[dict[str, Any]] = []
    made._view.send = lambda content, buffers=None: sent.append(content)  # type: ignore[method-assign]
    made._view._handle_custom_msg({"kind": "step", "number": 4}, [])
    made._view._handle_custom_msg({"kind": "step", "number": "x"}, [])
    assert sent[0]["title"] == f"{ACORN} hands the message to {BIRCH}."
    assert sent[1]["title"] == "There is no such step."


def test_refresh_follows_the_journey() -> None:
    events = plain()[:4]
    made = MailMap(CAST, events=lambda: events)
    before = len(made._view.steps)
    events[:] = plain()
    made.refresh()
    assert len(made._view.steps) > before
    assert made._view.svg.count("data-hop") == 2


# Without a kernel


def test_the_steps_are_listed_without_a_kernel() -> None:
    made = MailMap(CAST, events=plain())
    html = made._repr_mimebundle_()["text/html"]
    assert html.count('class="sm-hopno"') == 2
    assert f"{ACORN} hands the message to {BIRCH}." in html
    assert "+ Received: from somewhere" in html and "<script" not in html
    assert f"2. → {ACORN} hands the message to {BIRCH}." in repr(made)


# Many


def test_fifty_hops_over_twenty_four_strange_hosts() -> None:
    topology = crowd(24)
    begun = time.perf_counter()
    made = MailMap(topology, events=long_way(topology, 50))
    assert time.perf_counter() - begun < 1.0  # it takes 20 ms: a slow and busy machine counted in
    assert len(made.path) == 50 and len(made._view.steps) == 102
    drawn = layout(made.topology, made.path)
    assert crossings(drawn) == [] and overlaps(drawn) == []
    assert all(row["route"] >= 0 for row in made._view.steps if row["kind"] == "hop")
    ET.fromstring(standalone(made.topology, made.path))


def test_a_crowd_stands_in_short_columns_with_short_cards() -> None:
    drawn = layout(crowd(24))
    columns = [card.column for card in drawn.cards]
    assert max(columns.count(one) for one in set(columns)) <= TALL
    assert all(card.compact for card in drawn.cards)
    assert not any(card.compact for card in layout(crowd(CROWD)).cards)


# Hostile text


def evil() -> list[Event]:
    writer = Writer()
    writer.hop(HOSTILE, ACORN, HOSTILE)
    writer.asks(HOSTILE, HOSTILE, "TXT", HOSTILE)
    writer.hop(ACORN, HOSTILE, HOSTILE)
    writer.misses(HOSTILE, HOSTILE, SOON, HOSTILE)
    writer.add("queue", ACORN, HOSTILE, HOSTILE, "expanded", message=HOSTILE)
    writer.add("dsn", ACORN, HOSTILE, HOSTILE, "failed", message=HOSTILE)
    writer.delivered(ACORN, f"{HOSTILE}@x")
    return writer.events


def test_hostile_text_is_escaped_and_made_visible() -> None:
    journey = Journey(evil())
    made = MailMap(CAST, events=evil())
    details = [journey.detail(number) for number in range(1, len(journey.steps) + 1)]
    html = str(static(made.topology, [], made.path, journey))
    shown = [html, made._view.svg, repr(made)]
    shown += [json.dumps(data, ensure_ascii=False) for data in (made._view.steps, details)]
    for text in shown:
        assert "\u202e" not in text and "\x1b" not in text
    assert "<script" not in html and "<img" not in html
    assert "<script" not in made._view.svg


# In the browser


@pytest.fixture
def show(browser: Any) -> Iterator[Callable[..., Any]]:
    from smtplab.show import map as mail_map

    pages, errors = [], []

    def make(made: MailMap, width: int = 1300, scheme: str = "light", motion: str = "reduce") -> Any:
        page = browser.new_page(
            viewport={"width": width, "height": 1000}, color_scheme=scheme, reduced_motion=motion
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        names = ("svg", "hosts", "talks", "legend", "how_to", "disabled", "steps", "code")
        state = json.dumps({name: getattr(made._view, name) for name in names}).replace("<", "\\u003c")
        script = mail_map.SCRIPT.replace("export default", "const widget =")
        page.set_content(PAGE % (made._view._css, script, state))
        page.wait_for_selector("#at svg")
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.close()
    assert errors == []


def words(page: Any) -> str:
    return page.locator(".sm-words strong").inner_text()


def test_the_journey_is_stepped_to_the_end_and_scrubbed_back_by_keyboard(show: Callable[..., Any]) -> None:
    page = show(MailMap(CAST, events=plain()))
    line = page.locator(".sm-range")
    assert words(page) == f"{BIRCH} puts it into the mailbox of bob@birch.example."
    line.focus()
    page.keyboard.press("Home")
    assert words(page) == "The message is written."
    seen = []
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        seen.append(words(page))
    assert seen[1] == f"{ALICE} hands the message to {ACORN}."
    assert line.get_attribute("aria-valuetext") == f"5 of 5: {seen[-1]}"
    page.keyboard.press("ArrowLeft")
    assert words(page) == seen[3]
    assert page.locator(".sm-link.sm-now").count() == 1
    page.keyboard.press("Home")
    assert page.locator(".sm-badge.sm-ahead").count() == 2
    page.keyboard.press("End")
    assert page.locator(".sm-badge.sm-ahead").count() == 0
    assert page.locator(".sm-token").all_text_contents() == ["✓ bob"]


def test_it_plays_to_the_end_and_can_be_paused(show: Callable[..., Any]) -> None:
    page = show(MailMap(CAST, events=plain()), motion="no-preference")
    page.locator(".sm-speed").select_option("4")
    page.get_by_role("button", name="Play it again").click()
    page.wait_for_selector(".sm-mail")
    page.get_by_role("button", name="Pause").click()
    assert page.locator(".sm-mail").count() == 0
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('.sm-count').textContent === 'Step 5 of 5'")
    page.get_by_role("button", name="Play it again").wait_for()


def test_reduced_motion_steps_without_movement(show: Callable[..., Any]) -> None:
    page = show(MailMap(CAST, events=plain()))
    page.locator(".sm-range").fill("3")
    page.get_by_role("button", name="One step on").click()
    assert page.locator(".sm-mail").count() == 0
    assert page.locator(".sm-count").inner_text() == "Step 4 of 5"
    assert page.locator(".sm-scene .sm-token").count() == 1


def test_a_hop_is_opened_by_its_number_and_the_panel_follows(show: Callable[..., Any]) -> None:
    made = MailMap(CAST, events=plain())
    page = show(made)
    page.locator(".sm-badge").last.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("lab.sent.at(-1)") == {"kind": "step", "number": 4}
    page.evaluate("detail => lab.model.say({kind: 'step', ...detail})", made.journey.detail(4))
    panel = page.locator(".sm-panel")
    assert panel.locator("h3").inner_text() == f"{ACORN} hands the message to {BIRCH}."
    assert page.evaluate("document.activeElement.tagName") == "H3"
    assert panel.locator(".sm-plus").inner_text().strip() == "+ Received: from somewhere"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "sm-range"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("lab.sent.at(-1)") == {"kind": "step", "number": 3}
    page.locator("[data-place='1']").click()
    assert panel.locator("h3").inner_text() == ACORN


def test_what_the_dns_said_stands_on_the_map(show: Callable[..., Any]) -> None:
    page = show(MailMap(CAST, events=plain()))
    page.locator(".sm-range").fill("3")
    assert f"{BIRCH} A" in (page.locator(".sm-asks").text_content() or "")


def test_hostile_steps_do_nothing_in_the_browser(show: Callable[..., Any]) -> None:
    made = MailMap(CAST, events=evil())
    page = show(made)
    for number in range(len(made.journey.steps) + 1):
        page.locator(".sm-range").fill(str(number))
    page.locator(".sm-open").click()
    last = len(made.journey.steps)
    page.evaluate("detail => lab.model.say({kind: 'step', ...detail})", made.journey.detail(last))
    assert page.locator("#at script, #at img").count() == 0
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize("width", [380, 790, 1300])
def test_it_fits_the_page(show: Callable[..., Any], width: int) -> None:
    topology = crowd(24)
    page = show(MailMap(topology, events=long_way(topology, 50)), width=width)
    page.locator(".sm-range").fill("40")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(show: Callable[..., Any], scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    made = MailMap(CAST, events=[*waiting(2)], code={"smtplab": "x"})
    page = show(made, scheme=scheme)
    for number in (3, 5):
        page.locator(".sm-range").fill(str(number))
        page.locator(".sm-open").click()
        page.evaluate("detail => lab.model.say({kind: 'step', ...detail})", made.journey.detail(number))
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_the_topology_stays_as_it_was() -> None:
    topology = Topology((Place("a.example"),))
    assert Journey(plain()).places(topology).places[0] is topology.places[0]
    assert len(topology.places) == 1
