"""The relay policy table: what its controls do to a real server, what it shows, also in a browser."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from itertools import product
from typing import Any

import pytest

from smtplab.desk import Lab
from smtplab.lab.relay import DEFERRED, DENIED
from smtplab.mail.errors import LabError
from smtplab.mail.relaying import CELLS, PRESETS, Cell, Setting
from smtplab.mail.reply import Reply
from smtplab.show import code_tabs, theme
from smtplab.show.relay_code import exim, postfix, relay_code
from smtplab.show.relay_parts import cell_of, key, name
from smtplab.show.relay_table import PolicyTable

SERVER = "mail.acorn.example"
HOLE: Cell = ("outsider", "elsewhere")
HOSTILE = '<script>window.pwned = 1</script><img src=x onerror="window.pwned = 1">\u202e\x1b[31m'
TABLES = [
    frozenset(c for c, yes in zip(CELLS, bits, strict=True) if yes) for bits in product((0, 1), repeat=6)
]


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running
        running.settle()
        assert running._world.errors == []


@pytest.fixture
def table(lab: Lab) -> PolicyTable:
    return lab.relay_table(SERVER)


def press(table: PolicyTable, do: str, value: str = "", cell: Cell | None = None) -> None:
    """What the page does: one message to the kernel."""
    content = {"do": do, "value": value} | ({"cell": key(cell)} if cell else {})
    table._asked(table, content, [])


class Buttons(HTMLParser):
    """The controls of a piece of markup, as their attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("button", "input"):
            self.found.append({name: value or "" for name, value in attributes})


def control(table: PolicyTable, wanted: str) -> dict[str, str]:
    """The control with this key."""
    markup = "".join(table.parts.values())
    return next(one for one in Buttons(markup).found if one.get("data-key") == wanted)


