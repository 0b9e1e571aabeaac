
// The chain tracer: hops as rows, the trust boundary as a handle over them, and a panel that explains the clause
// in focus. The kernel judges; this says where the handle was put, and passes on what was pasted or opened.

const LIMIT = 1000000; // octets of a header section, as in tracer_input.py
const TOO_LARGE = "This header section is larger than 1 MB: no real one is, and it is not read.";

function tracer(model, el) {
  const ui = scripted(model, el, "tr-widget");
  const { root, id, says, places, after, idle, ask, want: wish, tell } = ui;

  const top = make("div", "sl-top-bar");
  const own = make("button", "sl-button", "Trace your own headers", { type: "button", "aria-expanded": "false", "aria-controls": `${id}-own` });
  const back = make("button", "sl-button", "Back to the first message", { type: "button", "data-do": "reset" });
  top.append(own, back);
  const form = inputs();
  const banner = make("div", "tr-said", "", { role: "status" });
  const main = make("div", "sl-main"), stage = make("div", "sl-stage tr-stage"), drawn = make("div");
  const handle = make("div", "tr-handle", "", {
    role: "slider", tabindex: "0", "aria-label": "Trust boundary", "aria-orientation": "vertical", "aria-valuemin": "0",
  });
  handle.append(make("span", "tr-above", "✓ above: written by hosts you trust"), grip(), make("span", "tr-below", "~ below: only claimed"));
  const panel = make("div", "sl-panel smtplab-panel", "", {
    role: "group", "aria-live": "polite", "aria-label": "What the part in focus means", tabindex: "0",
  });
  stage.append(handle, drawn);
  main.append(stage, panel);
  const map = make("div", "tr-part"), why = make("div", "tr-part");
  root.prepend(top, form, banner);
  says.after(main, map, why);
  Object.assign(places, { banner, rows: drawn, map, why });

  function grip() {
    const made = make("span", "tr-grip", "", { "aria-hidden": "true" });
    made.append(make("i"), make("i"), make("i"));
    return made;
  }

  // Headers of one's own ------------------------------------------------------------------------------------

  function inputs() {
    const made = make("div", "tr-own", "", { id: `${id}-own` });
    const label = make("label", "sl-label", "Paste the header section of a message, as View Source shows it", { for: `${id}-text` });
    const text = make("textarea", "sl-field", "", {
      id: `${id}-text`, rows: "7", spellcheck: "false", autocomplete: "off", placeholder: "Received: from … by … with …; date", "data-key": "text",
    });
    const go = make("button", "sl-button sl-go", "Trace it", { type: "button", "data-key": "go" });
    const open = make("label", "sl-button tr-open", "Open an .eml ");
    const file = make("input", "", "", { type: "file", accept: ".eml,message/rfc822,text/plain", "data-key": "file" });
    open.append(file);
    const local = ["localhost", "127.0.0.1", "[::1]", ""].includes(location.hostname);
    const where = local ? "Nothing leaves this machine." : `Nothing goes further than ${location.hostname}, where your notebook runs.`;
    const safe = make("p", "tr-safe", `${where} Of a file only the header section is read; nothing is looked up and nothing is sent.`);
    const bar = make("div", "smtplab-bar");
    bar.append(go, open, safe);
    made.append(label, text, bar);
    function paste() {
      if (text.value.length > LIMIT) tell(TOO_LARGE);
      else wish({ do: "paste", value: text.value });
    }
    go.addEventListener("click", paste);
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      event.stopPropagation();
      paste();
    });
    file.addEventListener("change", async () => {
      const [chosen] = file.files;
      if (!chosen) return;
      const octets = new Uint8Array(await chosen.slice(0, LIMIT + 4).arrayBuffer());
      file.value = ""; // the same file can be opened again
      const end = sectionEnd(octets);
      if (end < 0 && chosen.size > LIMIT) tell(TOO_LARGE);
      else wish({ do: "file", value: chosen.name }, [octets.slice(0, end < 0 ? octets.length : end).buffer]);
    });
    return made;
  }
  // Where the blank line after the header section begins, -1 when there is none.
  function sectionEnd(octets) {
    for (let at = octets.indexOf(10); at >= 0; at = octets.indexOf(10, at + 1)) {
      if (octets[at + 1] === 10 || (octets[at + 1] === 13 && octets[at + 2] === 10)) return at + 1;
    }
    return -1;
  }
  function unfold(open) {
    form.hidden = !open;
    own.setAttribute("aria-expanded", String(open));
  }
  own.addEventListener("click", () => {
    unfold(form.hidden);
    if (!form.hidden) form.querySelector("textarea").focus();
  });

  // The boundary: by mouse and by keyboard --------------------------------------------------------------------

  let lines = 0, known = 0, values = [], wanted = null, dragging = false;
  const hops = () => [...drawn.querySelectorAll(".tr-hop")];
  function settle() {
    const slot = drawn.querySelector(".tr-slot");
    handle.hidden = !slot;
    if (!slot || dragging) return;
    handle.style.transform = `translateY(${slot.offsetTop}px)`;
  }
  function state(count) {
    handle.setAttribute("aria-valuenow", String(lines - count)); // up is more: more that is only claimed
    handle.setAttribute("aria-valuetext", values[count] ?? "");
  }
  function want(count) {
    wanted = Math.max(0, Math.min(lines, count));
    if (wanted !== known && ask({ do: "trust", lines: wanted })) wanted = null;
  }
  idle.push(() => { if (wanted !== null && wanted !== known) want(wanted); });
  const steps = {
    ArrowUp: () => known - 1, ArrowDown: () => known + 1, PageUp: () => known - 5, PageDown: () => known + 5,
    Home: () => 0, End: () => lines,
  };
  handle.addEventListener("keydown", (event) => {
    if (!(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey) return;
    want(steps[event.key]());
    event.preventDefault();
    event.stopPropagation();
  });
  handle.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    dragging = true;
    handle.setPointerCapture(event.pointerId);
    handle.classList.add("tr-held");
    handle.focus();
    event.preventDefault();
  });
  handle.addEventListener("pointermove", (event) => {
    if (!dragging) return;
    const box = stage.getBoundingClientRect();
    if (event.clientY < box.top + 24) stage.scrollTop -= 12;
    if (event.clientY > box.bottom - 24) stage.scrollTop += 12;
    const y = event.clientY - box.top + stage.scrollTop - handle.offsetHeight / 2;
    handle.style.transform = `translateY(${Math.max(0, Math.min(y, drawn.offsetHeight - handle.offsetHeight))}px)`;
    const middle = (hop) => (hop.getBoundingClientRect().top + hop.getBoundingClientRect().bottom) / 2;
    const count = hops().filter((hop) => middle(hop) < event.clientY).length;
    if (count !== wanted) want(count);
  });
  function drop() {
    if (!dragging) return;
    dragging = false;
    handle.classList.remove("tr-held");
    settle();
  }
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) handle.addEventListener(end, drop);

  // Clauses: each line is one stop for Tab, arrows move within it and from line to line ------------------------

  let lit = null;
  const clauseOf = (event) => event.target.closest?.(".tr-clause");
  function explain(clause) {
    lit?.classList.remove("tr-lit");
    lit = clause;
    if (!clause) return hint();
    clause.classList.add("tr-lit");
    const { kind, title, worth } = clause.dataset;
    const means = make("div");
    means.innerHTML = model.get("kinds")[kind] ?? model.get("kinds")[""];
    panel.replaceChildren(make("h3", "", title), make("pre", "sl-said", clause.textContent.trim()), means);
    means.firstChild.prepend(make("p", "tr-worth", worth));
  }
  function hint() {
    const words = lines
      ? "Point at a part of a line, or Tab to the line and move with the arrow keys. Move the boundary by mouse, or with the arrow keys when it has the focus."
      : "Nothing is traced yet: paste the headers of a message, or open one.";
    panel.replaceChildren(make("h3", "", "What does each part mean?"), make("p", "", words));
  }
  function rove() {
    for (const line of drawn.querySelectorAll(".tr-line")) line.querySelector(".tr-clause")?.setAttribute("tabindex", "0");
  }
  function go(from, key) {
    const all = [...drawn.querySelectorAll(".tr-line")].map((line) => [...line.querySelectorAll(".tr-clause")]).filter((line) => line.length);
    const row = all.findIndex((line) => line.includes(from)), at = all[row].indexOf(from);
    const beside = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all[row].length - 1 }[key];
    if (beside !== undefined) return all[row][beside];
    const other = all[row + { ArrowUp: -1, ArrowDown: 1 }[key]];
    return other && (other.find((one) => one.dataset.kind === from.dataset.kind) ?? other[Math.min(at, other.length - 1)]);
  }
  drawn.addEventListener("keydown", (event) => {
    const clause = clauseOf(event);
    const moves = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
    if (!clause || !moves.includes(event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
    go(clause, event.key)?.focus();
    event.preventDefault();
    event.stopPropagation();
  });
  drawn.addEventListener("focusin", (event) => {
    const clause = clauseOf(event);
    if (!clause) return;
    for (const one of clause.parentElement.querySelectorAll(".tr-clause")) one.tabIndex = one === clause ? 0 : -1;
    explain(clause);
  });
  drawn.addEventListener("mouseover", (event) => { if (clauseOf(event)) explain(clauseOf(event)); });
  drawn.addEventListener("mouseleave", () => {
    const focused = document.activeElement?.closest?.(".tr-clause");
    if (focused && drawn.contains(focused)) explain(focused);
  });
  drawn.addEventListener("click", (event) => clauseOf(event)?.focus());

  // What the kernel says ----------------------------------------------------------------------------------------

  let before = null;
  after.push((parts) => {
    ({ lines, known, values } = { lines: 0, known: 0, values: [], ...parts });
    if (wanted === known) wanted = null;
    back.hidden = !parts.again;
    main.hidden = !lines;
    if (before === null) unfold(Boolean(parts.open));
    before = parts;
    handle.setAttribute("aria-valuemax", String(lines));
    state(known);
    rove();
    settle();
    const key = lit?.dataset.key;
    explain(key ? drawn.querySelector(`[data-key="${CSS.escape(key)}"]`) : null);
  });
  const watch = new ResizeObserver(settle);
  watch.observe(drawn);
  ui.start();
  return () => {
    watch.disconnect();
    ui.stop();
  };
}

export default { render: ({ model, el }) => tracer(model, el) };
