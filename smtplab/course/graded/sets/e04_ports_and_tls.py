"""Exercise 04: ports and TLS (RFC 8314 §3, RFC 3207 §4, RFC 6409 §4.3).

What is drawn as text, the tickets and the three hops, is in `e04_papers`; how a client's settings are tried
in a lab is in `e04_clients`.
"""

from __future__ import annotations

from random import Random
from typing import Any

from ....mail.text import visible
from .. import answers
from ..exercise import task
from ..mark import Mark, Marks, mark, sealed
from ..probe import Part, Probe, Server, Tried
from ..world import World
from . import e04_clients as clients
from . import e04_papers as papers
from .cast import addresses, domains


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Clients to set up, tickets, the hops of a letter, and a program with wrong settings."""
    tickets, faults = papers.tickets(rng)
    hops, readable = papers.hops(rng, domains(rng, 4))
    *four, shop = addresses(rng, 5)
    program, right = clients.program(rng, shop)
    things = {"clients": clients.drawn(rng, four), "tickets": tickets, "hops": hops, **program}
    return things, {"faults": faults, "readable": readable, **right}


def set_up(lab: Any, world: World) -> None:
    """The clients' hosts, each behind its firewall, and the account of the program."""
    clients.move_in(lab, world)


# 1: settings for four clients ----------------------------------------------------------------------------


@task("ports-1", answers.table(list, '{"ines": [465, "implicit", True], "ben": [25, "none", False]}'))
def settings(answer: dict[str, list[Any]], world: World) -> Marks:
    """Each client tries to send with what the answer says."""
    with world.lab() as lab:
        for name, client in world.clients.items():
            yield _tried(lab, name, client, answer.get(name))


def _tried(lab: Any, name: str, client: dict[str, Any], given: list[Any] | None) -> Mark:
    what, ref = f"{name} sends", "RFC 3207 §4" if client["server"] == clients.EXCHANGER else "RFC 8314 §3.3"
    if given is None:
        return mark(what, 1, 0, f"The answer has no {name!r}.", ref)
    if wrong := clients.unfit(given):
        return mark(what, 1, 0, wrong, ref)
    port, tls, login = given
    account, password = clients.ACCOUNTS.get(client["server"], ("nobody", "nothing"))
    way = clients.Settings(client["server"], port, tls, True, account if login else "", password)
    end = clients.attempt(lab, f"{name}.client.example", way)
    if end.sent and not end.tls:
        return mark(what, 1, 0.5, f"{end.why} It went in clear, though TLS was to be had.", ref)
    return mark(what, 1, end.sent, end.why, ref)


# 2: tickets ----------------------------------------------------------------------------------------------


@task("ports-2", answers.table(str, '{"T-100": "blocked", "T-101": "closed"}'))
def told_apart(answer: dict[str, str], world: World) -> Marks:
    """What was wrong in each of five tickets."""
    if world.truth is None:
        yield sealed("the five tickets", 5)
        return
    for number, fault in world.truth["faults"].items():
        given = " ".join(answer.get(number, "").lower().split())
        why = "So it was."
        if given != fault:
            why = papers.FAULTS[fault].mistaken
        if given not in papers.FAULTS:
            why = f"No fault has this name. There are: {', '.join(papers.FAULTS)}."
        if number not in answer:
            why = f"The answer has no {number!r}."
        yield mark(number, 1, given == fault, why, papers.FAULTS[fault].ref if given == fault else "")


# 3: on the wire ------------------------------------------------------------------------------------------


@task("ports-3", answers.table(list, '{"hop 1": ["server", "subject"], "hop 2": []}'))
def on_the_wire(answer: dict[str, list[Any]], world: World) -> Marks:
    """What somebody on the wire reads on each of three hops."""
    if world.truth is None:
        yield sealed("the three hops", 3)
        return
    for hop, readable in world.truth["readable"].items():
        given = {str(item).strip().lower() for item in answer.get(hop, [])}
        if hop not in answer:
            yield mark(hop, 1, 0, f"The answer has no {hop!r}.")
            continue
        amiss = given ^ set(readable)
        share = {0: 1.0, 1: 0.5}.get(len(amiss), 0.0)
        yield mark(hop, 1, share, papers.misread(hop, given, set(readable)), "RFC 3207 §6")


