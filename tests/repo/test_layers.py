"""Imports run one way: mail <- auth <- lab, mail <- auth <- show, and lab and show never meet."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "smtplab"

# layer -> the layers that it may import. What lies at the top (the face, the command) joins them all.
MAY = {
    "mail": {"mail"},
    "auth": {"mail", "auth"},
    "lab": {"mail", "auth", "lab"},
    "show": {"mail", "auth", "show"},
    "course": {"mail", "auth", "lab", "show", "course"},
}
TOP = {
    "__init__",
    "__main__",
    "cli",
    "course_folder",
    "course_record",
    "desk",
    "doctor",
    "grade_command",
    "judging",
    "live_dns",
    "serving",
}


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("smtplab", *path.relative_to(PACKAGE).with_suffix("").parts)
        found[".".join(parts)] = path
    return found


def imported(source: str, module: str) -> Iterator[str]:
    """The dotted names that `source`, the text of `module`, imports in whatever form.

    `module` ends in ".__init__" for a package. For `from a import b` both a.b and a come, for either may
    be the module. A string that spells a module of smtplab counts too: importlib gets it in some way.
    """
    package = module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(package, node.level, node.module or "")
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    name = argument.value.lstrip(".")
                    yield _absolute(package, len(argument.value) - len(name), name)
        elif isinstance(node, ast.Constant) and re.fullmatch(r"smtplab(\.\w+)+", str(node.value)):
            yield str(node.value)


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _absolute(package: list[str], level: int, name: str) -> str:
    base = package[: len(package) - level + 1] if level else []
    return ".".join([*base, *([name] if name else [])])


def violations(source: str, module: str) -> list[str]:
    """The imports of `source` that its layer forbids."""
    layer = module.split(".")[1]
    if layer in TOP:
        return []
    if layer not in MAY:
        return [f"{module}: {layer}/ is no layer"]
    return [
        f"{module} imports {name}"
        for name in sorted(set(imported(source, module)))
        if not _allowed(layer, name)
    ]


def _allowed(layer: str, name: str) -> bool:
    top, _, rest = name.partition(".")
    if top == "smtplab":
        return rest.partition(".")[0] in MAY[layer]
    return layer != "mail" or top in sys.stdlib_module_names


@pytest.mark.parametrize("module", modules())
def test_imports_run_one_way(module: str) -> None:
    assert violations(modules()[module].read_text(encoding="utf-8"), module) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("smtplab.lab.mta", "import smtplab.show.ladder"),
        ("smtplab.lab.mta", "import os, smtplab.show as pictures"),
        ("smtplab.lab.mta", "from smtplab import show"),
        ("smtplab.lab.mta", "from smtplab.show import ladder"),
        ("smtplab.lab.mta", "from smtplab.show.ladder import draw"),
        ("smtplab.lab.mta", "from .. import show"),
        ("smtplab.lab.mta", "from ..show import ladder"),
        ("smtplab.lab.mta", "from ..show.ladder import draw"),
        ("smtplab.lab.__init__", "from ..show import ladder"),
        ("smtplab.lab.deep.mta", "from ...show import ladder"),
        ("smtplab.lab.mta", "def f():\n    from ..show import ladder"),
        ("smtplab.lab.mta", "if TYPE_CHECKING:\n    from ..show import ladder"),
        ("smtplab.lab.mta", "import importlib\nimportlib.import_module('smtplab.show')"),
        ("smtplab.lab.mta", "from importlib import import_module as get\nget('smtplab.show.ladder')"),
        ("smtplab.lab.mta", "import importlib\nimportlib.import_module('..show', __package__)"),
        ("smtplab.lab.mta", "__import__('smtplab.show')"),
        ("smtplab.lab.mta", "from smtplab import Verdict"),
        ("smtplab.lab.mta", "import smtplab"),
        ("smtplab.lab.mta", "import importlib\nimportlib.import_module('smtplab')"),
        ("smtplab.lab.mta", "import smtplab.cli"),
        ("smtplab.lab.mta", "from ..course import predict"),
        ("smtplab.show.ladder", "from ..lab import network"),
        ("smtplab.show.ladder", "from ..course import hint"),
        ("smtplab.auth.spf", "from ..lab import dns"),
        ("smtplab.auth.spf", "from ..show import tree"),
        ("smtplab.mail.reply", "from ..auth import spf"),
        ("smtplab.mail.reply", "import dns.resolver"),
        ("smtplab.mail.reply", "from htpy import div"),
        ("smtplab.other.thing", "import os"),
    ],
)
def test_a_forbidden_import_is_seen(module: str, source: str) -> None:
    assert len(violations(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("smtplab.lab.mta", "from ..mail.reply import Reply\nfrom ..auth import spf\nfrom . import network"),
        ("smtplab.show.ladder", "from ..mail import transcript\nimport htpy"),
        ("smtplab.course.check", "from ..lab import network\nfrom ..show import ladder"),
        ("smtplab.mail.reply", "from __future__ import annotations\nimport re\nfrom .text import visible"),
        ("smtplab.mail.reply", "where = 'smtplab'\nand_so = '..show'"),
        ("smtplab.__init__", "from .lab import Lab\nfrom .show import ladder"),
        ("smtplab.cli", "from .doctor import examine"),
    ],
)
def test_an_allowed_import_is_let_through(module: str, source: str) -> None:
    assert violations(source, module) == []
