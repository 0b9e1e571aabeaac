
// What widgets of parts share: the parts in their places, messages to the kernel, and the code at the foot.
// The markup of the parts was built and escaped by Python; all else is set as text.

function scripted(model, el, name) {
  keepKeys();
  const root = make("div", `smtplab smtplab-card sl-widget ${name}`);
  const id = `${name}-${Math.random().toString(36).slice(2)}`;
  const says = make("div", "sl-says", "", { role: "status" });
  const foot = make("div", "sl-foot");
  const show = make("button", "sl-link", "Show the code", { type: "button", "aria-expanded": "false", "aria-controls": `${id}-code` });
  const codes = make("div", "sl-codes smtplab-code", "", { id: `${id}-code` });
  codes.hidden = true;
  foot.append(show);
  root.append(says, foot, codes);
  el.append(root);

  // The parts: after a new drawing the keyboard is where it was -------------------------------------------

  const places = {}, shown = {}, after = [];
  let drawn = null;
  const find = (key) => root.querySelector(`[data-key="${CSS.escape(key)}"]`);
  function draw() {
    const parts = model.get("parts");
    if (parts === drawn) return;
    drawn = parts;
    const held = root.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    for (const [part, place] of Object.entries(places)) {
      const markup = parts[part] ?? "";
      if (shown[part] === markup) continue;
      shown[part] = markup;
      const open = [...place.querySelectorAll("details[open][data-fold]")].map((one) => one.dataset.fold);
      place.innerHTML = markup;
      place.hidden = !markup;
      for (const one of place.querySelectorAll("details[data-fold]")) one.open = open.includes(one.dataset.fold);
    }
    for (const act of after) act(parts);
    if (held && document.activeElement?.dataset?.key !== held) find(held)?.focus({ preventScroll: true });
  }

  // Messages: one at a time, for the widget rests while the kernel works ------------------------------------

  const { ask, want, busy: settle, working } = asking(model, root);
  const idle = [];
  function busy() {
    settle(() => {
      draw(); // what comes with the rest is in sight before anything more is asked
      for (const act of idle) act();
    });
  }
  root.addEventListener("click", (event) => {
    const at = event.target.closest("[data-do]");
    if (at) want({ do: at.dataset.do, value: at.dataset.value ?? "" });
  });
  const say = () => { says.innerHTML = model.get("message"); };
  function tell(sentence) { // one that the page itself has to say
    says.replaceChildren(make("div", "smtplab-notice smtplab-no"));
    says.firstChild.append(make("span", "smtplab-sign", "✕ "), make("span", "", sentence));
  }

  // The foot: the code --------------------------------------------------------------------------------------

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
    show.hidden = foot.hidden = !made;
    codes.innerHTML = made;
    tab = tabs(codes, tab, (chosen) => { tab = chosen; });
    codes.querySelector("[role=tablist]")?.setAttribute("aria-label", "The same with");
    if (held) codes.querySelectorAll("[role=tab]")[tab]?.focus();
  }

  const watched = { "change:parts": draw, "change:disabled": busy, "change:message": say, "change:code": code };
  function start() {
    for (const [event, act] of Object.entries(watched)) model.on(event, act);
    for (const act of Object.values(watched)) act();
  }
  function stop() {
    for (const [event, act] of Object.entries(watched)) model.off(event, act);
  }
  return { root, id, says, foot, places, after, idle, find, ask, want, working, tell, start, stop };
}
