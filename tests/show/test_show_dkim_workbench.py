"""The DKIM workbench: changes, signing anew, the chain, what if, the linter, and hostile messages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from smtplab import Lab
from smtplab.auth import dkim
from smtplab.mail.errors import LabError
from smtplab.show.dkim_bench import KEYS
from smtplab.show.dkim_chain import chain
from smtplab.show.dkim_source import CHANGES
from smtplab.show.dkim_workbench import DkimWorkbench
from tests.show.markup import seen

EVIL = '<script>window.pwned=1</script>"><img/src=x>\u202egnp.exe\x1b[31m'


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


@pytest.fixture
def bench(lab: Lab) -> DkimWorkbench:
    return lab.dkim_workbench()


def press(bench: DkimWorkbench, do: str, value: str = "", on: bool = False, text: str | None = None) -> None:
    """What the page does: one message to the kernel, with what was typed into the source, if anything was."""
    bench._asked(bench, {"do": do, "value": value, "on": on, "text": text}, [])


def links(bench: DkimWorkbench) -> str:
    """The states of the four links, from the body to the key, by their first letters."""
    assert bench.verdict
    found = chain(bench.verdict)
    return "".join(link.state[0] for link in (found.body, found.inside, found.signed, found.key))


# what a change breaks -----------------------------------------------------------------------------

# change -> what the verdict says with relaxed forms, and the links: whole, broken or unknown
RELAXED = {
    "space": ("pass", "", "wwww"),
    "swap": ("pass", "", "wwww"),
    "subject": ("fail", "header-changed:subject", "wubw"),
    "from": ("fail", "header-changed:from", "wubw"),
    "second-from": ("fail", "header-added:from", "wubw"),
    "letter": ("fail", "body-changed", "bwww"),
    "body-space": ("pass", "", "wwww"),
    "blank": ("pass", "", "wwww"),
    "footer": ("fail", "footer-appended", "bwww"),
}
SIMPLE = RELAXED | {
    "space": ("fail", "header-whitespace", "wubw"),
    "body-space": ("fail", "body-whitespace", "bwww"),
}


def test_every_change_is_in_the_table() -> None:
    assert set(RELAXED) == set(CHANGES)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize("form", ["relaxed", "simple"])
def test_each_change_breaks_the_hash_that_it_should(bench: DkimWorkbench, form: str, kind: str) -> None:
    bench.sign(kind=kind, header=form, body=form)
    assert bench.verdict
    assert (bench.verdict.result, links(bench)) == ("pass", "wwww")
    for key, expected in (RELAXED if form == "relaxed" else SIMPLE).items():
        press(bench, "change", key)
        assert (bench.verdict.result, bench.verdict.cause, links(bench)) == expected, key
        press(bench, "undo")
        assert not bench.bench.changed


def test_the_chain_says_it_in_words_and_shows_both_hashes(bench: DkimWorkbench) -> None:
    assert "✓ pass DKIM acorn.example signed this, and it is unchanged." in seen(bench.parts["chain"])
    assert seen(bench.parts["chain"]).count("✓ whole") == 4
    press(bench, "change", "footer")
    drawn = seen(bench.parts["chain"])
    assert "✕ fail DKIM Lines were put behind the body. From line 7 on it was added" in drawn
    assert "✕ broken another hash" in drawn
    assert bench.verdict
    assert f"bh= says {bench.verdict.claimed} computed now {bench.verdict.body_hash}" in drawn
    assert "Changed since it was signed : 39 octets more" in seen(bench.parts["standing"])


def test_what_is_typed_is_verified_and_undone(bench: DkimWorkbench) -> None:
    text = bench.parts["text"]
    press(bench, "write", text=text.replace("at one", "at two"))
    assert bench.verdict
    assert bench.verdict.cause == "body-changed"
    assert b"at two" in bench.source
    press(bench, "write", text=bench.parts["text"].replace("Hello", "Hell\\x00\\u202eo"))
    assert b"Hell\x00\xe2\x80\xaeo" in bench.source
    press(bench, "back")
    assert bench.parts["text"] == text
    for _ in range(3):
        press(bench, "undo")
    assert bench.parts["text"] == text
    press(bench, "undo")
    assert "There is nothing to undo" in seen(bench.message)


def test_an_edit_and_a_press_come_together_and_none_is_lost(bench: DkimWorkbench) -> None:
    press(bench, "change", "footer", text=bench.parts["text"].replace("at one", "at two"))
    assert b"at two" in bench.source and b"400 people" in bench.source
    press(bench, "change", "nonsense", text=bench.parts["text"].replace("at two", "at three"))
    assert "There is no change 'nonsense'" in seen(bench.message)
    assert b"at three" in bench.source
    assert "at three" in bench.parts["text"]


# signing again ------------------------------------------------------------------------------------


def test_a_limit_lets_a_footer_through_and_the_forms_say_what_may_change(bench: DkimWorkbench) -> None:
    press(bench, "length", on=True)
    press(bench, "change", "footer")
    assert bench.verdict and bench.verdict.signature
    assert bench.verdict.result == "pass"
    assert bench.verdict.signature.length == 94
    assert "the first 94 octets are covered, and 40 behind them are not" in seen(bench.parts["lit"])
    assert "not signed ≠ changed This list is read by 400 people." in seen(bench.parts["lit"])


def test_signing_replaces_the_signature_and_makes_a_new_original(bench: DkimWorkbench) -> None:
    first = bench.source
    press(bench, "change", "footer")
    press(bench, "sign")
    assert bench.verdict
    assert bench.verdict.result == "pass"
    assert bench.source.count(b"DKIM-Signature:") == 1
    assert not bench.parts["changed"]
    press(bench, "undo")  # of the signing: the message, and what it is compared with
    assert bench.verdict.cause == "footer-appended"
    assert bench.bench.original == first


def test_without_over_signing_a_second_from_goes_through(bench: DkimWorkbench) -> None:
    press(bench, "over", on=False)
    assert bench.verdict and bench.verdict.signature
    assert bench.verdict.signature.headers.count("from") == 1
    press(bench, "change", "second-from")
    assert bench.verdict.cause == "from-many"  # b= fits all the same
    assert links(bench) == "wwww"


def test_a_signature_expires_on_a_later_day(bench: DkimWorkbench) -> None:
    press(bench, "late", "late")
    assert bench.verdict
    assert bench.verdict.result == "pass"
    press(bench, "expires", on=True)
    assert (bench.verdict.result, bench.verdict.cause) == ("policy", "expired")
    assert "The time of x= is over." in seen(bench.parts["chain"])
    press(bench, "late", "now")
    assert bench.verdict.result == "pass"


def test_what_cannot_be_signed_is_a_sentence(bench: DkimWorkbench) -> None:
    with pytest.raises(LabError, match="header is one of simple, relaxed"):
        bench.sign(header="strict")
    with pytest.raises(LabError, match="is none of them"):
        bench.sign(colour="red")
    bench.edit(b"Subject: no author\r\n\r\nHello.\r\n")
    press(bench, "sign")
    assert "A message without From cannot be signed" in seen(bench.message)
    assert bench.verdict is None
    assert "The message has no signature: sign it." in seen(bench.parts["chain"])


def test_of_several_signatures_one_is_looked_at_and_signed_anew(lab: Lab, bench: DkimWorkbench) -> None:
    bench.sign(kind="ed25519")
    alice = lab.dkim_workbench()
    second = alice.source[: alice.source.index(b"Received")]
    both = lab.dkim_workbench(second + bench.source.replace(b"at one", b"at two"))
    assert "2 signatures 1: acorn.example ✕ fail 2: acorn.example ✕ fail" in seen(both.parts["several"])
    press(both, "signature", "1")
    assert both.verdict
    assert both.verdict.algorithm == "ed25519-sha256"
    press(both, "sign")
    assert [one.result for one in both.bench.verdicts] == ["pass", "fail"]
    press(both, "signature", "99")
    assert both.bench.number == 1


# what if, and the linter ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "result", "cause"),
    [("gone", "permerror", "no-key"), ("revoked", "permerror", "revoked"), ("other", "fail", "wrong-key")],
)
def test_another_key_in_the_dns_is_compared(bench: DkimWorkbench, key: str, result: str, cause: str) -> None:
    press(bench, "key", key)
    compared = bench.bench.comparison
    assert compared
    assert (compared.before.result, compared.after.result) == ("pass", result)
    assert isinstance(compared.after, dkim.DkimVerdict)
    assert compared.after.cause == cause
    assert f"✓ pass → becomes ✕ {result}" in seen(bench.parts["whatif"])
    assert f'data-key="key-{key}" aria-pressed="true"' in bench.parts["whatif"]
    assert bench.verdict and bench.verdict.result == "pass"  # nothing was published
    press(bench, "key", "")
    assert bench.bench.comparison is None


def test_a_key_in_test_mode_is_read(bench: DkimWorkbench) -> None:
    compared = bench.what_if("testing")
    assert compared and isinstance(compared.after, dkim.DkimVerdict)
    assert compared.after.testing
    with pytest.raises(LabError, match=", ".join(KEYS)):
        bench.what_if("nonsense")


def test_the_chain_knows_a_key_that_is_gone_or_another(lab: Lab, bench: DkimWorkbench) -> None:
    zone = lab.dns.zone("acorn.example")
    right = dkim.record(bench.bench.signers["rsa"].key)
    try:
        for values, states in (([], "wuub"), (["v=DKIM1; p="], "wuub"), ([bench.bench.other], "wubb")):
            zone.delete("a1._domainkey", "TXT")
            if values:
                zone.set("a1._domainkey", "TXT", *values)
            bench.back()
            assert links(bench) == states
    finally:
        zone.set("a1._domainkey", "TXT", right)


def test_the_linter_marks_key_records_and_signatures(bench: DkimWorkbench) -> None:
    press(bench, "paste", "v=DKIM1; k=rsa; t=y; p=MIIBIjANBg")
    assert "Read as a key record." in seen(bench.parts["lint"])
    assert '<mark class="sb-mark smtplab-no">MIIBIjANBg' in bench.parts["lint"]
    press(bench, "paste", bench.source[: bench.source.index(b"Received")].decode())
    assert "Read as a DKIM-Signature field." in seen(bench.parts["lint"])
    assert "h= leaves out Content-Type" in seen(bench.parts["lint"])
    press(bench, "paste", "")
    assert bench.parts["lint"] == ""
    press(bench, "take", "key")
    assert bench.parts["pasted"] == bench.bench.record
    assert "410 octets: in a zone file this is several strings" in seen(bench.parts["lint"])
    press(bench, "take", "signature")
    assert bench.parts["pasted"].startswith("DKIM-Signature: v=1;")
    assert bench.parts["taken"] == 2
    press(bench, "paste", "v=DKIM1; p=" + "A" * 1_000_000)
    assert "Only its first 50000 characters." in seen(bench.parts["lint"])
    assert len(bench.parts["lint"]) < 50_000


# hostile and very large ---------------------------------------------------------------------------


def test_hostile_messages_and_records_are_shown_as_text(lab: Lab, bench: DkimWorkbench) -> None:
    head = f"From: {EVIL} <alice@acorn.example>\r\nSubject: {EVIL}\r\n{EVIL}: x\r\n\r\n".encode()
    evil = lab.dkim_workbench(head + EVIL.encode() + b"\x00\xff\r\n")
    evil.sign()
    press(evil, "subject", text=evil.parts["text"].replace("gnp", EVIL))
    lab.dns.zone("acorn.example").set("evil._domainkey", "TXT", f"v=DKIM1; n={EVIL}; p=")
    press(evil, "write", text=evil.parts["text"].replace("s=a1", "s=evil").replace("v=1;", "v=1; q=dns/txt;"))
    press(evil, "key", "other")
    press(evil, "paste", f"v=DKIM1; p={EVIL}")
    press(evil, "change", EVIL)
    shown = {name: part for name, part in evil.parts.items() if isinstance(part, str) and name != "text"}
    for part in (*shown.values(), str(evil._html()), evil.message, evil.code):
        assert "<script>window" not in part
        assert "<img/src" not in part
        assert "\u202e" not in part
        assert "\x1b" not in part
    assert "\u202e" not in evil.parts["text"] and "\x1b" not in repr(evil)


_LONG = {
    "a line of 1 MB": lambda head, body: head + body + b"x" * 1_000_000,
    "many lines": lambda head, body: head + body + b"hello there\r\n" * 80_000,
    "empty lines": lambda head, body: head + body + b"\r\n" * 500_000,
    "10,000 fields": lambda head, body: b"X-A: b\r\n" * 10_000 + head + body,
    "1,000 signatures": lambda head, body: head[: head.index(b"Received")] * 1000 + head + body,
    "a tag list of 1 MB": lambda head, body: b"DKIM-Signature: " + b"a=b; " * 200_000 + b"\r\n" + head + body,
    "a field of 1 MB": lambda head, body: b"Subject: " + b"x \t" * 330_000 + b"\r\n" + head + body,
    "NULs": lambda head, body: b"\0" * 1000 + head + body + b"\0" * 100_000,
}


@pytest.mark.parametrize("name", _LONG)
def test_of_a_very_long_message_little_is_drawn(lab: Lab, bench: DkimWorkbench, name: str) -> None:
    head, empty, body = bench.source.partition(b"\r\n\r\n")
    message = _LONG[name](head + empty, body)
    begun = time.perf_counter()
    long = lab.dkim_workbench(message)
    press(long, "change", "letter")
    assert time.perf_counter() - begun < 6  # 0.1 to 0.6 on a machine at rest
    drawn = [part for key, part in long.parts.items() if isinstance(part, str) and key != "text"]
    assert sum(map(len, drawn)) < 150_000
    assert len(long.parts["text"]) < 300_000
    assert long.parts["editable"] is False
    assert len(long.code) < 90_000
    before = long.source
    press(long, "write", text="From: what was cut off cannot be told from what was typed\n")
    assert long.source == before


def test_what_can_be_undone_is_bounded(lab: Lab, bench: DkimWorkbench) -> None:
    long = lab.dkim_workbench(bench.source + b"x" * 1_000_000)
    for number in range(20):
        long.bench.put(long.source + str(number).encode())
    assert sum(len(message) for message, _ in long.bench.before) < 9_000_000
    long.undo()


def test_a_step_takes_little_time(bench: DkimWorkbench) -> None:
    took = []
    for key in ("footer", "subject", "letter", "second-from"):
        begun = time.perf_counter()
        press(bench, "change", key)
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.15  # 0.016 on a machine at rest


def test_messages_that_are_hardly_any(lab: Lab) -> None:
    for message in (b"", b"\r\n", b"no field at all", b"\r\n\r\nbody", b"From: a@acorn.example"):
        made = lab.dkim_workbench(message)
        assert made.verdict is None
        assert "no signature" in seen(made.parts["chain"])
        for key in CHANGES:
            press(made, "change", key)
        assert repr(made) and made._html()


@pytest.mark.parametrize(
    "content", [{}, {"do": "nonsense", "value": "", "on": False, "text": None}, {"do": "write", "value": 1}]
)
def test_messages_that_mean_nothing_do_nothing(bench: DkimWorkbench, content: dict[str, Any]) -> None:
    before = bench.source
    bench._asked(bench, content, [])
    assert bench.source == before
    assert bench.message == ""


def test_a_message_that_came_broken_is_no_original_to_compare_with(lab: Lab, bench: DkimWorkbench) -> None:
    broken = bench.source.replace(b"at one", b"at two")
    came = lab.dkim_workbench(broken)
    assert came.verdict
    assert came.verdict.cause == "body-changed"
    assert "first difference" not in repr(came)
    came.change("letter")
    assert came.verdict.result == "fail"
    assert "first difference" not in repr(came)
    bench.edit(broken)
    assert "first difference" in repr(bench)
    other = lab.dkim_workbench(bench.bench.original.replace(b"Lunch", b"Dinner"))
    other.change("from")
    assert other.verdict
    assert other.verdict.cause == "header-changed"  # and not From alone, which is one change of two


def test_a_message_from_a_mailbox_is_laid_on_the_bench(lab: Lab) -> None:
    lab.submit("From: alice@acorn.example\nTo: bob@birch.example\nSubject: Real\n\nHello.\n")
    lab.settle()
    mail = lab.mailbox("bob@birch.example")[-1]
    made = lab.dkim_workbench(mail)
    assert made.source == mail.raw
    assert made.verdict
    assert (made.verdict.result, made.verdict.domain) == ("pass", "acorn.example")
    assert "Received: from" in seen(made.parts["lit"])
