"""The mail map: its records, its geometry, its forms without a kernel, and map.js in a real browser."""

from __future__ import annotations

import itertools
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.errors import LabError
from smtplab.mail.text import visible
from smtplab.mail.topology import ROLES, Link, Place, Port, Topology
from smtplab.mail.transcript import Endpoint, Event, Side, Transcript
from smtplab.show import map as mail_map
from smtplab.show.map import MailMap, standalone, static
from smtplab.show.map_data import LATEST, LONGEST, Talks, dialogue_text, hosts, table
from smtplab.show.map_layout import Layout, layout
from smtplab.show.map_svg import ICONS, NAME_ROOM, gist, picture, shortened

SMTP = Port(25, "smtp", "starttls", ("127.0.0.1", 40101))
CAST = Topology(
    (
        Place(
            "alice.home.example", ("203.0.113.77",), ("MUA",), "", (), "Alice's laptop, on a home connection"
        ),
        Place(
            "mail.acorn.example",
            ("192.0.2.10", "2001:db8:a::10"),
            ("MSA", "MTA", "MDA"),
            "acorn.example",
            (SMTP, Port(465, "submissions", "implicit"), Port(587, "submission", "starttls")),
        ),
        Place("mx.birch.example", ("198.51.100.10",), ("MTA", "MDA"), "birch.example", (SMTP,)),
        Place("mx2.birch.example", ("198.51.100.11",), ("MTA",), "birch.example", (SMTP,)),
        Place("imap.birch.example", ("198.51.100.20",), ("MS",), "birch.example"),
        Place("out.relay.example", ("203.0.113.9",), ("MSA", "MTA"), "relay.example", (SMTP,)),
        Place("mx.list.example", ("192.0.2.50",), ("MTA",), "list.example", (SMTP,)),
        Place("mail.mallory.example", ("203.0.113.66",), ("MTA", "attacker"), "mallory.example", (SMTP,)),
        Place("visitor.example", ("203.0.113.200",)),
        Place("ns.example", ("192.0.2.53",), ("DNS",), "", (Port(53, "domain"),)),
    ),
    (
        Link("alice.home.example", "mail.acorn.example", "587 or 465"),
        Link("mail.acorn.example", "mx.birch.example", "direct delivery"),
        Link("mail.acorn.example", "mx2.birch.example", "25"),
        Link("mail.acorn.example", "out.relay.example", "587"),
        Link("out.relay.example", "mx.birch.example", "25"),
        Link("mx.list.example", "mx.birch.example", "25"),
        Link("mx2.birch.example", "imap.birch.example"),
        Link("mx.birch.example", "imap.birch.example"),
        Link("mail.mallory.example", "mx.birch.example", "25"),
    ),
)
PATH = (("alice.home.example", "mail.acorn.example"), ("mail.acorn.example", "mx.birch.example"))
HOSTILE = '<script>window.pwned=1</script>"><img src=x onerror=window.pwned=1>\u202e\x1b[31m'


def talk(
    number: int, client: str, server: str, *said: str, closed: bool = True, port: int = 25
) -> Transcript:
    """A transcript; what is `said` begins with C or S."""
    ends = Endpoint(client, "192.0.2.1", 40000), Endpoint(server, "192.0.2.2", port)
    made = Transcript(number, *ends, datetime(2026, 1, 5, tzinfo=UTC), closed=closed)
    made.events += [
        Event(0.001 * at, Side(line[0]), line[2:].encode() + b"\r\n") for at, line in enumerate(said)
    ]
    return made


REFUSED = talk(
    1,
    "mail.mallory.example",
    "mx.birch.example",
    "S 220 mx.birch.example",
    "C MAIL",
    "S 503 5.5.1 Send EHLO first",
)
OPEN = talk(2, "visitor.example", "mx.birch.example", "S 220 mx.birch.example ESMTP", closed=False)


# Records


