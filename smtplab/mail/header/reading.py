"""Reading a header section from the top: what each field is, who wrote it, and what it is worth.

`read` answers field by field: is this evidence, because a host that you trust wrote it, or a claim that came
in with the message? What stands twice though it may stand once is named, because programs differ in which
of two From fields they show. No signature is verified, no name is looked up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from ..errors import RecordError
from ..hosts import Trusted
from ..path import Path
from ..verdict import Step, Verdict
from . import arc, date, filters, ident, lists, results, signature
from .address import mailboxes, posing
from .field import Field, Message, fields
from .kinds import KINDS, WRITERS, Kind, kind
from .trust import Boundary, boundary

SKEW = timedelta(minutes=5)  # clocks differ by this much without any meaning
MOST = 100  # characters of a field that a step repeats
DETAILED = 50  # fields of one name that are looked into: each may look at all others, so there is an end

_RESULTS = "authentication-results"


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the readers of single fields look around in."""

    fields: tuple[Field, ...]
    trusted: Trusted
    boundary: Boundary
    counts: Counter[str]


def read(message: Message, *, trusted: Iterable[str] = ()) -> Verdict:
    """Every field in order, each a Step: what it is, who writes it, and evidence ("known") or "claimed".

    `trusted` are your hosts, as for `received.chain`: "mx.birch.example", ".birch.example" (the domain and
    all below it), addresses and networks. Under those names they also write Authentication-Results. The
    result is "fail" when a field stands too often or is missing (RFC 5322 §3.6), "known" when there is any
    evidence, else "claimed". Raises RecordError for an entry of `trusted` that is none of these, and for
    nothing in the message.
    """
    known = fields(message)
    scene = _scene(known, trusted)
    steps = [_field(scene, place, field) for place, field in enumerate(known)]
    steps += _missing(scene)
    count = sum(step.result == "known" for step in steps)
    broken = any(step.result == "fail" for step in steps)
    question = f"which of these {len(known)} fields are evidence ({count}), and which are claims?"
    return Verdict(
        "fail" if broken else "known" if count else "claimed", "header section", question, tuple(steps)
    )


def authentication(message: Message, *, trusted: Iterable[str] = ()) -> Verdict:
    """The Authentication-Results of a message, from the top: what each says, and whether it counts.

    "known" when there is one that counts, "claimed" when there are only others, "none" without any
    (RFC 8601 §5). Raises RecordError for an entry of `trusted` that names no host.
    """
    known = fields(message)
    scene = _scene(known, trusted)
    steps = [_field(scene, place, field) for place, field in enumerate(known) if field.key == _RESULTS]
    found = {step.result for step in steps}
    result = "known" if "known" in found else "claimed" if found else "none"
    return Verdict(result, "authentication results", "who says that this message was checked?", tuple(steps))


def _scene(known: tuple[Field, ...], trusted: Iterable[str]) -> _Scene:
    mine = Trusted.of(trusted)
    return _Scene(known, mine, boundary(known, mine), Counter(field.key for field in known))


def _field(scene: _Scene, place: int, field: Field) -> Step:
    if not field.is_read:
        why = "No header field: it has no name and colon. Some programs take the rest for the body."
        return Step(f"line {field.line}", why, "fail", "RFC 5322 §2.2")
    what = kind(field.name)
    ground, is_known = _ground(scene, place, field, what)
    details = DETAILS.get(field.key) if field.occurrence <= DETAILED else None
    inner = details(scene, field) if details else ()
    result = "known" if is_known else "claimed"
    if what.most and scene.counts[field.key] > what.most:
        often = (
            f"Number {field.occurrence} of {scene.counts[field.key]}, where there may be one: "
            "programs differ in which of them they show and which they check."
        )
        inner, result = (Step("too often", often, "fail", "RFC 5322 §3.6"), *inner), "fail"
    why = f"{what.what}, {WRITERS[what.writer]}: {ground}."
    return Step(f"{field.name}: {_short(field.value)}", why, result, what.ref, inner)


def _ground(scene: _Scene, place: int, field: Field, what: Kind) -> tuple[str, bool]:
    """Why it can be believed, or not, and which of the two."""
    inside = place < scene.boundary.inside
    if field.key == _RESULTS:
        return _ground_of_results(scene, inside, field)
    if inside and field.key == "received":
        return f"evidence, for {scene.boundary.writers[place] or 'it'} is a host that you trust", True
    if inside and what.writer in ("receiver", "last", "filter"):
        return "evidence, for it stands above the lowest line of your hosts", True
    if field.key == "dkim-signature" or field.key.startswith("arc-"):
        return "a claim until somebody verifies it", False
    if what.writer in ("author", "submission"):
        return "a claim, for the sender can write anything here", False
    if scene.trusted:
        newest = next(iter(scene.boundary.writers.values()), "")
        write = "" if scene.boundary.inside else scene.trusted.advice(newest)
        return f"a claim, for it does not stand where only your hosts can write{write}", False
    return "a claim, for you have named no host that you trust", False


