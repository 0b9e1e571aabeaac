"""What only teachers have of exercise 02: hidden tests, common mistakes, other right answers, rubrics."""

from __future__ import annotations

import re

from smtplab.course.graded.mark import mark
from smtplab.course.graded.probe import Probe
from smtplab.course.graded.sets.e02_client import USUAL, codes_mark, content_mark, plays, same
from smtplab.course.graded.teaching import Looked, Mistake

TEXT = "Subject: More dots\n\n..\n. \n.\nno dot here\n.last"


def _awkward(world):
    """421 at the second recipient, all refused, DATA refused, unwelcome, and 452 after the dot."""
    people = [f"reader{n}@{world.recipients[0].partition('@')[2]}" for n in (1, 2, 3)]
    given = (world.sender, people, TEXT)
    gone = {**USUAL, f"RCPT {people[1]}": ["421 4.3.2 Closing"]}
    never = {**USUAL, "RCPT": ["550 5.1.1 No such user"]}
    no_data = {**USUAL, "DATA": ["451 4.3.0 Not now"]}
    closed = {**USUAL, "": ["554 No SMTP service here"]}
    full = {**USUAL, f"RCPT {people[0]}": ["550 5.1.1 No"], ".": ["452 4.3.1 Disk full"]}
    tests = {"gone": gone, "never": never, "no data": no_data, "closed": closed, "full": full}
    return [Probe(name, given, plays(replies)) for name, replies in tests.items()]


def _client(tried, world):
    by = {one.name: one for one in tried}
    people = [f"reader{n}@{world.recipients[0].partition('@')[2]}" for n in (1, 2, 3)]
    yield codes_mark("a server that hangs up", 0.75, by["gone"], dict.fromkeys(people, 421), quiet=True)
    full = {people[0]: 550, people[1]: 452, people[2]: 452}
    yield codes_mark("a no after the dot", 0.5, by["full"], full, quiet=True)
    yield content_mark(0.5, by["full"].said(), TEXT)
    spared = not any(line.upper() == "DATA" for line in by["never"].said())
    right = same(by["never"].value, dict.fromkeys(people, 550))
    yield mark("nobody to deliver to", 0.5, (spared + right) / 2, _why(spared and right), "RFC 5321 §3.3")
    silent = "Subject: More dots" not in by["no data"].said()
    right = same(by["no data"].value, dict.fromkeys(people, 451))
    yield mark("no leave to send", 0.5, (silent + right) / 2, _why(silent and right), "RFC 5321 §3.3")
    quiet = not any(line[:4].upper() == "MAIL" for line in by["closed"].said())
    right = same(by["closed"].value, dict.fromkeys(people, 554))
    yield mark("an unwelcome client", 0.25, quiet and right, _why(quiet and right), "RFC 5321 §3.1")


def _why(well):
    return "As it should be." if well else "The client went on, or returned other codes than the server's."


def deliver(sock, sender, recipients, message, *, stuff=True, end="\r\n", at_rcpt=False):
    """A client with one thing or another left out."""
    stream = sock.makefile("rwb")

    def say(text):
        if text:
            stream.write(text.encode())
            stream.flush()
        line = stream.readline()
        while line[3:4] == b"-":
            line = stream.readline()
        return int(line[:3] or b"421")

    for text in ("", "EHLO me.example\r\n", f"MAIL FROM:<{sender}>\r\n"):
        if (code := say(text)) >= 400:
            return dict.fromkeys(recipients, code)
    codes = {}
    for one in recipients:
        codes[one] = say(f"RCPT TO:<{one}>\r\n")
    accepted = [one for one in recipients if codes[one] < 400]
    if accepted:
        code = say("DATA\r\n")
        if code == 354:
            lines = message.removesuffix("\n").split("\n")
            body = "".join(f"{'.' if stuff and line[:1] == '.' else ''}{line}{end}" for line in lines)
            code = say(f"{body}.\r\n")
        if not at_rcpt:
            codes |= dict.fromkeys(accepted, code)
    say("QUIT\r\n")
    return codes


