"""For exercise 13: a POP3 server that plays its part, and mail programs that are tried in a lab."""

from __future__ import annotations

import imaplib
import poplib
import socket
import ssl
from contextlib import closing
from random import Random
from typing import Any

from ....lab.hosts import Host, Rule
from ....lab.reading import LabIMAP4, LabPOP3
from ....mail.errors import LabError
from ....mail.text import visible
from ..mark import Mark, each, mark
from ..probe import Part, Server, Tried
from . import e04_clients as clients
from .cast import people

STORE = "imap.acorn.example"
ACCOUNT, PASSWORD = clients.ACCOUNTS[clients.PROVIDER]
READING = {110: "POP3", 995: "POP3", 143: "IMAP", 993: "IMAP"}
WANTS = {
    "IMAP": "Reads on a phone and on a laptop. Both are to show the same letters, read and starred alike.",
    "POP3": "Has one old computer. It is to take the letters home and delete them on the server.",
}
PATIENCE = clients.PATIENCE


# a server that plays its part ----------------------------------------------------------------------------


def some_letters(mailbox: list[dict[str, str]]) -> list[tuple[str, str]]:
    """The letters of a mailbox, each with its id."""
    return [
        (
            f"u{n}-{letter['subject'].lower()}",
            f"From: {letter['from']}\nSubject: {letter['subject']}\n\nHello.\n",
        )
        for n, letter in enumerate(mailbox, 7)
    ]


def pop_server(letters: list[tuple[str, str]], user: str, password: str, *, pieces: bool = False) -> Part:
    """A POP3 server with these letters: (id, text with LF). With `pieces` a letter comes octet by octet."""

    def part(server: Server) -> None:
        name, inside = "", False
        server.say("+OK POP3 ready")
        while (line := server.hear()) is not None:
            verb, *words = line.split() or [""]
            verb, word = verb.upper(), " ".join(words)
            if verb == "QUIT":
                server.say("+OK Goodbye")
                return
            if verb == "USER":
                name = word
                server.say("+OK Now the password")
            elif verb == "PASS":
                inside = (name, word) == (user, password)
                server.say("+OK" if inside else "-ERR No such name and password")
            elif not inside:
                server.say("-ERR Log in first")
            else:
                _serve(server, verb, word, letters, pieces=pieces)

    return part


def _serve(server: Server, verb: str, word: str, letters: list[tuple[str, str]], *, pieces: bool) -> None:
    """The answer to a command after the login."""
    entries = {"LIST": [str(len(text)) for _, text in letters], "UIDL": [uid for uid, _ in letters]}
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 6 else 0
    known = 1 <= number <= len(letters)
    if verb == "STAT":
        server.say(f"+OK {len(letters)} {sum(len(text) for _, text in letters)}")
    elif verb in entries and not word:
        listed = [f"{n} {entry}" for n, entry in enumerate(entries[verb], 1)]
        server.say("+OK", *listed, ".")
    elif verb in entries and known:
        server.say(f"+OK {number} {entries[verb][number - 1]}")
    elif verb == "RETR" and known:
        _letter(server, letters[number - 1][1], pieces=pieces)
    elif verb in ("DELE", "NOOP", "RSET") and (known or verb != "DELE"):
        server.say("+OK")
    else:
        server.say("-ERR No such message, or no such command")


def _letter(server: Server, text: str, *, pieces: bool) -> None:
    lines = [f".{line}" if line.startswith(".") else line for line in text.removesuffix("\n").split("\n")]
    data = "".join(f"{line}\r\n" for line in ["+OK here it is", *lines, "."]).encode()
    server.raw(*([data[n : n + 1] for n in range(len(data))] if pieces else [data]))


def verbs(one: Tried) -> list[str]:
    """The verbs that the client said."""
    return [line.split()[0].upper() if line.split() else "" for line in one.said()]


def home(what: str, of: float, one: Tried, wanted: dict[str, str], exactly: int | None = None) -> Mark:
    """A mark for the letters that a function brought home, without deleting any.

    With `exactly` it may have asked for so many letters only, and must have said QUIT.
    """
    if one.error or not isinstance(one.value, dict):
        why = one.error or f"It returned {visible(repr(one.value))[:40]}, and no dict."
        return mark(what, of, 0, f"The function raised {why}." if one.error else why)
    if "DELE" in verbs(one):
        return mark(what, of, 0, "It said DELE: at QUIT that letter is gone from the server.", "RFC 1939 §6")
    if exactly is not None:
        asked = verbs(one).count("RETR")
        good = one.value == wanted and asked == exactly and verbs(one)[-1] == "QUIT"
        why = f"It asked for {asked} letters where {exactly} were new."
        if asked == exactly:
            why = "Just those." if good else "Not the letters that were new, or no QUIT at the end."
        return mark(what, of, good, why, "RFC 1939 §7")
    cases = [
        (f"letter {n}", *_same(one.value.get(uid), text)) for n, (uid, text) in enumerate(wanted.items(), 1)
    ]
    return each(what, of, cases, "RFC 1939 §3")


def _same(given: Any, text: str) -> tuple[bool, str]:
    if given == text:
        return True, "It is all there."
    if not isinstance(given, str):
        return False, "It is missing under its id."
    if given.replace("\r\n", "\n") == text:
        return False, r"Its lines should end with \n alone."
    if given.rstrip("\n") == text.rstrip("\n"):
        return False, r"Each line ends with \n, the last one too."
    stuffed = "\n".join(f".{line}" if line.startswith(".") else line for line in text.split("\n"))
    if given == stuffed:
        return False, "A dot too many at a line's start: the server had added one."
    if given.splitlines()[-1:] == ["."]:
        return False, "The dot at the end is no line of the letter."
    return False, "It is another text."


