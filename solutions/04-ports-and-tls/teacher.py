"""What only teachers have of exercise 04: hidden tests, common mistakes, other right answers, rubrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from smtplab.course.graded.mark import Mark, mark
from smtplab.course.graded.probe import Probe, Tried
from smtplab.course.graded.sets import e04_clients as clients
from smtplab.course.graded.sets import e04_ports_and_tls as ports
from smtplab.course.graded.teaching import Looked, Mistake
from smtplab.course.graded.world import World

# hidden tests ---------------------------------------------------------------------------------------------

LOOKALIKE = ("250-STARTTLS.example greets you", "250-X-STARTTLS-OLD", "250 SIZE 10240000")
SMALL = ("250-mail.example greets you", "250-8BITMIME", "250 starttls")
LATER = b"454 4.7.0 TLS is not available now\r\n"
TWO_LINES = b"220-2.0.0 Ready\r\n220 2.0.0 Go ahead\r\n"
INJECTED = ports.AGREES + b"250-mail.example greets you\r\n250 AUTH PLAIN\r\n"


def more_servers(world: World) -> list[Probe]:
    """A refusal, a reply slipped in, words that look like the offer, small letters, a reply of two lines."""
    return [
        Probe("refused", (), ports.starttls_server(ports.OFFERS, LATER)),
        Probe("slipped in", (), ports.starttls_server(ports.OFFERS, INJECTED)),
        Probe("lookalike", (), ports.starttls_server(LOOKALIKE)),
        Probe("small letters", (), ports.starttls_server(SMALL)),
        Probe("two lines", (), ports.starttls_server(ports.OFFERS, TWO_LINES)),
    ]


def insists(tried: list[Tried], world: World) -> Iterator[Mark]:
    """Three points: a refusal, what was slipped in, and reading the offer exactly."""
    refused, slipped, lookalike, small, two = tried
    good, _ = ports.decided(refused, False)
    why = "It goes no further." if good else "STARTTLS was refused, and it did not stop."
    yield mark("STARTTLS is refused", 1, good, why, "RFC 3207 §4")
    good = ports.decided(slipped, False)[0] and slipped.said()[-1].upper().startswith("STARTTLS")
    why = "It stopped, and said nothing more."
    if not good:
        why = "Something came in clear behind the reply to STARTTLS, and was not noticed."
    yield mark("words slipped in", 1, good, why, "RFC 3207 §4.2")
    reads = [ports.decided(lookalike, False)[0], ports.decided(small, True)[0], ports.decided(two, True)[0]]
    why = "The offer and the replies are read as they are meant."
    if not all(reads):
        why = "An offer is a whole word, in any case of letters; and any reply may have several lines."
    yield mark("reading the offer", 1, sum(reads) / 3, why, "RFC 5321 §4.1.1.1")


def safe(answer: dict[str, Any], world: World) -> Iterator[Mark]:
    """Two points: Mallory in other clothes."""
    way, wrong = clients.settings(answer)
    if not way:
        yield mark("with Mallory on the wire", 2, 0, wrong)
        return
    with world.lab() as lab:
        sends = clients.attempt(lab, clients.OFFICE, way).sent
        yield clients.robbed(lab, way, sends, code=454)
        yield clients.deceived(lab, way, sends, kind="wrong-name")


HIDDEN = {"ports-4": insists, "ports-5": safe}
HIDDEN_PROBES = {"ports-4": more_servers}

# wrong answers --------------------------------------------------------------------------------------------


def right(world: World) -> dict[str, list[Any]]:
    """The settings that suit the four clients."""
    found: dict[str, list[Any]] = {}
    for name, client in world.clients.items():
        if client["server"] == clients.EXCHANGER:
            found[name] = [25, "starttls", False]
        else:
            found[name] = [587, "starttls", True] if 465 in client["closed"] else [465, "implicit", True]
    return found


def always_465(world: World) -> dict[str, list[Any]]:
    return {name: [465, "implicit", True] for name in world.clients}


def for_exchanger(world: World, *way: Any) -> dict[str, list[Any]]:
    """The right settings, but for the client that delivers to an exchanger."""
    servers = {name: client["server"] for name, client in world.clients.items()}
    return {
        name: list(way) if servers[name] == clients.EXCHANGER else one for name, one in right(world).items()
    }


def mixed_up(world: World) -> dict[str, list[Any]]:
    """STARTTLS on 465 and implicit TLS on 587."""
    other = {465: [465, "starttls", True], 587: [587, "implicit", True]}
    return {name: other.get(one[0], one) for name, one in right(world).items()}


def truth(world: World, name: str) -> Any:
    assert world.truth is not None
    return world.truth[name]


def exchanged(world: World, one: str, other: str) -> dict[str, str]:
    """The right faults, but these two taken for each other."""
    swap = {one: other, other: one}
    return {number: swap.get(fault, fault) for number, fault in truth(world, "faults").items()}


def tls_after_all(world: World) -> dict[str, list[str]]:
    """The hop on which STARTTLS was refused, read as if TLS had begun."""
    read = truth(world, "readable")
    refused = [f"hop {n}" for n, hop in enumerate(world.hops.split("\n\n"), 1) if " 454 " in hop]
    return {hop: ["client", "server"] if hop in refused else items for hop, items in read.items()}


def insisting(
    offered: Callable[[list[str]], bool], *, agreed: bool = True, left: bool = True
) -> Callable[[Any], bool]:
    """A client that decides by `offered`; it may forget to look at the reply, or at what is left over."""

    def ready_for_tls(sock: Any) -> bool:
        buffer = [b""]

        def hear() -> list[str]:
            lines: list[str] = []
            while not lines or lines[-1][3:4] == "-":
                while b"\r\n" not in buffer[0]:
                    buffer[0] += sock.recv(512) or b"\r\n"
                line, _, buffer[0] = buffer[0].partition(b"\r\n")
                lines.append(line.decode())
            return lines

        def say(line: str) -> list[str]:
            sock.sendall(f"{line}\r\n".encode())
            return hear()

        hear()
        if offered(say("EHLO client.example")):
            code = say("STARTTLS")[0][:3]
            if code == "220" or not agreed:
                return not buffer[0] or not left
        say("QUIT")
        return False

    return ready_for_tls


def exact(lines: list[str]) -> bool:
    return any(line[4:].split()[:1] in (["STARTTLS"], ["starttls"]) for line in lines[1:])


def somewhere(lines: list[str]) -> bool:
    return "STARTTLS" in " ".join(lines)


def with_a_file(sock: Any) -> bool:
    """Right, another way: lines through a file, and what is left is looked for without waiting."""
    replies = sock.makefile("rb")

    def reply() -> tuple[int, list[str]]:
        lines = [replies.readline().decode()]
        while lines[-1][3:4] == "-":
            lines.append(replies.readline().decode())
        return int(lines[-1][:3] or 0), [line[4:].rstrip().lower() for line in lines]

    def say(line: bytes) -> tuple[int, list[str]]:
        sock.sendall(line + b"\r\n")
        return reply()

    reply()
    code, words = say(b"EHLO [192.0.2.1]")
    if code == 250 and "starttls" in words[1:] and say(b"STARTTLS")[0] == 220:
        sock.setblocking(False)
        return not replies.peek(1)
    say(b"QUIT")
    return False


def mended(world: World, **changed: Any) -> dict[str, Any]:
    """The program's settings as they should be, and then changed."""
    server = truth(world, "server")
    return {**world.program, "host": server, "port": 587, "tls": "starttls", "check": True, **changed}


