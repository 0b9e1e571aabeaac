"""A certificate as its record, as text and as HTML; and a certificate from a stranger."""

from __future__ import annotations

import json
import random
import ssl
import warnings
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from IPython.core.interactiveshell import InteractiveShell

from smtplab.lab.certificates import Authority, Kind, read
from smtplab.lab.lab import Lab
from smtplab.mail.certificate import Certificate
from smtplab.mail.errors import LabError
from smtplab.show.certificate import html
from smtplab.show.register import register

MX = "mx.birch.example"
PLAIN = Certificate(
    "CN=mx.birch.example",
    "O=a CA",
    ("mx.birch.example", "198.51.100.10"),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 4, 1, 12, 30, tzinfo=UTC),
    "AB:CD",
)


class Text(HTMLParser):
    """The elements and the text of a fragment."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(str(fragment))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data if self.tags[-1:] != ["style"] else ""


def test_text() -> None:
    assert str(PLAIN).splitlines() == [
        "    subject  CN=mx.birch.example",
        "      names  mx.birch.example, 198.51.100.10",
        "     issuer  O=a CA",
        " valid from  2026-01-01 00:00 UTC",
        "valid until  2026-04-01 12:30 UTC",
        "    SHA-256  AB:CD",
    ]


def test_json() -> None:
    data = json.loads(json.dumps(PLAIN.to_dict()))
    assert data["names"] == ["mx.birch.example", "198.51.100.10"]
    assert datetime.fromisoformat(data["not_after"]) == PLAIN.not_after


def test_html_says_the_same_as_the_text() -> None:
    seen = Text(html(PLAIN)).text
    for label, text in PLAIN.rows():
        assert label in seen and text in seen


def test_nothing_in_it_is_markup_or_moves_the_cursor() -> None:
    bad = "<img src=x onerror=alert(1)>\x1b[2J\u202e&amp;"
    certificate = Certificate(bad, bad, (bad,), PLAIN.not_before, PLAIN.not_after, bad)
    seen = Text(html(certificate))
    assert set(seen.tags) == {"div", "style", "dl", "dt", "dd", "code"}
    for text in (seen.text, str(certificate)):
        assert text.count("<img src=x onerror=alert(1)>\\x1b[2J\\u202e&amp;") == 4
        assert "\x1b" not in text and "\u202e" not in text


def test_a_certificate_shows_itself() -> None:
    shell = InteractiveShell()
    register(shell)
    shown, _ = shell.display_formatter.format(PLAIN)  # type: ignore[union-attr]
    assert "smtplab-certificate" in shown["text/html"]
    assert shown["text/plain"] == str(PLAIN)


def test_empty_fields() -> None:
    nothing = Certificate("", "", (), PLAIN.not_before, PLAIN.not_after, "")
    assert [text for _, text in nothing.rows()][:3] == ["(empty)", "(none)", "(empty)"]


# read from the wire -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab() -> Lab:  # type: ignore[misc]
    with Lab() as lab:
        yield lab


@pytest.mark.parametrize(
    ("kind", "names", "issuer", "self_signed", "until"),
    [
        ("good", (MX,), "smtplab", False, 3000),
        ("wrong-name", ("elsewhere.example",), "smtplab", False, 3000),
        ("expired", (MX,), "smtplab", False, 2020),
        ("self-signed", (MX,), "smtplab", True, 3000),
        ("unknown-ca", (MX,), "Stranger", False, 3000),
    ],
)
def test_what_a_host_shows(
    lab: Lab, kind: Kind, names: tuple[str, ...], issuer: str, self_signed: bool, until: int
) -> None:
    lab.use_certificate(MX, kind)
    seen = lab.certificate(MX)
    assert (seen.names, seen.self_signed, seen.not_after.year) == (names, self_signed, until)
    assert f"O={issuer}" in seen.issuer and f"CN={names[0]}" in seen.subject
    assert len(seen.fingerprint.split(":")) == 32
    assert lab.certificate(MX) == seen


def test_on_each_port(lab: Lab) -> None:
    ports = [lab.certificate("mail.acorn.example", port) for port in (25, 465, 587)]
    assert len({seen.fingerprint for seen in ports}) == 1


def test_with_mallory_it_is_hers(lab: Lab) -> None:
    lab.use_certificate(MX)
    right = lab.certificate(MX)
    lab.mallory.impersonate(MX)
    hers = lab.certificate(MX)
    lab.mallory.strip_starttls(MX)
    with pytest.raises(LabError, match=r"shows no certificate here\. It said: 502 5\.5\.1"):
        lab.certificate(MX)
    lab.mallory.stop()
    assert hers.self_signed and hers.names == right.names and hers.fingerprint != right.fingerprint
    assert lab.certificate(MX) == right


def test_a_session_knows_its_certificate(lab: Lab) -> None:
    lab.use_certificate(MX, "expired")
    with lab.connect(MX, check=False) as session:
        assert session.certificate is None
        session.say("EHLO x", "STARTTLS")
        assert session.certificate == lab.certificate(MX)
        assert session.ask_for_certificate() == session.certificate
    with lab.connect(MX) as session, pytest.raises(ssl.SSLCertVerificationError):
        session.say("EHLO x", "STARTTLS")
    lab.use_certificate("mail.acorn.example", "expired")
    with pytest.raises(LabError, match=r"expired.*lab\.certificate"):
        lab.connect("mail.acorn.example", 465)
    lab.use_certificate("mail.acorn.example")


def test_a_certificate_from_a_stranger() -> None:
    """Damaged octets give a certificate or one sentence."""
    authority, chance = Authority(), random.Random(7)
    good = ssl.PEM_cert_to_DER_cert(authority.leaf(MX, "192.0.2.1").pem.decode())
    assert read(good).names == (MX, "192.0.2.1")
    unreadable = 0
    for _ in range(3000):
        octets = bytearray(good)
        for _ in range(chance.choice((1, 1, 4))):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cryptography warns of what will be an error some day
            try:
                assert str(read(bytes(octets)))
            except LabError:
                unreadable += 1
    assert unreadable > 500
    for octets in (b"", b"\x30", good[:100]):
        with pytest.raises(LabError, match="cannot be read"):
            read(octets)
