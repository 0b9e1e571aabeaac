"""The signature fits the key, and not the header section: which field was changed, and how?

An RSA signature gives back the hash that was signed, so each attempt costs one hash and tells a changed field
from a wrong key. An Ed25519 signature gives nothing back: each attempt is verified, and where none fits, it
may be the one or the other.
"""

from __future__ import annotations

import hashlib
from collections import ChainMap
from collections.abc import Iterator
from itertools import chain, combinations, product

from smtplab.mail.text import decode

from . import canonical, crypto, undo
from .cause import EITHER, Failure, Finding
from .message import Message, chosen, without_value

BUDGET = 16 << 20  # octets that all attempts together may hash
MAX_TRIES = 200  # signatures that are verified, where the hash cannot be had
SHOWN = 60

Parts = list[bytes | None]


def find(failure: Failure) -> Finding:
    """The cause of a signature that does not fit."""
    attempts = _Attempts(failure)
    if failure.original is not None and (found := _compared(failure, failure.original, attempts)):
        return found
    for parts, found in _tries(failure, attempts.covered):
        if attempts.fits(parts):
            return found
        if attempts.is_spent:
            break
    form: canonical.Form = "relaxed" if attempts.form == "simple" else "simple"
    if attempts.fits(attempts.covered, form=form):
        why = f"the hash fits the {form} form of the fields, and c= says {attempts.form}: {EITHER}"
        return Finding("canonicalization", why)
    return _unknown(failure, attempts)


class _Attempts:
    """What was signed, as far as it is known, and how much may still be tried."""

    def __init__(self, failure: Failure) -> None:
        signature = failure.signature
        self.form = signature.forms[0]
        self.name = signature.hash_name
        self.octets = signature.octets
        self.keys = failure.keys
        self.wanted = {
            signed for key in failure.keys if (signed := crypto.signed_hash(key, self.octets, self.name))
        }
        self.own = without_value(failure.own)
        self.covered = failure.message.covered(signature.headers, failure.own)
        self.left = BUDGET
        self.tries = MAX_TRIES
        self.tried = {failure.digest}

    @property
    def is_spent(self) -> bool:
        return self.left <= 0 or self.tries <= 0

    @property
    def may_be_found(self) -> bool:
        """False where the key is known to be the wrong one."""
        return bool(self.wanted) or any(crypto.is_silent(key) for key in self.keys)

    def fits(self, parts: Parts, form: canonical.Form | None = None) -> bool:
        """Whether these fields, and the signature's own behind them, are what was signed."""
        if self.is_spent or not self.may_be_found:
            return False
        used = form or self.form
        pieces = [canonical.header(part, used) for part in parts if part]
        octets = b"".join([*pieces, canonical.header(self.own + b"\r\n", used)[:-2]])
        self.left -= len(octets) + 100 * len(pieces)
        digest = hashlib.new(self.name, octets, usedforsecurity=False).digest()
        if self.wanted:
            return digest in self.wanted
        if digest in self.tried:  # relaxed makes most white space the same
            return False
        self.tried.add(digest)
        self.tries -= 1
        return any(crypto.fits(key, self.octets, digest, self.name) for key in self.keys)


def _tries(failure: Failure, covered: Parts) -> Iterator[tuple[Parts, Finding]]:
    """Other header sections that this one may have been, and what that would mean."""
    names = failure.signature.headers
    yield from _copied(failure, covered)
    for at, (name, field) in enumerate(zip(names, covered, strict=True)):
        if field is not None:
            for why, other in undo.changed(name, field, failure.message.index):
                yield _with(covered, at, other), Finding(f"header-changed:{name}", f"{name}: {why}")
    for name in dict.fromkeys(names):
        yield from _order_and_number(failure, name)
    yield from _removed(failure, covered)
    yield from _together(failure, covered)
    for at, (name, field) in enumerate(zip(names, covered, strict=True)):
        if field is not None:
            for other in undo.spaces(field):
                yield _with(covered, at, other), Finding("header-whitespace", _SPACES.format(name))


_SPACES = "{}: the hash fits with other white space, or another case of its name"


def _with(covered: Parts, at: int, field: bytes | None) -> Parts:
    return [*covered[:at], field, *covered[at + 1 :]]


def _copied(failure: Failure, covered: Parts) -> Iterator[tuple[Parts, Finding]]:
    """z=: the fields as the signer saw them (RFC 6376 §3.5). All of them, then one at a time."""
    copies: dict[str, list[bytes]] = {}
    for name, value in failure.signature.copies:
        copies.setdefault(name, []).append(f"{name}:{value}\r\n".encode("utf-8", "surrogateescape"))
    if not copies:
        return
    before, differing = list(covered), []
    for at, (name, field) in enumerate(zip(failure.signature.headers, covered, strict=True)):
        if copies.get(name):
            copy = _named_as(copies[name].pop(), field)
            if canonical.header(copy, "relaxed") != canonical.header(field or b"", "relaxed"):
                differing.append((at, name, copy))
                before[at] = copy
    if differing:
        said = ", ".join(dict.fromkeys(name for _, name, _ in differing))
        was = _value(differing[0][2])
        yield before, Finding(f"header-changed:{differing[0][1]}", f"z= has {said} otherwise: it was {was}")
    for at, name, copy in differing:
        why = f"z= has {name} otherwise: it was {_value(copy)}"
        yield _with(covered, at, copy), Finding(f"header-changed:{name}", why)


