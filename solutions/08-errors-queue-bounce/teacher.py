"""What only teachers have of exercise 08: hidden tests, common mistakes, other right answers, rubrics."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from itertools import pairwise

from smtplab.course.graded.mark import mark
from smtplab.course.graded.sets.e08_greylist import Story, judged
from smtplab.course.graded.sets.e08_queue import schedule
from smtplab.course.graded.teaching import Looked, Mistake

HOUR = timedelta(hours=1)


# hidden tests -----------------------------------------------------------------------------------


def queue_for_good(answer, world):
    """The last promise, and the third for any moment of the server's return."""
    ages, wishes = schedule(answer).ages(), world.contract
    days = timedelta(days=wishes["returned_after_days"])
    good = abs(ages[-1] - days) <= HOUR
    why = "It goes back when it should." if good else _off(ages[-1], days)
    yield mark("it goes back in the end", 1, good, why, "RFC 5321 §4.5.4.1")
    longest = max((after - before for before, after in pairwise(ages)), default=days)
    soon = longest <= wishes["arrives_within_hours"] * HOUR
    why = "No wait is too long." if soon else "One of the waits is longer than a letter may take to arrive."
    yield mark(
        "whenever the server is back", 1, soon and ages[-1] > timedelta(days=1), why, "RFC 5321 §4.5.4.1"
    )


def _off(end, days):
    return f"A letter that nobody takes goes back too {'soon' if end < days else 'late'}."


def more_stories(world):
    delay, window = world.visits["delay"], world.visits["window"]
    path = ("news@alder.example", "hana@plum.example")
    return [
        Story("neighbours in one network", [
            (10, "192.0.2.9", *path, 450, "first"),
            (20, "2001:db8:5:6::1", *path, 450, "first"),
            (10 + delay, "192.0.2.250", *path, 250, "the same /24"),
            (11 + delay, "192.0.3.9", *path, 450, "another /24"),
            (20 + delay, "2001:db8:5:6:ffff::9", *path, 250, "the same /64"),
            (21 + delay, "2001:db8:5:7::1", *path, 450, "another /64"),
        ]),
        Story("once known, always known", [
            (0, "198.51.100.4", *path, 450, "first"),
            (window, "198.51.100.4", *path, 250, "the window's last second"),
            (3 * window, "198.51.100.4", *path, 250, "known"),
            (3 * window + 1, "198.51.100.4", "", path[1], 450, "the null reverse-path"),
            (3 * window + 1 + delay, "198.51.100.4", "", path[1], 250, "a bounce waits in a queue too"),
            (9 * window, "198.51.100.200", *path, 250, "known, from the host next to it"),
        ]),
    ]  # fmt: skip


def greylist_hidden(tried, world):
    yield from judged(more_stories(world), tried, 1, tell=False)


HIDDEN = {"queue-4": queue_for_good, "queue-5": greylist_hidden}
HIDDEN_PROBES = {"queue-5": lambda world: [story.probe(world) for story in more_stories(world)]}


# answers ----------------------------------------------------------------------------------------


def _fates(world):
    return {who: fate for who, (fate, _) in world.truth["fates"].items()}


def _by_rcpt_only(world):
    """Who got 250 to RCPT has it."""
    said = dict(re.findall(r"RCPT TO:<(.+)>\n +S: (.+)", world.log))
    return {**_fates(world), **{who: "taken" for who, reply in said.items() if reply.startswith("250")}}


def _by_words(world):
    said = dict(re.findall(r"RCPT TO:<(.+)>\n +S: (.+)", world.log))
    fates = _fates(world)
    for who, (fate, decides) in world.truth["fates"].items():
        if decides == "class" and not said[who].startswith("250"):
            fates[who] = "failed" if fate == "later" else "later"
    return fates


def _old_552(world):
    return {
        who: "failed" if decides == "many" else fate for who, (fate, decides) in world.truth["fates"].items()
    }


def _old_552_only(world):
    return {who: "failed" for who, (_, decides) in world.truth["fates"].items() if decides == "many"}


