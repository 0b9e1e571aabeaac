"""The queue timeline: lanes and axis as data, what the controls do, and its still form. The figure too."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import time
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from smtplab.desk import Lab
from smtplab.mail.errors import LabError
from smtplab.mail.history import History, Notice
from smtplab.mail.reply import Reply
from smtplab.show import queue_code, queue_table
from smtplab.show.queue_board import history_html
from smtplab.show.queue_events import Axis, Mark, axis, due, lanes
from smtplab.show.queue_figure import figure
from smtplab.show.queue_fit import NEVER, WIDTHS, Box, clear, fitted
from smtplab.show.queue_timeline import MOST, STEPS, QueueTimeline
from tests.show.queue_histories import DAY, HOUR, NOBODY, START, TAKEN, Waiting, attempt, history

HALF = timedelta(minutes=30)
END = START + 5 * DAY
HOSTILE = '<script>window.pwned = 1</script><img src=x onerror="window.pwned = 1">\u202e\x1b[31m'


def of(found: History) -> tuple[Mark, ...]:
    (lane,) = lanes([found])
    return lane.marks


def kinds(found: History) -> list[tuple[str, str, bool]]:
    return [(mark.kind, mark.tone, mark.hollow) for mark in of(found)]


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def timeline(waiting: Waiting) -> QueueTimeline:
    return QueueTimeline(waiting.read, waiting.advance, waiting.actions)


def press(timeline: QueueTimeline, do: str, value: str = "") -> None:
    """What the page does: one message to the kernel."""
    timeline._asked(timeline, {"do": do, "value": value}, [])


class Tags(HTMLParser):
    """The elements of a piece of markup, with their attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attributes}))


def marks_of(markup: str) -> dict[str, dict[str, str]]:
    return {
        at["data-key"]: at
        for tag, at in Tags(markup).found
        if "qt-mark" in at.get("class", "") and "data-key" in at
    }


def text(markup: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup))


# The axis ---------------------------------------------------------------------------------------------


def test_the_axis_goes_from_acceptance_to_the_time_to_give_up() -> None:
    found = axis(lanes([history([attempt(START)], next_try=START + HALF, give_up_at=END)]))
    assert (found.start, found.end) == (START, END)


def test_a_short_axis_has_an_hour_at_least() -> None:
    assert (
        axis(lanes([history([attempt(START, TAKEN)], [("bob@birch.example", "relayed")])])).end
        == START + HOUR
    )


def test_the_stretched_axis_gives_half_an_hour_and_a_day_room_to_read() -> None:
    stretched, even = Axis(START, END), Axis(START, END, even=True)
    assert (stretched.share(START), stretched.share(END)) == (0, 100)
    assert 7 < stretched.share(START + HALF) < 12  # on a line of 500 pixels 35 or more
    assert 10 < stretched.share(END) - stretched.share(END - 2 * DAY) < 15
    assert even.share(START + HALF) == pytest.approx(0.42, abs=0.01)
    assert even.share(START + 3 * DAY) == 60
    shares = [stretched.share(START + n * HALF) for n in range(241)]
    assert shares == sorted(shares) and len(set(shares)) == 241


def test_what_is_outside_the_axis_stands_at_its_ends() -> None:
    found = Axis(START, END)
    assert (found.share(START - DAY), found.share(END + DAY)) == (0, 100)


def test_no_tick_is_beyond_the_end() -> None:
    assert Axis(START, START + HOUR).ticks() == [
        timedelta(),
        *(timedelta(minutes=m) for m in (5, 15, 30, 60)),
    ]
    assert Axis(START, END).ticks()[-1] == 5 * DAY


# Lanes and marks ----------------------------------------------------------------------------------------


def test_an_attempt_is_told_by_its_reply() -> None:
    found = history([attempt(START), attempt(START + HALF, NOBODY)], [("bob@birch.example", "failed")])
    assert kinds(found) == [("attempt", "later", False), ("attempt", "bad", False)]
    assert [mark.label for mark in of(found)] == ["451", "550"]
    found = history([attempt(START, TAKEN)], [("bob@birch.example", "relayed")])
    assert kinds(found) == [("attempt", "good", False)]


