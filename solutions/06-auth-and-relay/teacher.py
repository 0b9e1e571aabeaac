"""What only teachers have of exercise 06: hidden tests, common mistakes, other right answers, rubrics."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Any

from smtplab.course.graded.mark import Mark, each, mark
from smtplab.course.graded.probe import Probe, Tried
from smtplab.course.graded.sets import e06_auth_and_relay as auth
from smtplab.course.graded.sets import e06_relay as relay
from smtplab.course.graded.teaching import Looked, Mistake
from smtplab.course.graded.world import World

# hidden tests ---------------------------------------------------------------------------------------------


def more_logins(world: World) -> list[Probe]:
    """Other letters than ASCII, a long password, other words in LOGIN, no AUTH, and 454."""
    account, password = "päivi@birch.example", "lumi ja jää, " * 8
    busy = ("454-4.7.0 Temporary authentication failure", "454 4.7.0 Try again later")
    prompts = ("User Name\0", "Your password, please")
    return [
        Probe("letters", (account, password), auth.login_server("PLAIN LOGIN", account, password)),
        Probe("words", (account, password), auth.login_server("LOGIN", account, password, prompts=prompts)),
        Probe("none", (account, password), auth.login_server("", account, password)),
        Probe("busy", (account, password), auth.login_server("PLAIN", account, password, ends=busy)),
    ]


def log_in(tried: list[Tried], world: World) -> Iterator[Mark]:
    """Two points: half for logins that work with unusual texts, half for those that do not come about."""
    letters, words, none, busy = tried
    good = [auth.ended(letters, 235)[0], auth.ended(words, 235)[0]]
    why = "Logins with unusual texts work." if all(good) else "A login with unusual texts went wrong."
    if not all(good):
        why += " UTF-8, one line of base64 however long, and the server's questions in any words."
    yield mark("unusual texts", 1, sum(good) / 2, why, "RFC 4954 §4")
    said = " ".join(none.said()).upper()
    silent = none.value is None and not none.error and "EHLO" in said and "AUTH" not in said
    told = auth.ended(busy, 454)[0]
    why = "No login is tried where none is offered, and a refusal is reported." if silent and told else ""
    why = why or (
        "A refusal was not reported by its code." if silent else "AUTH was not offered: go no further."
    )
    yield mark("no login", 1, (silent + told) / 2, why, "RFC 4954 §3")


def closed(answer: dict[str, Any], world: World) -> Iterator[Mark]:
    """Guests of the office, who are near the machines' addresses and are none of them."""
    setting, wrong = relay.setting(answer)
    if not setting or world.truth is None:
        yield mark("other addresses of the office", 2, 0, wrong or "There is no truth here.")
        return
    guests = [relay.Client("stranger", "a guest", at, relay.ELSEWHERE, False) for at in world.truth["guests"]]
    writing = relay.Client("people", "a guest writes", world.truth["guests"][0], relay.LOCAL, True)
    coming = relay.Client(
        "people", "a login through the gateway", world.office["gateway"], relay.ELSEWHERE, True, True
    )
    with world.lab() as lab:
        relay.put(lab.mta(relay.SERVER), setting)
        strangers, _, people = relay.tried(lab, world, [*guests, writing, coming])
    inside = sum(not good for _, good, _ in strangers)
    why = "They send nothing elsewhere without a login."
    if inside:
        why = "An address that is none of the machines sends elsewhere: networks or table are too wide."
    yield mark("other addresses of the office", 1, not inside, why, "RFC 2505 §2.1")
    told = each("users from there", 1, people)
    yield mark(
        "users and their mail from there", 1, told.points, "A login counts from anywhere.", "RFC 6409 §4.3"
    )


HIDDEN = {"auth-4": log_in, "auth-5": closed}
HIDDEN_PROBES = {"auth-4": more_logins}

# wrong answers --------------------------------------------------------------------------------------------


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def known(world: World) -> dict[str, Any]:
    assert world.truth is not None
    return dict(world.truth["known"])


def on_behalf(world: World) -> dict[str, str]:
    """The first field of PLAIN taken for the account."""
    *others, helper = known(world)["open"].items()
    return {**dict(others), known(world)["office"]: helper[1]}


def login(world: World, mechanism: str, sender: str | None = None, empty: str = "\0") -> list[str]:
    """The lines of a login, by this mechanism."""
    account, password = world.login["account"], world.login["password"]
    start = ["EHLO me.example", "STARTTLS", "EHLO me.example"]
    lines = [f"AUTH PLAIN {in_base64(empty + account + chr(0) + password)}"]
    if mechanism == "LOGIN":
        lines = ["AUTH LOGIN", in_base64(account), in_base64(password)]
    return [*start, *lines, f"MAIL FROM:<{sender or account}>"]


