// A message's journey on the map: a time line to scrub, and what each step lights, moves and says.
// The kernel says where the copies of the message are after each step; here they are drawn, and moved along the
// line of a hop. Whoever prefers reduced motion gets the same steps, without the movement.

const SVG = "http://www.w3.org/2000/svg";
const SPEEDS = [["0.5", "half speed"], ["1", "normal speed"], ["2", "double speed"], ["4", "fourfold speed"]];
const MOVE = { hop: 1500, miss: 1100, fetch: 1500 }; // milliseconds that the letter is on its way
const HOLD = { start: 500, hop: 650, dns: 1900, wait: 1500, box: 1100, dsn: 1400, note: 1400, miss: 900, fetch: 900 };
const ENVELOPE = "M-15-10h30v20h-30ZM-15-10 0 2 15-10";
const SMALL = "M0 0h14v10h-14ZM0 0 7 6 14 0";
const CLOCK = "M7-1a6 6 0 1 0 .01 0M7 2v3.4l2.4 1.6";
const TRAY = "M0 5V11H14V5M0 5h3.6l1 2h4.8l1-2H14M7-2V3.4M4.6 1.2 7 3.6 9.4 1.2";
const PLAY = "M3 1.5 11 6.5 3 11.5Z", PAUSE = "M2.5 1.5h3v10h-3ZM7.5 1.5h3v10h-3Z";
const BACK = "M9.5 2 3.5 6.5 9.5 11Z", NEXT = "M3.5 2 9.5 6.5 3.5 11Z";

