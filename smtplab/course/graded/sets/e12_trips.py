"""The trips of exercise 12: messages whose way is known, because it was made (RFC 5321 §4.4).

Each function draws one part of a world, as (what the student sees, what is true). The lines are in the ways
of writing of real programs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address
from itertools import pairwise
from random import Random
from typing import Any

from ....mail.received.forge_dialects import DIALECTS, Leg
from .cast import addresses, addresses6, domains, people

Part = tuple[dict[str, Any], dict[str, Any]]

ZONES = (0, 60, 120, 330, -300, -480, 540)  # minutes ahead of UTC
WRITERS = ("postfix", "exim", "sendmail", "opensmtpd", "gmail", "haraka")
ID = "BCDFGHJKLMNPQRSTVWXZ0123456789"


def start(rng: Random) -> datetime:
    """A moment in the spring of 2026."""
    return datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(seconds=rng.randrange(90 * 86400))


def hop(rng: Random, by: str, client: tuple[str, str], at: datetime, dialect: str, **more: Any) -> str:
    """The line that host `by` writes when `client`, its name and its address, hands it a message."""
    name, ip = client
    leg = Leg(helo=name, rdns=name, ip=ip_address(ip), by=by, time=at, secure=rng.random() < 0.7)
    leg.id = "".join(rng.choices(ID, k=10))
    return f"Received: {DIALECTS[dialect].write(replace(leg, **more))}"


def message(rows: list[str], sender: str, recipient: str, subject: str, text: str) -> str:
    """A message with these trace fields, the newest first."""
    head = [*rows, f"From: {sender}", f"To: {recipient}", f"Subject: {subject}"]
    return "\n".join([*head, "", text, ""])


def late(rng: Random) -> Part:
    """A message that lay at one host, and passed another one whose clock is wrong."""
    names = [f"{label}.{domain}" for label, domain in zip(
        ("laptop", "mail", "out", "relay", "mx", "scan", "store"), domains(rng, 7), strict=True)]  # fmt: skip
    ips = addresses(rng, 6)
    odd = rng.randint(1, 4)  # the line by the wrong clock
    kept = rng.choice([place for place in range(5) if place not in (odd - 1, odd)])
    wait, skew = rng.sample(range(18, 58, 6), 2)
    at, rows = start(rng), []
    for place in range(6):
        wrong = timedelta(minutes=rng.choice((skew, -skew)) if place == odd else 0)
        zone = timezone(timedelta(minutes=rng.choice(ZONES)))
        client = (names[place], ips[place])
        rows.append(hop(rng, names[place + 1], client, (at + wrong).astimezone(zone), rng.choice(WRITERS)))
        at += timedelta(seconds=rng.randint(2, 9), minutes=wait if place == kept else 0)
    sender, recipient = people(rng, 2)
    text = message(rows[::-1], f"{sender}@{names[1][5:]}", f"{recipient}@{names[6][6:]}",
                   "The offer", "It must be there by noon.")  # fmt: skip
    truth = {"host": names[kept + 1], "minutes": wait, "clock": names[odd + 1], "after": names[kept + 2]}
    return {"late": text}, {**truth, "skew": skew}


# a session -------------------------------------------------------------------------------------------


def session(rng: Random) -> Part:
    """A session in which a server takes a message with a blind copy: all that it knows for its line."""
    kind = rng.choice(("SMTP", "ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA", "refused"))
    mine, theirs, other = domains(rng, 3)
    sender, seen, hidden = people(rng, 3)
    server, said, real = (
        f"mx.{mine}",
        f"{rng.choice(('desk', 'office', 'pc'))}{rng.randint(2, 99)}.{theirs}",
        "",
    )
    real = f"host-{rng.randint(100, 999)}.{other}"
    ip = (addresses6 if rng.random() < 0.4 else addresses)(rng, 1)[0]
    at = start(rng).astimezone(timezone(timedelta(minutes=rng.choice(ZONES[1:]))))
    to, blind = f"{seen}@{mine}", f"{hidden}@{mine}"
    rows = [f"S: 220 {server} ESMTP", *_opening(kind, said, server)]
    for command in (f"MAIL FROM:<{sender}@{theirs}>", f"RCPT TO:<{to}>", f"RCPT TO:<{blind}>"):
        rows += [f"C: {command}", "S: 250 OK"]
    text = (f"From: {sender}@{theirs}", f"To: {to}", "Subject: The minutes", "", "As promised.", ".")
    rows += ["C: DATA", "S: 354 Go on", *(f"C: {row}" for row in text), "S: 250 OK"]
    about = {"server": server, "address": ip, "name in DNS": real, "clock": at.isoformat(" ")}
    return {"session": {**about, "dialogue": "\n".join(rows)}}, {}


def _opening(kind: str, said: str, server: str) -> list[str]:
    """From the greeting to MAIL."""
    if kind == "SMTP":
        return [f"C: HELO {said}", f"S: 250 {server}"]
    hello = [f"C: EHLO {said}", f"S: 250-{server}", "S: 250-STARTTLS", "S: 250 AUTH PLAIN"]
    rows = list(hello)
    if kind in ("ESMTPS", "ESMTPSA", "refused"):
        after = [row for row in hello if "STARTTLS" not in row]
        rows += ["C: STARTTLS", "S: 220 Go ahead", "-- from here on under TLS --", *after]
    if kind in ("ESMTPA", "ESMTPSA"):
        rows += ["C: AUTH PLAIN (login and password)", "S: 235 2.7.0 Accepted"]
    if kind == "refused":
        rows += ["C: AUTH PLAIN (login and password)", "S: 535 5.7.8 Wrong login or password"]
    return rows


# lines of several programs ---------------------------------------------------------------------------

CLAIMS = ("[10.0.5.9]", "[192.168.7.2]", "[172.16.4.4]")


def lines(rng: Random) -> Part:
    """Received fields in the ways of writing of several programs, some with a claim that looks like an
    address."""
    return {"fields": [field for _, field, _ in fields(rng, ("exim", "postfix", "qmail", "sendmail"), 1)]}, {}


def fields(rng: Random, dialects: tuple[str, ...], six: int) -> list[tuple[str, str, str]]:
    """(dialect, field, the client's address): the last `six` of IPv6. In each, the client says something else
    than DNS does; every second one says an address."""
    made = []
    old, new = addresses(rng, len(dialects)), addresses6(rng, len(dialects))
    for number, dialect in enumerate(dialects):
        server, client = domains(rng, 2)
        ip = new[number] if number >= len(dialects) - six else old[number]
        helo = rng.choice(CLAIMS) if number % 2 else f"pc{rng.randint(2, 99)}"
        if dialect == "qmail":
            helo = helo.strip("[]")
        name = f"host{rng.randint(2, 99)}.{client}"
        more = {"helo": helo, "rdns": name, "own": rng.choice(addresses(rng, 1)), "sender": f"x@{client}"}
        made.append((dialect, hop(rng, f"mx.{server}", (name, ip), start(rng), dialect, **more), ip))
    return made


# a phish ---------------------------------------------------------------------------------------------


def phish(rng: Random) -> Part:
    """A message whose sender made up lines, one of them in the name of a host of the reader."""
    mine, other, *others = domains(rng, 7)
    ips = addresses(rng, 8)
    at, inside = start(rng), rng.randint(0, 2)
    zone = timezone(timedelta(minutes=rng.choice(ZONES)))
    own = {f"{label}.{mine}": ip for label, ip in zip(("mx", "scan", "store"), ips, strict=False)}
    hosts = list(own)
    brought = (f"host-{rng.randint(100, 999)}.{other}", ips[3])
    claim = f"{rng.choice(('mail', 'helpdesk', 'office'))}.{mine}"
    rows, times = [], at.astimezone(zone)
    edge = {"helo": claim if rng.random() < 0.6 else brought[0]}
    rows.append(hop(rng, hosts[0], brought, times, "postfix", **edge))
    for place in range(inside):
        times += timedelta(seconds=rng.randint(1, 5))
        rows.append(hop(rng, hosts[place + 1], (hosts[place], own[hosts[place]]), times, "postfix"))
    false = _false(rng, others, ips[4:], at, hosts[0])
    who = f"Helpdesk <helpdesk@{mine}>", f"{people(rng, 1)[0]}@{mine}"
    words = "Your password ends today", f"Renew it: https://{mine}.{other}/"
    text = message([*rows[::-1], *false["rows"]], *who, *words)
    known = inside + 1
    truth = {"known": known, "address": ips[3], "line": known + false["place"], "bottom": false["ips"][-1],
             "claimed": false["ips"], "in our name": known + 1 if false["place"] == 1 else -1}  # fmt: skip
    return {"phish": text, "own": [f".{mine}", *own.values()]}, truth


def _false(rng: Random, others: list[str], ips: list[str], at: datetime, mx: str) -> dict[str, Any]:
    """Two to four made-up lines, the newest first, of which the one at `place` is in the name of `mx`."""
    count = rng.randint(2, 4)
    place = rng.randint(1, count)
    tree, *others = others
    rows = []
    for number in range(count):
        at -= timedelta(seconds=rng.randint(2, 30))
        by = mx if number + 1 == place else f"out{number + 1}.{others[number]}"
        client = (f"desk{rng.randint(2, 50)}.{tree}", ips[number])
        rows.append(hop(rng, by, client, at, "postfix" if by == mx else rng.choice(WRITERS)))
    return {"rows": rows, "place": place, "ips": ips[:count]}


# a list of trusted hosts -----------------------------------------------------------------------------


def cases(rng: Random) -> Part:
    """A domain with a filter at a provider, a list of trusted hosts that is wrong, and messages."""
    mine, provider = domains(rng, 2)
    net = rng.choice(("192.0.2", "198.51.100", "203.0.113"))
    one, near, next_door = rng.sample(range(188, 240), 3)
    number, wrong = rng.randint(3, 30), rng.randint(0, 2)
    inside = zip(("mx1", "mx2", "store"), addresses6(rng, 3), strict=True)
    hosts = [{"name": f"{label}.{mine}", "address": ip, "what": WORK[label]} for label, ip in inside]
    hosts.append({"name": f"in{number}.{provider}", "address": f"{net}.{one}", "what": WORK["in"]})
    lists = (
        [mine, f".{provider}", f"{net}.0/24"],
        [f".{mine}", f"{net}.0/24", f".{provider}"],
        [mine, f"in{number}.{provider}", f"{net}.0/24"],
    )
    others = [(f"in{number + 1}.{provider}", f"{net}.{near}"), ("", f"{net}.{next_door}")]
    return {"hosts": hosts, "trusted": lists[wrong], "cases": trips(rng, hosts, others)}, {}


WORK = {
    "mx1": "takes mail from outside",
    "mx2": "takes mail from outside, too",
    "store": "holds the mailboxes",
    "in": "a provider's filter, and works for us alone",
}


def trips(rng: Random, hosts: list[dict[str, str]], others: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Messages by `hosts` (in the order of `WORK`), and by `others`, who are strangers: (name, address),
    without a name for one who says that it is our filter."""
    mx1, mx2, store, scan = [(host["name"], host["address"]) for host in hosts]
    taken = {host["name"].partition(".")[2] for host in hosts}
    stranger, bank, customer = [name for name in domains(rng, 5) if name not in taken][:3]
    out, false = [
        (f"{name}", ip)
        for name, ip in zip((f"mail.{stranger}", f"desk.{bank}"), addresses(rng, 2), strict=True)
    ]
    at = start(rng)
    ways = [("through the filter", 2, [mx1, scan, out, false]), ("inside", 2, [store, mx1, out, false]),
            ("the long way", 3, [store, mx2, scan, out, false])]  # fmt: skip
    made = [_trip(rng, name, known, way, at) for name, known, way in ways]
    for name, ip in others:
        if name:
            way, more = [mx2, (name, ip), false], {}
        else:  # what it wrote itself stands in the name of our filter
            way, more = [mx2, (f"mail.{customer}", ip), false], {"helo": scan[0], "below": scan[0]}
        made.append(_trip(rng, f"from {way[1][0]}", 1, way, at, **more))
    return made


def _trip(
    rng: Random,
    name: str,
    known: int,
    way: list[tuple[str, str]],
    at: datetime,
    helo: str = "",
    below: str = "",
) -> dict[str, Any]:
    """A message whose newest line is by `way[0]`, and came from `way[1]`, which called itself `helo` and
    wrote the line below in the name of `below`."""
    rows = []
    for place, (host, client) in enumerate(pairwise(way)):
        by = below if below and place == 1 else host[0]
        more = {"helo": helo} if helo and not place else {}
        rows.append(hop(rng, by, client, at - timedelta(seconds=9 * place), "postfix", **more))
    text = message(rows, "x@sender.example", "you@here.example", "Hello", "Hi.")
    return {"name": name, "known": known, "message": text}
