"""Networks of ip4 and ip6 terms (RFC 7208 §5.6): which covers which, and which are too large."""

from __future__ import annotations

from ipaddress import ip_address

from .record import Mechanism

WIDEST = {4: 16, 6: 32}  # prefix lengths; a shorter one is more than one organization's hosts


class Networks:
    """The networks of the terms so far. To look one up takes as many steps as an address has bits."""

    def __init__(self) -> None:
        self._first: dict[tuple[int, int, int], Mechanism] = {}
        self._lengths: set[tuple[int, int]] = set()

    def add(self, term: Mechanism) -> None:
        """Remember an ip4 or ip6 term."""
        bits, prefix = self.size(term)
        self._lengths.add((bits, prefix))
        self._first.setdefault((bits, prefix, term.network >> (bits - prefix)), term)

    def covering(self, term: Mechanism) -> Mechanism | None:
        """A term before it that has all of its network."""
        return self._find(*self.size(term), term.network)

    def holding(self, address: str) -> Mechanism | None:
        """A term before it that has the address."""
        try:
            one = ip_address(address)
        except ValueError:
            return None
        return self._find(one.max_prefixlen, one.max_prefixlen, int(one))

    def _find(self, bits: int, prefix: int, number: int) -> Mechanism | None:
        for size, length in sorted(self._lengths):
            if size == bits and length <= prefix:
                found = self._first.get((bits, length, number >> (bits - length)))
                if found:
                    return found
        return None

    @staticmethod
    def size(term: Mechanism) -> tuple[int, int]:
        """The bits of its addresses, and its prefix length."""
        return (32, term.prefix4) if term.name == "ip4" else (128, term.prefix6)

    @classmethod
    def rest(cls, term: Mechanism) -> int:
        """The bits of its address that lie beyond the prefix."""
        bits, prefix = cls.size(term)
        return term.network & ((1 << bits - prefix) - 1)


def is_wide(term: Mechanism) -> bool:
    """Whether a term's prefix lets in more than one organization has."""
    four = term.name in ("ip4", "a", "mx") and term.prefix4 < WIDEST[4]
    six = term.name in ("ip6", "a", "mx") and term.prefix6 < WIDEST[6]
    return four or six
