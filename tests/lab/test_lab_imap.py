"""The IMAP server on the lab's folders: what is delivered appears, what one client does the others see."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import imaplib
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtplab.lab.folders import Folders
from smtplab.lab.lab import Lab
from smtplab.lab.mailbox import Mail
from smtplab.lab.reading import ImapSession
from smtplab.mail.errors import LabError
from smtplab.mail.imap import Answer
from smtplab.mail.path import Path

BOB, HOST = "bob@birch.example", "imap.birch.example"
LOGIN = f"a1 LOGIN {BOB} builder"


def put(lab: Lab, number: int) -> None:
    """Put letter `number` into Bob's mailbox."""
    raw = f"From: alice@acorn.example\r\nSubject: letter {number}\r\n\r\nHello\r\n".encode()
    mail = Mail(raw, Path("alice", "acorn.example"), Path("bob", "birch.example"), lab.clock.now(), None)

    async def deliver() -> None:
        lab.mta("mx.birch.example").store.deliver(BOB, mail)

    lab._world.thread.run(deliver())


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        for number in range(3):
            put(lab, number)
        yield lab
        assert lab._world.errors == []


@pytest.fixture(scope="module")
def one_lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


def gone(lab: Lab) -> None:
    """Wait until no connection lives."""

    async def wait() -> None:
        while lab.network.wires():
            await asyncio.sleep(0.001)

    lab._world.thread.run(wait())


@contextlib.contextmanager
def client(lab: Lab, port: int = 993) -> Iterator[imaplib.IMAP4]:
    """Bob's stock imaplib client, with the INBOX open."""
    imap = lab.imap(HOST, port)
    if port == 143:
        imap.starttls()
    imap.login(BOB, "builder")
    imap.select()
    try:
        yield imap
    finally:
        imap.logout()


def flags(imap: imaplib.IMAP4, number: str) -> str:
    imap.noop()
    said: list[Any] = imap.fetch(number, "(FLAGS)")[1]
    return str(said[-1].decode().replace(" \\Recent", "").replace("\\Recent ", ""))


def raw(lab: Lab, *lines: str, port: int = 993) -> ImapSession:
    session = lab.connect(HOST, 993) if port == 993 else lab.connect(HOST, 143)
    for line in lines:
        assert session.send(line).ok, line
    return session


# fetching -----------------------------------------------------------------------------------------


def test_what_is_delivered_is_fetched_as_it_was(lab: Lab) -> None:
    lab.submit("From: alice@acorn.example\nTo: bob@birch.example\nSubject: by SMTP\n\n.dot\n\x1b\n")
    with client(lab) as imap:
        said: Any = imap.fetch("4", "(RFC822)")[1]
        assert said[0][1] == lab.mailbox(BOB)[3].raw
        assert (
            imap.uid("FETCH", "4", "(RFC822.SIZE)")[1][0]
            == f"4 (RFC822.SIZE {len(said[0][1])} UID 4)".encode()
        )
        assert imap.search(None, "SUBJECT", '"letter 1"')[1] == [b"2"]
    [transcript] = [t for t in lab.transcripts if t.protocol == "imap"]
    assert transcript.tls
    assert "LOGIN [hidden]" in transcript.text()
    assert "builder" not in transcript.text()


def test_clients_see_each_others_flags(lab: Lab) -> None:
    with client(lab) as laptop, client(lab, 143) as phone:
        laptop.store("2", "+FLAGS", r"(\Seen \Flagged)")
        assert flags(phone, "2") == r"2 (FLAGS (\Flagged \Seen))"
        phone.store("2", "-FLAGS", r"\Flagged")
        assert flags(laptop, "2") == r"2 (FLAGS (\Seen))"
        [kept] = [kept for kept in lab.message_store(HOST).folders(BOB).inbox.messages() if kept.uid == 2]
        assert kept.flags == {"\\Seen"}
    with client(lab) as later:  # they outlive the sessions
        assert flags(later, "2") == r"2 (FLAGS (\Seen))"


