"""What reports tell the owner of a domain: who sends as me, what passes, and what p=reject would refuse.

It counts, it does not guess: whether an address is one's own nobody can read from a report. What its mail was
authenticated as often tells; `Sender.advice` says what to look at. Several reports, of several receivers or
days, are counted together. It draws nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from smtplab.mail.text import visible

from .record import Report, Row

SHOWN = 25  # senders that are listed; the rest is counted together
NAMES = 4  # domains that are named for one sender


@dataclass(frozen=True, slots=True)
class Sender:
    """What came from one address. All numbers are messages.

    `spf` and `dkim` have those where that check passed in alignment, `passing` where one of them did.
    `known_as` are domains that SPF or DKIM passed for without being aligned, the most frequent first.
    """

    source: str
    messages: int
    passing: int
    spf: int
    dkim: int
    dispositions: tuple[tuple[str, int], ...]
    header_from: tuple[str, ...]
    known_as: tuple[str, ...]

    @property
    def failing(self) -> int:
        """Messages that p=reject asks receivers to refuse."""
        return self.messages - self.passing

    @property
    def advice(self) -> str:
        """What the owner of the domain would look at, in one sentence."""
        if not self.failing:
            if not self.spf:
                return "It passes by DKIM alone, as forwarded mail does."
            if not self.dkim:
                return "It passes by SPF alone, and would fail when it is forwarded: sign it."
            return "Nothing to do."
        if self.known_as:
            names = ", ".join(map(visible, self.known_as[:NAMES]))
            return f"It is authenticated as {names}, which is not aligned. Does it send for you, or forward?"
        return "Nothing passes. It is not yours, or it is not set up."


@dataclass(frozen=True, slots=True)
class Summary:
    """Reports, counted: `senders` with most messages first, and the days as (day, passing, failing)."""

    domain: str
    published: str
    begin: int
    end: int
    reports: int
    messages: int
    passing: int
    spf: int
    dkim: int
    senders: tuple[Sender, ...]
    days: tuple[tuple[str, int, int], ...] = ()
    receivers: tuple[str, ...] = ()

    @property
    def failing(self) -> int:
        """Messages that p=reject asks receivers to refuse."""
        return self.messages - self.passing


@dataclass(slots=True)
class _Tally:
    numbers: Counter[str] = field(default_factory=Counter)
    dispositions: Counter[str] = field(default_factory=Counter)
    names: dict[str, None] = field(default_factory=dict)
    known_as: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        count = row.count
        self.numbers["messages"] += count
        self.numbers["passing"] += count * row.passes
        self.numbers["spf"] += count * row.spf_aligned
        self.numbers["dkim"] += count * row.dkim_aligned
        self.dispositions[row.disposition] += count
        if len(self.names) < NAMES:
            self.names[row.header_from] = None
        if not row.passes:
            passed = {one.domain for one in row.dkim if one.result == "pass"}
            passed |= {one.domain for one in row.spf if one.result == "pass"}
            for domain in passed:
                if domain in self.known_as or len(self.known_as) < 100:
                    self.known_as[domain] += count

    def sender(self, source: str) -> Sender:
        numbers = self.numbers
        return Sender(
            source,
            numbers["messages"],
            numbers["passing"],
            numbers["spf"],
            numbers["dkim"],
            tuple(self.dispositions.most_common()),
            tuple(self.names),
            tuple(sorted(self.known_as, key=lambda name: (-self.known_as[name], name))),
        )


def summary(reports: Report | Iterable[Report]) -> Summary:
    """Count what `reports` say. Raises ValueError for none, and for those of several domains."""
    given = [reports] if isinstance(reports, Report) else list(reports)
    domains = {report.published.domain for report in given}
    if len(domains) != 1:
        raise ValueError("give at least one report" if not domains else f"reports of {len(domains)} domains")
    tallies: dict[str, _Tally] = {}
    days: dict[str, list[int]] = {}
    for report in given:
        day = days.setdefault(_day(report.begin), [0, 0])
        for row in report.rows:
            tallies.setdefault(row.source, _Tally()).add(row)
            day[not row.passes] += row.count
    senders = [tally.sender(source) for source, tally in tallies.items()]
    senders.sort(key=lambda sender: (-sender.messages, sender.source))
    last = max(given, key=lambda report: (report.end, report.begin))
    totals = (sum(getattr(s, name) for s in senders) for name in ("messages", "passing", "spf", "dkim"))
    return Summary(
        domains.pop(),
        _published(last),
        min(report.begin for report in given),
        last.end,
        len(given),
        *totals,
        senders=tuple(senders),
        days=tuple((day, *days[day]) for day in sorted(days)),  # type: ignore[misc]
        receivers=tuple(dict.fromkeys(report.organization for report in given)),
    )


def _day(seconds: int) -> str:
    return moment(seconds).date().isoformat()


def moment(seconds: int) -> datetime:
    """Seconds since 1970 in UTC; what a calendar cannot hold becomes its first day."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return datetime.fromtimestamp(0, UTC)


def _published(report: Report) -> str:
    """The policy in short, `p=none; sp=reject`."""
    policy = report.published
    said = [("p", policy.p), ("sp", policy.sp), ("np", policy.np), ("pct", policy.pct)]
    said.append(("t", policy.testing if policy.testing == "y" else ""))
    return "; ".join(f"{name}={value}" for name, value in said if value)


def sentence(counted: Summary) -> str:
    """What it comes to, in one or two sentences."""
    messages = f"{counted.messages} message{'' if counted.messages == 1 else 's'}"
    addresses = f"{len(counted.senders)} address{'' if len(counted.senders) == 1 else 'es'}"
    head = f"{messages} with {visible(counted.domain)} in From, sent by {addresses}."
    if not counted.messages:
        return f"No message with {visible(counted.domain)} in From was counted."
    if not counted.failing:
        return f"{head} All pass DMARC: p=reject would refuse none."
    return f"{head} {counted.passing} pass DMARC; p=reject would ask to refuse {counted.failing}."


def text(reports: Report | Iterable[Report]) -> str:
    """The reports for a terminal."""
    given = [reports] if isinstance(reports, Report) else list(reports)
    counted = summary(given)
    period = f"{moment(counted.begin):%Y-%m-%d %H:%M} to {moment(counted.end):%Y-%m-%d %H:%M} UTC"
    whose = ", ".join(map(visible, counted.receivers[:NAMES])) or "an unnamed receiver"
    lines = [
        f"Aggregate report on {visible(counted.domain)} ({visible(counted.published)})",
        f"by {whose}, {period}",
        sentence(counted),
        "",
        f"{'address':<24}{'messages':>9}{'SPF':>7}{'DKIM':>7}{'pass':>7}{'refused':>9}",
    ]
    for sender in counted.senders[:SHOWN]:
        lines.append(
            f"{visible(sender.source)[:40]:<24}{sender.messages:>9}{sender.spf:>7}{sender.dkim:>7}"
            f"{sender.passing:>7}{sender.failing:>9}"
        )
        lines.append(f"    {sender.advice}")
    if len(counted.senders) > SHOWN:
        lines.append(f"and {len(counted.senders) - SHOWN} more addresses")
    remarks = dict.fromkeys(remark for report in given for remark in report.remarks)
    if remarks:
        lines += ["", "About the report itself:", *(f"- {visible(remark)}" for remark in remarks)]
    return "\n".join(lines)
