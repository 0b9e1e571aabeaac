"""Two mailboxes tried for real: a laptop and a phone read the same letters, one mailbox by POP3, one by IMAP.

Carries out the orders of `mail.holdings_script` in sessions of their own against a lab's message store, and
says after each what the three sides have. The mailboxes are made for this, so that nobody's mail is touched.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterator, MutableMapping, Sequence

from ..mail.errors import LabError
from ..mail.holdings import CLIENTS, Holding, Kept, Moment, Protocol, Said, Told, Who, subject
from ..mail.holdings_clients import ImapClient, Pop3Client, ordered
from ..mail.holdings_script import CUT, LOG_IN, STORE, Order
from ..mail.imap import LITERAL
from ..mail.path import Path
from ..mail.text import decode
from ..mail.transcript import wait_until
from .lab import Lab
from .mailbox import Mail
from .reading import ImapSession, PopSession

HOST = "imap.birch.example"
PORTS: dict[Protocol, int] = {"pop3": 995, "imap": 993}
BOXES: dict[Protocol, str] = {"pop3": "two-pop3@birch.example", "imap": "two-imap@birch.example"}
PASSWORD = "builder"
SOURCES: dict[Who, str] = {"laptop": "bob.birch.example", "phone": "visitor.example"}
SUBJECTS = ("Tea at five?", "The plans", "Lunch")
TO_ALICE = (
    b"From: bob@birch.example\r\nTo: alice@acorn.example\r\nSubject: For Alice\r\n\r\nDo you get this?\r\n"
)
PATIENCE = 3.0  # seconds to wait until the server has noticed that a client is gone


class MailboxTrials:
    """The two mailboxes and their four clients, in any lab that has birch.example."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._store = lab.message_store(HOST)
        self._sessions: dict[tuple[Protocol, Who], PopSession | ImapSession] = {}
        weakref.finalize(self, _close, self._sessions)  # a widget that nobody looks at any more
        for box in BOXES.values():
            self._store.accounts.add(box, PASSWORD)
        self.restart()

    def restart(self) -> None:
        """Three new letters in each mailbox, and nobody has seen any."""
        _close(self._sessions)
        self._tags = dict.fromkeys(CLIENTS, 0)
        self._clients: dict[tuple[Protocol, Who], Pop3Client | ImapClient] = {}
        for who in CLIENTS:
            self._clients["pop3", who], self._clients["imap", who] = Pop3Client(who), ImapClient(who)
        self._unlocked()
        for box in BOXES.values():
            self._store.store.add(box)  # makes it empty
            self._store.folders(box).inbox.sync()
            for letter in SUBJECTS:
                self._lab._world.thread.run(self._deliver(box, letter))

    async def _deliver(self, box: str, letter: str) -> None:
        raw = f"From: alice@acorn.example\r\nTo: {box}\r\nSubject: {letter}\r\n\r\nSee the subject.\r\n"
        when = self._lab.clock.now()
        self._store.store.deliver(
            box, Mail(raw.encode(), Path.of("alice@acorn.example"), Path.of(box), when, None)
        )

    def now(self, protocol: Protocol, said: Sequence[Said] = ()) -> Moment:
        """What the three sides of one protocol have."""
        laptop, phone = (self._clients[protocol, who].holding() for who in CLIENTS)
        return Moment(protocol, tuple(said), (laptop, self._server(protocol), phone))

    def do(self, protocol: Protocol, orders: Sequence[Order]) -> Moment:
        """Carry out orders one after the other. Raises LabError for one that cannot be given now."""
        said: list[Said] = []
        for who, order in orders:
            said.extend(self._order(protocol, who, order))
        return self.now(protocol, said)

    # the server's side --------------------------------------------------------------------------

    def _server(self, protocol: Protocol) -> Holding:
        """The mailbox as it lies on the server, with the marks of the POP3 session that is on."""
        marked = self._marked() if protocol == "pop3" else frozenset()
        kept = [
            Kept(
                number,
                subject(decode(one.raw)),
                str(one.uid),
                ordered(tuple(one.flags)),
                marked=one.uid in marked,
                whole=True,
            )
            for number, one in enumerate(self._store.folders(BOXES[protocol]).inbox.messages(), 1)
        ]
        count = sum(self._clients[protocol, who].holding().open for who in CLIENTS)
        sessions = {0: "no session", 1: "one session"}.get(count, f"{count} sessions")
        locked = protocol == "pop3" and BOXES[protocol] in self._store.locks
        return Holding("server", sessions + (", mailbox locked" if locked else ""), tuple(kept))

    def _marked(self) -> frozenset[int]:
        """The UIDs that the session which has the lock would delete at QUIT."""
        session = self._store.locks.get(BOXES["pop3"])
        drop, marked = getattr(session, "drop", []), getattr(session, "marked", ())
        return frozenset(drop[number - 1].uid for number in tuple(marked))

    def _unlocked(self) -> None:
        """The client that had the mailbox is gone: wait until the server knows."""
        wait_until(lambda: BOXES["pop3"] not in self._store.locks, PATIENCE)

    # the clients' side --------------------------------------------------------------------------

    def _order(self, protocol: Protocol, who: Who, order: str) -> Iterator[Said]:
        if order == LOG_IN:
            yield from self._log_in(protocol, who)
            return
        session, client = self._session(protocol, who), self._clients[protocol, who]
        if order == CUT:
            had_lock = client.state == "TRANSACTION"
            session.close()
            self._lost(protocol, who)
            if had_lock:
                self._unlocked()
            yield Said(who, "", note="the connection is lost: no goodbye is said")
        elif isinstance(session, ImapSession) and order == STORE:
            yield from self._append(session, who)
        else:
            yield self._say(protocol, who, order)
            if not client.holding().open:
                session.close()
                self._lost(protocol, who)

    def _session(self, protocol: Protocol, who: Who) -> PopSession | ImapSession:
        if (protocol, who) not in self._sessions:
            raise LabError(f"The {who} has no session: log in first.")
        return self._sessions[protocol, who]

    def _lost(self, protocol: Protocol, who: Who) -> None:
        del self._sessions[protocol, who]
        self._clients[protocol, who].lost()

    def _log_in(self, protocol: Protocol, who: Who) -> Iterator[Said]:
        client = self._clients[protocol, who]
        if client.state not in ("not connected", "AUTHORIZATION", "not authenticated"):
            raise LabError(f"The {who} is logged in already.")
        if (protocol, who) not in self._sessions:
            yield self._connect(protocol, who)
        box = BOXES[protocol]
        if protocol == "pop3":
            commands = (f"USER {box}", f"PASS {PASSWORD}")
        else:
            commands = (f"LOGIN {box} {PASSWORD}", "SELECT INBOX")
        for command in commands:
            yield self._say(protocol, who, command)

    def _connect(self, protocol: Protocol, who: Who) -> Said:
        port = PORTS[protocol]
        session: PopSession | ImapSession = self._lab.connect(HOST, port, SOURCES[who])  # type: ignore[assignment]
        self._sessions[protocol, who] = session
        self._clients[protocol, who].opened()
        greeting = str(session.greeting).strip()
        return Said(who, "", (Told(greeting),), note=f"connects to {HOST}, port {port}, under TLS")

    def _say(self, protocol: Protocol, who: Who, order: str) -> Said:
        """Say one line, and let the client take in the answer."""
        session = self._session(protocol, who)
        if isinstance(session, PopSession):
            command, answers = order, _pop3(session, order)
        else:
            command = f"{self._tag(who)} {order}"
            answers = _imap(session.send(command).lines)
        self._clients[protocol, who].heard(command, answers)
        return Said(who, command, answers)

    def _append(self, session: ImapSession, who: Who) -> Iterator[Said]:
        """Store a letter: its length first, then, when the server waits for it, its octets."""
        command = f"{self._tag(who)} {STORE} {{{len(TO_ALICE)}}}"
        inbox = len(self._lab.mailbox("alice@acorn.example"))
        ready = session.send(command)
        yield Said(who, command, _imap(ready.lines))
        if ready.status == "+":
            answers = _imap(session.send(TO_ALICE).lines)
            self._clients["imap", who].heard(command, answers)
            self._lab.settle()
            came = len(self._lab.mailbox("alice@acorn.example")) - inbox
            note = f"the letter to Alice, {len(TO_ALICE)} octets; new in Alice's mailbox: {came}"
            yield Said(who, "", answers, note=note)

    def _tag(self, who: Who) -> str:
        self._tags[who] += 1
        return f"{who[0]}{self._tags[who]}"


def _close(sessions: MutableMapping[tuple[Protocol, Who], PopSession | ImapSession]) -> None:
    while sessions:
        sessions.popitem()[1].close()


def _pop3(session: PopSession, order: str) -> tuple[Told, ...]:
    response = session.send(order)
    return (Told(str(response), "\r\n".join(decode(line) for line in response.lines or ())),)


def _imap(lines: Sequence[bytes]) -> tuple[Told, ...]:
    return tuple(_told(line) for line in lines)


def _told(line: bytes) -> Told:
    """A line of IMAP with its first literal taken out."""
    found = re.search(LITERAL.pattern.removesuffix(b"$"), line)
    if not found:
        return Told(decode(line))
    end = found.end() + int(found[1])
    head = decode(line[: found.end()]).rstrip()
    return Told(f"{head} … {decode(line[end:])}", decode(line[found.end() : end]))
