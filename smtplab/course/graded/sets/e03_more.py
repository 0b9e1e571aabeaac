"""What the worlds of exercise 03 are made of: lists of extensions with wishes, a talk with offences, letters.

Each function returns what a student gets and what only a judge knows. No lab is asked.
"""

from __future__ import annotations

from random import Random
from typing import Any

SIMPLE = {
    "PIPELINING": "say MAIL and RCPT in one go, and read the replies afterwards",
    "CHUNKING": "send the message with BDAT",
    "DSN": "ask on RCPT for a report",
    "STARTTLS": "go on under TLS",
}
METHODS = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "OAUTHBEARER")
NONE = "none"


def lists(
    rng: Random, names: list[str], box: str
) -> tuple[dict[str, str], list[dict[str, str]], dict[str, Any]]:
    """The replies of two servers to EHLO, eight wishes, and which keyword allows each of them."""
    big, small = names
    one, two, three, _ = rng.sample(list(SIMPLE), 4)
    most = {big: rng.randint(20, 90) * 1_000_000, small: rng.randint(2, 9) * 1_000_000}
    methods = rng.sample(METHODS, 4)
    offers = {
        big: [one, two, f"SIZE {most[big]}", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"],
        small: [three, f"SIZE {most[small]}", "8BITMIME", f"AUTH {methods[0]} {methods[1]}", "HELP"],
    }
    for lines in offers.values():
        rng.shuffle(lines)
    between = rng.randint(most[small] + 1, most[big] - 1)
    wishes = [
        ("plain", big, SIMPLE[one], one),
        ("plain", small, SIMPLE[three], three),
        ("missing", small, SIMPLE[two], NONE),
        ("plain", big, f"say in MAIL that {between} octets will come", "SIZE"),
        ("value", small, f"say in MAIL that {between} octets will come", NONE),
        ("value", small, f"log in by the method {methods[2]}", NONE),
        ("plain", small, "send a text with the letter ü as it is", "8BITMIME"),
        ("address", small, f"write to {box}", NONE),
    ]
    rng.shuffle(wishes)
    replies = {name: _reply(name, lines) for name, lines in offers.items()}
    told = [{"server": server, "wish": wish} for _, server, wish, _ in wishes]
    keys = {str(n): key for n, (*_, key) in enumerate(wishes, 1)}
    kinds = {str(n): kind for n, (kind, *_) in enumerate(wishes, 1)}
    return replies, told, {"keywords": keys, "kinds": kinds}


def _reply(name: str, offers: list[str]) -> str:
    lines = [f"{name} greets you", *offers]
    return "\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])


USES = {"SIZE": "SIZE=1200", "8BITMIME": "BODY=8BITMIME", "SMTPUTF8": "SMTPUTF8", "DSN": "RET=HDRS"}


def talk(rng: Random, names: list[str], sender: str, box: str) -> tuple[str, dict[str, str]]:
    """Three connections of one client. The truth: the lines that use what was not offered, and why not."""
    provider, exchanger, me = names
    gone, new, ever, lacking = rng.sample(list(USES), 4)
    first = [ever, gone, "STARTTLS", "HELP"]
    second = [ever, new, "AUTH PLAIN LOGIN"]
    third = [gone, new, ever, "PIPELINING"]
    for offers in (first, second, third):
        rng.shuffle(offers)

    def mail(kind: str, keyword: str) -> list[tuple[str, str]]:
        line = f"MAIL FROM:<{sender}> {USES.get(keyword, '')}".rstrip()
        return [(kind, line), ("C", f"RCPT TO:<{box}>"), ("C", "RSET")]

    steps: list[tuple[str, str]] = [
        ("#", f"connection to {provider}, port 587"),
        *_list("EHLO", me, provider, first),
        *_mixed(rng, [[("C", "NOOP")], [("early", "AUTH PLAIN AGFubmEAcHc=")]]),
        ("C", "STARTTLS"), ("S", "220 Ready to start TLS"), ("#", "TLS is on"),
        *_list("EHLO", me, provider, second),
        ("C", "AUTH PLAIN AGFubmEAcHc="),
        *_mixed(rng, [mail("gone", gone), mail("C", new), mail("C", ever)]),
        ("C", "QUIT"), ("#", f"another connection to {provider}, port 25"),
        ("C", f"HELO {me}"), ("S", f"250 {provider}"),
        *_mixed(rng, [mail("C", ""), mail("helo", ever)]),
        ("C", "QUIT"), ("#", f"connection to {exchanger}, port 25"),
        *_list("EHLO", me, exchanger, third),
        *_mixed(rng, [mail("C", gone), mail("other", lacking), mail("C", "")]),
        ("C", "QUIT"),
    ]  # fmt: skip
    return _numbered(steps)


def _list(verb: str, me: str, server: str, offers: list[str]) -> list[tuple[str, str]]:
    return [("C", f"{verb} {me}"), *(("S", line) for line in _reply(server, offers).splitlines())]


def _mixed(rng: Random, parts: list[list[tuple[str, str]]]) -> list[tuple[str, str]]:
    rng.shuffle(parts)
    return [step for part in parts for step in part]


def _numbered(steps: list[tuple[str, str]]) -> tuple[str, dict[str, str]]:
    """The steps as a text in which the client's lines have numbers; the offences by number."""
    told: list[str] = []
    offences: dict[str, str] = {}
    number = 0
    for kind, line in steps:
        if kind in "#S":
            told.append(f"    {kind}{':' * (kind == 'S')} {line}")
            continue
        number += 1
        told.append(f"{number:2}  C: {line}")
        if kind != "C":
            offences[str(number)] = kind
    return "\n".join(told) + "\n", offences


BODIES = (
    "Grüße aus Köln!", "Das Café öffnet später.", "Señor Muñoz is here.", "The smörgåsbord is ready.",
    "À bientôt à Liège.", "Žižka comes on Friday.", "It costs 5 € a day.", "Zoë and Chloë agree.",
    "A naïve façade, they say.", "Über allen Gipfeln ist Ruh.",
)  # fmt: skip
MIME = ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")


def broken(rng: Random, me: str, sender: str, box: str) -> tuple[list[str], str]:
    """The lines of a client that takes every extension for granted, and the text of its message."""
    text = [
        f"Hello {box.partition('@')[0]},",
        *rng.sample(BODIES, 3),
        f"PS: {rng.randint(10, 99)} = my number.",
    ]
    size = rng.randint(3, 9) * 1_000_000
    lines = [
        f"EHLO {me}", f"MAIL FROM:<{sender}> SIZE={size} BODY=8BITMIME RET=HDRS",
        f"RCPT TO:<{box}> NOTIFY=FAILURE,DELAY", "DATA", f"From: {sender}", f"To: {box}", "Subject: News",
        *MIME, "", *text, ".", "QUIT",
    ]  # fmt: skip
    return lines, "\n".join(text) + "\n"


def ticket(rng: Random, host: str, provider: str, user: str) -> str:
    """A report from a hotel network in which a line of the list is missing."""
    place = rng.choice(["a hotel", "an airport", "a school", "a café"])
    return (
        f"{user} writes: In the network of {place} I can't send mail. My program says:\n"
        f"'{host} does not support authentication'. At home it works. A colleague says:\n"
        "switch TLS to 'if available' and the login off, then it goes.\n\n"
        f"What you see from your office, on port 587 of {provider}:\n"
        f"{_reply(host, ['SIZE 20000000', '8BITMIME', 'STARTTLS'])}\n\n"
        f"What {user}'s program saw in that network:\n"
        f"{_reply(host, ['SIZE 20000000', '8BITMIME'])}\n"
    )
