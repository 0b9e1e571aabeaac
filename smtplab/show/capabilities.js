
// The capability explorer: a switch for each extension, the replies to EHLO, what came of trying, the ladder below.
// What is on, chosen and open the kernel says (`tools`); markup comes built and escaped from Python.

function explorer(model, el) {
  const drawn = ladder(model, el);
  const { root, top, main, foot } = drawn;
  root.classList.add("sc-explorer");
  const id = `sc-${Math.random().toString(36).slice(2)}`;
  let tools = {}, pending = "";
  const shown = new Map(); // element -> the markup in it
  function fill(element, markup) {
    if (shown.get(element) === markup) return;
    const number = element.contains(document.activeElement) && document.activeElement.dataset.number;
    element.innerHTML = markup;
    shown.set(element, markup);
    if (number) element.querySelector(`[data-number="${number}"]`)?.focus(); // where the keyboard was
  }

  const grid = make("div", "sc-grid");
  const list = make("fieldset", "sc-list"), legend = make("legend"), rows = make("div", "sc-rows");
  const offer = make("section", "sc-offer"), title = make("div", "smtplab-bar"), replies = make("div", "", "", { role: "status" });
  const again = make("button", "sl-link sc-again", "Ask again", { type: "button" });
  const trying = make("section", "sc-try"), about = make("div", "sc-about");
  const name = make("h3"), meaning = make("span", "smtplab-dim");
  const attempt = make("button", "sl-button sl-go smtplab-attempt", "", { type: "button" });
  const says = make("div", "sl-says", "", { role: "status" }), result = make("div", "sc-result", "", { role: "status" });
  list.append(legend, rows);
  title.append(make("h3", "", "What the server says it can do"), make("span", "smtplab-space"), again);
  offer.append(title, replies);
  grid.append(list, offer);
  about.append(attempt, name, meaning);
  trying.append(about, says, result);
  top.replaceWith(grid, trying);

  const { want, busy: rests, working } = asking(model, root);
  function ask(message) {
    if (want(message)) pending = message.do;
    rest();
  }
  again.addEventListener("click", () => ask({ do: "ask" }));
  attempt.addEventListener("click", () => ask({ do: "attempt" }));
  result.addEventListener("click", (event) => {
    const button = event.target.closest(".sc-open");
    if (button) ask({ do: "look", number: Number(button.dataset.number) });
  });

  // The switches: arrows move within a column, as in a radio group ------------------------------------------

  function row(given, number) {
    const made = make("div", "sc-row");
    const turn = make("input", "sc-switch", "", { type: "checkbox", role: "switch", "aria-label": `Offer ${given.keyword}` });
    const pick = make("input", "", "", { type: "radio", name: `${id}-pick`, value: String(number) });
    const label = make("label"), note = make("span", "sc-port", given.note);
    label.append(pick, make("code", "", given.keyword), make("span", "sc-meaning", ` ${given.meaning} `), make("span", "sc-ref", given.ref), note);
    turn.addEventListener("change", () => {
      ask({ do: "turn", keyword: given.name, on: turn.checked });
    });
    pick.addEventListener("change", () => ask({ do: "choose", keyword: given.name }));
    made.append(turn, label);
    return made;
  }
  rows.addEventListener("keydown", (event) => {
    const all = [...rows.querySelectorAll(".sc-switch")], here = all.indexOf(event.target);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (here < 0 || !step) return;
    all[(here + step + all.length) % all.length].focus();
    event.preventDefault();
  });
  rows.addEventListener("focusin", (event) => { // one tab stop for all switches: the last that was used
    if (!event.target.matches(".sc-switch")) return;
    for (const each of rows.querySelectorAll(".sc-switch")) each.tabIndex = each === event.target ? 0 : -1;
  });
  function settleRows(given) {
    const names = JSON.stringify(given.map((each) => [each.name, each.note]));
    if (rows.dataset.names !== names) {
      rows.dataset.names = names;
      rows.replaceChildren(...given.map(row));
      rows.querySelectorAll(".sc-switch").forEach((each, number) => { each.tabIndex = number ? -1 : 0; });
    }
    given.forEach((each, number) => {
      const made = rows.children[number], chosen = each.name === tools.chosen;
      made.querySelector(".sc-switch").checked = each.on;
      made.querySelector("[type=radio]").checked = chosen;
      made.classList.toggle("sc-chosen", chosen);
    });
  }

  // The foot: the code ---------------------------------------------------------------------------------

  const show = make("button", "sl-link", "Show the code", { type: "button", "aria-expanded": "false", "aria-controls": `${id}-code` });
  const codes = make("div", "sl-codes smtplab-code", "", { id: `${id}-code` });
  codes.hidden = true;
  foot.prepend(show);
  foot.after(codes);
  show.addEventListener("click", () => {
    codes.hidden = !codes.hidden;
    show.setAttribute("aria-expanded", String(!codes.hidden));
  });
  let tab = 0;
  function code() {
    show.hidden = !model.get("code");
    codes.innerHTML = model.get("code");
    tab = tabs(codes, tab, (now) => { tab = now; });
  }

  // What the kernel says ---------------------------------------------------------------------------------

  function settle() {
    tools = model.get("tools");
    if (!tools.switches) return;
    legend.textContent = `Extensions of ${tools.title}`;
    settleRows(tools.switches);
    fill(replies, tools.offer);
    const chosen = tools.switches.find((each) => each.name === tools.chosen);
    name.textContent = chosen.keyword;
    meaning.textContent = [chosen.meaning && `The server ${chosen.meaning}.`, chosen.ref].filter(Boolean).join(" ");
    fill(result, tools.trials);
    for (const button of result.querySelectorAll(".sc-open")) {
      const open = Number(button.dataset.number) === tools.opened;
      button.setAttribute("aria-expanded", String(open));
      button.textContent = open ? "Close the dialogue" : "Open the dialogue";
    }
    const talk = tools.opened !== null;
    main.hidden = !talk;
    foot.querySelector(".sl-save").hidden = !talk;
    foot.hidden = !talk && !model.get("code");
    rest();
  }
  const busy = () => {
    rests(settle);
    rest();
  };
  function rest() {
    const now = working();
    attempt.setAttribute("aria-disabled", String(now));
    attempt.textContent = now && pending === "attempt" ? "Trying …" : `Try ${name.textContent}, with and without`;
  }
  const say = () => { says.innerHTML = model.get("message"); };

  const watched = { "change:tools": settle, "change:disabled": busy, "change:message": say, "change:code": code, "change:view": settle };
  for (const [event, act] of Object.entries(watched)) model.on(event, act);
  settle();
  say();
  code();
  return () => {
    drawn.stop();
    for (const [event, act] of Object.entries(watched)) model.off(event, act);
  };
}

export default { render: ({ model, el }) => explorer(model, el) };
