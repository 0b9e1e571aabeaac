"""The script of the two mailboxes: the same wish, a step at a time, by POP3 and by IMAP.

Answers: what does a client say when its user reads, marks or deletes a letter, and why is it so? Each act has
the commands of both protocols and a few words on each. `LOG_IN` and `CUT` stand for what is no single
command; who carries the script out knows what to do with them. Nothing is run here.
"""

from __future__ import annotations

from dataclasses import dataclass

from .holdings import Protocol, Who

LOG_IN, CUT, STORE = "log in", "cut the line", "APPEND INBOX"
LOOK = "FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])"

Order = tuple[Who, str]


@dataclass(frozen=True, slots=True)
class Part:
    """One protocol's part of an act: who says what, and why it comes out as it does."""

    orders: tuple[Order, ...]
    words: str
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """One wish of the user, in both protocols."""

    title: str
    pop3: Part
    imap: Part

    def part(self, protocol: Protocol) -> Part:
        """The part of `protocol`."""
        return self.pop3 if protocol == "pop3" else self.imap


ACTS = (
    Act(
        "The laptop logs in",
        Part(
            (("laptop", LOG_IN),),
            "The session sees the letters that are there now, and locks the mailbox until it ends.",
            "RFC 1939 §4",
        ),
        Part(
            (("laptop", LOG_IN),),
            "After LOGIN a folder is selected. The server says how many letters are in it.",
            "RFC 9051 §6.3.2",
        ),
    ),
    Act(
        "It asks what is there",
        Part(
            (("laptop", "LIST"), ("laptop", "UIDL")),
            "Numbers and sizes, and for each letter an id that stays. No subjects: those are in the letters.",
            "RFC 1939 §7",
        ),
        Part(
            (("laptop", LOOK),),
            "Subjects and flags, as many as the client wants to see. The letters stay where they are.",
            "RFC 9051 §6.4.5",
        ),
    ),
    Act(
        "It reads letter 1",
        Part(
            (("laptop", "RETR 1"),),
            "A whole copy goes to the laptop. For the server nothing has changed: it knows of no reading.",
            "RFC 1939 §5",
        ),
        Part(
            (("laptop", "FETCH 1 BODY[]"),),
            "The letter is shown, and the server notes that it was read: with a flag, which it keeps.",
            "RFC 9051 §6.4.5",
        ),
    ),
    Act(
        "The phone comes too",
        Part(
            (("phone", LOG_IN),),
            "The right password, and no entry: one session at a time has the mailbox.",
            "RFC 1939 §4",
        ),
        Part(
            (("phone", LOG_IN), ("phone", LOOK)),
            "Both are in. The phone sees that letter 1 was read, though it was read on the laptop.",
            "RFC 9051 §2.3.2",
        ),
    ),
    Act(
        "The phone puts a star on letter 2",
        Part(
            (("phone", "QUIT"),),
            "POP3 has no flags. The phone can only leave.",
            "RFC 1939 §3",
        ),
        Part(
            (("phone", "STORE 2 +FLAGS (\\Flagged)"),),
            "The star is a flag, too, so it lies on the server. The laptop has not been told yet.",
            "RFC 9051 §6.4.6",
        ),
    ),
    Act(
        "The laptop looks again",
        Part(
            (("laptop", "NOOP"),),
            "Nothing new can be heard: the session sees what was there when it logged in.",
            "RFC 1939 §5",
        ),
        Part(
            (("laptop", "NOOP"),),
            "NOOP does nothing, and with its answer comes what has happened meanwhile: the star.",
            "RFC 9051 §6.1.2",
        ),
    ),
    Act(
        "The laptop deletes letter 1",
        Part(
            (("laptop", "DELE 1"),),
            "The letter is marked, and only in this session. It is still there.",
            "RFC 1939 §5",
        ),
        Part(
            (("laptop", "STORE 1 +FLAGS (\\Deleted)"),),
            "Here, too, a mark, but this one is a flag on the server. The letter is still there.",
            "RFC 9051 §2.3.2",
        ),
    ),
    Act(
        "The line is cut",
        Part(
            (("laptop", CUT),),
            "No QUIT came, so nothing is deleted. The mark went away with the session.",
            "RFC 1939 §6",
        ),
        Part(
            (("laptop", CUT),),
            "Nothing is deleted here either. But the flag stays: it never belonged to the session.",
            "RFC 9051 §2.3.2",
        ),
    ),
    Act(
        "It comes back and reads letter 1 again",
        Part(
            (("laptop", LOG_IN), ("laptop", "RETR 1"), ("laptop", "DELE 1")),
            "A client that does not note ids fetches the letter a second time. It has two copies now.",
            "RFC 1939 §7",
        ),
        Part(
            (("laptop", LOG_IN), ("laptop", LOOK), ("laptop", "FETCH 1 BODY[]")),
            "The view is made anew from what the server has. There is one letter, however often it is read.",
            "RFC 9051 §2.3.1.1",
        ),
    ),
    Act(
        "It ends properly",
        Part(
            (("laptop", "QUIT"),),
            "Now the marked letter goes. QUIT leads to the UPDATE state, where deleting is done.",
            "RFC 1939 §6",
        ),
        Part(
            (("laptop", "EXPUNGE"), ("phone", "NOOP")),
            "EXPUNGE removes what is flagged, and every client loses it. The letters behind it move up.",
            "RFC 9051 §6.4.3",
        ),
    ),
    Act(
        "It wants to send a letter",
        Part(
            (("laptop", LOG_IN), ("laptop", "MAIL FROM:<bob@birch.example>")),
            "POP3 has no command to send, and none to store. Mail goes out by SMTP.",
            "RFC 1939 §3",
        ),
        Part(
            (("laptop", STORE), ("phone", "NOOP")),
            "The letter to Alice lies in the mailbox, on both clients. Alice gets nothing: APPEND stores.",
            "RFC 9051 §6.3.12",
        ),
    ),
)

COMMANDS: dict[Protocol, tuple[str, ...]] = {
    "pop3": (LOG_IN, "STAT", "LIST", "RETR #", "DELE #", "RSET", "NOOP", "QUIT", CUT),
    "imap": (
        LOG_IN,
        LOOK,
        "FETCH # BODY[]",
        "STORE # +FLAGS (\\Flagged)",
        "STORE # +FLAGS (\\Deleted)",
        "STORE # FLAGS ()",
        "EXPUNGE",
        "NOOP",
        STORE,
        "LOGOUT",
        CUT,
    ),
}

# What a button says where the command would be too long for one.
LABELS = {LOOK: "FETCH 1:* (the list)", STORE: "APPEND a letter"}
