"""The POP3 server: every dialogue in tests/dialogues/pop3/*.pop3 line by line, and what no dialogue shows.

The grammar is that of the SMTP dialogues (`test_lab_dialogues`) but that `M:` is a command whose +OK has
several lines, that a pattern is matched with the response as it stands, and that Bob has three letters.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtplab.lab.lab import Lab
from smtplab.lab.mailbox import Mail
from smtplab.lab.reading import PopSession
from smtplab.mail.errors import LabError
from smtplab.mail.path import Path as MailPath
from smtplab.mail.pop3 import Response
from smtplab.mail.transcript import Side

FILES = sorted((Path(__file__).parent.parent / "dialogues" / "pop3").glob("*.pop3"))
BOB, HOST = "bob@birch.example", "imap.birch.example"


def put(lab: Lab, number: int, body: bytes = b".a dot\r\n..two dots\r\nend\r\n") -> None:
    """Put letter `number` into Bob's mailbox."""
    raw = f"From: alice@acorn.example\r\nSubject: letter {number}\r\n\r\n".encode() + body
    to = MailPath("bob", "birch.example")
    mail = Mail(raw, MailPath("alice", "acorn.example"), to, lab.clock.now(), None)
    lab.mta("mx.birch.example").store.deliver(BOB, mail)


def gone(lab: Lab) -> bool:
    """Wait until no connection lives."""

    async def wait() -> None:
        while lab.network.wires():
            await asyncio.sleep(0.001)

    lab._world.thread.run(wait())
    return True


class Player:
    """Plays one file. What was sent last is written when the next response is asked for."""

    def __init__(self, lab: Lab) -> None:
        self.names: dict[str, Any] = {
            "lab": lab, "session": None, "gone": gone, "letter": lambda number: put(lab, number)
        }  # fmt: skip
        self.pending, self.several = b"", False
        self.response = Response(True)

    def play(self, line: str) -> None:
        mark, _, rest = line.partition(" ")
        if mark == "@":
            host, port = rest.split()
            if self.names["session"]:
                self.names["session"].close()
            self.names["session"] = self.names["lab"].connect(host, int(port), greeting=False)
            self.expect("+OK * POP3 smtplab")
        elif mark in ("C:", "M:"):
            self.pending += rest.encode() + b"\r\n"
            self.several = mark == "M:"
        elif mark == "C=":
            self.pending += eval(rest)
        elif mark == "S:":
            self.expect(rest)
        elif mark in ("S+", "S-"):
            said = [text.decode() for text in self.response.lines or ()]
            assert any(fnmatchcase(text, rest) for text in said) == (mark == "S+"), said
        elif mark == "TLS":
            self.names["session"]._secure()
        else:
            assert mark == "!", f"not an instruction: {line!r}"
            self.python(rest)

    def expect(self, pattern: str) -> None:
        session: PopSession = self.names["session"]
        session.write(self.pending)
        self.pending = b""
        if pattern == "closed":
            with pytest.raises(LabError, match="closed"):
                session.read()
            return
        self.response, self.several = session.read(self.several), False
        assert fnmatchcase(str(self.response), pattern), f"expected {pattern!r}, got {self.response}"

    def python(self, code: str) -> None:
        try:
            expression = compile(code, code, "eval")
        except SyntaxError:
            exec(code, self.names)
        else:
            result = eval(expression, self.names)
            assert result is None or result, code


@pytest.fixture(scope="module")
def one_lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        for number in range(3):
            put(lab, number)
        yield lab
        assert lab._world.errors == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dialogue(lab: Lab, file: Path) -> None:
    player = Player(lab)
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            try:
                player.play(line)
            except Exception as error:
                raise AssertionError(f"{file.name}:{number}: {line}\n{error}") from error
    for transcript in lab.transcripts:
        assert "builder" not in transcript.text().replace("PASS [hidden]", "")
    for name in ("session", "other"):
        if session := player.names.get(name):
            session.close()


def test_there_are_enough() -> None:
    assert len(FILES) >= 18


def log_in(lab: Lab) -> PopSession:
    session = lab.connect(HOST, 995)
    assert [said.ok for said in session.say(f"USER {BOB}", "PASS builder")] == [True, True]
    return session


def test_ten_clients_share_a_thousand_messages_and_each_is_fetched_once(lab: Lab) -> None:
    """Each takes what it gets hold of: the lock sees to it that no message goes to two of them."""
    for number in range(3, 1000):
        put(lab, number)
    fetched: list[bytes] = []
    failures: list[BaseException] = []
    turn = threading.Condition()

    def client() -> None:
        try:
            while True:
                with contextlib.closing(lab.pop(HOST)) as pop:
                    pop.user(BOB)
                    try:
                        pop.pass_("builder")
                    except Exception as error:
                        assert "[IN-USE]" in str(error)
                        with turn:
                            turn.wait(0.2)
                        continue
                    count = pop.stat()[0]
                    mine = []
                    for number in range(1, min(count, 40) + 1):
                        mine.append(pop.retr(number)[1][1])
                        pop.dele(number)
                    pop.quit()
                    with turn:
                        fetched.extend(mine)
                        turn.notify_all()
                    if not count:
                        return
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=client) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert failures == []
    assert Counter(fetched) == {f"Subject: letter {number}".encode(): 1 for number in range(1000)}
    assert lab.mailbox(BOB) == []


