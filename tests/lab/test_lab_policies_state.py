"""What policies remember and read: the greylist's table of states, and the content filter's rules."""

from __future__ import annotations

import base64
import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.lab import trace
from smtplab.lab.lab import Lab
from smtplab.lab.policies import RULES, ContentFilter, Greylist, Rule, greylist, score
from smtplab.lab.policies.content import LOOKED_AT, TEST_STRING
from smtplab.mail.path import Path

MX = "mx.birch.example"
MINUTE, HOUR, DAY = 60, 3600, 86400

# A triple comes at these seconds, and each time gets this code (delay 1 min, window 24 h, expiry 35 days).
STATES = {
    "too early does not start the delay again": [(0, 450), (59, 450), (60, 250)],
    "at once, then it is known": [(0, 450), (60, 250), (61, 250), (2 * HOUR, 250)],
    "the last second of the window": [(0, 450), (DAY, 250)],
    "after the window it starts again": [(0, 450), (DAY + 1, 450), (DAY + 60, 450), (DAY + 61, 250)],
    "known for 35 days after it was last seen": [
        (0, 450),
        (60, 250),
        (60 + 35 * DAY, 250),
        (60 + 70 * DAY, 250),
    ],
    "forgotten after 35 days of silence": [(0, 450), (60, 250), (61 + 35 * DAY, 450), (121 + 35 * DAY, 250)],
    "early tries are no success": [(0, 450), (1, 450), (2, 450), (DAY + 1, 450)],
}


