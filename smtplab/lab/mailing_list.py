"""A mailing list: what comes for its address goes on to all members, changed (RFC 5598 §5.3).

A list puts its own address into the envelope, so that bounces come to it and not to whoever wrote
(RFC 5321 §3.9.2). Many add a footer and a mark in Subject. That breaks the author's DKIM signature, and SPF
is now about the list: nothing that speaks for the author's domain is left (RFC 7960 §3.2.3). Some therefore
write their own address into From.

The footer is put at the end of a plain body; a body of several parts is left as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..mail.envelope import Envelope, MailParameters, Recipient
from ..mail.errors import RecordError
from ..mail.header import fields
from ..mail.header.field import first
from ..mail.path import Path
from ..mail.text import decode, encode
from ..mail.verdict import Step
from . import trace

if TYPE_CHECKING:
    from .item import Item
    from .mta import Mta

_PARTS = re.compile(
    rb"^content-type:[ \t\r\n]*multipart/|^content-transfer-encoding:[ \t\r\n]*base64", re.I | re.M
)
_SUBJECT = re.compile(rb"^(subject:[ \t]*)", re.IGNORECASE | re.MULTILINE)


@dataclass(repr=False)
class MailingList:
    """The list at `address`, a program of its MTA. Everything but the address may change while it runs.

    `footer` (plain text, "" for none) and `tag` ("[trees]") are what it adds; with `rewrite_from` From is the
    list's own address, and the author's goes into Reply-To. A member whose mail bounces `limit` times is put
    out; `bounces` counts them, `gone` has those who are out.
    """

    mta: Mta
    address: Path
    members: list[str]
    footer: str = ""
    tag: str = ""
    rewrite_from: bool = False
    limit: int = 5
    bounces: Counter[str] = field(default_factory=Counter)
    gone: list[str] = field(default_factory=list)

    @property
    def bounce_path(self) -> Path:
        """Where bounces of the list's mail go."""
        return Path(f"{self.address.local}-bounces", self.address.domain)

    # as a program ---------------------------------------------------------------------------------

    def takes(self, path: Path) -> bool:
        """Whether mail for `path` is for the list, or a bounce of its mail."""
        given = path.address.lower()
        return given in (self.address.address.lower(), self.bounce_path.address.lower())

    def take(self, mta: Mta, item: Item, path: Path) -> None:
        """Send a message on to the members, or take note of a bounce."""
        if path.address.lower() == self.bounce_path.address.lower():
            self._bounced(item.content)
            return
        paths = self._paths(item)
        if not paths:
            return
        content = self.changed(item.content)
        given = item.envelope.parameters
        parameters = MailParameters(body="" if content.isascii() else "8BITMIME", smtputf8=given.smtputf8)
        envelope = Envelope(self.bounce_path, paths, parameters, tuple(Recipient(one) for one in paths))
        item.offspring.append(mta.originate(envelope, content))

    def copies(self, mta: Mta, item: Item, onward: list[Recipient]) -> list[tuple[Item, list[Recipient]]]:
        return [(item, onward)]

    def _paths(self, item: Item) -> tuple[Path, ...]:
        """The members' paths. One that is no address is left out, which the message's steps say."""
        paths: list[Path] = []
        for member in self.members:
            try:
                paths.append(Path.of(member))
            except RecordError as error:
                why = f"left out, as it is no address: {error.message}"
                item.steps.append(Step(f"member {member}", why, "failed", "RFC 5321 §4.1.2"))
        return tuple(paths)

    # what it does to a message --------------------------------------------------------------------

    def changed(self, content: bytes) -> bytes:
        """The message as the list sends it. What the author signed is not signed again."""
        if self.tag and self.tag.encode() not in encode(first(fields(content), "Subject")):
            header, blank, body = content.partition(b"\r\n\r\n")
            header = _SUBJECT.sub(lambda found: found[1] + encode(self.tag) + b" ", header, count=1)
            content = header + blank + body
        if self.rewrite_from:
            content = self._own_from(content)
        name = f"{self.address.local}.{self.address.domain}"
        content = encode(f"List-Id: <{name}>\r\n") + trace.without_field(content, "List-Id")
        if self.footer and not _PARTS.search(content.partition(b"\r\n\r\n")[0]):
            end = b"" if content.endswith(b"\r\n") else b"\r\n"
            content += end + re.sub(rb"\r?\n", b"\r\n", encode(self.footer).rstrip(b"\r\n")) + b"\r\n"
        return content

    def _own_from(self, content: bytes) -> bytes:
        """From is the list, with the author's name before it; where to answer stands in Reply-To."""
        author = first(fields(content), "From")
        name = author.partition("<")[0].strip().strip('"') or author.partition("@")[0].strip()
        name = re.sub(r'["\\\r\n]', "", name)[:100]
        new = f'From: "{name} via {self.address.local}" <{self.address.address}>\r\n'
        if author and not first(fields(content), "Reply-To"):
            new += f"Reply-To: {author}\r\n"
        return encode(new) + trace.without_field(content, "From")

    def _bounced(self, content: bytes) -> None:
        """Count who did not get it; after too many a member is put out."""
        from ..mail.dsn import parse

        try:
            fates = parse(content).fates
        except RecordError:
            return
        for fate in fates:
            if fate.action != "failed":
                continue
            for member in [one for one in self.members if one.lower() == fate.recipient.lower()]:
                self.bounces[member.lower()] += 1  # of members alone: anybody can write a DSN about anybody
                if self.bounces[member.lower()] >= self.limit:
                    self.members.remove(member)
                    self.gone.append(member)

    def __str__(self) -> str:
        lines = [
            f"{self.address.address}: {decode(b', '.join(encode(one) for one in self.members)) or 'nobody'}"
        ]
        lines += [f"  put out after {self.limit} bounces: {one}" for one in self.gone]
        return "\n".join(lines)

    __repr__ = __str__


def running(mta: Mta) -> Iterable[MailingList]:
    """The lists of one MTA."""
    return [one for one in mta.local.programs if isinstance(one, MailingList)]
