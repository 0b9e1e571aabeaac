
// The two mailboxes: a script to step through, and a board for each protocol. The kernel speaks with the server; its parts
// arrive as markup that Python built and escaped.

function twoMailboxes(model, el) {
  const ui = scripted(model, el, "tm-widget");
  const { root, says, places, after } = ui;
  const bar = make("div", "sl-top-bar tm-bar");
  const told = make("div", "tm-told", "", { role: "status" });
  const boards = make("div", "tm-boards");
  const pop3 = make("section", "tm-board", "", { "aria-label": "POP3" });
  const imap = make("section", "tm-board", "", { "aria-label": "IMAP" });
  boards.append(pop3, imap);
  root.prepend(bar, told);
  says.before(boards);
  Object.assign(places, { bar, told, pop3, imap });
  // What matters of a long dialogue is its end.
  after.push(() => { for (const one of root.querySelectorAll(".tm-said")) one.scrollTop = one.scrollHeight; });
  ui.start();
  return () => ui.stop();
}

export default { render: ({ model, el }) => twoMailboxes(model, el) };