# mail programs -------------------------------------------------------------------------------------------


def users(rng: Random, at: list[str]) -> dict[str, Any]:
    """Two people, what they want, and which ports their networks swallow."""
    names = people(rng, 2)
    kinds = ["IMAP", "POP3"]
    rng.shuffle(kinds)
    found = {}
    for name, kind, address in zip(names, kinds, at, strict=True):
        mine = [port for port, protocol in READING.items() if protocol == kind]
        closed = sorted({25, rng.choice(mine), rng.choice((465, 587))})
        found[name] = {"wants": WANTS[kind], "closed": closed, "address": address}
    return found


def move_in(lab: Any, people_: dict[str, Any]) -> None:
    """Their hosts, each behind its firewall."""
    for name, user in people_.items():
        lab.network.add(Host(f"{name}.client.example", (user["address"],)))
        for port in user["closed"]:
            lab.network.rules.append(
                Rule(f"{user['address']}/32", port, "swallow", "this network swallows it")
            )


def unfit(given: list[Any]) -> str:
    """Why this is not what a mail program can be set to, or ""."""
    if (
        len(given) != 4
        or given[0] not in READING
        or given[2] not in clients.PORTS
        or not {str(given[1]), str(given[3])} <= set(clients.SURE)
    ):
        return (
            f"For each give [port, tls, port, tls]: one of {tuple(READING)} to read, one of {clients.PORTS} "
            f"to send, each with one of {clients.SURE}."
        )
    return ""


class _Dial:
    """How the clients reach a server. It keeps their sockets: poplib leaves them open where it fails."""

    def __init__(self, lab: Any, source: str) -> None:
        self._lab, self._source = lab, source
        self.opened: list[socket.socket] = []

    def __call__(self, host: str, port: int) -> socket.socket:
        made: socket.socket = self._lab.network.dial(self._source, host, port)
        return made

    def close(self) -> None:
        """Close what is still open."""
        for one in self.opened:
            one.close()


class _Imap(LabIMAP4):
    def _create_socket(self, timeout: float | None) -> socket.socket:
        return _kept(self, super()._create_socket(PATIENCE))


class _Pop(LabPOP3):
    def _create_socket(self, timeout: float) -> socket.socket:
        return _kept(self, super()._create_socket(PATIENCE))


def _kept(client: Any, sock: socket.socket) -> socket.socket:
    client._dial.opened.append(sock)
    return sock


def reads(lab: Any, name: str, user: dict[str, Any], port: int, tls: str) -> Mark:
    """The mark for reading: by the protocol that suits, with the password under TLS."""
    what, ref = f"{name} reads", "RFC 8314 §3.2" if READING[port] == "IMAP" else "RFC 8314 §3.1"
    if user["wants"] != WANTS[READING[port]]:
        why = f"Port {port} is for {READING[port]}. Which protocol leaves the letters on the server?"
        return mark(what, 1, 0, why, "RFC 9051 §2.3.2")
    before = len(lab.transcripts)
    why = _log_in(lab, f"{name}.client.example", port, tls)
    wire = b"".join(event.data for one in lab.transcripts[before:] for event in one.wire)
    if PASSWORD.encode() in wire:
        why = "The password went over the wire in clear." + (f" And: {why}" if why else "")
    if why and tls == "none":
        why = f"Without TLS nobody should log in. {why}"
    return mark(what, 1, not why, why or "Logged in, and nobody on the wire has the password.", ref)


def _log_in(lab: Any, source: str, port: int, tls: str) -> str:
    """Why the login failed, or ""."""
    dial = _Dial(lab, source)
    try:
        if tls != "implicit" and clients.waits_for_tls(lab, source, STORE, port):
            raise TimeoutError("timed out")
        (_imap if READING[port] == "IMAP" else _pop)(port, tls, dial, lab.tls_context())
    except OSError as error:
        return clients.failed(error, clients.Settings(STORE, port, tls, True))
    except (LabError, imaplib.IMAP4.error, poplib.error_proto) as error:
        return f"{STORE} said: {visible(str(error))[:120]}."
    finally:
        dial.close()
    return ""


def _imap(port: int, tls: str, dial: _Dial, context: ssl.SSLContext) -> None:
    with _Imap(STORE, port, dial=dial, context=context, implicit=tls == "implicit") as imap:
        if tls == "starttls":
            imap.starttls()
        imap.login(ACCOUNT, PASSWORD)


def _pop(port: int, tls: str, dial: _Dial, context: ssl.SSLContext) -> None:
    with closing(_Pop(STORE, port, dial=dial, context=context, implicit=tls == "implicit")) as pop:
        if tls == "starttls":
            pop.stls()
        pop.user(ACCOUNT)
        pop.pass_(PASSWORD)


def sends(lab: Any, name: str, port: int, tls: str) -> Mark:
    """The mark for sending: that is another server, and another protocol."""
    way = clients.Settings(clients.PROVIDER, port, tls, True, ACCOUNT, PASSWORD)
    end = clients.attempt(lab, f"{name}.client.example", way)
    return mark(f"{name} sends", 1, end.sent and end.tls, end.why, "RFC 8314 §3.3")
