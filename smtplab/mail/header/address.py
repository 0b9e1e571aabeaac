"""Mailboxes in From, To and their kin: a name for people, an address for programs (RFC 5322 §3.4).

Who is named, and with which address? Comments, groups, source routes and quoted strings are undone, and
the names decoded. Nothing is judged: the name is free text that its writer chose, and so is the address.

It never raises. A list that breaks off in the middle gives what could be read. The envelope has a stricter
reader, `mail.path`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .lexical import Token, tokens
from .words import decoded

# What people take for an address, in any script; the full-width @ and the small one look like it too.
_SHOWN = re.compile(r"[^\s<>()\[\],;:\"@＠﹫]{1,64}[@＠﹫][^\s<>()\[\],;:\"@＠﹫]{1,253}")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, decoded, and an address; either may be "". `group` names the list that it is in."""

    name: str = ""
    address: str = ""
    group: str = ""

    @property
    def domain(self) -> str:
        """What follows the last @, in lower case."""
        return self.address.rpartition("@")[2].lower() if "@" in self.address else ""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name and self.address else self.address or self.name


@dataclass(slots=True)
class _Draft:
    """A mailbox that is being read: the words so far, and the angle address once there is one."""

    words: list[Token] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    angle: list[str] | None = None

    def done(self, group: str) -> Mailbox:
        said = decoded("".join(f"{'' if word.glued else ' '}{word.text}" for word in self.words).strip())
        if self.angle is not None:
            return Mailbox(said, "".join(self.angle), group)
        address = "".join(token.raw for token in self.words)
        if "@" not in address:
            return Mailbox(said, "", group)
        return Mailbox(decoded(" ".join(self.notes)), address, group)  # the old way: a@b (Alice)


def mailboxes(text: str) -> tuple[Mailbox, ...]:
    """The mailboxes of an address list, in order (RFC 5322 §3.4, §4.4)."""
    found: list[Mailbox] = []
    draft, group, inside = _Draft(), "", False
    for token in tokens(text, "<>,:;"):
        if token.kind == "comment":
            draft.notes.append(token.text)
        elif token.text == ">" and token.kind == "mark":
            inside = False
        elif inside and draft.angle is not None:
            # what a source route names is dropped: <@relay.example:alice@acorn.example>
            if token.raw == ":":
                draft.angle.clear()
            else:
                draft.angle.append(token.raw)
        elif token.kind != "mark":
            draft.words.append(token)
        elif token.text == "<":
            draft.angle, inside = [], True
        elif token.text == ":":
            group, draft = " ".join(word.text for word in draft.words), _Draft()
        elif token.text in ",;":
            found.append(draft.done(group))
            draft = _Draft()
            group = "" if token.text == ";" else group
    found.append(draft.done(group))
    return tuple(mailbox for mailbox in found if mailbox.name or mailbox.address)


def posing(mailbox: Mailbox) -> str:
    """The address that the display name shows though the true address is another; "" when it shows none.

    Mail programs show the name first, and often nothing else: a name is where a false address goes unseen.
    """
    found = _SHOWN.search(mailbox.name)
    return found[0] if found and found[0].lower() != mailbox.address.lower() else ""