# 4: a client that insists --------------------------------------------------------------------------------

OFFERS = ("250-mail.example greets you", "250-SIZE 10240000", "250-STARTTLS", "250 8BITMIME")
AGREES = b"220 2.0.0 Ready to start TLS\r\n"


def starttls_server(
    offers: tuple[str, ...] = OFFERS, *answer: bytes, greeting: str = "220 mail.example ESMTP"
) -> Part:
    """A server that offers these lines, and answers STARTTLS with these pieces."""

    def part(server: Server) -> None:
        server.say(greeting)
        while (line := server.hear()) is not None:
            verb = line[:8].upper().split()[0] if line.strip() else ""
            if verb == "EHLO":
                server.say(*offers)
            elif verb == "STARTTLS":
                server.raw(*(answer or (AGREES,)))
            elif verb == "QUIT":
                server.say("221 2.0.0 bye")
                return
            else:
                server.say("250 2.0.0 OK" if verb == "HELO" else "502 5.5.1 Not here")

    return part


def without(offers: tuple[str, ...]) -> tuple[str, ...]:
    """The offers as Mallory leaves them."""
    return tuple(line for line in offers if "STARTTLS" not in line)


def insisting(world: World) -> list[Probe]:
    """A server that has TLS, one whose offer was taken out, and one that answers in pieces."""
    pieces = (b"220 2.0.0 Rea", b"dy to st", b"art TLS\r", b"\n")
    return [
        Probe("TLS is offered", (), starttls_server()),
        Probe("the offer is missing", (), starttls_server(without(OFFERS))),
        Probe("a reply in pieces", (), starttls_server(OFFERS, *pieces)),
    ]


def decided(one: Tried, may: bool) -> tuple[bool, str]:
    """Whether the function said `may`, and said on the wire what it should: (good, why)."""
    if one.error:
        return False, f"The function raised {one.error}."
    verbs = [line.upper().split()[0] if line.split() else "" for line in one.said()]
    other = [verb for verb in verbs if verb not in ("EHLO", "HELO", "STARTTLS", "QUIT")]
    if other:
        return False, f"It said {visible(other[0])[:20]} in clear."
    if one.value is not may:
        return False, f"It returned {visible(repr(one.value))[:40]}."
    if may and (verbs.count("STARTTLS") != 1 or verbs[-1] != "STARTTLS"):
        return False, "It did not say STARTTLS as its last word, once."
    return True, f"It returned {may}, and said {', '.join(verbs)}."


@task("ports-4", answers.function("ready_for_tls(sock)"), insisting)
def ready_for_tls(tried: list[Tried], world: World) -> Marks:
    """What the function said to each server, and what it made of the answers."""
    offered, stripped, pieces = tried
    yield mark("TLS may begin", 1, *decided(offered, True), "RFC 3207 §4")
    good, why = decided(stripped, False)
    if stripped.value is True:
        why = "The offer was taken out, and it wants to go on: so it can be robbed."
    yield mark("no offer: no further", 1, good, why, "RFC 3207 §6")
    quits = good and "QUIT" in [line.upper() for line in stripped.said()]
    yield mark("it says QUIT then", 1, quits, "The server was told." if quits else "It did not say QUIT.")
    yield mark("a reply that comes in pieces", 1, *decided(pieces, True), "RFC 5321 §4.2.1")


# 5: a program to mend ------------------------------------------------------------------------------------

FORM = '{"host": "mail.example", "port": 25, "tls": "none", "check": True}'


@task("ports-5", answers.table((str, int, bool), FORM))
def mended(answer: dict[str, Any], world: World) -> Marks:
    """The program runs with these settings, alone and with Mallory on the wire."""
    way, wrong = clients.settings(answer)
    if not way:
        yield mark("the program starts with it", 4, 0, wrong)
        return
    with world.lab() as lab:
        plain = clients.attempt(lab, clients.OFFICE, way)
        yield mark(
            "it sends, after a login, under TLS", 2, plain.sent and plain.tls, plain.why, "RFC 8314 §3.3"
        )
        yield clients.robbed(lab, way, plain.sent, code=502)
        yield clients.deceived(lab, way, plain.sent, kind="self-signed")
