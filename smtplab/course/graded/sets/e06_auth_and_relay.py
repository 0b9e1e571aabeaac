"""Exercise 06: who may send (RFC 4954 §4, RFC 4616 §2, RFC 2505 §2.1, RFC 6409 §6.1).

What is drawn as text, the capture and the sessions of a server that somebody tested, is in `e06_captures`;
the broken relay and its trials are in `e06_relay`.
"""

from __future__ import annotations

import base64
import binascii
from random import Random
from typing import Any

from ....mail.relaying import CELLS
from ....mail.text import visible
from .. import answers
from ..exercise import task
from ..mark import Mark, Marks, each, mark, sealed
from ..probe import Part, Probe, Server, Tried
from ..replay import replay
from ..world import World
from . import e06_captures as captures
from . import e06_relay as relay
from .cast import addresses, domains, people

SERVER = "mail.acorn.example"
MECHANISMS = ("PLAIN", "LOGIN")


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """A capture with logins, an account of one's own, a server's sessions, and a relay that is open."""
    one, two, clerk, boss = people(rng, 4)
    mine, firm = domains(rng, 2)
    capture, known = captures.capture(rng, mine, addresses(rng, 6))
    sessions, table = captures.sessions(rng, firm, f"{one}@{firm}", addresses(rng, 8))
    config, broken = relay.broken(rng)
    things = {
        "capture": capture,
        "login": {"account": f"{two}@acorn.example", "password": captures.password(rng)},
        "mechanism": rng.choice(MECHANISMS),
        "sessions": sessions,
        **config,
        "incident": captures.incident(rng, f"{clerk}@{firm}", f"{boss}@{firm}", addresses(rng, 1)[0]),
    }
    return things, {"known": known, "table": table, **broken}


def set_up(lab: Any, world: World) -> None:
    """The account of one's own at mail.acorn.example, which now wants its users' own addresses in MAIL; the
    office in front of it; and the relay table as it stands, open."""
    mta = lab.mta(SERVER)
    mta.accounts.add(world.login["account"], world.login["password"])
    mta.check_senders = True
    relay.move_in(lab, world)
    setting, _ = relay.setting(world.config)
    assert setting
    relay.put(mta, setting)


# 1: what the eavesdropper got ---------------------------------------------------------------------------


@task("auth-1", answers.table(str, '{"anna@acorn.example": "her password"}'))
def what_was_read(answer: dict[str, str], world: World) -> Marks:
    """The accounts whose passwords can be read in the capture, and which those passwords open."""
    if world.truth is None:
        yield sealed("the passwords that were read", 4)
        return
    answer = {account.strip().lower(): secret.strip() for account, secret in answer.items()}
    known = world.truth["known"]
    right = known["open"]
    cases = [(f"login {n}", *_read(answer, account, right[account])) for n, account in enumerate(right, 1)]
    yield each("the accounts that are open to the eavesdropper", 3, cases, "RFC 4616 §2")
    extra = [account for account in answer if account not in right]
    why = captures.too_many(extra[0], known) if extra else "No account is named that is still safe."
    fine = not extra and any(good for _, good, _ in cases)
    yield mark("no other account", 1, fine, why, "RFC 4954 §4")


def _read(answer: dict[str, str], account: str, password: str) -> tuple[bool, str]:
    if account not in answer:
        return False, "An account that is open to the eavesdropper is missing."
    if answer[account] == password:
        return True, "This password was read."
    if answer[account] == base64.b64encode(password.encode()).decode():
        return False, "This is still base64: turn it back into text."
    return False, "The account is right. The password is another one."


# 2: a login by hand --------------------------------------------------------------------------------------


@task("auth-2", answers.texts())
def by_hand(lines: list[str], world: World) -> Marks:
    """The lines are said to the submission server: they log in, and the account uses its own address."""
    with world.lab() as lab, lab.connect(SERVER, 587) as session:
        said = [(line.strip(), reply) for line, reply in replay(session, lines) if reply]
    first = next((n for n, (line, _) in enumerate(said) if line.upper().startswith("AUTH")), None)
    yield _tls_first(said, first)
    yield _welcome(said, first, world)
    yield _own_address(said, world)


