"""Write a DMARC record from what its owner wants (RFC 9989 §4.7). It does not publish it."""

from __future__ import annotations

from collections.abc import Iterable

from smtplab.mail.errors import RecordError

from .record import Alignment, Policy, parse


def build(
    p: Policy = "none",
    *,
    sp: Policy | None = None,
    np: Policy | None = None,
    rua: Iterable[str] = (),
    ruf: Iterable[str] = (),
    adkim: Alignment = "r",
    aspf: Alignment = "r",
    testing: bool = False,
    psd: str = "u",
) -> str:
    """The record for the name _dmarc.DOMAIN; what is the default is left out.

    `rua` and `ruf` are addresses, with or without "mailto:". Raises RecordError for what cannot be written.
    """
    tags = {
        "p": p,
        "sp": sp or "",
        "np": np or "",
        "psd": psd if psd != "u" else "",
        "t": "y" if testing else "",
        "adkim": adkim if adkim != "r" else "",
        "aspf": aspf if aspf != "r" else "",
        "rua": ",".join(map(_uri, rua)),
        "ruf": ",".join(map(_uri, ruf)),
    }
    text = "; ".join(["v=DMARC1", *(f"{name}={value}" for name, value in tags.items() if value)])
    record = parse(text)
    if record.faults:
        tag, why = record.faults[0]
        raise RecordError(why, text, tag.span)
    return text


def _uri(address: str) -> str:
    return address if address.lower().startswith("mailto:") else f"mailto:{address}"
