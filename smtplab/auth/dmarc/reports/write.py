"""Writes aggregate reports in the form of RFC 9990, which the schema in RFC 9990 §A checks.

What the form cannot say is said otherwise: the reasons of RFC 7489 that are gone become "other" with a
comment, and of several SPF results the one for MAIL FROM is kept. It does not send: `letter` makes the mail.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from .record import (
    DISPOSITIONS,
    DKIM_RESULTS,
    NAMESPACE,
    POLICIES,
    REASONS,
    SPF_RESULTS,
    DkimResult,
    Published,
    Reason,
    Report,
    Row,
    SpfResult,
)

SIGNATURES = 100  # RFC 9990 §3.1.3: no more for a row
# What XML 1.0 cannot carry: most control characters, surrogates and two that are none.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TOKEN = re.compile(r"[A-Za-z0-9]*")
_LINE = {"\r": "&#13;"}  # which an XML parser would turn into \n


def write(report: Report) -> bytes:
    """`report` as XML. Raises ValueError when it has no row: RFC 9990 §3.1.1.2 asks for one at least."""
    if not report.rows:
        raise ValueError("a report has one row at least")
    return b"".join(written(report, report.rows))


def pack(report: Report) -> bytes:
    """`report` as gzip, the same octets for the same report. Raises ValueError as `write` does."""
    if not report.rows:
        raise ValueError("a report has one row at least")
    return b"".join(packed(written(report, report.rows)))


def packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """`pieces` through gzip, with no name and no time in it."""
    packer = zlib.compressobj(wbits=31)
    for piece in pieces:
        if out := packer.compress(piece):
            yield out
    yield packer.flush()


def file_name(report: Report, receiver: str, unique: str = "", *, gzip: bool = True) -> str:
    """What the file is called: receiver!policy-domain!begin!end[!unique].xml.gz (RFC 9990 §3.5.2).

    `receiver` is the domain of who sends the report. Raises ValueError where `unique` is not letters and
    digits alone.
    """
    if not _TOKEN.fullmatch(unique):
        raise ValueError(f"{unique!r} must be letters and digits: RFC 9990 §3.5.2")
    parts = [receiver, report.published.domain, str(report.begin), str(report.end), *filter(None, [unique])]
    return "!".join(parts) + (".xml.gz" if gzip else ".xml")


def written(report: Report, rows: Iterable[Row]) -> Iterator[bytes]:
    """`report` with `rows` instead of its own, as XML, row by row: none is kept."""
    yield _head(report).encode()
    for row in rows:
        yield _record(row).encode()
    yield b"</feedback>\n"


def _head(report: Report) -> str:
    metadata = (
        ("org_name", report.organization),
        ("email", report.email),
        ("extra_contact_info", report.contact or None),
        ("report_id", report.id),
    )
    period = _leaf("begin", str(report.begin)) + _leaf("end", str(report.end))
    parts = [_leaf(name, text) for name, text in metadata if text is not None]
    parts.append(f"<date_range>{period}</date_range>")
    if report.errors:
        parts.append(_leaf("error", "; ".join(report.errors)))
    if report.generator:
        parts.append(_leaf("generator", report.generator))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feedback xmlns="{NAMESPACE}">\n<version>1.0</version>\n'
        f"<report_metadata>{''.join(parts)}</report_metadata>\n{_published(report.published)}\n"
    )


def _published(policy: Published) -> str:
    """RFC 9990 §3.1.1.5: what a record does not say has its default value."""
    p = policy.p if policy.p in POLICIES else "none"
    texts = (
        ("domain", policy.domain),
        ("p", p),
        ("sp", policy.sp),
        ("np", policy.np),
        ("adkim", policy.adkim),
        ("aspf", policy.aspf),
        ("discovery_method", policy.discovery),
        ("fo", policy.fo),
        ("testing", policy.testing),
    )
    said = "".join(_leaf(name, text) for name, text in texts if text or name == "domain")
    return f"<policy_published>{said}</policy_published>"


def _record(row: Row) -> str:
    evaluated = (
        _leaf("disposition", _word(row.disposition, DISPOSITIONS))
        + _leaf("dkim", "pass" if row.dkim_aligned else "fail")
        + _leaf("spf", "pass" if row.spf_aligned else "fail")
        + "".join(map(_reason, row.reasons))
    )
    names = _leaf("header_from", row.header_from)
    if row.envelope_from is not None:
        names += _leaf("envelope_from", row.envelope_from)
    if row.envelope_to is not None:
        names += _leaf("envelope_to", row.envelope_to)
    results = "".join(map(_dkim, row.dkim[:SIGNATURES])) + "".join(map(_spf, _for_mail_from(row.spf)))
    return (
        f"<record><row>{_leaf('source_ip', row.source)}{_leaf('count', str(row.count))}"
        f"<policy_evaluated>{evaluated}</policy_evaluated></row>"
        f"<identifiers>{names}</identifiers><auth_results>{results}</auth_results></record>\n"
    )


def _reason(reason: Reason) -> str:
    known = reason.type in REASONS
    comment = reason.comment if known else f"{reason.type}: {reason.comment}".removesuffix(": ")
    said = _leaf("type", reason.type if known else "other") + (_leaf("comment", comment) if comment else "")
    return f"<reason>{said}</reason>"


def _dkim(dkim: DkimResult) -> str:
    said = _leaf("domain", dkim.domain) + _leaf("selector", dkim.selector)
    said += _leaf("result", _word(dkim.result, DKIM_RESULTS))
    return f"<dkim>{said}{_leaf('human_result', dkim.note) if dkim.note else ''}</dkim>"


def _spf(spf: SpfResult) -> str:
    said = _leaf("domain", spf.domain) + _leaf("scope", "mfrom")
    said += _leaf("result", _word(spf.result, SPF_RESULTS))
    return f"<spf>{said}{_leaf('human_result', spf.note) if spf.note else ''}</spf>"


def _for_mail_from(results: tuple[SpfResult, ...]) -> tuple[SpfResult, ...]:
    return tuple(spf for spf in results if spf.scope == "mfrom")[:1]


def _word(text: str, words: tuple[str, ...]) -> str:
    return text if text in words else "none"


def _leaf(name: str, text: str) -> str:
    """An element of text alone. What XML cannot carry becomes U+FFFD."""
    if not (text.isascii() and text.isprintable()):
        text = _NO_XML.sub("\ufffd", text)
    return f"<{name}>{escape(text, _LINE)}</{name}>"
