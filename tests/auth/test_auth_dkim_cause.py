"""Why a signature fails: for what is done to a message, the cause that is found, with both kinds of keys."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import Any

import pytest

from smtplab.auth import dkim
from smtplab.auth.dkim.cause import CAUSES
from tests.auth.dkim_zone import KEYS, MESSAGE, NOW, published, signed, verdict, zone

SIMPLE = ("simple", "simple")
RELAXED = ("relaxed", "relaxed")
Change = Callable[[bytes], bytes]


def replace(old: bytes, new: bytes) -> Change:
    def change(message: bytes) -> bytes:
        assert old in message
        return message.replace(old, new, 1)

    return change


def in_body(change: Change) -> Change:
    return lambda message: b"\r\n\r\n".join([*(parts := message.split(b"\r\n\r\n", 1))[:1], change(parts[1])])


BODY: list[tuple[str, tuple[str, str], Change]] = [
    ("footer-appended", RELAXED, lambda m: m + b"\r\n-- \r\nA list's footer\r\n"),
    ("footer-appended", SIMPLE, lambda m: m + b"_____\r\nA list's footer\r\n"),
    ("banner-added", RELAXED, in_body(lambda b: b"CAUTION: from outside\r\n\r\n" + b)),
    ("lines-added", RELAXED, replace(b"Alice\r\n", b"An advertisement\r\nAlice\r\n")),
    ("lines-added", SIMPLE, in_body(replace(b"\r\n\r\n", b"\r\nOne\r\nTwo\r\n\r\n"))),
    ("body-changed", RELAXED, replace(b"Shall we", b"Should we")),
    ("body-changed", RELAXED, in_body(lambda b: b[: len(b) // 2])),
    ("body-whitespace", SIMPLE, in_body(lambda b: b.replace(b"\r\n", b"  \r\n"))),
    ("body-whitespace", RELAXED, in_body(lambda b: b.replace(b"\r\nFrom", b"\r\n From"))),
    ("from-quoted", RELAXED, replace(b"\r\nFrom Monday", b"\r\n>From Monday")),
    ("dot-stuffing", RELAXED, replace(b"\r\n.dots", b"\r\n..dots")),
    ("line-endings", RELAXED, in_body(lambda b: b.replace(b"\r\n", b"\n"))),
    ("line-endings", SIMPLE, in_body(lambda b: b.replace(b"\r\n", b"\r\r\n"))),
    ("line-endings", SIMPLE, in_body(lambda b: b.replace(b"\r\n", b"\r\n\r\n"))),
]
HEADER: list[tuple[str, tuple[str, str], Change]] = [
    ("header-changed:subject", RELAXED, replace(b"Subject: Tea", b"Subject: [tea-lovers] Tea")),
    ("header-changed:subject", SIMPLE, replace(b"Subject: Tea", b"Subject: ***SPAM*** Tea")),
    (
        "header-changed:from",
        RELAXED,
        replace(
            b"From: Alice <alice@acorn.example>",
            b'From: "Alice via Tea" <tea@list.example>\r\nReply-To: Alice <alice@acorn.example>',
        ),
    ),
    ("header-changed:content-type", RELAXED, replace(b"charset=utf-8", b'charset="utf-8"')),
    ("header-removed:mime-version", RELAXED, replace(b"MIME-Version: 1.0\r\n", b"")),
    ("header-added:subject", RELAXED, replace(b"Date:", b"Subject: Another\r\nDate:")),
    ("header-whitespace", SIMPLE, replace(b",\r\n\terin", b", erin")),
    ("header-whitespace", SIMPLE, replace(b"Subject: Tea", b"Subject:  Tea")),
    ("header-whitespace", SIMPLE, replace(b"Message-ID:", b"Message-Id:")),
    ("header-whitespace", SIMPLE, replace(b"\r\n\terin", b"\r\n erin")),
]
CASES = [*BODY, *HEADER]


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize(
    ("cause", "forms", "change"), CASES, ids=[f"{n}-{c[0]}" for n, c in enumerate(CASES)]
)
def test_what_was_done_is_found(cause: str, forms: Any, change: Change, kind: str) -> None:
    key = KEYS[kind]
    message = signed(MESSAGE, key, canonicalization=forms)
    assert verdict(message, published(key)).result == "pass"
    found = verdict(change(message), published(key))
    assert (found.result, found.cause) == ("fail", cause)
    assert found.steps[-1].what == f"cause: {cause}" and cause.partition(":")[0] in CAUSES


COMPARED = [
    ("footer-appended", "line 8 on it was added: \"Bye", lambda m: m + b"Bye\r\n"),
    ("body-changed", "line 1, octet 2 of the body: \"Shall we have tea?", replace(b"Shall", b"Small")),
    ("body-truncated", "ends after", in_body(lambda b: b[:-7])),
    ("body-whitespace", "line 3", replace(b"Or coffee,\tor", b"Or coffee, or")),
    ("line-endings", "line 1", in_body(lambda b: b.replace(b"\r\n", b"\n"))),
    ("banner-added", "line 1", in_body(lambda b: b"CAUTION\r\n" + b)),
    ("header-changed:date", "it was \"Mon, 2 Mar 2026 09:00:00", replace(b"Date: Mon", b"Date: Tue")),
    ("header-removed:to", "it was \"bob@birch", lambda m: re.sub(rb"To: .*\n\t.*\n", b"", m)),
    ("header-whitespace", "subject: white", replace(b"Subject: Tea", b"Subject:\tTea")),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "said", "change"), COMPARED, ids=[case[0] for case in COMPARED])
def test_with_the_original_the_place_is_known(cause: str, said: str, change: Change) -> None:
    key = KEYS["ed25519"]
    message = signed(MESSAGE, key, canonicalization=SIMPLE)
    found = verdict(change(message), published(key), original=message)
    assert (found.result, found.cause) == ("fail", cause) and said in found.steps[-1].why


def test_an_original_that_is_not_the_one() -> None:
    key = KEYS["rsa"]
    message = signed(MESSAGE, key)
    other = MESSAGE.replace(b"Shall", b"Must")
    assert verdict(message + b"Bye\r\n", published(key), original=other).cause == "footer-appended"


@pytest.mark.parametrize(
    ("kind", "cause"), [("rsa", "wrong-key"), ("ed25519", "header-or-key")], ids=lambda one: str(one)
)
def test_another_key(kind: Any, cause: str) -> None:
    other = dkim.generate(kind)
    assert verdict(signed(MESSAGE, KEYS[kind]), published(other)).cause == cause


def test_a_changed_field_that_nothing_brings_back() -> None:
    changed = replace(b"Date: Mon", b"Date: Tue")
    assert verdict(changed(signed(MESSAGE, KEYS["rsa"])), published(KEYS["rsa"])).cause == "header-changed"


@pytest.mark.parametrize("kind", KEYS)
def test_copied_fields_tell_what_was(kind: str) -> None:
    message = signed(MESSAGE, KEYS[kind], copies=True)
    resolve = published(KEYS[kind])
    assert b"|Date:=20Mon,=202=20Mar" in re.sub(rb"\r\n ", b"", message)
    assert verdict(message, resolve).result == "pass"
    found = verdict(replace(b"Date: Mon, 2", b"Date: Tue, 3")(message), resolve)
    assert found.cause == "header-changed:date" and '"Mon, 2 Mar 2026 09:00:00 +0000"' in found.steps[-1].why
    both = replace(b"Subject: Tea", b"Subject: Milk")(replace(b"Date: Mon", b"Date: Tue")(message))
    assert "subject, date" in verdict(both, resolve).steps[-1].why


def test_a_part_around_the_body() -> None:
    inner = MESSAGE.partition(b"\r\n\r\n")[2]
    outer = b"--x\r\nContent-Type: text/plain\r\n\r\n" + inner + b"\r\n--x\r\n\r\nA footer\r\n--x--\r\n"
    message = signed(MESSAGE, KEYS["rsa"], headers=["from"])
    head = message.partition(b"\r\n\r\n")[0]
    head = re.sub(rb"Content-Type: .*", b'Content-Type: multipart/mixed; boundary="x"', head)
    found = verdict(head + b"\r\n\r\n" + outer, published(KEYS["rsa"]))
    assert found.cause == "body-wrapped"


@pytest.mark.parametrize("encode", ["quopri", "base64"])
def test_another_transfer_encoding(encode: str) -> None:
    message = signed(MESSAGE, KEYS["rsa"])
    found = verdict(in_body(lambda b: codecs.encode(b, encode))(message), published(KEYS["rsa"]))
    assert found.cause == "body-reencoded"


def test_both_broken_says_both() -> None:
    message = replace(b"Subject: Tea", b"Subject: [tea] Tea")(signed(MESSAGE, KEYS["rsa"])) + b"Footer\r\n"
    found = verdict(message, published(KEYS["rsa"]))
    assert found.cause == "footer-appended"
    assert [step.what for step in found.steps[-2:]] == [
        "cause: footer-appended",
        "cause: header-changed:subject",
    ]


@pytest.mark.parametrize("kind", KEYS)
def test_what_a_list_does_all_at_once(kind: str) -> None:
    """A tag in Subject, the list in From, and a Reply-To where h= says that there is none."""
    names = ["from", "from", "subject", "date", "to", "message-id", "reply-to"]
    message = signed(MESSAGE, KEYS[kind], headers=names)
    message = replace(b"Subject: Tea", b"Subject: [tea-lovers] Tea")(message)
    own = b"From: Alice via Tea <tea@list.example>\r\nReply-To: Alice <alice@acorn.example>"
    message = replace(b"From: Alice <alice@acorn.example>", own)(message)
    found = verdict(message, published(KEYS[kind]))
    assert (found.result, found.cause) == ("fail", "header-changed:from")
    assert all(name in found.steps[-1].why for name in ("from:", "subject:", "reply-to: it was added"))


def test_without_a_key_the_body_still_tells() -> None:
    found = verdict(signed(MESSAGE, KEYS["rsa"]) + b"Footer\r\n", zone({}))
    assert (found.result, found.cause) == ("permerror", "no-key")
    assert any(step.what == "cause: footer-appended" for step in found.steps)


def test_copies_that_do_not_bring_the_hash_back() -> None:
    message = signed(MESSAGE, KEYS["rsa"], copies=True)
    changed = replace(b"Subject: Tea", b"Subject: Milk")(message).replace(b"a=rsa", b"t=1; a=rsa")
    found = verdict(changed, published(KEYS["rsa"]))
    assert found.cause == "header-changed:subject" and "does not bring the hash back" in found.steps[-1].why


def test_only_some_of_many_failures_are_looked_into() -> None:
    own = signed(MESSAGE, KEYS["rsa"]).removesuffix(MESSAGE)
    verdicts = dkim.verify(own * 8 + MESSAGE + b"Bye\r\n", resolve=published(KEYS["rsa"]), now=NOW)
    assert [one.cause for one in verdicts] == ["footer-appended"] * 3 + ["body-changed"] * 5
    assert verdicts[-1].steps[-1].what == "cause"


@pytest.mark.parametrize("forms", [SIMPLE, RELAXED])
def test_a_footer_behind_a_long_body(forms: Any) -> None:
    message = signed(MESSAGE + b"A line of tea.\r\n\r\n" * 30_000, KEYS["ed25519"], canonicalization=forms)
    found = verdict(message + b"-- \r\nA footer\r\n", published(KEYS["ed25519"]))
    assert found.cause == "footer-appended"
    assert "up to line 60006 " in found.steps[-1].why and '"--"' in found.steps[-1].why