def text(markup: str) -> str:
    """What a reader sees of it."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup))


# Switches -------------------------------------------------------------------------------------------


def test_it_shows_what_the_server_does(lab: Lab, table: PolicyTable) -> None:
    pressed = {cell: control(table, f"switch-{key(cell)}")["aria-pressed"] for cell in CELLS}
    assert pressed == {cell: str(cell != HOLE).lower() for cell in CELLS}
    assert "✓ Not an open relay" in table.parts["banner"]
    assert lab.transcripts == []  # it has tried nothing yet


@pytest.mark.parametrize("cell", CELLS, ids=key)
def test_a_switch_changes_the_server_and_nothing_else(lab: Lab, table: PolicyTable, cell: Cell) -> None:
    relay = lab.mta(SERVER).relay
    before = dict(relay.allowed)
    press(table, "switch", control(table, f"switch-{key(cell)}")["data-value"], cell)
    assert relay.allowed == before | {cell: not before[cell]}
    assert control(table, f"switch-{key(cell)}")["aria-pressed"] == str(not before[cell]).lower()
    press(table, "switch", control(table, f"switch-{key(cell)}")["data-value"], cell)
    assert relay.allowed == before


def test_a_switch_says_what_it_is_for(table: PolicyTable) -> None:
    assert control(table, f"switch-{key(HOLE)}")["aria-label"] == "outsider, elsewhere: denied"
    assert "✕ denied" in text(table.parts["table"])
    press(table, "switch", "true", HOLE)
    assert control(table, f"switch-{key(HOLE)}")["aria-label"] == "outsider, elsewhere: allowed"
    assert "✕ denied" not in text(table.parts["table"])


def test_the_banner_follows(table: PolicyTable) -> None:
    press(table, "switch", "true", HOLE)
    assert table.is_open
    assert "✕ Open relay" in table.parts["banner"]
    assert "rt-hole" in table.parts["table"]
    press(table, "switch", "false", HOLE)
    assert not table.is_open
    assert "rt-hole" not in table.parts["table"]


def test_what_a_cell_of_the_notebook_changed_is_seen(lab: Lab, table: PolicyTable) -> None:
    lab.mta(SERVER).relay.set(*HOLE, True)
    press(table, "look")
    assert "✕ Open relay" in table.parts["banner"]
    assert table.setting.allowed == frozenset(CELLS)


# Trials ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS, ids=key)
def test_trying_is_a_real_session(lab: Lab, table: PolicyTable, cell: Cell) -> None:
    press(table, "try", "", cell)
    transcript = lab.transcripts[-1]
    assert len(lab.transcripts) == 1
    assert table.tried[cell].transcript is transcript
    assert transcript.client.host == table.scene.clients[cell[0]].host
    lab.settle()
    assert lab.queue(SERVER) == []
    expected = "✕ 554 5.7.1 Relay access denied" if cell == HOLE else "✓ 250 2.1.5 Recipient OK"
    assert expected in text(table.parts["table"])
    assert table.tried[cell].accepted is (cell != HOLE)


def test_try_all_six(lab: Lab, table: PolicyTable) -> None:
    press(table, "all")
    assert [tried.cell for tried in table.tried.values()] == list(CELLS)
    assert len(lab.transcripts) == 6
    assert "Tried six: 5 accepted, 1 refused." in table.message


def test_a_trial_gets_the_answer_of_the_moment(table: PolicyTable) -> None:
    press(table, "try", "", HOLE)
    press(table, "switch", "true", HOLE)
    assert "tried before the last change" in table.parts["table"]
    press(table, "try", "", HOLE)
    assert "tried before the last change" not in table.parts["table"]
    reply = table.tried[HOLE].reply
    assert reply
    assert reply.code == 250


def test_a_change_elsewhere_does_not_make_a_trial_old(table: PolicyTable) -> None:
    press(table, "all")
    press(table, "switch", "false", ("inside", "local"))
    assert table.parts["table"].count("tried before the last change") == 1
    press(table, "deny", "454")  # only those that were refused would hear another reply
    assert table.parts["table"].count("tried before the last change") == 2


def test_a_refusal_for_another_reason_is_not_put_down_to_the_table(lab: Lab, table: PolicyTable) -> None:
    lab.blocklist.protect(lab.mta(SERVER), "trap@acorn.example")
    lab.blocklist.add("203.0.113.66", "by hand")
    press(table, "try", "", ("outsider", "local"))
    assert "blocked using bl.example" in table.parts["table"]
    assert "not the table&#39;s doing: read the words" in table.parts["table"]


def test_where_nobody_can_log_in(lab: Lab) -> None:
    table = lab.relay_table("mx.birch.example")
    press(table, "try", "", ("authenticated", "local"))
    shown = text(table.parts["table"])
    assert "tries to log in as bob@birch.example nobody can log in here" in shown
    assert "✕ 503 5.5.1 Authentication is not offered on this port" in shown


# The dialogue ---------------------------------------------------------------------------------------


def test_the_dialogue_of_a_trial_opens_and_closes(table: PolicyTable) -> None:
    press(table, "try", "", HOLE)
    assert table.opened == ""
    press(table, "open", "", HOLE)
    assert table.opened == key(HOLE)
    assert table.parts["dialogue"] == "Dialogue: outsider, elsewhere"
    assert "RCPT TO:" in table.view["picture"]
    panel = "".join(table.view["parts"][part] for part in table.view["panels"][table.focus])
    assert "One that did would be an open relay" in panel
    assert control(table, f"open-{key(HOLE)}")["aria-expanded"] == "true"
    press(table, "close")
    assert table.opened == ""
    assert control(table, f"open-{key(HOLE)}")["aria-expanded"] == "false"


def test_an_open_dialogue_follows_a_new_trial(lab: Lab, table: PolicyTable) -> None:
    press(table, "try", "", HOLE)
    press(table, "open", "", HOLE)
    press(table, "try", "", HOLE)
    assert table.source is lab.transcripts[-1]
    press(table, "try", "", ("inside", "local"))
    assert table.source is lab.transcripts[-2]
    press(table, "open", "", HOLE)  # its button once more
    assert table.opened == ""


def test_no_password_is_shown(table: PolicyTable) -> None:
    press(table, "try", "", ("authenticated", "local"))
    press(table, "open", "", ("authenticated", "local"))
    everything = str(table.view) + str(table.parts) + table._repr_mimebundle_()[0]["text/html"]
    dialogue = everything.partition("The same with")[0]
    assert "AUTH PLAIN" in dialogue
    assert "AGFsaWNl" not in dialogue
    assert "wonderland" not in dialogue


# Presets and the rest of the setting -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("mail exchanger", [250, 554, 250, 554, 250, 554]),
        ("submission server", [250, 250, 250, 250, 554, 554]),
        ("open relay", [250, 250, 250, 250, 250, 250]),
        ("the NAT trap", [250, 250, 250, 250, 250, 250]),
    ],
)
def test_presets_tried(table: PolicyTable, word: str, codes: list[int]) -> None:
    press(table, "preset", word)
    assert PRESETS[word][0] in table.message
    assert control(table, f"preset-{word}")["aria-pressed"] == "true"
    assert control(table, "reset")["aria-pressed"] == "false"
    assert [tried.reply.code for tried in table.attempt_all() if tried.reply] == codes
    press(table, "reset")
    assert control(table, "reset")["aria-pressed"] == "true"
    assert table.setting == table.usual


def test_the_nat_trap(lab: Lab, table: PolicyTable) -> None:
    press(table, "preset", "the NAT trap")
    press(table, "try", "", HOLE)
    shown = text(table.parts["table"])
    assert "✕ denied" in shown  # the switch
    assert "✓ 250 2.1.5 Recipient OK, will relay the server took it for inside" in shown
    assert "~ taken for inside, seen as 192.0.2.1" in shown
    assert "Every client seems to be 192.0.2.1, the gateway" in table.parts["banner"]
    assert lab.transcripts[-1].client.address == "192.0.2.1"
    press(table, "gateway", "false")
    assert lab.network.gateways == {}
    assert "✓ Not an open relay" in table.parts["banner"]


def test_networks_are_set_on_the_server(lab: Lab, table: PolicyTable) -> None:
    press(table, "inside", " 0.0.0.0/0,2001:db8:a::/48 ")
    assert lab.mta(SERVER).relay.inside == ("0.0.0.0/0", "2001:db8:a::/48")
    assert "though the table says no" in table.parts["banner"]
    assert control(table, "networks")["value"] == "0.0.0.0/0, 2001:db8:a::/48"
    press(table, "inside", "")
    assert lab.mta(SERVER).relay.inside == ()
    assert "~ taken for outsider" in text(table.parts["table"])


@pytest.mark.parametrize("wrong", ["192.0.2.9/24", "acorn.example", HOSTILE, "x" * 5000])
def test_what_is_no_network_is_one_sentence(lab: Lab, table: PolicyTable, wrong: str) -> None:
    press(table, "inside", wrong)
    assert "Write a network such as 192.0.2.0/24" in table.message
    assert "<script>" not in table.message
    assert "\u202e" not in table.message
    assert len(table.message) < 1000
    assert lab.mta(SERVER).relay.inside == ("192.0.2.0/28",)
    press(table, "switch", "false", ("inside", "local"))
    assert table.message == ""


@pytest.mark.parametrize(("code", "reply"), [("454", DEFERRED), ("554", DENIED)])
def test_the_wording_of_a_refusal(lab: Lab, table: PolicyTable, code: str, reply: Reply) -> None:
    press(table, "deny", code)
    assert lab.mta(SERVER).relay.denial == reply
    press(table, "try", "", HOLE)
    assert table.tried[HOLE].reply == reply
    assert "checked" in control(table, f"deny-{code}")
    assert sum("checked" in one for one in Buttons(table.parts["rules"]).found) == 1


# When it goes wrong -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda t: t.switch("insider", "local", True), "inside, authenticated, outsider, each with local"),
        (lambda t: t.attempt("outsider", "nowhere"), "each with local and elsewhere"),
        (
            lambda t: t.preset("best"),
            "There are: mail exchanger, submission server, open relay, the NAT trap",
        ),
        (lambda t: t.deny(250), "says 554 or 454, not 250"),
        (lambda t: t.dialogue(*HOLE), "Try outsider, elsewhere first"),
    ],
)
def test_mistakes_in_code_are_told(
    table: PolicyTable, act: Callable[[PolicyTable], object], words: str
) -> None:
    with pytest.raises(LabError, match=words):
        act(table)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"do": "launch"},
        {"do": "switch", "value": "true"},
        {"do": "switch", "cell": "insider-local", "value": "true"},
        {"do": "try", "cell": None},
        {"do": ["switch"], "cell": {}},
    ],
)
def test_what_the_page_never_says_does_nothing(lab: Lab, table: PolicyTable, content: dict[str, Any]) -> None:
    table._asked(table, content, [])
    assert table.setting == table.usual
    assert lab.transcripts == []


def test_a_lab_that_has_stopped_is_one_sentence() -> None:
    with Lab() as lab:
        table = lab.relay_table(SERVER)
    press(table, "try", "", HOLE)
    assert "lab = Lab()" in table.message
    assert "Traceback" not in table.message
    assert not table.disabled


def test_controls_rest_while_a_trial_runs(table: PolicyTable) -> None:
    seen: list[bool] = []
    table.observe(lambda change: seen.append(change["new"]), "disabled")
    press(table, "all")
    assert seen == [True, False]


def test_a_server_that_says_something_hostile(lab: Lab, table: PolicyTable) -> None:
    lab.mta(SERVER).relay.denial = Reply(554, "5.7.1", (HOSTILE,))
    press(table, "try", "", HOLE)
    press(table, "open", "", HOLE)
    bundle = table._repr_mimebundle_()[0]
    everything = str(table.parts) + str(table.view) + table.code + bundle["text/html"]
    assert "<script>window" not in everything
    assert "<img src=x" not in everything
    assert not {"\u202e", "\x1b"} & set(everything + bundle["text/plain"])
    assert "&lt;script&gt;" in table.parts["table"]


def test_one_press_takes_less_than_50_ms(table: PolicyTable) -> None:
    def cost() -> float:
        begun = time.process_time()
        press(table, "switch", "true", HOLE)
        return time.process_time() - begun

    assert sorted(cost() for _ in range(9))[4] < 0.05


# Without a kernel -------------------------------------------------------------------------------------


def test_the_still_form(table: PolicyTable) -> None:
    press(table, "all")
    bundle = table._repr_mimebundle_()[0]
    page = bundle["text/html"]
    assert not Buttons(page).found
    for words in ("✓ Not an open relay", "✕ denied", "✕ 554 5.7.1", "192.0.2.0/28", "The same with Postfix"):
        assert words in text(page)
    assert page.count("<details>") == 6 + 3
    assert "127.0.0.1:" not in page and "--port" not in page and "ca.pem" not in page  # gone with the lab
    assert page.count("<style>") == 1
    assert "image/svg+xml" not in bundle
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_the_text_form(table: PolicyTable) -> None:
    assert repr(table).splitlines()[-1] == "outsider       ✓ allowed         ✕ denied"
    press(table, "try", "", HOLE)
    assert repr(table).endswith("✕ denied, tried: 554 5.7.1 Relay access denied")
    assert repr(table).startswith("mail.acorn.example. Not an open relay: strangers reach")


def test_keys_lead_back_to_their_cells() -> None:
    assert [cell_of(key(cell)) for cell in CELLS] == list(CELLS)
    assert name(HOLE) == "outsider, elsewhere"


# Show the code ----------------------------------------------------------------------------------------


def acl(config: str, who: str, where: str) -> bool:
    """What an Exim so configured does with RCPT: the first statement whose conditions hold decides."""
    facts = {
        "authenticated = *": who == "authenticated",
        "hosts = +relay_from_hosts": who == "inside",
        "domains = +local_domains": where == "local",
        "domains = !+local_domains": where == "elsewhere",
    }
    statements: list[tuple[str, list[str]]] = []
    for line in config.partition("acl_check_rcpt:\n")[2].splitlines():
        verb, _, rest = line.strip().partition(" ") if line[2] != " " else ("", "", line.strip())
        if verb:
            statements.append((verb, []))
        if rest.strip() and not rest.strip().startswith("message"):
            statements[-1][1].append(rest.strip())
    return next(verb == "accept" for verb, conditions in statements if all(facts[c] for c in conditions))


def restrictions(config: str, parameter: str) -> list[str]:
    rest = config.partition(f"{parameter} =\n")[2]
    return [line.strip().rstrip(",") for line in rest.split("\n") if line.startswith("    ")] if rest else []


def postfix_says(config: str, who: str, where: str) -> bool:
    """What a Postfix with these parameters does: both lists are asked, the first word that fits ends each."""
    if "mynetworks = 0.0.0.0/0" in config and who == "outsider":
        who = "inside"
    means = {
        "permit_mynetworks": who == "inside" or None,
        "permit_sasl_authenticated": who == "authenticated" or None,
        "reject_unauth_destination": where == "local" or False,
        "defer_unauth_destination": where == "local" or False,
        "permit": True,
        "reject": False,
    }
    relay = config.partition("smtpd_recipient_restrictions")[0]
    lists = [
        restrictions(relay, "smtpd_relay_restrictions"),
        restrictions(config, "smtpd_recipient_restrictions"),
    ]
    return all(next((means[word] for word in one if means[word] is not None), True) for one in lists)


@pytest.mark.parametrize("denial", [DENIED, DEFERRED])
def test_exim_is_told_exactly_what_the_table_says(table: PolicyTable, denial: Reply) -> None:
    for allowed in TABLES:
        config = exim(replace(table.usual, allowed=allowed, denial=denial), table.scene)
        assert {(who, where) for who, where in CELLS if acl(config, who, where)} == allowed
        assert ("defer" in config) is (denial is DEFERRED and len(allowed) < 6)


def test_postfix_is_told_what_the_table_says_or_that_it_cannot_be(table: PolicyTable) -> None:
    exact = 0
    for allowed in TABLES:
        config = postfix(replace(table.usual, allowed=allowed))
        said = {(who, where) for who, where in CELLS if postfix_says(config, who, where)}
        if "no short form" not in config and HOLE not in allowed:
            assert said == allowed
            exact += 1
    assert exact >= 8
    for word in ("mail exchanger", "submission server", "the NAT trap", "open relay"):
        setting = PRESETS[word][1](table.usual, table.scene)
        config = postfix(setting)
        assert {(who, where) for who, where in CELLS if postfix_says(config, who, where)} == setting.allowed


def test_postfix_and_exim_write_networks_each_in_their_way(table: PolicyTable) -> None:
    setting = replace(table.usual, inside=("192.0.2.0/28", "2001:db8:a::/48"), denial=DEFERRED)
    assert "mynetworks = 127.0.0.0/8 192.0.2.0/28 [2001:db8:a::]/48" in postfix(setting)
    assert "    defer_unauth_destination\n" in postfix(setting)
    assert "<; 127.0.0.1 ; 192.0.2.0/28 ; 2001:db8:a::/48" in exim(setting, table.scene)


def test_the_lines_for_swaks_make_the_trials(
    lab: Lab, table: PolicyTable, need_program: Callable[..., str]
) -> None:
    need_program("swaks")
    assert table._code
    lines = [
        ln for ln in table._code(table.setting, table.scene)["swaks"].splitlines() if ln.startswith("swaks ")
    ]
    assert len(lines) == 4
    said = [
        subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=30).stdout for line in lines
    ]
    answers = [re.findall(r"(?:RCPT TO:.*\n)<.. (\d{3})", one) for one in said]
    assert answers == [["250"], ["554"], ["250"], ["250"]]
    assert [t.client.host for t in lab.transcripts] == ["visitor.example"] * 4


def test_the_snippet_for_smtplib_runs(table: PolicyTable) -> None:
    assert table._code
    code = table._code(table.setting, table.scene)["smtplib"]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "554" in done.stderr


@pytest.mark.parametrize("word", list(PRESETS))
def test_the_snippet_for_the_lab_makes_the_setting(table: PolicyTable, word: str) -> None:
    press(table, "preset", word)
    press(table, "deny", "454")
    wanted = table.setting
    assert table._code
    with Lab() as fresh:
        exec(table._code(wanted, table.scene)["this lab"], {"lab": fresh})
        assert fresh.relay_table(SERVER).setting == wanted


def test_the_code_follows_the_setting(table: PolicyTable) -> None:
    before = table.code
    press(table, "preset", "submission server")
    assert "smtpd_recipient_restrictions" in table.code
    assert table.code != before
    for tab in ("Postfix", "Exim", "swaks", "smtplib", "this lab"):
        assert f">{tab}</button>" in table.code


def test_any_setting_can_be_coded(lab: Lab, table: PolicyTable) -> None:
    targets = {port: lab._target(SERVER, port) for port in (25, 587)}
    for allowed in TABLES:
        made: Mapping[str, str] = relay_code(
            Setting(allowed, (), DEFERRED, "192.0.2.1"), table.scene, targets
        )
        assert all(made.values())


# In a browser, with a stand-in for the kernel ---------------------------------------------------------


PAGE = """
<!doctype html><html lang="en"><meta charset="utf-8"><title>relay</title><style>%s</style>
<body><main id="at"></main><script type="module">
%s
const state = %s, handlers = {}, sent = [];
const model = {
  get: (name) => state[name],
  set: (name, value) => { state[name] = value; (handlers["change:" + name] ?? []).forEach((f) => f()); },
  save_changes: () => {},
  on: (event, f) => (handlers[event] ??= []).push(f),
  off: (event, f) => { handlers[event] = handlers[event].filter((g) => g !== f); },
  send: (content) => sent.push(content),
};
const draw = (el) => widget.render({ model, el });
window.lab = { model, sent, handlers, draw, leave: draw(document.getElementById("at")) };
</script></body></html>
"""

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SYNCED = ("view", "focus", "unfold", "parts", "opened", "disabled", "message", "code")


@pytest.fixture(scope="module")
def browser(need_program: Callable[..., str]) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    program = need_program("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


class Shown:
    """A table in a page. `answer` lets the widget answer what the page has asked for, as the kernel does."""

    def __init__(self, page: Any, table: PolicyTable) -> None:
        self.page, self.table, self.answered = page, table, 0

    def asked(self) -> list[dict[str, Any]]:
        return [one for one in self.page.evaluate("lab.sent") if one["do"] != "look"]

    def answer(self) -> dict[str, Any]:
        """Wait for the page's next question, answer it, and return it."""
        self.page.wait_for_function(
            "count => lab.sent.filter((one) => one.do !== 'look').length > count", arg=self.answered
        )
        question = self.asked()[self.answered]
        self.answered += 1
        self.page.evaluate("lab.model.set('disabled', true)")
        self.table._asked(self.table, question, [])
        self.refresh()
        self.page.evaluate("lab.model.set('disabled', false)")
        return question

    def refresh(self) -> None:
        for trait in SYNCED:
            if trait != "disabled":
                self.page.evaluate(
                    "([name, value]) => lab.model.set(name, value)", [trait, getattr(self.table, trait)]
                )

    def button(self, label: str) -> Any:
        return self.page.get_by_role("button", name=label, exact=True)

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.dataset.key ?? document.activeElement.tagName"))


