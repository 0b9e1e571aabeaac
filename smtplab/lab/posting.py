"""Posting a letter whose envelope and header section may disagree, and looking at it wherever it comes.

Alice's mail program submits it on port 587, her provider hands it on, and each place keeps what it got:
the program its draft, an MTA what it took, a listener what passed in clear, a mailbox what was delivered.
Nothing is made up: what a stop shows was read from a queue, a mailbox or the tap.

It does what `submit` does, by hand, because smtplib would not let envelope and header disagree so easily.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

from ..mail.envelope import Envelope
from ..mail.letter import Journey, Letter, Stop
from ..mail.transcript import Transcript
from ..mail.verdict import Step
from ..mail.xray import handed
from .delivery import Delivery
from .lab import Lab
from .queue import Item

PROGRAM = "Alice's mail program"
SUBMISSION = "mail.acorn.example"
HOME = "alice.home.example"
ACCOUNT = ("alice@acorn.example", "wonderland")


def post(lab: Lab, letter: Letter) -> Journey:
    """Send `letter`, let the lab come to rest, and say where the message is and what it looks like there.

    A refusal raises nothing: the verdict has it. Raises RecordError where an address in the envelope is
    none, and LabError where nobody answers.
    """
    when, id_ = lab.clock.now(), f"<{len(lab.transcripts) + 1}.alice@{HOME}>"
    envelope, message = letter.envelope, letter.message(when, id_)
    queues = [(mta.queue, mta.queue.tls) for mta in lab.mtas.values()]
    try:
        for queue, level in queues:
            queue.tls = level if letter.tls else "none"
        transcript, refused = _submit(lab, envelope, message)
        lab.settle()
    finally:
        for queue, level in queues:
            queue.tls = level
    delivery = Delivery(transcript, lab._items_of)
    start = Stop(PROGRAM, "program", envelope, letter.draft(when, id_))
    verdict = delivery.verdict()
    return Journey(
        letter,
        (start, *_stops(lab, delivery.items())),
        replace(verdict, steps=(*refused, *verdict.steps)),
        tuple(delivery.transcripts),
    )


def _submit(lab: Lab, envelope: Envelope, message: bytes) -> tuple[Transcript, list[Step]]:
    """One session on port 587: its transcript, and a step for each command that was refused."""
    secret = b64encode("\0".join(("", *ACCOUNT)).encode()).decode()
    refused: list[Step] = []
    with lab.connect(SUBMISSION, 587, HOME) as session:
        session.say(f"EHLO {HOME}", "STARTTLS", f"EHLO {HOME}", f"AUTH PLAIN {secret}")
        mail, *rcpt = envelope.commands()
        accepted = 0
        for command in (mail, *rcpt):
            reply = session.send(command)
            assert reply
            if reply.code >= 300:
                refused.append(Step(command, f"the server said {reply}", "refused"))
                if command is mail:
                    break
            else:
                accepted += command is not mail
        if accepted:
            session.say("DATA", message)
        session.send("QUIT")
        return session.transcript, refused


def _stops(lab: Lab, items: list[Item]) -> list[Stop]:
    """Each MTA that took the message, before it what a listener got, behind it the mailboxes.

    The stop that all begin with is number 0; those returned count from 1.
    """
    stops: list[Stop] = []
    number: dict[int, int] = {}  # of the stop of an item

    def add(stop: Stop) -> int:
        stops.append(stop)
        return len(stops)

    for item in items:
        if item.transcript is None:  # a DSN, say: no client brought it
            continue
        before = next((number[id(one)] for one in items if id(one) in number and _led(one, item)), 0)
        if before:
            before = add(_overheard(item.transcript, before))
        number[id(item)] = add(
            Stop(
                item.transcript.server.host,
                "mta",
                item.envelope,
                item.content,
                before,
                item.transcript.tls,
            )
        )
        for stop in _mailboxes(lab, item, number[id(item)]):
            add(stop)
    return stops


def _led(one: Item, item: Item) -> bool:
    """Whether a try to hand on `one` made the connection that brought `item`."""
    connections = [attempt.transcript for attempt in one.attempts if attempt.transcript]
    return any(each is item.transcript or each.twin is item.transcript for each in connections)


def _mailboxes(lab: Lab, item: Item, before: int) -> list[Stop]:
    assert item.transcript
    store = lab.mta(item.transcript.server.host).store
    found = []
    for address in store.boxes:
        for mail in store.delivered(address):
            if mail.transcript is item.transcript:
                envelope = Envelope(mail.reverse_path, (mail.recipient,))
                found.append(Stop(address, "mailbox", envelope, mail.raw, before))
    return found


def _overheard(ends: Transcript, before: int) -> Stop:
    """What a listener between the servers could read: from the octets that passed in clear, no others."""
    clear = [event for event in ends.wire if event.kind == "data" and not event.tls]
    read = handed(replace(ends, events=clear))
    envelope, content = (read[-1].envelope, read[-1].message) if read else (None, None)
    return Stop(f"{ends.client.host} → {ends.server.host}", "wire", envelope, content, before)
