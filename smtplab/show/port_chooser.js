
// The port chooser: groups of choices, the advice, Run it, what was tried, and the ladder of the trial below.
// What is chosen and what is advised the kernel says (`tools`); markup comes built and escaped from Python.

function chooser(model, el) {
  const drawn = ladder(model, el);
  const { root, top, main, foot } = drawn;
  root.classList.add("pc-chooser");
  const id = `pc-${Math.random().toString(36).slice(2)}`;

  const situation = make("div", "pc-situation"), advice = make("div", "pc-says", "", { role: "status" });
  const way = make("div", "pc-way"), says = make("div", "sl-says", "", { role: "status" });
  const tried = make("div", "pc-tried", "", { role: "group", "aria-label": "What was tried" });
  const result = make("div", "pc-result", "", { role: "status" });
  top.replaceWith(situation, advice, way, says, tried, result);

  // The groups: each is a fieldset of radio buttons ------------------------------------------------------

  let groups = {};
  function group(given) {
    const set = make("fieldset", `pc-group pc-${given.name}`);
    set.append(make("legend", "", given.asks));
    const inputs = given.options.map(([value, words], number) => {
      const input = make("input", "", "", { type: "radio", name: `${id}-${given.name}`, id: `${id}-${given.name}-${number}` });
      const label = make("label", "", "", { for: input.id });
      label.append(input, make("span", "", words));
      input.addEventListener("change", () => { if (input.checked) chosen(given.name, value); });
      set.append(label);
      return [value, input];
    });
    return { set, inputs, value: given.chosen };
  }
  function chosen(name, value) {
    groups[name].value = value;
    const of = (key) => groups[key].value;
    if (["who", "whom", "blocked"].includes(name)) ask({ do: "choose", who: of("who"), whom: of("whom"), blocked: of("blocked") });
    else ask({ do: "go", port: of("port"), tls: of("tls"), login: of("login") });
  }
  const { want, busy: rests, working } = asking(model, root);
  function ask(message) {
    want(message);
    rest();
  }

  // The bar with the way and Run it ------------------------------------------------------------------------

  const run = make("button", "sl-button sl-go smtplab-run", "Run it", { type: "button" });
  const back = make("button", "sl-button pc-back", "Back to the advice", { type: "button" });
  const fits = make("span", "pc-fits");
  run.addEventListener("click", () => ask({ do: "run" }));
  back.addEventListener("click", () => {
    const [port, tls, login] = model.get("tools").first;
    ask({ do: "go", port, tls, login });
    run.focus(); // this button goes away
  });

  function build(given) {
    groups = Object.fromEntries(given.map((one) => [one.name, group(one)]));
    situation.append(...["who", "whom", "blocked"].map((name) => groups[name].set));
    way.append(...["port", "tls", "login"].map((name) => groups[name].set), run, back, fits);
  }

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
    tab = tabs(codes, tab, (now) => { tab = now; });
  }

  // What the kernel says ---------------------------------------------------------------------------------

  function settle() {
    const tools = model.get("tools");
    if (!tools.groups) return;
    if (!groups.who) build(tools.groups);
    for (const { name, chosen: value } of tools.groups) {
      groups[name].value = value;
      for (const [option, input] of groups[name].inputs) input.checked = option === value;
    }
    if (advice.innerHTML !== tools.advice) advice.innerHTML = tools.advice;
    fits.textContent = tools.advised ? "✓ as advised" : "✕ not advised";
    fits.className = `pc-fits smtplab-chip smtplab-${tools.advised ? "ok" : "no"}`;
    back.hidden = String(tools.first) === String([groups.port.value, groups.tls.value, groups.login.value]);
    fits.hidden = !back.hidden && !tools.advised;
    if (result.innerHTML !== tools.trial) result.innerHTML = tools.trial;
    main.hidden = !tools.talk;
    foot.querySelector(".sl-save").hidden = !tools.talk;
    foot.hidden = !tools.talk && !model.get("code");
    list(tools.tried);
  }
  // Only what is new is added, so that the keyboard stays where it is.
  function list(trials) {
    const keep = tried.contains(document.activeElement) ? [...tried.querySelectorAll("button")].indexOf(document.activeElement) : -1;
    tried.hidden = trials.length < 2;
    tried.replaceChildren(make("span", "pc-label", "Tried:"), ...trials.map((one, number) => {
      const button = make("button", `pc-trial`, "", { type: "button", "aria-pressed": String(one.now), title: one.ends });
      button.append(make("span", `smtplab-chip smtplab-${one.class}`, `${one.sign} ${one.result}`), make("span", "", one.way));
      button.addEventListener("click", () => ask({ do: "look", number }));
      return button;
    }));
    if (keep >= 0) tried.querySelectorAll("button")[keep]?.focus();
  }
  const busy = () => {
    rests(settle);
    rest();
  };
  function rest() {
    const now = working();
    run.setAttribute("aria-disabled", String(now));
    run.textContent = now ? "Trying …" : "Run it";
  }
  const say = () => { says.innerHTML = model.get("message"); };

  const watched = { "change:tools": settle, "change:disabled": busy, "change:message": say, "change:code": code, "change:view": settle };
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

export default { render: ({ model, el }) => chooser(model, el) };