def _tls_first(said: list[tuple[str, Any]], first: int | None) -> Mark:
    begun = [n for n, (line, reply) in enumerate(said) if line.upper() == "STARTTLS" and reply.code == 220]
    if first is None:
        why = "There is no AUTH among your lines."
    elif begun and begun[0] < first:
        why = "TLS has begun before the login."
    else:
        why = "The login was tried before TLS: anyone on the wire would have read the password."
    return mark("TLS first", 1, first is not None and bool(begun) and begun[0] < first, why, "RFC 4954 §4")


def _welcome(said: list[tuple[str, Any]], first: int | None, world: World) -> Mark:
    what, of = f"logged in with {world.mechanism}", 2
    welcome = [n for n, (_, reply) in enumerate(said) if reply.code == 235]
    if first is None:
        return mark(what, of, 0, "There is no AUTH among your lines.", "RFC 4954 §4")
    if not welcome:
        ends = [reply for _, reply in said[first:] if reply.code >= 400] or [said[-1][1]]
        return mark(what, of, 0, f"No login: {SERVER} said {visible(str(ends[0]))}.", "RFC 4954 §6")
    begun = next(line for line, _ in reversed(said[: welcome[0] + 1]) if line.upper().startswith("AUTH"))
    used = begun.upper().split()[1:2] == [world.mechanism]
    why = "235: the account is open." if used else f"A login, but not with {world.mechanism}."
    return mark(what, of, used or 0.5, why, "RFC 4954 §4")


def _own_address(said: list[tuple[str, Any]], world: World) -> Mark:
    line, reply = said[-1]
    is_mail = line.upper().startswith("MAIL")
    good = is_mail and reply.code == 250 and any(reply.code == 235 for _, reply in said)
    why = f"The last line was answered {visible(str(reply))}."
    if not is_mail:
        why = "The last line should be MAIL FROM with the account's own address."
    elif reply.code == 553:
        why += " The login says whose account this is, and this server lets it use its own address only."
    elif reply.code == 530:
        why += " Without a login this port takes no mail."
    return mark("MAIL with the account's own address", 1, good, why, "RFC 6409 §6.1")


# 3: six answers ------------------------------------------------------------------------------------------

TABLE = '{"inside to local": True, "inside to elsewhere": False}'


@task("auth-3", answers.table(bool, TABLE))
def six_answers(answer: dict[str, bool], world: World) -> Marks:
    """The relay table of a server, read from its sessions."""
    if world.truth is None:
        yield sealed("the six answers", 6)
        return
    answer = {" ".join(cell.lower().split()): yes for cell, yes in answer.items()}
    blanket = len(answer) == len(CELLS) and len(set(answer.values())) == 1
    for who, where in CELLS:
        cell = f"{who} to {where}"
        good = answer.get(cell) is world.truth["table"][cell]
        why = "As the sessions show." if good else captures.MISREAD[where if who == "inside" else who]
        if cell not in answer:
            why = f"The answer has no {cell!r}."
        if blanket:
            good, why = False, "One word for all six is worth nothing: the log has both."
        yield mark(cell, 1, good, why, "RFC 5321 §3.6.2")


# 4: a function that logs in ------------------------------------------------------------------------------


def login_server(
    offers: str, account: str, password: str, *, prompts: tuple[str, str] = ("Username:", "Password:"),
    ends: tuple[str, ...] = ("235 2.7.0 Authentication successful",),
) -> Part:  # fmt: skip
    """A submission server, greeted already and under TLS, that offers these mechanisms ("" for none)."""

    def part(server: Server) -> None:
        while (line := server.hear()) is not None:
            verb, _, rest = line.partition(" ")
            if verb.upper() == "EHLO":
                auth = [f"250-AUTH {offers}"] if offers else []
                server.say("250-mail.example greets you", "250-SIZE 10240000", *auth, "250 8BITMIME")
            elif verb.upper() == "AUTH" and offers:
                server.say(*_judge(_credentials(server, rest, offers, prompts), account, password, ends))
            elif verb.upper() == "QUIT":
                server.say("221 2.0.0 bye")
                return
            else:
                server.say("502 5.5.1 Not here")

    return part


