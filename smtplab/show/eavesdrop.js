// The eavesdropper's view in the browser: one turn has the focus, and what belongs to it is lit on both sides.
// The rows arrive as markup that Python built and escaped; nothing is made here.

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "smtplab smtplab-card se-view";
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // the keys are for the rows, not for JupyterLab
  el.append(root);

  let rows = [], byNumber = new Map(), current = -1;

  function draw() {
    const keep = root.contains(document.activeElement), number = rows[current]?.dataset.row;
    root.innerHTML = model.get("picture");
    rows = [...root.querySelectorAll(".se-row")];
    byNumber = new Map(rows.map((row) => [row.dataset.row, row]));
    current = Math.max(0, rows.indexOf(byNumber.get(number)));
    for (const row of rows) stop(row, row === rows[current]);
    if (keep) rows[current]?.focus();
  }

  // Tab comes to one row, and then to what unfolds in it: not to that of every row in turn.
  function stop(row, on) {
    for (const each of [row, ...row.querySelectorAll("summary")]) each.tabIndex = on ? 0 : -1;
  }

  // What shares a line with `row`: one record can carry many lines, and one line can need many records.
  function light(row) {
    for (const lit of root.querySelectorAll(".se-lit")) lit.classList.remove("se-lit");
    if (!row) return;
    row.classList.add("se-lit");
    for (const number of row.dataset.also.split(" ")) byNumber.get(number)?.classList.add("se-lit");
  }

  function point(index) {
    if (!rows.length) return;
    index = Math.max(0, Math.min(index, rows.length - 1));
    if (rows[current]) {
      stop(rows[current], false);
      rows[current].removeAttribute("aria-selected");
    }
    current = index;
    stop(rows[current], true);
    rows[current].setAttribute("aria-selected", "true");
    rows[current].focus({ preventScroll: true });
    rows[current].scrollIntoView({ block: "nearest" });
  }

  const focused = () => document.activeElement?.closest?.(".se-row");
  const rowOf = (event) => event.target.closest?.(".se-row");

  const keys = {
    ArrowDown: () => current + 1, j: () => current + 1, ArrowUp: () => current - 1, k: () => current - 1,
    PageDown: () => current + 10, PageUp: () => current - 10, Home: () => 0, End: () => rows.length - 1,
  };
  root.addEventListener("keydown", (event) => {
    const row = rowOf(event);
    if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in keys) point(keys[event.key]());
    else if (event.target === row && (event.key === "Enter" || event.key === " ")) {
      const all = [...row.querySelectorAll("details")], open = all.some((each) => !each.open);
      for (const each of all) each.open = open;
    } else if (event.key === "Escape" && event.target !== row) row.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  root.addEventListener("focusin", (event) => {
    const row = rowOf(event);
    light(row);
    if (row && rows[current] !== row) {
      if (rows[current]) stop(rows[current], false);
      current = rows.indexOf(row);
      stop(row, true);
    }
  });
  root.addEventListener("focusout", () => light(null));
  root.addEventListener("mouseover", (event) => light(rowOf(event) || focused()));
  root.addEventListener("mouseleave", () => light(focused()));
  root.addEventListener("click", (event) => {
    const row = rowOf(event);
    if (row && !event.target.closest("details") && !String(getSelection())) point(rows.indexOf(row));
  });

  model.on("change:picture", draw);
  draw();
  return () => model.off("change:picture", draw);
}

export default { render };
