"""The port chooser and the table of ports: what they say, what they run, and that all of it stays text."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from html import unescape
from itertools import product
from pathlib import Path

import pytest

from smtplab.desk import Lab
from smtplab.lab.port_trials import ends, try_way
from smtplab.mail.dialogue import lines
from smtplab.mail.errors import LabError
from smtplab.mail.ports import (
    PORTS,
    TLS,
    WHO,
    WHOM,
    Advice,
    Cell,
    PortRow,
    Situation,
    Tls,
    Trial,
    Way,
    Who,
    Whom,
    advise,
)
from smtplab.mail.verdict import Step
from smtplab.show.code import Target
from smtplab.show.port_chooser import KEPT, PortChooser, advice_html
from smtplab.show.port_code import Sender, snippets
from smtplab.show.port_lines import is_mismatch, readable
from smtplab.show.port_table import PortTable

EVIL = "<img src=x onerror=alert(1)>\x1b[31m\u202e"
HOME = Situation("mail program", "submission server")
BEST = Way(465, "implicit", True)


def trial(way: Way, said: str = "250 2.0.0 OK", host: str = "a.example") -> Trial:
    result = "delivered" if said.startswith("250") else "refused"
    steps = (Step("the message", said, result),)
    return Trial(way, host, "b.example", "bob@birch.example", result, said, steps)  # type: ignore[arg-type]


def made(
    attempt: Callable[[Situation, Way], Trial] = lambda situation, way: trial(way),
    code: Callable[[Situation, Way], Mapping[str, str]] | None = None,
) -> PortChooser:
    return PortChooser(attempt, ends=lambda situation: ("a.example", "b.example"), code=code)


def ask(chooser: PortChooser, **content: object) -> None:
    """What the page does: one message to the kernel."""
    chooser._asked(chooser, dict(content), [])


# The advice


@pytest.mark.parametrize(
    ("who", "whom", "blocked", "ways", "summary"),
    [
        ("mail program", "submission server", False, [465, 587], "Port 465, implicit TLS, and log in"),
        ("mail program", "submission server", True, [465, 587], "Port 465, implicit TLS, and log in"),
        ("application", "relay", False, [465, 587], "Port 465, implicit TLS, and log in"),
        ("mail server", "relay", True, [465, 587], "Port 465, implicit TLS, and log in"),
        ("mail server", "mail exchanger", False, [25], "Port 25, STARTTLS where it is offered, no login"),
        ("mail server", "mail exchanger", True, [], "No way is left: go through a relay"),
        ("mail program", "mail exchanger", False, [], "No way is right: hand the message to your provider"),
        ("application", "mail exchanger", True, [], "No way is right: hand the message to your provider"),
    ],
)
def test_the_advice(who: Who, whom: Whom, blocked: bool, ways: list[int], summary: str) -> None:
    advice = advise(Situation(who, whom, blocked))
    assert [way.port for way in advice.ways] == ways
    assert advice.summary == summary


def test_every_advice_has_its_reasons_and_a_source() -> None:
    for who, whom, blocked in product(WHO, WHOM, (False, True)):
        advice: Advice = advise(Situation(who, whom, blocked))
        assert len(advice.steps) >= 2
        assert any(step.ref for step in advice.steps)
        assert any("port 25" in step.what for step in advice.steps) or not blocked
        shown = unescape(advice_html(advice))
        assert all(step.why in shown and step.ref in shown for step in advice.steps)


# The widget


def test_it_begins_with_a_mail_program_and_what_is_best_for_it() -> None:
    chooser = made()
    assert (chooser.situation, chooser.way) == (HOME, BEST)
    assert chooser.tools["advised"] and chooser.tools["tried"] == [] and not chooser.tools["talk"]
    assert [group["name"] for group in chooser.tools["groups"]] == [
        "who", "whom", "blocked", "port", "tls", "login",
    ]  # fmt: skip


def test_another_situation_brings_its_own_way() -> None:
    chooser = made()
    ask(chooser, do="choose", who="mail server", whom="mail exchanger", blocked=False)
    assert chooser.way == Way(25, "starttls", False)
    chosen = {group["name"]: group["chosen"] for group in chooser.tools["groups"]}
    assert chosen == {
        "who": "mail server", "whom": "mail exchanger", "blocked": False,
        "port": 25, "tls": "starttls", "login": False,
    }  # fmt: skip


def test_a_way_that_is_not_advised_is_said_to_be_so_and_runs() -> None:
    ran = []
    chooser = made(lambda situation, way: ran.append((situation, way)) or trial(way, "530 5.7.0 no"))  # type: ignore[func-returns-value]
    ask(chooser, do="go", port=587, tls="none", login=False)
    assert not chooser.tools["advised"]
    ask(chooser, do="run")
    assert ran == [(HOME, Way(587, "none", False))]
    assert "530 5.7.0 no" in chooser.tools["trial"]
    assert [(one["result"], one["now"]) for one in chooser.tools["tried"]] == [("refused", True)]


def test_earlier_trials_can_be_looked_at_again() -> None:
    chooser = made()
    for port in (25, 465, 587):
        ask(chooser, do="go", port=port, tls="none", login=False)
        ask(chooser, do="run")
    ask(chooser, do="look", number=0)
    assert [one["now"] for one in chooser.tools["tried"]] == [True, False, False]
    assert "port 25" in chooser.tools["trial"]
    for _ in range(KEPT + 1):
        ask(chooser, do="run")
    assert len(chooser.tools["tried"]) == KEPT


@pytest.mark.parametrize(
    "content",
    [
        {"do": "go", "port": 80, "tls": "none", "login": True},
        {"do": "go", "port": 25, "tls": EVIL, "login": True},
        {"do": "go", "port": "25", "tls": "none", "login": True},
        {"do": "choose", "who": EVIL, "whom": "relay", "blocked": False},
        {"do": "choose", "who": "mail server"},
        {"do": "look", "number": 3},
        {"do": "look", "number": -1},
        {"do": EVIL},
        {},
    ],
)
def test_a_message_that_the_page_never_sends_changes_nothing(content: dict[str, object]) -> None:
    chooser = made()
    ask(chooser, **content)
    assert (chooser.situation, chooser.way, chooser.trials) == (HOME, BEST, [])
    assert "<img" not in chooser.message


def test_a_trial_that_cannot_be_made_is_one_sentence() -> None:
    def attempt(situation: Situation, way: Way) -> Trial:
        raise LabError("This lab has been stopped.")

    chooser = made(attempt)
    ask(chooser, do="run")
    assert "This lab has been stopped." in chooser.message
    assert not chooser.disabled and chooser.trials == []


def test_hostile_text_stays_text() -> None:
    chooser = PortChooser(
        lambda situation, way: trial(way, f"530 {EVIL}", EVIL),
        ends=lambda situation: (EVIL, EVIL),
        code=lambda situation, way: {EVIL: EVIL},
    )
    ask(chooser, do="run")
    forms = chooser._repr_mimebundle_()[0]
    everything = chooser.tools["advice"] + chooser.tools["trial"] + chooser.code + forms["text/html"]
    assert "<img" not in everything and "\x1b" not in everything and "\u202e" not in everything
    assert "\x1b" not in repr(chooser) and "\u202e" not in str(chooser.tools["tried"])


def test_the_page_gets_the_tabs_and_one_way_to_begin() -> None:
    script = str(PortChooser._esm)
    assert script.count("export default") == 1
    assert script.count("function tabs(") == 1 and "function stepper(" not in script


def test_without_a_kernel_it_says_what_to_do_in_every_situation() -> None:
    chooser = made()
    forms = chooser._repr_mimebundle_()[0]
    assert 'class="smtplab smtplab-card pc-still"' in forms["text/html"]
    for who, whom, blocked in product(WHO, WHOM, (False, True)):
        assert advise(Situation(who, whom, blocked)).summary in unescape(forms["text/html"])
    assert "Port 465, implicit TLS, and log in" in forms["text/plain"]


# With a lab


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running


@pytest.fixture
def chooser(lab: Lab) -> PortChooser:
    return lab.port_chooser()


def run(chooser: PortChooser, *way: object) -> None:
    chooser.go(*way)  # type: ignore[arg-type]
    ask(chooser, do="run")


def test_the_advised_way_delivers_and_its_ladder_is_there(lab: Lab, chooser: PortChooser) -> None:
    before = len(lab.mailbox("bob@birch.example"))
    ask(chooser, do="run")
    assert len(lab.mailbox("bob@birch.example")) == before + 1
    assert chooser.tools["talk"] and "Saved" not in chooser.message
    assert "TLSv1.3" in chooser.view["picture"] and "alice.home.example" in chooser.view["head"]


def test_a_refusal_has_the_focus(chooser: PortChooser) -> None:
    run(chooser, 587, "none", False)
    shown = lines(chooser.source)  # type: ignore[arg-type]
    assert shown[chooser.focus].text.upper().startswith("MAIL FROM")
    assert shown[shown[chooser.focus].pair].text.startswith("530 5.7.0")


def test_tls_on_a_port_that_speaks_in_clear_is_one_readable_line(chooser: PortChooser) -> None:
    run(chooser, 587, "implicit", True)
    assert chooser.trials[0].error in ("SSLError: WRONG_VERSION_NUMBER", "SSLError: RECORD_LAYER_FAILURE")
    shown = lines(chooser.source)  # type: ignore[arg-type]
    said = [line.text for line in shown if line.kind == "command"]
    assert len(said) == 1
    assert said[0].startswith("ClientHello (a TLS handshake record, ")
    assert said[0].endswith("octets, for mail.acorn.example)")
    assert chooser.focus == next(n for n, line in enumerate(shown) if line.kind == "command")


def test_only_a_mismatch_is_rewritten_and_what_was_on_the_wire_stays(lab: Lab) -> None:
    good = try_way(lab, HOME, BEST).transcript
    bad = try_way(lab, HOME, Way(587, "implicit", True)).transcript
    assert good and bad
    assert readable(good) is good and not is_mismatch(good)
    told = readable(bad)
    assert is_mismatch(bad) and told is not bad
    assert told.wire == bad.wire and told.client == bad.client
    assert [event.kind for event in told.events][-1] == "close"


def test_where_no_connection_came_about_there_is_no_ladder(chooser: PortChooser) -> None:
    ask(chooser, do="choose", who="mail program", whom="mail exchanger", blocked=True)
    ask(chooser, do="run")
    assert not chooser.tools["talk"] and chooser.focus == -1
    assert "time-out" not in chooser.tools["advice"] and "swallows" in chooser.tools["trial"]
    assert "smtplib" not in chooser.message


def test_a_silent_port_is_waited_for_and_explained(chooser: PortChooser) -> None:
    run(chooser, 465, "none", True)
    assert "waits for a ClientHello" in chooser.tools["trial"]
    assert chooser.tools["talk"]


# The code


def sender(situation: Situation) -> Sender:
    account, password = "alice@acorn.example", "wonderland"
    return Sender(situation.who, "alice.home.example", account, password, account, "bob@birch.example")


def paste(text: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", text]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("port", "tls", "login", "wrong"),
    [
        (465, "implicit", True, ""),
        (587, "starttls", True, ""),
        (587, "implicit", True, "ssl.SSLError"),
        (587, "none", True, "SMTPNotSupportedError"),
        (587, "starttls", False, "SMTPSenderRefused: (530, b'5.7.0 Authentication required'"),
    ],
)
def test_what_is_pasted_ends_as_the_trial_did(
    lab: Lab, chooser: PortChooser, port: int, tls: Tls, login: bool, wrong: str
) -> None:
    before = len(lab.mailbox("bob@birch.example"))
    chooser.go(port, tls, login)
    code = lab._port_code(chooser.situation, chooser.way)["smtplib"]
    done = paste(code)
    lab.settle()
    assert (wrong in done.stderr) if wrong else (done.stderr == "")
    assert len(lab.mailbox("bob@birch.example")) - before == (not wrong)


def test_swaks_takes_the_advised_way(lab: Lab, need_program: Callable[..., str]) -> None:
    need_program("swaks")
    before = len(lab.mailbox("bob@birch.example"))
    code = lab._port_code(HOME, BEST)["swaks"]
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, timeout=60)
    lab.settle()
    assert done.returncode == 0, done.stdout
    assert len(lab.mailbox("bob@birch.example")) == before + 1


def test_the_tabs_are_those_that_fit(lab: Lab) -> None:
    assert list(lab._port_code(HOME, BEST)) == ["smtplib", "swaks", "openssl", "Postfix"]
    assert list(lab._port_code(HOME, Way(587, "none", True))) == ["smtplib", "swaks", "curl", "Postfix"]
    nobody = Situation("mail server", "mail exchanger")
    assert list(lab._port_code(nobody, BEST)) == ["Postfix"]


def test_postfix_wraps_465_only_and_is_told_about_a_relay() -> None:
    def lines_for(who: Who, whom: Whom, way: Way) -> str:
        situation = Situation(who, whom)
        return snippets(None, "out.relay.example", sender(situation), way)["Postfix"]

    for port, tls in product(PORTS, TLS):
        service = lines_for("mail program", "submission server", Way(port, tls, True))
        assert ("smtpd_tls_wrappermode=yes" in service) == (port == 465)
        assert ("smtpd_sasl_auth_enable=yes" in service) == (port != 25)
        assert ("smtpd_tls_security_level = may" in service) == (port == 25)
    client = lines_for("mail server", "relay", Way(465, "implicit", True))
    assert "relayhost = [out.relay.example]:465" in client and "smtp_tls_wrappermode = yes" in client
    client = lines_for("mail server", "relay", Way(587, "starttls", True))
    assert "relayhost = [out.relay.example]:587" in client and "smtp_tls_wrappermode" not in client
    assert "relayhost" not in lines_for("mail server", "mail exchanger", Way(25, "starttls", False))


def test_code_is_for_the_way_and_not_for_what_the_port_would_like() -> None:
    target = Target("mail.acorn.example", "127.0.0.1", 4650, "implicit", "/ca.pem")
    code = snippets(target, target.host, sender(HOME), Way(465, "none", False))
    assert "smtplib.SMTP(timeout=5)" in code["smtplib"] and "ssl" not in code["smtplib"]
    assert "--tls" not in code["swaks"] and "openssl" not in code


# The table


def test_the_table_shows_every_cell_with_sign_word_and_what_is_behind_it(lab: Lab) -> None:
    table = lab.port_table()
    shown = unescape(table._repr_html_())
    assert shown.count('scope="row"') == 3
    for said in (
        "mail between servers",
        "STARTTLS, optional",
        "TLS first: implicit TLS",
        "STARTTLS, required",
    ):
        assert said in shown and said in repr(table)
    assert "<-  220 mail.acorn.example" in shown and "No connection came about" in shown
    assert table[587].encryption.trials[0][1].short.startswith("530")
    assert "\\x16" not in shown and "queued as" not in repr(table)
    with pytest.raises(KeyError, match="25, 465, 587"):
        table[143]


def test_hostile_text_stays_text_in_the_table() -> None:
    evil = Cell(EVIL, "bad", ((EVIL, trial(BEST, f"530 {EVIL}", EVIL)),))
    table = PortTable([PortRow(25, EVIL, evil, evil, evil)])
    for form in (table._repr_html_(), repr(table)):
        assert "\x1b" not in form and "\u202e" not in form
    assert "<img" not in table._repr_html_()


def test_the_face_joins_them(lab: Lab) -> None:
    attempt = partial(try_way, lab)
    assert PortChooser(attempt, ends=ends).tools["advice"].count("alice.home.example") == 1


# The capture


def test_all_that_was_said_is_saved_or_what_is_asked_for(lab: Lab, tmp_path: Path) -> None:
    try_way(lab, HOME, BEST)
    last = lab.transcripts[-1]
    capture, keys = lab.save_pcap(tmp_path / "all.pcap")
    assert (capture.name, keys.name) == ("all.pcap", "all.keys")
    assert keys.read_text().startswith(("CLIENT_", "SERVER_", "EXPORTER_"))
    (one, *_) = lab.save_pcap(str(tmp_path / "one.pcap"), last)
    assert 24 < one.stat().st_size < capture.stat().st_size
