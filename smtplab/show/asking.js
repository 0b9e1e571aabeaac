
// Messages to the kernel, one at a time. The widget shows that it is busy from the click on, not only once the kernel says
// so. What is asked for meanwhile is done after it, in order; the same once more, while it is under way, is a double click.

function asking(model, root) {
  const waiting = [];
  let under = ""; // what the kernel has been asked for
  function show(now) {
    root.setAttribute("aria-busy", String(now));
    root.classList.toggle("sl-busy", now);
  }
  // Whether the kernel was asked. For a widget that knows itself what to do about a wish that comes too early.
  function ask(message, buffers = []) {
    if (under || model.get("disabled")) return false;
    under = JSON.stringify(message);
    show(true);
    model.send(message, undefined, buffers);
    return true;
  }
  // Ask now, or when the kernel rests. Whether it was now.
  function want(message, buffers = []) {
    const words = JSON.stringify(message);
    if (words === (waiting.at(-1)?.words ?? under)) return false;
    if (ask(message, buffers)) return true;
    waiting.push({ words, message, buffers });
    return false;
  }
  // The kernel has said whether it works. `idle`: what the widget does once it rests, before what waits.
  function busy(idle = () => {}) {
    const now = model.get("disabled");
    show(now);
    if (now) return;
    under = "";
    idle();
    if (waiting.length && ask(waiting[0].message, waiting[0].buffers)) waiting.shift();
  }
  const working = () => Boolean(under) || model.get("disabled");
  return { ask, want, busy, working };
}