def test_fetching_a_body_makes_it_seen_and_peeking_does_not(lab: Lab) -> None:
    with client(lab) as imap:
        imap.fetch("1", "(BODY.PEEK[])")
        assert "Seen" not in flags(imap, "1")
        imap.fetch("1", "(BODY[])")
        assert "Seen" in flags(imap, "1")


def test_expunge_deletes_and_logout_alone_does_not(lab: Lab) -> None:
    with client(lab) as imap:
        imap.store("1", "+FLAGS", r"\Deleted")
    assert len(lab.mailbox(BOB)) == 3
    with client(lab) as imap, client(lab) as other:
        assert imap.expunge()[1] == [b"1"]
        other.noop()
        assert other.response("EXPUNGE")[1] == [b"1"]
    assert [mail["Subject"] for mail in lab.mailbox(BOB)] == ["letter 1", "letter 2"]


def test_uids_stay_and_are_pop3s_too(lab: Lab) -> None:
    with contextlib.closing(lab.pop(HOST)) as pop:
        pop.user(BOB)
        pop.pass_("builder")
        assert pop.uidl(3) == b"+OK 3 1-3"
        pop.dele(1)
        pop.dele(3)  # the last one: its UID is not given again
        pop.quit()
    put(lab, 3)
    with client(lab) as imap:
        assert imap.uid("SEARCH", "ALL")[1] == [b"2 4"]


def test_what_a_pop3_client_deletes_is_gone_for_imap(lab: Lab) -> None:
    with client(lab) as imap:
        with lab.connect(HOST, 995) as pop:
            assert all(said.ok for said in pop.say(f"USER {BOB}", "PASS builder", "DELE 2", "QUIT"))
        imap.noop()
        assert imap.response("EXPUNGE")[1] == [b"2"]
    lab.mta("mx.birch.example").store.boxes[BOB].clear()  # and what a lesson throws away
    with client(lab) as imap:
        assert imap.select()[1] == [b"0"]


def test_idle_tells_at_once(lab: Lab) -> None:
    with raw(lab, LOGIN, "a2 SELECT INBOX", "a3 IDLE") as idle:
        put(lab, 3)
        assert idle.read() == b"* 4 EXISTS"
        idle.read()  # its flags
        with client(lab) as other:
            other.store("1", "+FLAGS", r"\Answered")
        assert idle.read() == rb"* 1 FETCH (FLAGS (\Answered \Recent))"
        lab.submit("From: alice@acorn.example\nTo: bob@birch.example\nSubject: 5\n\nx\n")
        assert idle.read() == b"* 5 EXISTS"
        assert idle.send("DONE").text == "IDLE completed."
        assert idle.send("a4 LOGOUT").ok


# storing, not sending -----------------------------------------------------------------------------


def test_append_stores_and_sends_nothing(lab: Lab) -> None:
    before = [t.number for t in lab.transcripts if t.protocol == "smtp"]
    letter = b"From: bob@birch.example\r\nTo: alice@acorn.example\r\nSubject: only kept\r\n\r\nx\r\n"
    with client(lab) as imap:
        assert imap.append("Sent", r"(\Seen)", "", letter)[0] == "OK"
        assert imap.append("Nowhere", "", "", letter)[0] == "NO"
        assert imap.append("INBOX", "", "", letter)[0] == "OK"
        assert imap.select("Sent")[1] == [b"1"]
        assert imap.fetch("1", "(RFC822)")[1][0][1] == letter  # type: ignore[index]
    lab.settle()
    assert lab.mailbox("alice@acorn.example") == []
    assert lab.mailbox(BOB)[-1].raw == letter
    assert [t.number for t in lab.transcripts if t.protocol == "smtp"] == before


@pytest.mark.parametrize("line", ["MAIL FROM:<bob@birch.example>", "RCPT TO:<a@b>", "DATA", "SEND", "RETR 1"])
def test_imap_has_no_way_to_send(lab: Lab, line: str) -> None:
    with raw(lab, LOGIN) as session:
        assert session.send(f"x {line}").status == "BAD"
        assert session.send("y NOOP").ok


