"""Reports that are attacks: bombs, entities, depth, and octets of every kind raise RecordError alone."""

from __future__ import annotations

import gzip
import io
import time
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.auth.dmarc.reports import Reading, Report, enclosed, read, write
from smtplab.auth.dmarc.reports import unpack as unpack_module
from smtplab.mail.errors import RecordError
from tests.auth.test_auth_dmarc_reports import OLD, REPORT, zipped

patient = settings(deadline=None)  # a busy machine is no fault
LAUGHS = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
TEXT = write(REPORT).decode()


def declared(subset: str, use: str) -> bytes:
    """The older report with a document type, and something from it in a text."""
    return OLD.replace("<feedback>", f"<!DOCTYPE feedback {subset}><feedback>").replace("Elm", use).encode()


@pytest.mark.parametrize(
    "data",
    [
        declared(f'[<!ENTITY a0 "ha">{LAUGHS}]', "&a9;"),
        declared(f'[<!ENTITY a "{"x" * 9_000}">]', "&a;" * 9_000),
        declared('[<!ENTITY a SYSTEM "file:///etc/hostname">]', "&a;"),
        declared('[<!ENTITY % a SYSTEM "http://mallory.example/x.dtd"> %a;]', "x"),
        declared('SYSTEM "http://mallory.example/x.dtd"', "x"),
        declared("", "x"),
        declared('[<!ENTITY a0 "ha">]', "x").decode().encode("utf-16"),
    ],
)
def test_no_document_type_is_let_in(data: bytes) -> None:
    with pytest.raises(RecordError, match="document type"):
        read(data)


def test_an_entity_from_nowhere() -> None:
    with pytest.raises(RecordError, match="well-formed"):
        read(OLD.replace("Elm", "&a;").encode())


@pytest.mark.parametrize("place", ["<record>", "</record>", "</org_name>", "<org_name>"])
@pytest.mark.parametrize("namespace", ["", ' xmlns="urn:x"'])
def test_depth_is_limited(place: str, namespace: str) -> None:
    deep = f"<a{namespace}>" * 50_000
    with pytest.raises(RecordError, match="deep"):
        read(OLD.replace(place, f"{deep}{place}").encode())


def test_a_record_of_many_parts() -> None:
    part = "<dkim><domain>a</domain><selector>s</selector><result>fail</result></dkim>"
    with pytest.raises(RecordError, match="parts"):
        read(OLD.replace("<auth_results>", f"<auth_results>{part * 5_000}").encode())


def bomb(size: int) -> bytes:
    """A report that goes on with white space."""
    return OLD.replace("<record>", " " * size + "<record>").encode()


def test_a_gzip_bomb_is_stopped_early() -> None:
    data = gzip.compress(bomb(100_000_000), mtime=0)
    assert len(data) < 150_000
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(RecordError, match=r"bomb|too long"):
        read(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - start < 6
    assert peak < 5_000_000


def test_what_comes_out_is_limited_by_what_goes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack_module, "RATIO", 50)  # whole rows are small bombs: they reach 150
    rows = OLD[OLD.index(" <record>") : OLD.index("</feedback>")]
    data = gzip.compress(OLD.replace("</feedback>", rows * 3_000 + "</feedback>").encode())
    with pytest.raises(RecordError, match="bomb"):
        for _ in Reading(data):
            pass


@pytest.mark.parametrize(
    "data",
    [
        zipped(("a.xml", bomb(20_000_000))),
        gzip.compress(zipped(("a.xml", bomb(20_000_000))), mtime=0),
        gzip.compress(gzip.compress(gzip.compress(TEXT.encode(), mtime=0))),
        zipped(*((f"{n}.xml", b"") for n in range(100))),
        zipped(("a/", b"")),
        zipped(),
        zipped(("a.xml", TEXT.encode()))[:-30],
        gzip.compress(TEXT.encode(), mtime=0)[:-20],
        gzip.compress(TEXT.encode(), mtime=0)[:30],
        b"\x1f\x8b" + b"\0" * 50,
        b"PK\x03\x04" + b"\0" * 50,
        b"",
        b"   ",
        b"hello",
        b"<html><body>No report</body></html>",
        b"<feedback/>",
        b"<feedback></feedback><feedback/>",
        TEXT[:-40].encode(),
        TEXT.encode("utf-16").replace(b"\xff\xfe", b""),
        TEXT.replace("UTF-8", "rot13").encode(),
        TEXT.replace("UTF-8", "zlib_codec").encode(),
        TEXT.replace("UTF-8", "utf-7").encode(),
        TEXT.replace("UTF-8", "shift_jis").encode(),
        TEXT.replace("UTF-8", "no-such").encode(),
        TEXT.replace("<org_name>", f"<org_name a='{'x' * 3_000_000}'>").encode(),
        TEXT.replace("Birch", "\x00").encode(),
    ],
)
def test_it_is_refused(data: bytes) -> None:
    with pytest.raises(RecordError):
        read(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(TEXT.encode(), mtime=0)[:-4], "too early"),
        (zipped(*((f"{n}.xml", TEXT.encode()) for n in range(100))), "100 files"),
        (TEXT.replace("feedback", "feedbag").encode(), "outermost element is not feedback"),
    ],
)
def test_why_it_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(RecordError, match=words):
        read(data)


def test_a_zip_file_that_is_encrypted_or_packed_otherwise() -> None:
    whole = bytearray(zipped(("a.xml", TEXT.encode())))
    entry = whole.index(b"PK\x01\x02")
    whole[entry + 8] |= 1
    with pytest.raises(RecordError, match="encrypted"):
        read(bytes(whole))
    store = io.BytesIO()
    with zipfile.ZipFile(store, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.xml", TEXT)
    with pytest.raises(RecordError, match="packed in a way"):
        read(store.getvalue())


def test_a_file_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack_module, "LARGEST_FILE", 1_000)
    with pytest.raises(RecordError, match="octets"):
        read(TEXT.encode())


def survives(data: bytes) -> None:
    try:
        found = read(data)
    except RecordError as error:
        assert str(error)
    else:
        assert isinstance(found, Report)
        assert found.text()


@patient
@given(st.binary(max_size=300))
def test_any_octets(data: bytes) -> None:
    survives(data)
    survives(b"\x1f\x8b\x08" + data)
    survives(b"PK\x03\x04" + data)


@patient
@given(st.data())
def test_a_report_with_a_change(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([TEXT.encode(), OLD.encode(), gzip.compress(TEXT.encode(), mtime=0)]))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    junk = st.binary(max_size=12) | st.sampled_from(
        [b"<a>", b"</a>", b"<!--", b"]]>", b"&#0;", b"<?x?>", b"\xff"]
    )
    survives(whole[:start] + data.draw(junk) + whole[end:])


@patient
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_in_it(text: str) -> None:
    from xml.sax.saxutils import escape

    for before in ("Elm", "203.0.113.9", "1767225600", "12", "relay.example", "quarantine", "fail"):
        survives(OLD.replace(f">{before}<", f">{escape(text)}<").encode())


@patient
@given(st.binary(max_size=200))
def test_any_mail(content: bytes) -> None:
    try:
        enclosed(b"Content-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + content)
        enclosed(content)
    except RecordError as error:
        assert str(error)
