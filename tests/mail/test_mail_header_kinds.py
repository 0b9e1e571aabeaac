"""Message-ID, List-*, Auto-Submitted and filter fields, and the table of all kinds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.mail.errors import RecordError
from smtplab.mail.header import filters, ident, lists, signature, tags
from smtplab.mail.header.field import Field, fields
from smtplab.mail.header.kinds import KINDS, WRITERS, kind
from smtplab.mail.verdict import Step, walk

TEXT = st.text(st.one_of(st.sampled_from(';=:<>@"()\\, \r\n\ti1'), st.characters()), max_size=60)


def said(steps: tuple[Step, ...]) -> str:
    return " ".join(step.why for _, step in walk(steps))


def one(text: str) -> Field:
    [field] = fields(text)
    return field


# Message-ID -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "left", "right", "fault"),
    [
        ("<a@b.example>", "a", "b.example", False),
        (" (note) <a.b$c@[192.0.2.1]> ", "a.b$c", "[192.0.2.1]", False),
        ("<a@localhost>", "a", "localhost", False),
        ("<a..b@c.example>", "a..b", "c.example", True),
        ('<"a b"@c.example>', '"a b"', "c.example", True),
    ],
)
def test_message_ids(value: str, left: str, right: str, fault: bool) -> None:
    found = ident.parse(value)
    assert (found.left, found.right, bool(found.fault)) == (left, right, fault)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("", "angle brackets"),
        ("a@b.example", "angle brackets"),
        ("<a@b> <c@d>", "one message id"),
        ("<a>", "left@right"),
        ("<a b@c>", "left@right"),
        ("<a@b@c>", "left@right"),
        ("<@b>", "left@right"),
    ],
)
def test_no_message_ids(value: str, rule: str) -> None:
    with pytest.raises(RecordError, match=rule):
        ident.parse(value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("<a@b> <c@d>\r\n\t<e@f>", ("<a@b>", "<c@d>", "<e@f>")),
        ("<a@\r\n b>", ("<a@b>",)),
        ("Alice's message of Monday <a@b>", ("<a@b>",)),
        ("<> < > none", ()),
    ],
)
def test_lists_of_ids(value: str, found: tuple[str, ...]) -> None:
    assert ident.ids(value) == found


@pytest.mark.parametrize(
    ("id_", "words"),
    [
        ("<a@mail.acorn.example>", "a host on the way"),
        ("<a@birch.example>", "birch.example, the domain that the message claims"),
        ("<a@elsewhere.example>", "fits no host and no domain"),
        ("<a@example>", "fits no host and no domain"),  # the top of a name is not a match
    ],
)
def test_who_made_a_message_id(id_: str, words: str) -> None:
    known = fields(f"Message-ID: {id_}\nFrom: x@birch.example\n")
    assert words in said(ident.explain(known[0], known, ["mail.acorn.example"]))


# lists, answers and filters ---------------------------------------------------------------------

ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"


@pytest.mark.parametrize(
    ("header", "urls", "one_click"),
    [
        ("", (), False),
        ("List-Unsubscribe: <mailto:u@l>, (or) <https://l/u>\n", ("mailto:u@l", "https://l/u"), False),
        ("List-Unsubscribe: <https://l/u>\n" + ONE_CLICK, ("https://l/u",), True),
        ("List-Unsubscribe: <http://l/u>\n" + ONE_CLICK, ("http://l/u",), False),
        ("List-Unsubscribe: <https://l/u>\nList-Unsubscribe-Post: yes\n", ("https://l/u",), False),
        ("List-Unsubscribe: <https://l.example/\r\n u>\n", ("https://l.example/u",), False),
    ],
)
def test_leaving_a_list(header: str, urls: tuple[str, ...], one_click: bool) -> None:
    assert lists.unsubscribe(fields(header)) == lists.Unsubscribe(urls, one_click)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("<talk.list.example>", ("", "talk.list.example")),
        ('"Talk (of the town)" <talk.list.example>', ("Talk (of the town)", "talk.list.example")),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?= <talk.list.example>", ("Grüße", "talk.list.example")),
    ],
)
def test_list_ids(value: str, found: tuple[str, str]) -> None:
    assert lists.list_id(value) == found


@pytest.mark.parametrize(
    ("value", "keyword"),
    [
        ("no", "no"),
        ("Auto-Replied (vacation)", "auto-replied"),
        ('auto-generated; type="x"', "auto-generated"),
    ],
)
def test_auto_submitted(value: str, keyword: str) -> None:
    assert lists.auto_submitted(value) == keyword


@pytest.mark.parametrize(
    ("parse", "value"),
    [
        (lists.list_id, "talk.list.example"),
        (lists.list_id, "<>"),
        *((lists.auto_submitted, each) for each in ("", "a b")),
    ],
)
def test_malformed_ones(parse: Callable[[str], object], value: str) -> None:
    with pytest.raises(RecordError):
        parse(value)


@pytest.mark.parametrize(
    ("line", "spam", "score", "required", "tests"),
    [
        (
            "X-Spam-Status: Yes, score=7.2 required=5.0 tests=A_B,\n C1 autolearn=no",
            True,
            7.2,
            5.0,
            ("A_B", "C1"),
        ),
        ("X-Spam-Status: No, score=-1.9 required=5.0 tests=none", False, -1.9, 5.0, ("none",)),
        ("X-Spam-Flag: YES", True, None, None, ()),
        ("X-Spam-Score: 3.5", None, 3.5, None, ()),
        ("X-Spam-Level: ***", None, 3.0, None, ()),
        ("X-Spam-Level: three", None, None, None, ()),
        ("X-Spam-Status: perhaps", None, None, None, ()),
        ("X-Spam-Score: many", None, None, None, ()),
    ],
)
def test_filters(
    line: str, spam: bool | None, score: float | None, required: float | None, tests: tuple[str, ...]
) -> None:
    mark = filters.parse(one(line))
    assert (mark.spam, mark.score, mark.required, mark.tests) == (spam, score, required, tests)
    assert bool(filters.explain(one(line))) is (spam is not None or score is not None)


@given(TEXT, st.sampled_from([ident.parse, lists.list_id, lists.auto_submitted, tags.parse, signature.parse]))
def test_a_record_or_a_record_error(text: str, parse: Callable[[str], object]) -> None:
    try:
        parse(text)
    except RecordError as error:
        assert 0 <= error.span[0] <= error.span[1] <= len(text)


# the table --------------------------------------------------------------------------------------


def test_the_table_is_whole() -> None:
    """RFC 5322 §3.6: what may stand once, and what must stand there."""
    once = ["date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "references", "subject"]
    assert all(KINDS[name].most == 1 for name in once)
    assert [name for name, each in KINDS.items() if each.least] == ["date", "from"]
    assert all(each.writer in WRITERS and each.what[0].isupper() for each in KINDS.values())
    assert kind("X-Anything").ref == "RFC 6648" and kind("Anything").ref == "RFC 5322 §3.6.8"
    assert kind("MESSAGE-id") is KINDS["message-id"]