def one_recv(sock, sender, recipients, message):
    """A client that takes what one recv gives for a whole reply."""

    def say(text):
        if text:
            sock.sendall(text.encode())
        return int(sock.recv(4096)[:3] or b"421")

    for text in ("", "EHLO me.example\r\n", f"MAIL FROM:<{sender}>\r\n"):
        if (code := say(text)) >= 400:
            return dict.fromkeys(recipients, code)
    codes = {one: say(f"RCPT TO:<{one}>\r\n") for one in recipients}
    accepted = [one for one in recipients if codes[one] < 400]
    if accepted and (code := say("DATA\r\n")) == 354:
        code = say(re.sub("(?m)^[.]", "..", message.rstrip("\n") + "\n").replace("\n", "\r\n") + ".\r\n")
    codes |= dict.fromkeys(accepted, code)
    say("QUIT\r\n")
    return codes


def without(**options):
    return lambda world: lambda *given: deliver(*given, **options)


def _fates(world, change):
    return {box: change(world.truth["stories"][box], fate) for box, fate in world.truth["fates"].items()}


def _refused(world):
    return dict(world.truth["script"]["refused"])


def _lines(world, *wrong, sender=None):
    mail = f"MAIL FROM:<{sender or world.sender}>"
    early = world.verb in ("EXPN", "DATA") or (world.code, world.verb) in ((501, "MAIL"), (503, "RCPT"))
    rcpt = ["RCPT TO:<bob@birch.example>"] * (2 if world.code == 452 else 1)
    message = ["DATA", "Subject: x", "", "x", "."]
    return ["EHLO x.example", *(wrong if early else ()), mail, *rcpt, *(() if early else wrong), *message]


def _wrong(world):
    lines = {
        (501, "MAIL"): "MAIL TO:<x@x.example>",
        (501, "RCPT"): "RCPT FROM:<x@x.example>",
        (502, "EXPN"): "EXPN list",
        (503, "MAIL"): "MAIL FROM:<x@x.example>",
        (503, "RCPT"): "RCPT TO:<x@birch.example>",
        (503, "DATA"): "DATA",
        (550, "RCPT"): "RCPT TO:<who@birch.example>",
        (554, "RCPT"): "RCPT TO:<x@x.example>",
        (452, "RCPT"): "RCPT TO:<postmaster@birch.example>",
    }
    return lines[world.code, world.verb]


def _ends(world, **changes):
    return {**world.truth["ends"], **changes}


def _from(world):
    """The last From field, which is not the envelope's."""
    return bytes.fromhex(world.octets).rpartition(b"From: ")[2].partition(b"\r\n")[0].decode()


HIDDEN = {"dialogue-4": _client}
HIDDEN_PROBES = {"dialogue-4": _awkward}

