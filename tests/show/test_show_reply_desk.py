"""The reply desk: what it draws for what was pasted, and that all of it is text."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from smtplab.desk.deliveries import Deliveries
from smtplab.mail.errors import LabError, RecordError
from smtplab.mail.reply_desk import examine, explain
from smtplab.mail.reply_desk.uses import RELATIONS
from smtplab.mail.verdict import SIGNS
from smtplab.show.reply_desk import ReplyDesk
from smtplab.show.reply_examples import EXAMPLES
from smtplab.show.reply_parts import HOW, WORDS
from tests.show.markup import seen

HOSTILE = '<script>window.pwned=1</script>"><img/src=x/onerror="window.pwned=1">\u202egnp.exe\x1b[31m'
SCRIPT = Path(__file__).resolve().parents[2] / "smtplab" / "show" / "reply_desk.js"


def press(desk: ReplyDesk, do: str, **more: Any) -> None:
    """What the page does: one message to the kernel."""
    desk._asked(desk, {"do": do, **more}, [])


def drawn(text: str, verb: str = "") -> str:
    return str(ReplyDesk(text, verb=verb).parts["result"])


def test_an_empty_desk_shows_where_to_begin() -> None:
    desk = ReplyDesk()
    assert desk.parts["result"] == desk.code == ""
    assert desk.parts["examples"].count('data-do="example"') == len(EXAMPLES)
    assert "Nothing is explained yet" in repr(desk)
    with pytest.raises(LabError, match="Nothing is explained yet"):
        _ = desk.verdict


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_explained(name: str) -> None:
    desk = ReplyDesk()
    press(desk, "example", value=name)
    assert desk.message == ""
    assert desk.text == desk.parts["text"] == EXAMPLES[name]
    assert desk.verdict == explain(EXAMPLES[name])
    words = seen(desk.parts["result"])
    for part in ("Whose turn", "What to do", desk.verdict.steps[-1].why, SIGNS[HOW[desk.verdict.result][0]]):
        assert part in words
    assert repr(desk) == desk.verdict.text()


def test_the_parts_of_the_reply_are_lit_and_explained() -> None:
    markup = drawn(EXAMPLES["Postfix log"])
    lit = re.findall(r'<mark class="rd-mark rd-(\w+)[^"]*" data-part="(\w+)">([^<]*)</mark>', markup)
    assert [said for _, _, said in lit[:6]] == ["5", "5", "0", "5", "1", "1"]
    assert lit[6][0] == "words"
    assert unescape(lit[6][2]).endswith("User unknown in local recipient table")
    explained = set(re.findall(r'<li tabindex="0" data-part="(\w+)">', markup))
    assert explained == {kind for _, kind, _ in lit}
    assert "At RCPT." in seen(markup)


def test_the_colour_of_a_class_is_that_of_its_own_digit() -> None:
    markup = drawn("550 4.2.1 odd")
    assert 'rd-first smtplab-no"' in markup
    assert 'rd-class smtplab-later"' in markup
    assert "The two numbers disagree" in seen(markup)


def test_a_collision_is_told_by_word_and_sign() -> None:
    words = seen(drawn("5.7.30"))
    assert "≠ this number collides" in words
    assert f"password login is no longer supported {' '.join(RELATIONS['other'])}" in words
    assert "This number stands for more than one thing" in words
    assert "collides" not in seen(drawn("5.1.1"))


def test_the_table_has_what_the_receivers_say() -> None:
    words = seen(drawn("550 5.1.1 user unknown"))
    for said in ("Postfix", "Gmail", "Microsoft", "RecipientNotFound", "(reported)", "RFC 3463"):
        assert said in words
    both = seen(drawn("550 5.7.27 SPF did not pass"))
    assert "550 5.7.27 or 421 4.7.27 SPF did not pass" in both


def test_what_the_client_noted_is_said_to_be_its_own() -> None:
    text = "dsn=5.0.0, status=bounced (host x said: 550 no (in reply to RCPT TO command))"
    assert "the client's side noted this one" in seen(drawn(text))
    assert "No reply code" in seen(drawn(EXAMPLES["No connection"]))


def test_several_replies_are_counted() -> None:
    assert "2 more replies stand in the text" in seen(drawn("220 hi\n250 ok\n550 no"))
    assert "1 more reply stands" in seen(drawn("220 hi\n550 no"))


# What the page asks for -------------------------------------------------------------------------------------


def test_the_page_explains_with_what_was_answered() -> None:
    desk = ReplyDesk()
    press(desk, "explain", text="552 too many recipients", verb=".")
    assert desk.verdict.result == "refused"
    press(desk, "explain", text="552 too many recipients", verb="RCPT")
    assert desk.verdict.result == "delayed"
    assert "verb='RCPT'" in unescape(desk.code)


def test_what_is_no_reply_is_said_in_one_sentence_and_the_old_answer_goes() -> None:
    desk = ReplyDesk("550")
    press(desk, "explain", text="hello", verb="")
    assert "no reply stands in this: paste a reply (550 5.1.1" in seen(desk.message)
    assert desk.parts["result"] == desk.code == ""
    assert desk.parts["text"] == "hello"
    press(desk, "explain", text="550", verb="")
    assert desk.message == ""
    assert desk.parts["result"]


def test_messages_that_mean_nothing_do_nothing() -> None:
    desk = ReplyDesk("550")
    for content in ({}, {"do": "explain"}, {"do": "explain", "text": 5, "verb": ""}, {"do": "fly"}):
        desk._asked(desk, content, [])
    press(desk, "example", value="none such")
    assert "There is no example" in desk.message
    press(desk, "explain", text="550", verb="BREAKFAST")
    assert "a stage of a session is one of" in desk.message


def test_text_without_a_reply_raises_where_it_was_written() -> None:
    with pytest.raises(RecordError):
        ReplyDesk("hello")
    assert isinstance(Deliveries.reply_desk(None, "550"), ReplyDesk)  # type: ignore[arg-type] # needs no lab


def test_the_page_knows_the_stages() -> None:
    from smtplab.mail.reply_desk import STAGES

    said = SCRIPT.read_text(encoding="utf-8").partition("const STAGES = [")[2].partition("];\n")[0]
    assert re.findall(r'\["([^"]*)", "', said) == ["", *STAGES]


# Hostile text, the code, a page without scripts -------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"550 5.7.1 {HOSTILE}",
        f"{HOSTILE} said: 550-5.7.1 {HOSTILE}\n550 5.7.1 {HOSTILE} (in reply to RCPT TO command)",
        f"5.7.30 {HOSTILE} user unknown",
        f"status=deferred (connect to {HOSTILE}: Connection timed out)",
    ],
)
def test_hostile_text_is_text(text: str) -> None:
    desk = ReplyDesk(text)
    for markup in (desk.parts["result"], desk.code, str(desk._html())):
        assert "<script" not in markup
        assert "<img" not in markup
        assert "\u202e" not in markup
        assert "\x1b" not in markup
    assert "\\u202egnp.exe" in seen(desk.parts["result"])


def test_a_long_text_is_cut() -> None:
    markup = drawn("x" * 9000 + "\n550 5.1.1 " + "y" * 9000)
    assert markup.count("x") < 2000
    assert markup.count("y") < 3 * WORDS
    assert "characters more" in markup


def test_the_code_gives_the_same_verdict() -> None:
    desk = ReplyDesk(EXAMPLES["Greylisted"])
    snippets = desk._snippets()
    assert list(snippets) == ["smtplab", "Python alone"]
    shown = subprocess.run(
        [sys.executable, "-c", snippets["smtplab"]],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert shown.stdout.rstrip("\n") == desk.verdict.text()
    alone = subprocess.run(
        [sys.executable, "-c", snippets["Python alone"]], capture_output=True, text=True, check=True
    )
    assert alone.stdout == "for now: keep it queued and try again\n"
    assert list(ReplyDesk("5.7.26")._snippets()) == ["smtplab"]


def test_the_code_holds_the_text_as_a_literal() -> None:
    text = '550 5.7.1 it\'s "so"\\\n550 \u202e'
    desk = ReplyDesk(text)
    names: dict[str, Any] = {}
    exec(desk._snippets()["smtplab"].replace("print(verdict)", ""), names)
    assert names["verdict"] == examine(text).verdict


def test_a_page_without_scripts_has_it_all() -> None:
    bundle, _ = ReplyDesk("550 5.1.1 user unknown")._repr_mimebundle_()
    words = seen(bundle["text/html"])
    for said in ("Whose turn", "What to do", "No such user", "The same with smtplab"):
        assert said in words
    assert bundle["text/plain"].startswith("✕ refused")
    assert "Nothing is explained yet" in ReplyDesk()._repr_mimebundle_()[0]["text/html"]
