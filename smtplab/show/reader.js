
// The mail reader's view: the mock of a mail program on the left, the source on the right, in which one field has the
// focus and is explained below it. All markup comes built and escaped from Python.

function reader(model, el) {
  const ui = scripted(model, el, "mr-widget");
  const { root, id, says, places, after, want } = ui;

  const sides = make("div", "mr-sides");
  const left = make("section", "mr-side", "", { "aria-label": "What the reader sees" });
  const right = make("section", "mr-side mr-right", "", { "aria-label": "View Source" });
  const view = make("div"), source = make("div", "mr-scroll");
  const panel = make("div", "sl-panel smtplab-panel", "", {
    role: "group", "aria-live": "polite", "aria-label": "What the field in focus is", tabindex: "0",
  });
  const names = make("input", "", "", { type: "checkbox", id: `${id}-names`, "data-key": "names" });
  const label = make("label", "mr-switch", "", { for: names.id });
  label.append(names, make("span", "", "show only the display name, as phone programs do"));
  const title = make("span", "smtplab-dim mr-title");
  left.append(make("h3", "mr-heading", "What the reader sees"), label, view);
  const bar = make("div", "mr-bar");
  bar.append(make("h3", "mr-heading", "View Source"), title);
  right.append(bar, source, panel);
  sides.append(left, right);
  root.prepend(sides);
  Object.assign(places, { view, source });
  names.addEventListener("change", () => want({ do: "names", value: names.checked }));

  // The source: one field can have the focus -----------------------------------------------------------------

  let texts = [], current = 0;
  const rows = () => [...source.querySelectorAll("[data-field]")];
  function point(index, take) {
    const all = rows();
    if (!all.length) {
      panel.innerHTML = "";
      return;
    }
    const old = all.find((row) => row.tabIndex === 0);
    current = Math.max(0, Math.min(index, all.length - 1));
    if (old) {
      old.tabIndex = -1;
      old.setAttribute("aria-selected", "false");
    }
    all[current].tabIndex = 0;
    all[current].setAttribute("aria-selected", "true");
    if (take) all[current].focus();
    const text = texts[current] ?? "";
    if (panel.dataset.shown === text) return;
    panel.innerHTML = text;
    panel.dataset.shown = text;
    panel.scrollTop = 0;
  }
  const keys = {
    ArrowDown: () => current + 1, j: () => current + 1, ArrowUp: () => current - 1, k: () => current - 1,
    PageDown: () => current + 10, PageUp: () => current - 10, Home: () => 0, End: () => rows().length - 1,
  };
  source.addEventListener("keydown", (event) => {
    if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey || !event.target.closest("[data-field]")) return;
    point(keys[event.key](), true);
    event.preventDefault();
    event.stopPropagation();
  });
  source.addEventListener("click", (event) => {
    const at = event.target.closest("[data-field]");
    if (at) point(Number(at.dataset.field), true);
  });

  // What the reader has unfolded stays so.
  let unfolded = false;
  view.addEventListener("toggle", (event) => {
    if (event.target.matches(".mr-warnings")) unfolded = event.target.open;
  }, true);
  after.push((parts) => {
    texts = parts.fields ?? [];
    names.checked = Boolean(parts.names);
    title.textContent = parts.title ?? "";
    const warnings = view.querySelector(".mr-warnings");
    if (warnings) warnings.open = unfolded;
    point(current, source.contains(document.activeElement));
  });
  ui.start();
  return ui.stop;
}

export default { render: ({ model, el }) => reader(model, el) };