def test_a_place_is_found_as_dns_finds_names() -> None:
    assert CAST.place("MX.Birch.Example.") is CAST.places[2]
    assert CAST.place("nobody.example") is None


def test_domains_keep_their_order_and_their_hosts() -> None:
    admds = CAST.admds()
    assert list(admds)[:3] == ["", "acorn.example", "birch.example"]
    assert [place.name for place in admds["birch.example"]][-1] == "imap.birch.example"
    assert {place.name for place in admds[""]} == {"alice.home.example", "visitor.example", "ns.example"}


def test_only_attackers_are_hostile() -> None:
    assert [place.name for place in CAST.places if place.hostile] == ["mail.mallory.example"]


def test_every_role_is_explained_and_cites_its_source() -> None:
    for role, (title, what, ref) in ROLES.items():
        assert title and what
        assert re.fullmatch(r"RFC \d+ §[\d.]+", ref) or role == "attacker"


def test_a_host_is_described_with_ports_and_links() -> None:
    acorn = hosts(CAST)[1]
    assert [port["tls"] for port in acorn["ports"]] == ["STARTTLS", "implicit", "STARTTLS"]
    assert [port["real"] for port in acorn["ports"]] == ["127.0.0.1:40101", "", ""]
    assert acorn["from"] == [{"name": "alice.home.example", "label": "587 or 465"}]
    assert len(acorn["to"]) == 3
    assert acorn["roles"][0] == {
        "role": "MSA",
        "title": "Mail Submission Agent",
        "what": ROLES["MSA"][1],
        "ref": "RFC 5598 §4.3.1",
    }


# Transcripts


def rows_of(name: str, *transcripts: Transcript) -> dict[str, Any]:
    number = next(at for at, place in enumerate(CAST.places) if place.name == name)
    return Talks(CAST).rows(transcripts)[number]


def test_a_talk_stands_with_both_its_ends() -> None:
    there = rows_of("mx.birch.example", REFUSED, OPEN)
    assert [(row["number"], row["way"], row["peer"]) for row in there["rows"]] == [
        (2, "from", "visitor.example"),
        (1, "from", "mail.mallory.example"),
    ]
    other = rows_of("mail.mallory.example", REFUSED, OPEN)
    assert [(row["way"], row["peer"], row["port"]) for row in other["rows"]] == [
        ("to", "mx.birch.example", 25)
    ]
    assert rows_of("ns.example", REFUSED) == {"total": 0, "rows": []}


def test_a_talk_ends_with_the_last_reply() -> None:
    ended = Talks(CAST).how(REFUSED)
    assert ended == {"sign": "✕", "code": "503", "said": "5.5.1 Send EHLO first", "class": "no"}
    assert Talks(CAST).how(OPEN)["said"].startswith("open, ")
    silent = talk(3, "a", "b")
    assert Talks(CAST).how(silent)["said"] == "no reply"


def test_a_talk_that_goes_on_is_read_again() -> None:
    talks, growing = Talks(CAST), talk(4, "visitor.example", "mx.birch.example", "S 220 hello", closed=False)
    assert talks.how(growing)["code"] == "220"
    growing.events += [Event(1.0, Side.CLIENT, b"QUIT\r\n"), Event(1.1, Side.SERVER, b"221 2.0.0 Bye\r\n")]
    assert talks.how(growing)["code"] == "221"


def test_only_the_latest_talks_are_listed_and_all_are_counted() -> None:
    many = [talk(number, "visitor.example", "mx.birch.example", "S 220 x") for number in range(LATEST + 5)]
    there = rows_of("mx.birch.example", *many)
    assert there["total"] == LATEST + 5
    assert [row["number"] for row in there["rows"]] == list(range(LATEST + 4, 4, -1))


def test_a_long_dialogue_is_cut_and_says_so() -> None:
    long = talk(5, "a", "b", "S 220 " + "x" * (2 * LONGEST))
    text = dialogue_text(long)
    assert len(text) < LONGEST + 60
    assert text.endswith("characters more)")


