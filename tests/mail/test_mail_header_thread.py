"""Threads and duplicates by Message-ID: loops, gaps, ids that two messages have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.mail.header import duplicates as find_duplicates
from smtplab.mail.header import message_id, thread


def message(id_: str, *references: str, answers: str = "", body: str = "") -> str:
    lines = [f"Message-ID: {id_}"] if id_ else []
    lines += [f"References: {' '.join(references)}"] if references else []
    lines += [f"In-Reply-To: {answers}"] if answers else []
    return "\n".join([*lines, "", body])


@pytest.mark.parametrize(
    ("messages", "tree"),
    [
        ([], []),
        (
            [message("<a@x>"), message("<b@x>", "<a@x>"), message("<c@x>", "<a@x>", "<b@x>")],
            ["0", " 1", "  2"],
        ),
        ([message("<b@x>", answers="<a@x>"), message("<a@x>")], ["1", " 0"]),  # the answer came first
        ([message("<a@x>"), message("<b@x>", "<a@x>"), message("<c@x>", "<a@x>")], ["0", " 1", " 2"]),
        # a parent that is not here: closed when it joins nothing, kept when it does
        ([message("<b@x>", "<gone@x>")], ["0"]),
        ([message("<b@x>", "<gone@x>"), message("<c@x>", "<gone@x>")], ["-", " 0", " 1"]),
        ([message("<a@x>"), message("<c@x>", "<a@x>", "<gone@x>")], ["0", " 1"]),
        # loops
        ([message("<a@x>", "<a@x>")], ["0"]),
        ([message("<a@x>", "<b@x>"), message("<b@x>", "<a@x>")], ["1", " 0"]),
        (
            [message("<a@x>", "<c@x>"), message("<b@x>", "<a@x>"), message("<c@x>", "<b@x>")],
            ["2", " 0", "  1"],
        ),
        # no id, the same id twice
        ([message(""), message("", "<a@x>"), message("<a@x>")], ["0", "2", " 1"]),
        ([message("<a@x>"), message("<a@x>"), message("<b@x>", "<a@x>")], ["0", " 2", "1"]),
        # what a message says of itself goes before what others say of it
        (
            [message("<c@x>", "<a@x>", "<b@x>"), message("<b@x>", "<z@x>"), message("<z@x>")],
            ["2", " 1", "  0"],
        ),
    ],
)
def test_threads(messages: list[str], tree: list[str]) -> None:
    places = thread(messages)
    shown = [" " * place.depth + ("-" if place.message is None else str(place.message)) for place in places]
    assert shown == tree
    for place in places:
        assert (place.parent is None) is (place.depth == 0)
        if place.parent is not None:
            assert places[place.parent].depth == place.depth - 1


IDS = st.sampled_from(["<a@x>", "<b@x>", "<c@x>", "<d@x>", ""])


@given(st.lists(st.tuples(IDS, st.lists(IDS, max_size=4), IDS), max_size=8))
def test_no_message_is_lost_or_shown_twice(drawn: list[tuple[str, list[str], str]]) -> None:
    messages = [message(id_, *refs, answers=answers) for id_, refs, answers in drawn]
    shown = [place.message for place in thread(messages) if place.message is not None]
    assert sorted(shown) == list(range(len(messages)))


def test_a_deep_thread() -> None:
    names = [f"<{n}@x>" for n in range(5000)]
    chain = [message(name, answers=names[n - 1] if n else "") for n, name in enumerate(names)]
    assert [place.depth for place in thread(chain)] == list(range(5000))


def test_duplicates() -> None:
    one, copy, other = (
        message("<a@x>", body="tea"),
        "Received: x\n" + message("<a@x>", body="tea\r\n"),
        message("<b@x>"),
    )
    forged = message("<b@x>", body="coffee")
    found = find_duplicates([one, other, copy, forged, message("")])
    assert [(each.id, each.messages, each.same) for each in found] == [
        ("<a@x>", (0, 2), True),
        ("<b@x>", (1, 3), False),
    ]
    assert message_id(one) == "<a@x>"
    assert message_id("Message-ID: a@x\n\n") == ""