def test_folders_are_made_renamed_and_removed(lab: Lab) -> None:
    with client(lab) as imap:
        assert imap.create("Trees/Birch")[0] == "OK"
        assert imap.create("Sent")[0] == "NO"
        assert imap.copy("1:2", "Trees/Birch")[0] == "OK"
        assert imap.rename("Trees/Birch", "Trees/Oak")[0] == "OK"
        assert imap.rename("Nothing", "Other")[0] == "NO"
        assert imap.select("Trees/Oak")[1] == [b"2"]
        assert imap.select("INBOX")[0] == "OK"
        assert imap.uid("MOVE", "3", "Trees/Oak")[0] == "OK"
        assert imap.status("Trees/Oak", "(MESSAGES UIDNEXT)")[1] == [b"Trees/Oak (MESSAGES 3 UIDNEXT 4)"]
        assert imap.delete("Trees/Oak")[0] == "OK"
        assert imap.delete("INBOX")[0] == "NO"
    assert len(lab.mailbox(BOB)) == 2


def test_a_folder_of_an_old_name_is_another_one() -> None:
    folders = Folders(list)
    first = folders.create("x").validity
    folders.delete("x")
    assert folders.create("x").validity != first
    assert list(folders) == ["INBOX", "Sent", "x"]


# who gets in --------------------------------------------------------------------------------------


def test_no_password_in_clear(lab: Lab) -> None:
    with lab.connect(HOST, 143) as session:
        assert session.greeting
        assert "LOGINDISABLED" in str(session.greeting)
        assert session.send(LOGIN).status == "NO"
        assert session.send("a2 AUTHENTICATE PLAIN").status == "NO"
        assert session.say("a3 STARTTLS", LOGIN)[-1].ok
    lab.message_store(HOST).plain_logins = True
    raw(lab, LOGIN, port=143).close()


def test_what_came_in_clear_behind_starttls_is_forgotten(lab: Lab) -> None:
    with lab.connect(HOST, 143) as session:
        session.write(b"a1 STARTTLS\r\nevil NOOP\r\n")
        assert Answer((session.read(),)).ok
        session._secure()
        assert session.send("a2 NOOP").lines == (b"a2 OK NOOP completed.",)


def test_three_wrong_passwords_and_it_is_over(lab: Lab) -> None:
    with lab.connect(HOST, 993) as session:
        assert session.send("a1 LOGIN nobody builder").status == "NO"
        assert session.send(f"a2 LOGIN {BOB} wrong").status == "NO"
        assert "BYE" in str(session.send(f"a3 LOGIN {BOB} wrong"))
        with pytest.raises(LabError, match="closed"):
            session.read()


def test_the_certificate_is_checked(lab: Lab) -> None:
    lab.use_certificate(HOST, "wrong-name")
    for attempt in (lambda: lab.imap(HOST), lambda: lab.imap(HOST, 143).starttls()):
        with pytest.raises(ssl.SSLCertVerificationError):
            attempt()
    gc.collect()


def test_a_silent_client_is_sent_away_and_so_is_one_who_says_too_much(lab: Lab) -> None:
    lab.message_store(HOST).limits.idle = 0.1
    with lab.connect(HOST, 993) as session:
        assert session.read() == b"* BYE Nothing heard for too long."
    lab.message_store(HOST).limits.idle = 60
    for said in (b"a NOOP " + b"x" * 70_000, b"a LOGIN {99999999999+}\r\n", b"a LOGIN {9999999999+}\r\n"):
        with lab.connect(HOST, 993) as session:
            session.write(said + b"\r\n")
            assert session.read().startswith((b"* BYE", b"a BAD"))


@pytest.mark.parametrize("port", [110, 143, 993, 995])
def test_the_certificate_can_be_looked_at(lab: Lab, port: int) -> None:
    assert lab.certificate(HOST, port).names == (HOST,)
    assert lab.certificate("imap.acorn.example", port).names == ("imap.acorn.example",)


