
// The queue timeline: the clock's buttons, the lanes in which one mark has the focus, and below them what it means.
// All markup comes built and escaped from Python. The clock's line stays where it is and glides to its new place.

function queueTimeline(model, el) {
  const ui = scripted(model, el, "qt-widget");
  const { root, id, says, foot, places, after, idle, ask } = ui;

  const bar = make("div", "sl-top-bar qt-bar");
  const summary = make("p", "qt-summary", "", { role: "status" });
  const stage = make("div", "qt-stage", "", { role: "group", "aria-label": "Timeline; arrows go from mark to mark" });
  const over = make("div", "qt-over", "", { "aria-hidden": "true" });
  const grid = make("div"), now = make("div", "qt-now");
  const axis = make("div"), lanes = make("div"), legend = make("div");
  const panel = make("div", "qt-panel smtplab-panel", "", {
    role: "group", "aria-live": "polite", "aria-label": "What the chosen mark means", tabindex: "0",
  });
  const table = make("div", "qt-scroll", "", { tabindex: "0", role: "region", "aria-label": "The timeline as a table" });
  const view = make("div", "qt-view");
  now.append(make("b", "", "now"));
  over.append(make("i", "qt-future"), grid, now);
  stage.append(over, axis, lanes);
  root.prepend(bar);
  says.after(summary, stage, panel, table);
  foot.prepend(view);
  stage.append(legend);
  Object.assign(places, { bar, axis, grid, lanes, legend, table, top: view });

  // The marks: one of them is in the way of Tab, arrows go from one to the next ------------------------------

  const mark = (key) => lanes.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const rows = () => [...lanes.querySelectorAll(".qt-track")].map((track) => [...track.querySelectorAll("[data-key]")]).filter((row) => row.length);
  let current = "", wanted = null;

  function point(found, take) {
    const before = mark(current);
    if (before) before.tabIndex = -1;
    current = found?.dataset.key ?? "";
    if (!found) return;
    found.tabIndex = 0;
    if (take) found.focus({ preventScroll: false });
  }
  function open(found) {
    point(found, true);
    if (!ask({ do: "open", value: current })) wanted = current; // the kernel works: when it rests
  }
  idle.push(() => {
    if (wanted === null) return;
    const value = wanted;
    wanted = null;
    ask({ do: "open", value });
  });
  function beside(row, found) { // the one of another lane that is nearest in time
    const at = parseFloat(found.style.left);
    return row.reduce((best, one) => (Math.abs(parseFloat(one.style.left) - at) < Math.abs(parseFloat(best.style.left) - at) ? one : best));
  }
  function move(down, right) {
    const all = rows(), row = all.findIndex((one) => one.some((each) => each.dataset.key === current));
    if (row < 0) return open(all[0]?.[0]);
    const column = all[row].findIndex((each) => each.dataset.key === current);
    if (down) {
      const next = all[row + down];
      return next && open(beside(next, all[row][column]));
    }
    open(all[row][Math.max(0, Math.min(column + right, all[row].length - 1))]);
  }
  const keys = {
    ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0],
    Home: [0, -9999], End: [0, 9999], PageDown: [0, 10], PageUp: [0, -10],
  };
  lanes.addEventListener("keydown", (event) => {
    if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey) return;
    move(...keys[event.key]);
    event.preventDefault();
    event.stopPropagation();
  });
  lanes.addEventListener("click", (event) => {
    const at = event.target.closest("[data-key]");
    if (at) open(at);
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !model.get("opened")) return;
    if (panel.contains(document.activeElement)) mark(current)?.focus();
    if (!ask({ do: "open", value: "" })) wanted = "";
  });

  function explain() {
    panel.innerHTML = model.get("panel");
    panel.hidden = !panel.innerHTML;
    panel.scrollTop = 0;
    pressed();
  }
  function pressed() {
    const opened = model.get("opened");
    for (const one of lanes.querySelectorAll('[aria-pressed="true"]')) one.setAttribute("aria-pressed", "false");
    mark(opened)?.setAttribute("aria-pressed", "true");
    if (panel.hidden === Boolean(opened)) panel.hidden = !opened;
  }

  // A new drawing ------------------------------------------------------------------------------------------

  let seen = null, drawn = null;
  after.push((parts) => {
    if (summary.textContent !== parts.summary) summary.textContent = parts.summary;
    stage.hidden = !parts.lanes;
    table.hidden = !parts.table;
    bar.setAttribute("data-now", parts.now ?? "");
    if (parts.now !== null && parts.now !== undefined) stage.style.setProperty("--qt-now", parts.now);
    if (drawn === parts.lanes) return;
    drawn = parts.lanes;
    const all = [...lanes.querySelectorAll("[data-key]")];
    if (seen) for (const one of all) if (!seen.has(one.dataset.key) && !one.matches(".qt-is-next")) one.classList.add("qt-new");
    seen = new Set(all.map((one) => one.dataset.key));
    point(mark(current) ?? all.find((one) => one.matches(".qt-is-attempt")) ?? all[0], false);
    pressed();
  });

  function busy() {
    for (const one of bar.querySelectorAll("[data-do]")) one.classList.toggle("qt-busy", model.get("disabled"));
  }

  // Somebody may have moved the clock from a cell: look again when the reader comes back. What is pressed right after
  // must not be lost, so the widget does not rest meanwhile.
  let looked = Date.now();
  function look() {
    if (Date.now() - looked < 1500 || model.get("disabled")) return;
    looked = Date.now();
    model.send({ do: "look" });
  }
  root.addEventListener("pointerenter", look);
  root.addEventListener("focusin", (event) => { if (!root.contains(event.relatedTarget)) look(); });

  model.on("change:panel", explain);
  model.on("change:opened", pressed);
  model.on("change:disabled", busy);
  ui.start();
  explain();
  return () => {
    ui.stop();
    model.off("change:panel", explain);
    model.off("change:opened", pressed);
    model.off("change:disabled", busy);
  };
}

export default { render: ({ model, el }) => queueTimeline(model, el) };
