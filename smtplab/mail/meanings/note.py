"""Note: an explanation under way, and the light markup that explanations are written in.

The markup has two forms and no others: `code` in backquotes and **bold** in double asterisks. What
comes from the wire goes in through `quoted`, which leaves it no way to become markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from ..text import visible

SPAN = re.compile(r"`([^`]*)`|\*\*([^*`]+)\*\*")
_STARS = re.compile(r"\*(?=\*)")
_BREAK = re.compile(r"[ \t]*\n[ \t]*")
BACKQUOTE = "\\x60"  # as `visible` writes characters that it does not let through
LONGEST = 60  # characters of a quoted text


class Say(NamedTuple):
    """One paragraph and the sections that it stands on."""

    text: str
    refs: tuple[str, ...] = ()


class Note(NamedTuple):
    """A title and paragraphs; the most important come first, because the panel has room for few."""

    title: str
    says: tuple[Say, ...]


def say(text: str, *refs: str) -> Say:
    """A paragraph with its sources. Line breaks in `text` are the source's own, and become spaces."""
    return Say(_BREAK.sub(" ", text), refs)


def note(title: str, *says: Say | None) -> Note:
    """A note of the paragraphs that are there."""
    return Note(title, tuple(part for part in says if part))


def quoted(text: str, limit: int = LONGEST) -> str:
    """Text from the wire as code: visible, at most `limit` characters, and unable to end the code."""
    cut = "…" if len(text) > limit else ""
    return f"`{visible(text[:limit]).replace('`', BACKQUOTE)}{cut}`" if text else "nothing"


def plain(text: str, limit: int = 1000) -> str:
    """Text that is not ours in a title or a sentence: visible, and unable to become markup."""
    cut = "…" if len(text) > limit else ""
    return _STARS.sub("* ", visible(text[:limit]).replace("`", BACKQUOTE)) + cut


def lowered(text: str) -> str:
    """`text` to go on with after a colon: its first letter small, unless it begins an abbreviation."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def raised(text: str) -> str:
    """`text` as a sentence of its own: its first letter a capital."""
    return text[:1].upper() + text[1:]


def listed(items: Iterable[str], word: str = "and") -> str:
    """ "a, b and c"."""
    *most, last = items
    return f"{', '.join(most)} {word} {last}" if most else last


def spans(text: str) -> Iterator[tuple[Literal["text", "code", "bold"], str]]:
    """The markup of a paragraph, piece by piece, so that a picture can set each in its own way."""
    done = 0
    for found in SPAN.finditer(text):
        if found.start() > done:
            yield "text", text[done : found.start()]
        if found[1] is not None:
            yield "code", found[1]
        else:
            yield "bold", found[2]
        done = found.end()
    if done < len(text):
        yield "text", text[done:]