def test_no_connection_is_hollow() -> None:
    broken = attempt(START, None, note="connection lost")
    refused = attempt(START + HALF, None, note="Connection refused", connected=False)
    assert kinds(history([broken, refused])) == [("attempt", "later", False), ("attempt", "later", True)]
    assert {mark.label for mark in of(history([broken, refused]))} == {"no reply"}


def test_a_reply_of_the_mta_itself_is_hollow_too() -> None:
    own = attempt(START, Reply(556, "5.1.10", ("null MX",)), connected=False, rule="RFC 7505 §4.2")
    assert kinds(history([own], [("bob@birch.example", "failed")])) == [("attempt", "bad", True)]


def test_what_is_to_come_is_hollow_and_only_for_those_who_wait() -> None:
    outcomes = [("bob@birch.example", "delayed"), ("erin@birch.example", "relayed")]
    found = history(
        [attempt(START), attempt(START, TAKEN, to="erin@birch.example")],
        outcomes,  # type: ignore[arg-type]
        next_try=START + HALF,
        warn_at=START + 4 * HOUR,
        give_up_at=END,
    )
    bob, erin = lanes([found])
    assert [mark.kind for mark in bob.marks] == ["attempt", "next", "warn", "stop"]
    assert all(mark.hollow for mark in bob.marks[1:])
    assert bob.marks[1].label == "09:30"
    assert [mark.kind for mark in erin.marks] == ["attempt"]
    assert (bob.pending, erin.pending) == (True, False)


def test_the_hosts_of_one_round_lie_behind_the_last() -> None:
    at = [START, START, START, START + HALF]
    found = of(history([attempt(when, None, connected=False) for when in at]))
    assert [(mark.number, mark.fan) for mark in found] == [(1, -2), (2, -1), (3, 0), (4, 0)]


def test_gaps_are_between_rounds_and_to_the_next() -> None:
    tries = [attempt(START), attempt(START), attempt(START + HALF), attempt(START + 3 * HALF)]
    (lane,) = lanes([history(tries, next_try=START + 7 * HALF)])
    assert [after - before for before, after in lane.gaps()] == [HALF, 2 * HALF, 4 * HALF]


def test_an_expired_attempt_says_what_the_host_said_and_the_queue_gives_up_beside_it() -> None:
    found = history([attempt(START), attempt(END, expired=True)], [("bob@birch.example", "failed")], now=END)
    assert kinds(found)[-2:] == [("attempt", "later", False), ("gave up", "bad", False)]
    assert of(found)[-1].when == END and of(found)[-1].fan > 0


def test_giving_up_is_where_the_notice_was_or_where_it_was_to_come() -> None:
    failed = [("bob@birch.example", "failed")]
    notice = Notice(END, "failed", ("bob@birch.example",), "alice@acorn.example")
    told = history([attempt(START)], failed, notices=[notice], now=END + DAY)  # type: ignore[arg-type]
    assert [(m.kind, m.when) for m in of(told)][1:] == [("notice", END), ("gave up", END)]
    silent = history([attempt(START)], failed, now=END + DAY)  # type: ignore[arg-type]
    (lane,) = lanes([silent], {("mail.acorn.example", "Q1"): END})
    assert (lane.marks[-1].kind, lane.marks[-1].when) == ("gave up", END)


@pytest.mark.parametrize("outcome", ["delivered", "expanded", "dropped"])
def test_who_is_settled_where_the_message_came_in_has_a_mark_without_an_attempt(outcome: Any) -> None:
    (mark,) = of(history([], [("bob@birch.example", outcome)]))
    assert (mark.kind, mark.label, mark.when) == ("here", outcome, START)


def test_notices_go_to_the_lanes_they_are_about() -> None:
    outcomes = [("bob@birch.example", "failed"), ("erin@birch.example", "failed")]
    notices = [
        Notice(START, "failed", ("bob@birch.example",), "alice@acorn.example"),
        Notice(START, "failed", ("erin@birch.example",), "", "the reverse-path is null", "RFC 5321 §6.1"),
    ]
    bob, erin = lanes([history([], outcomes, notices=notices)])  # type: ignore[arg-type]
    assert [(m.hollow, m.number) for m in bob.marks if m.notice] == [(False, 1)]
    assert [(m.hollow, m.number) for m in erin.marks if m.notice] == [(True, 1)]


