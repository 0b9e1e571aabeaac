"""A package whose names are loaded when they are first asked for (PEP 562): to import it costs little.

It is for packages that everybody imports and few use whole. A name may be that of a submodule too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


class _Package(ModuleType):
    """A package that does not let its submodules take the place of names: importing `spf.lint` would put
    the module where the function `spf.lint` is."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (isinstance(value, ModuleType) and name in vars(self).get("__all__", ())):
            super().__setattr__(name, value)


def lazily(package: str, where: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of `package`: `where` has the submodule (".check") for each name.

    The second lists the names that are not loaded yet as well, so that the Tab key finds them. The package
    has `__all__`, all names that are no submodules.
    """
    sys.modules[package].__class__ = _Package

    def load(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(where[name], package), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *where})

    return load, names
