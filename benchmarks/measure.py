"""What is measured, and how. Every function returns seconds, or messages a second, or bytes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from .peers import MESSAGE, Connect


def median_of(work: Callable[[], object], times: int) -> float:
    """The median of `times` runs of `work`, in seconds, after one run that does not count."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def dialogue(connect: Connect, to: str = "bob@birch.example") -> None:
    """One whole session: connect, EHLO, MAIL, RCPT, DATA, QUIT, and before MAIL what `connect` does."""
    with connect() as client:
        client.sendmail("alice@acorn.example", [to], MESSAGE)


def messages_a_second(connect: Connect, count: int = 500) -> float:
    """`count` messages over one connection."""
    with connect() as client:
        client.sendmail("alice@acorn.example", ["bob@birch.example"], MESSAGE)
        start = time.perf_counter()
        for _ in range(count):
            client.sendmail("alice@acorn.example", ["bob@birch.example"], MESSAGE)
        return count / (time.perf_counter() - start)


def import_time(statement: str) -> float:
    """Seconds that a fresh interpreter needs for an import statement, its own start taken off."""

    def run(code: str) -> float:
        return median_of(lambda: subprocess.run([sys.executable, "-c", code], check=True), 7)

    return run(statement) - run("pass")


KERNEL = """
import resource, sys
from smtplab import Lab
lab = Lab()
lab.submit("From: alice@acorn.example\\nTo: bob@birch.example\\nSubject: hi\\n\\nHello")
rss = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
print(rss, "matplotlib" in sys.modules)
"""


def kernel_memory(code: str) -> tuple[int, bool]:
    """Resident bytes of a real IPython kernel after `code`, and whether it loaded matplotlib."""
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    notebook = new_notebook(cells=[new_code_cell(code)])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    size, plots = notebook.cells[0].outputs[0]["text"].split()
    return int(size), plots == "True"
