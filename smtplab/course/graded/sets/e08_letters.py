"""What exercise 08 gives to read: the log of a server that sends, a bounce, and a bounce to the wrong person.

Only drawing stands here; the judges are in `e08_errors_queue_bounce`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from ....mail.dsn import Fate, Report, build
from ....mail.path import Path

# The words are chosen to mislead: a 4yz that sounds final, and a 5yz that sounds as if it would pass.
NOT_NOW = (
    "450 4.7.1 Recipient address rejected: not accepted from strangers",
    "451 4.7.1 Message refused by local policy",
    "452 4.2.2 Rejected: this mailbox is full",
    "450 4.2.1 Mailbox unavailable, delivery failed",
)
NEVER = (
    "550 5.7.1 Too much mail from your network, please try again later",
    "550 5.2.1 This account is not active at the moment",
    "554 5.7.1 Service currently unavailable for your host",
    "550 5.1.1 No such user yet, check the address and try again",
)
AFTER_DOT = ("451 4.3.0 Delivery failed: error while scanning", "554 5.7.1 Not now: this looks like spam")
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Log:
    """A log that grows session by session, and the fate of each recipient with what decides it."""

    def __init__(self, sender: str) -> None:
        self.sender, self.text = sender, list[str]()
        self.fates: dict[str, list[str]] = {}

    def session(
        self, host: str, rows: list[tuple[str, str, str, str]], dot: str | None, *, data: bool = True
    ) -> None:
        """One session. A row is (recipient, reply to RCPT, its fate, what decides); `dot` is the reply to the
        end of the message, None where the connection broke before it."""
        lines = [f"{host}:25", f"  C: MAIL FROM:<{self.sender}>", "  S: 250 2.1.0 OK"]
        for recipient, reply, fate, why in rows:
            lines += [f"  C: RCPT TO:<{recipient}>", f"  S: {reply}"]
            self.fates[recipient] = [fate, why]
        if data:
            lines += ["  C: DATA", "  S: 354 Go on", "  C: (the message)", "  C: ."]
            lines += [f"  S: {dot}" if dot else "  -- the connection was lost"]
        else:
            lines += ["  -- the server closed the connection"]
        self.text.append("\n".join(lines))


def log(rng: Random, sender: str, domains: list[str], people: list[str]) -> Log:
    """Four sessions, each with a trap of its own, in any order."""
    kept = Log(sender)
    sessions = [_mixed, _dot, _many, _closing]
    rng.shuffle(sessions)
    for place, (make, domain) in enumerate(zip(sessions, domains, strict=True)):
        three = [f"{name}@{domain}" for name in people[3 * place : 3 * place + 3]]
        make(rng, kept, f"mx{rng.randint(1, 9)}.{domain}", three)
    return kept


def _mixed(rng: Random, kept: Log, host: str, people: list[str]) -> None:
    """One is taken, one later, one never: what decides is the class of each one's own reply."""
    rows = [
        (people[0], "250 2.1.5 OK", "taken", "class"),
        (people[1], rng.choice(NOT_NOW), "later", "class"),
        (people[2], rng.choice(NEVER), "failed", "class"),
    ]
    rng.shuffle(rows)
    kept.session(host, rows, "250 2.0.0 OK, queued as 5D1A")


def _dot(rng: Random, kept: Log, host: str, people: list[str]) -> None:
    """All were accepted, and then the message was not."""
    reply = rng.choice(AFTER_DOT)
    fate = "later" if reply.startswith("4") else "failed"
    kept.session(host, [(one, "250 2.1.5 OK", fate, "dot") for one in people], reply)


def _many(rng: Random, kept: Log, host: str, people: list[str]) -> None:
    """Some too many for one transaction, said in the old way: 552 without a second code."""
    taken = rng.randint(1, 2)
    rows = [(one, "250 2.1.5 OK", "taken", "class") for one in people[:taken]]
    rows += [(one, "552 Too many recipients", "later", "many") for one in people[taken:]]
    kept.session(host, rows, "250 2.0.0 OK, queued as 77C2")


def _closing(rng: Random, kept: Log, host: str, people: list[str]) -> None:
    """The connection ends before anybody has taken anything."""
    if rng.random() < 0.5:
        rows = [(one, "250 2.1.5 OK", "later", "closing") for one in people[:2]]
        rows.append((people[2], "421 4.3.2 Closing, no mail accepted", "later", "closing"))
        kept.session(host, rows, None, data=False)
    else:
        kept.session(host, [(one, "250 2.1.5 OK", "later", "closing") for one in people], None)


def bounces(
    rng: Random, sender: str, author: str, domains: list[str], people: list[str]
) -> tuple[list[str], dict[str, str]]:
    """Two bounces about one message to three recipients, and what they say: the answers, by their names."""
    mistyped, policy, expired = (
        f"{name}@{domain}" for name, domain in zip(people, rng.sample(domains, 3), strict=True)
    )
    hosts = rng.sample([f"mx.{domain}" for domain in domains] + [f"in.{domain}" for domain in domains], 3)
    until = MONDAY + timedelta(days=5)
    at_once = [
        _failed(
            mistyped, "5.1.1", hosts[0], rng.choice(("550 5.1.1 Not done", "550 5.1.1 Rejected")), MONDAY
        ),
        _failed(policy, "5.7.1", hosts[1], rng.choice(("550 5.7.1 Not done", "554 5.7.1 Rejected")), MONDAY),
    ]
    rng.shuffle(at_once)
    at_last = [
        _failed(expired, "4.4.7", hosts[2], rng.choice(("450 4.2.1 Rejected", "451 4.3.0 Not done")), until)
    ]
    letter = f"From: {sender}\r\nTo: {mistyped}, {policy}, {expired}\r\nSubject: The offer\r\n\r\nHello.\r\n"
    written = []
    for fates, when in ((at_once, MONDAY), (at_last, until)):
        client = f"desk.{sender.partition('@')[2]}"
        report = Report(author, tuple(fates), arrived=MONDAY, received_from=client)
        written.append(_written(rng, report, letter, sender, when))
    told = {"author": author, "mistyped": mistyped, "policy": policy, "expired": expired}
    return written, {**told, "refused_by": hosts[0]}


def _failed(recipient: str, status: str, remote: str, said: str, when: datetime) -> Fate:
    return Fate(recipient, "failed", status, "", remote, said, "smtp", when)


def flood(rng: Random, victim: str, careless: str, nobody: str, spammer: str) -> str:
    """A bounce that `careless` wrote to `victim` about spam that came from `spammer`, for `nobody`."""
    fate = Fate(nobody, "failed", "5.1.1", "", "", "550 5.1.1 No such user here", "x-local", MONDAY)
    report = Report(careless, (fate,), arrived=MONDAY, received_from="win.example")
    spam = (
        f"Received: from win.example (unknown [{spammer}]) by {careless} with ESMTP id 4F0A;\r\n"
        f" Mon, 02 Mar 2026 08:59:58 +0000\r\nFrom: {victim}\r\nTo: {nobody}\r\nSubject: You have won\r\n"
        "\r\nClick here.\r\n"
    )
    return _written(rng, report, spam, victim, MONDAY)


def _written(rng: Random, report: Report, original: str, to: str, when: datetime) -> str:
    token = f"{rng.getrandbits(40):010X}"
    raw = build(report, original.encode(), to=Path.of(to), when=when, token=token)
    return raw.decode().replace("\r\n", "\n")
