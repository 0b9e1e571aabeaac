"""What a receiver does to the header section: its findings go on top, and forged ones of its own come out.

Authentication-Results counts under the name of a server that the reader trusts. So a server at the border
removes those that came in under its own name or another of its domains (RFC 8601 §5): nobody else may have
written them. All others stay, for they claim nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...mail.domain import to_ascii
from ...mail.text import encode

if TYPE_CHECKING:
    from .judgement import Judgement

_NAME = b"authentication-results"
_FIELD = re.compile(
    rb"^authentication-results[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE
)


def on_top(judgement: Judgement, receiver: str, *, dkim: bool) -> bytes:
    """The fields to put above all others: Authentication-Results, and Received-SPF where SPF was checked.

    `dkim` says whether DKIM was checked, so that no signature is a finding.
    """
    from ...auth import results
    from ...auth.spf import received_spf

    path = judgement.envelope.reverse_path
    utf8 = judgement.envelope.parameters.smtputf8
    text = results.write(
        receiver,
        spf=judgement.spf,
        dkim=judgement.dkim if dkim else None,
        dmarc=judgement.dmarc,
        null_path=path.is_null,
        utf8=utf8,
    )
    if judgement.spf is not None:
        text = (
            received_spf.write(
                judgement.spf,
                ip=judgement.client,
                mail_from="" if path.is_null else path.address,
                helo=judgement.helo,
                receiver=receiver,
                utf8=utf8,
            )
            + text
        )
    return encode(text)


def without_own(content: bytes, names: Iterable[str]) -> tuple[bytes, tuple[str, ...]]:
    """`content` without the Authentication-Results of these hosts and domains, and the values of those.

    A bare line feed counts as a line end too: another reader may take it for one.
    """
    header, blank, body = content.partition(b"\r\n\r\n")
    if content.startswith(b"\r\n") or _NAME not in header.lower():
        return content, ()
    from ...mail.header import fields  # the readers of header fields load when one is needed
    from ...mail.header import results as reader

    mine = {name.lower() for name in names}
    removed: list[str] = []

    def kept(found: re.Match[bytes]) -> bytes:
        (field,) = fields(found[0])
        if not _is_of(reader.parse(field.value).authserv_id, mine):
            return found[0]
        removed.append(field.value)
        return b""

    header = _FIELD.sub(kept, header + b"\r\n")
    if not removed:
        return content, ()
    return (header + blank[2:] if blank else header.removesuffix(b"\r\n")) + body, tuple(removed)


def _is_of(name: str, mine: set[str]) -> bool:
    """Whether `name` is one of these, or under one of them."""
    try:
        name = to_ascii(name).removesuffix(".")
    except UnicodeError:
        return False
    return any(name == own or name.endswith(f".{own}") for own in mine)
