"""The envelope x-ray: what its controls send for real, what the table says of each place, hostile text."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from smtplab.desk import Lab
from smtplab.mail.errors import LabError
from smtplab.mail.letter import Journey, Letter
from smtplab.show import register, xray_record
from smtplab.show.xray import EnvelopeXray
from smtplab.show.xray_cells import Cell, table
from smtplab.show.xray_desk import BLIND, PRESETS, letter_of
from smtplab.show.xray_findings import findings
from smtplab.show.xray_words import TEXTS, explained
from tests.show.markup import seen

HOSTILE = '<script>window.pwned=1</script>"><img/src=x/onerror="window.pwned=1">\u202e\x1b[31m'
PROGRAM, ACORN, WIRE, BIRCH, BOB, ERIN = range(6)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running
        running.settle()
        assert running._world.errors == []


@pytest.fixture(scope="module")
def sent(lab: Lab) -> dict[str, EnvelopeXray]:
    """The same letter in clear, with Bcc left in, under TLS, and without stamps."""
    kinds = {
        "clear": replace(BLIND, tls=False),
        "leak": replace(BLIND, tls=False, leaves_bcc=True),
        "tls": BLIND,
        "bare": replace(BLIND, stamps=False),
    }
    return {name: lab.xray(letter, send=True) for name, letter in kinds.items()}


def row(xray: EnvelopeXray, name: str) -> tuple[Cell, ...]:
    assert xray.journey is not None
    return next(row.cells for row in table(xray.journey) if row.name == name)


def marks(xray: EnvelopeXray, name: str) -> list[str]:
    return [cell.mark for cell in row(xray, name)]


def press(xray: EnvelopeXray, do: str, **more: Any) -> None:
    """What the page does: one message to the kernel."""
    xray._asked(xray, {"do": do, **more}, [])


def typed(letter: Letter, **more: object) -> dict[str, object]:
    """What the page's controls hold."""
    names = ("from_", "to", "cc", "bcc", "mail_from", "leaves_bcc", "stamps", "tls")
    return {name: getattr(letter, name) for name in names} | {"rcpt_to": ", ".join(letter.rcpt_to)} | more


# The table ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("clear", "MAIL FROM", ["first", "same", "same", "same", "removed", "removed"]),
        ("clear", "RCPT TO", ["first", "same", "same", "same", "removed", "removed"]),
        ("clear", "Return-Path", ["none", "none", "none", "none", "added", "added"]),
        ("clear", "Received", ["none", "added", "same", "added", "same", "same"]),
        ("clear", "Bcc", ["first", "removed", "none", "none", "none", "none"]),
        ("clear", "From", ["first", *["same"] * 5]),
        ("clear", "body", ["first", *["same"] * 5]),
        ("clear", "Date", ["first", *["same"] * 5]),
        ("leak", "Bcc", ["first", *["leak"] * 5]),
        ("leak", "recipients", ["same", "same", "same", "same", "leak", "same"]),
        ("clear", "recipients", ["same"] * 6),
        ("tls", "MAIL FROM", ["first", "same", "sealed", "same", "removed", "removed"]),
        ("tls", "Received", ["none", "added", "sealed", "added", "same", "same"]),
        ("bare", "Date", ["none", "added", "sealed", "same", "same", "same"]),
        ("bare", "Message-ID", ["none", "added", "sealed", "same", "same", "same"]),
    ],
)
def test_marks(sent: dict[str, EnvelopeXray], kind: str, name: str, expected: list[str]) -> None:
    assert marks(sent[kind], name) == expected


def test_who_can_be_read_as_a_recipient(sent: dict[str, EnvelopeXray]) -> None:
    both, bob = ("bob@birch.example", "erin@birch.example"), ("bob@birch.example",)
    assert [cell.values for cell in row(sent["clear"], "recipients")] == [both, both, both, both, bob, bob]
    assert [cell.values for cell in row(sent["leak"], "recipients")] == [both] * 6