def in_other_steps(world: World) -> list[str]:
    """PLAIN with its answer on a line of its own, LOGIN with the account in its first line."""
    account, password = world.login["account"], world.login["password"]
    lines = ["AUTH PLAIN", in_base64(f"\0{account}\0{password}")]
    if world.mechanism == "LOGIN":
        lines = [f"AUTH LOGIN {in_base64(account)}", in_base64(password)]
    start = ["EHLO a.example", "STARTTLS", "EHLO a.example"]
    return [*start, *lines, "NOOP", f"MAIL FROM:<{account}> BODY=7BIT"]


def without_tls(world: World) -> list[str]:
    return [line for line in login(world, world.mechanism) if line != "STARTTLS"]


def swapped(world: World) -> list[str]:
    return login(world, "LOGIN" if world.mechanism == "PLAIN" else "PLAIN")


def table(world: World, **changed: bool) -> dict[str, bool]:
    assert world.truth is not None
    return {**world.truth["table"], **{name.replace("_", " "): yes for name, yes in changed.items()}}


def by_words(world: World) -> dict[str, bool]:
    """Every refusal taken for the table's, and one more mistake, so that it is wrong in every world."""
    right = table(world)
    return {**right, "outsider to local": not right["outsider to local"]}


def by_ehlo(world: World) -> dict[str, bool]:
    """Outsiders taken for insiders and the other way round: their answers are exchanged or missing."""
    return {cell: yes for cell, yes in table(world).items() if not cell.startswith("outsider")}


def program(encode: Any, *, zero: str = "\0", whole: bool = True) -> Any:
    """A client that logs in with PLAIN or LOGIN, with one thing in it that may be wrong."""

    def log_in(sock: Any, account: str, password: str) -> int | None:
        replies = sock.makefile("rb")

        def hear() -> list[str]:
            lines = [replies.readline().decode()]
            while whole and lines[-1][3:4] == "-":
                lines.append(replies.readline().decode())
            return lines

        def say(line: str) -> list[str]:
            sock.sendall(line.encode() + b"\r\n")
            return hear()

        offered = re.search(r"AUTH ([A-Z -]+)", " ".join(say("EHLO me.example")))
        if not offered:
            return say("QUIT") and None
        if "PLAIN" in offered[1]:
            return int(say("AUTH PLAIN " + encode(f"{zero}{account}\0{password}"))[-1][:3])
        say("AUTH LOGIN")
        say(encode(account))
        return int(say(encode(password))[-1][:3])

    return log_in


def with_newline(text: str) -> str:
    return base64.encodebytes(text.encode()).decode()


def plain_in_two_steps(sock: Any, account: str, password: str) -> int | None:
    """Right, and another way: PLAIN without an initial response, the socket read by hand."""

    def hear() -> str:
        data = b""
        while not re.search(rb"(?m)^\d{3}( [^\n]*)?\r\n\Z", data):
            data += sock.recv(4096)
        return data.decode()

    def say(line: str) -> str:
        sock.sendall(f"{line}\r\n".encode())
        return hear()

    words = say("EHLO [127.0.0.1]").replace("\r\n", " ").split()
    if "PLAIN" in words:
        say("AUTH PLAIN")
        return int(say(in_base64("\0".join(["", account, password]))).splitlines()[-1][:3])
    if "LOGIN" in words:
        say("AUTH LOGIN " + in_base64(account))
        return int(say(in_base64(password)).splitlines()[-1][:3])
    sock.sendall(b"QUIT\r\n")
    return None


def mended(
    world: World, inside: Iterable[str], cells: Iterable[str] = relay.USUAL, code: str = "554 5.7.1 No"
) -> dict[str, Any]:
    return {"inside": list(inside), "may": list(cells), "denial": code}


def machines(world: World) -> list[str]:
    return list(world.office["machines"].values())