MISTAKES = {
    "ports-1": [
        Mistake(
            "465 for everyone",
            always_465,
            2,
            "swallows port 465",
            "465 is for submission. An exchanger listens on 25 only, and a network may swallow 465.",
        ),
        Mistake(
            "a login at the exchanger",
            lambda world: for_exchanger(world, 25, "starttls", True),
            3,
            "AUTH extension not supported",
            "Nobody has an account at somebody else's exchanger. It takes mail for its users from anybody.",
        ),
        Mistake(
            "no TLS between servers",
            lambda world: for_exchanger(world, 25, "none", False),
            3.5,
            "TLS was to be had",
            "An exchanger must not insist on TLS, but this one offers it: take it.",
        ),
        Mistake(
            "STARTTLS on 465, implicit TLS on 587",
            mixed_up,
            1,
            "TLS came too early",
            "465 begins with TLS, 587 and 25 begin in clear.",
        ),
    ],
    "ports-2": [
        Mistake(
            "a refusal taken for silence",
            lambda world: exchanged(world, "blocked", "closed"),
            3,
            "who alone can give one?",
            "A refusal is an answer, and only a host that is up can give one. Silence is a firewall's.",
        ),
        Mistake(
            "silence after the connection taken for a blocked port",
            lambda world: exchanged(world, "blocked", "tls too late"),
            3,
            "what did each end wait for",
            "Once there is a connection, no firewall swallows the port. Each end waits for the other.",
        ),
        Mistake(
            "too early taken for too late",
            lambda world: exchanged(world, "tls too early", "tls too late"),
            3,
            "which of them spoke TLS",
            "Ask who began with TLS, and what the other end was about to say.",
        ),
    ],
    "ports-3": [
        Mistake(
            "the server's name is forgotten",
            lambda world: {
                hop: [item for item in read if item != "server"]
                for hop, read in truth(world, "readable").items()
            },
            1.5,
            "ClientHello",
            "In clear the greeting says it, under TLS the ClientHello.",
        ),
        Mistake(
            "a password on the last hop",
            lambda world: {
                **truth(world, "readable"),
                "hop 3": [*truth(world, "readable")["hop 3"], "password"],
            },
            2.5,
            "nobody said",
            "To the exchanger nobody logs in. What is not said cannot be read.",
        ),
        Mistake(
            "STARTTLS taken for TLS",
            tls_after_all,
            2,
            "was there TLS at all",
            "STARTTLS is a question. The server said 454, and the client went on in clear.",
        ),
    ],
    "ports-4": [
        Mistake(
            "the word anywhere",
            lambda world: insisting(somewhere),
            6.33,
            "a whole word",
            "Compare the first word of each line but the first, in any case of letters.",
        ),
        Mistake(
            "the reply is not looked at",
            lambda world: insisting(exact, agreed=False),
            6,
            "was refused, and it did not stop",
            "454 means no TLS now. A client that insists stops there.",
        ),
        Mistake(
            "what was slipped in is not noticed",
            lambda world: insisting(exact, left=False),
            6,
            "was not noticed",
            "What came behind the 220 lies in the buffer. It is no reply that came under TLS.",
        ),
        Mistake(
            "it goes on without an offer",
            lambda world: insisting(lambda lines: True),
            4.67,
            "taken out",
            "That is the `if` of the lesson: such a client logs in, in clear.",
        ),
    ],
    "ports-5": [
        Mistake(
            "TLS if it is offered",
            lambda world: mended(world, tls="if offered"),
            4,
            "logged in, in clear",
            "Whoever takes the offer out gets the password. Insist: `starttls` without an `if`.",
        ),
        Mistake(
            "the check stays off",
            lambda world: mended(world, check=False),
            4,
            "a certificate of her own",
            "Without the check the program talks TLS to whoever answers. The name was wrong, not the check.",
        ),
        Mistake(
            "the address in place of the name",
            lambda world: mended(world, host=clients.ADDRESSES[truth(world, "server")]),
            0,
            "certificate does not hold",
            "The certificate is for the server's name. Ask for it by that name.",
        ),
        Mistake(
            "the port stays as it was",
            lambda world: mended(world, port=world.program["port"]),
            0,
            "swallows port",
            "The firewall lets one port out. Take the TLS that belongs to it.",
        ),
    ],
}

OTHERWISE = {
    "ports-1": [
        lambda world: {
            name: [587, "starttls", True] if client["server"] == clients.RELAY else right(world)[name]
            for name, client in world.clients.items()
        },
    ],
    "ports-2": [lambda world: {number: fault.upper() for number, fault in truth(world, "faults").items()}],
    "ports-3": [
        lambda world: {hop: [*read[::-1], "SERVER"] for hop, read in truth(world, "readable").items()}
    ],
    "ports-4": [lambda world: with_a_file, lambda world: insisting(exact)],
    "ports-5": [lambda world: mended(world, host=truth(world, "server").upper())],
}

RUBRICS = {
    "ports-6": [
        Looked(
            1, "TLS ends at each server: the servers on the way have the letter in clear and can read it."
        ),
        Looked(1, "The next hop is the servers' own matter; the hops of task 3 are used as an example."),
        Looked(
            1, "A client that uses STARTTLS if it is offered gives in; one that insists, and 465, do not."
        ),
        Looked(
            1, "MTA-STS or DANE, and that they help only with senders who look; or encryption of the message."
        ),
    ],
}