@pytest.mark.parametrize("states", STATES.values(), ids=list(STATES))
def test_the_greylist_by_the_labs_clock(states: list[tuple[int, int]]) -> None:
    with Lab() as lab:
        lab.mta(MX).policies.append(Greylist())
        start = lab.clock.now()
        codes = []
        for at, _ in states:
            lab.clock.advance(seconds=at - (lab.clock.now() - start).total_seconds())
            with lab.connect(MX, 25, "mail.mallory.example") as session:
                codes.append(session.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<bob@birch.example>")[-1].code)
    assert codes == [code for _, code in states]


ALIKE = [
    (
        "192.0.2.10",
        "a@b.example",
        "Bob@birch.example",
        "192.0.2.99",
        "A@B.example",
        "bob@BIRCH.example",
        True,
    ),
    (
        "192.0.2.10",
        "a@b.example",
        "bob@birch.example",
        "192.0.3.10",
        "a@b.example",
        "bob@birch.example",
        False,
    ),
    (
        "192.0.2.10",
        "a@b.example",
        "bob@birch.example",
        "192.0.2.10",
        "c@b.example",
        "bob@birch.example",
        False,
    ),
    (
        "192.0.2.10",
        "a@b.example",
        "bob@birch.example",
        "192.0.2.10",
        "a@b.example",
        "ann@birch.example",
        False,
    ),
    ("192.0.2.10", "", "bob@birch.example", "192.0.2.10", "", "bob@birch.example", True),
    ("192.0.2.10", "", "bob@birch.example", "192.0.2.10", "a@b.example", "bob@birch.example", False),
    ("2001:db8:a::10", "", "bob@birch.example", "2001:db8:a::ffff", "", "bob@birch.example", True),
    ("2001:db8:a::10", "", "bob@birch.example", "2001:db8:a:1::10", "", "bob@birch.example", False),
    ("2001:db8:a::10", "", "bob@birch.example", "192.0.2.10", "", "bob@birch.example", False),
]


@pytest.mark.parametrize(("ip", "mail", "rcpt", "ip2", "mail2", "rcpt2", "alike"), ALIKE)
def test_which_triples_are_the_same(
    ip: str, mail: str, rcpt: str, ip2: str, mail2: str, rcpt2: str, alike: bool
) -> None:
    triple = Greylist().triple
    one, two = triple(ip, Path.of(mail), Path.of(rcpt)), triple(ip2, Path.of(mail2), Path.of(rcpt2))
    assert (one == two) is alike


def test_the_greylist_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes up addresses must not: what is over goes first, then what is oldest."""
    monkeypatch.setattr(greylist, "MOST", 20)
    policy = Greylist()
    with Lab() as lab:
        lab.mta(MX).policies.append(policy)
        with lab.connect(MX, 25, "mail.mallory.example") as session:
            session.say("EHLO x", "MAIL FROM:<>")
            for n in range(18):  # the server hangs up on who is refused twenty times
                session.say(f"RCPT TO:<old{n}@birch.example>")
        lab.clock.advance(days=2)
        with lab.connect(MX, 25, "mail.mallory.example") as session:
            session.say("EHLO x", "MAIL FROM:<>")
            for n in range(18):
                session.say(f"RCPT TO:<new{n}@birch.example>")
        assert len(policy.entries) == 18 and all("<new" in recipient for _, _, recipient in policy.entries)
        with lab.connect(MX, 25, "mail.mallory.example") as session:
            session.say("EHLO x", "MAIL FROM:<>")
            for n in range(18):
                session.say(f"RCPT TO:<more{n}@birch.example>")
        assert len(policy.entries) == 20


# The content filter -----------------------------------------------------------------------------------

HEAD = b"Date: x\r\nMessage-ID: <a@b>\r\n"
CODED = base64.encodebytes(TEST_STRING.encode()).replace(b"\n", b"\r\n")
MIXED = (
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\nContent-Type: text/html\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + CODED + b"--b--\r\n"
)

SCORES: list[tuple[bytes, list[str]]] = [
    (HEAD + b"Subject: lunch\r\n\r\nat one?\r\n", []),
    (b"\r\nhi\r\n", ["NO_DATE", "NO_MESSAGE_ID"]),
    (b"", ["NO_DATE", "NO_MESSAGE_ID"]),
    (b"DATE: x\r\nmessage-id : <a@b>\r\n\r\n", []),
    (HEAD + b"\r\n" + TEST_STRING.encode(), ["TEST_STRING"]),
    (HEAD + b"\r\n" + TEST_STRING.lower().encode(), []),
    (HEAD + b"Subject: " + TEST_STRING.encode() + b"\r\n\r\nhi", ["SHOUTING"]),
    (HEAD + MIXED, ["TEST_STRING"]),
    (HEAD + MIXED.replace(b"text/html", b"image/png"), []),
    (
        HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\nhttp=3A//203.0.113.66/",
        ["URL_WITH_ADDRESS"],
    ),
    (HEAD + b"Subject: BUY CHEAP PILLS\r\n\r\n", ["SHOUTING"]),
    (HEAD + b"Subject: BUY cHEAP PILLS\r\n\r\n", []),
    (HEAD + b"Subject: RE: NATO\r\n\r\n", []),  # too short to be called shouting
    (HEAD + b"Subject: 12345678 !!!!!!!!\r\n\r\n", []),
    (HEAD + b"Subject: =?utf-8?q?R=C3=84UMUNGS?=\r\n VERKAUF\r\n\r\n", ["SHOUTING"]),
    (HEAD + b"Subject: hi\r\nSubject: BUY CHEAP PILLS\r\n\r\n", []),  # the first is the one that is shown
    (HEAD + b"\r\nsee http://203.0.113.66/x", ["URL_WITH_ADDRESS"]),
    (HEAD + b"\r\nsee HTTPS://203.0.113.66", ["URL_WITH_ADDRESS"]),
    (HEAD + b"\r\nsee http://www.bank.example@203.0.113.66/", ["URL_WITH_ADDRESS"]),
    (HEAD + b"\r\nsee http://[2001:db8::1]/", ["URL_WITH_ADDRESS"]),
    (HEAD + b"\r\nsee http://203.0.113.66.example/", []),
    (HEAD + b"\r\nsee http://www.example/203.0.113.66", []),
    (HEAD + b"\r\nversion 203.0.113.66", []),
    (HEAD + b"\r\n" + b"x" * LOOKED_AT + TEST_STRING.encode(), []),  # it reads so far and no further
]


@pytest.mark.parametrize(("content", "hits"), SCORES)
def test_the_rules_and_their_steps(content: bytes, hits: list[str]) -> None:
    found = score(content)
    points = {rule.name: rule.points for rule in RULES}
    assert [step.what for step in found.steps] == [f"{name} {points[name]:+.1f}" for name in hits]
    assert found.points == sum(points[name] for name in hits)


def test_a_rule_of_ones_own() -> None:
    ours = Rule("PILLS", 2.5, "nobody here buys pills", lambda text: "pills" if "pills" in text.body else "")
    found = score(HEAD + b"\r\npills\r\n", (*RULES, ours))
    assert (found.points, [step.why for step in found.steps]) == (2.5, ["nobody here buys pills: pills"])


@pytest.mark.parametrize(
    ("content", "code", "flag", "points"),
    [
        (HEAD + b"\r\nhi", 250, "NO", "0.0"),
        (HEAD + b"Subject: BUY CHEAP PILLS\r\n\r\n", 250, "NO", "2.0"),
        (HEAD + b"Subject: BUY CHEAP PILLS\r\n\r\nhttp://203.0.113.66/", 250, "YES", "5.0"),
        (b"Subject: BUY CHEAP PILLS\r\n\r\nhttp://203.0.113.66/", 250, "YES", "7.5"),
        (
            HEAD + b"X-Spam-Flag: NO\r\nx-spam-score:\r\n -9\r\nX-Spam-Status: No\r\n\r\nhttp://1.2.3.4",
            250,
            "NO",
            "3.0",
        ),
        (HEAD + b"\r\n" + TEST_STRING.encode(), 554, "", ""),
    ],
)
def test_marked_or_refused(content: bytes, code: int, flag: str, points: str) -> None:
    with Lab() as lab:
        lab.mta(MX).policies.append(ContentFilter())
        with lab.connect(MX, 25, "mail.mallory.example") as session:
            reply = session.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<bob@birch.example>", "DATA", content)[-1]
        assert reply.code == code
        box = lab.mailbox("bob@birch.example")
        assert [mail["X-Spam-Flag"] for mail in box] == [flag] * bool(flag)
        assert [mail["X-Spam-Score"] for mail in box] == [points] * bool(flag)
        assert all(mail.raw.lower().count(b"x-spam-") == 2 for mail in box)
        if flag:
            reason = next(one.step for one in lab.mta(MX).decisions if one.by == "ContentFilter")
            assert reason.what == f"score {points}"
            assert reason.result == ("policy" if flag == "YES" else "accepted")


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [b"Subject: BUY CHEAP PILLS", b"X-Spam-Flag: NO", b" folded", b"", b"Date: x", b"http://1.2.3.4/",
             TEST_STRING.encode(), b"Content-Type: multipart/mixed; boundary=b", b"--b", b"--b--",
             b"Content-Transfer-Encoding: base64", b"=?utf-8?b?4?=", b"Subject: \xff\xfe", b"\x00"]
        ),
        st.binary(max_size=30),
    ),
    max_size=20,
).map(b"\r\n".join)  # fmt: skip


@given(LINES)
def test_a_score_never_raises_and_is_the_sum_of_its_steps(content: bytes) -> None:
    found = score(content)
    assert found == score(content)
    assert found.points == pytest.approx(sum(float(step.what.rpartition(" ")[2]) for step in found.steps))


@given(LINES)
def test_marks_that_came_in_are_gone_and_the_body_stays(content: bytes) -> None:
    """What is taken out is in the header section; the body is not touched, whatever it holds."""
    stripped = trace.without_field(content, "X-Spam-Flag")
    assert trace.count(stripped, "X-Spam-Flag") == 0
    body = content[2:] if content.startswith(b"\r\n") else content.partition(b"\r\n\r\n")[2]
    assert stripped.endswith(body)
    assert trace.without_field(stripped, "X-Spam-Flag") == stripped


@pytest.mark.parametrize(
    ("content", "left"),
    [
        (b"A: 1\r\nX-Spam-Flag: NO\r\n\r\nbody", b"A: 1\r\n\r\nbody"),
        (b"X-Spam-Flag: NO\r\n folded\r\n\r\nbody", b"\r\nbody"),  # only the blank line is left of the header
        (b"X-Spam-Flag: NO\r\n", b""),
        (b"\r\nX-Spam-Flag: NO\r\n\r\nbody", b"\r\nX-Spam-Flag: NO\r\n\r\nbody"),  # that is body
    ],
)
def test_a_field_is_taken_out_of_the_header_section_alone(content: bytes, left: bytes) -> None:
    assert trace.without_field(content, "X-Spam-Flag") == left


@pytest.mark.parametrize(
    "content",
    [
        HEAD + b"\r\n" + b"http://" * 400_000,
        HEAD + b"\r\nhttp://" + b"a" * 1_000_000,
        HEAD + b"\r\nhttp://[" + b":" * 1_000_000,
        b"Subject: " + b"A" * 1_000_000,
        b"Subject: " + b"=?utf-8?q?A?= " * 50_000,
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 200_000,
        b"\r\n" * 1_000_000,
    ],
    ids=["urls", "url", "literal", "subject", "words", "parts", "lines"],
)
def test_a_filter_does_not_hold_up_the_lab(content: bytes) -> None:
    began = time.process_time()
    score(content)
    assert time.process_time() - began < 2.0


def test_a_window_shorter_than_the_time_between_two_tries_lets_nobody_in() -> None:
    """RFC 6647 §5 wants a window of up to a day: a queue may wait for long, and longer each time."""
    with Lab() as lab:
        for host in (MX, "mx2.birch.example"):
            lab.mta(host).policies.append(Greylist(timedelta(minutes=1), timedelta(minutes=2)))
        sent = lab.submit("From: alice@acorn.example\nTo: bob@birch.example\nSubject: x\n\nHello")
        lab.clock.advance(hours=12)
        assert sent.result == "delayed"
