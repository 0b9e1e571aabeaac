"""What a line of an SMTP dialogue means, and what may be said next.

`meaning` explains one `Line` in a title and one to three short paragraphs, each standing on a section
of an RFC, and lists the verbs that may follow and those that would be refused, by the session table
(RFC 5321 §4.1.4). The texts are in `meanings`, by topic.

The paragraphs use two marks: `code` in backquotes and **bold**. `spans` takes them apart; text from the
wire stands only inside code, made visible. This module renders nothing and reads no transcript.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .line import Line
from .meanings import content, ends, envelope, hello, login, message, others, refused, strange, tls
from .meanings.note import Note, Say, lowered, note, say, spans
from .meanings.order import next_verbs
from .meanings.remarks import remarks
from .meanings.retrieval import retrieval
from .reply import Reply

__all__ = ["Meaning", "meaning", "meaning_at", "next_verbs", "spans"]

MOST = 3  # paragraphs

_COMMANDS: dict[str, Callable[[Line], Note]] = {
    "EHLO": hello.EHLO, "HELO": hello.HELO, "STARTTLS": tls.STARTTLS, "AUTH": login.AUTH,
    "MAIL": envelope.MAIL, "RCPT": envelope.RCPT, "DATA": message.DATA, "BDAT": message.BDAT,
    "RSET": others.RSET, "NOOP": others.NOOP, "VRFY": others.VRFY, "EXPN": others.EXPN,
    "HELP": others.HELP, "QUIT": ends.QUIT,
}  # fmt: skip
_TAKEN: dict[str, Callable[[Line], Note]] = {
    "EHLO": hello.offered, "HELO": hello.hello_taken, "STARTTLS": tls.ready, "AUTH": login.proven,
    "MAIL": envelope.mail_taken, "RCPT": envelope.rcpt_taken, ".": message.taken,
    "BDAT": message.chunk_taken,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """An explanation for the panel beside the dialogue.

    `refs` are the sections that the paragraphs stand on. `may` are the verbs that the client may say
    next, empty while it is not the client's turn to say a command; `would_refuse` are the other verbs,
    each with the reply that it would get and the reason.
    """

    title: str
    paragraphs: tuple[str, ...]
    refs: tuple[str, ...]
    may: tuple[str, ...] = ()
    would_refuse: tuple[tuple[str, Reply, str], ...] = ()

    def text(self, width: int = 78) -> str:
        """The explanation for a terminal, without marks."""
        parts = [self.title, *("".join(piece for _, piece in spans(part)) for part in self.paragraphs)]
        if self.may:
            parts.append(f"May come next: {' '.join(self.may)}")
        parts.append(" · ".join(self.refs))
        return "\n\n".join(textwrap.fill(part, width, break_on_hyphens=False) for part in parts)

    def __str__(self) -> str:
        return self.text()


def meaning(line: Line, answer: Line | None = None) -> Meaning:
    """What `line` means.

    For a command, `answer` is the line of its reply, if there is one: the explanation then says how it
    went, and what may come next is what may come after that reply.
    """
    if line.protocol != "smtp" and line.kind not in ("tls", "close"):
        found = retrieval(line)
        return Meaning(
            found.title,
            tuple(part.text for part in found.says),
            tuple(dict.fromkeys(ref for part in found.says for ref in part.refs)),
        )
    found = _note(line)
    outcome = _outcome(answer) if answer is not None and answer.reply else []
    # What is special about this very line comes right behind the first thing to say about its verb.
    own = [*found.says[:1], *remarks(line, answer), *found.says[1:]]
    says = [*own[: MOST - len(outcome)], *outcome]
    may, would_refuse = next_verbs(answer or line)
    refs = tuple(dict.fromkeys(ref for part in says for ref in part.refs))
    return Meaning(found.title, tuple(part.text for part in says), refs, may, would_refuse)


def meaning_at(lines: Sequence[Line], index: int) -> Meaning:
    """What the line at `index` means, together with its reply when it has one."""
    line = lines[index]
    return meaning(line, lines[line.pair] if line.pair > index else None)


def _note(line: Line) -> Note:
    if line.kind == "command":
        return strange.forgotten(line) if line.dropped else _COMMANDS.get(line.verb, strange.unknown)(line)
    if line.kind in ("reply", "greeting"):
        return _reply(line)
    simple = {"auth": login.answer, "data": content.content, "end": message.end, "tls": tls.begins}
    return simple.get(line.kind, ends.closes)(line)


def _reply(line: Line) -> Note:
    reply = line.reply
    if reply is None:
        return note(
            "This is no reply",
            say(
                "A reply begins with a three-digit code, the same on each of its lines. This is something "
                "else, so a client can only give up."
                if not line.cut
                else "The reply has not ended yet: a client waits for a line with a code and a space, not a "
                "hyphen.",
                "RFC 5321 §4.2",
                "RFC 5321 §4.2.1",
            ),
        )
    if line.kind == "greeting":
        return hello.greeting(line)
    if reply.code >= 400:
        return refused.refused(line)
    if not line.verb and line.pair < 0:
        return _unasked(line)
    if reply.code == 334:
        return login.challenge(line)
    if reply.code == 354:
        return message.start(line)
    if reply.is_intermediate:
        return note(
            "The server waits for more",
            say(
                f"""`{reply.code}` is a 3yz reply: the command is accepted so far, and the server waits for
                the rest of it.""",
                "RFC 5321 §4.2.1",
            ),
        )
    return _TAKEN.get(line.verb, others.done)(line)


def _unasked(line: Line) -> Note:
    return note(
        "A reply that nobody asked for",
        say(
            """Each command gets one reply, and here none was waiting. The server has seen a command, or the
            end of a message, where this reading of the dialogue sees none.""",
            "RFC 5321 §4.2",
        ),
        say(
            """When two ends disagree about where a message ends, one message can be smuggled inside another.
            When a server answers under TLS what was said before it, commands can be injected.""",
            "RFC 5321 §4.1.1.4",
            "RFC 3207 §4.2",
        ),
    )


def _outcome(answer: Line) -> list[Say]:
    """How it went: the first paragraph of what the reply means; if a message is at stake, also who acts."""
    first, *more = _reply(answer).says
    if answer.reply and answer.reply.code >= 400:
        return [first, *more[:1]] if refused.at_stake(answer) else [first]
    if first.text.startswith("`"):  # it begins with the code already
        return [first]
    return [say(f"`{answer.text[:3]}`: {lowered(first.text)}", *first.refs)]
