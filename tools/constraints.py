"""The pins: `python tools/constraints.py > constraints.txt` in an environment whose tests pass.

Writes one `name==version` for everything that smtplab with its test extra needs, as installed here,
and nothing else that happens to be installed. No addresses, no hashes: the file says which versions
were tried together, and every package index may serve them.
"""

from __future__ import annotations

import re
from importlib import metadata

from packaging.requirements import Requirement


def closure(root: str, extras: tuple[str, ...]) -> dict[str, str]:
    """name -> installed version of all that `root` needs with `extras`, itself left out."""
    pins: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    queue = [(root, extra) for extra in ("", *extras)]
    while queue:
        name, extra = queue.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        distribution = metadata.distribution(name)
        pins[name] = distribution.version
        for line in distribution.requires or ():
            need = Requirement(line)
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                queue += [(canonical(need.name), wanted) for wanted in ("", *need.extras)]
    del pins[root]
    return pins


def canonical(name: str) -> str:
    """A project's name in the one spelling that all indexes agree on (lower case, hyphens)."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in sorted(closure("smtplab", ("test",)).items())))
