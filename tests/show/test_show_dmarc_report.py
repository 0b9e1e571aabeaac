"""DMARC reports as a picture: every number in words, texts escaped, and a figure that reads in grey."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from smtplab.auth.dmarc.reports import Report, Reports, SpfResult, may_report
from smtplab.show.dmarc_figure import SENDERS, figure, svg
from smtplab.show.dmarc_report import html, reports_html
from smtplab.show.register import register
from tests.auth.test_auth_dmarc_reports import REPORT, ROW

ROWS = (
    replace(ROW, source="192.0.2.10", count=40, dkim_aligned=True, spf_aligned=True),
    replace(ROW, source="192.0.2.40", count=6, dkim_aligned=True),
    replace(ROW, source="192.0.2.12", count=3, spf_aligned=True),
    replace(ROW, source="203.0.113.9", count=25, dkim=(), spf=(SpfResult("relay.example", "pass"),)),
)
DAY = replace(REPORT, rows=ROWS)
NEXT = replace(DAY, begin=DAY.begin + 86_400, end=DAY.end + 86_400, rows=ROWS[:1])
EVIL = '<img src=x onerror=alert(1)>\x1b[2J\u202e"'


class Page(HTMLParser):
    """The elements of a fragment, its rows as lists of texts, and all its text."""

    def __init__(self, fragment: object) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(str(fragment))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attributes)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.tags[-1] == "style":
            return
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_every_sender_has_its_numbers() -> None:
    page = Page(html(DAY))
    assert [row[:8] for row in page.rows[1:]] == [
        ["192.0.2.10", "acorn.example", "40", "", "40", "40", "40", "✓ 0"],
        ["203.0.113.9", "acorn.example", "25", "", "0", "0", "0", "✕ 25"],
        ["192.0.2.40", "acorn.example", "6", "", "0", "6", "6", "✓ 0"],
        ["192.0.2.12", "acorn.example", "3", "", "3", "0", "3", "✓ 0"],
    ]
    for words in (
        "74 messages",
        "40 pass by SPF and DKIM",
        "3 pass by SPF alone",
        "6 pass by DKIM alone",
        "✕ 25 do not pass",
        "relay.example, which is not aligned",
        "2026-01-01 00:00 to 2026-01-01 23:59 UTC",
        "p=reject; sp=quarantine; np=reject",
        "the receiver says: rua= names no address",
    ):
        assert words in page.text


def test_several_reports_are_counted_together() -> None:
    assert "114 messages" in Page(html([DAY, NEXT])).text
    assert "2 reports" in Page(html([DAY, NEXT])).text


def test_what_a_stranger_wrote_is_shown_and_not_run() -> None:
    row = replace(ROW, source=EVIL, header_from=EVIL, spf=(SpfResult(EVIL, "pass"),))
    report = replace(
        REPORT,
        organization=EVIL,
        published=replace(REPORT.published, domain=EVIL, pct=EVIL),
        rows=(row,),
        errors=(EVIL,),
        remarks=(EVIL,),
    )
    page = Page(html(report))
    assert not {"img", "script"} & set(page.tags)
    assert not any(char in page.text for char in "\x1b\u202e")
    figure(report).canvas.draw()


def test_many_senders_are_cut() -> None:
    rows = tuple(replace(ROW, source=f"192.0.2.{n}") for n in range(250))
    page = Page(html(replace(REPORT, rows=rows)))
    assert page.rows[-1][:2] == ["210 more addresses", "630"]
    assert len(page.rows) == 42


def test_an_empty_report() -> None:
    assert "No message" in Page(html(replace(REPORT, rows=()))).text
    assert "There is no report" in Page(reports_html(Reports(()))).text
    with pytest.raises(ValueError, match="no message"):
        figure(replace(REPORT, rows=()))


def test_reports_of_two_domains_and_where_they_went() -> None:
    def nowhere(name: str, rdtype: str) -> list[Any]:
        return []

    other = replace(DAY, published=replace(DAY.published, domain="elm.example"))
    verdict = may_report("elm.example", "mailto:d@oak.example", resolve=nowhere)
    page = Page(reports_html(Reports((DAY, other, NEXT), (verdict,))))
    assert page.tags.count("section") == 2
    assert "elm.example._report._dmarc.oak.example" in page.text


def test_a_report_displays_itself() -> None:
    shell = InteractiveShell.instance()
    try:
        register(shell)
        for record in (DAY, Reports((DAY,))):
            data, _ = shell.display_formatter.format(record)
            assert "smtplab-dmarc" in data["text/html"]
            assert data["text/plain"].startswith("Aggregate report on acorn.example")
    finally:
        InteractiveShell.clear_instance()


def test_a_figure_displays_itself_and_always_in_the_same_way() -> None:
    shell = InteractiveShell.instance()
    try:
        register(shell)
        data, _ = shell.display_formatter.format(figure([DAY, NEXT]))
    finally:
        InteractiveShell.clear_instance()
    assert "203.0.113.9" in data["image/svg+xml"]
    assert data["image/svg+xml"] == svg(figure([DAY, NEXT]))


def bars(axes: Any) -> dict[str, list[float]]:
    return {box.get_label(): [bar.get_width() for bar in box] for box in axes.containers}


def test_the_figure_has_every_message() -> None:
    (axes,) = figure(DAY).axes
    assert bars(axes) == {
        "pass by SPF and DKIM": [40, 0, 0, 0],
        "pass by SPF alone": [0, 0, 0, 3],
        "pass by DKIM alone": [0, 0, 6, 0],
        "do not pass": [0, 25, 0, 0],
    }
    assert [label.get_text() for label in axes.get_yticklabels()][:2] == ["192.0.2.10", "203.0.113.9"]


def test_the_days_of_a_roll_out() -> None:
    _, days = figure([DAY, NEXT]).axes
    heights = {box.get_label(): [bar.get_height() for bar in box] for box in days.containers}
    assert heights == {"pass": [49, 40], "do not pass": [25, 0]}


def test_a_figure_of_many_senders() -> None:
    rows = tuple(replace(ROW, source=f"192.0.2.{n}") for n in range(40))
    (axes,) = figure(replace(REPORT, rows=rows)).axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert (len(labels), labels[-1]) == (SENDERS + 1, "28 more")


@pytest.mark.parametrize("dark", [False, True])
def test_what_fails_is_hatched(dark: bool, tmp_path: Path) -> None:
    made = figure(DAY, dark=dark)
    (axes,) = made.axes
    hatches = {box.get_label(): box[0].get_hatch() for box in axes.containers}
    assert len(set(hatches.values())) == 4
    made.savefig(tmp_path / "a.svg")
    made.savefig(tmp_path / "a.pdf")


def test_matplotlib_waits_until_a_figure_is_drawn() -> None:
    code = "import sys, smtplab.show.dmarc_figure; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_type_of_the_record_is_the_one_registered() -> None:
    assert (Report.__module__, Reports.__module__) == ("smtplab.auth.dmarc.reports.record",) * 2
