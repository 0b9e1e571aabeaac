"""IP addresses as mail programs write them in trace fields (RFC 5321 §4.1.3).

Which address does this word or bracket hold? Takes IPv4 and IPv6, with the tag "IPv6:", with a port or a
zone behind, mapped (RFC 4291 §2.5.5.2: an IPv4 client on an IPv6 socket, so the IPv4 address is meant).
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv6Address

from .record import Address

LONGEST = 60  # characters of an address with tag, zone and port; what is longer is none

_HEX = frozenset("0123456789abcdefABCDEF:.")


def address(text: str) -> Address | None:
    """The address in `text`, with or without brackets, or None."""
    text = text.strip("[] \t\r\n")
    if not text or len(text) > LONGEST:
        return None
    if text[:5].lower() == "ipv6:":
        text = text[5:]
    text = text.partition("%")[0]
    try:
        if text.count(":") < 2:
            host, _, port = text.partition(":")
            return IPv4Address(host) if _is_dotted(host) and (not port or port.isdecimal()) else None
        if _HEX.issuperset(text):
            six = IPv6Address(text)
            return six.ipv4_mapped or six
    except AddressValueError:
        pass
    return None


def _is_dotted(text: str) -> bool:
    return text.count(".") == 3 and text.replace(".", "").isdigit()