# Geometry


def crossings(drawn: Layout) -> list[str]:
    """Where a line runs through a card that it does not belong to, or leaves the picture."""
    found = []
    for route in drawn.routes:
        for (x1, y1), (x2, y2) in itertools.pairwise(route.points):
            low, high = (min(x1, x2), min(y1, y2)), (max(x1, x2), max(y1, y2))
            if low[0] < 0 or low[1] < 0 or high[0] > drawn.width or high[1] > drawn.height:
                found.append(f"{route.link.a} to {route.link.b} leaves the picture")
            found += [
                f"{route.link.a} to {route.link.b} crosses {card.place.name}"
                for card in drawn.cards
                if low[0] < card.right and high[0] > card.x and low[1] < card.bottom and high[1] > card.y
            ]
    return found


def overlaps(drawn: Layout) -> list[str]:
    return [
        f"{a.place.name} and {b.place.name}"
        for a, b in itertools.combinations(drawn.cards, 2)
        if a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom
    ]


def column(name: str, topology: Topology = CAST) -> int:
    return next(card.column for card in layout(topology).cards if card.place.name == name)


def test_mail_travels_from_left_to_right() -> None:
    assert column("alice.home.example") == column("mail.acorn.example") == 0
    assert column("out.relay.example") == column("mx.list.example") == 1
    assert column("mx.birch.example") == column("imap.birch.example") == 2


def test_outsiders_stand_with_the_senders_and_name_servers_with_the_receivers() -> None:
    assert column("visitor.example") == column("mail.mallory.example") == 0
    assert column("ns.example") == 2


def test_two_domains_that_write_to_each_other_face_each_other() -> None:
    both = Topology(
        (
            Place("mail.left.example", (), ("MSA", "MTA", "MDA"), "left.example"),
            Place("mail.right.example", (), ("MSA", "MTA", "MDA"), "right.example"),
            Place("ann", (), ("MUA",)),
            Place("bob", (), ("MUA",)),
        ),
        (
            Link("ann", "mail.left.example"),
            Link("bob", "mail.right.example"),
            Link("mail.left.example", "mail.right.example"),
            Link("mail.right.example", "mail.left.example"),
        ),
    )
    assert [column(name, both) for name in ("ann", "mail.left.example")] == [0, 0]
    assert [column(name, both) for name in ("bob", "mail.right.example")] == [1, 1]


def test_the_same_network_always_gives_the_same_picture() -> None:
    assert layout(CAST, PATH) == layout(CAST, PATH)
    assert str(picture(CAST, PATH)) == str(picture(CAST, PATH))


def test_the_cast_is_drawn_without_crossings() -> None:
    assert crossings(layout(CAST, PATH)) == []
    assert overlaps(layout(CAST, PATH)) == []


def test_a_line_makes_no_detour() -> None:
    drawn = layout(CAST, [("mail.mallory.example", "mx2.birch.example")])
    (hop,) = (route for route in drawn.routes if route.hop)
    heights = [y for _, y in hop.points]
    assert min(heights) >= min(heights[0], heights[-1]) - 40
    assert max(heights) <= max(heights[0], heights[-1]) + 40


def test_the_direct_way_is_straight() -> None:
    (hop,) = (route for route in layout(CAST, PATH).routes if route.hop == 2)
    assert len(hop.points) == 2 and hop.points[0][1] == hop.points[1][1]


NAMES = st.integers(0, 11)
HOPS = st.lists(st.tuples(NAMES, NAMES), max_size=14)


