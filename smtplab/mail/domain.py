"""Domains and address literals as SMTP writes them (RFC 5321 §4.1.2, §4.1.3, RFC 6531 §3.3).

Answers: may this stand after the @ of a path, or after EHLO? It looks at letters only. Whether the
domain exists is the DNS's answer, and whether a U-label follows all of IDNA's rules (RFC 5892) is
not asked: that needs tables that the standard library lacks.
"""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv6Address

from .errors import RecordError

MAX_DOMAIN = 255  # RFC 5321 §4.5.3.1.2, in octets
MAX_LABEL = 63  # RFC 1035 §2.3.4, in octets of the A-label

_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
# General-address-literal = Standardized-tag ":" 1*dcontent (RFC 5321 §4.1.3)
_TAGGED = re.compile(r"([A-Za-z0-9-]*[A-Za-z0-9]):([!-Z^-~]+)")
_RULE = "a domain is labels of letters, digits and inner hyphens, with single dots between"
# Signs that IDNA allows inside a label under conditions (RFC 5892 §2.6, §2.7), not checked here.
_CONTEXT = "\u200c\u200d\u00b7\u0375\u05f3\u05f4\u30fb"


def check_domain(text: str, span: tuple[int, int] | None = None, *, literal: bool = True) -> None:
    """Raise RecordError unless `text`, or its part `span`, is a domain or an address literal.

    With `literal=False` an address literal is refused too, as in a source route (RFC 5321 §4.1.2).
    """
    start, end = span or (0, len(text))
    check_length(text, (start, end), MAX_DOMAIN, "a domain")
    if literal and text.startswith("[", start):
        _check_literal(text, start, end)
        return
    for label in text[start:end].split("."):
        _check_label(text, start, label)
        start += len(label) + 1


def check_length(text: str, span: tuple[int, int], limit: int, what: str) -> None:
    """Raise RecordError when the span of `text` takes more than `limit` octets."""
    octets = len(text[slice(*span)].encode("utf-8", "surrogatepass"))
    if octets > limit:
        raise RecordError(f"{what} has at most {limit} octets, and this has {octets}", text, span)


def to_ascii(domain: str) -> str:
    """The domain in lower case for the DNS, each U-label as its A-label (RFC 5890 §2.3.2.1)."""
    return domain.lower() if domain.isascii() else ".".join(map(_a_label, domain.split(".")))


def _a_label(label: str) -> str:
    if label.isascii():
        return label.lower()
    return "xn--" + unicodedata.normalize("NFC", label.lower()).encode("punycode").decode("ascii")


def _check_label(text: str, start: int, label: str) -> None:
    """sub-domain = Let-dig [Ldh-str], or a U-label (RFC 5321 §4.1.2, RFC 6531 §3.3)."""
    for place, char in enumerate(label, start):
        if not _in_label(char):
            raise RecordError(_RULE, text, (place, place + 1))
    end = start + len(label)
    if not label:
        raise RecordError(_RULE, text, (start, min(start + 1, len(text))))
    if label.startswith("-") or label.endswith("-"):
        place = start if label.startswith("-") else end - 1
        raise RecordError("a label begins and ends with a letter or a digit", text, (place, place + 1))
    if len(_a_label(label)) > MAX_LABEL:
        raise RecordError(f"a label of a domain has at most {MAX_LABEL} octets", text, (start, end))


def _in_label(char: str) -> bool:
    """True for letters, digits and "-", and outside ASCII for letters, marks and digits."""
    if char.isascii():
        return char.isalnum() or char == "-"
    return unicodedata.category(char) in ("Ll", "Lu", "Lo", "Lm", "Mn", "Mc", "Nd") or char in _CONTEXT


def _check_literal(text: str, start: int, end: int) -> None:
    """address-literal = "[" IPv4 / "IPv6:" IPv6 / tag ":" content "]" (RFC 5321 §4.1.3)."""
    inside = text[start + 1 : end - 1] if text.endswith("]", start + 1, end) else ""
    if _IPV4.fullmatch(inside) and all(int(number) < 256 for number in inside.split(".")):
        return
    if _is_ipv6(inside):
        raise RecordError("an IPv6 address literal begins with IPv6:", text, (start + 1, start + 1))
    tagged = _TAGGED.fullmatch(inside)
    if not tagged or (tagged[1].lower() == "ipv6" and not _is_ipv6(tagged[2])):
        raise RecordError("an address literal is like [192.0.2.1] or [IPv6:2001:db8::1]", text, (start, end))


def _is_ipv6(text: str) -> bool:
    try:
        return not IPv6Address(text).scope_id
    except ValueError:
        return False
