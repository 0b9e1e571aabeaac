"""The ladder: what a dialogue becomes in SVG, in HTML, and in the widget."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from IPython.core.formatters import DisplayFormatter

from smtplab.mail.dialogue import lines
from smtplab.mail.reply import Reply
from smtplab.mail.transcript import Endpoint, Event, Side, Transcript
from smtplab.mail.verdict import Verdict
from smtplab.show import pcap
from smtplab.show.ladder import Ladder, html, svg
from smtplab.show.panel import near
from smtplab.show.register import register
from smtplab.show.rungs import columns, elapsed, label, reply_text, rows, shortened

OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLIENT = Endpoint("mail.acorn.example", "192.0.2.10", 40001)
SERVER = Endpoint("mx.birch.example", "198.51.100.10", 25)
NS = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202egnp.exe\x1b[31m'

HELLO = [
    "S 220 mx.birch.example ESMTP",
    "C EHLO mail.acorn.example",
    "S 250-mx.birch.example\r\n250-SIZE 100\r\n250 DSN",
]
MAIL = [
    *HELLO,
    "C MAIL FROM:<alice@acorn.example>",
    "S 250 2.1.0 OK",
    "C RCPT TO:<bbo@birch.example>",
    "S 550 5.1.1 No such user",
]
RCPT = [*MAIL, "C RCPT TO:<bob@birch.example>", "S 250 2.1.5 OK"]
DATA = [*RCPT, "C DATA", "S 354 Go on"]


def dialogue(said: list[str], *, number: int = 1) -> Transcript:
    """A transcript of lines `C what the client said` and `S ...`; `T note` begins TLS, `X note` closes."""
    made = Transcript(number, CLIENT, SERVER, OPENED)
    tls = False
    for count, line in enumerate(said):
        who, what = line[0], line[2:]
        side = Side.CLIENT if who == "C" else Side.SERVER
        tls = tls or who == "T"
        kind = {"T": "tls", "X": "close"}.get(who, "data")
        data = b"" if kind != "data" else what.encode() + b"\r\n"
        made.events.append(Event(count / 1000, side, data, tls, kind, what if kind != "data" else ""))  # type: ignore[arg-type]
    made.wire = list(made.events)
    return made


def drawn(*args: object, **options: object) -> ElementTree.Element:
    return ElementTree.fromstring(svg(*args, **options))  # type: ignore[arg-type]


def row_elements(picture: ElementTree.Element) -> list[ElementTree.Element]:
    return [g for g in picture.iter(f"{NS}g") if "sl-row" in g.get("class", "").split()]


def words(row: ElementTree.Element) -> str:
    return "".join(span.text or "" for span in row.iter(f"{NS}tspan"))


# rows -----------------------------------------------------------------------------------------------


def test_a_row_a_line_on_the_speakers_side() -> None:
    found = row_elements(drawn(dialogue(MAIL)))
    assert [row.get("class", "").split()[-1] for row in found] == [
        "sl-server", "sl-client", "sl-server", "sl-client", "sl-server", "sl-client", "sl-server",
    ]  # fmt: skip
    assert [words(row) for row in found] == [
        "mx.birch.example ESMTP", "EHLO mail.acorn.example", "SIZE 100 · DSN",
        "MAIL FROM:<alice@acorn.example>", "2.1.0 OK", "RCPT TO:<bbo@birch.example>", "5.1.1 No such user",
    ]  # fmt: skip


def test_the_verb_is_bold_and_a_field_name_too() -> None:
    found = row_elements(drawn(dialogue([*DATA, "C Subject: x: y", "C ", "C Body: no field", "C ."])))
    bold = [
        row.find(f".//{NS}tspan[@class='sl-verb']") for row in found if "sl-client" in row.get("class", "")
    ]
    assert [span.text if span is not None else None for span in bold] == [
        "EHLO", "MAIL FROM:", "RCPT TO:", "RCPT TO:", "DATA", "Subject:", None, None, ".",
    ]  # fmt: skip


@pytest.mark.parametrize(("code", "klass"), [(220, 2), (354, 3), (450, 4), (550, 5)])
def test_a_reply_has_the_sign_and_the_colour_of_its_class(code: int, klass: int) -> None:
    row = row_elements(drawn(dialogue([f"S {code} words"])))[0]
    chip = row.find(f".//{NS}g[@class='sl-chip sl-class{klass}']")
    assert chip is not None
    assert chip.findtext(f"{NS}text") == str(code)
    signs = {
        drawn(dialogue([f"S {other} x"]))
        .find(f".//{NS}g[@class='sl-chip sl-class{other // 100}']/{NS}path")
        .get("d")
        for other in (220, 354, 450, 550)
    }  # type: ignore[union-attr]
    assert len(signs) == 4


def test_a_malformed_reply_has_no_code() -> None:
    row = row_elements(drawn(dialogue([*HELLO, "C NOOP", "S what?"])))[-1]
    assert row.find(f".//{NS}g[@class='sl-chip']") is None
    assert words(row) == "what?"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0"),
        (0.00447, "4.5"),
        (0.9, "900.0"),
        (0.99996, "1.00 s"),
        (1.5, "1.50 s"),
        (12.34, "12.3 s"),
        (4000, "4,000 s"),
    ],
)
def test_elapsed(seconds: float, said: str) -> None:
    assert elapsed(seconds) == said


@pytest.mark.parametrize(
    ("text", "room", "said"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("x" * 100_000, 5, "xxxx…"),
        ("", 0, ""),
    ],
)
def test_shortened(text: str, room: int, said: str) -> None:
    assert shortened(text, room) == said
    assert columns(said) <= room


def test_long_lines_are_cut_to_the_width_and_whole_in_the_title() -> None:
    long = "EHLO " + "x" * 300
    narrow, wide = (
        row_elements(drawn(dialogue([*HELLO, f"C {long}"]), width=width))[-1] for width in (500, 900)
    )
    assert len(words(narrow)) < len(words(wide)) < 130
    assert words(narrow).endswith("…")
    assert narrow.findtext(f"{NS}title") == long
    assert row_elements(drawn(dialogue(HELLO)))[1].find(f"{NS}title") is None


def test_content_is_folded_until_asked() -> None:
    said = [*DATA, *(f"C line {n}" for n in range(2000)), "C .", "S 250 OK"]
    folded = row_elements(drawn(dialogue(said)))
    assert len(folded) == len(DATA) + 8 + 1 + 2 + 2
    assert [words(row) for row in folded if "sl-fold" in row.get("class", "")] == [
        "… 1,990 more lines of content"
    ]
    assert len(row_elements(drawn(dialogue(said), unfold=True))) == len(said)
    few = [*DATA, *(f"C line {n}" for n in range(12)), "C ."]
    assert len(row_elements(drawn(dialogue(few)))) == len(few)


def test_rows_stand_below_each_other_and_are_large_enough_to_hit() -> None:
    made = rows(
        lines(dialogue([*DATA, "C Subject: x", "C .", "S 250 OK", "T TLSv1.3", "X closed the connection"])),
        top=50,
    )
    assert made[0].y == 50
    assert all(below.y == row.y + row.height for row, below in pairwise(made))
    assert min(row.height for row in made) >= 24  # WCAG 2.2, success criterion 2.5.8


# what is drawn --------------------------------------------------------------------------------------


def kinds(picture: ElementTree.Element) -> list[str]:
    return [element.get("class", "") for element in picture.iter()]


def test_the_lifelines_are_double_under_tls_and_only_there() -> None:
    under = drawn(dialogue([*HELLO, "C STARTTLS", "S 220 Go", "T TLSv1.3", "C EHLO x"]))
    clear = drawn(dialogue(HELLO))
    assert kinds(under).count("sl-cipher") == 2
    assert "sl-lock" in kinds(under)
    assert "sl-cipher" not in kinds(clear)
    begins = next(row for row in row_elements(under) if "sl-tls" in row.get("class", ""))
    assert begins.findtext(f"{NS}text[@class='sl-note']") == "TLSv1.3 from here on"


def test_an_open_session_goes_on_and_a_closed_one_ends() -> None:
    assert "sl-open" in kinds(drawn(dialogue(HELLO)))
    closed = kinds(drawn(dialogue([*HELLO, "X closed the connection"])))
    assert "sl-open" not in closed
    assert closed.count("sl-stop") == 2


def test_focus_marks_one_row() -> None:
    assert "sl-focus" not in kinds(drawn(dialogue(MAIL)))
    assert kinds(drawn(dialogue(MAIL), focus=3)).count("sl-focus") == 1


def test_the_ends_are_named() -> None:
    text = "".join(drawn(dialogue(HELLO)).itertext())
    assert "mail.acorn.example" in text
    assert "SMTP server · 198.51.100.10 port 25" in text
    assert "client" in "".join(drawn(lines(dialogue(HELLO))).itertext())


def test_passwords_are_hidden_unless_asked_for() -> None:
    said = [*HELLO, "C AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=", "S 235 2.7.0 OK"]
    assert "AGFsaWNl" not in svg(dialogue(said))
    assert "AGFsaWNl" in svg(dialogue(said), secrets=True)
    assert "AGFsaWNl" not in str(Ladder(dialogue(said)).view) + html(dialogue(said))


@pytest.mark.parametrize(
    "said", [[*HELLO, f"C EHLO {HOSTILE}"], [f"S 220 {HOSTILE}"], [*DATA, f"C Subject: {HOSTILE}"]]
)
def test_hostile_text_is_shown_as_text(said: list[str]) -> None:
    source = dialogue(said)
    for picture in (svg(source), html(source), str(Ladder(source).view)):
        assert "<script>" not in picture
        assert "<img" not in picture
        assert "\u202e" not in picture
        assert "\x1b" not in picture
    assert "\\u202egnp.exe" in svg(source, width=2000)
    assert "<script>alert(1)</script>" in words(row_elements(drawn(source, width=2000))[-1])


def test_a_line_of_100_kb_does_not_swell_the_picture() -> None:
    source = dialogue([*HELLO, "C " + "x" * 100_000])
    assert len(svg(source)) < 40_000
    assert len(str(Ladder(source).view)) < 40_000


def test_an_empty_dialogue_is_a_picture_too() -> None:
    assert row_elements(drawn(dialogue([]))) == []
    assert Ladder().view["panels"] == []


def test_two_thousand_events_are_drawn_in_150_ms() -> None:
    many = dialogue(
        [
            *HELLO,
            *(
                line
                for n in range(1000)
                for line in (f"C RCPT TO:<a{n}@b.example>", "S 550 5.1.1 No such user here")
            ),
        ]
    )
    said = lines(many)

    def cost() -> float:
        begun = time.process_time()
        svg(said)
        return time.process_time() - begun

    assert len(said) > 2000
    assert min(cost() for _ in range(3)) < 0.15


# words for those who listen ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "spoken"),
    [
        (MAIL[:4], "client, MAIL FROM:<alice@acorn.example>, 3.0 ms"),
        (MAIL, "server, 550 permanent failure: 5.1.1 No such user, 6.0 ms"),
        ([*DATA, "C "], "client, content: an empty line: the header section ends, 11.0 ms"),
        ([*DATA, "C Subject: x"], "client, content: Subject: x, 11.0 ms"),
        ([*DATA, "C ."], "client, a dot on a line of its own: the message ends, 11.0 ms"),
        ([*HELLO, "T TLSv1.3", "C EHLO x"], "client, EHLO x, 4.0 ms, under TLS"),
        ([*HELLO, "X closed the connection"], "server, closed the connection, 3.0 ms"),
    ],
)
def test_label(said: list[str], spoken: str) -> None:
    last = row_elements(ElementTree.fromstring(Ladder(dialogue(said)).view["picture"]))[-1]
    assert last.get("aria-label") == spoken
    assert last.get("role") == "option"


def test_a_folded_row_says_so() -> None:
    fold = next(
        row
        for row in rows(lines(dialogue([*DATA, *("C x" for _ in range(20)), "C ."])))
        if row.kind == "fold"
    )
    assert "10 more lines of content, folded" in label(fold, "")


@pytest.mark.parametrize(
    ("reply", "verb", "said"),
    [
        (Reply(250, "", ("mx", "SIZE 1", "DSN")), "EHLO", "SIZE 1 · DSN"),
        (Reply(250, "", ("mx",)), "EHLO", "mx"),
        (Reply(250, "2.0.0", ("a", "b")), "NOOP", "2.0.0 a · b"),
        (Reply(250, "", ()), "NOOP", ""),
    ],
)
def test_reply_text(reply: Reply, verb: str, said: str) -> None:
    assert reply_text(reply, verb) == said


# the widget ---------------------------------------------------------------------------------------------


def panel_of(view: dict[str, object], row: int) -> str:
    parts, panels = view["parts"], view["panels"]
    assert isinstance(parts, list) and isinstance(panels, list)
    return "".join(parts[number] for number in panels[row])


def test_each_row_has_its_panel_and_parts_are_sent_once() -> None:
    view = Ladder(dialogue(RCPT)).view
    assert len(view["panels"]) == len(RCPT)
    assert len(set(view["parts"])) == len(view["parts"])
    assert "RCPT TO names one recipient" in panel_of(view, 5)
    assert 'aria-current="step">● mail' in panel_of(view, 5)
    assert 'aria-current="step">● rcpt' in panel_of(view, 8)


def test_a_refusal_tells_why_on_both_its_lines() -> None:
    view = Ladder(dialogue(RCPT)).view
    told = [number for number in range(len(RCPT)) if "Why was this refused?" in panel_of(view, number)]
    assert told == [5, 6]
    assert "<style" not in panel_of(view, 6)


def test_what_may_come_and_what_would_be_refused() -> None:
    panel = panel_of(Ladder(dialogue(MAIL)).view, 6)
    may, _, refused = panel.partition("What would be refused")
    assert re.search(r"You may say: .*>RCPT</code>", may)
    assert re.search(r">DATA</code>.*✕ 503.*accepted someone to deliver it to", refused)


def test_states_that_one_command_leads_to() -> None:
    from smtplab.mail.session import State

    assert near(State.MAIL) == {State.MAIL, State.RCPT, State.GREETED, State.START, State.CLOSED}
    assert State.AUTH in near(State.GREETED)
    assert near(State.DATA) == {State.DATA, State.GREETED}
    assert near(State.CLOSED) == {State.CLOSED}


def test_unfold_and_focus_are_kept() -> None:
    ladder = Ladder(dialogue([*DATA, *("C x" for _ in range(20)), "C ."]), focus=2)
    before = len(ladder.view["panels"])
    ladder.unfold = True
    assert len(ladder.view["panels"]) == before + 9
    assert ladder.focus == 2


def test_show_replaces_the_dialogue_and_moves_to_its_end() -> None:
    ladder = Ladder(dialogue(HELLO))
    ladder.show(dialogue(RCPT))
    assert ladder.focus == len(RCPT) - 1
    assert len(ladder.view["panels"]) == len(RCPT)


def test_the_page_can_save_the_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    source = dialogue(RCPT, number=7)
    source.keylog = ["CLIENT_RANDOM aa bb"]
    ladder = Ladder(source)
    sent: list[tuple[object, list[bytes]]] = []
    monkeypatch.setattr(ladder, "send", lambda content, buffers: sent.append((content, buffers)))
    ladder._asked(ladder, {"do": "save"}, [])
    assert sent == [
        ({"save": ["smtplab-7.pcap", "smtplab-7.keys"]}, [pcap.pcap(source), b"CLIENT_RANDOM aa bb\n"])
    ]
    source.keylog = []
    ladder._asked(ladder, {"do": "save"}, [])
    assert sent[1] == ({"save": ["smtplab-7.pcap"]}, [pcap.pcap(source)])
    Ladder(lines(source))._asked(ladder, {"do": "save"}, [])
    assert len(sent) == 2


def test_still_forms_stand_beside_the_widget() -> None:
    bundle, _ = Ladder(dialogue(RCPT), focus=3)._repr_mimebundle_()
    assert set(bundle) == {
        "application/vnd.jupyter.widget-view+json",
        "text/html",
        "image/svg+xml",
        "text/plain",
    }
    assert "<** 550 5.1.1 No such user" in bundle["text/plain"]
    assert "As text" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    ElementTree.fromstring(bundle["image/svg+xml"])


# the face -----------------------------------------------------------------------------------------------


class Shell:
    """Just what `register` needs of IPython."""

    def __init__(self) -> None:
        self.display_formatter = DisplayFormatter()


@pytest.mark.parametrize(
    ("record", "html_has", "plain"),
    [
        (dialogue(HELLO), "sl-picture", " -> EHLO mail.acorn.example"),
        (Verdict("fail", "SPF", "may it?"), "smtplab-verdict", "✕ fail  SPF: may it?"),
        (Reply(550, "5.1.1", ("<b>no</b>",)), "&lt;b&gt;no&lt;/b&gt;", "550 5.1.1 <b>no</b>"),
        (lines(dialogue(HELLO))[1], "EHLO mail.acorn.example", "client: EHLO mail.acorn.example"),
        (lines(dialogue(HELLO))[2], "✓ 250", "server: 250-mx.birch.example"),
    ],
)
def test_records_show_themselves(record: object, html_has: str, plain: str) -> None:
    shell = Shell()
    register(shell)
    shown, _ = shell.display_formatter.format(record)
    assert html_has in shown["text/html"]
    assert shown["text/html"].startswith("<div")
    assert plain in shown["text/plain"].splitlines()
    assert shown.get("image/svg+xml", "")[:4] == ("<svg" if isinstance(record, Transcript) else "")


def test_register_without_a_shell_does_nothing() -> None:
    register()


def test_what_mallory_did_stands_beside_the_line() -> None:
    ends = Endpoint("a.example", "192.0.2.1", 4000), Endpoint("b.example", "192.0.2.2", 25)
    told = Transcript(1, *ends, datetime(2026, 3, 2, tzinfo=UTC))
    told.events.append(Event(0.0, Side.SERVER, b"220 b.example\r\n", note="Mallory <b>wrote</b> this"))
    picture = str(svg(told))
    assert "Mallory &lt;b&gt;wrote&lt;/b&gt; this" in picture and "<b>" not in picture
