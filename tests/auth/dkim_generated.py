"""Messages for the comparison of verifiers: made by chance with a seed, and some changed once signed."""

from __future__ import annotations

import re
from random import Random
from typing import Literal

FORMS = ("simple", "relaxed")
WORDS = (
    b"tea",
    b"coffee",
    b"caf\xc3\xa9",
    b"=3D",
    b".",
    b"..",
    b"-- ",
    b"From ",
    b"x" * 90,
    b"&amp;",
    b"a;b",
)
SPACES = (b" ", b" ", b" ", b"  ", b"\t", b" \t ", b"")
ENDS = (b"\r\n", b"\r\n", b"\r\n", b"\r\n\r\n", b" \r\n", b"\t\r\n", b"\r\n \r\n")
ODD = (b"a\nb", b"a\rb", b"\n", b"\x00", b"\xff\xfe")  # what should not stand in a message, and may
NAMES = (b"Subject", b"SUBJECT", b"To", b"Cc", b"Date", b"Message-Id", b"X-Tea", b"List-ID", b"References")
FOLDS = (b"\r\n ", b"\r\n\t", b" \r\n  ", b"\r\n \t")
Change = Literal["none", "body", "end", "footer", "subject", "from", "space", "case", "fold", "added", "key"]
CHANGES: tuple[Change, ...] = ("none",) * 8 + (
    *("body", "end", "footer", "subject", "from", "space", "case", "fold", "added", "key"),
)  # type: ignore[assignment]


def _words(random: Random, most: int) -> bytes:
    return b"".join(random.choice(WORDS) + random.choice(SPACES) for _ in range(random.randrange(1, most)))


def field(random: Random, name: bytes) -> bytes:
    """One field with odd white space and folds. A fold has something behind it, as RFC 5322 §2.2.3 wants."""
    parts = [_words(random, 4).strip() or b"x" for _ in range(random.randrange(1, 4))]
    lead = random.choice((b" ", b" ", b"", b"  ", b"\t"))
    return name + b":" + lead + random.choice(FOLDS).join(parts) + random.choice((b"", b"", b" ")) + b"\r\n"


def message(random: Random) -> bytes:
    """A message with CR LF line ends, most without anything that should not be there."""
    fields = [field(random, random.choice(NAMES)) for _ in range(random.randrange(1, 8))]
    fields.insert(random.randrange(len(fields) + 1), b"From: Alice <alice@acorn.example>\r\n")
    lines = [_words(random, 6) + random.choice(ENDS) for _ in range(random.randrange(0, 9))]
    if random.random() < 0.1:
        lines.append(random.choice(ODD) + random.choice(ENDS))
    body = b"".join(lines) + random.choice((b"", b"", b"\r\n", b"\r\n\r\n"))
    if random.random() < 0.05:
        body = body.removesuffix(b"\r\n")
    return b"".join(fields) + b"\r\n" + body


def names(random: Random, content: bytes) -> list[str]:
    """Fields to sign: some of those that are there, some twice, some that are not, and From."""
    there = [
        found.decode().lower()
        for found in re.findall(rb"^([A-Za-z-]+):", content.partition(b"\r\n\r\n")[0], re.MULTILINE)
    ]
    chosen = [name for name in there if random.random() < 0.8]
    chosen += [random.choice(("subject", "cc", "reply-to", "from"))] * random.randrange(3)
    return ["from", *chosen]


def changed(random: Random, content: bytes, how: Change) -> bytes:
    """A signed message as it may arrive. "space", "case" and "fold" are what relaxed forgives."""
    head, gap, body = content.partition(b"\r\n\r\n")
    at = head.index(b"\r\nFrom:") if b"\r\nFrom:" in head else len(head)
    if how == "body":
        return head + gap + b"Changed\r\n" + body
    if how == "end":
        return content + b"\r\n" * random.randrange(1, 4)
    if how == "footer":
        return content + b"-- \r\nA footer\r\n"
    if how == "subject":
        return content.replace(b"\r\nSubject:", b"\r\nSubject: [list]", 1)
    if how == "from":
        return content.replace(b"\r\nFrom: Alice", b"\r\nFrom: Mallory", 1)
    if how == "space":
        return head[:at] + head[at:].replace(b" ", b"  ") + gap + body
    if how == "case":
        return head[:at] + head[at:].replace(b"\r\nFrom:", b"\r\nFROM:", 1) + gap + body
    if how == "fold":
        return head[:at] + head[at:].replace(b" <alice", b"\r\n <alice", 1) + gap + body
    if how == "added":
        return b"Subject: Another\r\n" + content
    return content
