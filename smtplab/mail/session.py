"""The session table: which verb may come when, and what it does to the session (RFC 5321 §4.1.4).

One table serves three readers. The lab's servers ask it before they act on a command, the stepper
draws it with the current state lit, and the docs print it. A refusal in it is the very reply that
the server sends.

The table knows order only. What depends on content (an unknown mailbox, a wrong password, a
message that is too large) is the server's business, and so is what it offers (no certificate, no
STARTTLS).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .reply import Reply


class State(StrEnum):
    """Where a session stands. `MAIL` means that a reverse-path was accepted, `RCPT` that at least
    one recipient was, `DATA` and `BDAT` that the message is being transferred, `AUTH` that the
    server waits for the next line of a SASL exchange."""

    START = "start"
    GREETED = "greeted"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BDAT = "bdat"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A verb that may not come now: the server's reply, the reason in one sentence, its source."""

    reply: Reply
    why: str
    ref: str


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: its name, its syntax, what it is for in one line, and where it is defined."""

    name: str
    syntax: str
    purpose: str
    ref: str


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("EHLO", "EHLO <domain or [address]>", "says who the client is and asks what the server can do",
             "RFC 5321 §4.1.1.1"),
        Verb("HELO", "HELO <domain>", "says who the client is, without extensions", "RFC 5321 §4.1.1.1"),
        Verb("STARTTLS", "STARTTLS", "asks to go on under TLS", "RFC 3207 §4"),
        Verb("AUTH", "AUTH <mechanism> [initial-response]", "proves which account the client has",
             "RFC 4954 §4"),
        Verb("MAIL", "MAIL FROM:<reverse-path> [parameters]",
             "starts a transaction and names where bounces go", "RFC 5321 §4.1.1.2"),
        Verb("RCPT", "RCPT TO:<forward-path> [parameters]", "names one recipient; repeated for each",
             "RFC 5321 §4.1.1.3"),
        Verb("DATA", "DATA", "asks to send the message, up to a line with only a dot", "RFC 5321 §4.1.1.4"),
        Verb("BDAT", "BDAT <octets> [LAST]", "sends a chunk of the message, counted in octets",
             "RFC 3030 §2"),
        Verb("RSET", "RSET", "forgets the transaction, keeps the session", "RFC 5321 §4.1.1.5"),
        Verb("NOOP", "NOOP [anything]", "does nothing, and shows that the server is there",
             "RFC 5321 §4.1.1.9"),
        Verb("VRFY", "VRFY <user or mailbox>", "asks whether a mailbox exists", "RFC 5321 §4.1.1.6"),
        Verb("EXPN", "EXPN <list>", "asks who is on a mailing list", "RFC 5321 §4.1.1.7"),
        Verb("HELP", "HELP [verb]", "asks for help", "RFC 5321 §4.1.1.8"),
        Verb("QUIT", "QUIT", "ends the session politely", "RFC 5321 §4.1.1.10"),
    )
}  # fmt: skip

_ORDER = "RFC 5321 §4.1.4"


def _no(text: str, why: str, ref: str = _ORDER) -> Refusal:
    return Refusal(Reply(503, "5.5.1", (text,)), why, ref)


_HELLO_FIRST = _no("Send EHLO first", "a client says who it is before it starts a transaction")
_NO_MAIL = _no("Send MAIL first", "a recipient belongs to a transaction, and MAIL starts one")
_NO_RCPT = _no("No valid recipient: send RCPT first",
               "the server takes a message only when it has accepted someone to deliver it to",
               "RFC 5321 §3.3")  # fmt: skip
_NESTED = _no("A transaction is already open: send RSET to drop it",
              "one transaction at a time: MAIL may not come inside another", "RFC 5321 §4.1.1.2")  # fmt: skip
_AUTH_LATE = _no("AUTH is not allowed during a transaction",
                 "authentication comes before the transaction it authorises", "RFC 4954 §4")  # fmt: skip
_EHLO_BEFORE_EXTENSION = _no("Send EHLO first",
                             "an extension may be used only after the server has offered it in reply to EHLO",
                             "RFC 5321 §2.2.1")  # fmt: skip
_MIXED = _no("A chunked transfer has begun: only BDAT, RSET, NOOP and QUIT now",
             "DATA and BDAT cannot be mixed in one transaction", "RFC 3030 §2")  # fmt: skip

# What may always come, and leaves the session as it is (RFC 5321 §4.1.4).
_HARMLESS = ("NOOP", "HELP", "VRFY", "EXPN")

# In these states no command is read at all, so no verb may come.
_NO_COMMANDS: dict[State, Refusal] = {
    State.AUTH: _no("Finish the AUTH exchange first",
                    "the server takes this line as the next answer of the SASL exchange", "RFC 4954 §4"),
    State.DATA: _no("Finish the message first",
                    "every line is part of the message, up to the line with only a dot",
                    "RFC 5321 §4.1.1.4"),
    State.CLOSED: _no("The session is closed", "nobody listens any more: open a new connection",
                      "RFC 5321 §4.1.1.10"),
}  # fmt: skip

Move = State | Refusal

# state -> verb -> the state after the server's positive reply, or why the verb is refused.
TABLE: dict[State, dict[str, Move]] = {
    State.START: {
        "EHLO": State.GREETED, "HELO": State.GREETED, "QUIT": State.CLOSED, "RSET": State.START,
        "STARTTLS": _EHLO_BEFORE_EXTENSION, "AUTH": _EHLO_BEFORE_EXTENSION,
        "MAIL": _HELLO_FIRST, "RCPT": _HELLO_FIRST, "DATA": _HELLO_FIRST, "BDAT": _HELLO_FIRST,
    },
    State.GREETED: {
        "EHLO": State.GREETED, "HELO": State.GREETED, "QUIT": State.CLOSED, "RSET": State.GREETED,
        "STARTTLS": State.START,  # RFC 3207 §4.2: both sides forget what they learnt before TLS
        "AUTH": State.GREETED, "MAIL": State.MAIL,
        "RCPT": _NO_MAIL, "DATA": _NO_MAIL, "BDAT": _NO_MAIL,
    },
    State.MAIL: {
        "EHLO": State.GREETED, "HELO": State.GREETED, "QUIT": State.CLOSED, "RSET": State.GREETED,
        "STARTTLS": State.START, "AUTH": _AUTH_LATE, "MAIL": _NESTED,
        "RCPT": State.RCPT, "DATA": _NO_RCPT, "BDAT": _NO_RCPT,
    },
    State.RCPT: {
        "EHLO": State.GREETED, "HELO": State.GREETED, "QUIT": State.CLOSED, "RSET": State.GREETED,
        "STARTTLS": State.START, "AUTH": _AUTH_LATE, "MAIL": _NESTED,
        "RCPT": State.RCPT, "DATA": State.DATA, "BDAT": State.BDAT,
    },
    State.BDAT: {
        "EHLO": State.GREETED, "HELO": State.GREETED, "QUIT": State.CLOSED, "RSET": State.GREETED,
        "STARTTLS": _MIXED, "AUTH": _AUTH_LATE, "MAIL": _NESTED, "RCPT": _MIXED, "DATA": _MIXED,
        "BDAT": State.BDAT,
    },
}  # fmt: skip
for _state, _row in TABLE.items():
    _row.update(dict.fromkeys(_HARMLESS, _state))


def refusal(state: State, verb: str) -> Refusal | None:
    """Why `verb` may not come in `state`, or None when it may.

    A verb that the table does not know is refused with 500 (RFC 5321 §4.2.4), an empty one too.
    In AUTH, DATA and CLOSED every verb is refused: there a line is not a command.
    """
    if state in _NO_COMMANDS:
        return _NO_COMMANDS[state]
    move = TABLE.get(state, {}).get(verb)
    if isinstance(move, Refusal):
        return move
    if move is None:
        text = f"Command not recognized: {verb[:40]}" if verb else "Command not recognized"
        return Refusal(Reply(500, "5.5.1", (text,)), "the server does not know this verb", "RFC 5321 §4.2.4")
    return None


def after(state: State, verb: str, code: int, *, last: bool = False) -> State:
    """The state once the server has answered `verb` with `code`.

    `verb` is "." for the line that ends DATA; `last` marks a `BDAT ... LAST`. Only a verb's success
    moves the session: 2yz, for DATA 354, for AUTH also 334. Any other reply leaves the state as it
    was, except that 421 closes the channel (RFC 5321 §3.8), and that a refused end of data (RFC 5321
    §4.1.1.4) or chunk (RFC 3030 §2) ends the transaction.
    """
    if code in (421, 521):
        return State.CLOSED
    if state is State.CLOSED or (verb == "." and state is not State.DATA):
        return state
    if verb == ".":
        return State.GREETED
    if verb == "BDAT" and (last or code >= 400) and state in (State.RCPT, State.BDAT):
        return State.GREETED
    if state is State.AUTH and code != 334:
        return State.GREETED
    if code == 334 and (verb == "AUTH" or state is State.AUTH):
        return State.AUTH
    done = code == 354 if verb == "DATA" else code // 100 == 2
    if not done:
        return state
    move = TABLE.get(state, {}).get(verb, state)
    return state if isinstance(move, Refusal) else move


def allowed(state: State) -> tuple[str, ...]:
    """The verbs that may come in `state`, in the order of VERBS."""
    return tuple(verb for verb in VERBS if refusal(state, verb) is None)