def test_due_is_the_next_moment_of_all_who_wait() -> None:
    one = history([attempt(START)], next_try=START + HOUR, give_up_at=END)
    two = history([attempt(START)], give_up_at=START + HALF, id="Q2")
    done = history([attempt(START, TAKEN)], [("bob@birch.example", "relayed")], id="Q3")
    assert due(lanes([one, two, done])) == START + HALF
    assert due(lanes([done])) is None


# What fits ----------------------------------------------------------------------------------------------


def test_the_important_get_their_room_first() -> None:
    assert fitted([Box(0, -10, 10, 1), Box(1, -10, 10, 0), Box(50, -10, 10, 1)]) == [NEVER, 0, 0]


def test_what_is_shown_on_a_line_never_touches() -> None:
    boxes = [Box(place / 3, -12, 12, place % 4) for place in range(300)]
    levels = fitted(boxes)
    for level, width in enumerate(WIDTHS):
        at = [box.place * width / 100 for box, own in zip(boxes, levels, strict=True) if own <= level]
        assert min(after - before for before, after in itertools.pairwise(at)) >= 24
    assert len([own for own in levels if own == 0]) < len([own for own in levels if own < NEVER])


def test_clear_is_about_both_neighbours() -> None:
    assert clear([0, 10, 50], [0, 0, 0], 1, 20) == 0
    assert clear([0, 10, 12], [0, 0, 0], 1, 20) == NEVER
    assert clear([0, 5, 50], [0, 0, 0], 1, 20) == 2  # 5 per cent of 520 pixels


# The widget ---------------------------------------------------------------------------------------------


def test_the_clock_moves_as_far_as_the_button_says(waiting: Waiting, timeline: QueueTimeline) -> None:
    for value, step in STEPS.items():
        press(timeline, "step", value)
        assert waiting.steps[-1] == step
    assert waiting.now == START + sum(STEPS.values(), timedelta())
    assert timeline.parts["now"] == timeline.axis.share(waiting.now)  # type: ignore[union-attr]


def test_to_the_next_attempt(waiting: Waiting, timeline: QueueTimeline) -> None:
    before = waiting.due[0]
    press(timeline, "step", "next")
    assert waiting.now == before and len(waiting.tries[0]) == 2
    assert "0-attempt2" in marks_of(timeline.parts["lanes"])


def test_to_the_end_goes_through_every_attempt_and_stops_when_all_is_settled(
    waiting: Waiting, timeline: QueueTimeline
) -> None:
    press(timeline, "step", "end")
    assert waiting.now == END and timeline.lanes[0].outcome == "failed"
    assert "Nothing is left" in timeline.parts["summary"]
    keys = marks_of(timeline.parts["lanes"])
    assert "0-gave-up" in keys and "0-next" not in keys
    press(timeline, "step", "end")
    assert "no message waits" in text(timeline.message) and waiting.now == END


def test_to_the_end_stops_at_success(waiting: Waiting, timeline: QueueTimeline) -> None:
    timeline.act("receiver on")
    timeline.to_end()
    assert waiting.now < START + DAY and timeline.lanes[0].outcome == "relayed"


def test_a_queue_that_stands_still_is_not_waited_for() -> None:
    steps: list[timedelta] = []
    overdue = history([attempt(START)], now=START + HOUR, next_try=START + HALF, give_up_at=END)
    timeline = QueueTimeline(lambda: [overdue], steps.append)
    press(timeline, "step", "end")
    assert "stands still" in text(timeline.message) and len(steps) < 20
    with Lab() as lab:
        lab.stop_host("mx.birch.example")
        lab.stop_host("mx2.birch.example")
        waiting = lab.queue_timeline(lab.submit(MESSAGE))
        lab.stop_host("mail.acorn.example")
        with pytest.raises(LabError, match="stands still"):
            waiting.to_end()


def test_what_is_done_meanwhile_is_drawn_at_its_time(waiting: Waiting, timeline: QueueTimeline) -> None:
    timeline.advance(HOUR)
    press(timeline, "act", "2")
    assert waiting.answer is TAKEN
    assert timeline.changes == [(START + HOUR, "receiver on")]
    assert "receiver on" in text(timeline.parts["axis"])
    pressed = {
        at["data-key"]: at["aria-pressed"]
        for tag, at in Tags(timeline.parts["bar"]).found
        if "aria-pressed" in at
    }
    assert pressed == {"act-0": "false", "act-1": "false", "act-2": "true"}
    with pytest.raises(LabError, match="receiver off, greylisting, receiver on"):
        timeline.act("nothing")