MISTAKES = {
    "auth-1": [
        Mistake(
            "the refused login too",
            lambda world: {**known(world)["open"], known(world)["wrong"]: "guess-guess-11"},
            3,
            "535",
            "Look at the reply that ends the login: 535 says that this password opens nothing.",
        ),
        Mistake(
            "the first field of PLAIN is the account",
            on_behalf,
            2,
            "on whose behalf",
            "PLAIN has three fields. The password belongs to the second one (RFC 4616 §2).",
        ),
        Mistake(
            "base64 left as it is",
            lambda world: {who: in_base64(word) for who, word in known(world)["open"].items()},
            0,
            "still base64",
            "Base64 has no key: b64decode turns it back.",
        ),
        Mistake(
            "SCRAM gives the password away",
            lambda world: {**known(world)["open"], known(world)["scram"]: "p"},
            3,
            "SCRAM-SHA-256 does not send the password",
            "What is sent is a proof. A listener can try guesses on it at home, no more (RFC 5802 §9).",
        ),
    ],
    "auth-2": [
        Mistake(
            "no TLS", without_tls, 0, "before TLS", "The port takes a login under TLS only. Count the EHLOs."
        ),
        Mistake(
            "the other mechanism",
            swapped,
            3,
            "but not with",
            "The account is open, but the task names the mechanism: look at world.mechanism.",
        ),
        Mistake(
            "somebody else's address in MAIL",
            lambda world: login(world, world.mechanism, "boss@acorn.example"),
            3,
            "553",
            "The login proves whose account it is. This server lets it use its own address only.",
        ),
        Mistake(
            "an account without its password",
            lambda world: [*login(world, "LOGIN")[:-2], in_base64("password"), "MAIL FROM:<x@acorn.example>"],
            1,
            "535",
            "535: the server did not know this password. Encode the text itself, without a newline.",
        ),
    ],
    "auth-3": [
        Mistake(
            "every refusal is the table's",
            by_words,
            5,
            "the client's own words",
            "Ask who the client is by its address, and what the reply is about by its words.",
        ),
        Mistake(
            "outsiders left out",
            by_ehlo,
            4,
            "has no 'outsider",
            "An outsider says EHLO with a name of the firm. Only its address tells.",
        ),
        Mistake(
            "yes to everybody",
            lambda world: dict.fromkeys(table(world), True),
            0,
            "the log has both",
            "Write the six cells down first, and then find the one session for each.",
        ),
    ],
    "auth-4": [
        Mistake(
            "encodebytes",
            lambda world: program(with_newline),
            0.5,
            "not all on one line",
            "base64.encodebytes ends each line with a newline. Use b64encode.",
        ),
        Mistake(
            "PLAIN without the empty field",
            lambda world: program(in_base64, zero=""),
            2,
            "three fields",
            "The line begins with a zero byte: the first field is empty (RFC 4616 §2).",
        ),
        Mistake(
            "one line of each reply",
            lambda world: program(in_base64, whole=False),
            0.5,
            "several lines",
            "A reply may have many lines: read up to the one with a space after its code.",
        ),
    ],
    "auth-5": [
        Mistake(
            "the whole network is inside",
            lambda world: mended(world, ["192.0.2.0/24"]),
            4.5,
            "so is everyone who seems to come from it",
            "Behind the gateway every client has an address of the network. Trust single machines.",
        ),
        Mistake(
            "nobody is inside",
            lambda world: mended(world, []),
            5,
            "cannot log in",
            "That closes the relay, and the machines are shut out, too.",
        ),
        Mistake(
            "outsiders may do nothing",
            lambda world: mended(
                world, machines(world), [c for c in relay.USUAL if c != "outsider to local"]
            ),
            5,
            "its own users from anyone",
            "Then no stranger can write to a user here. An open relay is about mail for elsewhere.",
        ),
        Mistake(
            "the refusal stays 454",
            lambda world: mended(world, machines(world), code="454 4.7.1 Relay access denied"),
            5,
            "try again later",
            "4xx means: come again. A table will not say anything else tomorrow.",
        ),
    ],
}

# right answers, written another way -----------------------------------------------------------------------

OTHERWISE = {
    "auth-1": [lambda world: {who.upper(): f"{word} " for who, word in known(world)["open"].items()}],
    "auth-2": [
        lambda world: [line.replace("EHLO me", "ehlo you") for line in login(world, world.mechanism)],
        in_other_steps,
    ],
    "auth-3": [lambda world: {cell.capitalize(): yes for cell, yes in table(world).items()}],
    "auth-4": [lambda world: plain_in_two_steps],
    "auth-5": [
        lambda world: mended(world, machines(world)),
        lambda world: {
            **mended(world, reversed(machines(world)), reversed(relay.USUAL), "550 5.7.1 Go away")
        },
    ],
}

RUBRICS = {
    "auth-6": [
        Looked(1, "The login proves that somebody knew the password of the account in the log, and no more."),
        Looked(1, "From is part of the message: the login does not vouch for it."),
        Looked(
            1,
            "The setting compares MAIL FROM with the account (553). Here it would not have helped: MAIL FROM "
            "was the clerk's own; only a check of From as well would.",
        ),
        Looked(
            1, "The clerk's password (not the boss's) is to be changed, or the clerk asked; the log searched."
        ),
    ],
}
