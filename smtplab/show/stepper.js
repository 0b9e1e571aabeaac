
// The stepper: buttons above the ladder, a line to type into below it, and the code that does the same.
// The kernel decides what each control may do (`tools`); a control that may not keeps the keyboard focus.

const ICONS = { next: "M4 2.5 10 6.5 4 10.5Z", back: "M9 2.5 3 6.5 9 10.5Z", restart: "M10.5 6.5A4 4 0 1 1 8.5 3M8.5.8V3.3H11" };

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 13 13");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `sl-icon sl-icon-${name}`);
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function stepper(model, el) {
  const drawn = ladder(model, el);
  const { root, top, main, foot } = drawn;
  root.classList.add("sl-driven");
  const { want, busy: rests, working } = asking(model, root);

  function button(name, label) {
    const made = make("button", `sl-button smtplab-${name}`, "", { type: "button" });
    const words = make("span", "", label);
    made.append(icon(name), words);
    made.addEventListener("click", () => { if (made.getAttribute("aria-disabled") !== "true") want({ do: name }); });
    return { made, words };
  }
  function allow(element, may) { element.setAttribute("aria-disabled", String(!may)); }

  // Above: the buttons -------------------------------------------------------------------------------

  const next = button("next", "Next"), back = button("back", "Back"), again = button("restart", "Restart");
  next.made.classList.add("sl-go");
  next.made.title = "Say the next line of the script (→)";
  back.made.title = "Open a fresh session and say all but the last line again (←)";
  again.made.title = "Hang up and open a fresh session";
  const upcoming = make("span", "sl-upcoming"), title = make("span", "sl-title");
  const keys = make("span", "sl-keys", "", { "aria-hidden": "true" });
  for (const key of ["→", "←", "/"]) keys.append(make("kbd", "", key));
  top.append(next.made, back.made, again.made, upcoming, make("span", "smtplab-space"), title, keys);

  // Below: the line to type into, and what the stepper has to say ---------------------------------------

  const id = `sl-${Math.random().toString(36).slice(2)}`;
  const prompt = make("form", "sl-prompt");
  const label = make("label", "", "", { for: `${id}-type` });
  const input = make("input", "smtplab-type", "", {
    id: `${id}-type`, type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
  });
  const combo = make("div", "sl-combo");
  combo.append(input);
  const suggest = combobox(combo, input, `${id}-verbs`);
  const send = make("button", "sl-button smtplab-send", "Send", { type: "submit" });
  const says = make("div", "sl-says", "", { role: "status" });
  prompt.append(label, combo, send);
  main.after(prompt, says);
  function sendTyped() {
    if (send.getAttribute("aria-disabled") === "true" || (working() && !input.value)) return; // Enter twice
    want({ do: "type", line: input.value });
    input.value = "";
    input.dispatchEvent(new Event("input"));
  }
  prompt.addEventListener("submit", (event) => {
    event.preventDefault();
    sendTyped();
  });

  // The foot: the code ---------------------------------------------------------------------------------

  const show = make("button", "sl-link", "Show the code", { type: "button", "aria-expanded": "false", "aria-controls": `${id}-code` });
  const codes = make("div", "sl-codes smtplab-code", "", { id: `${id}-code` });
  codes.hidden = true;
  foot.prepend(show);
  foot.after(codes);
  show.addEventListener("click", () => {
    codes.hidden = !codes.hidden;
    show.setAttribute("aria-expanded", String(!codes.hidden));
  });
  let tab = 0;
  function code() {
    show.hidden = !model.get("code");
    codes.innerHTML = model.get("code");
    tab = tabs(codes, tab, (chosen) => { tab = chosen; });
  }

  // What the kernel says ---------------------------------------------------------------------------------

  function settle() {
    const tools = model.get("tools");
    if (!tools.verbs) return;
    const content = tools.state === "data", secret = tools.state === "auth";
    next.words.textContent = tools.ended ? "Restart" : "Next";
    next.made.querySelector("path").setAttribute("d", ICONS[tools.ended ? "restart" : "next"]);
    next.made.firstChild.classList.toggle("sl-icon-restart", Boolean(tools.ended));
    next.made.hidden = !tools.script && !tools.ended;
    again.made.hidden = Boolean(tools.ended);
    keys.firstChild.hidden = next.made.hidden;
    allow(next.made, tools.next);
    allow(back.made, tools.back);
    allow(send, !tools.ended);
    upcoming.textContent = tools.ended || tools.upcoming || (tools.script ? "The script is done." : "");
    upcoming.classList.toggle("sl-code", Boolean(tools.upcoming && !tools.ended));
    title.textContent = tools.title;
    label.textContent = content ? "Content" : secret ? "Answer" : "Type a command";
    input.placeholder = content ? "a line of the message; a dot alone ends it" : secret ? "base64, or * to cancel" : "EHLO, MAIL FROM:<…>, or anything else";
    input.readOnly = Boolean(tools.ended);
    if (tools.ended) input.placeholder = "the session is over";
    suggest(tools.verbs);
  }
  const busy = () => rests(settle);
  const say = () => { says.innerHTML = model.get("message"); };

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.target === input) { // an arrow moves in the text
      if (event.key === "Escape") (next.made.hidden ? back.made : next.made).focus();
      if (event.key !== "Enter") return;
      sendTyped(); // not left to the form: JupyterLab keeps Enter from it
      event.preventDefault();
      return;
    }
    if (event.target.closest("[role=tablist]")) return;
    const act = { ArrowRight: next.made, ArrowLeft: back.made }[event.key];
    if (act) act.click();
    else if (event.key === "/") input.focus();
    else return;
    event.preventDefault();
  });

  const watched = { "change:tools": settle, "change:disabled": busy, "change:message": say, "change:code": code };
  for (const [name, act] of Object.entries(watched)) model.on(name, act);
  settle();
  busy();
  say();
  code();
  return () => {
    drawn.stop();
    for (const [name, act] of Object.entries(watched)) model.off(name, act);
  };
}

