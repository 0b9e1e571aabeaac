"""IP addresses as mail programs write them in trace fields (RFC 5321 §4.1.3).

Which address does this word or bracket hold? Takes IPv4 and IPv6, with the tag "IPv6:", with a port or a
zone behind, mapped (RFC 4291 §2.5.5.2: an IPv4 client on an IPv6 socket, so the IPv4 address is meant).
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv6Address

from ..hosts import Address

LONGEST = 60  # characters of an address with tag, zone and port; what is longer is none

_HEX = frozenset("0123456789abcdefABCDEF:.")


def address(text: str) -> Address | None:
    """The address in `text`, with or without brackets, or None."""
    if ":" not in text and text[:1].strip("[0123456789"):
        return None  # a name: by far the most
    text = text.strip("[] \t\r\n")
    if not text or len(text) > LONGEST:
        return None
    if text[:5].lower() == "ipv6:":
        text = text[5:]
    text = text.partition("%")[0]
    if text.count(":") > 1:
        return _six(text)
    host, _, port = text.partition(":")
    return _four(host) if not port or (port.isdecimal() and port.isascii()) else None


def _four(text: str) -> IPv4Address | None:
    """Four numbers. One with a zero in front is octal to some programs, so it is no address here."""
    parts = text.split(".")
    if len(parts) != 4 or not (text.isascii() and text.replace(".", "").isdigit()):
        return None
    if ".0" in f".{text}" and any(part[:1] == "0" and part != "0" for part in parts):
        return None
    try:
        return IPv4Address(bytes(map(int, parts)))  # four times as fast as IPv4Address(text)
    except ValueError:
        return None


def _six(text: str) -> Address | None:
    if not _HEX.issuperset(text):
        return None
    try:
        six = IPv6Address(text)
    except AddressValueError:
        return None
    return six.ipv4_mapped or six