@pytest.fixture
def show(browser: Any, table: PolicyTable) -> Iterator[Callable[..., Shown]]:
    pages, errors = [], []

    def make(width: int = 1100, scheme: str = "light") -> Shown:
        page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        state = json.dumps({one: getattr(table, one) for one in SYNCED}).replace("<", "\\u003c")
        script = str(table._esm).replace("export default", "const widget =")
        page.set_content(PAGE % (table._css, script, state))
        page.wait_for_selector(".rt-table")
        pages.append(page)
        return Shown(page, table)

    yield make
    for page in pages:
        page.close()
    assert errors == []


def test_clicks(show: Callable[..., Shown], lab: Lab) -> None:
    shown = show()
    shown.button("outsider, elsewhere: denied").click()
    assert shown.answer() == {"do": "switch", "value": "true", "cell": "outsider-elsewhere"}
    assert lab.mta(SERVER).relay.is_open
    assert shown.page.locator(".rt-banner").inner_text().startswith("✕ Open relay")
    shown.button("Try it: outsider, elsewhere").click()
    shown.answer()
    assert "✓ 250 2.1.5 Recipient OK, will relay" in shown.page.locator(".rt-table").inner_text()
    shown.button("As it was").click()
    shown.answer()
    assert not lab.mta(SERVER).relay.is_open


