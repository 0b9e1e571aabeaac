"""The capability explorer: on records that are handed in, hostile ones too, and on a real server."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from smtplab.desk import Lab
from smtplab.lab.mta import EXTENSIONS
from smtplab.mail.capability import Figure, Offer, Switch, Trial, Trials
from smtplab.mail.dialogue import lines
from smtplab.mail.reply import Reply
from smtplab.mail.transcript import Endpoint, Event, Side, Transcript
from smtplab.show import round_trips
from smtplab.show.capabilities import CapabilityExplorer, trials_html
from smtplab.show.capabilities_code import EXIM, POSTFIX, PYTHON
from smtplab.show.capabilities_parts import offer

MX = "mx.birch.example"
HOSTILE = '<img src=x onerror=alert(1)>\x1b[2J\u202e"'


def hello(*keywords: str, name: str = "mx.example") -> Reply:
    return Reply(250, "", (name, *keywords))


def transcript(said: bytes = b"EHLO me\r\n") -> Transcript:
    made = Transcript(
        1,
        Endpoint("me.example", "192.0.2.1", 1),
        Endpoint("mx.example", "192.0.2.2", 25),
        datetime(2026, 3, 2),
    )
    made.events += [Event(0.0, Side.SERVER, b"220 mx\r\n"), Event(0.01, Side.CLIENT, said)]
    return made


def trial(text: str = "words", *figures: Figure) -> Trial:
    return Trial(text, text, "refused", transcript(), Reply(550, "5.1.1", (text,)), "", text, figures)


class Server:
    """A server of records alone, which keeps what it was asked."""

    def __init__(self, *keywords: str) -> None:
        self.on = dict.fromkeys(keywords, True)
        self.asked: list[str] = []

    def switches(self) -> list[Switch]:
        return [Switch(keyword, on, "a note") for keyword, on in self.on.items()]

    def switch(self, keyword: str, on: bool) -> None:
        self.on[keyword] = on

    def offer(self) -> Offer:
        self.asked.append("offer")
        listed = [keyword for keyword, on in self.on.items() if on]
        return Offer(hello(*listed), hello(*listed), hello())

    def attempt(self, keyword: str) -> Trials:
        self.asked.append(keyword)
        if keyword == "BROKEN":
            raise RuntimeError(f"{keyword} failed {HOSTILE}")
        return Trials(keyword, (trial("one"), trial("two")), (trial("three"),))

    def explorer(self, **more: object) -> CapabilityExplorer:
        return CapabilityExplorer(
            switches=self.switches,
            switch=self.switch,
            offer=self.offer,
            attempt=self.attempt,
            **more,  # type: ignore[arg-type]
        )


@pytest.fixture
def server() -> Server:
    return Server("SIZE", "DSN", "HELP", "BROKEN")


@pytest.fixture
def explorer(server: Server) -> CapabilityExplorer:
    return server.explorer(title="mx.example:25")


def press(explorer: CapabilityExplorer, act: str, **more: object) -> None:
    """What the page does: one message to the kernel."""
    explorer._asked(explorer, {"do": act, **more}, [])


def words(markup: object) -> str:
    return re.sub(r"<[^>]*>", " ", str(markup))


# Switches and the list -----------------------------------------------------------------------------------


def test_a_turn_reaches_the_server_and_the_list_is_asked_for_again(
    server: Server, explorer: CapabilityExplorer
) -> None:
    press(explorer, "turn", keyword="DSN", on=False)
    assert not server.on["DSN"]
    assert server.asked == ["offer", "offer"]
    assert [each["on"] for each in explorer.tools["switches"]] == [True, False, True, True]
    assert explorer.tools["chosen"] == "DSN"
    assert words(explorer.tools["offer"]).count("switched off") == 2  # in clear and under TLS
    press(explorer, "turn", keyword="DSN", on=True)
    assert words(explorer.tools["offer"]).count("switched on") == 2
    press(explorer, "ask")
    assert "switched" not in explorer.tools["offer"]


def test_turn_returns_what_is_offered_then(explorer: CapabilityExplorer) -> None:
    now = explorer.turn("SIZE", False)
    assert now.clear is not None
    assert "SIZE" not in now.clear.extensions


def test_what_only_one_reply_has_is_lit_with_a_word() -> None:
    made = str(offer(Offer(hello("SIZE 10", "STARTTLS"), hello("SIZE 10", "AUTH PLAIN"), hello())))
    assert re.findall(r'<li class="(sc-\w+)"><code>.*?<b>(\w+)</b>', made) == [
        ("sc-gone", "STARTTLS"),
        ("sc-new", "AUTH"),
    ]
    assert "clear only" in made and "TLS only" in made
    assert "no list at all" in made


@pytest.mark.parametrize("gone", ["SIZE", "DSN", "HELP"])
def test_what_was_switched_off_is_struck_out_where_it_stood(gone: str) -> None:
    before = ["SIZE", "DSN", "HELP"]
    now = Offer(hello(*(each for each in before if each != gone)), None, None, "no TLS")
    made = str(offer(now, Offer(hello(*before), None, None)))
    assert re.findall(r"<(?:b|del><code)>(\w+)<", made) == before
    assert f"<del><code>{gone}</code></del>" in made


def test_an_offer_without_tls_says_why() -> None:
    made = words(offer(Offer(hello("SIZE"), None, hello(), "STARTTLS got 502 no")))
    assert "STARTTLS got 502 no" in made


def test_all_off_is_an_empty_list(server: Server, explorer: CapabilityExplorer) -> None:
    for keyword in list(server.on):
        explorer.turn(keyword, False)
    assert "no list at all" in words(explorer.tools["offer"])


# Attempts and dialogues ----------------------------------------------------------------------------------


def test_nothing_is_tried_before_somebody_asks(server: Server) -> None:
    assert server.explorer().found == {}
    assert server.asked == ["offer"]
    assert list(server.explorer(chosen="DSN", tried=True).found) == ["DSN"]


def test_an_attempt_is_shown_with_a_button_for_each_dialogue(explorer: CapabilityExplorer) -> None:
    press(explorer, "choose", keyword="DSN")
    assert explorer.tools["trials"] == ""
    press(explorer, "attempt")
    shown = explorer.tools["trials"]
    assert re.findall(r'data-number="(\d)"', shown) == ["0", "1", "2"]
    assert "DSN offered" in words(shown) and "DSN not offered" in words(shown)
    assert explorer.view["panels"] == []  # no dialogue yet
    press(explorer, "look", number=2)
    assert explorer.tools["opened"] == 2
    assert explorer.source is explorer.found["DSN"].without[0].transcript
    press(explorer, "look", number=2)
    assert explorer.tools["opened"] is None and explorer.view["panels"] == []


def test_another_extension_closes_the_dialogue_and_keeps_what_was_tried(explorer: CapabilityExplorer) -> None:
    explorer.choose("DSN")
    explorer.attempt()
    explorer.look(0)
    press(explorer, "choose", keyword="HELP")
    assert explorer.tools["opened"] is None and explorer.tools["trials"] == ""
    press(explorer, "choose", keyword="DSN")
    assert "DSN offered" in words(explorer.tools["trials"])


def test_what_a_cell_does_leaves_the_readers_choice_alone(explorer: CapabilityExplorer) -> None:
    press(explorer, "choose", keyword="HELP")
    press(explorer, "attempt")
    press(explorer, "look", number=1)
    explorer.attempt("DSN")
    explorer.turn("SIZE", False)
    assert (explorer.tools["chosen"], explorer.tools["opened"]) == ("HELP", 1)
    assert "HELP offered" in words(explorer.tools["trials"])
    explorer.attempt("HELP")  # what was open is no longer there
    assert explorer.tools["opened"] is None


def test_a_failure_is_one_sentence_and_nothing_is_raised(explorer: CapabilityExplorer) -> None:
    press(explorer, "choose", keyword="BROKEN")
    press(explorer, "attempt")
    assert "BROKEN failed" in words(explorer.message)
    assert "<img" not in explorer.message and "\x1b" not in explorer.message
    assert not explorer.disabled
    press(explorer, "choose", keyword="NOBODY")
    assert "no extension" in words(explorer.message)
    press(explorer, "look", number=7)
    assert explorer.message
    press(explorer, "choose", keyword="SIZE")
    assert explorer.message == ""


# Hostile text --------------------------------------------------------------------------------------------


def test_hostile_text_is_shown_and_never_markup() -> None:
    server = Server(HOSTILE)
    made = server.explorer(title=HOSTILE)
    nasty = trial(HOSTILE, Figure(HOSTILE, 5))
    found = Trials(HOSTILE, (nasty,), (nasty,))
    made.found[HOSTILE] = found
    made._settle()
    replies = offer(Offer(hello(HOSTILE, name=HOSTILE), hello(f"X {HOSTILE}"), hello(), HOSTILE))
    for markup in (made.tools["offer"], made.tools["trials"], made.static(), trials_html(found), replies):
        assert "<img" not in str(markup)
        assert not re.search(r"[\x00-\x08\x1b\u202e]", str(markup))
        assert "&lt;img src=x" in str(markup) or markup is made.tools["offer"]
    for text in (made.text(), str(found)):
        assert not re.search(r"[\x00-\x08\x1b\u202e]", text)


def test_a_long_dialogue_is_cut_in_a_page_without_scripts() -> None:
    long = Trial("c", "w", "refused", transcript(b"x" * 100_000 + b"\r\n"), Reply(500))
    made = str(trials_html(Trials("SIZE", (long,), ())))
    assert len(made) < 40_000 and "characters more" in made


# Bars ----------------------------------------------------------------------------------------------------


def test_bars_are_to_scale() -> None:
    slow, quick = (
        trial("s", Figure("round trips", 8), Figure("time", 321.4, "ms")),
        trial("q", Figure("round trips", 2)),
    )
    made = str(round_trips.svg([("slow", slow), ("quick", quick), ("none", trial("n"))], "round trips"))
    assert re.findall(r'<rect[^>]* width="([\d.]+)%"', made) == ["50.00", "12.50"]
    assert "8 round trips, 321 ms" in made
    assert 'aria-label="round trips: slow: 8 round trips; quick: 2 round trips"' in made


def test_no_figure_no_bars() -> None:
    assert round_trips.svg([("a", trial("a"))], "round trips") == ""
    assert "<figure" not in trials_html(Trials("X", (trial("a"),), ()))


def test_nothing_but_zero_is_drawn() -> None:
    assert "0 octets" in round_trips.svg(
        [("a", trial("a", Figure("content sent", 0, "octets")))], "content sent"
    )


def test_the_figure_for_print_has_both_measures() -> None:
    bars = [
        (name, trial(name, Figure("round trips", n), Figure("time", n * 40, "ms")))
        for name, n in (("one", 7), ("two", 3))
    ]
    picture = round_trips.figure(bars)
    titles = [axes.get_title(loc="left") for axes in picture.axes]
    assert titles == ["round trips", "time in ms"]
    drawn = [[bar.get_width() for bar in axes.patches] for axes in picture.axes]  # type: ignore[attr-defined]
    assert drawn == [[7, 3], [280, 120]]


def test_matplotlib_is_imported_only_to_draw() -> None:
    code = "import sys, smtplab.show.capabilities; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# A real server, and the code ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    running = Lab()
    with running:
        yield running


def test_it_shows_itself_without_a_kernel(lab: Lab) -> None:
    made = lab.capabilities(MX, choose="HELP", attempt=True)
    bundle, _ = made._repr_mimebundle_()
    static = bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert 'class="smtplab' in static and "<script" not in static
    for keyword in EXTENSIONS:
        assert f"<code>{keyword}</code>" in static
    assert words(static).count("502 5.5.1") >= 1
    assert "HELP not offered" in bundle["text/plain"]


def test_turned_switches_are_real(lab: Lab) -> None:
    made = lab.capabilities(MX)
    made.turn("SIZE", False)
    try:
        with lab.connect(MX) as session:
            assert "SIZE" not in session.say("EHLO me.example")[0].extensions
    finally:
        made.turn("SIZE", True)


def test_the_dialogue_opens_at_the_line_that_settled_it(lab: Lab) -> None:
    made = lab.capabilities(MX, choose="SMTPUTF8", attempt=True)
    made.look(2)
    reply = lines(made.found["SMTPUTF8"].without[1].transcript)[made.focus].reply
    assert reply is not None and reply.code == 555


def test_every_extension_has_code(lab: Lab) -> None:
    made = lab.capabilities(MX)
    assert made._code is not None
    for keyword in EXTENSIONS:
        tools = set(made._code(keyword))
        assert "smtplib" in tools
        assert ("Postfix" in tools, "Exim" in tools) == (keyword in POSTFIX, keyword in EXIM)
    assert set(PYTHON) == set(EXTENSIONS)


def run(snippet: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, snippet], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )


# what the last connection heard, after the shown program has run against a server with everything on
HEARD = {
    "SIZE": "552 5.3.4",
    "8BITMIME": "250 2.0.0",
    "SMTPUTF8": "250 2.0.0",
    "PIPELINING": "250 2.0.0",
    "CHUNKING": "250 2.0.0",
    "DSN": "250 2.0.0",
    "ENHANCEDSTATUSCODES": "550 5.1.1",
    "STARTTLS": "220 2.0.0",
    "AUTH": "220 2.0.0",
    "HELP": "214 2.0.0",
}


@pytest.mark.parametrize("keyword", EXTENSIONS)
def test_the_shown_python_does_it(lab: Lab, keyword: str) -> None:
    code = lab.capabilities(MX)._code
    assert code is not None
    done = run(code(keyword)["smtplib"], sys.executable, "-W", "error", "-c")
    assert (done.returncode, [line for line in done.stderr.splitlines() if "Error" in line]) == (0, [])
    said = [one for one in lab.transcripts if one.client.host == "visitor.example"][-1]  # not a receipt's
    assert HEARD[keyword] in said.text()
    assert "221 2.0.0" in said.text()


@pytest.mark.parametrize("port", [587, 465])
@pytest.mark.parametrize("keyword", ["DSN", "AUTH", "STARTTLS", "PIPELINING"])
def test_the_shown_python_logs_in_where_it_has_to(lab: Lab, keyword: str, port: int) -> None:
    code = lab.capabilities("mail.acorn.example", port)._code
    assert code is not None
    done = run(code(keyword)["smtplib"], sys.executable, "-c")
    assert done.returncode == 0, done.stderr
    assert "235 2.7.0" in lab.transcripts[-1].text()


@pytest.mark.parametrize("keyword", ["SIZE", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "HELP"])
def test_the_shown_shell_does_it(lab: Lab, need_program: Callable[..., str], keyword: str) -> None:
    need_program("curl")
    code = lab.capabilities(MX)._code
    assert code is not None
    run(code(keyword)["curl"], "bash", "-c")
    said = lab.transcripts[-1].text()
    heard = {"SMTPUTF8": "250 2.1.5", "DSN": "250 2.1.5"}.get(keyword, HEARD[keyword])
    assert heard in said and "221 2.0.0" in said


@pytest.mark.parametrize("keyword", ["PIPELINING", "STARTTLS", "AUTH"])
def test_the_shown_swaks_does_it(lab: Lab, need_program: Callable[..., str], keyword: str) -> None:
    need_program("swaks")
    made = lab.capabilities(
        "mail.acorn.example" if keyword == "AUTH" else MX, 587 if keyword == "AUTH" else 25
    )
    assert made._code is not None
    done = run(made._code(keyword)["swaks"], "bash", "-c")
    assert done.returncode == 0, done.stdout + done.stderr
    expected = {"PIPELINING": "250 2.0.0", "STARTTLS": "TLS started", "AUTH": "235 2.7.0"}[keyword]
    assert expected in lab.transcripts[-1].text()
