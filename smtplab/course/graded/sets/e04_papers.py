"""The texts of exercise 04: tickets of people who cannot send, and the dialogues of a letter's three hops."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from random import Random

from .cast import people

ITEMS = ("client", "server", "password", "recipient", "subject")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, what its victims see (some ways to say it), and what to tell who took it for another."""

    seen: tuple[str, ...]
    mistaken: str
    ref: str = ""


FAULTS = {
    "blocked": Fault(
        (
            "smtplib.SMTP('{host}', 25): TimeoutError after two minutes. No connection came about.",
            "$ nc -v {host} 25 prints nothing at all, until I press Ctrl-C.",
            "swaks: *** Error connecting to {host}:25: IO::Socket::INET: connect: Connection timed out",
        ),
        "Did a connection come about, and did anybody say anything to that?",
        "RFC 5321 §4.5.4.2",
    ),
    "closed": Fault(
        (
            "smtplib.SMTP('{host}', 587): ConnectionRefusedError: [Errno 111] Connection refused, at once.",
            "$ nc -v {host} 587 says: connect to {host} port 587 failed: Connection refused",
            "swaks: *** Error connecting to {host}:587: IO::Socket::INET: connect: Connection refused",
        ),
        "There was an answer, and it was no. Who alone can give one?",
    ),
    "tls too early": Fault(
        (
            "smtplib.SMTP_SSL('{host}', 587): ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number",
            "$ openssl s_client -connect {host}:587 says: error:0A00010B:SSL routines::wrong version number",
            "Error: write EPROTO: ssl3_get_record:wrong version number, with secure: true and port: 587",
        ),
        "Both ends have spoken. Which of them spoke TLS, and what did the other one speak?",
        "RFC 8314 §3.3",
    ),
    "tls too late": Fault(
        (
            "smtplib.SMTP('{host}', 465): connected, and then no greeting: TimeoutError after two minutes.",
            "$ nc -v {host} 465 says: Connection to {host} 465 port succeeded! And then nothing.",
            "swaks: === Connected to {host}. (port 465) *** Timeout while waiting for the greeting.",
        ),
        "The connection came about. What did each end wait for after that?",
        "RFC 8314 §3",
    ),
    "wrong name": Fault(
        (
            "ssl.SSLCertVerificationError: Hostname mismatch, certificate is not valid for '{host}'.",
            "The mail program warns: the certificate belongs to mail.{domain}, you asked for {host}.",
            "curl: (60) SSL: no alternative certificate subject name matches target host name '{host}'",
        ),
        "TLS had got as far as the certificate. What does a client compare in it?",
        "RFC 7817",
    ),
    "no offer": Fault(
        (
            "starttls(), port 587: SMTPNotSupportedError: STARTTLS extension not supported by server.",
            "swaks --tls: *** STARTTLS attempted but not advertised by {host}:587",
            "Postfix: TLS is required, but was not offered by host {host}",
        ),
        "The client looked for a word in the reply to EHLO. Read what it says about it.",
        "RFC 3207 §6",
    ),
}


def tickets(rng: Random) -> tuple[dict[str, str], dict[str, str]]:
    """Five tickets, each with another fault; and which."""
    numbers = [f"T-{number}" for number in sorted(rng.sample(range(100, 1000), 5))]
    *usual, name, offer = FAULTS
    five = [*usual, rng.choice((name, offer))]
    rng.shuffle(five)
    faults = dict(zip(numbers, five, strict=True))
    written = {}
    for number, fault in faults.items():
        domain = f"{rng.choice(('linden', 'ivy', 'heather', 'clover', 'thistle'))}.example"
        host = f"{rng.choice(('smtp', 'out', 'send'))}.{domain}"
        written[number] = rng.choice(FAULTS[fault].seen).format(host=host, domain=domain)
    return written, faults


# three hops ----------------------------------------------------------------------------------------------