@pytest.mark.parametrize("content", [
    {"do": "act", "value": "3"}, {"do": "act", "value": "-1"}, {"do": "act", "value": "²"}, {"do": "act"},
    {"do": "step", "value": "year"}, {"do": "open", "value": 1}, {}, {"do": "Next"},
])  # fmt: skip
def test_a_message_that_the_page_never_sends_changes_nothing(
    timeline: QueueTimeline, waiting: Waiting, content: dict[str, Any]
) -> None:
    before = timeline.parts
    timeline._asked(timeline, content, [])
    assert timeline.parts == before and timeline.message == "" and waiting.steps == []


def test_a_clock_that_fails_is_a_sentence(waiting: Waiting) -> None:
    def refuse(step: timedelta) -> None:
        raise LabError("The clock only goes forward.")

    timeline = QueueTimeline(waiting.read, refuse)
    press(timeline, "step", "hour")
    assert "The clock only goes forward." in timeline.message and not timeline.disabled


def test_an_attempt_opens_with_its_reply_explained(timeline: QueueTimeline) -> None:
    press(timeline, "open", "0-attempt1")
    told = text(timeline.panel)
    for part in ("Attempt 1", "451 4.7.1", "Greylisting", "The client side:", "What to do:", "198.51.100.10",
                 "TLS level may", "RCPT TO:&lt;bob@birch.example&gt;", "RFC 5321 §4.5.4.1"):  # fmt: skip
        assert part in told, part
    assert timeline.opened == "0-attempt1"
    press(timeline, "open", "")
    assert (timeline.opened, timeline.panel) == ("", "")


def test_opening_a_mark_draws_nothing_else_anew(timeline: QueueTimeline) -> None:
    before = timeline.parts
    press(timeline, "open", "0-next")
    assert timeline.parts is before or all(timeline.parts[part] is before[part] for part in before)
    assert "waits on purpose" in timeline.panel


def test_every_mark_can_be_opened() -> None:
    notices = [
        Notice(START + HOUR, "delayed", ("bob@birch.example",), "alice@acorn.example"),
        Notice(
            START + HOUR, "failed", ("erin@birch.example",), "", "the reverse-path is null", "RFC 5321 §6.1"
        ),
    ]
    outcomes = [
        ("bob@birch.example", "delayed"),
        ("erin@birch.example", "failed"),
        ("x@acorn.example", "delivered"),
    ]
    tries = [
        attempt(START), attempt(START, None, connected=False, note="Connection refused"),
        attempt(START, None, during=".", note="connection lost"),
        attempt(START, None, during="", note="silent"),
        attempt(START, Reply(552, "", ("Too many recipients",))),
        attempt(START, Reply(556, "5.1.10", ("null MX",)), connected=False, rule="RFC 7505 §4.2"),
        attempt(START, expired=True, to="erin@birch.example"),
    ]  # fmt: skip
    found = history(tries, outcomes, notices=notices, now=START + HOUR, next_try=START + 2 * HOUR,
                    warn_at=START + 4 * HOUR, give_up_at=END)  # type: ignore[arg-type]  # fmt: skip
    timeline = QueueTimeline(lambda: [found], lambda step: None)
    told = {}
    for key in timeline.marks:
        timeline.explain(key)
        assert timeline.opened == key and timeline.panel
        told[key] = text(timeline.panel)
    assert set(told) == {
        *(f"0-attempt{n}" for n in range(1, 7)), "0-notice1", "0-next", "0-warn", "0-stop",
        "1-attempt1", "1-notice1", "1-gave-up", "2-here",
    }  # fmt: skip
    assert "No connection came about" in told["0-attempt2"]
    assert "Route 198.51.100.10 → 198.51.100.10 → " in re.sub(r"\s+", " ", told["0-attempt1"])
    assert "the host may have it" in told["0-attempt3"]
    assert "before the greeting" in told["0-attempt4"]
    assert "counts as 452" in told["0-attempt5"]
    assert "gave this reply itself" in told["0-attempt6"]
    assert "4.4.7" in told["1-attempt1"] and "4.4.7" in told["1-gave-up"]
    assert "No DSN was made: the reverse-path is null" in told["1-notice1"]
    assert "alice@acorn.example" in told["0-notice1"]


