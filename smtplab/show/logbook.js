// The logbook in the browser: filter, search, move through the list by keyboard, open what stands behind a row.
// Only rows in sight are in the page. All text arrives made visible by Python and is set as text here.

const HIGH = 30; // pixels of a row, the same for all: so the page knows what is in sight without measuring
const AROUND = 12; // rows drawn above and below what is in sight

function make(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

function render({ model, el }) {
  const id = `lb-${Math.random().toString(36).slice(2)}`;
  const off = new Set(); // kinds that are filtered out
  let found = [], at = -1, opened = -1;
  const rows = () => model.get("rows");

  // The filter ------------------------------------------------------------------------------------------

  const kinds = make("div", { class: "lb-kinds", role: "group", "aria-label": "Kinds of event" });
  const host = make("select", { class: "lb-host", "aria-label": "Host" });
  const search = make("input", { class: "lb-search", type: "search", placeholder: "Search", "aria-label": "Search the events", autocomplete: "off", spellcheck: "false" });
  const refresh = make("button", { type: "button", class: "lb-button", onclick: () => model.send({ kind: "refresh" }) }, "Refresh");
  const count = make("span", { class: "lb-count", role: "status" });
  const list = make("div", { class: "lb-list", role: "listbox", tabindex: "0", "aria-label": "Events, the oldest first" });
  const space = make("div", { class: "lb-space", role: "presentation" });
  const panel = make("div", { class: "lb-panel", role: "group", "aria-label": "What stands behind the event" });
  list.append(space);
  const codes = make("details", { class: "lb-codes" });
  const code = model.get("code") ?? ""; // markup that Python made and escaped
  codes.innerHTML = code && `<summary>Show the code</summary>${code}`;
  codes.hidden = !code;
  const root = make("div", { class: "smtplab lb-book" },
    make("div", { class: "lb-bar" }, search, host, refresh, make("span", { class: "smtplab-space" }), count), kinds,
    make("div", { class: "lb-both" }, list, panel), codes);

  for (const [kind, what] of model.get("kinds")) {
    const button = make("button", { type: "button", class: "lb-kind", "aria-pressed": "true", title: what, onclick: () => {
      off.has(kind) ? off.delete(kind) : off.add(kind);
      button.setAttribute("aria-pressed", String(!off.has(kind)));
      filter();
    } }, kind, make("span", { class: "lb-many" }));
    button.dataset.kind = kind;
    kinds.append(button);
  }

  function hosts() {
    const names = [...new Set(rows().flatMap((row) => [row[3], row[4]]).filter((name) => name && !name.includes("@")))].sort();
    const was = host.value;
    host.replaceChildren(make("option", { value: "" }, "all hosts"), ...names.map((name) => make("option", { value: name }, name)));
    host.value = names.includes(was) ? was : "";
    const many = new Map();
    for (const row of rows()) many.set(row[2], (many.get(row[2]) ?? 0) + 1);
    for (const button of kinds.children) {
      const number = many.get(button.dataset.kind) ?? 0;
      button.lastChild.textContent = ` ${number}`;
      button.hidden = !number;
    }
  }

  function filter() {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean), where = host.value;
    const kept = at >= 0 ? found[at]?.[0] : -1;
    found = rows().filter((row) => !off.has(row[2]) && (!where || row[3] === where || row[4] === where)
      && (!words.length || words.every((word) => row.join(" ").toLowerCase().includes(word))));
    at = found.findIndex((row) => row[0] === kept);
    const older = model.get("older") ? `, ${model.get("older")} older are not kept` : "";
    count.textContent = `${found.length} of ${rows().length} events${older}`;
    space.style.height = `${found.length * HIGH}px`;
    draw();
  }

  // The list --------------------------------------------------------------------------------------------

  function option(row, n) {
    const [t, when, kind, where, peer, sign, result, tone, text] = row;
    const made = make("div", { class: "lb-row", role: "option", id: `${id}-${t}`, "aria-selected": String(n === at), "aria-posinset": n + 1, "aria-setsize": found.length, style: `top:${n * HIGH}px` },
      make("span", { class: "lb-when" }, when), make("span", { class: `lb-tag lb-is-${kind}` }, kind),
      make("span", { class: "lb-where" }, peer ? `${where} → ${peer}` : where),
      make("span", { class: "lb-text" }, result ? make("span", { class: `smtplab-chip smtplab-${tone}` }, `${sign} ${result}`) : "", result ? " " : "", text));
    made.classList.toggle("lb-opened", t === opened);
    made.addEventListener("click", () => { go(n); open(); });
    return made;
  }

  function draw() {
    const first = Math.max(Math.floor(list.scrollTop / HIGH) - AROUND, 0);
    const last = Math.min(Math.ceil((list.scrollTop + list.clientHeight) / HIGH) + AROUND, found.length);
    const drawn = [];
    for (let n = first; n < last; n += 1) drawn.push(option(found[n], n));
    if (!found.length) drawn.push(make("div", { class: "lb-row lb-none", role: "option", "aria-selected": "false" }, rows().length ? "No event is like that." : "Nothing has happened yet."));
    space.replaceChildren(...drawn);
    if (at >= first && at < last) list.setAttribute("aria-activedescendant", `${id}-${found[at][0]}`);
    else list.removeAttribute("aria-activedescendant");
  }

  function go(number) {
    if (!found.length) return;
    at = Math.min(Math.max(number, 0), found.length - 1);
    const top = at * HIGH;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + HIGH > list.scrollTop + list.clientHeight) list.scrollTop = top + HIGH - list.clientHeight;
    draw();
  }

  function open() {
    if (at < 0) return;
    opened = found[at][0];
    model.send({ kind: "open", t: opened });
    draw();
  }

  function onKey(event) {
    const page = Math.max(Math.floor(list.clientHeight / HIGH) - 1, 1);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: found.length - 1 }[event.key];
    if (to !== undefined) go(to);
    else if (event.key === "Enter" || event.key === " ") open();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onMessage(content) {
    if (content.kind !== "parts" || content.t !== opened) return;
    const row = rows().find((one) => one[0] === opened);
    panel.replaceChildren(make("h3", { tabindex: "-1" }, row ? `${row[1]}, ${row[3]}${row[4] ? ` → ${row[4]}` : ""}` : ""),
      row ? make("p", {}, row[8]) : "",
      ...content.parts.map((part) => make("section", {}, make("h4", {}, part.title),
        part.text ? make("pre", { tabindex: "0", role: "group", "aria-label": part.title }, part.text) : null)));
  }

  function onRows() {
    hosts();
    filter();
  }
  function onDisabled() {
    refresh.disabled = model.get("disabled");
  }

  list.addEventListener("scroll", draw);
  list.addEventListener("keydown", onKey);
  search.addEventListener("input", filter);
  host.addEventListener("change", filter);
  root.addEventListener("keydown", (event) => { // JupyterLab would take plain keys for commands
    if (!event.ctrlKey && !event.metaKey && !event.altKey && !(event.shiftKey && event.key === "Enter")) event.stopPropagation();
  });
  panel.replaceChildren(make("p", { class: "smtplab-dim" }, "Choose an event: Enter or a click opens the dialogue, the verdict, or the answer behind it."));
  el.append(root);
  onRows();
  go(found.length - 1);
  requestAnimationFrame(() => go(found.length - 1)); // now the list has its height
  const sized = new ResizeObserver(draw);
  sized.observe(list);

  const listen = [["change:rows", onRows], ["change:disabled", onDisabled], ["msg:custom", onMessage]];
  for (const [event, handler] of listen) model.on(event, handler);
  return () => { sized.disconnect(); for (const [event, handler] of listen) model.off(event, handler); };
}

export default { render };