def drawn_well(topology: Topology, hops: list[tuple[int, int]]) -> Layout:
    names = [place.name for place in topology.places]
    path = [(names[a], names[b]) for a, b in hops if max(a, b) < len(names)]
    drawn = layout(topology, path)
    assert len(drawn.cards) == len(names)
    assert overlaps(drawn) == []
    assert crossings(drawn) == []
    ET.fromstring(standalone(topology, path))
    return drawn


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(list(ROLES)), max_size=3, unique=True), st.integers(0, 5)),
        max_size=12,
    ),
    HOPS,
    HOPS,
)
def test_any_network_is_drawn_without_crossings(
    places: list[tuple[list[Any], int]], links: list[tuple[int, int]], hops: list[tuple[int, int]]
) -> None:
    made = tuple(
        Place(f"h{at}", ("192.0.2.1",) * (at % 3), tuple(roles), f"d{admd}.example" if admd else "")
        for at, (roles, admd) in enumerate(places)
    )
    drawn_well(Topology(made, tuple(Link(f"h{a}", f"h{b}", "25") for a, b in links)), hops)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 2), st.integers(1, 5), st.integers(1, 4), HOPS)
def test_three_columns_are_drawn_without_crossings(
    senders: int, between: int, takers: int, hops: list[tuple[int, int]]
) -> None:
    made = [Place(f"user{n}.example", (), ("MUA",)) for n in range(senders)]
    made += [Place(f"send{n}.example", (), ("MSA",), f"send{n}.example") for n in range(senders)]
    made += [Place(f"pass{n}.example", ("192.0.2.1",), ("MTA",), f"pass{n}.example") for n in range(between)]
    made += [Place(f"take{n}.example", (), ("MDA",), f"take{n % 2}.example") for n in range(takers)]
    links = [Link(f"user{n}.example", f"send{n}.example") for n in range(senders)]
    links += [Link(f"pass{n}.example", "take0.example") for n in range(between)]
    drawn = drawn_well(Topology(tuple(made), tuple(links)), hops)
    assert {card.column for card in drawn.cards} == {0, 1, 2}


def test_a_hop_is_drawn_even_where_there_is_no_link() -> None:
    drawn = layout(CAST, [("visitor.example", "mx2.birch.example"), ("nobody", "mx.birch.example")])
    assert [(route.link.a, route.hop) for route in drawn.routes if route.hop] == [("visitor.example", 1)]


def test_a_link_to_a_host_that_is_not_there_is_left_out() -> None:
    drawn = layout(
        Topology(CAST.places, (Link("mx.birch.example", "nobody"), Link("ns.example", "ns.example")))
    )
    assert drawn.routes == ()


# The picture


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_picture_says_who_is_who() -> None:
    said = texts(standalone(CAST, PATH))
    for place in CAST.places:
        assert shortened(place.name, NAME_ROOM) in said
    assert {"192.0.2.10", "2001:db8:a::10", "acorn.example", "ATTACKER", "MUA"} <= set(said)


def test_a_hop_has_a_number_where_a_link_has_a_label() -> None:
    with_path, without = texts(standalone(CAST, PATH)), texts(standalone(CAST))
    assert with_path.count("1") == with_path.count("2") == 1
    assert "587 or 465" in without and "1" not in without
    assert "587 or 465" not in with_path


def test_an_attacker_differs_in_shape_and_word_and_drawing() -> None:
    card = re.compile(r'<g class="sm-card sm-hostile[^>]*>.*?</g></g>')
    (mallory,) = card.findall(str(picture(CAST)))
    assert "ATTACKER" in mallory
    assert '<path class="sm-edge"' in mallory
    assert ICONS["mask"] in mallory
    assert str(picture(CAST)).count('<rect class="sm-edge"') == len(CAST.places) - 1


def test_a_live_picture_has_a_button_for_each_host_and_a_still_one_none() -> None:
    live, still = str(picture(CAST, live=True)), str(picture(CAST))
    assert live.count('role="button"') == len(CAST.places)
    assert (
        'aria-label="mail.acorn.example, MSA MTA MDA, 192.0.2.10, 2001:db8:a::10, run by acorn.example"'
        in live
    )
    assert "button" not in still and "tabindex" not in still
    assert 'role="img"' in still