def _lines(world, **other):
    """Right lines for what is wanted, each with an end of its own choice."""
    hello, mail = "HELO me.example", "MAIL FROM:<>"
    limits = world.limits
    rcpt = [f"RCPT TO:<{address}>" for address in reversed(world.mailboxes)]
    sized = f"MAIL FROM:<> SIZE={limits['octets_left_in_the_nearly_full_one'] + 500}"
    full = ["EHLO me.example", sized, f"RCPT TO:<{world.nearly_full}>"]
    ways = {
        "many": [hello, mail, *rcpt[: limits["recipients"] + 1]],
        "size": ["EHLO me.example", "NOOP", f"{mail} SIZE=99999999"],
        "full": full,
        "unknown": [hello, mail, "RCPT TO:<x@birch.example>"],
        "relay": [hello, mail, rcpt[0], "RCPT TO:<x@acorn.example>"],
    }
    names = {"452 4.5.3": "many", "552 5.3.4": "size", "552 5.2.2": "full", "452 4.2.2": "full",
             "550 5.1.1": "unknown", "554 5.7.1": "relay"}  # fmt: skip
    return {wanted: other.get(names[wanted], ways[names[wanted]]) for wanted in world.wanted}


def _made_up(world):
    domain, count = world.domain, world.limits["recipients"] + 1
    made = [f"RCPT TO:<guest{number}@{domain}>" for number in range(count)]
    return _lines(world, many=["EHLO me.example", "MAIL FROM:<>", *made])


def _goes_on(world):
    """The right refusal, and then the client goes on as if nothing was."""
    return {wanted: [*lines, "RSET"] for wanted, lines in _lines(world).items()}


def _numbers(world, **other):
    wishes = world.contract
    right = {
        "first_minutes": 35,
        "most_minutes": 60 * wishes["arrives_within_hours"],
        "warn_hours": wishes["told_between_hours"][1],
        "give_up_hours": 24 * wishes["returned_after_days"] + 0.5,
    }
    return {**right, **other}


def _network(ip, whole):
    if whole:
        return ip
    address = ipaddress.ip_address(ip)
    return ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False)


def _greylist(restart=False, whole=False, forget=True, by_ip=False):
    """A greylist, right with the defaults."""

    def greylist(events, delay, window):
        seen, replies = {}, []
        for event in events:
            key = _network(event["ip"], whole)
            key = key if by_ip else (key, event["from"], event["to"])
            now, (since, passed) = event["time"], seen.get(key, (None, False))
            if since is None or (forget and not passed and now - since > window):
                seen[key] = (now, False)
                replies.append(450)
            elif passed or now - since >= delay:
                seen[key] = (since, True)
                replies.append(250)
            else:
                seen[key] = (now if restart else since, False)
                replies.append(450)
        return replies

    return greylist