def test_one_is_no_plural(lab: Lab) -> None:
    with log_in(lab) as session:
        assert [said.text for said in session.say("DELE 1", "DELE 2", "LIST", "RSET")][2:] == [
            "1 message", "3 messages",
        ]  # fmt: skip


@pytest.mark.parametrize("how", ["abort", "host", "half-close"])
def test_the_mailbox_is_free_again_when_a_session_breaks_off(lab: Lab, how: str) -> None:
    session = log_in(lab)
    assert session.send("DELE 1").ok
    if how == "host":
        lab.stop_host(HOST)
        lab.start_host(HOST)
    elif how == "half-close":
        session._sock.shutdown(2)
    else:
        [wire] = lab.network.wires()
        lab._world.thread.loop.call_soon_threadsafe(wire.abort)
    assert gone(lab)
    session._sock.close()
    assert lab.message_store(HOST).locks == {}
    again = log_in(lab)
    assert again.send("STAT").text.startswith("3 ")
    again.close()


def test_a_client_that_does_not_read_is_waited_for(lab: Lab) -> None:
    """Pipelined RETRs of a large message do not pile up in the server's memory."""
    put(lab, 3, b"x" * 70 * 1000 + b"\r\n")
    lab.message_store(HOST).plain_logins = True
    session = lab.connect(HOST, 110)
    assert session.say(f"USER {BOB}", "PASS builder")[-1].ok
    session.write(b"RETR 4\r\n" * 200)
    [wire] = lab.network.wires()

    async def waiting() -> int:
        for _ in range(1000):
            await asyncio.sleep(0)
        return wire.server.get_write_buffer_size()

    assert lab._world.thread.run(waiting()) < 2_000_000  # of 14 million
    assert [session.read(True).ok for _ in range(200)] == [True] * 200
    session.close()


def test_a_client_that_only_writes_is_not_listened_to_for_ever(lab: Lab) -> None:
    put(lab, 3, b"x" * 1_000_000 + b"\r\n")
    lab.message_store(HOST).plain_logins = True
    session = lab.connect(HOST, 110)
    assert session.say(f"USER {BOB}", "PASS builder")[-1].ok
    session.write(b"RETR 4\r\n" * 20)
    session._sock.settimeout(0.5)
    with pytest.raises(TimeoutError):
        session._sock.sendall(b"NOOP\r\n" * 5_000_000)
    heard = sum(len(event.data) for event in session.transcript.events if event.side is Side.CLIENT)
    assert heard < 1_000_000
    session.close()
    gone(lab)


def test_stls_with_a_wrong_certificate_and_with_garbage(lab: Lab) -> None:
    lab.use_certificate(HOST, "expired")
    with lab.connect(HOST, 110) as session, pytest.raises(ssl.SSLCertVerificationError):
        session.starttls()
    lab.use_certificate(HOST)
    with lab.connect(HOST, 110) as session:
        assert session.send("STLS").ok
        session.write(b"USER bob@birch.example\r\nPASS builder\r\n" * 5)
        with pytest.raises(LabError):
            session.read()
    with lab.connect(HOST, 110) as session:
        assert session.starttls().ok


def test_other_passwords_open_nothing_and_alice_reads_hers_elsewhere(lab: Lab) -> None:
    lab.submit("From: alice@acorn.example\nTo: alice@acorn.example\nSubject: to myself\n\nx\n")
    with contextlib.closing(lab.pop("imap.acorn.example")) as pop:
        pop.user("alice@acorn.example")
        pop.pass_("wonderland")
        assert b"Subject: to myself" in pop.retr(1)[1]
    with lab.connect(HOST, 995) as session:
        assert not session.say("USER alice@acorn.example", "PASS wonderland")[-1].ok
    with pytest.raises(LabError, match=r"imap\.birch\.example"):
        lab.message_store("mx.birch.example")


def test_smtp_has_no_way_to_read(lab: Lab) -> None:
    with lab.connect("mx.birch.example") as session:
        for line in ("RETR 1", "USER bob@birch.example", "LIST", "a1 SELECT INBOX"):
            reply = session.send(line)
            assert reply
            assert (reply.code, reply.enhanced) == (500, "5.5.1")


PIECES = (
    b"USER bob@birch.example\r\n", b"PASS builder\r\n", b"STAT\r\n", b"RETR 1\r\n", b"DELE 1\r\n",
    b"QUIT\r\n", b"\r\n", b"STLS\r\n", b"TOP 1 1\r\n", b"UIDL\r\n", b"NOOP\n", b"x" * 400,
)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.one_of(st.binary(max_size=300), st.sampled_from(PIECES)), max_size=12),
    st.sampled_from([110, 995]),
)
def test_any_octets_are_answered_or_cut_off(one_lab: Lab, pieces: list[bytes], port: int) -> None:
    session = one_lab.connect(HOST, 995) if port == 995 else one_lab.connect(HOST, 110)
    with session:
        for piece in pieces:
            session.write(piece)
        session.write(b"\r\nQUIT\r\n")
        session._sock.settimeout(0.1)  # behind STLS nobody answers what is no TLS
        with contextlib.suppress(LabError, ValueError):  # STLS in clear: what follows is no TLS
            for _ in range(400):
                session.read()
        session._sock.close()
    assert gone(one_lab)
    assert one_lab._world.errors == []
    assert one_lab.message_store(HOST).locks == {}