def test_a_received_field_counts_as_one_on_top(sent: dict[str, EnvelopeXray]) -> None:
    cell = row(sent["clear"], "Received")[BIRCH]
    assert (len(cell.values), cell.gained) == (2, 1)
    assert "by mx.birch.example" in cell.values[0]


def test_only_a_wire_under_tls_is_sealed(sent: dict[str, EnvelopeXray]) -> None:
    for kind, count in (("clear", 0), ("tls", 1)):
        journey = sent[kind].journey
        assert journey is not None
        for each in table(journey):
            assert [cell.mark for cell in each.cells].count("sealed") == count
            assert (each.cells[WIRE].mark == "sealed") == bool(count)


def test_signs_and_words_say_what_marks_do(sent: dict[str, EnvelopeXray]) -> None:
    clear, leak = (seen(sent[kind].parts["grid"]) for kind in ("clear", "leak"))
    for word in ("+ added", "+ 1 on top", "− removed", "untouched"):
        assert word in clear
    assert "✕" not in clear
    assert leak.count("✕ left in") == 5
    assert leak.count("✕ leaks") == 1
    assert "sealed" in seen(sent["tls"].parts["grid"])


def test_findings(sent: dict[str, EnvelopeXray]) -> None:
    def told(kind: str) -> list[str]:
        journey = sent[kind].journey
        assert journey is not None
        return [f"{how} {text}" for how, text, _ in findings(journey)]

    assert told("clear")[0] == "good It is in the mailbox of bob@birch.example and erin@birch.example."
    assert any(text.startswith("good Bcc") for text in told("clear"))
    assert any(text.startswith("bad Bcc") for text in told("leak"))


def test_a_forged_from_differs_from_the_reverse_path(lab: Lab) -> None:
    xray = lab.xray(PRESETS["forged From"], send=True)
    assert "A bounce goes to alice@acorn.example" in seen(xray.parts["findings"])
    assert row(xray, "From")[BOB].values == ("Your bank <service@bank.example>",)


def test_what_is_refused_is_said(lab: Lab) -> None:
    xray = lab.xray(rcpt_to="nobody@acorn.example", send=True)
    assert "✕" in seen(xray.parts["findings"])
    assert "RCPT TO:<nobody@acorn.example>: the server said 550 5.1.1" in seen(xray.parts["findings"])
    assert "It has reached no mailbox." in seen(xray.parts["findings"])


def test_who_is_refused_is_not_said_to_get_it(lab: Lab) -> None:
    refused = ("nobody@acorn.example", "nobody@birch.example")  # by the first server, and by the second
    xray = lab.xray(replace(BLIND, rcpt_to=(*BLIND.rcpt_to, *refused)), send=True)
    told = seen(xray.parts["findings"])
    assert "erin@birch.example: Gets the message" in told
    for address in refused:
        assert f"<{address}>" in told
        assert f"{address}: Gets" not in told


# Each cell explains itself --------------------------------------------------------------------------


def test_every_cell_has_its_explanation(sent: dict[str, EnvelopeXray]) -> None:
    for xray in sent.values():
        keys = re.findall(r'data-cell="([^"]+)"', xray.parts["grid"])
        assert set(keys) - {"corner"} == set(xray.parts["panels"])
        assert all("RFC" in xray.parts["panels"][key] for key in keys if key != "corner")


def test_what_a_cell_says(sent: dict[str, EnvelopeXray]) -> None:
    xray = sent["clear"]
    assert xray.journey is not None
    number = [row.name for row in table(xray.journey)].index("Return-Path")
    panel = seen(xray.parts["panels"][f"{number}-{BOB}"])
    assert "Return-Path, bob@birch.example" in panel
    assert "written at final delivery, from the envelope" in panel
    assert "<alice@acorn.example>" in panel
    assert "RFC 5321 §4.4" in panel


