"""What real clients do with each extension: one function an extension, each a few attempts.

A function is given the `Stand` (a port of a running server) and whether the extension is offered, and makes
its attempts there. What a note says is true of any server that sent this reply; what was counted is counted
in the transcript. The clients send what they send: smtplib does not always look at the list.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import TYPE_CHECKING

from ..mail.capability import Figure, Trial, content_octets, round_trips
from ..mail.dialogue import lines
from ..mail.transcript import Transcript

if TYPE_CHECKING:
    from .client import Session
    from .demonstrations import Notes, Stand

SMTPLIB = "smtplib"
OWN = "our own client"

LIMIT = 10_000  # octets: what the server takes while SIZE is tried
ONE_WAY = 0.02  # seconds that bytes take in each direction while PIPELINING is tried
BEYOND_ASCII = "päivi@birch.example"

Attempt = Callable[["Stand", bool], Iterator[Trial]]


def message(sender: str, recipient: str, body: str = "Hello.\n", *, cte: str | None = None) -> EmailMessage:
    """A message as the standard library makes it; `cte` is its Content-Transfer-Encoding."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, recipient, "Greetings"
    made.set_content(body, cte=cte)
    return made


def content(transcript: Transcript) -> tuple[Figure, ...]:
    """The figure that says how much content went over the wire."""
    return (Figure("content sent", content_octets(transcript), "octets"),)


def deliver(session: Session, commands: list[str], text: bytes) -> None:
    """Say `commands`, of which the last is DATA, then `text` if the server asks for it, then QUIT."""
    if session.say(*commands)[-1].code == 354:
        session.data(text)
    session.send("QUIT")


def size(stand: Stand, offered: bool) -> Iterator[Trial]:
    """A message that is larger than the server takes (RFC 1870)."""
    big = message(stand.sender, stand.recipients[0], ("x" * 70 + "\n") * 210)

    def act() -> None:
        with stand.smtplib() as client:
            client.send_message(big, stand.sender)

    before = stand.mta.limits.size
    stand.mta.limits.size = LIMIT
    try:
        told = "It declared the size, and was refused before any content went out."
        late = "Nobody had asked for the size. The server could say no only when it had everything."
        what = f"a message of 15 kB to a server that takes {LIMIT // 1000} kB"
        yield stand.trial(SMTPLIB, what, act, {552: told if offered else late}, content)
    finally:
        stand.mta.limits.size = before


def eight_bit(stand: Stand, offered: bool) -> Iterator[Trial]:
    """A body with letters beyond ASCII (RFC 6152)."""
    body = "Grüße aus Köln.\n"

    def careful() -> None:
        with stand.smtplib() as client:
            takes = client.has_extn("8bitmime")
            made = message(
                stand.sender, stand.recipients[0], body, cte="8bit" if takes else "quoted-printable"
            )
            client.send_message(made, stand.sender, mail_options=["BODY=8BITMIME"] if takes else [])

    def left_alone() -> None:
        with stand.smtplib() as client:
            client.send_message(message(stand.sender, stand.recipients[0], body), stand.sender)

    as_is = "It said BODY=8BITMIME, and the letters went over the wire as they are."
    encoded = "It encoded the body as quoted-printable: ü is written =C3=BC, in ASCII alone."
    what = "“Grüße” in the body"
    yield stand.trial(
        f"{SMTPLIB}, told to look", what, careful, {"accepted": as_is if offered else encoded}, content
    )
    if not offered:
        unasked = (
            "It did not look at the list. It sent 8-bit octets to a server that had not offered to take them."
        )
        yield stand.trial(f"{SMTPLIB}, left alone", what, left_alone, {"accepted": unasked}, content)


