"""The verdict board: what each case comes to, what an edit does, and that all of it is text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from smtplab import Lab
from smtplab.mail.errors import LabError
from smtplab.show.verdict_board import VerdictBoard
from smtplab.show.verdict_case import MOST
from tests.show.markup import seen

EVIL = '<script>window.pwned=1</script>"><img src=x onerror=1>\u202egnp.exe\x1b[31m'
SPF, DMARC = "acorn.example", "_dmarc.acorn.example"
CASES = {
    "Alice's own mail": ("pass", ["pass"], "pass", "none"),
    "Forwarded": ("fail", ["pass"], "pass", "none"),
    "Through a list": ("pass", ["fail"], "fail", "junk"),
    "A newsletter service": ("pass", ["pass"], "fail", "junk"),
    "Mallory": ("pass", ["pass"], "fail", "junk"),
    "No checks at all": ("none", [], "none", "none"),
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


@pytest.fixture
def board(lab: Lab) -> VerdictBoard:
    return lab.verdict_board()


def said(board: VerdictBoard, part: str) -> str:
    return seen(board.parts[part])


def press(board: VerdictBoard, **fields: Any) -> None:
    """What the page does: all fields as they stand, with these changed."""
    board._asked(board, {"do": "judge", "fields": {**board.parts["fields"], "records": {}, **fields}}, [])


def results(board: VerdictBoard) -> tuple[str, list[str], str, str]:
    judged = board.judged
    dkim = [one.result for one in judged.dkim]
    return judged.spf.result, dkim, judged.dmarc.result, judged.disposition.result


def test_two_runs_give_the_same_cases(board: VerdictBoard) -> None:
    with Lab() as other:
        assert other.verdict_board().cases == board.cases


@pytest.mark.parametrize("name", CASES)
def test_what_each_case_comes_to(board: VerdictBoard, name: str) -> None:
    board._asked(board, {"do": "case", "value": name}, [])
    assert board.case.name == name and results(board) == CASES[name]
    picture = said(board, "picture")
    words = {"none": "✓ inbox", "junk": "~ junk folder"}[CASES[name][3]]
    assert words in picture and ("✓ aligned with From" in picture) == (CASES[name][2] == "pass")
    assert board.parts["moved"] == board.parts["diff"] == ""


def test_the_cases_are_all_there(board: VerdictBoard) -> None:
    assert list(board.cases) == list(CASES)
    with pytest.raises(LabError, match="no case 'Nobody'"):
        board.begin("Nobody")


def test_another_from_is_another_domain_to_align_with(board: VerdictBoard) -> None:
    press(board, author="Bob <bob@birch.example>")
    assert board.judged.dmarc.domain == "birch.example" and not board.judged.dmarc.spf_aligned
    assert board.case.source.count("From: ") == 1
    assert "Moved: DKIM" in said(board, "moved") and "pass acorn.example → fail" in said(board, "moved")
    assert "What moved, step by step" in said(board, "diff")
    assert "_dmarc.birch.example" in said(board, "records")
    press(board, author=board.cases["Alice's own mail"].author)
    assert results(board) == CASES["Alice's own mail"]


def test_a_message_without_from_and_one_with_two(board: VerdictBoard) -> None:
    press(board, author="")
    assert "(no From field)" in said(board, "picture") and board.judged.dmarc.result == "none"
    assert "There is no domain in From, so no DMARC record." in said(board, "picture")
    press(board, author="alice@acorn.example, mallory@mallory.example")
    assert "alice@acorn.example, mallory@mallory.example" in said(board, "picture")
    press(board, source="From: a@acorn.example\nFrom: b@birch.example\n\nhello\n")
    assert board.case.message == b"From: a@acorn.example\r\nFrom: b@birch.example\r\n\r\nhello\r\n"
    assert "no signature" in said(board, "picture")


def test_the_receiver_and_the_owner_are_two(board: VerdictBoard) -> None:
    board.begin("Mallory")
    press(board, receiver="reject")
    assert "✕ refused, 550" in said(board, "picture")
    assert said(board, "moved").strip() == "Moved: receiver junk folder → refused, 550"
    press(board, records={DMARC: "v=DMARC1; p=none"})
    assert "p=none" in said(board, "picture") and board.judged.disposition.result == "none"
    press(board, receiver="no such rule")
    assert board.case.receiver == "reject" and said(board, "moved").strip() == "Nothing moved."


def test_a_record_that_is_tried_stays_and_is_not_published(lab: Lab, board: VerdictBoard) -> None:
    press(board, records={SPF: "v=spf1 -all"})
    assert board.judged.spf.result == "fail" and "~ tried, not published" in said(board, "records")
    press(board, helo="other.example")
    press(board, author="bob@birch.example")
    assert board.case.records == {SPF: "v=spf1 -all"} and board.judged.spf.result == "fail"
    assert lab.verdict_board().judged.spf.result == "pass"
    press(board, records={SPF: "v=spf1 mx -all"})  # as published
    assert board.case.records == {} and board.judged.spf.result == "pass"


def test_two_records_at_a_name_and_none(board: VerdictBoard) -> None:
    press(board, records={SPF: "v=spf1 mx -all\nv=spf1 -all"})
    assert board.judged.spf.result == "permerror"
    press(board, records={SPF: "", DMARC: " \n"})
    assert (board.judged.spf.result, board.judged.dmarc.result) == ("none", "none")
    assert board.edit(records={"_dmarc.news.acorn.example": "v=DMARC1; p=none"}).dmarc.result == "none"


def test_taking_away_a_record_that_is_not_shown_counts_too(board: VerdictBoard) -> None:
    board.begin("Mallory")
    assert board.edit(records={SPF: ""}).spf.result == "pass"
    assert board.case.records[SPF] == ""


def test_a_wrong_address_is_one_sentence_and_changes_nothing(board: VerdictBoard) -> None:
    before = board.judged, dict(board.parts)
    for wrong in ("nowhere", "", EVIL, "192.0.2.1/24"):
        press(board, ip=wrong)
        assert "is no IP address. Write one such as 192.0.2.10." in seen(board.message)
        assert "<script" not in board.message and "Traceback" not in board.message
        assert (board.judged, board.parts) == before
    press(board, ip="192.0.2.10")
    assert board.message == ""


def test_a_message_of_a_megabyte_and_more_is_refused_and_nothing_is_lost(board: VerdictBoard) -> None:
    before = board.case
    press(board, source=before.source + "x" * MOST)
    assert f"characters, and this board takes {MOST}." in seen(board.message)
    assert board.case == before


def test_hostile_text_is_text_everywhere(board: VerdictBoard) -> None:
    press(board, author=EVIL, helo=EVIL, mail_from=f"{EVIL}@acorn.example", records={DMARC: EVIL, SPF: EVIL})
    assert board.message == ""
    for part in ("picture", "records", "reasons", "moved", "diff", "cases", "all"):
        assert "<script" not in board.parts[part] and "<img" not in board.parts[part]
    assert "<script>window.pwned=1</script>" in said(board, "picture")
    assert "\u202e" not in board.parts["picture"] and "\x1b" not in repr(board)
    assert "<script" not in board.code and "<script" not in str(board._html())


def test_what_means_nothing_does_nothing(board: VerdictBoard) -> None:
    before = board.judged
    for content in (
        {},
        {"do": "case", "value": "Nobody"},
        {"do": "judge", "fields": 3},
        {"do": "case", "value": 1},
    ):
        board._asked(board, content, [])
    assert board.judged is before


def test_back_to_the_start(board: VerdictBoard) -> None:
    press(board, ip="192.0.2.99", records={SPF: "v=spf1 -all"})
    begun = board.parts["begun"]
    board._asked(board, {"do": "again"}, [])
    assert results(board) == CASES["Alice's own mail"] and board.case.records == {}
    assert board.parts["begun"] != begun and board.parts["moved"] == ""


# all combinations -----------------------------------------------------------------------------


def marked(board: VerdictBoard) -> list[str]:
    """The rows of the table in which the message at hand stands."""
    return [
        seen(row).strip() for row in re.findall(r"<tr>.*?</tr>", board.parts["all"], re.S) if "vb-now" in row
    ]


def test_the_table_of_all_combinations_marks_this_one(board: VerdictBoard) -> None:
    assert board.parts["all"].count("<tr>") == 17 and "The message above is marked." in said(board, "all")
    row = r"pass, aligned pass, aligned ✓ pass ✓ inbox ✓ inbox ✓ inbox \(this message\)"
    assert re.fullmatch(row, *marked(board))
    board.begin("Mallory")
    row = r"pass, not aligned pass, not aligned ✕ fail ✓ inbox ~ junk folder ~ junk folder \(this message\)"
    assert re.fullmatch(row, *marked(board))
    press(board, receiver="discard")
    assert marked(board)[0].endswith("✓ inbox ~ junk folder ✕ dropped (this message)")
    press(board, records={DMARC: "v=DMARC1; p=reject; t=y"})
    assert "p=reject t=y" in said(board, "all")
    assert marked(board)[0].endswith("✓ inbox ✓ inbox ~ junk folder (this message)")


def test_a_message_without_a_record_is_none_of_them(board: VerdictBoard) -> None:
    board.begin("No checks at all")
    assert marked(board) == [] and "none of these" in said(board, "all")


# other forms ----------------------------------------------------------------------------------


def test_without_a_kernel_and_in_a_terminal(board: VerdictBoard) -> None:
    bundle, _ = board._repr_mimebundle_()
    assert "✓ aligned with From" in seen(bundle["text/html"]) and "<button" not in bundle["text/html"]
    told = bundle["text/plain"].splitlines()
    assert told[0] == "From: Alice <alice@acorn.example>"
    assert [line.split()[:2] for line in told[1:]] == [["✓", "pass"]] * 3 + [["·", "none"]]


def test_the_code_is_about_this_message(board: VerdictBoard) -> None:
    press(board, ip="192.0.2.77")
    code = board._snippets()
    assert "check_host('192.0.2.77', " in code["smtplab and dns.resolver"]
    assert "_dmarc.acorn.example -t TXT" in code["dig"]