@pytest.mark.parametrize(
    ("row_name", "kind", "mark", "words"),
    [
        ("Bcc", "mta", "removed", "has taken it out"),
        ("Bcc", "mta", "leak", "has left it in"),
        ("Bcc", "mailbox", "leak", "was to stay hidden"),
        ("Bcc", "mailbox", "none", "nobody reads it here"),
        ("Message-ID", "mta", "added", "submission server made one"),
        ("Message-ID", "mta", "same", "No server on the way changes it"),
        ("MAIL FROM", "wire", "sealed", "TLS was on before MAIL"),
        ("Return-Path", "wire", "none", "on its way has no Return-Path"),
        ("X-Anything", "mta", "same", "carried as it is"),
    ],
)
def test_the_closest_text_counts(row_name: str, kind: str, mark: str, words: str) -> None:
    assert words in explained(row_name, kind, mark)[0]


def test_every_text_can_be_reached() -> None:
    kinds, every = ("program", "mta", "wire", "mailbox"), set(TEXTS.values())
    words = ("first", "same", "none", "added", "removed", "changed", "leak")
    rows = {name for name, _, _ in TEXTS} | {"X-Other"}
    assert {explained(name, kind, mark) for name in rows for kind in kinds for mark in words} >= every


# The controls ---------------------------------------------------------------------------------------


def test_the_controls_show_the_letter_and_nothing_is_sent_yet(lab: Lab) -> None:
    before = len(lab.transcripts)
    xray = lab.xray(bcc="erin@birch.example")
    assert 'value="bob@birch.example, erin@birch.example"' in xray.parts["desk"]
    assert "grid" not in xray.parts
    assert len(lab.transcripts) == before


def test_send_from_the_page(lab: Lab) -> None:
    xray = lab.xray()
    press(
        xray,
        "send",
        letter=typed(BLIND, tls=False, leaves_bcc=True, rcpt_to="<bob@birch.example>; erin@birch.example"),
    )
    assert xray.letter == replace(BLIND, tls=False, leaves_bcc=True)
    assert marks(xray, "Bcc")[BOB] == "leak"
    assert not xray.disabled


def test_an_address_that_is_none_is_one_sentence(lab: Lab) -> None:
    xray = lab.xray()
    press(xray, "send", letter=typed(Letter(), rcpt_to="nobody"))
    assert "✕ the envelope cannot have the address 'nobody'" in seen(xray.message).replace("  ", " ")
    assert 'value="nobody"' in xray.parts["desk"]  # what was typed is still there
    press(xray, "send", letter=typed(Letter()))
    assert xray.message == ""


def test_the_envelope_as_programs_make_it(lab: Lab) -> None:
    xray = lab.xray()
    press(xray, "usual", letter=typed(Letter(), cc="Erin <erin@birch.example>", from_="x@y.example"))
    assert (xray.letter.mail_from, xray.letter.rcpt_to) == ("x@y.example", BLIND.rcpt_to)


@pytest.mark.parametrize("name", PRESETS)
def test_presets(lab: Lab, name: str) -> None:
    xray = lab.xray(to="somebody@else.example")
    turn = xray.parts["turn"]
    press(xray, "preset", value=name)
    assert xray.letter == PRESETS[name]
    assert xray.parts["turn"] > turn
    assert xray.parts["desk"].count('aria-pressed="true"') == 1


def test_no_such_preset(lab: Lab) -> None:
    with pytest.raises(LabError, match="blind copy"):
        lab.xray().preset("nothing")


def test_a_letter_that_has_changed_since_is_said(lab: Lab) -> None:
    xray = lab.xray(send=True)
    assert "has changed" not in xray.parts["findings"]
    xray.preset("forged From")
    assert "has changed since" in xray.parts["findings"]


@pytest.mark.parametrize("given", [{}, {"to": 7, "tls": "yes", "rcpt_to": None}, {"other": "x"}])
def test_what_no_page_would_send_changes_nothing(lab: Lab, given: dict[str, object]) -> None:
    assert letter_of(given, BLIND) == BLIND
    xray = lab.xray(BLIND)
    press(xray, "send", letter="x")
    press(xray, "nothing")
    assert xray.journey is None


