"""What the worlds of exercise 02 are made of: a log, a list of lines with mistakes, a message with a trick.

Each function returns what a student gets and what only a judge knows. No lab is asked: the mistakes are put
in, so they are known.
"""

from __future__ import annotations

from random import Random
from typing import Any

FATES = {"dot-2": "done", "rcpt-5": "report", "rcpt-4": "later", "dot-4": "later", "dot-5": "report",
         "421": "later"}  # fmt: skip
NEVER = ("550 5.1.1 No such user here", "550 5.7.1 We take no mail for this user",
         "553 5.1.3 That is no mailbox",
         "552 5.2.2 Mailbox full, and nobody has read it for a year")  # fmt: skip
NOT_NOW = ("450 4.2.1 Mailbox busy", "451 4.7.1 Greylisted, come back in a while", "452 4.2.2 Mailbox full",
           "451 4.3.0 Local error")  # fmt: skip
YES = ("250 2.1.5 OK", "250 2.1.5 Recipient ok", "251 User moved, will forward")
DOT_LATER = ("452 4.3.1 Out of disk space", "451 4.3.2 Going down for a moment", "450 4.7.1 Slow down")
DOT_NEVER = ("554 5.6.0 We do not like the content", "552 5.3.4 Too big for us", "550 5.7.1 Looks like spam")

Log = tuple[str, dict[str, str], dict[str, str]]  # the text; recipient -> what is to be done, and why


def log(rng: Random, me: str, sender: str, names: list[str], domains: list[str]) -> Log:
    """Four sessions of the sending server `me`, eight recipients: the same four stories in every world."""
    a, b, c, d, e, f, g, h = names
    sure = [
        ("dot-2", a, rng.choice(YES)),
        ("rcpt-5", b, rng.choice(NEVER)),
        ("rcpt-4", c, rng.choice(NOT_NOW)),
    ]
    rng.shuffle(sure)
    stories = [
        (sure, "250 2.0.0 Queued"),
        ([("dot-4", d, rng.choice(YES)), ("dot-4", e, "250 2.1.5 OK")], rng.choice(DOT_LATER)),
        ([("dot-5", f, rng.choice(YES))], rng.choice(DOT_NEVER)),
        ([("421", g, "250 2.1.5 OK"), ("421", h, "421 4.3.2 Shutting down, closing connection")], ""),
    ]
    rng.shuffle(stories)
    told: list[str] = []
    kinds: dict[str, str] = {}
    for domain, (people, end) in zip(domains, stories, strict=True):
        boxes = [(f"{name}@{domain}", reply) for _, name, reply in people]
        kinds |= {f"{name}@{domain}": kind for kind, name, _ in people}
        told.append(_session(me, sender, f"mx.{domain}", boxes, end))
    kinds = dict(sorted(kinds.items()))
    return "\n\n".join(told) + "\n", {box: FATES[kind] for box, kind in kinds.items()}, kinds


def _session(me: str, sender: str, host: str, boxes: list[tuple[str, str]], end: str) -> str:
    lines = [f"# connected to {host}", f"S: 220 {host} ESMTP", f"C: EHLO {me}", f"S: 250-{host} greets {me}",
             "S: 250 8BITMIME", f"C: MAIL FROM:<{sender}>", "S: 250 2.1.0 OK"]  # fmt: skip
    for box, reply in boxes:
        lines += [f"C: RCPT TO:<{box}>", f"S: {reply}"]
    if not end:
        return "\n".join([*lines, "# connection closed by the server"])
    lines += [
        "C: DATA",
        "S: 354 Go on",
        "C: (the message)",
        "C: .",
        f"S: {end}",
        "C: QUIT",
        "S: 221 2.0.0 Bye",
    ]
    return "\n".join(lines)


BOB = "RCPT TO:<bob@birch.example>"
SECOND = ("RCPT TO:<postmaster@birch.example>", "rcpt to:<postmaster@birch.example>")
CALM = ("NOOP", "VRFY bob", "HELP")  # always allowed, and they change nothing
BROKEN = (("RCTP TO:<bob@birch.example>", 500), ("HELLO out", 500), ("EHLO", 501), ("RSET now", 501))


