"""`python -m benchmarks`: print every figure beside its peer. `--write` puts them into docs/benchmarks.md."""

from __future__ import annotations

import contextlib
import platform
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from smtplab.lab.lab import Lab

from . import dkim, grading, journey, judgement, measure, peers, queue, reports, retrieval, spf, trace

Row = tuple[str, str, str, str]
Peer = Callable[[], contextlib.AbstractContextManager[peers.Connect]]
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BARE_KERNEL = measure.KERNEL.split("from smtplab")[0] + measure.KERNEL[measure.KERNEL.index("rss =") :]


def main() -> None:
    """Measure, print, and write when asked to."""
    rows = [
        *imports(),
        *start(),
        *dialogues(),
        *throughput(),
        *queue.rows(),
        *retrieval.rows(),
        *stepping(),
        *journey.rows(),
        *trace.rows(),
        *spf.rows(),
        *dkim.rows(),
        *judgement.rows(),
        *reports.rows(),
        *grading.rows(),
        *memory(),
    ]
    table = "\n".join(
        f"| {' | '.join(row)} |"
        for row in (("what", "smtplab", "peer", "ratio, or aim"), ("---",) * 4, *rows)
    )
    print(table)
    if "--write" in sys.argv:
        PAGE.write_text(HEAD + table + "\n")


def imports() -> list[Row]:
    """`import smtplab` loads nothing yet, so what counts is the import of the lab."""
    ours, theirs = measure.import_time("from smtplab import Lab"), measure.import_time("import aiosmtpd.smtp")
    return [("`from smtplab import Lab`", ms(ours), f"`import aiosmtpd.smtp` {ms(theirs)}", "aim: 300 ms")]


def start() -> list[Row]:
    taken = measure.median_of(lambda: Lab().stop(), 15)
    return [("`Lab()` up and down again, all hosts", ms(taken), "none", "aim: 100 ms to be up")]


def dialogues() -> list[Row]:
    """In clear, by STARTTLS, and by implicit TLS with a login. The messages stay where they arrive."""
    return [
        dialogue("a whole dialogue", peers.lab, peers.bare_aiosmtpd, "; aim: 1.7"),
        dialogue("the same by STARTTLS", peers.lab_starttls, peers.bare_starttls),
        dialogue(
            "implicit TLS and a login", peers.lab_implicit, peers.bare_implicit, to="alice@acorn.example"
        ),
    ]


def dialogue(what: str, lab: Peer, bare: Peer, aim: str = "", to: str = "bob@birch.example") -> Row:
    """The two take turns, round by round, so that both meet the same weather."""
    with lab() as ours, bare() as theirs:
        rounds = [
            [measure.median_of(lambda who=who: measure.dialogue(who, to), 40) for who in (ours, theirs)]
            for _ in range(5)
        ]
    mine, other = (statistics.median(column) for column in zip(*rounds, strict=True))
    return what, ms(mine), f"bare aiosmtpd {ms(other)}", f"{mine / other:.2f} times{aim}"


def throughput() -> list[Row]:
    with contextlib.ExitStack() as stack:
        lab = measure.messages_a_second(stack.enter_context(peers.lab()))
        bare = measure.messages_a_second(stack.enter_context(peers.bare_aiosmtpd()))
        sink = stack.enter_context(peers.smtp_sink())
        fast = measure.messages_a_second(sink) if sink else 0.0
    rows = [
        ("messages a second, one connection", f"{lab:.0f}", f"bare aiosmtpd {bare:.0f}", f"{lab / bare:.2f}")
    ]
    if fast:
        rows.append(("the same", f"{lab:.0f}", f"smtp-sink {fast:.0f}", f"{lab / fast:.2f}"))
    return rows


def stepping() -> list[Row]:
    """A click on Next, from the callback to the new picture in the kernel."""
    from smtplab.show.stepper import Stepper

    script = [
        "EHLO mail.acorn.example",
        "MAIL FROM:<alice@acorn.example>",
        "RCPT TO:<bob@birch.example>",
        "RSET",
    ]
    with Lab() as lab:
        stepper = Stepper(lambda: lab.connect("mx.birch.example"), script * 10)
        taken = measure.median_of(stepper.next, 30)
    return [("one step of the stepper, 30 lines up", ms(taken), "none", "aim: 50 ms")]


def memory() -> list[Row]:
    ours, plots = measure.kernel_memory(measure.KERNEL)
    bare, _ = measure.kernel_memory(BARE_KERNEL)
    note = "matplotlib loaded" if plots else "matplotlib not loaded"
    return [("a kernel with a running lab", mb(ours), f"an empty kernel {mb(bare)}", f"aim: 120 MB; {note}")]


def ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


def mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


HEAD = f"""# Benchmarks

Measured by `make bench ARGS=--write` on {platform.machine()}, Python {platform.python_version()}, two cores.
Each figure stands beside a peer from the same run; what counts is the ratio.

"""

if __name__ == "__main__":
    main()
