"""Show the code of a relay table: the same policy for Postfix and Exim, and the trials for the shell.

What a table says in six answers, Postfix says in restrictions and Exim in an ACL: the first rule that fits
decides. Both configurations hold the relay policy alone. The lines for swaks and smtplib go to the real
ports of the lab's server; nothing is run here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from textwrap import dedent

from ..mail.relaying import CELLS, WHERE, WHO, Cell, Client, Scene, Setting, Who
from .code import Target, smtplib_code, swaks_code

PERMITS: dict[Who, str] = {"inside": "permit_mynetworks", "authenticated": "permit_sasl_authenticated"}
# In the order in which the lab looks: who has logged in is that, wherever the connection comes from.
EXIM: dict[Who, str] = {
    "authenticated": "authenticated = *",
    "inside": "hosts = +relay_from_hosts",
    "outsider": "",
}


def relay_code(setting: Setting, scene: Scene, targets: Mapping[int, Target]) -> dict[str, str]:
    """Name -> what to paste. `targets` are the server's ports, as programs outside the lab reach them."""
    return {
        "Postfix": postfix(setting),
        "Exim": exim(setting, scene),
        "swaks": swaks(setting, scene, targets),
        "smtplib": _tried(scene, targets, ("outsider", "elsewhere"), smtplib_code),
        "this lab": lab(setting, scene),
    }


def domain(scene: Scene) -> str:
    """The server's own domain."""
    return scene.recipients["local"].rpartition("@")[2]


# Postfix --------------------------------------------------------------------------------------------


def postfix(setting: Setting) -> str:
    """The parameters of main.cf that say the same, with what they cannot say as a comment."""
    inside = ["127.0.0.0/8", *map(_bracketed, setting.inside)]
    lines = ["# main.cf: hosts that count as your own"]
    if ("outsider", "elsewhere") in setting.allowed:
        lines += [
            "# This is how a Postfix gets open. With restrictions that only permit it refuses to serve.",
            "mynetworks = 0.0.0.0/0",
        ]
    else:
        lines.append(f"mynetworks = {' '.join(inside)}")
    if setting.gateway:
        lines += [
            f"# Every client seems to be {setting.gateway}: where that is in mynetworks, permit_mynetworks",
            "# permits the world. Let the proxy say who calls instead, by the PROXY protocol:",
            "# smtpd_upstream_proxy_protocol = haproxy",
        ]
    lines += ["", *_relay_restrictions(setting), *_recipient_restrictions(setting)]
    return "\n".join(lines) + "\n"


def _bracketed(network: str) -> str:
    """As Postfix writes networks: the address of an IPv6 one in brackets."""
    found = ip_network(network)
    return network if found.version == 4 else f"[{found.network_address}]/{found.prefixlen}"


def _permits(setting: Setting, where: str) -> list[str]:
    return [word for who, word in PERMITS.items() if (who, where) in setting.allowed]


def _relay_restrictions(setting: Setting) -> Iterator[str]:
    later = setting.denial.code < 500
    yield "# asked at RCPT: the first that decides ends the list"
    yield "smtpd_relay_restrictions ="
    yield from (f"    {word}," for word in _permits(setting, "elsewhere"))
    yield f"    {'defer' if later else 'reject'}_unauth_destination"
    if later:
        yield "# It says 454 4.7.1, and is how Postfix's own default ends: a mistake of yours then costs"
        yield "# time and no mail. reject_unauth_destination says 554 5.7.1."
    else:
        yield "# It says 554 5.7.1. Postfix's own default ends in defer_unauth_destination: 454 4.7.1."


def _recipient_restrictions(setting: Setting) -> Iterator[str]:
    """Who may write to local users: nothing to say where all may."""
    local = {who for who in WHO if (who, "local") in setting.allowed}
    if len(local) == len(WHO):
        return
    permits = _permits(setting, "local")
    yield ""
    yield "# and who may write to your own users"
    yield "smtpd_recipient_restrictions ="
    yield from (f"    {word}," for word in permits)
    yield "    permit" if "outsider" in local else "    reject"
    if "outsider" in local or any((who, "elsewhere") in setting.allowed for who in set(WHO) - local):
        yield "# (Postfix has no short form for this table: it asks both lists, and a permit in one is not"
        yield "# a permit in the other.)"