def script(rng: Random, me: str, senders: list[str]) -> tuple[list[str], dict[str, Any]]:
    """A client's lines with four that will be refused, and the truth: which, with which code, and why."""
    first, second, third = (f"MAIL FROM:<{one}>" for one in senders)
    slots = {"greeted": (rng.choice([BOB, "DATA"]), 503), "mail": (rng.choice(["DATA", second]), 503),
             "rcpt": (second, 503)}  # fmt: skip
    order_fault, form_fault = rng.sample(list(slots), 2)
    faults = {order_fault: slots[order_fault], form_fault: rng.choice(BROKEN)}
    faults["over"] = (rng.choice([BOB, "DATA"]), 503)
    faults["dropped"] = (rng.choice([BOB, "DATA"]), 503)
    trap = rng.sample(["RSET", "RCPT TO:<carol@birch.example>", "DATA", third, "HELLO?"], 2)
    message = ["Subject: How SMTP works", "", *trap, f"Yours, {senders[0].partition('@')[0]}"]
    drop = rng.choice(["RSET", f"EHLO {me}"])
    plan: list[str] = [
        f"EHLO {me}", *rng.sample(CALM, rng.randint(0, 1)), "?greeted", first, "?mail", BOB,
        *rng.sample(CALM, rng.randint(0, 1)), rng.choice(SECOND), "?rcpt", "DATA", *message, ".", "?over",
        second, BOB, drop, "?dropped", third, *rng.sample(CALM, rng.randint(0, 1)), BOB, "DATA",
        "Subject: The end", "", trap[0], ".", "QUIT",
    ]  # fmt: skip
    return _numbered(plan, faults)


def _numbered(plan: list[str], faults: dict[str, tuple[str, int]]) -> tuple[list[str], dict[str, Any]]:
    """The plan with its slots filled, and the numbers of what was put there and of the messages' lines."""
    lines: list[str] = []
    refused: dict[str, int] = {}
    kinds: dict[str, str] = {}
    content: list[int] = []
    inside = False
    for step in plan:
        slot = step.removeprefix("?") if step.startswith("?") and step[1:] else ""
        if slot and slot not in faults:
            continue
        text, code = faults[slot] if slot else (step, 0)
        lines.append(text)
        if slot:
            refused[str(len(lines))] = code
            kinds[str(len(lines))] = slot if code == 503 else "form"
        elif inside and text != ".":
            content.append(len(lines))
        inside = (inside or (text == "DATA" and not slot)) and text != "."
    return lines, {"refused": refused, "kinds": kinds, "content": content}


def trick(rng: Random, sender: str, boss: str, box: str) -> tuple[bytes, dict[str, Any]]:
    """A message as it goes over the wire, with one end by the standard and others for a careless server."""
    hidden = rng.randint(1, 2)
    fakes = [b"A dot with a friend:\r\n..\r\n", b"A dot with a space:\r\n. \r\n",
             b"A lone CR\r.\r\nis no end.\r\n",
             b"Two dots after LF\n..\r\nare stuffed.\r\n"]  # fmt: skip
    rng.shuffle(fakes)
    head = f"From: {sender}\r\nTo: {box}\r\nSubject: Minutes of {rng.randint(2, 29)} May\r\n\r\n".encode()
    raw = head + b"".join(fakes[: rng.randint(2, 4)]) + b"That is all"
    careless = len(raw) + 1
    names = [boss, sender.replace("@", "+2@")]
    for number in range(hidden):
        envelope = f"MAIL FROM:<{names[number]}>\r\nRCPT TO:<{box}>\r\nDATA\r\n"
        text = f"From: {box}\r\nSubject: Urgent\r\n\r\nPay {rng.randint(11, 99)}00 euro today."
        raw += b"\n.\r\n" + (envelope + text).encode()
    strict = len(raw) + 2
    return raw + b"\r\n.\r\n", {
        "strict": strict,
        "careless": careless,
        "messages": 1 + hidden,
        "sender": boss,
    }


CUTS = {
    "early": "after the 250 to RCPT, before the client said DATA",
    "text": "in the middle of the text, when half of the message was sent",
    "lost": "after the final dot. The server stored the message and said 250, but this reply got lost",
    "quit": "after the client read the 250 to the final dot, before it said QUIT",
}


def cuts(rng: Random) -> dict[str, str]:
    """Three moments at which a connection dies, A to C: before the dot, at its reply, and after it."""
    chosen = [rng.choice(["early", "text"]), "lost", "quit"]
    rng.shuffle(chosen)
    return {name: CUTS[one] for name, one in zip("ABC", chosen, strict=True)}
