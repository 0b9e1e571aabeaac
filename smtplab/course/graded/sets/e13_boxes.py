"""The texts of exercise 13: POP3 sessions, a day with IMAP, letters, and a mishap."""

from __future__ import annotations

from random import Random
from typing import Any

from .cast import domains, people

GONE = "DELE marks a letter, and QUIT deletes what is marked. Which letter has that number in that session?"
RESET = "RSET takes all marks back, and QUIT deletes what is marked then."
CUT = "The connection was lost before QUIT: nothing was deleted, only marked."

FLAGS = {
    "read": r"To fetch a text sets \Seen, whichever device does it.",
    "peek": r"BODY.PEEK looks at a letter and leaves \Seen alone.",
    "starred": "A flag is kept on the server, whichever device sets it.",
    "unread": r"-FLAGS takes a flag away again.",
    "replaced": "FLAGS without a sign replaces all flags that there were.",
    "marked": r"\Deleted is a flag like others. No EXPUNGE came after it.",
}

SUBJECTS = (
    "Tea", "Minutes", "Lunch", "Invoice", "Tickets", "Bicycle", "Garden", "Choir", "Keys", "Train",
    "Birthday", "Library", "Contract", "Photos", "Weather", "Recipe", "Concert", "Dentist", "Parcel", "Rent",
)  # fmt: skip


# POP3 ----------------------------------------------------------------------------------------------------


def pop3(rng: Random) -> tuple[str, dict[str, list[str]]]:
    """Three sessions with a mailbox of nine letters; and what became of each."""
    ids = [f"id{number}" for number in rng.sample(range(100, 1000), 9)]
    reset, first, *rest = rng.sample(ids, 7)
    cut, second = rest[:2], rest[2:4]
    left, told = list(ids), []
    kinds = ["reset", "cut", "quit"]
    rng.shuffle(kinds)
    for number, kind in enumerate(kinds, 1):
        head = [f"=== session {number}", *_said("PASS ********", f"+OK {len(left)} messages")]
        if number == 1:
            head += [" -> UIDL", "<-  +OK", *(f"<-  {n} {one}" for n, one in enumerate(left, 1)), "<-  ."]
        if kind == "reset":
            lines = [
                *_marks(left, [reset]),
                *_said("RSET", "+OK"),
                *_marks(left, [first]),
                *_said("QUIT", "+OK"),
            ]
            deleted = [first]
        elif kind == "cut":
            lines, deleted = [*_marks(left, cut), "=== the connection is lost"], []
        else:
            lines, deleted = [*_marks(left, second), *_said("QUIT", "+OK")], second
        left = [one for one in left if one not in deleted]
        told.append("\n".join([*head, *lines]))
    gone = [first, *second]
    untouched = [one for one in ids if one not in (reset, *cut, *gone)]
    return "\n\n".join(told) + "\n", {"gone": gone, "reset": [reset], "cut": cut, "untouched": untouched}


def _said(line: str, answer: str) -> list[str]:
    return [f" -> {line}", f"<-  {answer}"]


def _marks(left: list[str], letters: list[str]) -> list[str]:
    return [line for one in letters for line in _said(f"DELE {left.index(one) + 1}", "+OK marked")]


# IMAP ----------------------------------------------------------------------------------------------------


def imap(rng: Random) -> tuple[str, dict[str, Any]]:
    """A day of two devices in one mailbox; and the flags in the evening."""
    uids = [str(number) for number in sorted(rng.sample(range(11, 99), 7))]
    kinds = [*FLAGS, "expunged"]
    rng.shuffle(kinds)
    of = dict(zip(kinds, uids, strict=True))
    early = [
        [f"UID STORE {of['expunged']} +FLAGS (\\Deleted)"],
        [f"UID FETCH {of['peek']} (BODY.PEEK[])"],
        [f"UID FETCH {of['unread']} (BODY[])", f"UID STORE {of['unread']} -FLAGS (\\Seen)"],
    ]
    late = [
        [f"UID STORE {of['marked']} +FLAGS (\\Deleted)"],
        [f"UID FETCH {of['read']} (BODY[])"],
        [f"UID STORE {of['starred']} +FLAGS (\\Flagged)"],
        [f"UID FETCH {of['replaced']} (BODY[])", f"UID STORE {of['replaced']} FLAGS (\\Answered)"],
    ]
    commands = [*_mixed(rng, early), "EXPUNGE", *_mixed(rng, late), "LOGOUT"]
    minutes = sorted(rng.sample(range(60), len(commands)))
    told = [f"The letters in the morning, all without flags: UIDs {', '.join(uids)}", ""]
    for n, (minute, command) in enumerate(zip(minutes, commands, strict=True), 1):
        told.append(f"09:{minute:02} {rng.choice(('laptop', 'phone')):6} a{n} {command}")
    ends = {"read": ["\\Seen"], "starred": ["\\Flagged"], "replaced": ["\\Answered"], "marked": ["\\Deleted"]}
    there = {uid: kind for kind, uid in sorted(of.items(), key=lambda one: int(one[1])) if kind != "expunged"}
    return "\n".join(told) + "\n", {
        "kinds": there,
        "flags": {uid: ends.get(k, []) for uid, k in there.items()},
    }


def _mixed(rng: Random, groups: list[list[str]]) -> list[str]:
    """The commands of all groups, each group in its own order."""
    turns = [n for n, group in enumerate(groups) for _ in group]
    rng.shuffle(turns)
    waiting = [iter(group) for group in groups]
    return [next(waiting[n]) for n in turns]


# letters -------------------------------------------------------------------------------------------------


def letters(rng: Random) -> tuple[list[dict[str, str]], list[str]]:
    """A mailbox of eight letters, and the subjects of those that are to go."""
    subjects, [domain] = rng.sample(SUBJECTS, 8), domains(rng, 1)
    box = [
        {"from": f"{who}@{domain}", "subject": subject}
        for who, subject in zip(people(rng, 8), subjects, strict=True)
    ]
    return box, sorted(rng.sample(subjects, 3), key=subjects.index)


def mishap(rng: Random, home: str, phone: str) -> str:
    """The record of a message store on a night when letters vanished."""
    minute, count = rng.randint(10, 49), rng.randint(12, 60)
    [domain] = domains(rng, 1)
    who = f"{people(rng, 1)[0]}@{domain}"
    return f"""Log of imap.{domain}:
  22:{minute} imap  {who} from {phone}: SELECT INBOX, {count} messages
  03:{minute} pop3  {who} from {home}: {count} RETR, {count} DELE, QUIT: {count} deleted
  07:{minute} imap  {who} from {phone}: SELECT INBOX, 0 messages
  07:{minute + 3} imap  {who} from {phone}: APPEND Sent
  07:{minute + 4} imap  {who} from {phone}: STATUS INBOX, 0 messages

Log of mail.{domain}, where people hand in their mail:
  no session from {phone} this morning

{who} calls: all my letters are gone from the phone, and a letter that I put into Sent has not arrived.
"""