def test_the_open_mark_is_explained_anew_when_time_moves(timeline: QueueTimeline) -> None:
    timeline.explain("0-stop")
    assert "in 5 d" in timeline.panel
    timeline.advance(DAY)
    assert "in 4 d" in timeline.panel
    timeline.to_end()
    assert (timeline.opened, timeline.panel) == ("", "")


def test_keys_stay_when_a_message_comes_before() -> None:
    old, new = history([attempt(START)], id="OLD"), history([attempt(START)], id="NEW")
    found = [old]
    timeline = QueueTimeline(lambda: found, lambda step: None)
    timeline.explain("0-attempt1")
    found.insert(0, new)
    timeline.look()
    assert list(timeline.marks) == ["1-attempt1", "0-attempt1"]
    assert timeline.opened == "0-attempt1"


def test_both_scales_and_the_table_are_switched(timeline: QueueTimeline) -> None:
    timeline.advance(HOUR)
    place = marks_of(timeline.parts["lanes"])["0-next"]["style"]
    assert timeline.parts["table"] == ""
    press(timeline, "scale")
    assert marks_of(timeline.parts["lanes"])["0-next"]["style"] != place
    press(timeline, "table")
    assert "Next attempt" in text(timeline.parts["table"])
    press(timeline, "scale")
    press(timeline, "table")
    assert marks_of(timeline.parts["lanes"])["0-next"]["style"] == place and timeline.parts["table"] == ""


def test_the_axis_keeps_its_end_when_the_message_is_gone(timeline: QueueTimeline) -> None:
    timeline.act("receiver on")
    timeline.to_next()
    assert timeline.axis is not None and timeline.axis.end == END


def test_marks_are_in_reach_of_arrows_only_and_named(timeline: QueueTimeline) -> None:
    found = marks_of(timeline.parts["lanes"])
    assert {at["tabindex"] for at in found.values()} == {"-1"}
    assert (
        found["0-attempt1"]["aria-label"] == "Attempt 1: delayed, 451 4.7.1, Mon 2 Mar 09:00, at acceptance"
    )
    assert found["0-next"]["aria-label"] == "Next attempt, Mon 2 Mar 10:00, 1 h after acceptance"


def test_a_mark_is_drawn_by_how_it_went() -> None:
    tries = [attempt(START), attempt(START + HOUR, None, connected=False), attempt(START + 2 * HOUR, NOBODY)]
    notice = Notice(START + 2 * HOUR, "failed", ("bob@birch.example",), "", "null", "RFC 5321 §6.1")
    outcomes = [("bob@birch.example", "failed"), ("erin@birch.example", "relayed")]
    tries.append(attempt(START, TAKEN, to="erin@birch.example"))
    found = history(tries, outcomes, notices=[notice])  # type: ignore[arg-type]
    lanes_part = QueueTimeline(lambda: [found], lambda step: None).parts["lanes"]
    looks = {key: set(at["class"].split()) for key, at in marks_of(lanes_part).items()}
    assert looks["0-attempt1"] >= {"qt-is-attempt", "qt-later"} and "qt-hollow" not in looks["0-attempt1"]
    assert looks["0-attempt2"] >= {"qt-is-attempt", "qt-later", "qt-hollow"}
    assert looks["0-attempt3"] >= {"qt-is-attempt", "qt-no"} and "qt-hollow" not in looks["0-attempt3"]
    assert looks["1-attempt1"] >= {"qt-is-attempt", "qt-ok"}
    assert looks["0-notice1"] >= {"qt-is-notice", "qt-no", "qt-hollow"}
    signs = re.findall(r'data-key="([^"]+)"[^>]*><i>([^<]?)', lanes_part)
    assert dict(signs) == {
        "0-attempt1": "~",
        "0-attempt2": "~",
        "0-attempt3": "✕",
        "0-notice1": "",
        "1-attempt1": "✓",
    }


