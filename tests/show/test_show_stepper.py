"""The stepper and the console, against the lab's own servers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from html import unescape

import pytest

from smtplab.lab.lab import Lab
from smtplab.mail.session import State
from smtplab.show.code import Target
from smtplab.show.script import Content, content, steps
from smtplab.show.stepper import Console, Stepper

MESSAGE = content("From: alice@acorn.example\nSubject: hi\n\nHello\n.dot\n")
HELLO = "EHLO mail.acorn.example"
SCRIPT = [HELLO, "MAIL FROM:<alice@acorn.example>", "RCPT TO:<bob@birch.example>", "DATA", MESSAGE, "QUIT"]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running


@pytest.fixture
def stepper(lab: Lab) -> Stepper:
    return Stepper(lambda: lab.connect("mx.birch.example"), SCRIPT, title="to the MX")


@pytest.fixture
def console(lab: Lab) -> Console:
    return Console(lambda: lab.connect("mx.birch.example"))


def press(stepper: Stepper, act: str, line: str | None = None) -> None:
    """What the page does: one message to the kernel."""
    stepper._asked(stepper, {"do": act} if line is None else {"do": act, "line": line}, [])


def said(stepper: Stepper) -> list[str]:
    """What the picture shows, each line in short."""
    return [line.text if line.reply is None else str(line.reply.code) for line in stepper._lines]


def panel(stepper: Stepper) -> str:
    """The panel of the line that has the focus (no content is folded here)."""
    return "".join(stepper.view["parts"][part] for part in stepper.view["panels"][stepper.focus])


# Next -----------------------------------------------------------------------------------------------


def test_the_server_speaks_first(stepper: Stepper) -> None:
    assert said(stepper) == ["220"]
    assert stepper.state is State.START
    assert stepper.tools["upcoming"] == HELLO


def test_next_says_the_script_to_the_end(lab: Lab, stepper: Stepper) -> None:
    before = len(lab.mailbox("bob@birch.example"))
    states = []
    for _ in SCRIPT:
        press(stepper, "next")
        states.append(str(stepper.state))
    assert states == ["greeted", "mail", "rcpt", "data", "greeted", "closed"]
    assert said(stepper) == [
        "220", HELLO, "250", SCRIPT[1], "250", SCRIPT[2], "250", "DATA", "354", "From: alice@acorn.example",
        "Subject: hi", "", "Hello", "..dot", ".", "250", "QUIT", "221", "closed the connection",
    ]  # fmt: skip
    assert len(lab.mailbox("bob@birch.example")) == before + 1
    assert stepper.message == ""


def test_the_focus_is_on_what_was_said_last_and_its_panel_tells_the_answer(stepper: Stepper) -> None:
    press(stepper, "next")
    press(stepper, "next")
    assert stepper._lines[stepper.focus].text == SCRIPT[1]
    assert 'aria-current="step">● mail' in panel(stepper)


def test_at_the_end_next_starts_again_and_says_why(stepper: Stepper) -> None:
    for _ in SCRIPT:
        press(stepper, "next")
    assert stepper.ended
    assert stepper.tools["ended"] == "The server said goodbye (221) and closed the session."
    assert stepper.tools["next"]
    press(stepper, "next")
    assert said(stepper) == ["220"]
    assert stepper.tools["ended"] == ""


def test_next_rests_when_the_script_is_done_but_the_session_is_not(lab: Lab) -> None:
    stepper = Stepper(lambda: lab.connect("mx.birch.example"), [HELLO])
    press(stepper, "next")
    assert not stepper.tools["next"]
    press(stepper, "next")
    assert said(stepper) == ["220", HELLO, "250"]


def test_starttls_goes_on_under_tls(lab: Lab) -> None:
    stepper = Stepper(lambda: lab.connect("mx.birch.example"), [HELLO, "STARTTLS", HELLO])
    for _ in range(3):
        press(stepper, "next")
    assert [line.tls for line in stepper._lines] == [False] * 5 + [True] * 3
    assert stepper.state is State.GREETED
    assert "sl-cipher" in stepper.view["picture"]
    press(stepper, "type", "QUIT")
    assert stepper._lines[-1].kind == "close"  # the server waits for the client's end of TLS


def test_a_message_that_nobody_asked_for_is_not_sent(lab: Lab) -> None:
    stepper = Stepper(lambda: lab.connect("mx.birch.example"), [HELLO, "DATA", MESSAGE, "NOOP"])
    for _ in range(3):
        press(stepper, "next")
    assert said(stepper) == ["220", HELLO, "250", "DATA", "503"]
    assert "no 354" in stepper.message
    press(stepper, "next")
    assert said(stepper)[-2:] == ["NOOP", "250"]
    assert stepper.message == ""


# Back -----------------------------------------------------------------------------------------------


def test_back_says_it_again_in_a_fresh_session(lab: Lab, stepper: Stepper) -> None:
    for _ in range(3):
        press(stepper, "next")
    first, sessions = said(stepper), len(lab.transcripts)
    press(stepper, "back")
    assert said(stepper) == first[:-2]
    assert len(lab.transcripts) == sessions + 1
    assert stepper.source is lab.transcripts[-1]
    assert stepper.tools["upcoming"] == SCRIPT[2]
    press(stepper, "next")
    assert said(stepper) == first


def test_back_out_of_a_closed_session(stepper: Stepper) -> None:
    for _ in SCRIPT:
        press(stepper, "next")
    press(stepper, "back")
    assert said(stepper)[-1] == "250"
    assert stepper.tools["upcoming"] == "QUIT"


def test_back_at_the_beginning_and_over_a_typed_line(stepper: Stepper) -> None:
    assert not stepper.tools["back"]
    press(stepper, "back")
    assert said(stepper) == ["220"]
    press(stepper, "next")
    press(stepper, "type", "NOOP")
    press(stepper, "back")
    assert said(stepper) == ["220", HELLO, "250"]
    assert stepper.tools["upcoming"] == SCRIPT[1]


def test_restart_begins_the_script_again(stepper: Stepper) -> None:
    press(stepper, "next")
    press(stepper, "restart")
    assert said(stepper) == ["220"]
    assert stepper.tools["upcoming"] == HELLO


# typing -----------------------------------------------------------------------------------------------


def test_a_wrong_command_gets_the_servers_answer_and_the_reason(console: Console) -> None:
    press(console, "type", "RCPT TO:<bob@birch.example>")
    assert said(console)[1:] == ["RCPT TO:<bob@birch.example>", "503"]
    assert "Why was this refused?" in panel(console)
    assert "a client says who it is before it starts a transaction" in panel(console)


def test_a_typed_command_does_not_move_the_script(stepper: Stepper) -> None:
    press(stepper, "next")
    press(stepper, "type", "MAIL FROM:<mallory@mallory.example>")
    assert stepper.tools["upcoming"] == SCRIPT[1]
    press(stepper, "next")
    assert said(stepper)[-2:] == [SCRIPT[1], "503"]


def test_content_typed_line_by_line(lab: Lab, console: Console) -> None:
    before = len(lab.mailbox("bob@birch.example"))
    for line in (*SCRIPT[:4], "Subject: typed", "", "..stuffed by hand"):
        press(console, "type", str(line))
    assert said(console)[-3:] == ["Subject: typed", "", "..stuffed by hand"]
    assert console.tools["state"] == "data"
    assert console.tools["verbs"] == [[".", "ends the message"]]
    press(console, "type", ".")
    assert said(console)[-2:] == [".", "250"]
    assert len(lab.mailbox("bob@birch.example")) == before + 1


def test_suggestions_begin_with_what_may_be_said(console: Console) -> None:
    first = [value for value, _ in console.tools["verbs"]]
    assert first.index("EHLO ") < first.index("MAIL FROM:") < len(first)
    press(console, "type", HELLO)
    after = [value for value, _ in console.tools["verbs"]]
    assert after.index("MAIL FROM:") < after.index("RCPT TO:")
    assert sorted(first) == sorted(after)


def test_hostile_typing_is_shown_as_text(console: Console) -> None:
    press(console, "type", "<script>alert(1)</script>\u202e\x1b[31m")
    everything = str(console.view) + str(console.tools) + console.message + console.code
    assert "<script>" not in everything
    assert "\u202e" not in everything
    assert "&lt;script&gt;" in console.view["picture"]


def test_after_the_end_typing_asks_for_a_restart(console: Console) -> None:
    press(console, "type", "QUIT")
    press(console, "type", "NOOP")
    assert "Restart" in console.message
    assert said(console)[-2:] == ["221", "closed the connection"]


# when it goes wrong -------------------------------------------------------------------------------------


def test_a_server_that_hangs_up_is_an_end_with_a_reason(console: Console) -> None:
    for _ in range(25):
        press(console, "type", "XYZZY")
    assert console.ended
    assert console.tools["ended"] == "The server closed the session with 421."


def test_no_connection_is_one_sentence_and_restart_tries_again(lab: Lab) -> None:
    hosts = ["nowhere.example", "mx.birch.example"]
    stepper = Stepper(lambda: lab.connect(hosts[0]), SCRIPT)
    assert "There is no host" in stepper.message
    assert "Traceback" not in stepper.message
    assert stepper.tools["ended"] == "There is no session."
    hosts.pop(0)
    press(stepper, "next")
    assert said(stepper) == ["220"]
    assert stepper.message == ""


def test_a_session_that_dies_under_a_step(stepper: Stepper) -> None:
    press(stepper, "next")
    assert stepper._session is not None
    stepper._session.close()
    press(stepper, "next")
    assert stepper.message != ""
    assert not stepper.disabled
    press(stepper, "restart")
    assert said(stepper) == ["220"]


def test_controls_rest_while_the_server_is_asked(stepper: Stepper) -> None:
    seen: list[bool] = []
    stepper.observe(lambda change: seen.append(change["new"]), "disabled")
    press(stepper, "next")
    assert seen == [True, False]


def test_an_unknown_request_does_nothing(stepper: Stepper) -> None:
    press(stepper, "launch")
    assert said(stepper) == ["220"]


# and the rest -------------------------------------------------------------------------------------------


def test_a_step_takes_less_than_50_ms(lab: Lab, stepper: Stepper) -> None:
    def cost() -> float:
        begun = time.process_time()
        press(stepper, "type", "NOOP")
        return time.process_time() - begun

    assert sorted(cost() for _ in range(9))[4] < 0.05


def test_the_code_follows_what_was_said(lab: Lab) -> None:
    target = Target("mx.birch.example", *lab.address("mx.birch.example", 25), ca_file=lab.ca_file())
    stepper = Stepper(lambda: lab.connect("mx.birch.example"), SCRIPT, code=target.code)
    assert "server.quit()" in stepper.code
    for line in (*SCRIPT[:4], "Subject: typed", "..", "."):
        press(stepper, "type", str(line))
    assert "Subject: typed" in stepper.code
    assert "server.data(" in stepper.code
    assert r"'.\r\n'" in unescape(stepper.code)  # smtplib will stuff the dot again
    assert "server.quit()" not in stepper.code
    assert "Subject: hi" not in stepper.code


def test_the_still_form_holds_the_ladder_and_the_script(stepper: Stepper) -> None:
    press(stepper, "next")
    bundle, _ = stepper._repr_mimebundle_()
    assert '<svg class="sl-picture"' in bundle["text/html"]
    assert "MAIL FROM:&lt;alice@acorn.example&gt;" in bundle["text/html"]
    assert f" -> {HELLO}" in bundle["text/plain"]


def test_a_method_called_in_a_cell_does_what_its_control_does(stepper: Stepper) -> None:
    stepper.next()
    called = dict(stepper.tools)
    stepper.restart()
    assert (stepper.tools["back"], stepper.tools["upcoming"]) == (False, HELLO)
    press(stepper, "next")
    assert stepper.tools == called
    assert called["back"]


def test_classes_for_tests_in_a_browser(stepper: Stepper, console: Console) -> None:
    assert {"smtplab-stepper", "smtplab-ladder"} <= set(stepper._dom_classes)
    assert "smtplab-console" in console._dom_classes
    for name in ("next", "back", "restart"):
        assert f'button("{name}"' in str(stepper._esm)
    for name in ("smtplab-type", "smtplab-send", "smtplab-panel", "smtplab-code"):
        assert name in str(stepper._esm)


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        ("a\nb\n", b"a\r\nb\r\n.\r\n"),
        ("a\r\n.b", b"a\r\n..b\r\n.\r\n"),
        ("", b"\r\n.\r\n"),
        (b"\xff\n", b"\xff\r\n.\r\n"),
    ],
)
def test_content_on_the_wire(message: str | bytes, wire: bytes) -> None:
    assert content(message).wire == wire


def test_bytes_in_a_script_are_content() -> None:
    assert steps(["DATA", b"a\n"]) == ["DATA", Content(b"a\n")]
    assert str(content("a\nb\n")) == "the message: 2 lines, then a dot"