// Completion as the ARIA practices have it (a combobox with a list): typing narrows the list, arrows
// choose from it, Enter takes the choice, and without a choice Enter sends what was typed.
function combobox(place, input, id) {
  const list = make("ul", "sl-list", "", { id, role: "listbox", "aria-label": "Suggestions" });
  const known = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id };
  for (const [name, value] of Object.entries(known)) input.setAttribute(name, value);
  list.hidden = true;
  place.append(list);
  let options = [], active = -1;

  function open(all) {
    const typed = input.value.toUpperCase();
    const fitting = options.filter(([value]) => (all || typed) && value.toUpperCase().startsWith(typed) && value.trim().toUpperCase() !== typed);
    list.replaceChildren(...fitting.map(([value, purpose], index) => {
      const item = make("li", "", "", { id: `${id}-${index}`, role: "option", "aria-selected": "false" });
      item.append(make("code", "", value), make("span", "", purpose));
      item.dataset.value = value;
      return item;
    }));
    list.hidden = !fitting.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    choose(-1);
  }
  function choose(index) {
    active = index;
    Array.from(list.children).forEach((item, number) => item.setAttribute("aria-selected", String(number === index)));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    }
  }
  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    choose(-1);
  }
  function take(item) {
    input.value = item.dataset.value;
    close();
    input.focus();
  }
  input.addEventListener("input", () => open(false));
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], count = list.children.length;
    if (step && list.hidden) open(true);
    else if (step) choose(((active + step + 1 + count + 1) % (count + 1)) - 1);
    else if (event.key === "Enter" && active >= 0) take(list.children[active]);
    else if (event.key === "Escape" && !list.hidden) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the input keeps the keyboard focus
    const item = event.target.closest("li");
    if (item) take(item);
  });
  return (given) => {
    options = given;
    if (!list.hidden) open(false);
  };
}

// Tabs as the ARIA practices have them: one tab stop, arrows move, and each panel can be copied.
function tabs(place, start, chosen) {
  const all = [...place.querySelectorAll("[role=tab]")];
  const panels = [...place.querySelectorAll("[role=tabpanel]")];
  function choose(index, focus) {
    all.forEach((one, number) => {
      one.setAttribute("aria-selected", String(number === index));
      one.tabIndex = number === index ? 0 : -1;
      panels[number].hidden = number !== index;
    });
    if (focus) all[index].focus();
    chosen(index);
  }
  all.forEach((one, index) => {
    one.addEventListener("click", () => choose(index, true));
    one.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      choose((index + step + all.length) % all.length, true);
      event.preventDefault();
    });
  });
  for (const copy of place.querySelectorAll(".sl-copy")) {
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(copy.parentElement.querySelector("pre").textContent);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 1500);
    });
  }
  const first = Math.min(start, all.length - 1);
  if (all.length) choose(first, false);
  return Math.max(first, 0);
}

export default { render: ({ model, el }) => stepper(model, el) };
