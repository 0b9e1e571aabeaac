"""What the worlds of exercise 01 are made of: a journey in shuffled events, and a letter that gets stuck.

Each function returns what a student gets and what only a judge knows.
"""

from __future__ import annotations

from random import Random
from typing import Any

Event = tuple[str, str]  # (the role that did it, what was done)


def journey(rng: Random, hosts: list[str], people: tuple[str, str, str]) -> list[Event]:
    """Nine events in their order: from a laptop by a forwarder to the phone of the recipient.

    `hosts` are six names that say nothing; `people` the writer, the address written to, the one it leads to.
    """
    laptop, provider, forwarder, exchanger, store, phone = hosts
    writer, old, new = people
    port, read_port = rng.choice([587, 465]), rng.choice([993, 995])
    late = rng.choice([
        f"Nobody answered, so {provider} waited ten minutes. Then it",
        f"{forwarder} answered 451 at first, so {provider} waited half an hour. Then it",
        f"{provider} asked the DNS for the address of {forwarder}. Then it",
    ])  # fmt: skip
    return [
        ("MUA", f"{writer} pressed Send. {laptop} called {provider}, port {port}, and logged in."),
        ("MSA", f"{provider} found that the password was right, and took the letter from its user."),
        ("MTA", f"{provider} asked the DNS for the MX of {_domain(old)}. The answer was 10 {forwarder}."),
        ("MTA", f"{late} called {forwarder}, port 25, and got a 250 after the last line."),
        ("MTA", f"{forwarder} has a rule: {old} means {new}. It asked the DNS for that domain's MX."),
        ("MTA", f"{forwarder} called {exchanger}, port 25, and handed the letter over."),
        ("MDA", f"{exchanger} found {new} among its own mailboxes, and put the letter into it."),
        ("MS", f"{store} kept the letter with all others of {new} until somebody came for it."),
        ("MUA", f"{phone} called {store}, port {read_port}, logged in, and showed the letter."),
    ]


def _domain(address: str) -> str:
    return address.partition("@")[2]


def shuffled(rng: Random, events: list[Event]) -> tuple[dict[str, str], list[str], dict[str, str]]:
    """The events under letters, out of order; the letters in the right order; the role of each."""
    letters = list("ABCDEFGHI")
    order = rng.sample(letters, len(events))
    told = dict(zip(order, events, strict=True))
    return (
        {letter: told[letter][1] for letter in letters},
        order,
        {letter: told[letter][0] for letter in letters},
    )


STUCK = (
    "{to} is switched off. {now} tries to connect, and nobody answers.",
    "{now} sends the letter. {to} answers 451 after the last line.",
    "{now} sends half of the text. Then the network breaks.",
    "{now} asks the DNS for the way to {to}, and gets no answer in time.",
)
MOVED = "{now} sends the letter, and {to} answers 250 after the last line."
AFTER = (
    "Then {now} is switched off for the night.",
    "Then {to} is switched off at once.",
    "{now} closes the connection.",
)


def stuck(rng: Random, hosts: list[str]) -> tuple[list[str], dict[str, str], dict[str, str]]:
    """Six moments of a letter on its way over four hosts; who has it after each; which host was called."""
    moves = [*rng.sample([True, True, False, False, False], 5), True]
    at, minutes = 0, 9 * 60 + rng.randint(0, 20)
    told, holders, called = [], {}, {}
    for number, moved in enumerate(moves, 1):
        now, to = hosts[at], hosts[at + 1]
        names = {"now": now, "to": to}
        if moved:
            text = f"{MOVED} {rng.choice(AFTER)}".format(**names)
            at += 1
        else:
            text = rng.choice(STUCK).format(**names)
        told.append(f"{number}. {minutes // 60:02}:{minutes % 60:02} {text}")
        holders[str(number)], called[str(number)] = hosts[at], to
        minutes += rng.randint(15, 90)
    return told, holders, called


def complaint(rng: Random, writer: str, reader: str) -> str:
    """A letter that came late, and what its writer makes of it."""
    sent, late = rng.randint(8, 11), rng.randint(3, 7)
    other = reader.partition("@")[2]
    return (
        f"{writer} writes: I sent a confidential letter to {reader} at {sent}:00, and my program said\n"
        f"'sent'. It was read only at {sent + late}:10. Your server lost it for {late} hours, or somebody\n"
        "held it back to read it! And it was encrypted, wasn't it? The lock was closed. Should I send it\n"
        "twice next time?\n\n"
        f"(What you found: both mail servers of {other} were switched off from {sent - 1}:30 to\n"
        f"{sent + late}:00.)\n"
    )


# Every one of them comes in another order when it is sorted as texts.
NUMBERS = ((5, 10, 30), (9, 10, 20), (2, 10, 100), (7, 12, 20))


def tables(rng: Random, names: list[str]) -> list[dict[str, Any]]:
    """Four domains with what the DNS answers when it is asked for their MX."""
    first, second, third, fourth = names
    low, middle, high = rng.choice(NUMBERS)
    found = [f"{high} mx.{first}", f"{low} in.{first}", f"{middle} backup.{second}"]
    rng.shuffle(found)
    equal = [f"{low} a.{second}", f"{low} b.{second}", f"{middle} c.{second}"]
    rng.shuffle(equal)
    records = {first: found, second: equal, third: [], fourth: ["0 ."]}
    return [{"domain": domain, "mx": mx} for domain, mx in records.items()]
