
// The envelope x-ray: controls above, below them the table, in which one cell has the focus and is explained beside
// it. All markup comes built and escaped from Python; what is typed goes to the kernel as it is.

function xray(model, el) {
  const ui = scripted(model, el, "xr-widget");
  const { root, says, places, after, want } = ui;

  const desk = make("div", "xr-top"), findings = make("div", "xr-noticed", "", { role: "status" });
  const main = make("div", "sl-main xr-main"), scroll = make("div", "xr-scroll");
  const panel = make("div", "sl-panel smtplab-panel", "", {
    role: "group", "aria-live": "polite", "aria-label": "What the cell in focus means", tabindex: "0",
  });
  const why = make("div", "xr-behind");
  main.append(scroll, panel);
  root.prepend(desk);
  says.after(findings, main, why);
  Object.assign(places, { desk, findings, grid: scroll, why });

  // The controls -------------------------------------------------------------------------------------------

  function letter() {
    const said = {};
    for (const one of desk.querySelectorAll("[data-of]"))
      said[one.dataset.of] = one.type === "checkbox" ? one.checked : one.value;
    return said;
  }
  desk.addEventListener("click", (event) => {
    const at = event.target.closest("[data-send]");
    if (at) want({ do: at.dataset.send, letter: letter() });
  });
  desk.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.type !== "text") return;
    want({ do: "send", letter: letter() });
    event.preventDefault();
  });

  // The table: one cell can have the focus -------------------------------------------------------------------

  let panels = {}, current = "", turn = 0;
  const cell = (key) => scroll.querySelector(`[data-cell="${CSS.escape(key)}"]`);
  const rows = () => [...scroll.querySelectorAll("tr")].map((row) => [...row.querySelectorAll("[tabindex]")]).filter((row) => row.length);

  function point(key, take) {
    cell(current)?.setAttribute("tabindex", "-1");
    cell(current)?.removeAttribute("aria-selected");
    const found = cell(key) ?? rows()[0]?.[0];
    if (!found) return;
    const news = current !== found.dataset.cell;
    current = found.dataset.cell;
    found.tabIndex = 0;
    if (found.getAttribute("role") === "gridcell") found.setAttribute("aria-selected", "true");
    if (take) found.focus();
    if (news || !panel.innerHTML) explain();
  }
  function explain() {
    panel.innerHTML = panels[current] ?? "";
    panel.scrollTop = 0;
  }
  function move(down, right) {
    const all = rows(), row = all.findIndex((one) => one.some((each) => each.dataset.cell === current));
    const column = all[row].findIndex((each) => each.dataset.cell === current);
    const next = all[Math.max(0, Math.min(row + down, all.length - 1))];
    point(next[Math.max(0, Math.min(column + right, next.length - 1))].dataset.cell, true);
  }
  const keys = {
    ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1],
    PageDown: [5, 0], PageUp: [-5, 0], Home: [0, -99], End: [0, 99],
  };
  scroll.addEventListener("keydown", (event) => {
    if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey) return;
    move(...keys[event.key]);
    event.preventDefault();
    event.stopPropagation();
  });
  scroll.addEventListener("click", (event) => {
    const at = event.target.closest("[data-cell][tabindex]");
    if (at) point(at.dataset.cell, true);
  });

  after.push((parts) => {
    panels = parts.panels ?? {};
    main.hidden = !parts.grid;
    if (parts.turn !== turn) { // what was typed is in the kernel now, or is to be forgotten
      for (const one of desk.querySelectorAll("[data-of]")) {
        if (one.type === "checkbox") one.checked = one.defaultChecked;
        else one.value = one.defaultValue;
      }
      turn = root.dataset.turn = parts.turn;
    }
    if (!parts.grid) return;
    const held = scroll.contains(document.activeElement);
    point(current, held);
    explain();
  });

  function busy() {
    const send = desk.querySelector("[data-send=send]");
    if (!send) return;
    send.setAttribute("aria-disabled", String(model.get("disabled")));
  }
  model.on("change:disabled", busy);
  ui.start();
  return () => {
    ui.stop();
    model.off("change:disabled", busy);
  };
}

export default { render: ({ model, el }) => xray(model, el) };
