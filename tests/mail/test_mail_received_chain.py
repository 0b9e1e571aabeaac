"""The chain: which hop is known, and why trust ends where it does (RFC 5321 §4.4, §7.1)."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from smtplab.mail.errors import RecordError
from smtplab.mail.hosts import Trusted, is_internal, kin, standing
from smtplab.mail.received import Chain, Received, chain, parse
from smtplab.mail.received.protocols import meaning, secure
from smtplab.mail.received.record import Tls
from smtplab.mail.verdict import tone

BIRCH = (".birch.example", "198.51.100.0/24", "2001:db8:b::/48")

STORE = (
    "from mx.birch.example ([198.51.100.10])\n\tby imap.birch.example with LMTP\n\tid AbCd"
    "\n\tfor <bob@birch.example>; Mon, 2 Mar 2026 09:00:03 +0000"
)
FILTER = (
    "from localhost (localhost [127.0.0.1])\n\tby mx.birch.example (Postfix) with ESMTP id 4XX;"
    " Mon, 2 Mar 2026 09:00:02 +0000 (UTC)"
)
EDGE = (
    "from mail.acorn.example (mail.acorn.example [192.0.2.10])\n\tby mx.birch.example (smtplab) with ESMTPS"
    " id 1;\n\tMon, 2 Mar 2026 10:00:01 +0100"
)
SUBMITTED = (
    "from alice.home.example (alice.home.example [203.0.113.77])\n\tby mail.acorn.example (smtplab)"
    " with ESMTPSA id 2;\n\tMon, 2 Mar 2026 09:00:00 +0000"
)
MALLORY = EDGE.replace("(mail.acorn.example [192.0.2.10])", "(mail.mallory.example [203.0.113.66])")


def message(*lines: str, rest: str = "From: Alice <alice@acorn.example>\nSubject: Hello\n") -> str:
    """A header section with these Received fields, the newest first."""
    return "".join(f"Received: {line}\n" for line in lines) + rest


def read(*lines: str, trusted: tuple[str, ...] = BIRCH) -> Chain:
    return chain(message(*lines), trusted=trusted)


# which hop is known ----------------------------------------------------------------------------------


def test_order_and_numbers() -> None:
    found = read(STORE, FILTER, EDGE, SUBMITTED)
    assert [hop.number for hop in found.hops] == [1, 2, 3, 4]
    assert [hop.place for hop in found.hops] == [4, 3, 2, 1]
    assert found.hops[0].received.by == "mail.acorn.example"
    assert found.header == found.hops[::-1]
    assert [hop.delay for hop in found.hops] == [None, *[timedelta(seconds=1)] * 3]
    assert [hop.secure for hop in found.hops] == [True, True, False, False]


def test_the_line_of_a_strangers_client_is_the_last_that_is_known() -> None:
    found = read(STORE, FILTER, EDGE, SUBMITTED)
    assert [hop.known for hop in found.hops] == [False, True, True, True]
    assert found.boundary == 1
    assert found.known == found.hops[1:] and found.claimed == found.hops[:1]
    assert "[192.0.2.10]" in found.hops[0].why and "address is evidence" in found.hops[1].why


@pytest.mark.parametrize(
    ("trusted", "known"),
    [
        ((), 0),
        (("mx.birch.example",), 0),  # the newest line is by another host
        (("imap.birch.example",), 1),  # the store had it from a host that is not trusted
        (
            ("imap.birch.example", "198.51.100.10"),
            1,
        ),  # the address alone does not say who wrote the next line
        (("imap.birch.example", "mx.birch.example"), 1),  # the client's own name proves nothing
        (("imap.birch.example", "MX.birch.example.", "198.51.100.10"), 3),
        (BIRCH, 3),
        ((*BIRCH, "mail.acorn.example"), 3),  # the address has that name, and its owner chose it
        ((*BIRCH, "192.0.2.10", "mail.acorn.example"), 4),
        ((".example",), 1),
        ((".example", "198.51.100.10/32"), 3),
        ((".example", "198.51.100.10/32", "192.0.2.10"), 4),
    ],
)
def test_trust_is_read_from_the_top(trusted: tuple[str, ...], known: int) -> None:
    lmtp = STORE.replace("LMTP", "ESMTP")
    found = read(lmtp, FILTER, EDGE, SUBMITTED, trusted=trusted)
    assert [hop.known for hop in found.header] == [True] * known + [False] * (4 - known)


def test_every_host_of_ones_own_is_known_when_the_client_is_none() -> None:
    found = read(SUBMITTED, trusted=("mail.acorn.example",))
    assert found.verdict.result == "known" and found.boundary == 0


@pytest.mark.parametrize(
    "line",
    [
        MALLORY,  # HELO mail.acorn.example, which is trusted here, from an address that is not
        EDGE.replace(
            "(mail.acorn.example [192.0.2.10])", "(mail.acorn.example [203.0.113.66]) (may be forged)"
        ),
        EDGE.replace("mail.acorn.example [192.0.2.10]", "mail.acorn.example [203.0.113.66] (may be forged)"),
        EDGE.replace("mail.acorn.example [192.0.2.10]", "unknown [203.0.113.66]"),
        "from mail.acorn.example by mx.birch.example with SMTP; Mon, 2 Mar 2026 09:00:01 +0000",
        "by mx.birch.example (Postfix, from userid 33)\n\tid 4Y; Mon, 2 Mar 2026 09:00:01 +0000",
        "from www by mx.birch.example with local (Exim 4.98)\n\tid 1; Mon, 2 Mar 2026 09:00:01 +0000",
    ],
)
def test_what_a_client_says_of_itself_is_no_ground(line: str) -> None:
    found = read(line, SUBMITTED, trusted=(*BIRCH, "mail.acorn.example"))
    assert [hop.known for hop in found.hops] == [False, True]


def test_a_line_in_the_name_of_ones_own_host_is_not_known_below_a_stranger() -> None:
    borrowed = SUBMITTED.replace("by mail.acorn.example", "by mx.birch.example")
    found = read(STORE, FILTER, MALLORY, borrowed)
    assert [hop.known for hop in found.hops] == [False, True, True, True]


def test_trust_ends_where_a_trusted_host_in_between_has_left_no_line() -> None:
    found = read(
        STORE, EDGE.replace("mx.birch.example", "mx.relay.example"), trusted=(*BIRCH, ".relay.example")
    )
    assert [hop.known for hop in found.hops] == [False, True]
    assert "does not lead to it" in found.hops[0].why


def test_a_queue_line_belongs_to_the_host_below() -> None:
    queue = "(qmail 4711 invoked from network); 2 Mar 2026 09:00:02 -0000"
    assert [hop.known for hop in read(queue, EDGE).hops] == [True, True]
    assert [hop.known for hop in read(queue, EDGE, trusted=(".oak.example",)).hops] == [False, False]
    user = queue.replace("from network", "by uid 1000")
    assert [hop.known for hop in read(user, EDGE).hops] == [False, True]


def test_hosts_that_name_themselves_by_address() -> None:
    inner = "by 2002:a05:6402::17 with SMTP id 1;\n        Mon, 2 Mar 2026 01:00:02 -0800 (PST)"
    assert [hop.known for hop in read(inner, EDGE, trusted=(*BIRCH, "2002:a05::/32")).hops] == [True, True]
    assert [hop.known for hop in read(inner, EDGE).hops] == [False, False]


def test_a_line_that_cannot_be_read_ends_trust() -> None:
    found = read(FILTER, "= ?# ?#", EDGE)
    assert [hop.known for hop in found.hops] == [False, False, True]
    assert found.hops[1].received.unread == ((0, len(" = ?# ?#")),)
    assert not read("= ?#", EDGE).known


@pytest.mark.parametrize(
    ("trusted", "host", "yes"),
    [
        ("mx.birch.example", "MX.Birch.example.", True),
        ("mx.birch.example", "a.mx.birch.example", False),
        (".birch.example", "birch.example", True),
        (".birch.example", "a.b.birch.example", True),
        (".birch.example", "evilbirch.example", False),
        (".birch.example", "mx.birch.example.mallory.example", False),
        ("192.0.2.0/24", "[192.0.2.7]", True),
        ("192.0.2.1/24", "192.0.2.7", True),
        ("[IPv6:2001:db8::1]", "[IPv6:2001:db8:0::1]", True),
        ("192.0.2.0/24", "192.0.2.7.example", False),
        ("mx.birch.example", "", False),
        (".birch.example", "a." * 4000 + "birch.example", False),
    ],
)
def test_trusted(trusted: str, host: str, yes: bool) -> None:
    assert Trusted.of([trusted]).name(host) is yes


@pytest.mark.parametrize(
    "entry", ["", "*.birch.example", "a b", "192.0.2.0/40", "x" * 300, "bob@birch.example"]
)
def test_what_cannot_be_trusted(entry: str) -> None:
    with pytest.raises(RecordError):
        chain(message(EDGE), trusted=[entry])


def test_a_single_name_may_stand_alone() -> None:
    assert chain(message(EDGE), trusted="mx.birch.example").trusted == (
        "mx.birch.example",
    )  # not its letters


# what comes out --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "trusted", "result", "known", "claimed"),
    [
        ((), BIRCH, "none", "Nothing is known", "Nothing is claimed"),
        ((EDGE,), (), "claimed", "begin with mx.birch.example", "its only line"),
        ((EDGE,), ("birch.example",), "claimed", "that domain write .birch.example", "its only line"),
        ((EDGE, SUBMITTED), (".oak.example",), "claimed", "none of the hosts that you trust", "all 2 lines"),
        (
            (EDGE,),
            BIRCH,
            "known",
            "from mail.acorn.example [192.0.2.10] at 2026-03-02",
            "what clients called",
        ),
        (
            (FILTER, EDGE, SUBMITTED),
            BIRCH,
            "partial",
            "wrote the 2 lines",
            "began at alice.home.example [203",
        ),
        (
            (EDGE, "by a.example; Mon, 2 Mar 2026 09:00:00 +0000"),
            BIRCH,
            "partial",
            "that line",
            "nobody can see",
        ),
    ],
)
def test_two_sentences(
    lines: tuple[str, ...], trusted: tuple[str, ...], result: str, known: str, claimed: str
) -> None:
    found = read(*lines, trusted=trusted)
    first, second = re.split(r"(?<=\.) (?=[A-Z])", found.summary)
    assert known in first and claimed in second and second.endswith(".")
    assert found.verdict.result == result
    assert found.verdict.meters == {"hops": (len(lines), 100)}


def test_it_shows_itself() -> None:
    found = read(STORE, FILTER, MALLORY.replace("from mail.acorn", "from mail.mallory"), SUBMITTED)
    text = str(found)
    assert text.startswith(found.summary) and "~ partial  Received" in text and "mail.mallory.example" in text
    assert str(found.hops[1]) == (
        "known 2: mail.mallory.example [203.0.113.66] -> mx.birch.example, after 1 s, under TLS"
    )
    assert [step.result for step in found.verdict.steps] == ["known", "known", "known", "claimed"]
    assert found.verdict.steps[3].steps == found.hops[0].steps != ()


def test_as_json() -> None:
    found = read(FILTER, EDGE, SUBMITTED)
    made = json.loads(json.dumps(found.to_dict()))
    assert made["boundary"] == 1 and made["summary"] == found.summary and made["trusted"] == list(BIRCH)
    assert made["hops"][1]["ip"] == "192.0.2.10" and made["hops"][1]["delay"] == 1.0
    assert made["hops"][0]["delay"] is None and made["hops"][0]["with"] == "ESMTPSA"


def test_what_is_hostile_does_not_get_through() -> None:
    found = read(
        "from a\x1b[31m\u202e (x [192.0.2.1]) by b\x07.example; Mon, 2 Mar 2026 09:00:00 +0000", trusted=()
    )
    assert str(found).replace("\n", "").isprintable()
    assert found.summary.isprintable()


def test_every_way_of_giving_a_message() -> None:
    text = message(STORE, FILTER, EDGE, SUBMITTED) + "\nReceived: from the body by nobody; never\n"
    raw = text.replace("\n", "\r\n").encode()
    expected = [hop.known for hop in chain(text, trusted=BIRCH).hops]
    fields = [parse(line) for line in (STORE, FILTER, EDGE, SUBMITTED)]
    for given in (
        raw,
        message_from_bytes(raw),
        message_from_bytes(raw, policy=policy.default),
        fields,
    ):
        found = chain(given, trusted=BIRCH)
        assert [hop.known for hop in found.hops] == expected and not found.anomalies
        assert [hop.received.date for hop in found.hops] == [one.date for one in reversed(fields)]


def test_a_list_has_no_header_around_it() -> None:
    assert chain([]).verdict.result == "none"
    assert chain([Received("", by="mx.birch.example")], trusted=BIRCH).verdict.result == "known"


# protocols and addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "tls", "says"),
    [
        ("SMTP", False, "begun with HELO"),
        ("esmtp", False, "begun with EHLO"),
        ("ESMTPS", True, "under TLS"),
        ("ESMTPA", False, "logged in"),
        ("ESMTPSA", True, "under TLS, by a client that had logged in"),
        ("LMTP", False, "into a mailbox"),
        ("LMTPSA", True, "logged in"),
        ("UTF8SMTPS", True, "addresses in UTF-8"),
        ("UTF8LMTP", False, "into a mailbox"),
        ("SMTPS", True, "in no registry"),
        ("HTTP", None, "web page"),
        ("mapi", None, "Exchange"),
        ("Microsoft SMTP Server", False, "Exchange"),
        ("IMAP", None, "fetched"),
        ("local", None, "on the host itself"),
        ("carrier pigeon", None, ""),
        ("", None, ""),
    ],
)
def test_with(word: str, tls: bool | None, says: str) -> None:
    assert secure(Received("", with_=word)) is tls
    assert says in meaning(word) and bool(says) == bool(meaning(word))
    assert secure(Received("", with_=word, tls=Tls("TLS1.3"))) is True


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("192.0.2.1", "public"), ("198.51.100.1", "public"), ("203.0.113.1", "public"),
        ("2001:db8::1", "public"),
        ("8.8.8.8", "public"), ("10.1.2.3", "private"), ("100.64.0.1", "private"), ("169.254.1.1", "private"),
        ("fe80::1", "private"), ("fd00::1", "private"), ("2002:a05::1", "private"), ("127.0.0.9", "loopback"),
        ("::1", "loopback"), ("::ffff:127.0.0.1", "loopback"), ("0.0.0.0", "impossible"),
        ("224.0.0.1", "impossible"), ("255.255.255.255", "impossible"), ("::", "impossible"),
        ("ff02::1", "impossible"), ("::ffff:192.0.2.1", "public"),
    ],
)  # fmt: skip
def test_standing(address: str, where: str) -> None:
    ip = parse(f"from a ([{address}]) by b; Mon, 2 Mar 2026 09:00:00 +0000").ip
    assert ip is not None and standing(ip) == where


def test_names() -> None:
    assert kin("a.acorn.example", "b.c.ACORN.example.") and not kin("acorn.example", "birch.example")
    assert kin("mx.acorn.co.uk", "out.acorn.co.uk") and not kin("acorn.co.uk", "birch.co.uk")
    assert kin("[192.0.2.1]", "192.0.2.1") and not kin("[192.0.2.1]", "a.example") and not kin("", "")
    assert all(map(is_internal, ("EXCH01", "a.local", "10.0.0.1", "[IPv6:fe80::1]", "a.corp.")))
    assert not is_internal("mx.birch.example") and not is_internal("192.0.2.1")


def test_how_it_went() -> None:
    assert {tone(word) for word in ("fail", "softfail", "neutral")} == {"bad", "later", "plain"}
