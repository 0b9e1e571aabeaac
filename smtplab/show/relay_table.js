
// The relay table: the parts arrive as markup that Python built and escaped; a button says in its attributes
// what it asks for, and this passes it on. After a new drawing the keyboard is where it was.

function relayTable(model, el) {
  const drawn = ladder(model, el);
  const { root, top, main, foot } = drawn;
  root.classList.add("rt-widget");
  const own = `rt-${Math.random().toString(36).slice(2)}`; // radio buttons of two views are two groups

  const banner = make("div", "", "", { role: "status" });
  const table = make("div", "rt-scroll");
  const rules = make("div", "rt-rules");
  const says = make("div", "sl-says", "", { role: "status" });
  const heading = make("div", "rt-heading");
  const title = make("h3", "", "", { tabindex: "-1" });
  const close = make("button", "sl-button", "Close", { type: "button", "data-do": "close" });
  heading.append(title, close);
  main.before(banner, table, says, rules, heading);
  main.classList.add("sl-driven");
  const places = { bar: top, banner, table, rules };

  const { want, busy: rests, working } = asking(model, root);
  let looked = 0;

  // Drawing ----------------------------------------------------------------------------------------------

  let shown = {};
  function draw() {
    const parts = model.get("parts");
    const held = root.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    for (const [name, place] of Object.entries(places)) {
      if (shown[name] === parts[name]) continue;
      place.innerHTML = parts[name];
      for (const radio of place.querySelectorAll("[type=radio]")) radio.name = own;
    }
    title.textContent = parts.dialogue;
    shown = parts;
    if (held && document.activeElement?.dataset?.key !== held) find(held)?.focus({ preventScroll: true });
  }
  const find = (key) => root.querySelector(`[data-key="${CSS.escape(key)}"]`);

  let open = "";
  function unfold() {
    const before = open;
    open = model.get("opened");
    main.hidden = heading.hidden = !open;
    root.classList.toggle("rt-closed", !open);
    if (open && !before) heading.scrollIntoView({ block: "nearest" });
    if (!open && before && (document.activeElement === close || main.contains(document.activeElement)))
      find(`open-${before}`)?.focus();
  }

  // What the reader does -----------------------------------------------------------------------------------

  const networks = () => want({ do: "inside", value: rules.querySelector("[data-key=networks]").value });
  root.addEventListener("click", (event) => {
    const at = event.target.closest("[data-do]");
    if (!at) return;
    if (at.dataset.do === "inside") networks();
    else want({ do: at.dataset.do, value: at.dataset.value, cell: at.dataset.cell });
  });
  rules.addEventListener("change", (event) => {
    if (event.target.type === "radio") want({ do: "deny", value: event.target.value });
  });
  rules.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.dataset.key !== "networks") return;
    networks();
    event.preventDefault();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && open) want({ do: "close" });
  });

  // Somebody may have changed the server from a cell: look again when the reader comes back.
  function look() {
    if (working() || Date.now() - looked < 1000) return;
    looked = Date.now();
    model.send({ do: "look" });
  }
  root.addEventListener("pointerenter", look);
  root.addEventListener("focusin", (event) => { if (!root.contains(event.relatedTarget)) look(); });

  // The foot: the code ---------------------------------------------------------------------------------------

  const show = make("button", "sl-link", "Show the code", { type: "button", "aria-expanded": "false", "aria-controls": `${own}-code` });
  const codes = make("div", "sl-codes smtplab-code", "", { id: `${own}-code` });
  codes.hidden = true;
  foot.prepend(show);
  foot.hidden = false; // the ladder hid it, for it has nothing to save yet
  foot.after(codes);
  show.addEventListener("click", () => {
    codes.hidden = !codes.hidden;
    show.setAttribute("aria-expanded", String(!codes.hidden));
  });
  let tab = 0, coded = null;
  function code() {
    const made = model.get("code");
    if (made === coded) return;
    const held = codes.contains(document.activeElement);
    coded = made;
    show.hidden = !made;
    codes.innerHTML = made;
    tab = tabs(codes, tab, (chosen) => { tab = chosen; });
    codes.querySelector("[role=tablist]")?.setAttribute("aria-label", "The same policy and trials with");
    if (held) codes.querySelectorAll("[role=tab]")[tab]?.focus();
  }

  const busy = () => rests();
  const say = () => { says.innerHTML = model.get("message"); };

  const watched = {
    "change:parts": draw, "change:opened": unfold, "change:disabled": busy, "change:message": say, "change:code": code,
  };
  for (const [name, act] of Object.entries(watched)) model.on(name, act);
  for (const act of Object.values(watched)) act();
  return () => {
    drawn.stop();
    for (const [name, act] of Object.entries(watched)) model.off(name, act);
  };
}

export default { render: ({ model, el }) => relayTable(model, el) };