def hops(rng: Random, names: list[str]) -> tuple[str, dict[str, list[str]]]:
    """The dialogues of a letter's three hops, as both ends saw them; and what can be read on each wire."""
    home, provider, relay, other = names
    writer, reader = people(rng, 2)
    modes = [
        rng.choice(("implicit", "starttls")),
        rng.choice(("implicit", "starttls", "clear")),
        rng.choice(("starttls", "clear")),
    ]
    modes[rng.randrange(3)] = "refused"
    ends = [(f"laptop.{home}", f"mail.{provider}"), (f"mail.{provider}", f"out.{relay}")]
    ends.append((ends[1][1], f"mx.{other}"))
    subject = f"Offer {rng.randint(100, 999)}"
    told, readable = [], {}
    for number, ((client, server), mode) in enumerate(zip(ends, modes, strict=True), 1):
        login = base64.b64encode(f"\0{writer}\0secret{rng.randint(10, 99)}".encode()).decode()
        start = [("S", f"220 {server} ESMTP"), ("C", f"EHLO {client}")]
        rest = [("C", f"AUTH PLAIN {login}"), ("S", "235 2.7.0 OK")] if number < 3 else []
        rest += [
            ("C", f"MAIL FROM:<{writer}@{provider}>"), ("S", "250 2.1.0 OK"),
            ("C", f"RCPT TO:<{reader}@{other}>"), ("S", "250 2.1.5 OK"),
            ("C", "DATA"), ("S", "354 Go on"), ("C", f"Subject: {subject}"), ("C", "."),
            ("S", "250 2.0.0 OK"),
        ]  # fmt: skip
        port = 25 if number == 3 else 465 if mode == "implicit" else 587
        said = [f"=== hop {number}: {client} connects to {server} port {port}"]
        told.append("\n".join([*said, *_lines(server, mode, start, rest)]))
        readable[f"hop {number}"] = _readable(mode, login=number < 3)
    return "\n\n".join(told) + "\n", readable


def _lines(server: str, mode: str, start: list[tuple[str, str]], rest: list[tuple[str, str]]) -> list[str]:
    tls = [f"=== TLS begins: the ClientHello names {server}"]
    greets = ("S", f"250-{server}" if mode in ("starttls", "refused") else f"250 {server}")
    offer = [("S", "250 STARTTLS"), ("C", "STARTTLS")]
    if mode == "implicit":
        return [*tls, *_said([*start, greets, *rest], "~")]
    if mode == "starttls":
        begins = [*start, greets, *offer, ("S", "220 2.0.0 Ready to start TLS")]
        return [*_said(begins, "-"), *tls, *_said([start[1], ("S", f"250 {server}"), *rest], "~")]
    refused = [*offer, ("S", "454 4.7.0 TLS is not available now")] if mode == "refused" else []
    return _said([*start, greets, *refused, *rest], "-")


def _said(lines: list[tuple[str, str]], stroke: str) -> list[str]:
    return [f" {stroke}> {text}" if who == "C" else f"<{stroke}  {text}" for who, text in lines]


def _readable(mode: str, *, login: bool) -> list[str]:
    if mode == "implicit":
        return ["server"]
    if mode == "starttls":
        return ["client", "server"]
    return [item for item in ITEMS if login or item != "password"]


def misread(hop: str, given: set[str], readable: set[str]) -> str:
    """What went wrong on a hop, without the items."""
    if unknown := sorted(given - set(ITEMS)):
        return f"There is no item {unknown[0][:30]!r}. There are: {', '.join(ITEMS)}."
    if given == readable:
        return "That is what stands on this wire."
    missing, extra = readable - given, given - readable
    if missing and not extra:
        if missing <= {"server", "client"}:
            return "Something is missing. Look at what comes before TLS, and at the ClientHello."
        return "Something is missing. Was there TLS at all, in the end? Base64 hides nothing."
    if extra & {"password"} and len(readable) == len(ITEMS) - 1:
        return "Something is named that nobody said on this hop."
    return "Something is named that is under TLS on this hop, or that nobody said there."
