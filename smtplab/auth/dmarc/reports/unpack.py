"""The XML inside a report file: plain, gzipped or zipped, piece by piece and within bounds.

Receivers send gzip (RFC 9990 §3.5.2 asks for it), plain XML, and often zip. A stranger wrote the file, and
RFC 9990 §8.1 warns of bombs: so the size that comes out is limited, and so is its ratio to what went in.
What is inside is told by its first octets, never by a name. Nothing is written to disk.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator

from smtplab.mail.errors import RecordError
from smtplab.mail.text import decode

PIECE = 1 << 16  # octets at a time
LARGEST_FILE = 32 << 20  # octets of the file as it came
LARGEST = 192 << 20  # octets of XML: 300,000 rows or so
RATIO = 300  # XML of reports shrinks 20 to 100 times; deflate's limit is 1,032
FREE = 1 << 20  # octets that may come out whatever the ratio
LAYERS = 2  # a gzip file in a zip file happens
MEMBERS = 64  # files in a zip file

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"


def pieces(data: bytes, remark: Callable[[str], None]) -> Iterator[bytes]:
    """The XML in `data`, in pieces of at most 64 kB. Raises RecordError when it is none, or too much of it.

    `remark` is told what was unusual about the packing.
    """
    if len(data) > LARGEST_FILE:
        raise fault(f"the file has {len(data)} octets, and {LARGEST_FILE} are the most that is read", data)
    bound = _Bound(len(data))
    stream = _whole(data)
    for layer in range(LAYERS + 1):
        first, stream = _first(stream)
        if not first.startswith((GZIP, ZIP)):
            return bound.checked(stream)
        if layer == LAYERS:
            raise fault("it is packed more than twice", first)
        if layer:
            remark("packed twice")
        if first.startswith(ZIP):
            remark("packed with zip, where RFC 9990 §3.5.2 knows gzip and plain XML alone")
            stream = _unzipped(b"".join(bound.checked(stream)) if layer else data, remark)
        else:
            stream = _gunzipped(stream, remark)
    raise AssertionError  # the loop returns or raises


def fault(message: str, data: bytes, at: int = 0) -> RecordError:
    """An error that shows what stands at octet `at` of `data`."""
    around = decode(data[max(0, at - 40) : at + 40])
    place = len(decode(data[max(0, at - 40) : at]))
    return RecordError(message, around, (place, min(len(around), place + 1)))


class _Bound:
    """Counts what comes out, and stops it in time."""

    def __init__(self, packed: int) -> None:
        self.most = min(LARGEST, max(FREE, packed * RATIO))
        self.so_far = 0

    def checked(self, stream: Iterator[bytes]) -> Iterator[bytes]:
        for piece in stream:
            self.so_far += len(piece)
            if self.so_far > self.most:
                raise fault(
                    f"more than {self.most} octets come out of this file: it looks like a bomb", piece
                )
            yield piece


def _whole(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), PIECE):
        yield data[at : at + PIECE]


def _first(stream: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first piece, and a stream that still has it."""
    first = next(stream, b"")

    def again() -> Iterator[bytes]:
        yield first
        yield from stream

    return first, again()


def _gunzipped(stream: Iterator[bytes], remark: Callable[[str], None]) -> Iterator[bytes]:
    """RFC 1952 §2.2: a gzip file is one member after another."""
    unpacker = zlib.decompressobj(31)
    try:
        for piece in stream:
            rest = piece
            while rest:
                if unpacker.eof:
                    if not rest.startswith(GZIP[:1]):  # the second octet may come with the next piece
                        remark("there are octets behind the gzip data")
                        return
                    unpacker = zlib.decompressobj(31)
                if out := unpacker.decompress(rest, PIECE):
                    yield out
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        if out := unpacker.flush():  # a few octets, where a piece ended just as the room was full
            yield out
        if not unpacker.eof:
            raise fault("the gzip data ends too early", piece, len(piece))
    except zlib.error as error:
        raise fault(f"this is no gzip data: {error}", piece) from None


def _unzipped(data: bytes, remark: Callable[[str], None]) -> Iterator[bytes]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        with archive, archive.open(_member(data, archive, remark)) as file:
            while piece := file.read(PIECE):
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        if isinstance(error, RecordError):
            raise
        raise fault(f"this zip file cannot be read: {error}", data) from None


def _member(data: bytes, archive: zipfile.ZipFile, remark: Callable[[str], None]) -> zipfile.ZipInfo:
    """The report in a zip file: the one that is called .xml, or the first."""
    files = [info for info in archive.infolist() if not info.is_dir()]
    if not files or len(files) > MEMBERS:
        raise fault(f"the zip file holds {len(files)} files, where one report should be", data)
    if len(files) > 1:
        remark(f"the zip file holds {len(files)} files, and one was read")
    chosen = next((info for info in files if info.filename.lower().endswith((".xml", ".xml.gz"))), files[0])
    if chosen.flag_bits & 1:
        raise fault("the file in the zip file is encrypted", data)
    if chosen.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise fault("the file in the zip file is packed in a way that reports are not", data)
    return chosen