def utf8(stand: Stand, offered: bool) -> Iterator[Trial]:
    """An address beyond ASCII (RFC 6531)."""
    there = next((box for box in stand.mta.store.boxes if not box.isascii()), "")
    sender, recipient = (stand.sender, there) if there else (BEYOND_ASCII, stand.recipients[0])
    what = f"a message {'to' if there else 'from'} {there or sender}"

    def act() -> None:
        with stand.smtplib() as client:
            client.send_message(message(sender, recipient), sender, [recipient])

    def obstinate() -> None:
        with stand.session() as session:
            session.say(f"EHLO {stand.source}", f"MAIL FROM:<{sender}> SMTPUTF8", "QUIT")

    flagged = "It put SMTPUTF8 and BODY=8BITMIME on MAIL by itself, because the server offers both."
    gave_up = "It looked at the list and raised SMTPNotSupportedError. MAIL was never said."
    yield stand.trial(SMTPLIB, what, act, {"accepted": flagged, "not sent": gave_up})
    if not offered:
        asked = "Who asks all the same is refused: the parameter belongs to an extension that is not there."
        yield stand.trial(OWN, "MAIL with SMTPUTF8 all the same", obstinate, {555: asked})


def pipelining(stand: Stand, offered: bool) -> Iterator[Trial]:
    """The same transaction, one command at a time and in groups, over a slow network (RFC 2920)."""
    two = stand.recipients[:2]
    commands = [f"MAIL FROM:<{stand.sender}>", *(f"RCPT TO:<{box}>" for box in two), "DATA"]
    text = b"Subject: Greetings\r\n\r\nHello.\r\n.\r\n"
    seconds = 0.0

    def one_by_one() -> None:
        with timed(), stand.session() as session:
            deliver(session, [f"EHLO {stand.source}", *commands], text.removesuffix(b".\r\n"))

    def grouped() -> None:
        with timed(), stand.session() as session:
            session.say(f"EHLO {stand.source}")
            taken = session.pipeline(*commands)[-1].code == 354
            session.write((text if taken else b"") + b"QUIT\r\n")
            for _ in range(1 + taken):
                session.read()

    @contextlib.contextmanager
    def timed() -> Iterator[None]:
        nonlocal seconds
        before, stand.lab.network.latency = stand.lab.network.latency, ONE_WAY
        began = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - began
            stand.lab.network.latency = before

    def measured(transcript: Transcript) -> tuple[Figure, ...]:
        return Figure("round trips", round_trips(transcript)), Figure("time", seconds * 1000, "ms")

    what = f"one message, {ONE_WAY * 1000:.0f} ms each way"
    slow = (
        "It waited for each reply."
        if offered
        else "The list does not have PIPELINING, so it waited for each reply."
    )
    quick = "MAIL, RCPT and DATA went out together; the content and QUIT followed together."
    early = "It did not wait for a reply, and the server hung up."
    yield stand.trial(f"{OWN}, one at a time", what, one_by_one, {"accepted": slow}, measured)
    yield stand.trial(f"{OWN}, in groups", what, grouped, {"accepted": quick, 554: early}, measured)


def chunking(stand: Stand, offered: bool) -> Iterator[Trial]:
    """The same content by DATA and by BDAT (RFC 3030)."""
    text = b"Subject: Dots\r\n\r\n" + b".. ... a line that begins with a dot\r\n" * 20
    commands = [f"EHLO {stand.source}", f"MAIL FROM:<{stand.sender}>", f"RCPT TO:<{stand.recipients[0]}>"]

    def by_data() -> None:
        with stand.session() as session:
            deliver(session, [*commands, "DATA"], text)

    def by_chunk() -> None:
        with stand.session() as session:
            session.say(*commands)
            session.chunk(text, last=True)
            session.send("QUIT")

    what = f"{len(text):,} octets in which 20 lines begin with a dot"
    dots = "Each of these dots went out twice, and a dot alone ended the content."
    counted = "BDAT says how many octets follow. They went out exactly as they are."
    unknown = "The server does not offer BDAT. It read the octets, and threw them away."
    yield stand.trial(f"{OWN}, DATA", what, by_data, {"accepted": dots}, content)
    yield stand.trial(f"{OWN}, BDAT", what, by_chunk, {"accepted": counted, 502: unknown}, content)


