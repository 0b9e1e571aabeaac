"""Packages that load their names late have them all, also when a submodule was imported before."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

from smtplab.auth import dkim, dmarc, spf
from smtplab.lab import policies
from smtplab.mail.lazy import lazily

PACKAGES = [spf, dkim, dmarc, policies]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_is_there(package: ModuleType) -> None:
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert not isinstance(getattr(package, name), ModuleType), f"{name} is hidden by a submodule"


@pytest.mark.parametrize("package", PACKAGES)
def test_another_name_is_an_error_like_any_other(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nonsense'"):
        package.nonsense  # noqa: B018
    load, names = lazily(package.__name__, {"later": ".nowhere"})
    assert "later" in names()
    with pytest.raises(ModuleNotFoundError):
        load("later")


LATE = {
    "smtplab.auth.dkim.evaluation",
    "smtplab.auth.dmarc.evaluation",
    "smtplab.auth.spf.evaluation",
    "smtplab.lab.layout",
    "smtplab.lab.mallory",
    "smtplab.lab.policies.content",
    "smtplab.lab.timeline",
    "smtplab.mail.codes",
    "smtplab.mail.header",
    "smtplab.mail.routing",
    "smtplab.show",
}


def test_a_lab_begins_without_what_it_may_not_need() -> None:
    """Each of these takes time, and a notebook waits for its first cell."""
    code = "import sys; from smtplab import Lab; print(*(name for name in sys.modules if 'smtplab.' in name))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "smtplab.lab.lab" in loaded.split()
    assert not LATE & set(loaded.split())
    for name in LATE:
        importlib.import_module(name)