def test_the_keyboard_does_it_all(show: Callable[..., Shown], lab: Lab) -> None:
    shown = show()
    press_key = shown.page.keyboard.press
    press_key("Tab")
    assert shown.focused() == "all"
    press_key("Enter")
    assert shown.answer()["do"] == "all"
    assert shown.focused() == "all"
    for _ in range(4):
        press_key("Tab")
    assert shown.focused() == "preset-the NAT trap"
    press_key("Space")
    assert shown.answer()["value"] == "the NAT trap"
    assert shown.focused() == "preset-the NAT trap"
    shown.button("outsider, elsewhere: denied").focus()
    press_key("Space")
    shown.answer()
    assert shown.focused() == "switch-outsider-elsewhere"
    press_key("Tab")
    assert shown.focused() == "try-outsider-elsewhere"
    press_key("Tab")
    assert shown.focused() == "open-outsider-elsewhere"
    press_key("Enter")
    shown.answer()
    assert shown.page.locator(".rt-heading h3").inner_text() == "Dialogue: outsider, elsewhere"
    assert shown.page.locator(".sl-row").count() > 5
    shown.page.locator(".sl-panel").focus()
    press_key("Escape")
    assert shown.answer()["do"] == "close"
    assert shown.focused() == "open-outsider-elsewhere"
    assert not shown.page.locator(".sl-main").is_visible()