@pytest.mark.parametrize(
    ("note", "short"),
    [
        ("MX, preference 10", "MX, preference 10"),
        ("a forwarder: what comes for bob goes on", "a forwarder"),
        ("whoever connects from outside the lab", "whoever connects from …"),
        ("x" * 60, "x" * 27 + "…"),
        ("漢" * 20, "漢" * 13 + "…"),
        ("", ""),
    ],
)
def test_a_note_is_shortened_to_fit_a_card(note: str, short: str) -> None:
    assert gist(note) == short


# Hostile names


EVIL = Topology(
    (
        Place(HOSTILE, (HOSTILE,), ("MTA",), HOSTILE, (Port(25, HOSTILE, "none", (HOSTILE, 1)),), HOSTILE),
        Place("mx.birch.example", (), ("MTA",), "birch.example"),
    ),
    (Link(HOSTILE, "mx.birch.example", HOSTILE),),
)
EVIL_TALK = talk(7, HOSTILE, "mx.birch.example", f"C EHLO {HOSTILE}", f"S 501 5.5.4 {HOSTILE}")


@pytest.mark.parametrize(
    "shown",
    [
        str(picture(EVIL, live=True)),
        standalone(EVIL, [(HOSTILE, "mx.birch.example")]),
        str(static(EVIL, [EVIL_TALK], [(HOSTILE, "mx.birch.example")])),
        table(EVIL, [(HOSTILE, "mx.birch.example")]),
        json.dumps(hosts(EVIL), ensure_ascii=False),
        json.dumps(Talks(EVIL).rows([EVIL_TALK]), ensure_ascii=False),
        dialogue_text(EVIL_TALK),
    ],
    ids=["live", "svg", "html", "text", "hosts", "talks", "dialogue"],
)
def test_hostile_text_is_escaped_and_made_visible(shown: str) -> None:
    assert "\u202e" not in shown and "\x1b" not in shown
    if "<svg" in shown:
        assert "<script" not in shown and "<img" not in shown


def test_what_hides_is_seen_on_a_card_too() -> None:
    assert shortened("\u202eevil", NAME_ROOM) == "\\u202eevil"
    assert "\\u202eevil" in texts(standalone(Topology((Place("\u202eevil"),))))


def test_visible_changes_nothing_that_was_made_visible() -> None:
    assert visible(visible(HOSTILE)) == visible(HOSTILE)


# The widget, without a browser


def test_the_map_survives_without_a_kernel() -> None:
    bundle = MailMap(CAST, transcripts=[REFUSED, OPEN], path=PATH)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == table(CAST, PATH)
    ET.fromstring(bundle["image/svg+xml"])
    assert "prefers-color-scheme:dark" in bundle["image/svg+xml"]
    html = bundle["text/html"]
    assert "<script" not in html
    assert "&lt;** 503 5.5.1 Send EHLO first" in html
    assert "127.0.0.1:40101" in html and "Mail Submission Agent" in html


def test_the_text_form_is_a_table_with_the_path() -> None:
    lines = table(CAST, PATH).splitlines()
    assert lines[0].split() == ["host", "run", "by", "roles", "addresses", "ports"]
    acorn = "mail.acorn.example acorn.example MSA MTA MDA 192.0.2.10 2001:db8:a::10 25 465 587"
    assert lines[2].split() == acorn.split()
    assert lines[-1] == "2. mail.acorn.example -> mx.birch.example"


def test_places_alone_make_a_map() -> None:
    made = MailMap(CAST.places)
    assert made.topology.links == ()
    assert repr(made).startswith("host")


def sent(made: MailMap) -> list[dict[str, Any]]:
    """What the map sends to the page from now on."""
    messages: list[dict[str, Any]] = []
    made._view.send = lambda content, buffers=None: messages.append(content)  # type: ignore[method-assign]
    return messages


def ask(made: MailMap, **content: Any) -> None:
    made._view._handle_custom_msg(content, [])