# Show the code --------------------------------------------------------------------------------------


def _newest(lab: Lab) -> str:
    lab.settle()
    return str(lab.mailbox("erin@birch.example")[-1])


@pytest.mark.parametrize("leaves", [False, True])
def test_the_code_does_the_same(lab: Lab, leaves: bool) -> None:
    code = (
        lab.xray(replace(BLIND, leaves_bcc=leaves, to="trees@list.example")).parts
        and lab.xray(replace(BLIND, leaves_bcc=leaves, to="trees@list.example"))._snippets()
    )
    before = len(lab.mailbox("erin@birch.example"))
    subprocess.run([sys.executable, "-c", code["smtplib"]], check=True, timeout=30, capture_output=True)
    by_smtplib = _newest(lab)
    exec(code["this lab"], {"lab": lab})
    by_lab = _newest(lab)
    assert len(lab.mailbox("erin@birch.example")) == before + 2
    for text in (by_smtplib, by_lab):
        assert "To: trees@list.example" in text
        assert ("Bcc: erin@birch.example" in text) == leaves


def test_swaks_says_each_apart(lab: Lab) -> None:
    words = shlex.split(lab.xray(replace(BLIND, mail_from=""))._snippets()["swaks"], comments=True)
    assert words[words.index("--from") + 1] == "<>"
    assert words[words.index("--to") + 1] == "bob@birch.example,erin@birch.example"
    headers = [words[n + 1] for n, word in enumerate(words) if word == "--header"]
    assert headers == ["From: Alice <alice@acorn.example>", "To: Bob <bob@birch.example>", "Subject: Tea"]


def test_real_swaks(lab: Lab, need_program: Callable[..., str]) -> None:
    need_program("swaks")
    line = lab.xray(replace(BLIND, to="trees@list.example"))._snippets()["swaks"]
    subprocess.run(["sh", "-c", line], check=True, timeout=30, capture_output=True)
    assert "To: trees@list.example" in _newest(lab)


# Without a kernel, and hostile text -----------------------------------------------------------------


def test_without_a_kernel(sent: dict[str, EnvelopeXray]) -> None:
    bundle, _ = sent["leak"]._repr_mimebundle_()
    page, plain = bundle["text/html"], bundle["text/plain"]
    assert "✕ left in" in seen(page)
    assert "was to stay hidden" in seen(page)
    assert 'tabindex="-1"' not in page  # no place that only a script could reach
    assert "127.0.0.1" not in page  # the lab's real ports are gone when a page is read
    assert "Bcc: erin@birch.example  [leak]" in plain


def test_before_anything_is_sent(lab: Lab) -> None:
    bundle, _ = lab.xray()._repr_mimebundle_()
    assert "Nothing was sent yet." in seen(bundle["text/html"])


def test_hostile_text_stays_text(lab: Lab) -> None:
    evil = replace(BLIND, from_=HOSTILE, to=f"{HOSTILE} <bob@birch.example>", cc=HOSTILE, tls=False)
    xray = lab.xray(evil, send=True)
    bundle, _ = xray._repr_mimebundle_()
    markup = [
        part for part in (*xray.parts.values(), *xray.parts["panels"].values()) if isinstance(part, str)
    ]
    for text in (*markup, xray.code, bundle["text/html"], bundle["text/plain"]):
        assert "\u202e" not in text
        assert "\x1b" not in text
        assert "<script" not in text or text is bundle["text/plain"]
        assert "<img" not in text or text is bundle["text/plain"]


def test_the_record_shows_itself(sent: dict[str, EnvelopeXray]) -> None:
    journey = sent["leak"].journey
    assert isinstance(journey, Journey)
    page = seen(str(xray_record.html(journey.xray)))
    assert "● sees" in page
    assert "a mailbox, in Bcc erin" in page
    assert "✕ fail" in page
    name = (type(journey.xray).__module__, type(journey.xray).__name__)
    assert register._HTML[name] == "xray_record.html"
    assert str(journey.xray) == register.text(journey.xray)
