
// The forge desk: lines to write, who sends them, and what each reader made of them. The result arrives as markup
// that Python built and escaped; what was written is set as text.

function forgeDesk(model, el) {
  const ui = scripted(model, el, "fd-desk");
  const { root, id, says, places, after, idle, want, working } = ui;
  const field = (tag, name, words, attributes) => {
    const label = make("label", "sl-label", words, { for: `${id}-${name}` });
    return [label, make(tag, "sl-field", "", { id: `${id}-${name}`, "data-key": name, spellcheck: "false", autocomplete: "off", ...attributes })];
  };

  const desk = make("div", "fd-write"), examples = make("div", "smtplab-bar fd-examples", "", { role: "group", "aria-label": "Examples" });
  const [linesLabel, text] = field("textarea", "lines", "Your Received lines, the newest on top", { rows: "7" });
  const [helloLabel, hello] = field("input", "hello", "It says EHLO", { type: "text" });
  const [sourceLabel, source] = field("select", "source", "Sent from", {});
  const go = make("button", "sl-button sl-go", "Send it to Bob", { type: "button", "data-key": "go" });
  const bar = make("div", "fd-bar");
  for (const pair of [[sourceLabel, source], [helloLabel, hello]]) {
    const box = make("div", "fd-pair");
    box.append(...pair);
    bar.append(box);
  }
  bar.append(go);
  desk.append(examples, linesLabel, text, bar);
  const result = make("div", "fd-result", "", { role: "status" });
  root.prepend(desk);
  says.after(result);
  Object.assign(places, { examples, result });

  const send = () => want({ do: "send", text: text.value, source: source.value, hello: hello.value });
  go.addEventListener("click", send);
  desk.addEventListener("keydown", (event) => {
    const enters = event.key === "Enter" && (event.target === hello || event.ctrlKey || event.metaKey);
    if (!enters) return;
    event.preventDefault();
    event.stopPropagation();
    send();
  });

  let before = {};
  after.push((parts) => {
    if (!source.options.length) for (const name of parts.sources ?? []) source.append(make("option", "", name, { value: name }));
    if (before.written !== parts.written) text.value = parts.written ?? "";
    if (before.source !== parts.source) source.value = parts.source;
    if (before.hello !== parts.hello) hello.value = parts.hello ?? "";
    before = parts;
  });
  // The usual name for EHLO is the host's own, unless the learner has written another.
  source.addEventListener("change", () => {
    if ([...source.options].some((option) => option.value === hello.value)) hello.value = source.value;
  });
  idle.push(() => { go.textContent = "Send it to Bob"; });
  go.addEventListener("click", () => { if (working()) go.textContent = "Sending …"; });
  ui.start();
  return ui.stop;
}

export default { render: ({ model, el }) => forgeDesk(model, el) };