def test_networks_by_keyboard_and_what_was_typed_stays_after_a_mistake(
    show: Callable[..., Shown], lab: Lab
) -> None:
    shown = show()
    field = shown.page.get_by_label("Inside are the networks")
    field.fill("203.0.113.0/24")
    field.press("Enter")
    assert shown.answer() == {"do": "inside", "value": "203.0.113.0/24"}
    assert lab.mta(SERVER).relay.inside == ("203.0.113.0/24",)
    assert shown.focused() == "networks"
    field.fill("203.0.113.1/24")
    shown.button("Set: the networks").click()
    shown.answer()
    assert "has host bits set" in shown.page.locator(".sl-says").inner_text()
    assert field.input_value() == "203.0.113.1/24"


def test_radio_buttons(show: Callable[..., Shown], lab: Lab) -> None:
    shown = show()
    shown.page.get_by_label("454").check()
    assert shown.answer() == {"do": "deny", "value": "454"}
    assert lab.mta(SERVER).relay.denial == DEFERRED
    assert shown.focused() == "deny-454"
    shown.page.keyboard.press("ArrowUp")
    assert shown.answer() == {"do": "deny", "value": "554"}


def test_two_views_have_radio_buttons_of_their_own(show: Callable[..., Shown]) -> None:
    shown = show()
    shown.page.evaluate("lab.draw(document.body.appendChild(document.createElement('div')))")
    assert shown.page.locator("[type=radio]:checked").count() == 2
    names = shown.page.evaluate("[...document.querySelectorAll('[type=radio]')].map((one) => one.name)")
    assert len(set(names)) == 2


