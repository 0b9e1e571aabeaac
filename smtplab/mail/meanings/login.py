"""AUTH and the lines of its exchange (RFC 4954, RFC 4616). Secrets are never repeated here."""

from __future__ import annotations

from ..line import Line
from ..sasl import unbase64
from .note import Note, Say, note, quoted, say

# mechanism -> (what it does, its source)
MECHANISMS: dict[str, tuple[str, str]] = {
    "PLAIN": ("the account's name and its password travel together, as one base64 string", "RFC 4616 §2"),
    "LOGIN": ("the server asks for name and password one after the other; it is everywhere, and no RFC "
              "defines it", ""),
    "CRAM-MD5": ("the client proves that it knows the password by a digest of the server's challenge; it is "
                 "old, and weak by today's measure", ""),
    "SCRAM-SHA-1": ("each end proves to the other that it knows the password, which never travels",
                    "RFC 5802 §3"),
    "SCRAM-SHA-256": ("each end proves to the other that it knows the password, which never travels",
                      "RFC 7677 §3"),
    "OAUTHBEARER": ("the client shows a token that it got elsewhere, in place of a password", "RFC 7628 §3"),
    "XOAUTH2": ("the client shows a token that it got elsewhere, in place of a password; no RFC defines it",
                ""),
    "EXTERNAL": ("the client relies on what is known already, such as its TLS certificate", ""),
}  # fmt: skip


def AUTH(line: Line) -> Note:
    name = line.argument.partition(" ")[0].upper()
    does, ref = MECHANISMS.get(name, ("the mechanism decides what the two ends say next", "RFC 4954 §4"))
    how = f"With {quoted(name)} {does}." if name else "The mechanism is missing, so the server answers `501`."
    return note(
        "AUTH proves which account the client has",
        say(how, *filter(None, (ref, "RFC 4954 §4"))),
        _in_clear(line),
        say(
            """A server lets a client that has logged in send mail to the whole world. It does not follow that
            the client may write any address into From: that takes a rule of its own.""",
            "RFC 6409 §4.3",
            "RFC 6409 §6.1",
        ),
    )


def _in_clear(line: Line) -> Say:
    if line.tls:
        return say(
            """Base64 is no encryption: it writes octets as letters, and anyone can read it back. Here TLS
            hides it from the path, not from the server.""",
            "RFC 4954 §9",
        )
    return say(
        """**This is said in clear.** Base64 is no encryption: with `PLAIN` or `LOGIN`, whoever listens on the
        path has the password now.""",
        "RFC 4954 §9",
        "RFC 8314 §3",
    )


def answer(line: Line) -> Note:
    """A line of the client's after a 334."""
    if line.text == "*":
        return note(
            "The client cancels the login",
            say(
                """A lone `*` ends the exchange. The server answers `501`, and the session goes on as if AUTH
                had not been said.""",
                "RFC 4954 §4",
            ),
        )
    if line.secret:
        return note(
            "The answer to the challenge",
            say(
                """This line holds the password, or what stands for it, so it is not shown. It is base64,
                which anyone can read back.""",
                "RFC 4954 §4",
            ),
            _in_clear(line),
        )
    said = unbase64(line.text)
    what = f"It is base64 for {quoted(said)}, the account's name" if said else "It is empty"
    return note(
        "The answer to the challenge",
        say(f"""{what}. The client answers each `334` with one such line.""", "RFC 4954 §4"),
        _in_clear(line),
    )


def challenge(line: Line) -> Note:
    """A 334."""
    text = line.reply.text.strip() if line.reply else ""
    asked = unbase64(text)
    if asked and asked.isprintable():
        what = f"{quoted(text)} is base64 for {quoted(asked)}."
    elif text:
        what = "Its text is a challenge in base64, for the client's program to work on."
    else:
        what = "Its text is empty: the mechanism needs no challenge, only the client's turn."
    return note(
        "The server waits for the client's part of the login",
        say(f"""`334` is a 3yz reply: go on, the command is not finished. {what}""", "RFC 4954 §4"),
        say(
            """The next line is no command. The client answers in base64, or cancels with `*`.""",
            "RFC 4954 §4",
        ),
    )


def proven(line: Line) -> Note:
    """A 235."""
    return note(
        "The client has logged in",
        say(
            """The server now knows which account the client has, and lets it do what that account may do:
            above all, send mail to other domains.""",
            "RFC 4954 §4",
            "RFC 4954 §6",
        ),
        say("""One login is all: another AUTH in this session gets `503`.""", "RFC 4954 §4"),
        say(
            """It says nothing about the author of the messages that follow. Whether this account may use the
            address in MAIL FROM or From is for the server to check.""",
            "RFC 6409 §6.1",
        ),
    )
