"""The queue of exercise 08: a configuration is run through an outage (RFC 5321 §4.5.4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

from ....lab.schedule import Schedule
from ....mail.errors import LabError
from ....mail.history import History
from .. import answers
from ..exercise import task
from ..mark import Marks, mark
from ..world import World

SENDS = "mail.acorn.example"
MOST_TRIES = 100  # of a lab's run: who wants more hears why not
HOUR = timedelta(hours=1)


def contract(rng: Random, domain: str, name: str) -> dict[str, Any]:
    """A queue as it is, and what is promised of it."""
    told, soon, outage = rng.randint(2, 16), rng.choice((3, 4, 5, 6)), rng.randint(34, 66)
    calm = Schedule(timedelta(minutes=30), timedelta(hours=soon / 2), timedelta(hours=outage + soon))
    first = rng.choice((1, 2, 5))
    return {
        "queue": {
            "first_minutes": first,
            "most_minutes": first * rng.choice((60, 90)),
            "warn_hours": 0,
            "give_up_hours": rng.choice((8, 12, 24)),
        },
        "contract": {
            "outage_hours": outage,
            "told_between_hours": [told, told + 1],
            "arrives_within_hours": soon,
            "most_tries": len(calm.ages()),
            "returned_after_days": rng.randint(4, 7),
        },
        "awaited_by": f"{name}@{domain}",
    }


NUMBERS = '{"first_minutes": 30, "most_minutes": 60, "warn_hours": 4, "give_up_hours": 48}'


@dataclass(frozen=True, slots=True)
class Outage:
    """What a lab's run came to: at the other server's return, and `arrives_within_hours` later."""

    at_return: str
    after: str
    history: History

    def tries(self) -> list[float]:
        """The message's age at each try, in hours."""
        return sorted({(one.when - self.history.accepted) / HOUR for one in self.history.attempts})

    def told(self) -> float | None:
        """The age in hours at which the sender heard of the delay, None for never."""
        ages = [(one.when - self.history.accepted) / HOUR for one in self.history.notices if not one.why_not
                and one.action == "delayed"]  # fmt: skip
        return ages[0] if ages else None


def schedule(numbers: dict[str, float]) -> Schedule:
    """The schedule that these numbers make. Raises LabError for numbers that make none."""
    missing = [key for key in ("first_minutes", "most_minutes", "warn_hours", "give_up_hours")
               if key not in numbers]  # fmt: skip
    if missing:
        raise LabError(f"There is no {missing[0]}.")
    if not 1 <= numbers["first_minutes"] <= numbers["most_minutes"] <= 10_000:
        raise LabError("The shortest wait is a minute at least, and not longer than the longest one.")
    if not 0 < numbers["give_up_hours"] <= 2000 or not 0 <= numbers["warn_hours"] <= 2000:
        raise LabError("No queue keeps mail for thousands of hours, or for less than no time.")
    warn = timedelta(hours=numbers["warn_hours"]) or None
    minutes = [timedelta(minutes=numbers[key]) for key in ("first_minutes", "most_minutes")]
    return Schedule(minutes[0], minutes[1], timedelta(hours=numbers["give_up_hours"]), warn)


def outage(world: World, planned: Schedule) -> Outage:
    """A letter comes as the other server goes down. Raises LabError where that would be too many tries."""
    hours = world.contract["outage_hours"]
    count = sum(age <= timedelta(hours=hours) for age in planned.ages())
    if count > MOST_TRIES:
        raise LabError(f"That is {count} tries in {hours} hours. Two tries should be half an hour apart.")
    with world.lab() as lab:
        lab.mta(SENDS).queue.schedule = planned
        lab.stop_host("mx2.birch.example")
        with lab.connect(SENDS, source="printer.acorn.example") as session:
            start = ("EHLO printer.acorn.example", "MAIL FROM:<alice@acorn.example>")
            session.say(*start, f"RCPT TO:<{world.awaited_by}>", "DATA", b"Subject: The offer\n\nHello.\n")
        lab.clock.advance(hours=hours)
        item = lab.queue(SENDS)[0]
        at_return = item.outcomes[world.awaited_by]
        lab.start_host("mx2.birch.example")
        lab.clock.advance(hours=world.contract["arrives_within_hours"])
        return Outage(at_return, item.outcomes[world.awaited_by], item.history(lab.clock.now()))


@task("queue-4", answers.table((int, float), NUMBERS))
def queue(answer: dict[str, float], world: World) -> Marks:
    """The queue is run through the outage of the contract, and looked at."""
    came, wishes = outage(world, schedule(answer)), world.contract
    lives = came.at_return != "failed"
    why = "It was still in the queue." if lives else "The queue gave up, and the letter went back."
    yield mark("the letter outlives the outage", 1, lives, why, "RFC 5321 §4.5.4.1")
    told, (low, high) = came.told(), wishes["told_between_hours"]
    why = "The sender was not told." if told is None else f"The sender was told after {told:g} hours."
    yield mark("the sender is warned", 1, told is not None and low <= told <= high, why, "RFC 3461 §5.2.5")
    soon = came.after in ("relayed", "delivered")
    why = f"{wishes['arrives_within_hours']} h after the server was back, it was {came.after}."
    yield mark("it arrives soon after", 1, soon, why, "RFC 5321 §4.5.4.1")
    ages = came.tries()
    gap = min((after - before for before, after in pairwise(ages)), default=0.0)
    calm = gap >= 0.499 and len(ages) <= wishes["most_tries"]
    why = f"{len(ages)} tries, the closest two {round(gap * 60)} minutes apart; half an hour is the least."
    yield mark("the other server is left in peace", 1, calm, why, "RFC 5321 §4.5.4.1")