@pytest.mark.parametrize("domain", ["acorn.example", "birch.example"])
def test_the_dns_says_where_mail_is_read(lab: Lab, domain: str) -> None:
    for name, protocol in (("_imaps", "imap"), ("_imap", "imap"), ("_pop3s", "pop3"), ("_pop3", "pop3")):
        [srv] = lab.resolve(f"{name}._tcp.{domain}", "SRV")
        host = str(srv.target).rstrip(".")  # type: ignore[attr-defined]
        tap = lab.network.tap(host, srv.port)  # type: ignore[attr-defined]
        assert tap.protocol == protocol
        assert (tap.tls is not None) == name.endswith("s")
        [ptr] = lab.resolve(".".join(reversed(tap.address.split("."))) + ".in-addr.arpa", "PTR")
        assert str(ptr) == f"{host}."


# many, and whatever they say ----------------------------------------------------------------------


def test_ten_clients_fetch_a_thousand_messages_and_each_sees_all_once(lab: Lab) -> None:
    for number in range(3, 1000):
        put(lab, number)
    expected = Counter(f"Subject: letter {number}".encode() for number in range(1000))
    failures: list[object] = []

    def fetch() -> None:
        try:
            with client(lab) as imap:
                said: Any = imap.fetch("1:*", "(UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
                if Counter(part[1].strip() for part in said if isinstance(part, tuple)) != expected:
                    failures.append(len(said))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert failures == []


PIECES = (
    b"a1 LOGIN bob@birch.example builder\r\n", b"a2 SELECT INBOX\r\n", b"a3 FETCH 1:* (FLAGS)\r\n",
    b"a4 IDLE\r\n", b"DONE\r\n", b"a5 APPEND Sent {3+}\r\nabc\r\n", b"a6 LOGOUT\r\n", b"a7 STARTTLS\r\n",
    b"{3}\r\n", b"a8 FETCH 1 BODY[1.2.3.MIME]\r\n", b"a9 SEARCH CHARSET x ALL\r\n", b"*\r\n", b"\r\n",
    b"b1 STORE 1:* +FLAGS (\\Deleted)\r\n", b"b2 EXPUNGE\r\n", b"b3 LOGIN {5}\r\n", b'b4 LIST "" *\r\n',
    b"b5 AUTHENTICATE PLAIN\r\n", b"b6 FETCH 4294967296:* (BODY[]<0.99999999999>)\r\n",
    b"b7 RENAME INBOX x\r\n", b"b8 COPY 1 Sent\r\n",
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.one_of(st.binary(max_size=100), st.sampled_from(PIECES)), max_size=12),
    st.booleans(),
    st.sampled_from([143, 993]),
)
def test_any_octets_are_answered_or_cut_off(
    one_lab: Lab, pieces: list[bytes], logged_in: bool, port: int
) -> None:
    put(one_lab, 0)
    session = one_lab.connect(HOST, 993) if port == 993 else one_lab.connect(HOST, 143)
    with session:
        for piece in (PIECES[:2] if logged_in else ()) + tuple(pieces):
            session.write(piece)
        session.write(b"\r\nz LOGOUT\r\n")
        session._sock.settimeout(0.05)
        with contextlib.suppress(LabError, ValueError):
            for _ in range(400):
                session.read()
        session._sock.close()
    gone(one_lab)
    assert one_lab._world.errors == []
    one_lab.mta("mx.birch.example").store.boxes[BOB].clear()


