"""A package whose names are loaded when they are first asked for (PEP 562): to import it costs little.

It is for packages that everybody imports and few use whole. A name must not be that of a submodule: importing
the submodule would put it in the place of the name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazily(package: str, where: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of `package`: `where` has the submodule (".check") for each name.

    The second lists the names that are not loaded yet as well, so that the Tab key finds them.
    """

    def load(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(where[name], package), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *where})

    return load, names
