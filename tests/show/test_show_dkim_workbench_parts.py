"""The parts of the DKIM workbench: the source, what is lit, the canonical forms, the tags, and the code."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest

from smtplab import Lab
from smtplab.auth.dkim import canonical
from smtplab.mail.text import decode
from smtplab.show import dkim_canon
from smtplab.show.dkim_canon import side_by_side
from smtplab.show.dkim_source import octets, written
from smtplab.show.dkim_workbench import DkimWorkbench
from tests.show.markup import seen


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


@pytest.fixture
def bench(lab: Lab) -> DkimWorkbench:
    return lab.dkim_workbench()


# the source ---------------------------------------------------------------------------------------


def test_any_octets_survive_the_field() -> None:
    draw = random.Random(1)
    for _ in range(3000):
        some = bytes(
            draw.choice(b"\\xuU0a9\r\n\x00\xc2\x85\xad\xe2\x80\xae \t") for _ in range(draw.randrange(14))
        )
        assert octets(written(some)) == some
        assert "\r" not in written(some)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (b"a\r\nb", "a\nb"),
        (b"a\nb\r", "a\\x0ab\\x0d"),
        (b"\xff\x00\xc2\x85", "\\xff\\x00\\u0085"),
        ("ä\u202e".encode(), "ä\\u202e"),
        (b"a\\x00\tb", "a\\\\x00\tb"),
    ],
)
def test_what_does_not_show_is_a_code(message: bytes, text: str) -> None:
    assert written(message) == text
    assert octets(text) == message


# what is lit --------------------------------------------------------------------------------------


def rows(bench: DkimWorkbench) -> list[tuple[str, str]]:
    """Each row's kind, and the beginning of its text."""
    found = re.findall(r'<li class="dk-row dk-is-(\w+)">.*?<code>(.*?)</code>', bench.parts["lit"], re.S)
    return [(kind, unescape(text)[:12]) for kind, text in found]


def test_each_row_says_whether_it_is_signed(bench: DkimWorkbench) -> None:
    assert rows(bench) == [
        ("own", "DKIM-Signatu"),
        ("open", "Received: fr"),
        ("signed", "From: Alice "),
        ("signed", "To: Bob <bob"),
        ("signed", "Subject: Lun"),
        ("signed", "Date: Mon, 2"),
        ("signed", "Message-ID: "),
        ("open", "X-Mailer: Ac"),
        ("none", "from:"),
        ("signed", "Hello Bob,"),
        ("signed", " "),
        ("signed", "lunch is at "),
        ("signed", "Bring the fi"),
        ("signed", " "),
        ("signed", "Alice"),
        ("rest", " "),
    ]
    text = seen(bench.parts["lit"])
    assert "5 of 7 fields are covered, and the signature's own." in text
    assert "signed as not there from: h= names it and there is no other one: adding one breaks b=" in text
    assert "≠ changed" not in text


def test_of_two_fields_with_one_name_the_lowest_is_signed(bench: DkimWorkbench) -> None:
    bench.sign(over=False)
    bench.change("second-from")
    assert rows(bench)[:2] == [("open", "From: Mallor"), ("own", "DKIM-Signatu")]
    text = seen(bench.parts["lit"])
    assert "not signed ≠ changed From: Mallory <mallory@mallory.example> number 1 of 2" in text
    assert "signed From: Alice <alice@acorn.example> the lowest of 2" in text


@pytest.mark.parametrize("length", [0, 3, 10, 12, 13, 14, 15, 37, 45, 94, 95, 5000])
def test_the_lit_part_of_the_body_is_what_l_counts(bench: DkimWorkbench, length: int) -> None:
    signed = bench.source.replace(b"; t=", b"; l=%d; t=" % length, 1)
    bench.edit(signed)
    assert bench.verdict
    lit = bench.parts["lit"].rpartition("<b>Body</b>")[2]
    found = re.findall(r'dk-is-signed">.*?<code>(.*?)</code>', lit, re.S)
    ours = [re.sub(r"[ \t]+", " ", unescape(text)).rstrip() for text in found]
    hashed = decode(bench.verdict.canonical_body).removesuffix("\r\n").removesuffix("\r")
    assert "\n".join(ours).rstrip() == hashed.replace("\r\n", "\n").rstrip()


# the canonical forms --------------------------------------------------------------------------------


def test_the_right_side_is_what_is_hashed(bench: DkimWorkbench) -> None:
    for header, body in (("relaxed", "relaxed"), ("simple", "simple"), ("relaxed", "simple")):
        bench.sign(header=header, body=body)
        verdict, read, own = bench.verdict, bench.bench.read, bench.bench.own
        assert verdict and verdict.signature
        covered = [one for one in read.covered(verdict.signature.headers, own) if one]
        pairs = [dkim_canon.field(one, verdict.signature.forms[0]) for one in covered]
        pairs.append(dkim_canon.field(own, verdict.signature.forms[0], verdict.signature))
        assert "".join(text for _, made in pairs for text, _ in made) == decode(verdict.canonical_header)
        assert "".join(text for raw, _ in pairs for text, _ in raw) == decode(b"".join([*covered, own]))
        lines = list(dkim_canon._body(read, verdict.signature.forms[1]))
        assert "".join(text for _, made in lines for text, _ in made) == decode(verdict.canonical_body)
        assert "".join(text for raw, _ in lines for text, _ in raw) == decode(read.octets[read.body_at :])