def test_nothing_queued_is_said(waiting: Waiting) -> None:
    timeline = QueueTimeline(list, waiting.advance, waiting.actions)
    assert "Nothing is in the queue" in timeline.parts["summary"] and timeline.axis is None
    assert "Nothing is in the queue" in repr(timeline) and "Nothing is in the queue" in timeline._html()
    timeline.act("receiver on")
    press(timeline, "step", "next")
    assert "Nothing is due" in text(timeline.message)


def test_a_step_with_ten_messages_of_fifty_attempts_is_quick() -> None:
    many = Waiting(10, gap=timedelta(hours=2, minutes=24))
    timeline = QueueTimeline(many.read, many.advance, many.actions)
    timeline.advance(timedelta(hours=118))
    assert sum(len(lane.attempts) for lane in timeline.lanes) == 500
    best = min(_taken(timeline, {"do": "step", "value": "minute"}) for _ in range(7))
    assert best < 0.1  # twice what is aimed at: the machine may be busy
    assert min(_taken(timeline, {"do": "open", "value": f"3-attempt{n}"}) for n in range(1, 6)) < 0.05


def _taken(timeline: QueueTimeline, content: dict[str, str]) -> float:
    begun = time.process_time()  # others work on this machine as well
    timeline._asked(timeline, content, [])
    assert timeline.message == ""
    return time.process_time() - begun


def test_of_a_long_queue_those_that_wait_are_drawn_and_all_are_counted() -> None:
    done = [
        history([attempt(START, TAKEN)], [("bob@birch.example", "relayed")], id=f"D{n}") for n in range(80)
    ]
    late = [history([attempt(START)], next_try=START + HOUR, id=f"W{n}") for n in range(20)]
    timeline = QueueTimeline(lambda: [*done, *late], lambda step: None)
    drawn_lanes = {key.partition("-")[0] for key in marks_of(timeline.parts["lanes"])}
    assert len(drawn_lanes) == MOST and {str(n) for n in range(80, 100)} < drawn_lanes
    assert "100 recipients: 80 relayed, 20 waiting." in timeline.parts["summary"]
    assert f"Drawn are {MOST}" in timeline.parts["summary"]
    assert marks_of(timeline._html()).keys() == marks_of(timeline.parts["lanes"]).keys()


def test_a_history_shows_itself() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    from smtplab.show.register import register

    shell = InteractiveShell()
    register(shell)
    bundle, _ = shell.display_formatter.format(history([attempt(START)]))  # type: ignore[union-attr]
    assert "0-attempt1" in marks_of(bundle["text/html"])
    assert "Attempt 1: delayed" in bundle["text/plain"]


# Hostile text -------------------------------------------------------------------------------------------


@pytest.fixture
def evil() -> History:
    reply = Reply(451, "4.7.1", (HOSTILE, HOSTILE))
    notice = Notice(START, "delayed", ("bob@birch.example",), HOSTILE, HOSTILE, HOSTILE)
    tries = [
        attempt(START, reply, host=HOSTILE, note=HOSTILE),
        attempt(START, None, note=HOSTILE, rule=HOSTILE),
    ]
    return history(tries, notices=[notice], next_try=START + HOUR, host=HOSTILE, id=HOSTILE)


def test_hostile_text_is_escaped_wherever_it_is_shown(evil: History) -> None:
    timeline = QueueTimeline(lambda: [evil], lambda step: None, [(HOSTILE, lambda: None)])
    timeline.act(HOSTILE)
    press(timeline, "table")
    markup = {name: str(part) for name, part in timeline.parts.items() if name != "summary"}  # that is text
    shown = [*markup.values(), str(timeline._html()), str(history_html(evil))]
    for key in timeline.marks:
        timeline.explain(key)
        shown.append(timeline.panel)
    assert sum("&lt;script&gt;" in made for made in shown) >= 6
    for made in shown:
        assert {"script", "img"}.isdisjoint(tag for tag, _ in Tags(made).found)
        assert not any(name.startswith("on") for _, at in Tags(made).found for name in at)
        assert "\u202e" not in made and "\x1b" not in made
    assert "\x1b" not in repr(timeline) and "\u202e" not in repr(timeline)


# Without a kernel -----------------------------------------------------------------------------------------