def test_nothing_is_asked_twice_while_the_kernel_works(show: Callable[..., Shown]) -> None:
    shown = show()
    table = shown.page.locator(".rt-widget")
    assert table.get_attribute("aria-busy") == "false"
    for _ in range(3):
        shown.button("Try all six").click()
    assert len(shown.asked()) == 1
    assert table.get_attribute("aria-busy") == "true"  # from the click on, before the kernel says so
    for now in ("true", "false"):
        shown.page.evaluate(f"lab.model.set('disabled', {now})")
        assert table.get_attribute("aria-busy") == now


def test_what_is_asked_while_the_kernel_works_is_asked_after_it(show: Callable[..., Shown]) -> None:
    """In order, and once each: a double click is one click, also while it waits."""
    shown = show()
    table = shown.page.locator(".rt-widget")
    shown.button("Try all six").click()
    for label in ("open relay", "open relay", "mail exchanger", "mail exchanger"):
        shown.button(label).click()
    for do, value, busy in (("all", "", "true"), ("preset", "open relay", "true")):
        said = shown.answer()
        assert (said["do"], said.get("value") or "") == (do, value)
        assert table.get_attribute("aria-busy") == busy  # the next one is under way
    assert shown.answer()["value"] == "mail exchanger"
    assert len(shown.asked()) == 3
    assert table.get_attribute("aria-busy") == "false"


