"""View: what a reader sees in a mail program, beside what the message says.

Who seems to have written, what is the subject, which of several texts is shown? Most programs show a display
name and hide the address; the header section's own words are behind "View Source". The view is made as such
programs make it, and says where it misleads.

Nothing is opened: no link, no picture, no file. HTML is read for its text and its links only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, Literal

from .errors import RecordError
from .header import date
from .header.address import Mailbox, mailboxes, posing
from .header.field import Field, fields, first, named
from .header.ident import related
from .header.words import decoded
from .mime import Part, parts
from .text import encode, visible
from .verdict import Step

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*+)([^<>]*+)>|<![^<>]*+>")
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))", re.IGNORECASE)
_BREAKS = {"p", "div", "br", "tr", "li", "table", "h1", "h2", "h3", "hr", "ul", "ol", "blockquote"}
_UNSEEN = {"script", "style", "head", "title", "template"}
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&nbsp;": " ", "&amp;": "&"}
_HOST = re.compile(r"(?:https?://)?(?:[^\s/@]*+@)?([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})", re.I)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as a mail program lists it: `size` in octets, decoded."""

    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class Link:
    """A link in an HTML text: what the reader sees, and where it leads."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class View:
    """What the reader sees. Every text is made visible and decoded; lists have one text for each mailbox.

    `sender` is what the list of messages shows: the name alone when there is one. `address` is the address
    behind it. `body_type` is the type of the part that `body` comes from, "" when there is no text.
    `warnings` are Steps on what misleads in this view.
    """

    sender: str
    name: str
    address: str
    subject: str
    date: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    reply_to: tuple[str, ...]
    body: str
    body_type: str
    attachments: tuple[Attachment, ...] = ()
    links: tuple[Link, ...] = ()
    warnings: tuple[Step, ...] = ()

    def text(self) -> str:
        """The view for a terminal."""
        lines = [f"From     {self.sender}", f"Subject  {self.subject}", f"Date     {self.date}"]
        lines += [f"To       {', '.join(self.to)}"] if self.to else []
        lines += [f"Cc       {', '.join(self.cc)}"] if self.cc else []
        lines += [f"File     {file.name} ({file.type}, {file.size} octets)" for file in self.attachments]
        return "\n".join([*lines, "", self.body])

    def __str__(self) -> str:
        return self.text()

    def to_dict(self) -> dict[str, Any]:
        """The view as plain JSON types."""
        names = ("sender", "name", "address", "subject", "date", "body", "body_type")
        lists = ("to", "cc", "reply_to")
        return {
            **{name: getattr(self, name) for name in names},
            **{name: list(getattr(self, name)) for name in lists},
            "attachments": [[file.name, file.type, file.size] for file in self.attachments],
            "links": [[link.text, link.target] for link in self.links],
            "warnings": [step.to_dict() for step in self.warnings],
        }


def reader_view(
    message: bytes | str, *, zone: tzinfo = UTC, prefer: Literal["plain", "html"] = "plain"
) -> View:
    """What the reader of `message` sees, in the reader's time `zone`. Never raises.

    `prefer` says which of several alternatives the program shows when it could show both: many show the
    HTML. Where a field stands twice, the first is shown, as most programs do.
    """
    raw = encode(message) if isinstance(message, str) else message
    known = fields(raw)
    leaves = parts(raw)
    shown = _chosen(leaves, prefer)
    body, links = _read(shown) if shown else ("", ())
    senders = mailboxes(first(known, "From"))
    sender = senders[0] if senders else Mailbox()
    return View(
        sender=visible(sender.name or sender.address or "(no sender)"),
        name=visible(sender.name),
        address=visible(sender.address),
        subject=visible(decoded(first(known, "Subject"))) or "(no subject)",
        date=_date(first(known, "Date"), zone),
        to=_names(known, "To"),
        cc=_names(known, "Cc"),
        reply_to=_names(known, "Reply-To"),
        body=visible(body, keep="\n\t"),
        body_type=shown.type if shown else "",
        attachments=tuple(_file(part) for part in leaves if part is not shown and part.is_attachment),
        links=links,
        warnings=_warnings(known, sender, links, leaves, shown),
    )


def _names(known: tuple[Field, ...], name: str) -> tuple[str, ...]:
    return tuple(visible(str(box)) for box in mailboxes(first(known, name)))


def _date(value: str, zone: tzinfo) -> str:
    """In the reader's own time, in words; as written when it is no date."""
    try:
        when = date.parse(value).when.astimezone(zone)
    except (RecordError, OverflowError):
        return visible(value) or "(no date)"
    return (
        f"{date.DAYS[when.weekday()]} {when.day} {date.MONTHS[when.month - 1]} {when.year:04}, {when:%H:%M}"
    )


