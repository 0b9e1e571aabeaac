
// The route planner: a place, a recipient, two buttons. The kernel decides and sends; its parts arrive as markup that
// Python built and escaped.

function routePlanner(model, el) {
  const ui = scripted(model, el, "rp-widget");
  const { root, id, says, places, after, idle, want } = ui;

  const form = make("form", "rp-form", "", { "aria-label": "Route to plan", novalidate: "" });
  const from = make("fieldset", "rp-from-here"), choice = make("div", "rp-places");
  from.append(make("legend", "sl-label", "Sent from"), choice);
  const bar = make("div", "rp-bar"), box = make("div", "rp-to");
  const label = make("label", "sl-label", "To", { for: `${id}-to` });
  const to = make("input", "sl-field", "", {
    id: `${id}-to`, type: "text", list: `${id}-known`, spellcheck: "false", autocomplete: "off", autocapitalize: "off", "data-key": "to",
  });
  const known = make("datalist", "", "", { id: `${id}-known` });
  const plan = make("button", "sl-button", "Plan the route", { type: "submit", "data-key": "plan" });
  const go = make("button", "sl-button sl-go", "Try it: send a message", { type: "button", "data-key": "try" });
  box.append(label, to, known);
  bar.append(box, plan, go);
  form.append(from, bar);

  const banner = make("div", "rp-said-so", "", { role: "status" });
  const main = make("div", "rp-main");
  const part = (words) => {
    const made = make("section", "rp-part"), drawn = make("div");
    made.append(make("h3", "", words), drawn);
    main.append(made);
    return drawn;
  };
  const lookups = part("What the DNS was asked"), board = part("Whom to try, in this order");
  const why = make("div", "rp-reasons");
  root.prepend(form, banner);
  says.after(main, why);
  Object.assign(places, { places: choice, banner, lookups, board, why });

  const place = () => choice.querySelector("input:checked")?.value ?? "";
  const send = (what) => want({ do: what, to: to.value, place: place() });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send("plan");
  });
  form.addEventListener("keydown", (event) => {
    if (event.target !== to || event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    send("plan");
  });
  choice.addEventListener("change", () => send("plan"));
  const words = go.textContent;
  go.addEventListener("click", () => { if (send("try")) go.textContent = "Sending …"; });
  idle.push(() => { go.textContent = words; });

  let before = {};
  after.push((parts) => {
    if (before.recipient !== parts.recipient) to.value = parts.recipient ?? "";
    const chosen = [...choice.querySelectorAll("input")].find((one) => one.value === parts.place);
    if (chosen) chosen.checked = true;
    before = parts;
  });
  const offer = () => { known.replaceChildren(...model.get("known").map((one) => make("option", "", "", { value: one }))); };
  model.on("change:known", offer);
  offer();
  ui.start();
  return () => {
    model.off("change:known", offer);
    ui.stop();
  };
}

export default { render: ({ model, el }) => routePlanner(model, el) };
