"""Every citation is spelled `RFC 5321 §4.1.4` and is in docs/rfcs.txt, so that it can be looked up."""

from __future__ import annotations

import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INDEX = ROOT / "docs" / "rfcs.txt"
PLACES = (
    *("smtplab/**/*.py", "smtplab/course/texts/*.toml", "docs/**/*.md"),
    *("notebooks/*.ipynb", "README.md", "CONTRIBUTING.md"),
)

SECTION = r"(?:\d+|[A-Z])(?:\.\d+)*"
MORE = rf"(?:,|,? and|,? or| to) §{SECTION}"  # of the same RFC
CITATION = re.compile(rf"\bRFC (\d{{3,5}})( §{SECTION}(?:{MORE})*)?(?![\w§])")

# What is not a citation at all: addresses, `code`, DSN's address type, and what a DNS server says that
# does not answer ANY (RFC 8482 §4.2).
NO_PROSE = re.compile(r'https?://\S+|`[^`]*`|\brfc822\b|"RFC8482"')

OTHER_SPELLINGS = (
    re.compile(r"\brfcs?[\s-]*\d{3,5}", re.IGNORECASE),
    re.compile(r"§\s*[\dA-Z]"),
    re.compile(r",?\s+(?:section|sect?\.|appendix)\s+[\dA-Z]", re.IGNORECASE),
)


def index() -> dict[str, set[str]]:
    """docs/rfcs.txt as number -> its sections that may be cited."""
    found: dict[str, set[str]] = {}
    number = ""
    for line in INDEX.read_text(encoding="utf-8").splitlines():
        if entry := re.fullmatch(r"RFC (\d+) \| [^|]+ \| [^|]+", line):
            number = entry[1]
            assert number not in found, f"RFC {number} is there twice"
            found[number] = set()
        elif entry := re.fullmatch(rf"  §({SECTION})(?: \S.*)?", line):
            assert entry[1] not in found[number], f"RFC {number} §{entry[1]} is there twice"
            found[number].add(entry[1])
        else:
            assert not line or line.startswith("#"), f"docs/rfcs.txt: {line!r} is neither RFC nor section"
    return found


def prose(path: Path) -> str:
    """What a file says to people, on one line: of Python only comments and strings."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        text = _said(text)
    elif path.suffix == ".ipynb":
        cells = ((cell["cell_type"], "".join(cell["source"])) for cell in json.loads(text)["cells"])
        text = "\n".join(_said(source) if kind == "code" else source for kind, source in cells)
    return " ".join(text.split())


def _said(source: str) -> str:
    return " ".join(token.lstrip("# ") for token in _tokens(source))


def _tokens(source: str) -> Iterator[str]:
    wanted = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in wanted:
            yield token.string


def faults(text: str, known: dict[str, set[str]]) -> list[str]:
    """Citations in `text` that are spelled otherwise or are not in `known`."""
    found = []

    def look(match: re.Match[str]) -> str:
        number, sections = match.groups()
        if number not in known:
            found.append(f"RFC {number} is not in docs/rfcs.txt")
            return "CITATION"
        cited = re.findall(f"§({SECTION})", sections or "")
        found.extend(
            f"RFC {number} §{one} is not in docs/rfcs.txt" for one in cited if one not in known[number]
        )
        return "CITATION"

    rest = CITATION.sub(look, NO_PROSE.sub(" ", text))
    rfc, sign, word = OTHER_SPELLINGS
    found += [f"other spelling: {rest[match.start() : match.end() + 20]!r}" for match in rfc.finditer(rest)]
    found += [
        f"no RFC before it: {rest[max(0, match.start() - 20) : match.end() + 8]!r}"
        for match in sign.finditer(rest)
    ]
    spelled_out = re.compile(rf"CITATION{word.pattern}|section {SECTION} of CITATION", re.IGNORECASE)
    found += [f"section spelled out: {match[0]!r}" for match in spelled_out.finditer(rest)]
    return found


def files() -> list[Path]:
    return sorted(path for place in PLACES for path in ROOT.glob(place))


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_citations(path: Path) -> None:
    assert faults(prose(path), index()) == []


KNOWN = {"5321": {"4.1.4", "4.5.3.1.10", "D"}, "7208": set()}


@pytest.mark.parametrize(
    "text",
    [
        "RFC5321",
        "RFC-5321",
        "rfc 5321",
        "rfc5321",
        "Rfc 5321",
        "RFCs 5321 and 7208",
        "RFC  5321",
        "RFC 5321§4.1.4",
        "RFC 5321 § 4.1.4",
        "RFC 5321, §4.1.4",
        "§4.1.4 says so",
        "RFC 5321 section 4.1.4",
        "RFC 5321, Section 4.1.4",
        "RFC 5321 sec. 4.1.4",
        "RFC 5321 Appendix D",
        "section 4.1.4 of RFC 5321",
        "RFC 5321 §4.1.5",
        "RFC 5321 §4.1",
        "RFC 7208 §4.6.4",
        "RFC 5321 §4.1.4, §4.1.5",
        "RFC 5321 §4.1.4 and 4.1.5, §4.1.4",
        "RFC 9999",
    ],
)
def test_a_fault_is_seen(text: str) -> None:
    assert faults(f"See {text}, please.", KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "RFC 5321",
        "RFC 5321 §4.1.4.",
        "(RFC 5321 §4.5.3.1.10)",
        "RFC 5321 §D; RFC 7208",
        "RFC 5321 §4.1.4, §D and §4.5.3.1.10",
        "`rfc5321_mail_from` and `rfc5322_from`",
        "https://www.rfc-editor.org/rfc/rfc5321#section-4.1.4",
        "Final-Recipient: rfc822; bob@birch.example",
        "a section 3 lines long",
        'HINFO "RFC8482" ""',
    ],
)
def test_the_rest_is_let_through(text: str) -> None:
    assert faults(f"See {text}", KNOWN) == []


def test_only_what_is_said_is_read(tmp_path: Path) -> None:
    source = '"""About RFC 5321\n§4.1.4 here."""\nrfc5322_from = 1  # RFC 7208\n# §4.6.4 too\n'
    path = tmp_path / "module.py"
    path.write_text(source, encoding="utf-8")
    assert faults(prose(path), KNOWN) == ["RFC 7208 §4.6.4 is not in docs/rfcs.txt"]
    cells = [
        {"cell_type": "markdown", "source": ["RFC 5321\n", "§4.1.4"]},
        {"cell_type": "code", "source": "rfc5322 = 'RFC5321'"},
    ]
    path = tmp_path / "lesson.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert len(faults(prose(path), KNOWN)) == 1
