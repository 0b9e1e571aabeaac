"""What is given to read and to write in exercise 05: envelopes and messages, and who is who in them.

Each function draws one part of a world, as (what the student sees, what is true).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address
from random import Random
from typing import Any

from ....mail.received.forge_dialects import DIALECTS, Leg, date
from .cast import addresses, domains, people

Part = tuple[dict[str, Any], dict[str, Any]]

ZONES = (60, 120, 330, -300, -480, 540)  # minutes ahead of UTC


def start(rng: Random, zone: int = 0) -> datetime:
    """A moment in the spring of 2026."""
    at = datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(seconds=rng.randrange(90 * 86400))
    return at.astimezone(timezone(timedelta(minutes=zone)))


def dated(at: datetime) -> str:
    """The moment as a Date field has it."""
    return date(Leg(time=at), "")


def newsletter(rng: Random) -> Part:
    """A session of a service that sends for a shop: its envelope and its header have other names."""
    shop, service, home, other = domains(rng, 4)
    names = [f"{name}@{home}" for name in people(rng, 7)]
    got, refused, dropped, shown = names[:3], names[3], names[4], names[5:]
    author, bounce = f"news@{shop}", f"bounce-{rng.randint(100, 999)}@{service}"
    reset = f"bounce-{rng.randint(100, 999)}@{other}"
    reply_to = (
        f"{rng.choice(('help', 'shop', 'orders'))}@{rng.choice((shop, service))}"
        if rng.random() < 0.6
        else ""
    )
    rcpts = [(f"C: RCPT TO:<{who}>", "S: 250 2.1.5 OK") for who in got]
    rcpts.append((f"C: RCPT TO:<{refused}>", "S: 550 5.1.1 No such mailbox"))
    rng.shuffle(rcpts)
    head = [f"From: {author}", f"To: {', '.join(rng.sample([*shown, got[0]], 3))}", f"Cc: {refused}"]
    head += [f"Reply-To: {reply_to}"] if reply_to else []
    head += [f"Sender: {rng.choice(('robot', 'mailer'))}@{service}", "Subject: What is new"]
    rng.shuffle(head)
    rows = [f"S: 220 mx.{home} ESMTP", f"C: EHLO out.{service}", f"S: 250 mx.{home}",
            f"C: MAIL FROM:<{reset}>", "S: 250 2.1.0 OK", f"C: RCPT TO:<{dropped}>", "S: 250 2.1.5 OK",
            "C: RSET", "S: 250 2.0.0 OK", f"C: MAIL FROM:<{bounce}>", "S: 250 2.1.0 OK",
            *(row for pair in rcpts for row in pair), "C: DATA", "S: 354 Go on",
            *(f"C: {row}" for row in head),
            "C: ", "C: Our apples are here.", "C: .", "S: 250 2.0.0 OK"]  # fmt: skip
    truth = {"recipients": sorted(got), "bounce": bounce, "answer": reply_to or author, "author": author,
             "refused": refused, "dropped": dropped, "reset": reset,
             "header": shown}  # fmt: skip
    return {"dialogue": "\n".join(rows)}, {"newsletter": truth}


def blind(rng: Random) -> Part:
    """Two who may be seen and two who may not, all at a server that takes few recipients at once."""
    mine, theirs = domains(rng, 2)
    author, *names = people(rng, 5)
    every = [f"{name}@{theirs}" for name in names]
    return {
        "author": f"{author}@{mine}",
        "seen": every[:2],
        "blind": every[2:],
        "at_once": rng.choice((2, 3)),
    }, {}


# messages in one firm's name -------------------------------------------------------------------------


def suspects(rng: Random) -> Part:
    """Messages that all say they are from one firm, and some are not."""
    firm, service, reader, *strangers = domains(rng, 6)
    own, sends, *others = addresses(rng, 8)
    facts = [
        {"name": f"mail.{firm}", "address": own, "what": "the firm's own server"},
        {"name": f"out.{service}", "address": sends, "what": "a service that sends its newsletter"},
    ]
    bad = ["forged greeting", "forged path", "forged trace", "forged badly"]
    kinds = [*rng.sample(bad, rng.randint(2, 3)), "honest", "honest name", "honest service"]
    rng.shuffle(kinds)
    boss = people(rng, 1)[0]
    messages = []
    for number, kind in enumerate(kinds):
        stranger = (f"host-{rng.randint(100, 999)}.{rng.choice(strangers)}", others[number % len(others)])
        client = {"honest service": (facts[1]["name"], sends)}.get(kind, (facts[0]["name"], own))
        client = stranger if kind.startswith("forged") else client
        helo = client[0]
        if kind == "honest name":
            helo = "srv3.local"
        elif kind in ("forged greeting", "forged trace"):
            helo = facts[0]["name"]
        back = {"honest service": f"bounce-{number}@{service}", "forged badly": f"win@{strangers[0]}"}
        path = back.get(kind, f"{boss}@{firm}")
        at = start(rng)
        rows = [f"Return-Path: <{path}>", _line(rng, f"mx.{reader}", client, helo, at)]
        if kind == "forged trace":
            rows.append(_line(rng, facts[0]["name"], (f"desk.{firm}", own), f"desk.{firm}", at))
        rows += [
            f"From: {boss}@{firm}",
            f"To: all@{reader}",
            f"Subject: {rng.choice(SUBJECTS)}",
            "",
            "Please see to it.",
        ]
        messages.append("\n".join(rows))
    return {"firm": facts, "messages": messages}, {"kinds": kinds}


SUBJECTS = ("Your order", "The invoice", "New terms", "A new account number", "This month's prices")


def _line(rng: Random, by: str, client: tuple[str, str], helo: str, at: datetime) -> str:
    leg = Leg(helo, client[0], ip_address(client[1]), by, id=f"{rng.getrandbits(36):X}", time=at)
    return f"Received: {DIALECTS['postfix'].write(leg)}"


# a letter, failures, bills ---------------------------------------------------------------------------

GIVEN = ("Zoë", "Jürgen", "Päivi", "Łukasz", "Inês", "Søren", "Chloé", "Iñaki")
FAMILY = ("Müller", "Nuñez", "Dvořák", "Åberg", "Gonçalves", "Kovács", "Lefèvre", "Şahin")
WORK = ("Sales", "Accounts", "The Board", "Support")
GOODS = ("crème brûlée", "smörgås", "jalapeño", "gözleme", "pâté", "kürtőskalács")


def letter(rng: Random) -> Part:
    """A letter with a comma in a name, letters outside ASCII, and a paragraph that is one very long line."""
    mine, theirs = domains(rng, 2)
    author, reader = people(rng, 2)
    goods = rng.sample(GOODS, 3)
    text = " ".join(
        f"{number}. We offer {rng.randint(2, 90)} boxes of {rng.choice(goods)}." for number in range(1, 41)
    )
    return {
        "letter": {
            "name": f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}, {rng.choice(WORK)}",
            "from": f"{author}@{mine}",
            "to": f"{reader}@{theirs}",
            "written": start(rng, rng.choice(ZONES)).isoformat(" "),
            "subject": f"Our offer of this season: {', '.join(goods)}, in boxes of {rng.randint(3, 9)} and "
            f"of {rng.randint(12, 40)}, as you wished",
            "text": text,
        }
    }, {}


def transactions(rng: Random) -> Part:
    """Transactions in which a delivery failed, each with the envelope that its report should have."""
    kinds = ("a plain one", "other names in the header", "it was a report itself", "parameters on MAIL")
    return {"transactions": [transaction(rng, kind) for kind in kinds]}, {}


def transaction(rng: Random, kind: str) -> dict[str, Any]:
    """One transaction of a kind: commands, who failed, the message, and the commands of its report."""
    mine, theirs = domains(rng, 2)
    back, author, other, one, two = (f"{name}@{home}" for name, home in zip(
        people(rng, 5), (mine, mine, mine, theirs, theirs), strict=True))  # fmt: skip
    path, after, more = f"<{back}>", "", {}
    head = [f"From: {back}", f"To: {one}", "Subject: Hello"]
    verbs, failed = ("MAIL FROM:", "RCPT TO:"), [one]
    if kind == "other names in the header":
        head = [f"Return-Path: <{other}>", f"From: {author}", f"Reply-To: {other}", f"To: {one}"]
    elif kind == "it was a report itself":
        path, head = "<>", [f"From: MAILER-DAEMON@{mine}", f"To: {one}"]
    elif kind == "parameters on MAIL":
        after = rng.choice((" SIZE=2048 BODY=8BITMIME", " BODY=8BITMIME RET=HDRS ENVID=7"))
    elif kind == "brackets in a parameter":
        after = " SIZE=900 AUTH=<>"
    elif kind == "in small letters":
        verbs = ("mail from:", "rcpt to:")
    elif kind in NOTIFY:
        more = {one: f" NOTIFY={NOTIFY[kind]}"}
    elif kind == "one of two wants no report":
        more, failed = {one: " NOTIFY=NEVER", two: " NOTIFY=DELAY,FAILURE"}, [one, two]
    elif kind == "nothing failed":
        failed = []
    silent = path == "<>" or not failed or kind in ("never", "success only")
    report = [] if silent else ["MAIL FROM:<>", f"RCPT TO:<{back}>"]
    commands = [f"{verbs[0]}{path}{after}", *(f"{verbs[1]}<{who}>{more.get(who, '')}" for who in (one, two))]
    message = "\r\n".join([*head, "", "Hello.", ""])
    return {"name": kind, "commands": commands, "failed": failed, "message": message, "report": report}


NOTIFY = {"never": "NEVER", "success only": "SUCCESS", "failure, too": "SUCCESS,FAILURE"}


def bills(rng: Random) -> Part:
    """Two bills of a shop, whose script gives all of them one name."""
    shop, home = domains(rng, 2)
    name, customer = f"<bill.{rng.randint(1000, 9999)}@{shop}>", f"{people(rng, 1)[0]}@{home}"
    at = datetime(2026, 3, 31, rng.randint(6, 20), rng.randint(0, 59), tzinfo=UTC)
    made = []
    for month, days in (("March", 0), ("April", 30)):
        rows = [f"Message-ID: {name}", f"Date: {dated(at + timedelta(days=days))}", f"From: bills@{shop}"]
        rows += [
            f"To: {customer}",
            f"Subject: Your bill for {month}",
            "",
            f"{rng.randint(20, 90)} euros, please.",
        ]
        made.append("\n".join(rows))
    return {"bills": made}, {}
