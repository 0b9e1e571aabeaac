// The SPF builder: boxes, a field for the record, a question, and what follows from them as markup that Python built and
// escaped. Each message carries all that is typed, so that the kernel loses none of it; what the reader does while the
// kernel is at work is done after it.

const RESTS = [
  ["-all", "-all", "fail: it is not from us"], ["~all", "~all", "softfail: probably not from us"],
  ["?all", "?all", "neutral: we do not say"], ["", "none", "no such term: neutral, too"],
];

function spfBuilder(model, el) {
  const ui = scripted(model, el, "sb-widget");
  const { root, id, says, places, after, idle, ask } = ui;

  const labelled = (words, control, className = "") => {
    const box = make("div", `sb-pair ${className}`);
    box.append(make("label", "sl-label", words, { for: control.id }), control);
    return box;
  };
  const field = (key, attributes = {}) => make("input", "sl-field", "", {
    id: `${id}-${key}`, type: "text", spellcheck: "false", autocomplete: "off", autocapitalize: "off", "data-key": key, ...attributes,
  });
  const button = (words, key, go = false) =>
    make("button", `sl-button${go ? " sl-go" : ""}`, words, { type: "button", "data-press": key, "data-key": key });
  const tick = (key, words, note) => {
    const label = make("label", "sb-tick"), box = make("input", "", "", { type: "checkbox", "data-change": key, "data-key": key });
    const text = make("span");
    text.append(make("strong", "", words), make("span", "smtplab-dim", ` ${note}`));
    label.append(box, text);
    return label;
  };

  // Who sends ----------------------------------------------------------------------------------------------

  const who = make("div", "sb-who");
  const own = make("fieldset", "sb-set"), mx = tick("mx", "The hosts that receive its mail", "mx, 1 lookup");
  const networks = field("networks", { placeholder: "192.0.2.10, 198.51.100.0/24" });
  const nobody = tick("nobody", "Nobody", "this domain sends no mail");
  const rest = make("fieldset", "sb-set sb-rest"), choices = make("div", "sb-choices");
  rest.append(make("legend", "sl-label", "Mail from anybody else"), choices);
  for (const [value, term, words] of RESTS) {
    const label = make("label", "sb-tick");
    const words_ = make("span");
    words_.append(make("code", "", term), make("span", "smtplab-dim", ` ${words}`));
    label.append(make("input", "", "", { type: "radio", name: `${id}-rest`, value, "data-change": "rest", "data-key": `rest${value}` }), words_);
    choices.append(label);
  }
  const title = make("legend", "sl-label");
  own.append(title, mx, labelled("Own addresses and networks, no lookup", networks), nobody);
  const left = make("div", "sb-left-side");
  left.append(own, rest);
  const bought = make("fieldset", "sb-set"), services = make("div", "sb-services");
  bought.append(make("legend", "sl-label", "Services that send for it"), services);
  who.append(left, bought);

  // The record, its cost ------------------------------------------------------------------------------------

  const written = make("section", "sb-part sb-written");
  const text = make("textarea", "sl-field sb-record", "", {
    id: `${id}-text`, rows: "2", spellcheck: "false", autocomplete: "off", autocapitalize: "off", "data-key": "text",
    placeholder: "v=spf1 …", "aria-describedby": `${id}-keys`,
  });
  const bar = make("div", "sb-bar");
  const keys = make("span", "sb-keys", "Enter checks what you typed; a paste is checked at once.", { id: `${id}-keys` });
  bar.append(button("Check", "write"), button("Publish", "publish", true), button("Back to what is published", "reset"), keys);
  const standing = make("div", "sb-standing", "", { role: "status" });
  const record = make("div", "sb-record-read"), meter = make("div", "sb-metered");
  written.append(labelled("The record: tick boxes, or type or paste one", text), bar, standing, record);
  const counted = make("section", "sb-part");
  counted.append(make("h3", "", "Ten lookups"), meter);

  // A question, and a message --------------------------------------------------------------------------------

  const asked = make("section", "sb-part");
  const clients = make("div", "sb-clients", "", { role: "group", "aria-label": "Clients to choose from" });
  const ip = field("ip", { list: `${id}-known` }), sender = field("sender"), helo = field("helo");
  const known = make("datalist", "", "", { id: `${id}-known` });
  const form = make("div", "sb-form");
  const send = button("Send through it", "send");
  form.append(labelled("Client's address", ip), labelled("MAIL FROM", sender), labelled("HELO", helo));
  const asking = make("div", "sb-bar");
  asking.append(button("Ask", "ask", true), send);
  const verdict = make("div", "sb-verdict", "", { role: "region", "aria-label": "What the record says about this client" });
  const changed = make("div", "sb-changed"), sent = make("div", "sb-was-sent", "", { role: "status" });
  const change = make("section", "sb-part sb-change");
  change.append(make("h3", "", "What publishing it would change for this client"), changed);
  asked.append(make("h3", "", "May this client send?"), clients, known, form, asking, sent, verdict);

  root.prepend(who, written, counted, asked, change);
  Object.assign(places, { services, standing, record, meter, clients, verdict, change: changed, sent });

  // Messages ---------------------------------------------------------------------------------------------------

  const waiting = [];
  let said = null; // the record as it was sent last
  const state = () => ({ text: text.value, ip: ip.value, sender: sender.value, helo: helo.value });
  function tell(what, value = "", on = false) {
    const message = { do: what, value, on };
    if (!ask({ ...message, ...state() })) {
      waiting.push(message);
      return;
    }
    said = text.value;
    if (what === "send") send.textContent = "Sending …";
  }
  idle.push(() => {
    const found = model.get("parts").text; // what the kernel took out of a pasted line
    if (text.value === said && found !== undefined) text.value = found;
    said = null;
    send.textContent = "Send through it";
    const next = waiting.shift();
    if (next) tell(next.do, next.value, next.on);
  });
  root.addEventListener("click", (event) => {
    const at = event.target.closest("[data-press]");
    if (at) tell(at.dataset.press, at.value ?? "");
  });
  root.addEventListener("change", (event) => {
    const at = event.target;
    if (at === networks) tell("networks", networks.value);
    else if (at.dataset.change) tell(at.dataset.change, at.value, at.checked);
  });
  text.addEventListener("paste", () => setTimeout(() => tell("write")));
  root.addEventListener("keydown", (event) => {
    const at = event.target, box = at === text;
    if (event.key !== "Enter" || event.isComposing || !(box || at.matches("input[type=text]"))) return;
    event.stopPropagation(); // JupyterLab would run the cell
    if (box && event.shiftKey) return;
    event.preventDefault();
    if (at === networks) tell("networks", networks.value);
    else tell(box ? "write" : "ask");
  });

  // After a drawing --------------------------------------------------------------------------------------------

  const fields = { text, networks, ip, sender, helo };
  let before = {};
  after.push((parts) => {
    for (const [key, control] of Object.entries(fields)) {
      if (before[key] !== parts[key]) control.value = parts[key] ?? "";
    }
    before = parts;
    mx.firstChild.checked = parts.mx;
    nobody.firstChild.checked = parts.nobody;
    for (const one of choices.querySelectorAll("input")) one.checked = one.value === parts.rest;
    for (const one of services.querySelectorAll("input")) one.checked = one.hasAttribute("checked");
    change.hidden = !parts.change;
  });

  // A remark and its mark light up together ---------------------------------------------------------------------

  function light(event) {
    const part = event.target.closest?.("[data-part]")?.dataset.part;
    for (const one of record.querySelectorAll("[data-part]")) one.classList.toggle("sb-lit", one.dataset.part === part);
  }
  for (const name of ["mouseover", "mouseleave"]) record.addEventListener(name, light);

  const name = () => { title.textContent = `Who sends mail for ${model.get("domain")}?`; };
  const offer = () => { known.replaceChildren(...model.get("known").map((one) => make("option", "", "", { value: one }))); };
  model.on("change:domain", name);
  model.on("change:known", offer);
  name();
  offer();
  ui.start();
  return () => {
    model.off("change:domain", name);
    model.off("change:known", offer);
    ui.stop();
  };
}

export default { render: ({ model, el }) => spfBuilder(model, el) };
