"""verify (RFC 9989 §5.3): the DMARC check with a blocking resolver.

It drives `evaluate`, and bounds the time that all answers together may take. It keeps no answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..spf.check import PATIENCE, drive
from ..what_if import Resolve, asked
from .evaluation import Authors, evaluate
from .result import DmarcVerdict

if TYPE_CHECKING:
    from ..dkim import DkimVerdict
    from ..spf import SpfVerdict

FROM = f"rfc{5322}_from"  # the first parameter of `verify`, by its name


def verify(
    rfc5322_from: Authors,
    *,
    spf: SpfVerdict | None,
    dkim: Sequence[DkimVerdict],
    resolve: Resolve,
    patience: float = PATIENCE,
) -> DmarcVerdict:
    """Is the domain in From the one that SPF or DKIM passed for, and what does its owner ask for otherwise?

    `rfc5322_from` is the domain in From, or all of them where there are several; an empty list says that
    From is missing. `spf` is what `spf.check_host` gave, None where it was not asked; `dkim` is what
    `dkim.verify` gave. `resolve(name, rdtype)` returns records or raises dnspython's NXDOMAIN, NoAnswer or
    Timeout. Raises nothing: everything is a result.
    """
    authors = rfc5322_from if isinstance(rfc5322_from, str) else tuple(rfc5322_from)
    given = {"spf": spf, "dkim": dkim, "resolve": resolve, "patience": patience}
    verdict = drive(evaluate(authors, spf=spf, dkim=dkim), resolve, patience)
    return asked(verdict, verify, given | {FROM: authors})
