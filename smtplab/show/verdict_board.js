
// The verdict board: fields to edit on top, the picture under them. The kernel judges; its parts arrive as markup that
// Python built and escaped, and the fields' values as text.

function verdictBoard(model, el) {
  const ui = scripted(model, el, "vb-widget");
  const { root, id, says, places, after, want } = ui;

  const cases = make("div", "vb-cases", "", { role: "group", "aria-label": "Begin with" });
  const form = make("form", "vb-form", "", { "aria-label": "What is judged", novalidate: "" });
  const fields = {};
  function group(words) {
    const made = make("fieldset", "vb-group");
    made.append(make("legend", "sl-label", words));
    form.append(made);
    return made;
  }
  function field(place, name, words, kind = "input") {
    const label = make("label", "vb-field", "", { for: `${id}-${name}` });
    const box = make(kind, "sl-field", "", { id: `${id}-${name}`, spellcheck: "false", autocomplete: "off", autocapitalize: "off", "data-key": name });
    if (kind === "input") box.type = "text";
    label.append(make("span", "", words), box);
    place.append(label);
    fields[name] = box;
    return box;
  }
  const envelope = group("The envelope");
  field(envelope, "ip", "client's address").setAttribute("list", `${id}-known`);
  const known = make("datalist", "", "", { id: `${id}-known` });
  envelope.append(known);
  field(envelope, "helo", "EHLO");
  field(envelope, "mail_from", "MAIL FROM");
  const letter = group("The message");
  field(letter, "author", "From");
  const whole = make("details", "vb-whole-message");
  whole.append(make("summary", "", "Edit the whole message", { "data-key": "whole" }));
  field(whole, "source", "source", "textarea").rows = 12;
  letter.append(whole);
  const dns = group("The DNS (tried here, not published)"), records = make("div", "vb-records");
  dns.append(records);
  const receiver = group("The receiver");
  const choices = { mark: "only marks it", junk: "junk folder, as RFC 9989 asks", reject: "refuses under p=reject", discard: "takes and drops it" };
  for (const [value, words] of Object.entries(choices)) {
    const label = make("label", "vb-choice");
    label.append(make("input", "", "", { type: "radio", name: `${id}-receiver`, value, "data-key": `receiver-${value}` }), make("span", "", words));
    receiver.append(label);
  }
  const bar = make("div", "vb-bar");
  const go = make("button", "sl-button sl-go", "Judge", { type: "submit", "data-key": "judge" });
  const again = make("button", "sl-button", "Back to the start", { type: "button", "data-do": "again", "data-key": "again" });
  bar.append(go, again);
  form.append(bar);

  const moved = make("div", "vb-said", "", { role: "status" }), picture = make("div"), reasons = make("div", "vb-reasons");
  const diff = make("div", "vb-all"), all = make("div", "vb-all");
  root.prepend(cases, form);
  says.after(moved, diff, picture, reasons, all);
  Object.assign(places, { cases, records, moved, diff, picture, reasons, all });

  function judge() {
    const now = Object.fromEntries(Object.entries(fields).map(([name, box]) => [name, box.value]));
    now.receiver = receiver.querySelector("input:checked")?.value ?? "";
    now.records = Object.fromEntries([...records.querySelectorAll("textarea")].map((box) => [box.dataset.name, box.value]));
    want({ do: "judge", fields: now });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    judge();
  });
  form.addEventListener("keydown", (event) => {
    const box = event.target;
    if (event.key !== "Enter" || box.type === "submit" || box.tagName === "SUMMARY" || box.type === "button") return;
    if (box === fields.source && !event.ctrlKey && !event.metaKey) return; // a line end of the message
    event.stopPropagation(); // Shift and Ctrl with it would run the cell
    if (box.dataset.name && event.shiftKey) return; // a second record
    event.preventDefault();
    judge();
  });
  receiver.addEventListener("change", judge);

  let before = {}, begun = null;
  after.push((parts) => {
    const now = parts.fields ?? {};
    const fresh = parts.begun !== begun; // another case, or this one from its start: what was typed goes
    if (fresh) for (const box of records.querySelectorAll("textarea")) box.value = box.defaultValue;
    begun = parts.begun;
    for (const [name, box] of Object.entries(fields)) {
      if (fresh || before[name] !== now[name]) box.value = now[name] ?? "";
    }
    for (const one of receiver.querySelectorAll("input")) one.checked = one.value === now.receiver;
    before = now;
  });
  const offer = () => { known.replaceChildren(...model.get("known").map((one) => make("option", "", "", { value: one.split(" ")[0], label: one }))); };
  model.on("change:known", offer);
  offer();
  ui.start();
  return () => {
    model.off("change:known", offer);
    ui.stop();
  };
}

export default { render: ({ model, el }) => verdictBoard(model, el) };