# Exim -----------------------------------------------------------------------------------------------


def exim(setting: Setting, scene: Scene) -> str:
    """The ACL that says the same."""
    hosts = " : ".join(["127.0.0.1", *setting.inside])
    if any(":" in network for network in setting.inside):
        hosts = "<; " + " ; ".join(["127.0.0.1", *setting.inside])  # a colon would end the item
    lines = [
        f"domainlist local_domains    = {domain(scene)}",
        f"hostlist   relay_from_hosts = {hosts}",
        "",
        "acl_smtp_rcpt = acl_check_rcpt",
        "",
        "begin acl",
        "",
        "acl_check_rcpt:",
    ]
    refuse = "deny " if setting.denial.code >= 500 else "defer"
    answers = {who: [where for where in WHERE if (who, where) in setting.allowed] for who in EXIM}
    kinds = list(answers)  # without those for whom the rules of all later ones say the same
    kinds = [
        who
        for place, who in enumerate(kinds, 1)
        if place == len(kinds) or any(answers[later] != answers[who] for later in kinds[place:])
    ]
    for who in kinds:
        lines += _exim_rules(answers[who], EXIM[who], refuse)
    return "\n".join(lines) + "\n"


def _exim_rules(allowed: Sequence[str], condition: str, refuse: str) -> Iterator[str]:
    """The rules for one kind of client; they leave nothing open for the next."""
    if len(allowed) == 2:
        yield f"  accept  {condition}".rstrip()
        return
    if allowed:
        domains = f"domains = {'' if list(allowed) == ['local'] else '!'}+local_domains"
        yield f"  accept  {condition}" if condition else f"  accept  {domains}"
        yield from [f"          {domains}"] if condition else []
    yield f"  {refuse}   message = relay not permitted"
    yield from [f"          {condition}"] if condition else []


# The lab, and the shell -----------------------------------------------------------------------------


def lab(setting: Setting, scene: Scene) -> str:
    """What makes a fresh lab's server relay like this."""
    usual = {cell for cell in CELLS if cell != ("outsider", "elsewhere")}
    lines = [f"mta = lab.mta({scene.server!r})", f"mta.relay.inside = {setting.inside!r}"]
    changed = [cell for cell in CELLS if (cell in setting.allowed) is not (cell in usual)]
    lines += (
        f"mta.relay.set({who!r}, {where!r}, {(who, where) in setting.allowed})" for who, where in changed
    )
    if setting.denial.code < 500:
        lines += ["from smtplab import Reply", f"mta.relay.denial = {setting.denial!r}"]
    if setting.gateway:
        lines.append(f"lab.network.put_behind_nat(mta.host, {setting.gateway!r})")
    return "\n".join(lines) + "\n"


def swaks(setting: Setting, scene: Scene, targets: Mapping[int, Target]) -> str:
    """The trials that a program outside the lab can make: it comes from the visitor's address."""
    seen = "a stranger"
    if setting.gateway:
        seen = f"{setting.gateway}, like everyone behind that gateway"
    note = f"""\
        # A program outside the lab comes from the visitor's address: the server takes it for {seen}.
        # So the inside row cannot be tried from here; it is the stranger's line, said from an inside host.
        """
    rows: list[Who] = ["outsider", "authenticated"]
    tries = (
        f"# {who}, {where}\n{_tried(scene, targets, (who, where), swaks_code)}"
        for who in rows
        for where in WHERE
    )
    return dedent(note) + "\n" + "\n".join(tries)


def _tried(scene: Scene, targets: Mapping[int, Target], cell: Cell, code: object) -> str:
    """One trial in the language of `code`."""
    client: Client = scene.clients[cell[0]]
    assert callable(code)
    return str(code(targets[client.port], client.script(scene.recipients[cell[1]])))