def test_coming_back_to_the_table_looks_again(show: Callable[..., Shown], lab: Lab) -> None:
    shown = show()
    lab.mta(SERVER).relay.set(*HOLE, True)
    shown.page.mouse.move(0, 990)
    shown.page.locator(".rt-table").hover()
    shown.page.wait_for_function("lab.sent.some((one) => one.do === 'look')")
    shown.table._asked(shown.table, {"do": "look"}, [])
    shown.refresh()
    assert shown.page.locator(".rt-banner").inner_text().startswith("✕ Open relay")


def test_the_code_opens_and_keeps_its_tab(show: Callable[..., Shown]) -> None:
    shown = show()
    shown.button("Show the code").click()
    shown.page.get_by_role("tab", name="Exim").click()
    assert "acl_check_rcpt" in shown.page.locator("[role=tabpanel]:visible").inner_text()
    shown.button("mail exchanger").click()
    shown.answer()
    panel = shown.page.locator("[role=tabpanel]:visible").inner_text()
    assert "accept  domains = +local_domains" in panel
    assert "authenticated" not in panel


@pytest.mark.parametrize("width", [1400, 800, 640])
def test_nothing_sticks_out(show: Callable[..., Shown], width: int) -> None:
    shown = show(width=width)
    shown.button("Try all six").click()
    shown.answer()
    shown.button("Dialogue: outsider, elsewhere").click()
    shown.answer()
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert shown.page.locator(".rt-scroll").evaluate("(one) => one.scrollWidth <= one.clientWidth")