def test_any_field_and_its_canonical_form_are_laid_side_by_side() -> None:
    draw = random.Random(2)
    for _ in range(2000):
        value = "".join(draw.choice(["a", "B", " ", "\t", "\r\n ", ":"]) for _ in range(draw.randrange(12)))
        raw = f"Sub{draw.choice(['', ' '])}:{value}\r\n"
        made = decode(canonical.header(raw.encode(), "relaxed"))
        left, right = side_by_side(raw, made)
        assert "".join(text for text, _ in left) == raw
        assert "".join(text for text, _ in right) == made
        assert "".join(text for text, mark in left if not mark) == "".join(
            text for text, mark in right if not mark
        )


def test_of_a_very_long_field_the_beginning_is_worked_on() -> None:
    left, right = dkim_canon.field(b"Subject: " + b"x \t" * 330_000 + b"\r\n", "relaxed")
    assert sum(len(text) for text, _ in [*left, *right]) <= 2 * dkim_canon.TAKEN


def test_white_space_is_drawn_and_what_is_taken_out_is_struck_out(bench: DkimWorkbench) -> None:
    drawn = bench.parts["canon"]
    assert "Subject:" not in seen(drawn)  # each word has its marks
    assert "Lunch·" in drawn
    assert re.search(r'one,<del class="dk-cut"><span[^>]*>taken out: </span>→</del>at·the·', drawn)
    assert 'one,<ins class="dk-new">·</ins>at·the·usual·place.↵' in drawn
    assert "characters</del>" in drawn.replace("… ", "")  # of b=
    bench.sign(header="simple", body="simple")
    assert "dk-new" not in bench.parts["canon"].partition("dk-forms")[2]


# tags, and without a kernel -------------------------------------------------------------------------


def test_every_tag_is_explained_with_its_section(bench: DkimWorkbench) -> None:
    bench.sign(length=True, expires=True)
    text = seen(bench.parts["tags"])
    for tag in ("v=", "a=", "c=", "d=", "s=", "t=", "x=", "l=", "h=", "bh=", "b=", "k=", "p="):
        assert f" {tag}" in text
    assert bench.parts["tags"].count("smtplab-ref") == 11 + 3
    assert "the public half is in the DNS at a1._domainkey.acorn.example RFC 6376 §3.1" in text
    assert "the public key, a 2048 bit RSA key, in base64" in text
    assert "nobody knows this tag" not in text
    bench.edit(bench.source.replace(b"v=1;", b"v=1; fun=yes;"))
    assert "fun= yes nobody knows this tag" in seen(bench.parts["tags"])


def test_it_has_a_still_form_and_a_text_form(bench: DkimWorkbench) -> None:
    bench.change("footer")
    bench.what_if("gone")
    bundle, _ = bench._repr_mimebundle_()
    still = seen(bundle["text/html"])
    assert "✕ broken another hash" in still
    assert "not signed Received:" in still
    assert "permerror" in still
    for tag in ("<button", "<textarea", "<input", "<select"):
        assert tag not in bundle["text/html"]
    assert "body -> bh=: broken, another hash" in bundle["text/plain"]
    assert "fail -> permerror" in bundle["text/plain"]


# the code -----------------------------------------------------------------------------------------

FORMS = [
    ("rsa", "relaxed", "relaxed", False),
    ("ed25519", "simple", "relaxed", True),
    ("rsa", "relaxed", "simple", True),
    ("ed25519", "simple", "simple", False),
]


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("kind", "header", "body", "length"), FORMS)
def test_the_check_by_hand_runs_and_finds_the_same(
    bench: DkimWorkbench, kind: str, header: str, body: str, length: bool
) -> None:
    bench.sign(kind=kind, header=header, body=body, length=length)
    said = run(bench._snippets()["cryptography"])
    assert bench.verdict
    assert f"body hash is {bench.verdict.body_hash}" in said
    assert said.endswith("body: unchanged\nsignature: fits\n")
    bench.change("letter")
    bench.change("second-from")
    assert run(bench._snippets()["cryptography"]).endswith("body: CHANGED\nsignature: DOES NOT FIT\n")


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_openssl_says_the_same(
    bench: DkimWorkbench, kind: str, tmp_path: Path, need_program: Callable[..., str]
) -> None:
    need_program("openssl")
    bench.sign(kind=kind)
    code = bench._snippets()["openssl and dig"]
    lines = [line for line in code.splitlines() if shutil.which("dig") or not line.startswith("dig ")]
    assert len(lines) > 10
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(lines)], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert bench.verdict
    assert done.stdout.count(f"{bench.verdict.claimed}\n") == 2
    assert "Verif" in done.stdout.splitlines()[-1]


def test_the_other_snippets(lab: Lab, bench: DkimWorkbench) -> None:
    code = bench._snippets()
    assert list(code) == [
        "smtplab",
        "cryptography",
        "openssl and dig",
        "zone file",
        "Postfix and OpenDKIM",
        "Exim",
    ]
    space = {"lab": lab, "print": lambda *words: said.extend(map(str, words))}
    said: list[str] = []
    exec(code["smtplab"], space)
    assert said[0].startswith("✓ pass")
    assert code["zone file"].startswith("a1._domainkey.acorn.example. 300 IN TXT ")
    assert code["zone file"].count('"') == 4
    assert "OversignHeaders" in code["Postfix and OpenDKIM"]
    assert "dkim_private_key" in code["Exim"]
    bench.edit(bench.source + b"x" * 1_000_000)
    assert 'open("message.eml", "rb").read()' in bench._snippets()["cryptography"]
    assert sum(map(len, bench._snippets().values())) < 30_000
