"""What students get, made from the solutions: `python tools/exercises.py [make|check]`.

nbgrader's own steps do it, so that `nbgrader generate_assignment` gives the same: solutions and hidden tests
are cut out, checks are locked, checksums are computed. Then the notebook is laid out as they all are
(`notebooks`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import nbformat
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools import nbgrader_here
from tools.notebooks import ROOT, clean

SOURCE, RELEASE = ROOT / "solutions", ROOT / "exercises"


def steps(config: Config) -> list[Any]:
    """nbgrader's preprocessors in its order, without those that write to a gradebook or add texts."""
    sys.path.append(str(nbgrader_here.installed()))
    from nbgrader import preprocessors as its

    names = ("LockCells", "ClearSolutions", "ClearOutput", "CheckCellMetadata", "ComputeChecksums",
             "ClearHiddenTests", "ClearMarkScheme", "ComputeChecksums", "CheckCellMetadata")  # fmt: skip
    return [getattr(its, name)(config=config) for name in names]


def released(text: str, preprocessors: list[Any]) -> str:
    """The notebook `text` (JSON) as students get it."""
    notebook, resources = nbformat.reads(text, as_version=4), {}
    for one in preprocessors:
        notebook, resources = one.preprocess(notebook, resources)
    return clean(json.dumps(notebook))


def main(arguments: list[str]) -> int:
    """Make the exercises; with `check`, say which are not as they would be made, and return 1."""
    config = PyFileConfigLoader("nbgrader_config.py", str(ROOT)).load_config()
    preprocessors = steps(config)
    stale = 0
    for source in sorted(SOURCE.glob("*/*.ipynb")):
        target = RELEASE / source.relative_to(SOURCE)
        made = released(source.read_text("utf-8"), preprocessors)
        if target.is_file() and target.read_text("utf-8") == made:
            continue
        if arguments == ["check"]:
            stale += 1
            print(f"{target.relative_to(ROOT)} is not what {source.relative_to(ROOT)} gives: make exercises")
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(made, "utf-8", newline="\n")
            print(f"wrote {target.relative_to(ROOT)}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