def _credentials(server: Server, rest: str, offers: str, prompts: tuple[str, str]) -> list[str] | str:
    """The account and the password that the client gave, or the reply that refuses what it said."""
    name, _, initial = rest.partition(" ")
    if name.upper() not in offers.split():
        return "504 5.5.4 This mechanism is not offered"
    try:
        if name.upper() == "LOGIN":
            given = [_asked(server, initial, prompts[0]), _asked(server, "", prompts[1])]
        else:
            given = _asked(server, initial, "").split("\0")
    except (binascii.Error, ValueError):
        return "501 5.5.2 That is not base64, or not all on one line"
    if name.upper() == "LOGIN":
        return given
    return given[1:] if len(given) == 3 else "501 5.5.2 PLAIN has three fields with a zero byte between them"


def _asked(server: Server, initial: str, prompt: str) -> str:
    if not initial:
        server.say(f"334 {base64.b64encode(prompt.encode()).decode()}")
        initial = server.hear() or ""
    return base64.b64decode(initial, validate=True).decode()


def _judge(given: list[str] | str, account: str, password: str, ends: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(given, str):
        return (given,)
    return ends if given == [account, password] else ("535 5.7.8 Authentication failed",)


def logins(world: World) -> list[Probe]:
    """A server with both mechanisms, one with LOGIN alone, and a wrong password."""
    account, password = world.login["account"], world.login["password"]
    return [
        Probe("PLAIN", (account, password), login_server("LOGIN PLAIN", account, password)),
        Probe("LOGIN", (account, password), login_server("LOGIN", account, password)),
        Probe("a wrong password", (account, password[::-1]), login_server("PLAIN", account, password)),
    ]


def ended(one: Tried, code: int | None) -> tuple[bool, str]:
    """Whether a login came back with `code`, and why not."""
    heard = [line for who, line in one.lines if who == "S" and line[:1] in "2345" and line[3:4] == " "]
    if one.error:
        return False, f"The function raised {one.error}."
    if one.value == code and type(one.value) is type(code):
        return True, "It came to the right end."
    why = f"It returned {visible(repr(one.value))[:60]}."
    if not any(line.upper().startswith("AUTH") for line in one.said()):
        return False, f"{why} It never said AUTH: the offer stands in a reply of several lines."
    refused = next((line for line in heard if line[0] in "45"), heard[-1])
    return False, f"{why} The server said: {visible(refused)}."


@task("auth-4", answers.function("log_in(sock, account, password)"), logins)
def log_in(tried: list[Tried], world: World) -> Marks:
    """What the servers heard, and what the function made of it."""
    plain, login, wrong = tried
    good, why = ended(plain, 235)
    used = any(line.upper().startswith("AUTH PLAIN") for line in plain.said())
    why = why if used or not good else "It logged in, but PLAIN was offered and not chosen."
    yield mark("PLAIN, where it is offered", 2, good and used, why, "RFC 4616 §2")
    yield mark("LOGIN, where PLAIN is not", 1, *ended(login, 235), "RFC 4954 §4")
    yield mark("a wrong password is reported", 1, *ended(wrong, 535), "RFC 4954 §6")


# 5: the open relay ---------------------------------------------------------------------------------------


@task("auth-5", answers.table((list, str), '{"inside": ["192.0.2.200/32"], "may": ["outsider to local"]}'))
def closed(answer: dict[str, Any], world: World) -> Marks:
    """The configuration runs on a server of the lab, and its clients come."""
    setting, wrong = relay.setting(answer)
    if not setting:
        yield mark("the server starts with it", 4, 0, wrong)
        return
    with world.lab() as lab:
        relay.put(lab.mta(SERVER), setting)
        strangers, machines, people_ = relay.tried(lab, world, relay.clients(world))
    yield each("nobody from outside sends elsewhere", 1, strangers, "RFC 2505 §2.1")
    yield each("the machines still send without a login", 1, machines, "RFC 5321 §3.6.2")
    yield each("users send after a login, and anyone writes to users", 1, people_, "RFC 6409 §4.3")
    yield relay.final(setting)
