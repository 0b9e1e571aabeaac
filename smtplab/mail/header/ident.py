"""Message-ID, In-Reply-To and References: what a message is called, and by whom (RFC 5322 §3.6.4).

Is this a message id, and who may have made it? Its right side is by custom a domain of the maker's, but
nobody checks it: it is a hint. The author's mail program makes the id; a submission server adds one that
is missing (RFC 6409 §8.3); a relay must not (RFC 5321 §6.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import RecordError
from ..verdict import Step
from .field import Field, Message, fields, first, named

# msg-id = "<" id-left "@" id-right ">"; a dot-atom on both sides, or a domain literal on the right.
_ATEXT = r"[^\x00-\x20()<>\[\]:;@\\,.\"\x7f]"
_DOT_ATOM = rf"{_ATEXT}++(?:\.{_ATEXT}++)*+"
_VALID = re.compile(rf"<({_DOT_ATOM})@({_DOT_ATOM}|\[[!-Z^-~]*+\])>")
_OBSOLETE = re.compile(rf'<((?:{_ATEXT}|[.])++|"(?:[^"\\\r\n]++|\\.)*+")@((?:{_ATEXT}|[.])++)>')
_EACH = re.compile(r"<([^<>]*+)>")


@dataclass(frozen=True, slots=True)
class MessageId:
    """A message id as written, with its brackets, and its two sides; `fault` is "" for a valid one."""

    text: str
    left: str = ""
    right: str = ""
    fault: str = ""


def ids(value: str) -> tuple[str, ...]:
    """Every `<…>` in the value of Message-ID, In-Reply-To or References, in order, folds taken out."""
    return tuple(f"<{''.join(found.split())}>" for found in _EACH.findall(value) if found.strip())


def parse(value: str) -> MessageId:
    """The one message id of a Message-ID field. Raises RecordError for none and for several."""
    found = [*_EACH.finditer(value)]
    if not found:
        raise RecordError("a message id stands in angle brackets: <left@right>", value, (0, len(value)))
    if len(found) > 1:
        raise RecordError("a message has one message id", value, found[1].span())
    text = found[0][0]
    if valid := _VALID.fullmatch(text):
        return MessageId(text, valid[1], valid[2])
    if old := _OBSOLETE.fullmatch(text):
        return MessageId(text, old[1], old[2], "it is in the obsolete form of RFC 5322 §4.5.4")
    raise RecordError("a message id is <left@right>, without spaces and quotes", value, found[0].span())


def message_id(message: Message) -> str:
    """The first message id of a message, with its brackets, "" when it has none."""
    return next(iter(ids(first(fields(message), "Message-ID"))), "")


def explain(field: Field, all_fields: tuple[Field, ...], hosts: Iterable[str] = ()) -> tuple[Step, ...]:
    """Steps on a Message-ID: is it valid, and whose name does it carry?

    `hosts` are the hosts that the message is known to have passed. The sending domain is looked for in
    From and in the signatures as well.
    """
    try:
        found = parse(field.value)
    except RecordError as error:
        return (Step("syntax", error.message, "fail", "RFC 5322 §3.6.4"),)
    good = "It is a well-formed message id." if not found.fault else f"It can be read, but {found.fault}."
    steps = [Step("syntax", good, "pass" if not found.fault else "policy", "RFC 5322 §3.6.4")]
    steps.append(_maker(found, all_fields, hosts))
    return tuple(steps)


def _maker(found: MessageId, all_fields: tuple[Field, ...], hosts: Iterable[str]) -> Step:
    right = found.right.lower().strip("[]")
    matches = [host for host in hosts if related(right, host.lower())]
    if matches:
        why = (
            f"Its right side fits {matches[0]}, a host on the way, where it may have been made: a hint only."
        )
    elif domain := next((d for d in sending_domains(all_fields) if related(right, d)), ""):
        why = f"Its right side fits {domain}, the domain that the message claims to be from: a hint only."
    else:
        why = "Its right side fits no host and no domain that the rest of the header section names."
    return Step(f"made by {right}", why, "claimed", "RFC 5322 §3.6.4")


def sending_domains(all_fields: tuple[Field, ...]) -> tuple[str, ...]:
    """The domains of From and Sender: what the message claims to be from."""
    return _domains(named(all_fields, "From", "Sender"))


def author_domains(all_fields: tuple[Field, ...]) -> tuple[str, ...]:
    """The domains of every From field: whose the message claims to be (RFC 9989 §5.3.1)."""
    return _domains(named(all_fields, "From"))


def _domains(found: Iterable[Field]) -> tuple[str, ...]:
    from .address import mailboxes

    domains = (box.domain for field in found for box in mailboxes(field.value))
    return tuple(dict.fromkeys(domain for domain in domains if domain))


def related(one: str, other: str) -> bool:
    """Whether two names are the same, or one lies under the other."""
    return bool(one and other) and (
        one == other or one.endswith(f".{other}") or (other.endswith(f".{one}") and "." in one)
    )
