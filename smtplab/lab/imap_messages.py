"""A message as pymap asks for it, whatever a stranger has written: it never ends its reader's session.

pymap trusts header fields to be what their names say, and fails where they are not ("Content-Type :", a date
in no month). Here such a message has fewer parts or fields, and its octets all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pymap.bytes import Writeable
from pymap.message import BaseLoadedMessage, BaseMessage
from pymap.mime import MessageBody, MessageContent, MessageHeader
from pymap.parsing.response.fetch import BodyStructure, EnvelopeStructure
from pymap.parsing.specials import FetchRequirement, Flag

from .folders import Kept


class Message(BaseMessage):
    """A message as pymap asks for it, with the flags of this moment. It is parsed when its content is."""

    def __init__(self, kept: Kept, *, expunged: bool = False) -> None:
        flags = [Flag(flag.encode("ascii")) for flag in kept.flags]
        super().__init__(kept.uid, kept.when, flags, expunged=expunged)
        self.kept = kept

    async def load_content(self, requirement: FetchRequirement) -> Loaded:
        if self.kept.parsed is None:
            self.kept.parsed = parsed(self.kept.raw)
        return Loaded(self, requirement)


def parsed(raw: bytes) -> MessageContent:
    """The parts of a message. One that pymap stumbles over, as over "Content-Type :", has only one."""
    try:
        return MessageContent.parse(raw)
    except Exception:  # a stranger wrote it: whatever it is that goes wrong, its reader gets the octets
        lines = MessageContent._find_lines(raw)
        head, body = MessageContent._split_lines(raw, lines)
        header = MessageHeader._parse(raw, memoryview(raw), head)
        plain = MessageBody._parse_content_type("text/plain")
        return MessageContent(raw, header, MessageBody(raw, body, plain, []))


class Loaded(BaseLoadedMessage):
    """A message's content. Where pymap cannot make sense of header fields, it says that there are none."""

    def __init__(self, message: Message, requirement: FetchRequirement) -> None:
        super().__init__(message, requirement, message.kept.parsed)
        self._raw = message.kept.raw

    def get_size(self, section: Sequence[int] | None = None) -> int:
        return super().get_size(section) if section else len(self._raw)

    def get_header(self, name: bytes) -> Sequence[str]:
        try:
            return list(super().get_header(name))
        except Exception:
            return []

    def get_envelope_structure(self) -> EnvelopeStructure:
        try:
            made = super().get_envelope_structure()
            bytes(made)  # only now are the fields looked at
        except Exception:
            return EnvelopeStructure.empty()
        return made

    def get_body_structure(self) -> BodyStructure:
        try:
            made = super().get_body_structure()
            bytes(made), bytes(made.extended)
        except Exception:
            return BodyStructure.empty()
        return made

    def get_message_headers(
        self,
        section: Sequence[int] | None = None,
        subset: Collection[bytes] | None = None,
        inverse: bool = False,
    ) -> Writeable:
        try:
            return super().get_message_headers(section, subset, inverse)
        except Exception:
            return Writeable.empty()

    def get_message_text(self, section: Sequence[int] | None = None) -> Writeable:
        try:
            return super().get_message_text(section)
        except Exception:
            return Writeable.empty()

    def get_body(self, section: Sequence[int] | None = None, binary: bool = False) -> Writeable:
        if not section and not binary:
            return Writeable.wrap(
                self._raw
            )  # pymap loses an octet where no blank line ends the header section
        try:
            made = super().get_body(section, binary)
            bytes(made)
        except Exception:  # an encoding that is none
            return super().get_body(section, False)
        return made