function draw(tag, props = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

function journey(model, stage, open) {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  let at = 0, playing = false, timer = 0, frame = 0, speed = 1;
  const steps = () => model.get("steps") ?? [];
  const last = () => Math.max(steps().length - 1, 0);

  // The controls ---------------------------------------------------------------------------------------

  const symbol = (d) => draw("svg", { viewBox: "0 0 13 13", "aria-hidden": "true", class: "sm-symbol" }, draw("path", { d }));
  const control = (name, label, d, act) => {
    const made = make("button", { type: "button", class: `sm-control sm-${name}`, "aria-label": label, title: label, onclick: act });
    made.append(symbol(d));
    return made;
  };
  const play = make("button", { type: "button", class: "sm-control sm-play", onclick: () => (playing ? pause() : start()) });
  const back = control("back", "One step back", BACK, () => to(at - 1));
  const next = control("next", "One step on", NEXT, () => to(at + 1, true));
  const pace = make("select", { class: "sm-speed", "aria-label": "Speed" }, ...SPEEDS.map(([value, label]) => make("option", { value, "aria-label": label }, `${value}×`)));
  pace.value = "1";
  pace.addEventListener("change", () => { speed = Number(pace.value); });
  const clock = make("span", { class: "sm-clock" });
  const count = make("span", { class: "sm-count" });
  const range = make("input", { type: "range", class: "sm-range", min: "0", step: "1", "aria-label": "Step of the journey" });
  range.addEventListener("input", () => to(Number(range.value)));
  const ticks = make("div", { class: "sm-ticks", "aria-hidden": "true" });
  const words = make("div", { class: "sm-words" });
  const look = make("button", { type: "button", class: "sm-open", onclick: () => open(at, true) }, "Open this step");
  const caption = make("div", { class: "sm-caption" }, words, look);
  const place = make("div", { class: "sm-player", role: "group", "aria-label": "The message's journey" },
    make("div", { class: "sm-bar" }, play, back, next, pace, count, make("span", { class: "smtplab-space" }), clock),
    make("div", { class: "sm-track" }, ticks, range), caption);

  function label() {
    play.replaceChildren(symbol(playing ? PAUSE : PLAY), playing ? "Pause" : at === last() ? "Play it again" : "Play");
  }

  // The time line: a mark a step; what they are is in the words below -------------------------------------

  function drawTicks() {
    const all = steps(), share = (n) => `${(100 * n) / Math.max(last(), 1)}%`;
    ticks.classList.toggle("sm-many", all.length > 45);
    let before = "";
    ticks.replaceChildren(...all.flatMap((step, n) => {
      const mark = make("span", { class: `sm-tick sm-is-${step.kind} smtplab-${step.tone ?? "plain"}`, style: `left:${share(n)}` }, step.number && all.length <= 45 ? String(step.number) : "");
      const day = (step.when ?? "").split(",")[0], turned = n > 0 && before && day && day !== before;
      before = day || before;
      return turned ? [mark, make("span", { class: "sm-day", style: `left:${share(n - 0.5)}` }, day)] : [mark];
    }));
  }

  // The scene: copies, the line of the step, what the DNS said ---------------------------------------------

  const scene = () => stage.querySelector(".sm-scene");
  const box = (place) => stage.querySelector(`[data-place="${place}"] .sm-edge`)?.getBBox();
  const link = (route) => stage.querySelector(`.sm-link[data-route="${route}"]`);

  function token(one, right, y) {
    const icon = one.state === "wait" ? CLOCK : one.state === "box" ? TRAY : SMALL;
    const text = draw("text", { x: 26, y: 4 }); // measured once it is in the picture
    text.textContent = one.label;
    const back = draw("rect", { y: -11, height: 22, rx: 11 });
    const made = draw("g", { class: `sm-token sm-at-${one.state}${one.dsn ? " sm-dsn" : ""}` }, back,
      draw("path", { d: icon, transform: "translate(7 -5)" }), one.label ? text : null);
    scene().append(made);
    const wide = one.label ? 36 + text.getComputedTextLength() : 28;
    back.setAttribute("width", wide);
    made.setAttribute("transform", `translate(${right - wide} ${y})`);
    return wide;
  }

  function drawTokens(tokens) {
    const by = new Map();
    for (const one of tokens) by.set(one.place, [...(by.get(one.place) ?? []), one]);
    for (const [place, all] of by) {
      const card = box(place);
      if (!card) continue;
      let right = card.x + card.width - 6;
      const shown = all.slice(-3);
      if (all.length > 3) shown.unshift({ state: "here", label: `+${all.length - 3}` });
      for (const one of shown.reverse()) right -= token(one, right, card.y - 1) + 4;
    }
  }

  function drawLookups(step) {
    const card = box(step.place), view = stage.querySelector("svg").viewBox.baseVal;
    if (!card) return;
    const lines = step.lookups.slice(0, 6), more = step.lookups.length - lines.length;
    const group = draw("g", { class: "sm-asks" });
    scene().append(group);
    let wide = 120;
    const rows = lines.map(([asked, said], n) => {
      const question = draw("tspan", { class: "sm-asked" }), answer = draw("tspan", { dx: 7 });
      question.textContent = asked;
      answer.textContent = said.length > 40 ? `${said.slice(0, 39)}…` : said;
      const row = draw("text", { x: 12, y: 36 + 17 * n }, question, answer);
      group.append(row);
      wide = Math.max(wide, row.getComputedTextLength() + 24);
      return row;
    });
    const high = 32 + 17 * rows.length + (more > 0 ? 16 : 0);
    const head = draw("text", { x: 12, y: 18, class: "sm-asks-head" });
    head.textContent = "asks the DNS";
    const below = card.y + card.height + 12 + high < view.height;
    const x = Math.min(Math.max(card.x - 4, 4), Math.max(view.width - wide - 4, 4));
    const y = below ? card.y + card.height + 10 : Math.max(card.y - high - 10, 2);
    const tail = below ? "M24 1 34-9 44 1" : `M24 ${high - 1} 34 ${high + 9} 44 ${high - 1}`;
    group.prepend(draw("rect", { width: wide, height: high, rx: 8 }), draw("path", { d: tail }));
    group.append(head);
    if (more > 0) {
      const rest = draw("text", { x: 12, y: high - 9 });
      rest.textContent = `and ${more} more`;
      group.append(rest);
    }
    group.setAttribute("transform", `translate(${x} ${y})`);
  }

  function light(now) {
    const all = steps(), seen = new Map();
    all.slice(0, at + 1).forEach((step) => { if (step.route >= 0 && step.number) seen.set(step.route, "done"); });
    if (now?.route >= 0) seen.set(now.route, "now");
    const ever = new Set(all.filter((step) => step.route >= 0).map((step) => step.route));
    for (const one of stage.querySelectorAll(".sm-link[data-route], .sm-badge[data-hop]")) {
      const route = Number(one.dataset.route ?? one.dataset.hop), how = seen.get(route);
      one.classList.toggle("sm-now", how === "now");
      one.classList.toggle("sm-ahead", ever.has(route) && !how);
      one.classList.toggle("sm-missed", how === "now" && (now.kind === "miss" || now.tone === "no" || now.tone === "later"));
    }
    for (const card of stage.querySelectorAll("[data-place]")) card.classList.toggle("sm-acts", Boolean(now) && Number(card.dataset.place) === now.place && at > 0);
  }

  // The letter on its way -------------------------------------------------------------------------------

  const reach = (step) => (step.kind === "miss" ? 0.5 : 1);
  const returns = (step) => step.kind === "miss" || (step.kind === "hop" && (step.tone === "no" || step.tone === "later"));

  function letter(step) {
    const line = link(step.route)?.querySelector(".sm-line");
    if (!line) return null;
    const length = line.getTotalLength();
    const trail = draw("path", { d: line.getAttribute("d"), class: `sm-trail${step.dsn ? " sm-dsn" : ""}`, "stroke-dasharray": `${length} ${length}` });
    const mail = draw("g", { class: `sm-mail${step.dsn ? " sm-dsn" : ""}` }, draw("path", { d: ENVELOPE }));
    if (step.dsn) {
      const word = draw("text", { y: 24 });
      word.textContent = "DSN";
      mail.append(word);
    }
    scene().append(trail, mail);
    return (share) => {
      const along = step.kind === "fetch" ? 1 - share : share;
      const spot = line.getPointAtLength(along * length);
      mail.setAttribute("transform", `translate(${spot.x} ${spot.y})`);
      trail.setAttribute("stroke-dashoffset", step.kind === "fetch" ? -along * length : length - along * length);
    };
  }

  function cross(step) {
    const line = link(step.route)?.querySelector(".sm-line");
    if (!line) return;
    const spot = line.getPointAtLength(reach(step) * line.getTotalLength() - (step.kind === "hop" ? 26 : 0));
    scene().append(draw("g", { class: `sm-cross sm-${step.tone}`, transform: `translate(${spot.x} ${spot.y})` },
      draw("circle", { r: 11 }), draw("path", { d: step.tone === "later" ? "M-5 1c2-4 3-4 5-1s3 3 5-1" : "M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5" })));
  }

  // Where a step leaves things.
  function settle() {
    const step = steps()[at];
    scene()?.replaceChildren();
    if (!step || !scene()) return;
    light(at === last() ? null : step);
    if (step.kind === "dns") drawLookups(step);
    if (returns(step)) cross(step);
    drawTokens(step.tokens);
  }

  function move(then) {
    const step = steps()[at], lasts = (MOVE[step.kind] ?? 0) / speed;
    if (!lasts || still.matches || step.route < 0) return void then();
    scene().replaceChildren();
    light(step);
    const go = letter(step);
    const stays = new Set(step.tokens.map((one) => `${one.place} ${one.state}`)); // the others are on their way
    drawTokens(steps()[at - 1].tokens.filter((one) => stays.has(`${one.place} ${one.state}`)));
    if (!go) return void then();
    const begun = performance.now(), ease = (x) => (x < 0.5 ? 2 * x * x : 1 - (2 - 2 * x) ** 2 / 2);
    const tick = (now) => {
      const share = Math.min((now - begun) / lasts, 1);
      const way = returns(step) ? 1 - Math.abs(2 * share - 1) : share;
      go(ease(way) * reach(step));
      if (share < 1) frame = requestAnimationFrame(tick);
      else then();
    };
    go(0);
    frame = requestAnimationFrame(tick);
  }

  // Steps ------------------------------------------------------------------------------------------------

  function say() {
    const step = steps()[at];
    if (!step) return;
    range.max = String(last());
    range.value = String(at);
    range.setAttribute("aria-valuetext", `${at} of ${last()}: ${step.title}`);
    range.style.setProperty("--sm-share", `${(100 * at) / Math.max(last(), 1)}%`);
    count.textContent = `Step ${at} of ${last()}`;
    clock.textContent = step.when ?? steps()[1]?.when ?? "";
    back.setAttribute("aria-disabled", String(at === 0));
    next.setAttribute("aria-disabled", String(at === last()));
    look.hidden = at === 0;
    words.setAttribute("aria-live", document.activeElement === range ? "off" : "polite"); // the slider says it itself
    const sign = step.sign ? [make("span", { class: `smtplab-chip smtplab-${step.tone}` }, step.sign), " "] : [];
    words.replaceChildren(make("p", {}, ...sign, make("strong", {}, step.title)),
      step.lines.length ? make("ul", {}, ...step.lines.map((line) => make("li", {}, line)), step.more ? make("li", {}, `and ${step.more} more`) : null) : "");
    [...ticks.querySelectorAll(".sm-tick")].forEach((mark, n) => mark.classList.toggle("sm-here", n === at));
    label();
  }

  function to(number, moving = false) {
    if (!steps().length) return;
    stop();
    const wanted = Math.min(Math.max(number, 0), last()), on = wanted === at + 1;
    if (wanted === at && moving) return;
    at = wanted;
    say();
    open(at, false);
    inSight();
    if (moving && on) move(settle);
    else settle();
  }

  // Where the picture is wider than the page, the card that acts comes into sight.
  function inSight() {
    const step = steps()[at], card = step && stage.querySelector(`[data-place="${step.place}"]`);
    if (!card || stage.scrollWidth <= stage.clientWidth) return;
    const mine = card.getBoundingClientRect(), whole = stage.getBoundingClientRect();
    stage.scrollBy({ left: mine.left + mine.width / 2 - whole.left - whole.width / 2, behavior: still.matches ? "auto" : "smooth" });
  }

  function stop() {
    playing = false;
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    label();
  }
  function pause() {
    stop();
    settle();
  }
  function start() {
    if (at === last()) to(0);
    playing = true;
    label();
    timer = setTimeout(onward, 300 / speed);
  }
  function onward() {
    if (at >= last()) return void stop();
    at += 1;
    say();
    inSight();
    move(() => {
      settle();
      timer = setTimeout(onward, (HOLD[steps()[at].kind] ?? 1000) / speed);
    });
  }

  // A click on a hop's number leads to its step; another click to the next time that it was gone.
  function choose(route) {
    const hits = steps().map((step, n) => (step.route === route && step.number ? n : -1)).filter((n) => n >= 0);
    if (!hits.length) return;
    to(hits.find((n) => n > at) ?? hits[0]);
    open(at, true);
  }

  // The kernel has new steps, or the picture was drawn anew. Whoever stood at the end stays there.
  let known = 0;
  function redraw() {
    const there = steps().length;
    place.hidden = !there;
    if (!there) return;
    if (at === known - 1 || !known) at = last();
    known = there;
    at = Math.min(at, last());
    drawTicks();
    say();
    settle();
  }

  // Out of sight nothing has a size, so what was drawn there stands in the corner: draw it again once it is seen.
  let width = 0;
  new ResizeObserver(() => {
    const now = stage.clientWidth;
    if (now && !width && !playing) settle();
    width = now;
  }).observe(stage);

  return { place, redraw, choose, stop, at: () => at };
}