def dsn(stand: Stand, offered: bool) -> Iterator[Trial]:
    """A message whose sender orders reports (RFC 3461)."""
    mail, rcpt = ["RET=HDRS", "ENVID=QQ314159"], ["NOTIFY=SUCCESS,FAILURE"]

    def act() -> None:
        with stand.smtplib() as client:
            made = message(stand.sender, stand.recipients[0])
            client.send_message(made, stand.sender, mail_options=mail, rcpt_options=rcpt)

    ordered = (
        "The order is part of the envelope now: report success and failure, quote the header section only."
    )
    unknown = "smtplib passes such parameters on without a look at the list. The server knows none of them."
    yield stand.trial(SMTPLIB, " ".join(mail + rcpt), act, {"accepted": ordered, 555: unknown})


def enhanced(stand: Stand, offered: bool) -> Iterator[Trial]:
    """A recipient that does not exist (RFC 2034)."""
    domain = stand.recipients[0].rpartition("@")[2]

    def act() -> None:
        with stand.smtplib() as client:
            client.sendmail(stand.sender, [f"nobody@{domain}"], b"")

    def counted(transcript: Transcript) -> tuple[Figure, ...]:
        replies = [line.reply for line in lines(transcript) if line.kind == "reply" and line.reply]
        return (Figure("replies with a finer code", sum(bool(reply.enhanced) for reply in replies)),)

    fine = "5.1.1 says it to a program: the mailbox does not exist. No other refusal has this code."
    coarse = "550 alone may mean many things. Only the words tell, and they are for people."
    yield stand.trial(
        SMTPLIB, f"a message to nobody@{domain}", act, {550: fine if offered else coarse}, counted
    )


def starttls(stand: Stand, offered: bool) -> Iterator[Trial]:
    """A client that wants TLS (RFC 3207)."""

    def act() -> None:
        with contextlib.closing(stand.dial()) as client:
            client.starttls()
            client.ehlo()
            client.quit()

    def obstinate() -> None:
        with stand.connect() as session:
            session.say(f"EHLO {stand.source}", "STARTTLS", "QUIT")

    under = "It asked for the list again: what was said in clear counts no more."
    gave_up = "It raised SMTPNotSupportedError. Whether to go on in clear is for the program that called it."
    yield stand.trial(SMTPLIB, "starttls()", act, {"accepted": under, "not sent": gave_up})
    if not offered and stand.service.tls != "implicit":
        yield stand.trial(OWN, "STARTTLS all the same", obstinate, {502: "The command is not there either."})


def auth(stand: Stand, offered: bool) -> Iterator[Trial]:
    """A client that logs in (RFC 4954)."""

    def act() -> None:
        with contextlib.closing(stand.dial()) as client:
            client.ehlo()
            if client.has_extn("starttls"):
                client.starttls()
            client.login(*stand.account)
            client.ehlo()
            client.quit()

    known = "Logged in. The list that it got afterwards has no AUTH: once is enough."
    gave_up = "It raised SMTPNotSupportedError. No password was sent."
    yield stand.trial(SMTPLIB, "starttls(), then login()", act, {"accepted": known, "not sent": gave_up})


def help_(stand: Stand, offered: bool) -> Iterator[Trial]:
    """A client that asks for help (RFC 5321 §4.1.1.8)."""

    def act() -> None:
        with stand.smtplib() as client:
            client.help("MAIL")

    notes: Notes = {
        "accepted": "For people at a keyboard. No program needs it.",
        502: "The command is not there.",
    }
    yield stand.trial(SMTPLIB, 'help("MAIL")', act, notes)


TRIALS: dict[str, Attempt] = {
    "SIZE": size,
    "8BITMIME": eight_bit,
    "SMTPUTF8": utf8,
    "PIPELINING": pipelining,
    "CHUNKING": chunking,
    "DSN": dsn,
    "ENHANCEDSTATUSCODES": enhanced,
    "STARTTLS": starttls,
    "AUTH": auth,
    "HELP": help_,
}