def test_the_still_form_has_the_picture_the_table_the_dialogues_and_the_code(timeline: QueueTimeline) -> None:
    timeline.to_next()
    bundle, _ = timeline._repr_mimebundle_()
    still = bundle["text/html"]
    assert "<script" not in still and "0-attempt2" in marks_of(still)
    for part in ("Next attempt in 2 h", "RCPT TO:", "postqueue -p", "exim -bp", "lab.clock.advance"):
        assert part in text(still), part
    quiet = next(at for tag, at in Tags(still).found if at.get("aria-hidden") == "true" and "inert" in at)
    assert quiet is not None
    rows = [tag for tag, _ in Tags(still).found if tag == "tr"]
    assert len(rows) == 1 + len(timeline.marks)
    assert bundle["text/plain"] == repr(timeline)


def test_the_text_form_tells_every_mark(timeline: QueueTimeline) -> None:
    timeline.to_next()
    lines = repr(timeline).splitlines()
    assert lines[0].startswith("mail.acorn.example has 1 recipient: 1 waiting.")
    assert "  ~ Attempt 1: delayed, 451 4.7.1, Mon 2 Mar 09:00, at acceptance: 451 4.7.1 Greylisting" in repr(
        timeline
    )
    assert lines[-1] == "  · The queue gives up, Sat 7 Mar 09:00, 5 d after acceptance"


def test_the_summary_goes_host_by_host() -> None:
    here = history([], [("bob@birch.example", "delivered")], host="mx.birch.example")
    there = history([attempt(START, TAKEN)], [("bob@birch.example", "relayed")])
    said = queue_table.summary(lanes([there, here]))
    assert said == (
        "mail.acorn.example has 1 recipient: 1 relayed. mx.birch.example has 1 recipient: 1 delivered. "
        "Nothing is left to be tried."
    )


# The code ---------------------------------------------------------------------------------------------------


def test_the_code_has_the_defaults_of_postfix() -> None:
    postfix = queue_code.snippets()["Postfix"]
    for name, value in [("minimal_backoff_time", "300s"), ("maximal_backoff_time", "4000s"),
                        ("queue_run_delay", "300s"),
                        ("maximal_queue_lifetime", "5d"), ("delay_warning_time", "0h")]:  # fmt: skip
        assert f"\n{name} = {value}\n" in postfix
    settings = [line for line in postfix.splitlines() if " = " in line]
    assert not any("#" in line for line in settings)  # Postfix takes that for a part of the value


@pytest.mark.parametrize("host", ["", "mail.acorn.example"])
def test_the_code_of_smtplab_runs(host: str) -> None:
    made = queue_code.snippets(host)["smtplab"]
    done = subprocess.run(
        [sys.executable, "-c", made], capture_output=True, text=True, timeout=60, check=True
    )
    assert "bob@birch.example" in done.stdout and "next attempt:" in done.stdout


# The figure for print -----------------------------------------------------------------------------------


def drawn(found: list[History], **options: Any) -> dict[str, list[tuple[float, float]]]:
    (axes,) = figure(found, **options).axes
    return {
        str(points.get_gid()): [(round(float(x), 3), round(float(y), 3)) for x, y in points.get_offsets()]
        for points in axes.collections
        if points.get_gid()
    }


def test_the_figure_has_every_mark_at_its_hour() -> None:
    tries = [attempt(START), attempt(START + HALF, None, connected=False), attempt(START + 3 * HALF)]
    one = history(tries, now=START + 2 * HOUR, next_try=START + 4 * HOUR, give_up_at=END)
    two = history([attempt(START, TAKEN)], [("erin@birch.example", "relayed")], id="Q2")
    two = history([attempt(START, TAKEN, to="erin@birch.example")], two.outcomes, id="Q2")
    notice = Notice(START + HOUR, "failed", ("carol@birch.example",), "alice@acorn.example")
    three = history([attempt(START, NOBODY, to="carol@birch.example")], [("carol@birch.example", "failed")],
                    notices=[notice], id="Q3")  # fmt: skip
    assert drawn([one, two, three]) == {
        "mark later": [(0, 0), (1.5, 0)],
        "mark later hollow": [(0.5, 0)],
        "mark plain hollow": [(4, 0)],
        "mark bad hollow": [(120, 0)],
        "mark good": [(0, 1)],
        "mark bad": [(0, 2)],
        "notice bad": [(1, 1.7)],
    }