MISTAKES = {
    "dialogue-1": [
        Mistake(
            "250 to RCPT is delivery",
            lambda w: _fates(w, lambda story, fate: "done" if story in ("dot-4", "dot-5") else fate),
            2.5,
            "a 250 to RCPT hands nothing over",
            "Ask: what has the server got when it answers RCPT? An address, and no message yet.",
        ),
        Mistake(
            "every refusal is a failure",
            lambda w: _fates(w, lambda story, fate: "report" if fate == "later" else fate),
            2.5,
            "a 4 means not now",
            "A 4 is the everyday case of greylisting. Nobody has to be told, the queue tries again.",
        ),
        Mistake(
            "try everything again",
            lambda w: _fates(w, lambda story, fate: "later" if fate == "report" else fate),
            2.5,
            "a 5 is final",
            "The same message to the same mailbox gets the same 5. The sender has to know.",
        ),
        Mistake(
            "one word for all",
            lambda w: _fates(w, lambda story, fate: "later"),
            1.5,
            "the last reply after the dot decides",
            "Each recipient has a fate of its own: first the reply to its RCPT, then the one after the dot.",
        ),
    ],
    "dialogue-2": [
        Mistake(
            "lines of a message are commands",
            lambda w: _refused(w) | {str(line): 500 for line in w.truth["script"]["content"][2:4]},
            3,
            "stand inside a message",
            "After 354 the server looks for one thing only: the line with the dot.",
        ),
        Mistake(
            "a session is one long transaction",
            lambda w: {
                line: code
                for line, code in _refused(w).items()
                if w.truth["script"]["kinds"][line] not in ("over", "dropped")
            },
            2.5,
            "the next begins with MAIL again",
            "A transaction has two ends: the reply to the dot, and a reset (RSET, EHLO).",
        ),
        Mistake(
            "550 is the code for no",
            lambda w: dict.fromkeys(_refused(w), 550),
            3,
            "503 for the wrong time",
            "550 is about a mailbox. Wrong order is 503, wrong form 501, an unknown verb 500.",
        ),
    ],
    "dialogue-3": [
        Mistake(
            "a dialogue without a mistake",
            lambda w: _lines(w),
            2,
            "Nothing was refused",
            "It works. Now put one line into it that the server must refuse.",
        ),
        Mistake(
            "refused, and given up",
            lambda w: _lines(w, _wrong(w))[: 2 if w.verb in ("EXPN", "DATA") else -5],
            3,
            "No message arrived",
            "A refusal ends nothing: say the right line next.",
        ),
        Mistake(
            "someone else's reverse-path",
            lambda w: _lines(w, _wrong(w), sender="me@x.example"),
            3,
            "not with your sender's",
            "The reverse-path is the one in MAIL FROM: world.sender.",
        ),
    ],
    "dialogue-4": [
        Mistake(
            "no dot-stuffing",
            without(stuff=False),
            6,
            "was not doubled",
            "A text may have a line with a dot.",
        ),
        Mistake(
            "bare LF", without(end="\n"), 6, "bare LF", "Python's \\n is one octet. SMTP's line end is two."
        ),
        Mistake(
            "one recv is one reply",
            lambda w: one_recv,
            7,
            "A reply may come in pieces",
            "TCP is a stream. It may cut a reply anywhere: read lines, and read to the last one.",
        ),
        Mistake(
            "accepted means delivered",
            without(at_rcpt=True),
            6.5,
            "else that of the dot",
            "The code of RCPT counts only where it is a refusal.",
        ),
    ],
    "dialogue-5": [
        Mistake(
            "one end for all",
            lambda w: _ends(w, careless=w.truth["ends"]["strict"], messages=1, sender="none"),
            1,
            "a bare LF ends a line, too",
            "What makes this dangerous is that two servers see different ends.",
        ),
        Mistake(
            "the From field is the reverse-path, and the place is counted from 1",
            lambda w: _ends(w, strict=w.truth["ends"]["strict"] + 1, sender=_from(w)),
            2,
            "first octet has the number 0",
            "find() gives the place of the first octet of what it looks for, counted from 0.",
        ),
        Mistake(
            "a stuffed dot is the end",
            lambda w: (
                _ends(w, careless=bytes.fromhex(w.octets).find(b"\n..\r\n") + 1)
                if b"\n..\r\n" in bytes.fromhex(w.octets)
                else _ends(w, careless=0)
            ),
            2.5,
            "dot",
            "Two dots at the start of a line are one dot of the text.",
        ),
    ],
}

OTHERWISE = {
    "dialogue-1": [
        lambda w: dict(reversed(w.truth["fates"].items())) | {"nobody@x.example": "done"},
        lambda w: {f"<{box}>": fate.capitalize() for box, fate in w.truth["fates"].items()},
    ],
    "dialogue-2": [lambda w: {int(line): str(code) for line, code in _refused(w).items()}],
    "dialogue-3": [lambda w: _lines(w, _wrong(w))],
    "dialogue-4": [without()],
    "dialogue-5": [lambda w: {k: f"<{v}>" if k == "sender" else v for k, v in _ends(w).items()}],
}

RUBRICS = {
    "dialogue-6": [
        Looked(1, "before the 250 to the dot the client has the duty: it keeps the message and tries again"),
        Looked(1, "after that 250 the server has it, and a missing QUIT changes nothing"),
        Looked(1, "the lost reply: both have the message, the client must send it again, Bob gets it twice"),
        Looked(
            1, "why SMTP prefers this: a message twice is better than a message lost (RFC 5321 §4.2.5, §6.1)"
        ),
    ],
}