@pytest.mark.parametrize("width", [1100, 480])
def test_whom_the_server_takes_a_client_for_stays_in_its_cell(show: Callable[..., Shown], width: int) -> None:
    shown = show(width=width)
    shown.page.add_style_tag(content=theme.CSS)  # as any widget further down the page brings it
    shown.button("the NAT trap").click()
    shown.answer()
    client = shown.page.locator("th", has=shown.page.locator(".rt-taken"))
    assert client.count() == 1
    cell, chip = client.bounding_box(), client.locator(".rt-taken").bounding_box()
    assert cell is not None and chip is not None
    assert chip["x"] + chip["width"] <= cell["x"] + cell["width"]


def test_hostile_text_does_nothing_in_the_browser(show: Callable[..., Shown], lab: Lab) -> None:
    lab.mta(SERVER).relay.denial = Reply(554, "5.7.1", (HOSTILE,))
    shown = show()
    shown.button("Try it: outsider, elsewhere").click()
    shown.answer()
    shown.button("Dialogue: outsider, elsewhere").click()
    shown.answer()
    assert "<script>" in shown.page.locator(".rt-words").inner_text()
    assert shown.page.locator("#at script, #at img").count() == 0
    assert shown.page.evaluate("window.pwned") is None


def test_leaving_the_page_stops_listening(show: Callable[..., Shown]) -> None:
    shown = show()
    shown.page.evaluate("lab.leave()")
    assert shown.page.evaluate("Object.values(lab.handlers).flat().length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(show: Callable[..., Shown], scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    shown = show(scheme=scheme)
    for label in ("the NAT trap", "Try all six", "Dialogue: outsider, elsewhere"):
        shown.button(label).click()
        shown.answer()
    shown.button("Show the code").click()
    found = Axe().run(shown.page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_the_script_of_the_tabs_is_whole() -> None:
    assert code_tabs.SCRIPT.startswith("function tabs(place, start, chosen) {")
    assert code_tabs.SCRIPT.rstrip().endswith("}")
    assert "export" not in code_tabs.SCRIPT