def test_refresh_asks_the_function_again() -> None:
    transcripts = [REFUSED]
    made = MailMap(CAST, transcripts=lambda: transcripts)
    assert made._view.talks[2]["total"] == 1
    transcripts.append(OPEN)
    ask(made, kind="refresh")
    assert made._view.talks[2]["total"] == 2
    assert made._view.disabled is False


def test_the_page_gets_a_dialogue_when_it_asks() -> None:
    made = MailMap(CAST, transcripts=[REFUSED])
    messages = sent(made)
    ask(made, kind="text", number=1)
    ask(made, kind="text", number=99)
    assert messages[0] == {"kind": "text", "number": 1, "text": dialogue_text(REFUSED)}
    assert messages[1]["text"] == "This transcript is no longer kept."


def test_a_failure_is_one_sentence_under_the_map() -> None:
    def gone() -> list[Transcript]:
        if calls:
            raise LabError("The lab has stopped: run lab = Lab() again.")
        calls.append(1)
        return []

    calls: list[int] = []
    made = MailMap(CAST, transcripts=gone)
    ask(made, kind="refresh")
    assert "The lab has stopped: run lab = Lab() again." in made._notice.value
    assert made._view.disabled is False
    ask(made, kind="nonsense")
    assert "The lab has stopped" in made._notice.value


# map.js in a browser, with a stand-in for the kernel


PAGE = """
<!doctype html><html lang="en"><meta charset="utf-8"><title>map</title><style>%s</style>
<body><main id="at"></main><script type="module">
%s
const state = %s, handlers = {}, sent = [];
const model = {
  get: (name) => state[name],
  set: (name, value) => { state[name] = value; (handlers["change:" + name] ?? []).forEach((f) => f()); },
  on: (event, f) => (handlers[event] ??= []).push(f),
  off: (event, f) => { handlers[event] = handlers[event].filter((g) => g !== f); },
  send: (content) => sent.push(content),
  say: (content) => handlers["msg:custom"].forEach((f) => f(content)),
};
window.lab = { model, sent, handlers, leave: widget.render({ model, el: document.getElementById("at") }) };
</script></body></html>
"""


@pytest.fixture
def show(browser: Any) -> Iterator[Callable[..., Any]]:
    pages, errors = [], []

    def make(made: MailMap, width: int = 1300, scheme: str = "light") -> Any:
        page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
        page.on("pageerror", lambda error: errors.append(str(error)))
        script = mail_map.SCRIPT
        view = made._view
        names = ("svg", "hosts", "talks", "legend", "how_to", "disabled", "steps", "code")
        state = json.dumps({name: getattr(view, name) for name in names}).replace("<", "\\u003c")
        page.set_content(PAGE % (view._css, script.replace("export default", "const widget ="), state))
        page.wait_for_selector("#at svg")
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.close()
    assert errors == []


def card(page: Any, name: str) -> Any:
    return page.locator(f'[data-place][aria-label^="{name},"]')


def test_a_click_opens_a_host(show: Callable[..., Any]) -> None:
    page = show(MailMap(CAST, transcripts=[REFUSED, OPEN]))
    assert page.locator(".sm-panel h3").inner_text() == "Who is who"
    card(page, "mx.birch.example").click()
    assert page.locator(".sm-panel h3").inner_text() == "mx.birch.example"
    assert card(page, "mx.birch.example").get_attribute("aria-pressed") == "true"
    panel = page.locator(".sm-panel").inner_text()
    for words in (
        "Mail Delivery Agent (MDA)",
        "127.0.0.1:40101",
        "RFC 5598 §4.3.3",
        "Transcripts (2)",
        "✕ 503",
    ):
        assert words in panel
    assert page.evaluate("lab.sent") == [{"kind": "refresh"}]


