"""Threads and duplicates: which messages belong together, by their ids (RFC 5322 §3.6.4).

Which message answers which? References names the ancestors, oldest first, and In-Reply-To the parent; a
parent that is not here leaves a gap, which is kept when it joins several answers. The way is that of Jamie
Zawinski's algorithm for Netscape, made smaller: nothing is grouped by subject.

An id is a claim like all the rest. Two messages with the same id are duplicates only if they also say the
same, and whoever copies an id can put a message into any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise

from .field import Field, Message, fields, first, octets, split
from .ident import ids, message_id

MOST_REFERENCES = 1000  # of one message: the rest, in the middle, is not looked at


@dataclass(frozen=True, slots=True)
class Place:
    """A message in its thread, in reading order. `message` is its index, None for one that is not here.

    `depth` is 0 for the first of a thread; `parent` is the index, in the same list of places, of what it
    answers, None for the first. `why` says in a word or two which field put it there.
    """

    id: str
    message: int | None
    depth: int = 0
    parent: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Messages with the same id, by index. `same` is False when they do not say the same: who copied it?"""

    id: str
    messages: tuple[int, ...]
    same: bool


@dataclass(slots=True, eq=False)
class _Node:
    id: str
    message: int | None = None
    parent: _Node | None = None
    children: list[_Node] = field(default_factory=list)
    why: str = ""
    above: _Node | None = None  # a short cut towards the first of the thread


def thread(messages: Sequence[Message]) -> tuple[Place, ...]:
    """The messages as threads, each answer under what it answers; first come, first shown.

    A message that refers to itself, a loop, an id that two messages have: none of it loses a message or
    shows one twice.
    """
    nodes: dict[str, _Node] = {}
    present: list[tuple[_Node, list[_Node]]] = []
    for number, message in enumerate(messages):
        known = fields(message)
        node = _own(nodes, next(iter(ids(first(known, "Message-ID"))), ""), number)
        chain = [nodes.setdefault(name, _Node(name)) for name in _ancestors(known)]
        node.why = "References" if ids(first(known, "References")) else "In-Reply-To"
        present.append((node, chain))
    for node, chain in present:  # a message itself knows best what it answers
        if chain:
            _link(chain[-1], node)
    for _, chain in present:
        for above, below in pairwise(chain):
            _link(above, below)
    return _places(list(dict.fromkeys(_top(node) for node, _ in present)))


def duplicates(messages: Sequence[Message]) -> tuple[Duplicates, ...]:
    """Groups of messages that carry the same Message-ID, those without one left out."""
    groups: dict[str, list[int]] = {}
    for number, message in enumerate(messages):
        if name := message_id(message):
            groups.setdefault(name, []).append(number)
    return tuple(
        Duplicates(name, tuple(group), len({likeness(messages[n]) for n in group}) == 1)
        for name, group in groups.items()
        if len(group) > 1
    )


def likeness(message: Message) -> bytes:
    """A digest of what the author wrote: From, Date, Subject and the body, trace fields left out.

    Line ends and white space at the end do not count: carriers may change them.
    """
    raw = octets(message)
    known = fields(raw)
    parts = [first(known, name).encode("utf-8", "surrogateescape") for name in ("From", "Date", "Subject")]
    body = split(raw)[1].replace(b"\r\n", b"\n").rstrip()
    return sha256(b"\0".join([*parts, body])).digest()


def _ancestors(known: tuple[Field, ...]) -> list[str]:
    names = [*ids(first(known, "References"))]
    if len(names) > MOST_REFERENCES:
        names = names[: MOST_REFERENCES // 2] + names[-MOST_REFERENCES // 2 :]
    return names or [*ids(first(known, "In-Reply-To"))][:1]


def _own(nodes: dict[str, _Node], name: str, number: int) -> _Node:
    """The node of a message: a new one, with a key of its own, when it has no id or another has it too."""
    node = nodes.setdefault(name, _Node(name)) if name else _Node("")
    if not name or node.message is not None:
        node = nodes[f"{number} {name}"] = _Node(name)
    node.message = number
    return node


def _link(parent: _Node, child: _Node) -> None:
    """Put `child` under `parent`, unless it has a place already or that would close a loop."""
    if child.parent is None and _top(parent) is not child:
        child.parent = child.above = parent
        parent.children.append(child)


def _top(node: _Node) -> _Node:
    """The first of the thread of `node`. Short cuts keep a thread of any depth fast."""
    seen = []
    while node.above is not None:
        seen.append(node)
        node = node.above
    for each in seen:
        each.above = node
    return node


def _places(tops: list[_Node]) -> tuple[Place, ...]:
    """The trees in reading order; a gap with fewer than two answers is closed."""
    places: list[Place] = []
    stack: list[tuple[_Node, int, int | None]] = [(node, 0, None) for node in reversed(tops)]
    while stack:
        node, depth, parent = stack.pop()
        if node.message is not None or len(node.children) > 1:
            places.append(Place(node.id, node.message, depth, parent, node.why if depth else ""))
            depth, parent = depth + 1, len(places) - 1
        stack += [(child, depth, parent) for child in reversed(node.children)]
    return tuple(places)
