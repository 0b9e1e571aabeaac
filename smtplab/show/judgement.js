
// The judge desk: boxes to paste into, a file to open, and what came of it as markup that Python built and escaped. What
// stands in the boxes is text, and stays there whatever comes of it.

const MOST = 5000000, TOO_MUCH = "This is larger than 5 MB: save it as a file, and run smtplab judge on that.";
const SMALL = [
  ["ip", "Connecting address", "203.0.113.9"], ["mail_from", "MAIL FROM (<> for none)", "alice@acorn.example"],
  ["helo", "EHLO name", "mail.acorn.example"], ["trusted", "Hosts that you trust", "mx.birch.example"],
];

function judgeDesk(model, el) {
  const ui = scripted(model, el, "jd-desk");
  const { root, id, says, places, after, want, tell } = ui;
  const desk = make("div", "jd-write"), fields = {};

  function field(kind, name, words, more) {
    const label = make("label", "sl-label", words, { for: `${id}-${name}` });
    fields[name] = make(kind, "sl-field", "", {
      id: `${id}-${name}`, spellcheck: "false", autocomplete: "off", autocapitalize: "off", "data-key": name, ...more,
    });
    const pair = make("div", `jd-pair jd-${name}`);
    pair.append(label, fields[name]);
    return pair;
  }
  const said = `${id}-keys`;
  const message = field("textarea", "message", "The message as it arrived (raw source); or a bounce, reply, log, report or record",
    { rows: "8", placeholder: "Received: from …", "aria-describedby": said });
  const answers = field("textarea", "answers", "DNS answers: dig, nslookup, host, Resolve-DnsName or zone lines, mixed as they come",
    { rows: "5", placeholder: "acorn.example. 300 IN TXT \"v=spf1 …\"", "aria-describedby": said });
  const small = make("div", "jd-small");
  for (const [name, words, placeholder] of SMALL) small.append(field("input", name, words, { type: "text", placeholder }));
  const go = make("button", "sl-button sl-go", "Judge", { type: "button", "data-key": "go" });
  const open = make("label", "sl-button jd-open", "Open a file ");
  const file = make("input", "", "", { type: "file", accept: ".eml,.xml,.gz,.zip,.txt,message/rfc822", "data-key": "file" });
  open.append(file);
  const local = ["localhost", "127.0.0.1", "[::1]", ""].includes(location.hostname);
  const where = local ? "Nothing leaves this machine." : `Nothing goes further than ${location.hostname}, where your notebook runs.`;
  const keys = make("span", "jd-keys", `A paste is judged at once, and Ctrl+Enter judges. ${where} No name is looked up.`, { id: said });
  const bar = make("div", "smtplab-bar jd-bar"), note = make("div", "jd-note");
  bar.append(go, open, keys);
  desk.append(message, note, answers, small, bar);
  root.prepend(desk);
  const region = make("div", "jd-judgement", "", { role: "region", "aria-label": "The judgement" });
  const top = make("div", "jd-place"), result = make("div", "jd-place"), missing = make("div", "jd-place"), tries = make("div", "jd-place"), tried = make("div", "jd-place", "", { role: "status" });
  const saves = make("div", "jd-place");
  region.append(top, missing, result, tries, tried, saves);
  says.after(region);
  Object.assign(places, { file: note, top, missing, result, tries, tried, saves });

  // Asking: with all that stands in the boxes now -----------------------------------------------------------

  let sent = {}, drop = false; // drop: the text was written after the file was opened, and counts
  const typed = () => Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, one.value]));
  function send() {
    const now = typed();
    if (Object.values(now).some((text) => text.length > MOST)) return tell(TOO_MUCH);
    sent = now;
    want({ do: "judge", fields: now, drop });
  }
  go.addEventListener("click", send);
  fields.message.addEventListener("input", () => { drop = true; });
  for (const name of ["message", "answers"]) fields[name].addEventListener("paste", () => setTimeout(send));
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    if (chosen.size > MOST) {
      file.value = "";
      return tell(TOO_MUCH);
    }
    const octets = await chosen.arrayBuffer();
    file.value = ""; // the same file can be opened again
    drop = false;
    sent = typed();
    want({ do: "file", fields: sent, value: chosen.name }, [octets]);
  });
  root.addEventListener("click", (event) => {
    if (event.target.closest(".jd-drop")) {
      drop = true;
      send();
    }
    const at = event.target.closest(".jd-go");
    if (at) attempt(at.closest(".jd-try"));
  });
  function attempt(form) {
    want({ do: "try", number: Number(form.querySelector(".jd-go").dataset.number), text: form.querySelector("textarea").value });
  }
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches("input[type=text], textarea")) return;
    event.stopPropagation(); // JupyterLab would run the cell
    if (event.target.matches("textarea") && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const form = event.target.closest(".jd-try");
    if (form) attempt(form);
    else send();
  });

  // Drawing: what the reader has typed meanwhile stays --------------------------------------------------------

  const drafts = {};
  root.addEventListener("input", (event) => {
    if (event.target.dataset.draft) drafts[event.target.dataset.draft] = event.target.value;
  });
  let before = {}, tab = 0;
  after.push((parts) => {
    const now = parts.fields ?? {};
    for (const [name, one] of Object.entries(fields)) {
      if (now[name] !== before[name] && now[name] !== sent[name]) one.value = now[name] ?? "";
    }
    before = now;
    for (const one of tries.querySelectorAll("[data-draft]")) one.value = drafts[one.dataset.draft] ?? one.value;
    const pane = missing.querySelector(".jd-tabs:not([data-on])");
    if (!pane) return;
    pane.dataset.on = "";
    pane.querySelector("[role=tablist]")?.setAttribute("aria-label", "Ask with");
    tab = tabs(pane, tab, (chosen) => { tab = chosen; });
  });

  function received(message, buffers) {
    if (!message.save) return;
    const link = make("a", "", "", { download: message.save });
    link.href = URL.createObjectURL(new Blob([buffers[0]], { type: "text/html" }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  model.on("msg:custom", received);
  ui.start();
  return () => {
    model.off("msg:custom", received);
    ui.stop();
  };
}

export default { render: ({ model, el }) => judgeDesk(model, el) };
