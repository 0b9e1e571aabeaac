"""The worlds of exercise 09: records, networks and sessions. What decides is known when it is drawn."""

from __future__ import annotations

from ipaddress import ip_network
from random import Random
from typing import Any

from .cast import addresses6, domains, people

Records = dict[str, dict[str, list[str]]]
RESULTS = {"": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
BLOCKS = (
    *(f"198.51.100.{at}/28" for at in range(64, 240, 16)),
    *(f"192.0.2.{at}/28" for at in range(192, 240, 16)),
    "203.0.113.224/28",
)


class Names:
    """Domains and IPv6 addresses, none of them handed out twice in a world."""

    def __init__(self, rng: Random) -> None:
        self._domains, self._addresses = iter(domains(rng, 20)), iter(addresses6(rng, 20))

    def domains(self, count: int) -> list[str]:
        """The next domains."""
        return [next(self._domains) for _ in range(count)]

    def addresses6(self, count: int) -> list[str]:
        """The next addresses."""
        return [next(self._addresses) for _ in range(count)]


def networks(rng: Random, count: int) -> list[str]:
    """So many networks of 16 addresses, none next to another one of them."""
    found: list[str] = []
    for block in rng.sample(BLOCKS, len(BLOCKS)):
        near = [ip_network(block).network_address + step for step in (-16, 0, 16)]
        if not any(ip_network(one).network_address in near for one in found):
            found.append(block)
    return found[:count]


def host(network: str, at: int) -> str:
    """The address number `at` of a network."""
    return str(ip_network(network)[at])


def provider(names: Names, domain: str, count: int) -> tuple[Records, str, list[str]]:
    """A company that sends for others: its records, the name to include, and its `count` hosts.

    The record that is included leads to `count` others, so it costs count + 1 lookups.
    """
    top = f"_spf.{domain}"
    hosts = names.addresses6(count)
    parts = {
        f"p{at}.{top}": {"TXT": [f"v=spf1 ip6:{one.rpartition('::')[0]}::/64 -all"]}
        for at, one in enumerate(hosts, 1)
    }
    record = " ".join(["v=spf1", *(f"include:{name}" for name in parts), "~all"])
    return {top: {"TXT": [record]}, **parts}, top, hosts


def deciding(rng: Random, names: Names) -> tuple[dict[str, Any], Records, dict[str, list[str]]]:
    """A record with exceptions, includes and signs; six clients, and for each the term and the result."""
    domain, first, second = names.domains(3)
    own, theirs, deep, gate, late = networks(rng, 5)
    signs = [rng.choice("-~?"), rng.choice("~?"), rng.choice("~?"), rng.choice("~?")]
    odd, asked, end = f"{signs[0]}ip4:{host(own, rng.randint(2, 6))}", f"{signs[1]}a:gate.{domain}", signs[3]
    included = f"{signs[2]}include:_spf.{second}"
    blocks = [[odd, f"ip4:{own}"], [f"include:_spf.{first}"], [included], [asked]]
    rng.shuffle(blocks)
    record = " ".join(["v=spf1", *(term for block in blocks for term in block), f"{end}all", f"ip4:{late}"])
    left_out = host(theirs, rng.randint(1, 14))
    dns: Records = {
        domain: {"TXT": [record]},
        f"gate.{domain}": {"A": [host(gate, 3)]},
        f"_spf.{first}": {"TXT": [f"v=spf1 -ip4:{left_out} ip4:{theirs} -all"]},
        f"_spf.{second}": {"TXT": [f"v=spf1 include:out._spf.{second} -all"]},
        f"out._spf.{second}": {"TXT": [f"v=spf1 ip4:{deep} ~all"]},
    }
    decided = {
        odd.partition(":")[2]: [odd, RESULTS[signs[0]]],
        host(own, rng.randint(8, 14)): [f"ip4:{own}", "pass"],
        left_out: [f"{end}all", RESULTS[end]],
        host(deep, rng.randint(1, 14)): [included, RESULTS[signs[2]]],
        host(gate, 3): [asked, RESULTS[signs[1]]],
        host(late, rng.randint(1, 14)): [f"{end}all", RESULTS[end]],
    }
    clients = rng.sample(list(decided), len(decided))
    return {"domain": domain, "clients": clients}, dns, decided


def sessions(rng: Random, names: Names) -> tuple[dict[str, str], Records, dict[str, list[str]]]:
    """Five sessions at Bob's server, in any order: for each the domain that is asked, and the result."""
    writer, stranger, forwarder, other = names.domains(4)
    one, two, three = people(rng, 3)
    at_writer, at_stranger, at_forwarder, at_other = (host(n, rng.randint(1, 14)) for n in networks(rng, 4))
    end, has_helo = rng.choice("-~"), rng.random() < 0.5
    dns: Records = {
        writer: {"TXT": [f"v=spf1 ip4:{at_writer} {end}all"]},
        stranger: {"TXT": [f"v=spf1 ip4:{at_stranger} -all"]},
        forwarder: {"TXT": [f"v=spf1 ip4:{at_forwarder} -all"]},
        other: {"TXT": ["v=spf1 -all"]},
    }
    if has_helo:
        dns[f"mail.{other}"] = {"TXT": [f"v=spf1 ip4:{at_other} -all"]}
    srs = f"SRS0={''.join(rng.sample('ABCDEFGHKLMNPQRSTUVWXYZ', 4))}=K7={writer}={one}@{forwarder}"
    letter, news = f"{one}@{writer}", f"{two}@{writer}"
    told = [
        (_session(at_writer, f"mail.{writer}", letter, letter, three), [writer, "pass"]),
        (_session(at_stranger, f"mail.{stranger}", f"x@{stranger}", news, three), [stranger, "pass"]),
        (_session(at_forwarder, f"mx.{forwarder}", letter, letter, three), [writer, RESULTS[end]]),
        (_session(at_forwarder, f"mx.{forwarder}", srs, letter, three), [forwarder, "pass"]),
        (
            _session(at_other, f"mail.{other}", "", f"mailer-daemon@{other}", three),
            [f"mail.{other}", "pass" if has_helo else "none"],
        ),
    ]
    rng.shuffle(told)
    return (
        {name: text for name, (text, _) in zip("ABCDE", told, strict=True)},
        dns,
        {name: truth for name, (_, truth) in zip("ABCDE", told, strict=True)},
    )


def _session(client: str, helo: str, path: str, author: str, reader: str) -> str:
    lines = (
        *(f"(the client is {client})", "S: 220 mx.birch.example ESMTP", f"C: EHLO {helo}"),
        *("S: 250 mx.birch.example", f"C: MAIL FROM:<{path}>", "S: 250 2.1.0 ok"),
        *(f"C: RCPT TO:<{reader}@birch.example>", "S: 250 2.1.5 ok", "C: DATA", "S: 354 go on"),
        *(f"C: From: {author}", f"C: To: {reader}@birch.example", "C: Subject: hello", "C:", "C: Hi."),
        *("C: .", "S: 250 2.0.0 taken"),
    )
    return "\n".join(lines)


def broken(rng: Random, names: Names) -> tuple[dict[str, Any], Records]:
    """What a shop has published: two records with all that goes wrong. And who sends for it today."""
    domain, mailer, desk, gone = names.domains(4)
    own, mx, web, stray = (host(one, rng.randint(1, 14)) for one in networks(rng, 4))
    dns: Records = {domain: {"A": [web], "MX": [f"10 mx.{domain}."]}, f"mx.{domain}": {"A": [mx]}}
    found = [provider(names, name, count) for name, count in ((mailer, 3), (desk, 2), (gone, 4))]
    for records, _, _ in found:
        dns |= records
    tops = [top for _, top, _ in found]
    typo = rng.choice([f"ipv4:{own}", f"ip:{own}", f"ip4.{own}", f"ip4:{own}/33", f"ip4:{own},"])
    one = ["a", "mx", typo, *(f"include:{top}" for top in rng.sample(tops[:2], 2))]
    note = f"site-check={rng.getrandbits(64):016x}"
    texts = [
        " ".join(["v=spf1", *rng.sample(one, len(one)), "~all"]),
        f"v=spf1 ptr include:{tops[2]} +all",
        note,
    ]
    dns[domain]["TXT"] = rng.sample(texts, 3)
    shop = {
        "domain": domain,
        "published": dns[domain]["TXT"],
        "sends": {
            "the host of the till": own,
            f"the MX host mx.{domain}": mx,
            f"newsletters, include:{tops[0]}": found[0][2][-1],
            f"help desk, include:{tops[1]}": found[1][2][-1],
        },
        "others": {
            "the web server": web,
            f"the old service, include:{tops[2]}": found[2][2][0],
            "a stranger": stray,
        },
    }
    return shop, dns


def wanted(rng: Random, names: Names) -> tuple[dict[str, Any], Records]:
    """A firm without a record: who sends for it. Two names and two services would need eleven lookups."""
    domain, news, desk = names.domains(3)
    blocks = networks(rng, 4)
    office, m1, m2 = blocks[0], host(blocks[1], rng.randint(2, 13)), host(blocks[2], rng.randint(2, 13))
    office6 = names.addresses6(1)[0].rpartition("::")[0] + ":10::/64"
    found = [provider(names, name, count) for name, count in ((news, 3), (desk, 4))]
    dns: Records = {f"m1.{domain}": {"A": [m1]}, f"m2.{domain}": {"A": [m2]}}
    for records, _, _ in found:
        dns |= records
    firm = {
        "domain": domain,
        "networks": [office, office6],
        "hosts": [f"m1.{domain}", f"m2.{domain}"],
        "services": [found[0][1], found[1][1]],
        "passes": [
            *(host(office, rng.randint(4, 11)), host(office6, 0x25), m1, m2),
            *(found[0][2][1], found[1][2][-1]),
        ],
        "fails": [host(blocks[3], 4), str(ip_network("2001:db8:ffff::/64")[0x25])],
    }
    return firm, dns
