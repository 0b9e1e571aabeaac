// The ladder in the browser: moves the focus, shows what the focused line means, fits texts to the width.
// The picture and the panels arrive as markup that Python built and escaped; everything else is set as text.

const LEFT = 92, RIGHT = 28, INSET = 14, CHIP = 74; // as in drawing.py
const BAND = 32; // pixels that the two locks of a band take

function make(tag, className = "", text = "", attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function ladder(model, el) {
  keepKeys();
  const root = make("div", "smtplab smtplab-card sl-widget");
  const top = make("div", "sl-top-bar");
  const main = make("div", "sl-main");
  const stage = make("div", "sl-stage");
  const head = make("div", "sl-head");
  const body = make("div", "sl-body");
  const cursor = make("div", "sl-cursor");
  const picture = make("div");
  const panel = make("div", "sl-panel smtplab-panel", "", {
    role: "group", "aria-live": "polite", "aria-label": "What the focused line means", tabindex: "0",
  });
  const foot = make("div", "sl-foot");
  body.append(cursor, picture);
  stage.append(head, body);
  main.append(stage, panel);
  root.append(top, main, foot);
  el.append(root);

  let rows = [], current = -1, view = {};

  // Drawing ------------------------------------------------------------------------------------------

  function draw() {
    const before = rows.length, keep = body.contains(document.activeElement);
    view = model.get("view");
    head.innerHTML = view.head;
    picture.innerHTML = view.picture;
    rows = Array.from(picture.querySelectorAll(".sl-row"), (g) => {
      const hit = g.querySelector(".sl-hit");
      const spans = ["sl-verb", "sl-rest", "sl-aside"].map((name) => g.querySelector("." + name));
      const note = g.querySelector(".sl-note"); // in the middle of a band
      return {
        g, spans, note, words: note?.textContent, line: Number(g.dataset.line), texts: spans.map((span) => (span ? span.textContent : "")),
        top: Number(g.dataset.top), height: Number(hit.getAttribute("height")),
        taken: INSET + (g.querySelector(".sl-chip") ? CHIP : INSET + (g.querySelector(".sl-tip") ? 10 : 0)),
      };
    });
    const grown = before > 0 && rows.length > before;
    if (grown) rows.slice(before).forEach((row) => row.g.classList.add("sl-new"));
    current = -1;
    fit();
    if (grown) stage.scrollTop = stage.scrollHeight;
    point(find(model.get("focus")), keep);
    save.hidden = !view.capture;
    foot.hidden = !view.capture && foot.children.length < 3; // a spacer and that button
  }

  let measured = 0;
  function charWidth() {
    const text = picture.querySelector(".sl-text tspan.sl-rest");
    if (!measured && text && picture.clientWidth) {
      const probe = text.parentNode.cloneNode(false);
      probe.textContent = "0".repeat(100);
      picture.firstChild.append(probe);
      measured = probe.getComputedTextLength() / 100;
      probe.remove();
    }
    return measured || 7.53;
  }

  // Cut each text to what its row has room for. Only the words in the middle are cut, never the verb.
  let fitted = 0;
  function fit(force = true) {
    const room = picture.clientWidth - LEFT - RIGHT;
    if (room <= 0 || (!force && room === fitted)) return;
    fitted = room;
    const width = charWidth();
    for (const { note, words } of rows) {
      if (!note) continue;
      note.textContent = words;
      const share = (room - BAND) / note.getComputedTextLength();
      if (share < 1) note.textContent = short(words, Math.floor(words.length * share) - 1);
    }
    for (const { spans, texts, taken } of rows) {
      if (!spans[1]) continue;
      const cells = Math.floor((room - taken) / width);
      const verb = short(texts[0], cells);
      const rest = short(texts[1], Math.max(cells - verb.length - texts[2].length, 1));
      if (spans[0].textContent !== verb) spans[0].textContent = verb;
      if (spans[1].textContent !== rest) spans[1].textContent = rest;
    }
  }

  // At most `cells` characters; wide ones count twice. By code points, so that none is cut in two.
  function short(text, cells) {
    if (/^[\x20-\x7e]*$/.test(text)) return text.length <= cells ? text : text.slice(0, cells - 1) + "…";
    let used = 0, kept = "";
    for (const char of text) {
      used += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f000}-\u{3ffff}]/u.test(char) ? 2 : 1;
      if (used > cells - 1) return used === cells && kept + char === text ? text : kept + "…";
      kept += char;
    }
    return text;
  }

  // Focus --------------------------------------------------------------------------------------------

  function find(line) {
    let found = -1;
    rows.forEach((row, index) => { if (row.line <= line) found = index; });
    return found;
  }

  function point(index, take = false) {
    const old = rows[current], row = rows[index];
    if (old) {
      old.g.setAttribute("tabindex", "-1");
      old.g.setAttribute("aria-selected", "false");
    }
    cursor.hidden = !row;
    current = row ? index : -1;
    const stop = row || rows[0];
    if (stop) stop.g.setAttribute("tabindex", "0");
    explain(row);
    if (!row) return;
    row.g.setAttribute("aria-selected", "true");
    cursor.style.transform = `translateY(${row.top}px)`;
    cursor.style.height = `${row.height}px`;
    const above = row.top, below = row.top + row.height + head.offsetHeight + 8;
    if (stage.scrollTop > above) stage.scrollTop = above;
    else if (stage.scrollTop + stage.clientHeight < below) stage.scrollTop = below - stage.clientHeight;
    if (take) row.g.focus({ preventScroll: true });
  }

  // What the reader has unfolded stays so from line to line.
  const opened = {};
  function explain(row) {
    panel.innerHTML = row ? view.panels[current].map((part) => view.parts[part]).join("") : "";
    panel.scrollTop = 0;
    for (const part of panel.querySelectorAll(":scope > details")) {
      part.open = Boolean(opened[part.className]);
      part.addEventListener("toggle", () => { opened[part.className] = part.open; });
    }
  }

  let telling = 0;
  function choose(index, take = true) {
    if (!rows.length) return;
    index = Math.max(0, Math.min(index, rows.length - 1));
    if (index !== current) point(index, take);
    else if (take) rows[index].g.focus({ preventScroll: true });
    clearTimeout(telling); // a key held down: tell the kernel only where it ends
    telling = setTimeout(() => {
      if (!rows[current]) return; // the dialogue has changed since
      model.set("focus", rows[current].line);
      model.save_changes();
    }, 120);
  }

  function unfold() {
    model.set("unfold", true);
    model.save_changes();
  }

  const keys = {
    ArrowDown: () => current + 1, j: () => current + 1, ArrowUp: () => current - 1, k: () => current - 1,
    PageDown: () => current + 10, PageUp: () => current - 10, Home: () => 0, End: () => rows.length - 1,
  };
  body.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in keys) choose(keys[event.key]());
    else if ((event.key === "Enter" || event.key === " ") && rows[current]?.g.matches(".sl-fold")) unfold();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  body.addEventListener("click", (event) => {
    const g = event.target.closest(".sl-row");
    if (!g) return;
    choose(rows.findIndex((row) => row.g === g));
    if (g.matches(".sl-fold")) unfold();
  });

  // The foot: save the capture -------------------------------------------------------------------------

  const save = make("button", "sl-link sl-save", "Save as pcap", { type: "button" });
  save.title = "A capture file for Wireshark, made from what the tap recorded";
  save.addEventListener("click", () => model.send({ do: "save" }));
  foot.append(make("span", "smtplab-space"), save);
  function received(message, buffers) {
    (message.save || []).forEach((name, number) => {
      const link = make("a");
      link.href = URL.createObjectURL(new Blob([buffers[number]]));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  const follow = () => { if (model.get("focus") !== rows[current]?.line) point(find(model.get("focus"))); };
  const watch = new ResizeObserver(() => fit(false));
  model.on("change:view", draw);
  model.on("change:focus", follow);
  model.on("msg:custom", received);
  draw();
  watch.observe(picture);
  const stop = () => {
    watch.disconnect();
    model.off("change:view", draw);
    model.off("change:focus", follow);
    model.off("msg:custom", received);
  };
  return { stop, root, top, main, foot, stage, panel };
}
