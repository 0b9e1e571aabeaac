"""Path and domains: what RFC 5321 §4.1.2 allows, what it forbids, and where the finger points."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smtplab.mail.domain import check_domain, to_ascii
from smtplab.mail.errors import RecordError
from smtplab.mail.path import Path, split_path
from smtplab.mail.text import decode, visible

# Text that often comes near a path, and octets of any kind as the wire delivers them.
NEAR = st.text('<>@".\\[]:, =-_ab1éß文\u202e\x00\x85', max_size=60) | st.binary(max_size=60).map(decode)


def good(text: str, local: str, domain: str, canonical: str = "") -> None:
    path = Path.parse(text)
    assert (path.local, path.domain) == (local, domain)
    assert str(path) == (canonical or text)
    assert Path.parse(str(path)) == path


def bad(text: str, pointed_at: str, rule: str, *, utf8: bool = True) -> None:
    with pytest.raises(RecordError) as caught:
        Path.parse(text, utf8=utf8)
    start, end = caught.value.span
    assert text[start:end] == pointed_at
    assert rule in caught.value.message


def test_local_parts() -> None:
    # Dot-string = Atom *("." Atom)
    good("<alice@acorn.example>", "alice", "acorn.example")
    good("<alice.b.c@acorn.example>", "alice.b.c", "acorn.example")
    good("<!#$%&'*+-/=?^_`{|}~@a.example>", "!#$%&'*+-/=?^_`{|}~", "a.example")
    bad("<.alice@acorn.example>", ".", "single dots")
    bad("<alice.@acorn.example>", ".", "single dots")
    bad("<al..ice@acorn.example>", ".", "single dots")
    bad("<@>", ">", "a domain is labels")
    bad("<al ice@acorn.example>", " ", "needs quotes")
    bad("<al,ice@acorn.example>", ",", "needs quotes")
    bad("<al(ice)@acorn.example>", "(", "needs quotes")
    # Quoted-string: space, ">" and "@" inside; a backslash before " and \
    good('<"Alice A."@acorn.example>', "Alice A.", "acorn.example")
    good('<"a>b@c"@acorn.example>', "a>b@c", "acorn.example")
    good(r'<"a\"b\\c"@acorn.example>', r'a"b\c', "acorn.example")
    good('<""@acorn.example>', "", "acorn.example")
    good('<" "@acorn.example>', " ", "acorn.example")
    good('<".a..b."@acorn.example>', ".a..b.", "acorn.example")
    bad('<"alice@acorn.example>', '"alice@acorn.example>', "ends with a quote")
    bad('<"ali\\', '"ali\\', "ends with a quote")
    bad('<"a"b@acorn.example>', "b", "needs quotes")
    bad('<"a\\é"@acorn.example>', '"a\\é"@acorn.example>', "ends with a quote")
    # RFC 5321 §4.1.2: send the form with the least quoting
    good('<"alice"@acorn.example>', "alice", "acorn.example", "<alice@acorn.example>")
    good(r'<"Joe\,Smith"@acorn.example>', "Joe,Smith", "acorn.example", '<"Joe,Smith"@acorn.example>')


def test_domains() -> None:
    good("<a@b>", "a", "b")
    good("<a@Acorn.EXAMPLE>", "a", "Acorn.EXAMPLE")
    good("<a@1-2.3x.example>", "a", "1-2.3x.example")
    good("<a@192.0.2.1>", "a", "192.0.2.1")  # the grammar takes digits for labels
    bad("<a@acorn_tree.example>", "_", "letters, digits and inner hyphens")
    bad("<a@-acorn.example>", "-", "begins and ends")
    bad("<a@acorn-.example>", "-", "begins and ends")
    bad("<a@acorn..example>", ".", "single dots")
    bad("<a@.example>", ".", "single dots")
    bad("<a@acorn.example.>", ">", "single dots")
    bad("<a@b@c>", "@", "letters, digits")
    bad("<a@b c>", " ", 'ends with ">"')
    bad("<alice>", ">", "@ and a domain follow")


def test_address_literals() -> None:
    # RFC 5321 §4.1.3
    good("<a@[192.0.2.1]>", "a", "[192.0.2.1]")
    good("<a@[IPv6:2001:db8::1]>", "a", "[IPv6:2001:db8::1]")
    good("<a@[ipv6:::ffff:192.0.2.1]>", "a", "[ipv6:::ffff:192.0.2.1]")
    good("<a@[x25:1234,5>6]>", "a", "[x25:1234,5>6]")
    bad("<a@[192.0.2.256]>", "[192.0.2.256]", "is like [192.0.2.1]")
    bad("<a@[192.0.2]>", "[192.0.2]", "is like [192.0.2.1]")
    bad("<a@[IPv6:2001:db8::1::2]>", "[IPv6:2001:db8::1::2]", "is like [192.0.2.1]")
    bad("<a@[IPv6:fe80::1%eth0]>", "[IPv6:fe80::1%eth0]", "is like [192.0.2.1]")
    bad("<a@[2001:db8::1]>", "", "begins with IPv6:")
    bad("<a@[192.0.2.1>", "[192.0.2.1", "is like [192.0.2.1]")
    bad("<a@[192.0.2.1].example>", ".", 'ends with ">"')
    bad("<a@[]>", "[]", "is like [192.0.2.1]")
    bad("<a@[x-:y]>", "[x-:y]", "is like [192.0.2.1]")


def test_source_routes_are_dropped() -> None:
    # RFC 5321 §4.1.1.3 and Appendix C: accepted, and ignored
    good("<@relay.example:bob@birch.example>", "bob", "birch.example", "<bob@birch.example>")
    good("<@a,@b.example:bob@birch.example>", "bob", "birch.example", "<bob@birch.example>")
    bad("<@a,b:bob@birch.example>", "b", 'begins with "@"')
    bad("<@a;@b:bob@birch.example>", ";", "labels of letters")
    bad("<@birch.example>", ">", 'stands before "@"')
    bad("<@a:>", ">", "a local part is")
    bad("<@a bob@birch.example>", " ", "ends with a colon")
    bad("<@[192.0.2.1]:bob@birch.example>", "[", "labels of letters")


def test_null_and_postmaster() -> None:
    good("<>", "", "")
    assert Path.parse("<>").is_null and Path() == Path.parse("<>")
    assert not Path.parse('<""@acorn.example>').is_null
    # RFC 5321 §4.1.1.3: postmaster needs no domain and has no case
    good("<Postmaster>", "Postmaster", "")
    assert Path.parse("<Postmaster>") == Path.parse("<postmaster>")
    assert Path.parse("<POSTMASTER@a.example>") == Path.parse("<postmaster@a.example>")
    bad("<postmaster2>", ">", "@ and a domain follow")


def test_brackets() -> None:
    bad("alice@acorn.example", "a", 'begins with "<"')
    bad("  <alice@acorn.example>", "  ", "no space stands before")  # RFC 5321 §3.3
    bad("", "", 'begins with "<"')
    bad("<alice@acorn.example", "", 'ends with ">"')
    bad("<alice@acorn.example> ", " ", "nothing may follow")
    bad("<>>", ">", "nothing may follow")
    bad("<", "", "a local part is")


def test_smtputf8() -> None:
    # RFC 6531 §3.3
    good("<jörg@bücher.example>", "jörg", "bücher.example")
    good('<"jörg m"@例え.example>', "jörg m", "例え.example")
    assert Path.of("jörg@acorn.example").needs_utf8 and Path.of("a@bücher.example").needs_utf8
    assert not Path.of("alice@acorn.example").needs_utf8
    bad("<jörg@acorn.example>", "ö", "SMTPUTF8", utf8=False)
    bad("<a@bü.example>", "ü", "SMTPUTF8", utf8=False)
    # a U-label is letters, marks and digits: no signs, no other dots
    bad("<a@☃.example>", "☃", "letters, digits")
    bad("<a@a。example>", "。", "letters, digits")
    bad("<a@a\u202eb.example>", "\u202e", "letters, digits")
    # octets that are not UTF-8, and controls
    bad(decode(b"<j\xf6rg@acorn.example>"), "\udcf6", "UTF-8")
    bad("<a\x00b@acorn.example>", "\x00", "control")
    bad('<"a\r\nb"@acorn.example>', "\r\n", "control")
    bad("<a\x85b@acorn.example>", "\x85", "control")


def test_limits_in_octets() -> None:
    # RFC 5321 §4.5.3.1.1, §4.5.3.1.2, §4.5.3.1.3 and RFC 1035 §2.3.4
    label, domain = "d" * 63, ".".join(["d" * 48] * 5)
    good(f"<{'a' * 64}@{label}.example>", "a" * 64, f"{label}.example")
    bad(f"<{'a' * 65}@b.example>", "a" * 65, "at most 64 octets, and this has 65")
    bad(f"<{'é' * 33}@b.example>", "é" * 33, "at most 64 octets, and this has 66")
    bad(f"<a@{label}d.example>", label + "d", "at most 63 octets")
    bad(f"<a@{'é' * 59}.example>", "é" * 59, "at most 63 octets")  # 118 octets; it is the A-label that counts
    long = ".".join(["d" * 51] * 5)  # 259 octets
    bad(f"<a@{long}>", long, "at most 255 octets")
    whole = f"<{'a' * (253 - len(domain))}@{domain}>"
    assert len(whole) == 256
    good(whole, "a" * (253 - len(domain)), domain)
    bad(whole.replace("<a", "<aa"), whole.replace("<a", "<aa"), "a path has at most 256 octets")


def test_equality() -> None:
    # RFC 5321 §2.4: the domain in any case, the local part letter by letter
    assert Path.of("a@B.example") == Path.of("a@b.EXAMPLE")
    assert hash(Path.of("a@B.example")) == hash(Path.of("a@b.EXAMPLE"))
    assert Path.of("a@b.example") != Path.of("A@b.example")
    assert Path.of('"a"@b.example') == Path.of("a@b.example")
    assert Path.of("a@Bücher.example") == Path.of("a@xn--bcher-kva.example")
    assert Path.of("a@b.example") != "<a@b.example>"


def test_to_ascii() -> None:
    assert to_ascii("Acorn.EXAMPLE") == "acorn.example"
    assert to_ascii("Bücher.example") == "xn--bcher-kva.example"
    assert to_ascii("bu\u0308cher.example") == "xn--bcher-kva.example"  # composed first (NFC)
    assert Path.of("a@bücher.example").domain_ascii == "xn--bcher-kva.example"


def test_check_domain_alone() -> None:
    # what EHLO takes (RFC 5321 §4.1.1.1)
    check_domain("alice.home.example")
    check_domain("[192.0.2.1]")
    for text in ("", "a b", "a_b", "[192.0.2.1"):
        with pytest.raises(RecordError):
            check_domain(text)
    with pytest.raises(RecordError):
        check_domain("[192.0.2.1]", literal=False)


def test_a_path_is_always_well_formed() -> None:
    # no constructor lets a line end or a second command into MAIL
    for local, domain in (
        ("a\r\nRCPT TO:<b@c>", "d"),
        ("a", "b> SIZE=1"),
        ("a", "b\n"),
        ("alice", ""),
        ("", "b..c"),
        ("a" * 65, "b"),
        ("a" * 60, ".".join(["d" * 48] * 5)),
        ("\udcff", "b"),
    ):
        with pytest.raises(RecordError):
            Path(local, domain)
    with pytest.raises(RecordError):
        Path.of("a@b> SIZE=1")


def test_split_path() -> None:
    assert split_path("<a@b> SIZE=10 BODY=8BITMIME") == (Path("a", "b"), "SIZE=10 BODY=8BITMIME")
    assert split_path('<"x> SIZE=1"@b>  SIZE=2 ') == (Path("x> SIZE=1", "b"), "SIZE=2")
    assert split_path("<>") == (Path(), "")
    assert split_path("<Postmaster> NOTIFY=NEVER") == (Path("Postmaster"), "NOTIFY=NEVER")
    for text, at in (("<a@b>SIZE=10", 5), ("<>\tSIZE=1", 2), ("<a@b> \x1b", 6)):
        with pytest.raises(RecordError) as caught:
            split_path(text)
        assert caught.value.span == (at, at + 1)


def test_addresses_without_brackets() -> None:
    assert Path.of("alice@acorn.example").address == "alice@acorn.example"
    assert Path.of('"a b"@acorn.example').address == '"a b"@acorn.example'
    assert Path.of("").address == "" and Path("postmaster").address == "postmaster"


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "text",
    [
        "<" + "a" * 10**6,
        "<" + "a." * 10**6,
        '<"' + "a" * 10**6,
        '<"' + "\\a" * 10**6 + '"@b>',
        "<" + "@a," * 10**5 + ":b@c>",
        "<" + "@a," * 10**5 + "@a:b@c>",
        "<a@" + "b." * 10**6 + ">",
        "<a@[" + "x:" * 10**6 + "]>",
        "<a@[" * 10**5,
        " " * 10**6,
        "<" + "é" * 10**6,
    ],
    ids=lambda text: text[:8],
)
def test_hostile_length(text: str) -> None:
    # every parse is linear and without recursion; the message stays short
    with pytest.raises(RecordError) as caught:
        split_path(text)
    assert len(str(caught.value)) < 600


@settings(deadline=None, max_examples=500)
@given(NEAR | NEAR.map(lambda text: f"<{text}>") | NEAR.map(lambda text: f"<a@{text}>"), st.booleans())
@example('<"\\', True)
@example("<@", True)
@example("<a@[", False)
def test_any_text_parses_or_raises_record_error(text: str, utf8: bool) -> None:
    for parse in (Path.parse, split_path):
        try:
            parse(text, utf8=utf8)
        except RecordError as error:
            start, end = error.span
            assert 0 <= start <= end <= len(text) and error.text == text
            assert visible(str(error), keep="\n") == str(error) and str(error).count("\n") == 2


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?|[éüñ文字]{1,8}", fullmatch=True)
DOMAIN = st.lists(LABEL, min_size=1, max_size=4).map(".".join) | st.ip_addresses(v=4).map(
    lambda ip: f"[{ip}]"
)
LOCAL = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=14)  # 4 octets each, some quoted


@settings(deadline=None)
@given(LOCAL, DOMAIN)
def test_round_trip(local: str, domain: str) -> None:
    path = Path(local, domain)
    again = Path.parse(str(path))
    assert (again.local, again.domain) == (local, domain)
    assert again == path and hash(again) == hash(path) and str(again) == str(path)