MISTAKES = {
    "queue-1": [
        Mistake(
            "the class decides, and nobody looks at the dot or the lost connection",
            lambda world: {**_by_rcpt_only(world), **_old_552_only(world)},
            2,
            "nobody has said a final no",
            "Take one recipient of each session and tell the story of the letter to its end.",
        ),
        Mistake(
            "250 to RCPT is taken for the handover",
            _by_rcpt_only,
            2.5,
            "a yes to RCPT is not the handover",
            "Which reply says that the other server answers for the message now? Not the one to RCPT.",
        ),
        Mistake(
            "the words are believed, not the digit",
            _by_words,
            2,
            "the first digit decides",
            "Cover the words with your hand. What would a program do that reads the number only?",
        ),
        Mistake(
            "552 is always final",
            _old_552,
            3.5,
            "an old way to say too many",
            "Would it make sense to bounce here? The server took others of the same letter.",
        ),
        Mistake(
            "the queue will see to all of them",
            lambda world: dict.fromkeys(_fates(world), "later"),
            0,
            "the log has all three",
            "Ask for one reader at a time: who answers for the letter now?",
        ),
    ],
    "queue-2": [
        Mistake(
            "the host that refused wrote the bounce",
            lambda world: {**world.truth["bounce"], "author": world.truth["bounce"]["refused_by"]},
            3,
            "Not a host that refuses writes the bounce",
            "The refusing server was done after its 550. Who had the message then?",
        ),
        Mistake(
            "5.1.1 and 5.7.1 are the same, since both come with 550",
            lambda world: {
                **world.truth["bounce"],
                "mistyped": world.truth["bounce"]["policy"],
                "policy": world.truth["bounce"]["mistyped"],
            },
            3,
            "its second number says what it was about",
            "Read the code with dots: 1 in the middle is the address, 7 is policy.",
        ),
        Mistake(
            "the reporting host refused",
            lambda world: {**world.truth["bounce"], "refused_by": world.truth["bounce"]["author"]},
            3,
            "Whose words does it quote?",
            "Reporting-MTA reports. Diagnostic-Code quotes somebody: who?",
        ),
    ],
    "queue-3": [
        Mistake(
            "made-up recipients for too many recipients",
            _made_up,
            4,
            "got 550 5.1.1",
            "A recipient that is refused is not counted. Name real mailboxes.",
        ),
        Mistake(
            "more lines after the refusal",
            _goes_on,
            0,
            "The last line, RSET, got 250",
            "The last line of each list has to be the one that is refused.",
        ),
        Mistake(
            "no SIZE, so nothing is too large",
            lambda world: _lines(
                world,
                size=["EHLO me.example", "MAIL FROM:<>"],
                full=["EHLO me.example", "MAIL FROM:<>", f"RCPT TO:<{world.nearly_full}>"],
            ),
            4,
            "got 250",
            "Before DATA the server knows the size only if the client says it.",
        ),
    ],
    "queue-4": [
        Mistake(
            "nothing is changed",
            lambda world: dict(world.queue),
            0,
            "The queue gave up",
            "Go through the contract sentence by sentence: which number is it about?",
        ),
        Mistake(
            "still nobody is warned",
            lambda world: _numbers(world, warn_hours=0),
            5,
            "The sender was not told",
            "The letter arrives. What does its sender think in between?",
        ),
        Mistake(
            "it still gives up within a day",
            lambda world: _numbers(world, give_up_hours=24),
            2,
            "The queue gave up",
            "RFC 5321 §4.5.4.1 asks for four to five days: a weekend and a holiday should not lose mail.",
        ),
        Mistake(
            "tries too soon",
            lambda world: _numbers(world, first_minutes=5),
            5,
            "half an hour is the least",
            "If all servers do this, the other one is buried when it comes up again.",
        ),
        Mistake(
            "hours for minutes",
            lambda world: _numbers(
                world, most_minutes=world.contract["arrives_within_hours"], first_minutes=1
            ),
            2,
            "should be half an hour apart",
            "Look at the unit in the name of each number.",
        ),
    ],
    "queue-5": [
        Mistake(
            "each early visit starts the delay anew",
            lambda world: _greylist(restart=True),
            5,
            "the delay counts from the first visit",
            "Who asks every minute would never come in. Does the rule want that?",
        ),
        Mistake(
            "the address instead of the triple",
            lambda world: _greylist(by_ip=True),
            4,
            "the same client, and another reverse-path",
            "Two people behind one server are two visitors.",
        ),
        Mistake(
            "the host instead of its network",
            lambda world: _greylist(whole=True),
            4,
            "neighbours in one network",
            "A large provider retries from another host. Its mail would wait again and again.",
        ),
        Mistake(
            "the window is forgotten",
            lambda world: _greylist(forget=False),
            5,
            "the window is over",
            "Somebody comes a week later. Is that a retry?",
        ),
    ],
}

OTHERWISE = {
    "queue-1": [lambda world: {who.upper(): f" {fate} " for who, fate in _fates(world).items()}],
    "queue-2": [lambda world: {key: f"{value.upper()} " for key, value in world.truth["bounce"].items()}],
    "queue-3": [_lines],
    "queue-4": [_numbers],
    "queue-5": [lambda world: _greylist()],
}

RUBRICS = {
    "queue-6": [
        Looked(1, "The host that reports took the message with 250 and checked the recipient afterwards."),
        Looked(1, "A bounce goes to the reverse-path, and the spammer had forged the user's address there."),
        Looked(1, "The returned Received field: it came straight from the spammer, not through our server."),
        Looked(1, "Refuse unknown recipients at RCPT, on the backup MX too, so that no mail is written."),
    ],
}
