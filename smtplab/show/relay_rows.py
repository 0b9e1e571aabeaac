"""The relay table itself: a row for each kind of client, and in each cell the answer and what a trial got.

`live` gives a cell its switch and its *Try it*; without, it is a table for any page.
"""

from __future__ import annotations

from collections.abc import Mapping

import htpy as h
from markupsafe import Markup

from ..mail.relaying import WHERE, WHO, Cell, Client, Scene, Setting, Where, Who
from ..mail.verdict import SIGNS
from .relay_parts import COLUMNS, NO, YES, Tried, button, name, switch
from .theme import chip, hidden, shown

DOES: dict[Where, str] = {"local": "receiving", "elsewhere": "relaying"}
IS: dict[Who, str] = {
    "inside": "its address is in the networks below",
    "authenticated": "has logged in as {account}",
    "outsider": "everyone else",
}


def table(
    setting: Setting,
    scene: Scene,
    tried: Mapping[Cell, Tried],
    *,
    live: bool = False,
    opened: Cell | None = None,
) -> Markup:
    """The table. `opened` is the cell whose dialogue is shown below it."""
    recipients = {where: shown(scene.recipients[where]) for where in WHERE}
    own = "@" + recipients["local"].rpartition("@")[2]
    examples: dict[Where, str] = {"local": own, "elsewhere": f"such as {recipients['elsewhere']}"}
    return Markup(
        h.table(".rt-table")[
            h.caption[hidden(f"Who may send where through {scene.server}")],
            h.thead[
                h.tr[
                    h.td(".rt-corner")["a client that is …", h.br, "… sends to"],
                    (
                        h.th(scope="col")[
                            COLUMNS[where], h.span(".rt-aside")[f"{examples[where]} · {DOES[where]}"]
                        ]
                        for where in WHERE
                    ),
                ]
            ],
            h.tbody[
                (
                    h.tr[
                        _client(setting, scene.clients[who]),
                        (_cell(setting, scene, (who, where), tried, live, opened) for where in WHERE),
                    ]
                    for who in WHO
                )
            ],
        ]
    )


def _client(setting: Setting, client: Client) -> h.Element:
    taken = setting.taken_for(client)
    account = shown(client.account)
    is_ = IS[client.who].format(account=account) if client.welcome else f"tries to log in as {account}"
    seen = f", seen as {setting.gateway}" if setting.gateway else ""
    return h.th(scope="row")[
        client.who,
        h.span(".rt-aside")[h.code[shown(client.host)]],
        h.span(".rt-aside")[f"{shown(client.address)} → port {client.port}"],
        h.span(".rt-aside")[is_],
        None if client.welcome else h.span(".rt-aside")["nobody can log in here: the server offers no AUTH"],
        h.span(".rt-taken.smtplab-chip.smtplab-later")[f"{SIGNS['later']} taken for {taken}{shown(seen)}"]
        if taken != client.who
        else None,
    ]


def _cell(
    setting: Setting, scene: Scene, cell: Cell, tried: Mapping[Cell, Tried], live: bool, opened: Cell | None
) -> h.Element:
    allowed = cell in setting.allowed
    words, kind = (YES, "ok") if allowed else (NO, "no")
    found = tried.get(cell)
    hole = cell == ("outsider", "elsewhere") and setting.lets(scene.clients["outsider"], "elsewhere")
    controls: h.Node = h.span(class_=f"smtplab-chip smtplab-{kind}")[words]
    if live:
        controls = [
            switch(allowed, words, "switch", name(cell), cell=cell, kind=kind),
            button("Try it", "try", cell=cell, about=name(cell)),
            button("Dialogue", "open", cell=cell, about=name(cell), expanded=opened == cell, link=True)
            if found
            else None,
        ]
    return h.td(class_="rt-cell rt-hole" if hole else "rt-cell")[
        h.div(".rt-controls")[controls],
        _result(setting, scene, found) if found else None,
    ]


def _result(setting: Setting, scene: Scene, tried: Tried) -> h.Element:
    """What the server said to the attempt, and what is odd about it."""
    reply = tried.reply
    notes = _notes(setting, scene.clients[tried.cell[0]], tried)
    return h.div(".rt-result")[
        [chip(reply.code, reply.enhanced), " ", h.span(".rt-words")[shown(reply.text, 200)]]
        if reply
        else "no reply",
        (h.span(".rt-note")[note] for note in notes),
    ]


def _notes(setting: Setting, client: Client, tried: Tried) -> list[str]:
    """What is odd about an attempt: it is out of date, the client was mistaken, or something else refused."""
    where = tried.cell[1]
    then, now = ((one.taken_for(client), one.lets(client, where)) for one in (tried.setting, setting))
    notes = []
    if then != now or not (tried.accepted or tried.setting.denial == setting.denial):
        notes.append("tried before the last change")
    if then[0] != client.who:
        notes.append(f"the server took it for {then[0]}")
    elif then[1] and not tried.accepted:
        notes.append("not the table's doing: read the words")
    return notes