def test_a_dialogue_is_fetched_when_it_is_unfolded(show: Callable[..., Any]) -> None:
    page = show(MailMap(CAST, transcripts=[REFUSED]))
    card(page, "mx.birch.example").click()
    page.locator("summary").click()
    page.wait_for_function("lab.sent.length == 2")
    assert page.evaluate("lab.sent[1]") == {"kind": "text", "number": 1}
    page.evaluate("text => lab.model.say({kind: 'text', number: 1, text})", dialogue_text(REFUSED))
    assert "<** 503 5.5.1 Send EHLO first" in page.locator("pre").inner_text()


def test_a_refresh_keeps_what_is_unfolded_and_the_focus(show: Callable[..., Any]) -> None:
    page = show(MailMap(CAST, transcripts=[REFUSED]))
    card(page, "mx.birch.example").click()
    page.locator("summary").click()
    page.evaluate("lab.model.say({kind: 'text', number: 1, text: 'what was said'})")
    page.locator(".sm-refresh").focus()
    later = Talks(CAST).rows([REFUSED, OPEN])
    page.evaluate("talks => lab.model.set('talks', talks)", later)
    assert page.locator(".sm-talks details").count() == 2
    assert page.locator("details[open] pre").inner_text() == "what was said"
    assert page.evaluate("document.activeElement.className") == "sm-refresh"
    page.evaluate("lab.model.set('disabled', true)")
    assert page.locator(".sm-refresh").is_disabled()


def test_the_keyboard_does_it_all(show: Callable[..., Any]) -> None:
    page = show(MailMap(CAST, transcripts=[REFUSED]))

    def focused() -> str:
        return page.evaluate("(document.activeElement.getAttribute('aria-label') ?? '').split(',')[0]")

    page.keyboard.press("Tab")
    assert focused() == "mail.acorn.example"
    page.keyboard.press("ArrowDown")
    assert focused() == "alice.home.example"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    assert focused() == "out.relay.example"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert focused() == "mx2.birch.example"
    page.keyboard.press("ArrowUp")
    assert focused() == "mx.birch.example"
    page.keyboard.press("Space")
    assert page.locator(".sm-panel h3").inner_text() == "mx.birch.example"
    assert focused() == "mx.birch.example"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "H3"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "sm-refresh"
    page.keyboard.press("Escape")
    assert focused() == "mx.birch.example"
    assert "mx.birch.example; ports: 1; transcripts: 1" in page.locator("[role=status]").inner_text()


@pytest.mark.parametrize(("width", "beside"), [(1300, True), (790, False)])
def test_the_panel_moves_below_where_the_page_is_narrow(
    show: Callable[..., Any], width: int, beside: bool
) -> None:
    page = show(MailMap(CAST), width=width)
    stage, panel = (page.locator(name).bounding_box() for name in (".sm-stage", ".sm-panel"))
    assert (panel["x"] >= stage["x"] + stage["width"]) is beside
    assert (panel["y"] >= stage["y"] + stage["height"]) is not beside
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_hostile_text_does_nothing_in_the_browser(show: Callable[..., Any]) -> None:
    page = show(MailMap(EVIL, transcripts=[EVIL_TALK], path=[(HOSTILE, "mx.birch.example")]))
    page.locator("[data-place='0']").click()
    page.locator("summary").click()
    page.evaluate("text => lab.model.say({kind: 'text', number: 7, text})", dialogue_text(EVIL_TALK))
    assert "<script>" in page.locator("pre").inner_text()
    assert page.locator("#at script, #at img").count() == 0
    assert page.evaluate("window.pwned") is None


def test_leaving_the_page_stops_listening(show: Callable[..., Any]) -> None:
    page = show(MailMap(CAST))
    page.evaluate("lab.leave()")
    assert page.evaluate("Object.values(lab.handlers).flat().length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(show: Callable[..., Any], scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = show(MailMap(CAST, transcripts=[REFUSED], path=PATH), scheme=scheme)
    card(page, "mx.birch.example").click()
    page.locator("summary").click()
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
