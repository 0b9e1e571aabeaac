"""Notebooks run in a kernel of their own: all cells, all again, and each one alone after all.

Everything that a run says is kept as it came. What may differ between two runs of the same notebook
(the real ports and the milliseconds) is taken out by `said`, for comparing.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from tests.kernels import kernels
from tests.notebooks.lessons import only_calls

Outputs = dict[str, list[Any]]  # cell id -> the outputs of one run of it

CELL_LIMIT = 30  # seconds

# Cells that only ask or tell. They leave all else as they found it, so they need no run to restore it.
ASIDE = {"explain", "glossary", "hint", "lesson", "predict", "progress", "quiz"}

TOGETHER = 8  # cells that are run again between two full runs

# Everything else once more, quickly: one request for the whole notebook.
RUN_ALL = """
for _source in {sources!r}:
    get_ipython().run_cell(_source, silent=True, store_history=False).raise_error()
"""


class Kernel:
    """A notebook and the kernel that runs it."""

    def __init__(self, client: NotebookClient) -> None:
        self._client = client
        *self._cells, self._scratch = client.nb.cells
        self._code = [(n, cell) for n, cell in enumerate(self._cells) if cell.cell_type == "code"]

    def run_all(self) -> Outputs:
        """Run every code cell in order."""
        return {cell.id: self._run(position) for position, cell in self._code}

    def run_each_alone(self) -> Outputs:
        """Run each code cell once more, on what a full run of the notebook has left.

        A full run after every single one would take most of the time of all tests here, so there is one
        after `TOGETHER` cells. They are run from the last to the first: what a cell lives on stands before
        it, and is not made anew for it. Where one of them fails, or the full run after them, all of them
        are tried again one by one, each right after a full run, and that decides. What goes wrong in the
        full run after a cell then counts for the cell.
        """
        outputs: Outputs = {}
        last_first = self._code[::-1]
        for start in range(0, len(last_first), TOGETHER):
            group = last_first[start : start + TOGETHER]
            ran = {cell.id: self._run(position) for position, cell in group}
            wrong = self._run_all_quickly()
            if wrong or faults(ran):
                self._run_all_quickly()
                ran = {cell.id: self._run(position) + self._run_all_quickly() for position, cell in group}
            outputs |= ran
        return {cell.id: outputs[cell.id] for _, cell in self._code}

    def _run(self, position: int) -> list[Any]:
        cell = self._client.nb.cells[position]
        if cell.source.strip():
            self._client.execute_cell(cell, position)
        return copy.deepcopy(cell.outputs)

    def _run_all_quickly(self) -> list[Any]:
        """The errors of a full run, of the cells that do more than ask or tell."""
        sources = [cell.source for _, cell in self._code if not only_calls(cell.source, ASIDE)]
        self._scratch.source = RUN_ALL.format(sources=sources)
        return [one for one in self._run(len(self._cells)) if one.output_type == "error"]


@contextmanager
def kernel(path: Path, home: Path) -> Iterator[Kernel]:
    """A fresh kernel for the notebook at `path`. What it writes for its user goes to `home`."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(id="scratch"))
    with kernels() as config, (home / "kernel.log").open("w") as log:
        client = NotebookClient(
            notebook,
            config=config,
            timeout=CELL_LIMIT,
            allow_errors=True,
            resources={"metadata": {"path": str(home)}},
        )
        # Its stderr is the process's own, where a kernel with ports warns that others can reach them.
        with client.setup_kernel(env=environment(home), stderr=log):
            yield Kernel(client)


def environment(home: Path) -> dict[str, str]:
    """This process's environment, with the places where a kernel keeps things moved to `home`."""
    return dict(os.environ) | {
        "SMTPLAB_PROGRESS": str(home / "progress"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
    }


def faults(outputs: Outputs) -> list[str]:
    """The errors and what was written to stderr, as `cell: what`."""
    found = []
    for cell, shown in outputs.items():
        for one in shown:
            if one.output_type == "error":
                found.append(f"{cell}: {one.ename}: {one.evalue}")
            elif one.output_type == "stream" and one.name == "stderr":
                found.append(f"{cell}: stderr: {one.text}")
    return found


def data(output: Any) -> Mapping[str, Any]:
    """An output's forms by media type. What was printed is plain text."""
    return {"text/plain": output.text} if output.output_type == "stream" else output.get("data", {})


# What differs from run to run (DESIGN.md, "The lab"): real ports and paths, times measured on the wire, and
# what is random in TLS.
_VARYING = re.compile(
    r"""127\.0\.0\.1(?:[:\s,\]]|'|&\#39;|-p)+\d+  # 127.0.0.1:40123, ('127.0.0.1', 40123), @127.0.0.1 -p 40123
    |   \b\d+(?:\.\d+)?\ (?:ms|s)\b          # 4.4 ms, 1.2 s
    |   (?<=class="sl-time")[^<]*<           # the ladder's column of times
    |   smtplab-lab-\w+-\w+                  # the folder of the lab's CA certificate
    |   \b(?:[0-9A-F]{2}:){31}[0-9A-F]{2}\b  # a certificate's fingerprint
    """,
    re.VERBOSE,
)


def joined(shown: list[Any]) -> list[Any]:
    """The outputs with what a cell printed in one piece: where it is cut is a matter of time."""
    found: list[Any] = []
    for output in shown:
        last = found[-1] if found else None
        if last and "stream" == last.output_type == output.output_type and last.name == output.name:
            found[-1] = nbformat.v4.new_output("stream", name=last.name, text=last.text + output.text)
        else:
            found.append(output)
    return found


def said(outputs: Outputs) -> dict[str, list[str]]:
    """What each cell shows as text, of every text form that it has, without what varies.

    Left out is what a listener on the wire heard: ciphertext, and who was first where both spoke at once.
    """
    return {
        cell: [
            f"{media}: " + _VARYING.sub("…", text)
            for output in joined(shown)
            if "se-view" not in data(output).get("text/html", "")
            for media, text in sorted(data(output).items())
            if isinstance(text, str) and media.startswith(("text/", "image/svg"))
        ]
        for cell, shown in outputs.items()
    }
