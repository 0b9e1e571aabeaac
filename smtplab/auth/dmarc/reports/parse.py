"""XML as a report has it: one element after another, by expat, with nothing kept but the one under way.

No document type is let in, so there are no entities to expand and nothing to fetch (RFC 9990 §8.1 warns of
such bombs). Depth, the size of an element and that of a text are limited. It knows nothing of what elements
mean.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from xml.parsers import expat

from smtplab.mail.errors import RecordError

from .record import NAMESPACE
from .unpack import fault

DEPTH = 16  # of elements; a report has 6
PARTS = 5_000  # elements within a record; 100 signatures have 500 (RFC 9990 §3.1.3)
TEXT = 4_000  # characters of one text; the rest is left out
STUCK = 1 << 20  # octets that may come without an element beginning or ending
OLD_NAMESPACES = ("http://dmarc.org/dmarc-xml/0.1", "http://dmarc.org/dmarc-xml/0.2")

_REPLACED = "\ufffd".encode()

# An element: its children by name, each a text or an element again, in order.
Element = dict[str, list["str | Element"]]


class Elements:
    """Feeds expat, and gives every element right below the root, as (name, element or text).

    `namespace` and `root` are known once the first one has come. `remark` is told what was left out.
    """

    def __init__(self, pieces: Iterator[bytes], remark: Callable[[str], None]) -> None:
        self.namespace = self.root = ""
        self._pieces = pieces
        self._remark = remark
        self._piece = b""
        self._offset = 0  # of the piece
        self._stack: list[Element] = []
        self._names: list[str] = []
        self._text: list[str] = []
        self._size = self._parts = self._skipping = 0
        self._local: dict[str, str] = {}  # name with namespace -> our name
        self._ready: list[tuple[str, str | Element]] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._events = 0

    def __iter__(self) -> Iterator[tuple[str, str | Element]]:
        stuck = before = 0
        for piece in self._begun():
            self._feed(piece, False)
            yield from self._ready
            self._ready.clear()
            stuck = 0 if self._events > before else stuck + len(piece)
            before = self._events
            if stuck > STUCK:
                raise fault("a single tag or text goes on for too long", piece)
        self._feed(b"", True)
        yield from self._ready
        self._ready.clear()

    def _begun(self) -> Iterator[bytes]:
        """The pieces, without white space before the first tag, which XML forbids and some senders write."""
        begun = False
        mend: Callable[[bytes], bytes] | None = None
        for piece in self._pieces:
            if not begun:
                stripped = piece.lstrip(b" \t\r\n")
                if len(stripped) < len(piece):
                    self._remark("there is white space before the XML begins")
                piece, begun = stripped, bool(stripped)
                mend = self._mender() if _is_utf8(piece) else None
            if mend:
                piece = mend(piece)
            if piece:
                yield piece

    def _mender(self) -> Callable[[bytes], bytes]:
        """Puts U+FFFD where octets are no UTF-8, as some senders have them in names and comments."""
        decoder = getincrementaldecoder("utf-8")("replace")

        def mend(piece: bytes) -> bytes:
            mended = decoder.decode(piece).encode()
            if mended.count(_REPLACED) > piece.count(_REPLACED):
                self._remark("it has octets that are not UTF-8, which were replaced")
            return mended

        return mend

    def _feed(self, piece: bytes, last: bool) -> None:
        self._offset += len(self._piece)
        self._piece = piece
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as error:
            raise self._fault(f"this is no well-formed XML: {expat.ErrorString(error.code)}") from None
        except RecordError:
            raise
        except (LookupError, ValueError):  # a character set that Python does not know, or not as one
            raise self._fault("it is in a character set that is not known") from None

    def _fault(self, message: str) -> RecordError:
        at = max(self._parser.ErrorByteIndex - self._offset, 0)
        return fault(message, self._piece, at)

    def _doctype(self, *_: object) -> None:
        raise self._fault("it declares a document type, which could define entities, and no report has one")

    def _start(self, name: str, attributes: object) -> None:
        self._events += 1
        names = self._names
        local = self._local.get(name)
        if local is None or self._skipping or len(names) >= DEPTH or self._parts >= PARTS:
            local = self._unusual(name)
            if not local:
                return
        self._parts += 1
        self._stack.append({})
        names.append(local)
        self._text.clear()
        self._size = 0

    def _unusual(self, name: str) -> str:
        """Our name for an element that is new, too much, or of others; "" where it is to be left out."""
        if self._skipping or len(self._names) >= DEPTH:
            self._skipping += bool(self._skipping)
            if self._skipping > DEPTH or not self._skipping:
                raise self._fault(f"elements are nested more than {DEPTH} deep")
            return ""
        if self._parts >= PARTS:
            raise self._fault(f"an element has more than {PARTS} parts")
        if not self._names:
            self.namespace, _, self.root = name.rpartition(" ")
        local = self._known(name)
        if local is None or local == "extension":  # what others have added, which may be anything
            self._skipping = 1
            return ""
        return local

    def _known(self, name: str) -> str | None:
        """The name without its namespace, None for one of another namespace than the root's."""
        space, _, local = name.rpartition(" ")
        known: str | None = local if space == self.namespace else None
        if known is None or known == "extension":
            self._remark("it has extensions, which were left out")
        elif len(self._local) < 1_000:
            self._local[name] = known
        return known

    def _end(self, name: str) -> None:
        self._events += 1
        if self._skipping:
            self._skipping -= 1
            return
        element = self._stack.pop()
        names, text = self._names, self._text
        local = names.pop()
        value: str | Element = element or ("".join(text).strip() if text else "")
        text.clear()
        if len(names) > 1:
            parent = self._stack[-1]
            if local in parent:
                parent[local].append(value)
            else:
                parent[local] = [value]
        elif names:
            self._ready.append((local, value))
            self._parts = 0

    def _characters(self, text: str) -> None:
        if self._skipping or len(self._names) < 2:
            return
        room = TEXT - self._size
        if room <= 0:
            return
        if len(text) > room:
            self._remark(f"a text is longer than {TEXT} characters, and was cut")
        self._text.append(text[:room])
        self._size += len(text)


def _is_utf8(piece: bytes) -> bool:
    """Whether XML that begins with `piece` is in UTF-8: unless a mark or its first line says otherwise."""
    if piece.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in piece[:4]:
        return False
    declared = re.match(rb"(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"']*)", piece)
    return declared is None or declared[1].lower() in (b"utf-8", b"utf8")


def form_of(namespace: str, remark: Callable[[str], None]) -> bool:
    """Whether a root of `namespace` is in the form of RFC 9990; False for the older one."""
    if namespace == NAMESPACE:
        return True
    if namespace and namespace not in OLD_NAMESPACES:
        remark("its XML namespace is neither that of RFC 9990 nor an older one")
    return False
