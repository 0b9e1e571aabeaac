// The DKIM workbench: buttons that change the message, a field in which every octet can be changed, and views of what
// follows, as markup that Python built and escaped. Each message carries what is typed, so that the kernel loses none
// of it; what the reader does while the kernel is at work is done after it.

const VIEWS = [
  ["lit", "Message"], ["tags", "Tags"], ["canon", "Canonical form"], ["steps", "Steps"], ["whatif", "What if"],
  ["lint", "Linter"],
];
const FORMS = [["relaxed", "relaxed"], ["simple", "simple"]];
const KINDS = { rsa: "RSA 2048", ed25519: "Ed25519" };
const PAUSE = 350; // milliseconds without a key, after which what is typed is verified

function dkimWorkbench(model, el) {
  const ui = scripted(model, el, "dk-widget");
  const { root, id, places, after, idle, ask } = ui;
  root.classList.add("sb-widget");

  const labelled = (words, control, className = "") => {
    const box = make("div", `sb-pair ${className}`);
    box.append(make("label", "sl-label", words, { for: control.id }), control);
    return box;
  };
  const choice = (key, options) => {
    const box = make("select", "sl-field dk-select", "", { id: `${id}-${key}`, "data-change": key, "data-key": key });
    for (const [value, words] of options) box.append(make("option", "", words, { value }));
    return box;
  };
  const button = (words, key, go = false) =>
    make("button", `sl-button${go ? " sl-go" : ""}`, words, { type: "button", "data-press": key, "data-key": key });
  const tick = (key, words, note) => {
    const label = make("label", "sb-tick"), box = make("input", "", "", { type: "checkbox", "data-change": key, "data-key": key });
    const text = make("span");
    text.append(make("strong", "", words), make("span", "smtplab-dim", ` ${note}`));
    label.append(box, text);
    return label;
  };
  const field = (key, rows, attributes = {}) => make("textarea", "sl-field", "", {
    id: `${id}-${key}`, rows, spellcheck: "false", autocomplete: "off", autocapitalize: "off", "data-key": key, ...attributes,
  });

  // Change it, sign it ---------------------------------------------------------------------------------------

  const who = make("div", "sb-who");
  const way = make("fieldset", "sb-set"), changes = make("div", "dk-changes");
  const undo = button("Undo", "undo"), back = button("Back to the original", "back");
  const standing = make("span", "dk-standing", "", { role: "status" }), bar = make("div", "sb-bar");
  bar.append(undo, back, standing);
  way.append(make("legend", "sl-label", "Change it on the way"), changes, bar);
  const signing = make("fieldset", "sb-set dk-signing"), selects = make("div", "dk-selects");
  const kind = choice("kind", []), header = choice("header", FORMS), body = choice("body", FORMS);
  const late = choice("late", [["now", "now"], ["late", "8 days later"]]);
  selects.append(labelled("Key", kind), labelled("Header", header), labelled("Body", body), labelled("Verified", late));
  const length = tick("length", "l=", "the body as it is, and not what may follow");
  const over = tick("over", "From twice in h=", "no other From may be added");
  const expires = tick("expires", "x=", "good for 7 days");
  const sign = make("div", "sb-bar");
  sign.append(button("Sign it as it is now", "sign"));
  signing.append(make("legend", "sl-label", "Sign it again"), selects, length, over, expires, sign);
  who.append(way, signing);

  // The chain, and the views -----------------------------------------------------------------------------------

  const top = make("section", "sb-part dk-top");
  const several = make("div", "dk-several"), chain = make("div", "dk-chained", "", { role: "status" });
  top.append(several, chain);

  const views = make("section", "dk-views");
  const list = make("div", "sl-tabs", "", { role: "tablist", "aria-label": "Look at" });
  views.append(list);
  const shown = {};
  for (const [key, words] of VIEWS) {
    list.append(make("button", "", words, { type: "button", role: "tab", id: `${id}-tab-${key}`, "data-key": `tab-${key}`, "aria-controls": `${id}-view-${key}` }));
    shown[key] = make("div", "dk-view", "", { role: "tabpanel", id: `${id}-view-${key}`, "aria-labelledby": `${id}-tab-${key}` });
    views.append(shown[key]);
  }
  const lit = make("div", "dk-half"), raw = make("div", "dk-half dk-raw");
  const text = field("text", 18, { "aria-describedby": `${id}-keys`, wrap: "off" });
  raw.append(labelled("Change any octet", text));
  raw.append(make("p", "sb-keys", "Verified as you type. What does not show is a code, \\x00 or \\u202e; a backslash is two.", { id: `${id}-keys` }));
  shown.lit.classList.add("dk-two");
  shown.lit.append(lit, raw);
  const pasted = field("pasted", 6, { placeholder: "v=DKIM1; k=rsa; p=…" });
  const lint = make("div", "dk-lint", "", { role: "status" }), own = make("div", "sb-bar");
  for (const [value, words] of [["key", "The key record in the DNS"], ["signature", "This signature"]])
    own.append(make("button", "sl-button", words, { type: "button", value, "data-press": "take", "data-key": `take-${value}` }));
  shown.lint.append(labelled("Paste a key record, or a DKIM-Signature field", pasted), own, lint);

  root.prepend(who, top, views);
  Object.assign(places, {
    changes, standing, several, chain, lit, tags: shown.tags, canon: shown.canon, steps: shown.steps, whatif: shown.whatif, lint,
  });

  // Messages ---------------------------------------------------------------------------------------------------

  const waiting = [];
  let drawn = "", told = null, timer = 0; // the text as the kernel has it, as it was told, and when to tell it
  const typed = () => (text.readOnly || text.value === drawn ? null : text.value);
  function tell(what, value = "", on = false) {
    const message = { do: what, value, on, text: typed() };
    if (!ask(message)) { waiting.push([what, value, on]); return; }
    clearTimeout(timer);
    told = message.text ?? drawn;
  }
  idle.push(() => {
    const next = waiting.shift();
    if (next) tell(...next);
    else if (told !== null && typed() !== null && text.value !== told) timer = setTimeout(() => tell("write"), PAUSE);
  });
  root.addEventListener("click", (event) => {
    const at = event.target.closest("[data-press]");
    if (at && at.getAttribute("aria-disabled") !== "true") tell(at.dataset.press, at.value ?? "");
  });
  root.addEventListener("change", (event) => {
    const at = event.target;
    if (at.dataset.change) tell(at.dataset.change, at.value, at.checked ?? false);
  });
  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (typed() !== null) tell("write"); }, PAUSE);
  });
  let linting = 0;
  pasted.addEventListener("input", () => {
    clearTimeout(linting);
    linting = setTimeout(() => tell("paste", pasted.value), PAUSE);
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.altKey)) {
      event.stopPropagation(); // JupyterLab would run the cell
      if (event.target === text) tell("write");
    }
  });

  // After a drawing --------------------------------------------------------------------------------------------

  let taken = 0;
  after.push((parts) => {
    if (told === null || text.value === told || text.value === drawn) {
      if (text.value !== parts.text) text.value = parts.text;
    } // else the reader went on typing, and that is told next
    drawn = parts.text;
    if (parts.taken !== taken && parts.taken) pasted.value = parts.pasted;
    taken = parts.taken;
    text.readOnly = !parts.editable;
    if (kind.options.length !== parts.kinds.length)
      kind.replaceChildren(...parts.kinds.map((one) => make("option", "", KINDS[one] ?? one, { value: one })));
    Object.entries({ kind, header, body }).forEach(([key, control]) => { control.value = parts[key]; });
    late.value = parts.late ? "late" : "now";
    Object.entries({ length, over, expires }).forEach(([key, control]) => { control.firstChild.checked = parts[key]; });
    undo.setAttribute("aria-disabled", String(!parts.undoable));
    back.setAttribute("aria-disabled", String(!parts.changed));
  });

  // A remark and its mark light up together ---------------------------------------------------------------------

  function light(event) {
    const part = event.target.closest?.("[data-part]")?.dataset.part;
    for (const one of lint.querySelectorAll("[data-part]")) one.classList.toggle("sb-lit", one.dataset.part === part);
  }
  for (const name of ["mouseover", "mouseleave"]) lint.addEventListener(name, light);

  ui.start();
  tabs(views, 0, () => {});
  return () => {
    clearTimeout(timer);
    clearTimeout(linting);
    ui.stop();
  };
}

export default { render: ({ model, el }) => dkimWorkbench(model, el) };
