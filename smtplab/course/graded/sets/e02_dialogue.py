"""Exercise 02: the dialogue (RFC 5321 §3.3, §4.1.4, §4.5.2)."""

from __future__ import annotations

from random import Random
from typing import Any

from .. import answers
from ..exercise import task
from ..mark import Marks, each, mark
from ..probe import Probe, Server, Tried
from ..replay import replay
from ..world import World
from .cast import domains, people


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """A code to provoke, and a message whose lines begin with dots."""
    mine, other = domains(rng, 2)
    sender, *others = people(rng, 4)
    things = {
        "host": "mx.birch.example",
        "code": rng.choice([501, 503]),
        "sender": f"{sender}@{mine}",
        "recipients": [f"{each}@{other}" for each in others],
    }
    return things, {"dots": rng.randint(1, 3)}


@task("dialogue-2", answers.texts())
def refused_on_purpose(lines: list[str], world: World) -> Marks:
    """The lines are sent to a server of the lab, one by one: the last reply must have the code asked for."""
    with world.lab() as lab, lab.connect(world.host) as session:
        said = [(line, reply) for line, reply in replay(session, lines) if reply]
    last = said[-1][1]
    why = f"{world.host} answered {last}."
    yield mark(f"the last reply is {world.code}", 3, last.code == world.code, why, "RFC 5321 §4.2.3")
    good = [(line, reply.code < 400, f"It answered {reply}.") for line, reply in said[:-1]]
    yield each("what comes before is accepted", 1, good, "RFC 5321 §4.1.4")


def _calm(server: Server) -> None:
    """A server that takes everything, with a reply of several lines."""
    server.say("220 mx.example ready")
    while (line := server.hear()) is not None:
        verb = line[:4].upper()
        if verb == "EHLO":
            server.say("250-mx.example", "250-SIZE 1000000", "250 8BITMIME")
        elif verb == "DATA":
            server.say("354 go on")
            server.data()
            server.say("250 taken")
        elif verb == "QUIT":
            server.say("221 bye")
            return
        else:
            server.say("250 fine")


def probes(world: World) -> list[Probe]:
    """One message with a dot at the beginning of a line."""
    message = f"From: {world.sender}\r\n\r\n.hidden\r\nend\r\n"
    return [Probe("a calm server", (world.sender, world.recipients, message), _calm)]


@task("dialogue-4", answers.function("send(sock, sender, recipients, message)"), probes)
def own_client(tried: list[Tried], world: World) -> Marks:
    """What the client said to the server."""
    said = tried[0].said()
    verbs = [line[:4].upper() for line in said]
    wanted = ["EHLO", "MAIL", *["RCPT"] * len(world.recipients), "DATA"]
    why = tried[0].error or f"It said {', '.join(verbs[:6]) or 'nothing'}."
    yield mark("the commands, in order", 2, verbs[: len(wanted)] == wanted, why, "RFC 5321 §3.3")
    yield mark(
        "the dot at a line's start", 2, "..hidden" in said, "One dot more on the wire.", "RFC 5321 §4.5.2"
    )
