"""Write an SPF record from who sends for a domain (RFC 7208 §5, §10.1). It does not publish it."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Literal

from .record import parse


def build(
    *,
    ip: Iterable[str] = (),
    a: Iterable[str] = (),
    mx: bool = False,
    include: Iterable[str] = (),
    redirect: str = "",
    exp: str = "",
    rest: Literal["-all", "~all", "?all", ""] = "~all",
) -> str:
    """The record: own addresses and networks, own hosts, the domain's MX hosts, providers, and the rest.

    Terms that ask nobody come first, so that most checks end before the first question. Nothing at all and
    "-all" is the record of a domain that sends no mail. With `redirect` no all is written. Raises ValueError
    for what is no network and RecordError for what is no domain.
    """
    networks = [ip_network(text, strict=False) for text in ip]
    terms = ["v=spf1"]
    for network in networks:
        length = "" if network.prefixlen == network.max_prefixlen else f"/{network.prefixlen}"
        terms.append(f"ip{network.version}:{network.network_address}{length}")
    terms += ["mx"] * mx
    terms += [f"a:{host}" for host in a]
    terms += [f"include:{domain}" for domain in include]
    terms += [f"redirect={redirect}"] if redirect else [rest] * bool(rest)
    terms += [f"exp={exp}"] * bool(exp)
    return parse(" ".join(terms)).text