def test_the_figure_is_told_apart_in_grey() -> None:
    tries = [attempt(START), attempt(START + HALF, None, connected=False), attempt(START + HOUR, NOBODY)]
    failed = history(tries, [("bob@birch.example", "failed")])
    taken = history([attempt(START, TAKEN)], [("bob@birch.example", "relayed")], id="Q2")
    (axes,) = figure([failed, taken]).axes
    shapes, greys = set(), {}
    for points in axes.collections:
        if name := points.get_gid():
            red, green, blue = points.get_facecolor()[0][:3]
            greys[name] = 0.3 * red + 0.6 * green + 0.1 * blue
            shapes.add(points.get_paths()[0].vertices.tobytes())
    assert set(greys) == {"mark later", "mark later hollow", "mark bad", "mark good"}
    assert len(shapes) == 3  # both that mean later have one
    assert greys["mark later hollow"] > 0.95 > greys["mark later"] + 0.2
    assert greys["mark later"] > greys["mark good"] + 0.15 > greys["mark bad"] + 0.2


def test_the_figure_saves_as_vectors_with_its_words(tmp_path: Any) -> None:
    import matplotlib as mpl

    made = figure(Waiting(3).read())
    made.savefig(tmp_path / "queue.pdf")
    with mpl.rc_context({"svg.fonttype": "none"}):
        made.savefig(tmp_path / "queue.svg")
    picture = (tmp_path / "queue.svg").read_text()
    assert "<image" not in picture and "user2@birch.example" in picture and ">451<" in picture
    assert (tmp_path / "queue.pdf").read_bytes().startswith(b"%PDF")


def test_an_even_figure_has_an_even_axis() -> None:
    (axes,) = figure(Waiting().read(), even=True).axes
    left, middle, right = axes.transData.transform([(0, 0), (60, 0), (120, 0)])[:, 0]
    assert middle == pytest.approx((left + right) / 2)
    (axes,) = figure(Waiting().read()).axes
    left, middle, right = axes.transData.transform([(0, 0), (60, 0), (120, 0)])[:, 0]
    assert middle > left + 0.8 * (right - left)


def test_no_message_makes_no_figure() -> None:
    with pytest.raises(ValueError, match="no message"):
        figure([])


def test_matplotlib_is_imported_only_to_draw() -> None:
    code = "import sys, smtplab.show.queue_figure; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


# With the lab -----------------------------------------------------------------------------------------------


MESSAGE = "From: alice@acorn.example\nTo: bob@birch.example\nSubject: waiting\n\nHello\n"


def test_a_receiver_is_off_then_greylists_then_takes_it() -> None:
    with Lab() as lab:
        for host in ("mx.birch.example", "mx2.birch.example"):
            lab.stop_host(host)
        timeline = lab.queue_timeline(lab.submit(MESSAGE))
        assert timeline.lanes[0].outcome == "delayed" and all(mark.hollow for mark in timeline.lanes[0].marks)
        timeline.to_next()
        timeline.act("greylisting")
        timeline.to_next()
        last = timeline.lanes[0].attempts[-1]
        assert (last.label[0], last.hollow) == ("4", False)
        timeline.to_end()
        assert [lane.outcome for lane in timeline.lanes] == ["relayed", "delivered"]
        assert len(lab.mailbox("bob@birch.example")) == 1
        first, second = lab.queue_timeline("mail.acorn.example"), lab.queue_timeline()
        assert [len(one.lanes) for one in (first, second)] == [1, 1]


def test_a_receiver_that_stays_off_is_given_up_with_two_notices() -> None:
    with Lab() as lab:
        timeline = lab.queue_timeline(actions=lab.receiver_actions())
        timeline.act("receiver off")
        lab.submit(MESSAGE)
        begun: datetime = lab.clock.now()
        press(timeline, "step", "end")
        assert "Nothing is due" in text(timeline.message)  # it was read before the message came
        press(timeline, "look")
        press(timeline, "step", "end")
        assert lab.clock.now() - begun == 5 * DAY
        assert [mark.notice.action for mark in timeline.lanes[0].marks if mark.notice] == [
            "delayed",
            "failed",
        ]
        timeline.act("receiver on")
        assert len(lab.mailbox("alice@acorn.example")) == 2


def test_a_host_without_a_queue_is_refused() -> None:
    with Lab() as lab, pytest.raises(LabError):
        lab.queue_timeline("nowhere.example")