def _named_as(copy: bytes, field: bytes | None) -> bytes:
    """The copy with the field's own name before it: z= need not keep its case."""
    name, _, value = copy.partition(b":")
    return (field.partition(b":")[0] if field else name.title()) + b":" + value


def _value(field: bytes) -> str:
    text = " ".join(decode(field.partition(b":")[2]).split())
    return f'"{text[:SHOWN]}"' + "…" * (len(text) > SHOWN)


def _order_and_number(failure: Failure, name: str) -> Iterator[tuple[Parts, Finding]]:
    """One of the fields of this name taken away, or all in another order."""
    index, names = failure.message.index, failure.signature.headers
    there = index.get(name, [])
    for at, field in enumerate(reversed(there[-20:])):
        if field is failure.own:
            continue
        rest = [one for one in there if one is not field]
        why = f"{name}: the hash fits without {_value(field)}, which is number {at + 1} from below"
        yield (
            chosen(ChainMap({name: rest}, index), names, failure.own),
            Finding(f"header-added:{name}", why),
        )
    if len(there) > 1:
        why = f"{name}: the hash fits with its {len(there)} fields in the other order"
        yield (
            chosen(ChainMap({name: there[::-1]}, index), names, failure.own),
            Finding(f"header-order:{name}", why),
        )


def _together(failure: Failure, covered: Parts) -> Iterator[tuple[Parts, Finding]]:
    """Two or three changes, as lists make them: a tag in Subject, another From, a Reply-To of their own."""
    options: list[list[tuple[int, str, bytes | None]]] = []
    for at, (name, field) in enumerate(zip(failure.signature.headers, covered, strict=True)):
        if field is None or name not in undo.OF_LISTS:
            continue
        changes: list[tuple[int, str, bytes | None]] = [
            (at, f"{name}: {why}", other) for why, other in undo.changed(name, field, failure.message.index)
        ]
        added: tuple[int, str, bytes | None] = (at, f"{name}: it was added", None)
        options.append(changes[:4] if name in ("from", "subject") else [added])
    some = chain.from_iterable(combinations(options[:6], size) for size in (2, 3))
    for together in chain.from_iterable(product(*one) for one in some):
        parts = list(covered)
        for at, _, other in together:
            parts[at] = other
        why = "; ".join(why for _, why, _ in together)
        yield parts, Finding(f"header-changed:{why.partition(':')[0]}", why)


def _removed(failure: Failure, covered: Parts) -> Iterator[tuple[Parts, Finding]]:
    """A field that h= names and that is not there: one whose value is nearly always the same."""
    for at, (name, field) in enumerate(zip(failure.signature.headers, covered, strict=True)):
        if field is None:
            for body in undo.CONSTANT.get(name, ()):
                for label in (name.title(), name.replace("mime", "MIME").title().replace("Mime", "MIME")):
                    other = label.encode() + b": " + body + b"\r\n"
                    why = f"{name}: the hash fits once {label}: {decode(body)} is put back"
                    yield _with(covered, at, other), Finding(f"header-removed:{name}", why)


def _compared(failure: Failure, original: Message, attempts: _Attempts) -> Finding | None:
    """With the original at hand: the first signed field that differs."""
    names = failure.signature.headers
    before = original.covered(names)
    for name, old, new in zip(names, before, attempts.covered, strict=True):
        if old == new:
            continue
        if new is None:
            return Finding(f"header-removed:{name}", f"{name}: it was {_value(old or b'')}")
        if old is None:
            return Finding(f"header-added:{name}", f"{name}: there was none more, and now {_value(new)}")
        if canonical.header(old, attempts.form) == canonical.header(new, attempts.form):
            continue
        if canonical.header(old, "relaxed") == canonical.header(new, "relaxed"):
            return Finding("header-whitespace", f"{name}: white space in it was changed")
        why = f"{name}: it was {_value(old)}, and now {_value(new)}"
        return Finding(f"header-changed:{name}", why)
    return None


def _unknown(failure: Failure, attempts: _Attempts) -> Finding:
    if attempts.wanted and (copied := next(_copied(failure, attempts.covered), None)):
        return Finding(copied[1].cause, f"{copied[1].why}; that alone does not bring the hash back")
    if attempts.wanted:
        why = "the key is the right one, so a signed field was changed; nothing tried makes it the old one"
        return Finding("header-changed", why)
    if attempts.may_be_found:
        why = "a signed field was changed, or the key is not the one that signed: Ed25519 does not tell which"
        return Finding("header-or-key", why)
    why = "the signature was not made with the other half of this key, or b= was damaged"
    return Finding("wrong-key", why)