def _file(part: Part) -> Attachment:
    return Attachment(visible(part.file) or "(no name)", part.type, len(part.data))


def _chosen(leaves: tuple[Part, ...], prefer: str) -> Part | None:
    """The text that is shown: the first there is, or another way to say it that the program prefers."""
    texts = [part for part in leaves if not part.is_attachment]
    if not texts:
        return None
    group = next((name for name in texts[0].within if name.startswith("alternative ")), "")
    same = [part for part in texts if group in part.within] if group else texts[:1]
    return next((part for part in same if part.type == f"text/{prefer}"), same[0])


def _read(part: Part) -> tuple[str, tuple[Link, ...]]:
    return html(part.text) if part.type == "text/html" else (part.text, ())


def html(source: str) -> tuple[str, tuple[Link, ...]]:
    """The text and the links of an HTML page, in linear time. What is in no tag is text, broken or not."""
    out: list[str] = []
    links: list[Link] = []
    at, unseen, target, begun = 0, "", "", 0
    for found in _TAG.finditer(source):
        if not unseen:
            out.append(_plain(source[at : found.start()]))
        at = found.end()
        end, name = bool(found[1]), (found[2] or "").lower()
        if unseen:
            unseen = "" if end and name == unseen else unseen
        elif name in _UNSEEN and not end:
            unseen = name
        elif name == "a":
            if target:
                links.append(Link(visible("".join(out[begun:]).strip()), visible(target)))
            href = None if end else _HREF.search(found[3])
            target = _plain(next((text for text in href.groups() if text), "")) if href else ""
            begun = len(out)
        elif name in _BREAKS:
            out.append("\n")
    if not unseen:
        out.append(_plain(source[at:]))
    lines = (" ".join(line.split()) for line in "".join(out).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), tuple(links)


def _plain(text: str) -> str:
    for entity, char in _ENTITIES.items():
        text = text.replace(entity, char)
    return text.replace("\r", "").replace("\n", " ")


def _warnings(
    known: tuple[Field, ...],
    sender: Mailbox,
    links: tuple[Link, ...],
    leaves: tuple[Part, ...],
    shown: Part | None,
) -> tuple[Step, ...]:
    steps = []
    if other := posing(sender):
        why = f"The name shows this address, but the message says it is from {sender.address or 'nobody'}."
        steps.append(Step(other, why, "policy", "RFC 5322 §3.4"))
    if len(named(known, "From")) > 1:
        why = "There are several From fields: this view shows the first, a filter may have checked another."
        steps.append(Step("From", why, "fail", "RFC 5322 §3.6"))
    replies = mailboxes(first(known, "Reply-To"))
    if replies and not related(replies[0].domain, sender.domain):
        why = "An answer goes to another domain than the one it seems to come from."
        steps.append(Step(f"Reply-To {replies[0].address}", why, "policy", "RFC 5322 §3.6.2"))
    steps += [
        Step(link.target[:200], f"The text of this link says {link.text[:200]}.", "policy")
        for link in links
        if _elsewhere(link)
    ]
    if shown and any(part is not shown and part.within == shown.within for part in leaves if part.within):
        same = [part.type for part in leaves if part.within == shown.within and not part.is_attachment]
        if len(same) > 1 and "alternative " in shown.within[-1]:
            why = f"The message has its text {len(same)} times, as {', '.join(same[:5])}: they may differ."
            steps.append(Step("alternatives", why, "none", "RFC 2046 §5.1.4"))
    return tuple(steps)


def _elsewhere(link: Link) -> bool:
    """Whether the text of a link names one host and its target another."""
    says, leads = _HOST.match(link.text[:500]), _HOST.match(link.target[:500])
    return says is not None and leads is not None and says[1].lower() != leads[1].lower()
