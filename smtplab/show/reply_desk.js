
// The reply desk: a place to type or paste, and what came of it as markup that Python built and escaped. What was
// pasted is set as text. A part of the reply and the line that explains it light up together.

const STAGES = [
  ["", "not said: look in the text"], ["connect", "the connection (no greeting)"], ["EHLO", "EHLO"], ["STARTTLS", "STARTTLS"],
  ["AUTH", "AUTH"], ["MAIL", "MAIL"], ["RCPT", "RCPT"], ["DATA", "DATA"], [".", "the end of data (the dot)"],
];

function replyDesk(model, el) {
  const ui = scripted(model, el, "rd-desk");
  const { root, id, says, places, after, idle, ask } = ui;

  const desk = make("div", "rd-write");
  const textLabel = make("label", "sl-label", "A reply, or the line of a log or bounce that holds one", { for: `${id}-text` });
  const text = make("textarea", "sl-field rd-paste", "", {
    id: `${id}-text`, rows: "3", spellcheck: "false", autocomplete: "off", autocapitalize: "off", "data-key": "text",
    placeholder: "550 5.1.1 …", "aria-describedby": `${id}-keys`,
  });
  const verbLabel = make("label", "sl-label", "It answered", { for: `${id}-verb` });
  const verb = make("select", "sl-field", "", { id: `${id}-verb`, "data-key": "verb" });
  for (const [value, words] of STAGES) verb.append(make("option", "", words, { value }));
  const go = make("button", "sl-button sl-go", "Explain", { type: "button", "data-key": "go" });
  const keys = make("span", "rd-keys", "Enter explains, Shift+Enter makes a new line; a paste is explained at once.", { id: `${id}-keys` });
  const bar = make("div", "rd-bar"), pair = make("div", "rd-pair");
  pair.append(verbLabel, verb);
  bar.append(pair, go, keys);
  const examples = make("div", "smtplab-bar rd-examples", "", { role: "group", "aria-label": "Examples" });
  desk.append(textLabel, text, bar, examples);
  const result = make("div", "rd-result", "", { role: "region", "aria-label": "What the reply means" });
  root.prepend(desk);
  says.after(result);
  Object.assign(places, { examples, result });

  let wanted = false; // asked for while the kernel was still at work
  function send() {
    wanted = !ask({ do: "explain", text: text.value, verb: verb.value });
  }
  idle.push(() => { if (wanted) send(); });
  go.addEventListener("click", send);
  verb.addEventListener("change", () => { if (text.value.trim()) send(); });
  text.addEventListener("paste", () => setTimeout(send));
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.stopPropagation(); // JupyterLab would run the cell
    if (event.shiftKey) return;
    event.preventDefault();
    send();
  });

  let before = {};
  after.push((parts) => {
    if (before.text !== parts.text) text.value = parts.text ?? "";
    if (before.verb !== parts.verb) verb.value = parts.verb ?? "";
    before = parts;
  });

  // Parts that belong together ------------------------------------------------------------------------------

  // The part under the mouse counts, else the one with the focus. Only a mouse that moves is asked: what scrolls by
  // beneath one at rest must not put out what somebody reads by keyboard.
  let pointed, focused;
  const part = ({ target }) => target.closest?.("[data-part]")?.dataset.part;
  function light() {
    const kind = pointed ?? focused;
    for (const one of result.querySelectorAll("[data-part]")) one.classList.toggle("rd-lit", one.dataset.part === kind);
  }
  result.addEventListener("mousemove", (event) => { pointed = part(event); light(); });
  result.addEventListener("mouseleave", () => { pointed = undefined; light(); });
  result.addEventListener("focusin", (event) => { focused = part(event); pointed = undefined; light(); });
  result.addEventListener("focusout", () => { focused = undefined; light(); });

  ui.start();
  return ui.stop;
}

export default { render: ({ model, el }) => replyDesk(model, el) };
