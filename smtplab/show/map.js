// The mail map in the browser: choose a host, read about it, open what it said.
// All text arrives made visible by Python and is set as text here, never as HTML; only the picture is
// markup, and Python escaped it.

function make(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

function list(title, items) {
  if (!items.length) return null;
  return make("section", {}, title ? make("h4", {}, title) : null, make("ul", {}, ...items.map((item) => make("li", {}, ...item))));
}

function roles(host) {
  return list("Roles", host.roles.map((role) => [
    make("strong", {}, role.title), ` (${role.role}) ${role.what}. `,
    role.ref ? make("span", { class: "smtplab-ref" }, role.ref) : "",
  ]));
}

function ports(host) {
  if (!host.ports.length) return null;
  const row = (cell, values) => make("tr", {}, ...values.map((value) => make(cell, cell === "th" ? { scope: "col" } : {}, value)));
  return make("section", {}, make("h4", {}, "Ports"), make("table", {},
    make("thead", {}, row("th", ["Port", "Service", "TLS", "On this machine"])),
    make("tbody", {}, ...host.ports.map((port) => row("td", [
      String(port.number), port.service, port.tls, port.real ? make("code", {}, port.real) : "-",
    ])))));
}

function links(host) {
  const item = (word) => (link) => [`${word} `, make("strong", {}, link.name), link.label ? `, ${link.label}` : ""];
  return list("Connections", [...host.to.map(item("to")), ...host.from.map(item("from"))]);
}

function welcome(legend) {
  return make("div", {}, make("h3", {}, "Who is who"),
    make("p", {}, "Choose a host to see its ports and what was said there."),
    make("dl", {}, ...legend.flatMap(([word, what]) => [make("dt", {}, word), make("dd", {}, what)])));
}

// One row a transcript; its text is fetched when it is unfolded.
function talkRow(talk, texts, opened, ask) {
  const pre = make("pre", { class: "sm-text", tabindex: "0", role: "group", "aria-label": `dialogue ${talk.number}` }, texts.get(talk.number) ?? "…");
  const details = make("details", { "data-number": talk.number },
    make("summary", {},
      make("span", { class: "sm-number" }, `#${talk.number}`),
      make("span", { class: "sm-peer" }, `${talk.way} ${talk.peer}`), make("span", { class: "smtplab-dim" }, `port ${talk.port}${talk.tls ? ", TLS" : ""}`),
      make("span", { class: "sm-ended" }, make("span", { class: `smtplab-chip smtplab-${talk.ended.class}` }, `${talk.ended.sign} ${talk.ended.code}`.trim()), ` ${talk.ended.said}`)),
    pre);
  details.open = opened.has(talk.number);
  details.addEventListener("toggle", () => {
    if (!details.open) return void opened.delete(talk.number);
    opened.add(talk.number);
    ask({ kind: "text", number: talk.number });
  });
  return details;
}

function talksOf(talks, texts, opened, ask, disabled) {
  const refresh = make("button", { type: "button", class: "sm-refresh", onclick: () => ask({ kind: "refresh" }) }, "Refresh");
  refresh.disabled = disabled;
  const older = talks.total - talks.rows.length;
  return make("section", { class: "sm-talks" },
    make("div", { class: "smtplab-bar" }, make("h4", {}, `Transcripts (${talks.total})`), make("span", { class: "smtplab-space" }), refresh),
    talks.total ? null : make("p", { class: "smtplab-dim" }, "Nothing was said here yet."),
    ...talks.rows.map((talk) => talkRow(talk, texts, opened, ask)),
    older > 0 ? make("p", { class: "smtplab-dim" }, `and ${older} older`) : null);
}

// The nearest card in the direction of an arrow key: far to the side counts double.
const AHEAD = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function neighbour(cards, from, key) {
  const centre = (card) => { const box = card.getBBox(); return [box.x + box.width / 2, box.y + box.height / 2]; };
  const [x, y] = centre(from);
  const [ax, ay] = AHEAD[key];
  const away = (card) => {
    const [dx, dy] = [centre(card)[0] - x, centre(card)[1] - y];
    const ahead = dx * ax + dy * ay;
    return ahead > 1 ? ahead + 2 * Math.abs(dx * ay + dy * ax) : Infinity;
  };
  const best = cards.filter((card) => card !== from).sort((a, b) => away(a) - away(b))[0];
  return best && away(best) < Infinity ? best : from;
}

// What a step of the journey has behind it: lookups, decisions, the header section, the dialogue.
const SIGNED = { "+": "sm-plus", "-": "sm-minus", " ": "sm-kept" };

function stepPart(part) {
  if (part.kind === "list") return list(part.title, part.items.map((item) => [item]));
  const pre = make("pre", { class: `sm-text${part.kind === "diff" ? " sm-diff" : ""}`, tabindex: "0", role: "group", "aria-label": part.title });
  if (part.kind === "diff") pre.append(...part.rows.map(([sign, line]) => make("span", { class: SIGNED[sign] }, `${sign} ${line}\n`)));
  else pre.textContent = part.text;
  return make("section", {}, make("h4", {}, part.title), pre);
}

function stepOf(detail) {
  return [make("h3", { tabindex: "-1" }, detail.title), make("p", { class: "smtplab-dim" }, detail.when ?? ""),
    list("", (detail.lines ?? []).map((line) => [line])), ...detail.parts.map(stepPart)].filter(Boolean);
}

function render({ model, el }) {
  let chosen = -1, following = false; // a host in the panel, or the journey's steps
  const texts = new Map(), opened = new Set();
  const ask = (content) => model.send(content);
  const panel = make("div", { class: "sm-panel", role: "group", "aria-label": "About the chosen host" });
  const stage = make("div", { class: "sm-stage" });
  const status = make("div", { class: "smtplab-hidden", role: "status" });
  const route = journey(model, stage, openStep);
  const codes = make("details", { class: "sm-codes" });
  const root = make("div", { class: "smtplab sm-map" },
    make("div", { class: "sm-grid" }, make("div", { class: "sm-left" }, stage, route.place, make("p", { class: "sm-how" }, model.get("how_to")), codes), panel), status);

  const cards = () => [...stage.querySelectorAll("[data-place]")];
  const card = (place) => stage.querySelector(`[data-place="${place}"]`);
  const talks = () => model.get("talks")[chosen] ?? { total: 0, rows: [] };
  const drawTalks = () => talksOf(talks(), texts, opened, ask, model.get("disabled"));

  function drawPanel() {
    const host = model.get("hosts")[chosen];
    if (following) return;
    if (!host) return void panel.replaceChildren(welcome(model.get("legend")));
    const run = host.admd ? `run by ${host.admd}` : "in nobody's mail domain";
    panel.replaceChildren(...[
      make("h3", { tabindex: "-1" }, host.name),
      make("p", { class: "smtplab-dim" }, [host.note, run].filter(Boolean).join("; ")),
      make("p", { class: "sm-addresses" }, ...host.addresses.map((address) => make("code", {}, address))),
      roles(host), ports(host), links(host), drawTalks()].filter(Boolean));
  }

  // The panel follows the journey once a step was opened; `ask` for one is answered by a message.
  let focusIt = false;
  function openStep(number, now) {
    if (now) {
      following = focusIt = true;
      chosen = -1;
      for (const each of cards()) each.setAttribute("aria-pressed", "false");
    }
    if (following && number > 0) ask({ kind: "step", number });
  }

  function choose(place, enter) {
    following = false;
    if (place !== chosen) opened.clear();
    chosen = place;
    for (const each of cards()) each.setAttribute("aria-pressed", String(Number(each.dataset.place) === place));
    drawPanel();
    const host = model.get("hosts")[place];
    status.textContent = `${host.name}; ports: ${host.ports.length}; transcripts: ${talks().total}`;
    if (enter) panel.querySelector("h3").focus();
    ask({ kind: "refresh" });
  }

  function onKey(event) {
    const at = event.target.closest("[data-place]"), hop = event.target.closest("[data-hop]");
    if (event.key === "Escape" && panel.contains(event.target) && chosen >= 0) card(chosen).focus();
    else if (event.key === "Escape" && panel.contains(event.target) && following) route.place.querySelector(".sm-range").focus();
    else if (hop && (event.key === "Enter" || event.key === " ")) route.choose(Number(hop.dataset.hop));
    else if (at && event.key in AHEAD) neighbour(cards(), at, event.key).focus();
    else if (at && (event.key === "Enter" || event.key === " ")) choose(Number(at.dataset.place), event.key === "Enter");
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Only the list changes: what the reader unfolded stays so, and the focus stays where it is.
  function onTalks() {
    const old = panel.querySelector(".sm-talks");
    if (!old) return;
    const focused = document.activeElement, inside = old.contains(focused);
    const number = inside ? focused.closest("details")?.dataset.number : null;
    old.replaceWith(drawTalks());
    if (!inside) return;
    const again = number ? panel.querySelector(`[data-number="${number}"] summary`) : panel.querySelector(".sm-refresh");
    again?.focus();
  }

  function onDisabled() {
    const button = panel.querySelector(".sm-refresh");
    if (button) button.disabled = model.get("disabled");
  }

  function onMessage(content) {
    if (content.kind === "step" && following && content.number === route.at()) {
      const inside = panel.contains(document.activeElement); // an answer to an earlier question may come first
      panel.replaceChildren(...stepOf(content));
      if (focusIt || inside) panel.querySelector("h3").focus({ preventScroll: true });
      focusIt = false;
    }
    if (content.kind !== "text") return;
    texts.set(content.number, content.text);
    const pre = panel.querySelector(`[data-number="${content.number}"] pre`);
    if (pre) pre.textContent = content.text;
  }

  function drawPicture() {
    stage.innerHTML = model.get("svg");
    const svg = stage.querySelector("svg"); // below this it would be too small to read: then the page scrolls it
    svg.style.minWidth = `${Math.round(0.78 * svg.viewBox.baseVal.width)}px`;
    if (chosen >= 0) card(chosen)?.setAttribute("aria-pressed", "true");
    route.redraw();
  }

  stage.addEventListener("click", (event) => {
    const at = event.target.closest("[data-place]");
    const hop = event.target.closest("[data-hop]");
    if (at) choose(Number(at.dataset.place), false);
    else if (hop) route.choose(Number(hop.dataset.hop));
  });
  root.addEventListener("keydown", onKey);
  drawPanel();
  const code = model.get("code") ?? ""; // markup that Python made and escaped
  codes.innerHTML = code && `<summary>Show the code</summary>${code}`;
  codes.hidden = !code;
  el.append(root);
  drawPicture(); // once it is in the page: texts are measured

  const listen = [["change:svg", drawPicture], ["change:steps", route.redraw], ["change:hosts", drawPanel], ["change:talks", onTalks], ["change:disabled", onDisabled], ["msg:custom", onMessage]];
  for (const [event, handler] of listen) model.on(event, handler);
  return () => { route.stop(); for (const [event, handler] of listen) model.off(event, handler); };
}

export default { render };