def _ground_of_results(scene: _Scene, inside: bool, field: Field) -> tuple[str, bool]:
    name = results.parse(field.value).authserv_id
    mine = scene.trusted.name(name)
    if mine and inside:
        return f"evidence, for it carries the name of your {name}, above the lowest line of your hosts", True
    if mine:
        return (
            f"a claim, for it names {name} but stands below the lowest line of your hosts: "
            "unless they remove such fields from what comes in, the sender may have written it",
            False,
        )
    write = scene.trusted.advice(name)
    return f"a claim, for {name or 'a host that it does not name'} is none of yours{write}", False


def _missing(scene: _Scene) -> Iterator[Step]:
    for name, what in KINDS.items():
        if scene.counts[name] < what.least:
            why = "It is missing, and every message has one."
            yield Step(name.title(), why, "fail", "RFC 5322 §3.6")


def _short(value: str) -> str:
    value = " ".join(value[: 2 * MOST].split())
    return value if len(value) <= MOST else f"{value[:MOST]}…"


# the readers of single fields -----------------------------------------------------------------------


def _date(scene: _Scene, field: Field) -> tuple[Step, ...]:
    try:
        moment = date.parse(field.value)
    except RecordError as error:
        return (Step("syntax", error.message, "fail", "RFC 5322 §3.3"),)
    steps = []
    if not moment.weekday_right:
        steps.append(Step("day of the week", "That day is another day of the week.", "policy"))
    taken = scene.boundary.taken
    if taken is None:
        steps.append(Step("first hop", "No Received field says when the message began its way.", "none"))
    elif abs(skew := taken - moment.when) <= SKEW:
        steps.append(Step("first hop", "The first host took the message at about that time.", "none"))
    else:
        order = "after" if skew > timedelta(0) else "before"
        why = (
            f"The first host says that it took the message {abs(skew)} {order} that: it waited, a clock is "
            "wrong, or one of the two was made up."
        )
        steps.append(Step("first hop", why, "policy", "RFC 5322 §3.6.1"))
    return tuple(steps)


def _from(scene: _Scene, field: Field) -> tuple[Step, ...]:
    boxes = mailboxes(field.value)
    steps = []
    if len(boxes) > 1:
        steps.append(Step("several", "There are several authors: a Sender field is needed.", "policy"))
    for box in boxes:
        if other := posing(box):
            why = f"The name looks like an address, but the address is {box.address or 'missing'}."
            steps.append(Step(other, why, "policy", "RFC 5322 §3.4"))
    return tuple(steps)


def _return_path(scene: _Scene, field: Field) -> tuple[Step, ...]:
    try:
        path = Path.parse(field.value)
    except RecordError as error:
        return (Step("syntax", error.message, "fail", "RFC 5321 §4.4"),)
    if path.is_null:
        return (Step("<>", "Nobody is to be told of a failure: a DSN comes so.", "none", "RFC 5321 §4.5.5"),)
    same = path.domain.lower() in ident.sending_domains(scene.fields)
    why = "It is in the domain of From too." if same else "It is in another domain than From, as may well be."
    return (Step(str(path), why, "none"),)


def _message_id(scene: _Scene, field: Field) -> tuple[Step, ...]:
    hosts = [host for host in reversed(tuple(scene.boundary.writers.values())) if host]
    return ident.explain(field, scene.fields, hosts)


def _results(scene: _Scene, field: Field) -> tuple[Step, ...]:
    found = results.parse(field.value)
    steps = [
        Step(
            f"{one.method}={one.result}",
            "; ".join([*map(str, one.properties), *one.comments, *([one.reason] if one.reason else [])]),
            ref="RFC 8601 §2.7",
        )
        for one in found.results
    ]
    if not found.results:
        steps.append(Step("none", "It says that nothing was checked.", "none", "RFC 8601 §2.2"))
    if found.unread:
        steps.append(Step("unread", f"It also says, in no known form: {' '.join(found.unread)}."))
    return tuple(steps)


DETAILS: dict[str, Callable[[_Scene, Field], tuple[Step, ...]]] = {
    "date": _date,
    "from": _from,
    "return-path": _return_path,
    "message-id": _message_id,
    _RESULTS: _results,
    "arc-authentication-results": _results,
    "dkim-signature": lambda scene, field: signature.explain(field, scene.fields),
    "arc-seal": lambda scene, field: arc.explain_seal(field, scene.fields, scene.trusted),
    "auto-submitted": lambda scene, field: lists.explain_auto(field),
    **{
        name: lambda scene, field: lists.explain_list(field, scene.fields)
        for name in KINDS
        if name.startswith("list-")
    },
    **{name.lower(): lambda scene, field: filters.explain(field) for name in filters.NAMES},
}
