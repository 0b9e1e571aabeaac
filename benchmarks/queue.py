"""The queue: messages a second from submission to mailbox, and how time and memory grow with its length."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from smtplab.lab.lab import Lab

from . import peers
from .measure import messages_a_second

Row = tuple[str, str, str, str]
COUNT = 300
SIZES = (10, 100, 1_000, 10_000)


def rows() -> list[Row]:
    return [*all_the_way(), *growth()]


def all_the_way() -> list[Row]:
    """Login, MSA, queue, MX look-up, STARTTLS, MX, mailbox: two hops and a queue, against one hop alone.

    The bare servers take turns with the lab, and keep nothing of a message.
    """
    lab = best(submitted)
    with peers.bare_implicit() as bare, peers.smtp_sink() as sink:
        other = best(lambda: messages_a_second(bare, COUNT))
        fast = best(lambda: messages_a_second(sink, COUNT)) if sink else 0.0
    what = "messages a second, submit → queue → MX → mailbox"
    found = [(what, f"{lab:.0f}", f"bare aiosmtpd, one hop {other:.0f}", f"{lab / other:.2f}")]
    if fast:
        found.append(("the same", f"{lab:.0f}", f"smtp-sink, one hop {fast:.0f}", f"{lab / fast:.2f}"))
    return found


def best(measured: Callable[[], float]) -> float:
    return max(measured() for _ in range(3))


def submitted() -> float:
    """`COUNT` messages over one submission by implicit TLS, until the last lies in Bob's mailbox."""
    with Lab() as lab, peers.logged_in(lab.smtp_ssl("mail.acorn.example", 465)) as client:
        start = time.perf_counter()
        for _ in range(COUNT):
            client.sendmail("alice@acorn.example", ["bob@birch.example"], peers.MESSAGE)
        lab.settle()
        taken = time.perf_counter() - start
        assert len(lab.mailbox("bob@birch.example")) == COUNT
        return COUNT / taken


def growth() -> list[Row]:
    """Queued while the exchangers are off, then delivered: CPU seconds and resident memory, each in a fresh
    process. What counts is the last column: ten times the messages should cost ten times as much."""
    found = [queued(size) for size in SIZES]
    table: list[Row] = []
    for n, (size, (hold, send, memory, connections)) in enumerate(zip(SIZES, found, strict=True)):
        before = found[n - 1] if n else None
        ratio = f"{(hold + send) / (before[0] + before[1]):.1f} times the time" if before else ""
        if before and n > 1:  # a hundred messages do not show in the memory of a process
            ratio += f", {memory / max(before[2], 1):.1f} times the memory"
        figures = f"{1000 * hold:.0f} ms to queue, {1000 * send:.0f} ms to deliver, {memory / 1e6:.1f} MB"
        table.append((f"{size:,} queued messages", figures, f"{connections} connections at most", ratio))
    return table


QUEUED = """
import resource, sys, time
from smtplab.lab.lab import Lab
from tests.lab.queued import MX, MX2, fill

def memory():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

def taken(work):
    start = time.process_time()
    work()
    return time.process_time() - start

size = int(sys.argv[1])
with Lab() as lab:
    fill(lab, 20)
    lab.settle()
    most, own = 0, lab.mta(MX).accept

    async def accept(*about):
        global most
        most = max(most, len(lab.network.wires()))
        return await own(*about)

    for host in (MX, MX2):
        lab.stop_host(host)
    before = memory()
    hold = taken(lambda: (fill(lab, size), lab.settle()))
    for host in (MX, MX2):
        lab.start_host(host)
    lab.mta(MX).accept = accept
    send = taken(lambda: lab.clock.advance(hours=1))
    assert len(lab.mailbox("bob@birch.example")) == size + 20
    print(hold, send, memory() - before, most)
"""


def queued(size: int) -> tuple[float, float, int, int]:
    """CPU seconds to queue and to deliver, octets in memory, and connections at most."""
    run = subprocess.run(
        [sys.executable, "-c", QUEUED, str(size)], check=True, capture_output=True, text=True
    )
    hold, send, memory, connections = run.stdout.split()
    return float(hold), float(send), int(memory), int(connections)