NAMES = ("From", "To", "Date", "Subject", "Content-Type", "Content-Transfer-Encoding", "Sender", "Content-ID")
VALUES = (
    b"multipart/mixed; boundary=b", b"multipart/mixed", b"message/rfc822", b'text/plain; charset="\xff"', b"",
    b"=?utf-8?q?=ff?=", b'<a@b>, (c) "d" <e@f>:;', b"Mon, 99 Foo 2020 99:99 +9999", b"base64", b"text/", b"@",
    b"group: a@b, c@d;", b"\xe2\x80\xae", b"\0", b"x" * 900,
)  # fmt: skip
BODIES = (
    b"--b\r\n\r\nx\r\n--b--\r\n",
    b"--b",
    b"--b\r\nContent-Type : message/rfc822\r\n\r\n--b\r\n",
    b"\n\nx\n",
)
FIELD = st.builds(
    lambda name, colon, value, end: name.encode() + colon + value + end,
    st.sampled_from(NAMES), st.sampled_from([b": ", b" : ", b""]), st.sampled_from(VALUES),
    st.sampled_from([b"\r\n", b"\n", b"\r"]),
)  # fmt: skip
HOSTILE = st.builds(
    lambda fields, blank, body: b"".join([*fields, blank, *body]),
    st.lists(FIELD, max_size=8), st.sampled_from([b"\r\n", b"\n", b""]),
    st.lists(st.sampled_from(BODIES), max_size=3),
)  # fmt: skip
ASKED = (
    "FETCH 1:* (ENVELOPE RFC822.SIZE)", "FETCH 1:* BODYSTRUCTURE", "FETCH 1:* BODY", "SEARCH FROM a TEXT b",
    "FETCH 1:* (BODY.PEEK[1] BODY.PEEK[1.MIME] BODY.PEEK[TEXT] BODY.PEEK[1.1.HEADER] BINARY.PEEK[1])",
    "SEARCH SENTBEFORE 1-Jan-2020", "FETCH 1:* BODY.PEEK[HEADER.FIELDS (DATE)]", "FETCH 1:* BODY.PEEK[]",
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(HOSTILE, min_size=1, max_size=5))
def test_whatever_a_stranger_has_written_is_fetched_as_it_is(one_lab: Lab, letters: list[bytes]) -> None:
    box = one_lab.mta("mx.birch.example").store.boxes[BOB]
    box[:] = [Mail(raw, Path(), Path("bob", "birch.example"), one_lab.clock.now(), None) for raw in letters]
    with raw(one_lab, LOGIN, "a2 SELECT INBOX") as session:
        for line in ASKED:
            answer = session.send(f"x {line}")
            assert answer.ok, (line, answer)
        fetched = [line.partition(b"\r\n")[2].removesuffix(b")") for line in answer.lines[:-1]]
    assert fetched == letters
    with one_lab.connect(HOST, 995) as pop:
        assert pop.say(f"USER {BOB}", "PASS builder")[-1].ok
        for number in range(1, len(letters) + 1):
            said = pop.send(f"RETR {number}")
            assert said.lines is not None
            assert said.text == f"{sum(len(line) + 2 for line in said.lines)} octets"
    assert one_lab._world.errors == []


def test_a_lab_stops_five_times_while_clients_wait_and_leaves_nothing() -> None:
    def held() -> tuple[int, int]:
        gc.collect()
        return threading.active_count(), psutil.Process().num_fds()

    before = None
    for _ in range(5):
        with Lab() as lab:
            put(lab, 0)
            idle = raw(lab, LOGIN, "a2 SELECT INBOX", "a3 IDLE")
            pop = lab.connect(HOST, 995)
            assert all(said.ok for said in pop.say(f"USER {BOB}", "PASS builder", "DELE 1"))
            half = lab.connect(HOST, 143)
            half.write(b"a1 APPEND INBOX {10}\r\n12")
            clear = lab.connect(HOST, 110)
            assert clear.send("STLS").ok
        with pytest.raises(LabError, match="closed"):
            idle.read()
        assert len(lab._stores["birch.example"].boxes[BOB]) == 1
        assert lab._world.errors == []
        for session in (idle, pop, half, clear):
            session._sock.close()
        before = before or held()
    assert held() == before


def test_two_labs_say_the_same() -> None:
    def said() -> list[str]:
        with Lab() as lab:
            put(lab, 0)
            with client(lab) as imap:
                imap.fetch("1", "(INTERNALDATE RFC822)")
                imap.append("Sent", "", "", b"x: y\r\n\r\n")
                imap.select("Sent")
                imap.fetch("1", "(INTERNALDATE)")
            gone(lab)  # the end of the session is in the transcript, too
            return [t.text() for t in lab.transcripts]

    assert said() == said()
