"""The chain tracer: what it shows of a message, what its controls do, and hostile headers in it."""

from __future__ import annotations

import contextlib
import io
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from smtplab.desk import Lab
from smtplab.mail.errors import LabError
from smtplab.mail.received.chain import chain
from smtplab.show.register import register
from smtplab.show.tracer import Tracer
from smtplab.show.tracer_input import NO_TRACE, TOO_LARGE
from smtplab.show.tracer_map import known_path
from smtplab.show.tracer_rows import ROWS
from smtplab.show.tracer_still import html, received_html, received_text, text
from tests.show.markup import seen

HOSTILE = '<script>window.pwned=1</script>"><img/src=x/onerror="window.pwned=1">\u202e\x1b[31m'
PHISH = b"""\
Return-Path: <accounts@mallory.example>\r
Received: from bank.example (unknown [203.0.113.66])\r
\tby mx.birch.example (smtplab) with ESMTP id 4F2C1\r
\tfor <bob@birch.example>;\r
\tMon, 02 Mar 2026 09:10:00 +0000\r
Received: from gw.bank.example (gw.bank.example [10.0.0.5])\r
\tby bank.example (Postfix) with ESMTPS id 1F0C2;\r
\tMon, 02 Mar 2026 09:14:00 +0000\r
Received: from desk (desk.bank.example [192.0.2.10])\r
\tby gw.bank.example with ESMTPSA id 9A;\r
\tMon, 02 Mar 2026 05:09:00 +0000\r
From: Your bank <info@bank.example>\r
\r
Received: in the body\r
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as running:
        running.submit("From: alice@acorn.example\nTo: bob@birch.example\nSubject: hi\n\nhello\n")
        running.settle()
        yield running


@pytest.fixture
def phish(lab: Lab) -> Tracer:
    return lab.trace(PHISH)


def press(tracer: Tracer, do: str, *buffers: bytes, **more: Any) -> None:
    """What the page does: one message to the kernel."""
    tracer._asked(tracer, {"do": do, **more}, [memoryview(buffer) for buffer in buffers])


def words(tracer: Tracer) -> list[str]:
    """Known or claimed, by row."""
    return re.findall(r'class="tr-hop tr-(known|claimed)"', tracer.parts["rows"])


# A message of the lab -------------------------------------------------------------------------------


def test_it_shows_the_newest_message(lab: Lab) -> None:
    tracer = lab.trace()
    assert words(tracer) == ["known", "claimed"]
    assert "to <bob@birch.example>" in seen(tracer.parts["banner"])
    assert "mx.birch.example" in tracer.trusted
    first, second = tracer.parts["rows"].split('data-hop="')[1:]
    assert "192.0.2.10" in seen(first)
    assert "this is mail.acorn.example" in seen(first)
    assert "ESMTPS" in seen(first)
    assert "203.0.113.77" in seen(second)
    assert tracer.summary in seen(tracer.parts["banner"])


def test_a_message_from_a_mailbox_its_octets_and_its_text_are_the_same(lab: Lab) -> None:
    mail = lab.mailbox("bob@birch.example")[0]
    shown = [lab.trace(one, ["mx.birch.example"]) for one in (mail, mail.raw, mail.raw.decode())]
    assert shown[0].parts["rows"] == shown[1].parts["rows"] == shown[2].parts["rows"]
    assert "lab.mailbox('bob@birch.example')[0].raw" in seen(shown[0].code)
    assert "lab.mailbox" not in seen(shown[1].code)


def test_without_a_message_it_asks_for_one() -> None:
    with Lab() as empty:
        tracer = empty.trace()
    assert tracer.parts["open"] is True
    assert "rows" not in tracer.parts
    assert tracer.code == ""
    assert "Nothing is traced yet" in repr(tracer)
    press(tracer, "trust", lines=1)
    with pytest.raises(LabError, match="paste the headers"):
        tracer.trust(1)


def test_a_message_without_a_trace_is_refused(lab: Lab) -> None:
    with pytest.raises(LabError, match=NO_TRACE):
        lab.trace("From: a@b.example\n\nhello\n")


def test_whoever_reads_a_strange_message_trusts_the_newest_line(phish: Tracer) -> None:
    assert phish.trusted == ("mx.birch.example",)
    assert words(phish) == ["known", "claimed", "claimed"]


# The boundary -----------------------------------------------------------------------------------------


def test_the_boundary_is_moved_and_the_chain_judged_anew(phish: Tracer) -> None:
    for lines in (2, 3, 1, 0, 3):
        press(phish, "trust", lines=lines)
        assert phish.parts["known"] == lines
        assert words(phish) == ["known"] * lines + ["claimed"] * (3 - lines)
        assert f'data-known="{lines}"' in phish.parts["rows"]
        names = ["mx.birch.example", "bank.example", "gw.bank.example"][:lines]
        clients = ["203.0.113.66", "10.0.0.5"][: max(0, lines - 1)]
        assert phish.trusted == (*names, *clients)
        assert repr([*names, *clients]) in seen(phish.code)
    assert not phish.disabled


def test_the_boundary_cannot_leave_the_picture(phish: Tracer) -> None:
    press(phish, "trust", lines=-5)
    assert phish.parts["known"] == 0
    press(phish, "trust", lines=99)
    assert phish.parts["known"] == 3
    press(phish, "trust", lines="2")  # what the page never says
    assert phish.parts["known"] == 3


def test_the_boundary_says_where_it_is(phish: Tracer) -> None:
    assert phish.parts["values"] == [
        "above all 3 lines: nothing is known",
        "1 of 3 lines known, the last by mx.birch.example",
        "2 of 3 lines known, the last by bank.example",
        "3 of 3 lines known, the last by gw.bank.example",
    ]
    assert phish.parts["lines"] == 3


def test_where_trust_cannot_go_further_it_says_why(lab: Lab) -> None:
    nameless = PHISH.replace(b"by bank.example (Postfix) with ESMTPS", b"with ESMTPS")
    tracer = lab.trace(nameless)
    press(tracer, "trust", lines=2)
    assert tracer.parts["known"] == 1
    assert "names no host that could be trusted" in tracer.message
    press(tracer, "trust", lines=1)
    assert tracer.message == ""


@pytest.mark.parametrize("network", ["0.0.0.0/0", ".example", "<script>", "\u202e"])
def test_nobody_gets_trusted_who_is_no_host(lab: Lab, network: str) -> None:
    wide = PHISH.decode().replace("by bank.example (Postfix)", f"by {network} (Postfix)")
    tracer = lab.trace(wide)
    press(tracer, "trust", lines=3)
    assert network not in tracer.trusted
    assert tracer.parts["known"] == 1
    press(tracer, "trust", lines=1)
    assert tracer.trusted == ("mx.birch.example",)


def test_a_line_that_nothing_leads_to_stays_claimed(lab: Lab) -> None:
    broken = PHISH.replace(b"by bank.example (Postfix)", b"by relay.elsewhere.example (Postfix)")
    tracer = lab.trace(broken)
    press(tracer, "trust", lines=2)
    assert tracer.parts["known"] == 1
    assert "Trust ends above hop 2 all the same. The line above does not lead to it" in seen(tracer.message)


# What a row shows ---------------------------------------------------------------------------------------


def test_a_row_says_who_how_and_how_long(phish: Tracer) -> None:
    first, second, third = (seen(row) for row in phish.parts["rows"].split('data-hop="')[1:])
    assert re.search(r"address 203\.0\.113\.66 .*HELO “bank\.example”", first)
    assert "this is mail.mallory.example (MTA, attacker)" in first
    assert "in clear" in first
    assert "~ −4 min: clock skew" in first
    assert "✓ known" in first
    assert "~ claimed" in second
    assert "this is" not in third  # nobody is known to have seen mail.acorn.example's address there
    assert "TLS" in second
    assert "4 h 5 min" in second
    assert "delay: –" in third


def test_the_reason_stands_at_each_known_hop_and_the_first_claimed(phish: Tracer) -> None:
    assert phish.chain
    top, middle, bottom = phish.chain.header
    shown = seen(phish.parts["rows"])
    assert top.why in shown
    assert middle.why in shown
    assert bottom.why not in shown


def test_what_does_not_fit_stands_at_its_hop(phish: Tracer) -> None:
    assert phish.chain
    steps = [step for hop in phish.chain.hops for step in hop.steps]
    assert steps
    for step in steps:
        assert step.what in seen(phish.parts["rows"])


def test_each_clause_can_have_the_focus_and_is_explained(phish: Tracer) -> None:
    clauses = re.findall(r'<span class="tr-clause[^>]*>', phish.parts["rows"])
    assert len(clauses) > 20
    for clause in clauses:
        assert 'role="button"' in clause
        assert 'tabindex="-1"' in clause
        assert re.search(r'data-title="[^"]+"', clause)
        assert re.search(r'data-worth="[^"]+"', clause)
        name = re.search(r'data-kind="([^"]+)"', clause)
        assert name
        assert name[1] in phish.kinds
    keys = re.findall(r'data-key="(clause-[^"]+)"', phish.parts["rows"])
    assert len(set(keys)) == len(keys) == len(clauses)


def test_the_line_is_there_to_the_letter(phish: Tracer) -> None:
    assert phish.chain
    lines = re.findall(r'<p class="tr-line">(.*?)</p>', phish.parts["rows"], re.S)
    for line, hop in zip(lines, reversed(phish.chain.hops), strict=True):
        plain = unescape(re.sub(r"<[^>]+>", "", line))
        assert plain == "Received:" + hop.received.text.replace("\r\n", "\n")


def test_only_the_known_part_is_on_the_map(lab: Lab, phish: Tracer) -> None:
    assert phish.chain
    assert known_path(phish.chain, lab.topology()) == [("mail.mallory.example", "mx.birch.example")]
    assert "mail.mallory.example → mx.birch.example" in seen(phish.parts["map"])
    press(phish, "trust", lines=0)
    assert phish.parts["map"] == ""
    made_up = b"Received: from alice.home.example ([203.0.113.77]) by mail.acorn.example with ESMTPSA; x\r\n"
    forged = lab.trace(PHISH.replace(b"From: Your", made_up + b"From: Your"))
    assert forged.chain
    assert known_path(forged.chain, lab.topology()) == [("mail.mallory.example", "mx.birch.example")]
    honest = lab.trace(None, ["mx.birch.example", "mail.acorn.example", "192.0.2.10"])
    assert "alice.home.example → mail.acorn.example → mx.birch.example" in seen(honest.parts["map"])


# Headers of one's own -----------------------------------------------------------------------------------


def test_headers_are_pasted_and_the_first_message_comes_back(lab: Lab) -> None:
    tracer = lab.trace()
    before = tracer.parts
    press(tracer, "paste", value=PHISH.decode())
    assert words(tracer) == ["known", "claimed", "claimed"]
    assert "headers that were pasted" in seen(tracer.parts["banner"])
    assert tracer.parts["again"] is True
    assert "lab.mailbox" not in tracer.code
    press(tracer, "reset")
    assert tracer.parts == before
    assert tracer.parts["again"] is False


def test_a_file_is_opened(lab: Lab) -> None:
    tracer = lab.trace()
    press(tracer, "file", PHISH, value=f"{HOSTILE}.eml")
    assert words(tracer) == ["known", "claimed", "claimed"]
    assert "<script>" not in tracer.parts["banner"]
    press(tracer, "file", value="no octets.eml")
    assert words(tracer) == ["known", "claimed", "claimed"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [("", "There is nothing here yet"), ("hello", NO_TRACE), ("x" * 1_000_001, TOO_LARGE)],
)
def test_what_is_no_header_is_one_sentence_and_changes_nothing(
    phish: Tracer, given: str, sentence: str
) -> None:
    before = phish.parts
    press(phish, "paste", value=given)
    assert sentence in seen(phish.message)
    assert phish.parts == before
    press(phish, "paste", value=PHISH.decode())
    assert phish.message == ""


def test_hostile_headers_come_as_text(lab: Lab) -> None:
    head = (
        f"Received: from {HOSTILE} ({HOSTILE} [203.0.113.66]) by {HOSTILE} with {HOSTILE} id {HOSTILE}\r\n"
        f"\tfor {HOSTILE}; {HOSTILE}\r\n"
        f"Received: {HOSTILE}\r\nReceived:\r\nSubject: {HOSTILE}\r\n"
    )
    tracer = lab.trace(PHISH)
    press(tracer, "paste", value=head)
    assert len(words(tracer)) == 3
    drawn = [part for part in tracer.parts.values() if isinstance(part, str)]
    for markup in (*drawn, tracer.code, str(tracer._html())):
        assert not re.search(r"<(script|img)\b", markup)
        assert not re.search("[\u202e\x1b]", markup)
    assert not re.search("[\u202e\x1b]", repr(tracer) + "".join(tracer.parts["values"]))


def test_a_very_long_chain_stays_quick_and_small(lab: Lab) -> None:
    line = "Received: from a.example (b.example [192.0.2.1]) by c.example; Mon, 2 Mar 2026 09:00:00 +0000\n"
    tracer = lab.trace(PHISH)
    begun = time.process_time()
    press(tracer, "paste", value=line * 500)
    press(tracer, "trust", lines=0)
    assert time.process_time() - begun < 10  # a busy machine counted in
    assert len(words(tracer)) == ROWS
    assert f"{500 - ROWS} older lines are not drawn" in seen(tracer.parts["rows"])
    assert "too many hops: Likely: 500 hops" in seen(tracer.parts["rows"]).replace(" :", ":")
    assert "too many hops" in repr(tracer)


def test_the_code_does_the_same(lab: Lab, tmp_path: Path) -> None:
    tracer = lab.trace()
    code = tracer._snippets()["smtplab"].replace("message.eml", str(tmp_path / "message.eml"))
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code, {"lab": lab})
    assert said.getvalue().splitlines()[0] == tracer.summary
    assert said.getvalue().splitlines()[-1].startswith("2 known 192.0.2.10 -> mx.birch.example")


# Without a kernel ---------------------------------------------------------------------------------------


def test_the_still_form_says_the_same(phish: Tracer) -> None:
    bundle, _ = phish._repr_mimebundle_()
    still = seen(bundle["text/html"])
    assert "application/vnd.jupyter.widget-view+json" in bundle
    for wanted in (
        "above: written by hosts you trust",
        "below: only claimed",
        "clock skew",
        "The same with shell",
    ):
        assert wanted in still
    assert "data-key" not in bundle["text/html"].partition("tr-map")[0]
    assert 'title="The address that the host saw' in bundle["text/html"]
    told = bundle["text/plain"].splitlines()
    assert told[0] == phish.summary
    assert next(n for n, line in enumerate(told) if "trust ends here" in line) < next(
        n for n, line in enumerate(told) if "claimed  hop" in line
    )


def test_a_chain_and_a_line_show_themselves(phish: Tracer) -> None:
    found = chain(PHISH, trusted=("mx.birch.example",))
    assert "above: written by hosts you trust" in seen(str(html(found)))
    assert text(found) == repr(phish)
    first = found.hops[-1].received
    assert "The address that the host saw" in seen(str(received_html(first)))
    assert re.search(r"HELO +bank\.example\n", received_text(first))
    assert re.search(r"address +203\.0\.113\.66\n", received_text(first))


def test_ipython_shows_them(phish: Tracer) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    register(shell)
    formatter = shell.display_formatter
    assert formatter
    for record in (phish.chain, phish.chain and phish.chain.hops[0].received):
        bundle, _ = formatter.format(record)
        assert "Received:" in seen(bundle["text/html"])
        assert "gw.bank.example" in bundle["text/plain"]


def test_a_delay_is_the_difference_to_the_hop_before(phish: Tracer) -> None:
    assert phish.chain
    assert [hop.delay for hop in phish.chain.hops] == [
        None,
        timedelta(hours=4, minutes=5),
        timedelta(minutes=-4),
    ]
