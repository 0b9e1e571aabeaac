// In a notebook JupyterLab takes plain keys for commands, also while a widget has the focus: arrows leave the
// widget, Enter opens the cell's editor, and d d deletes the cell. What is pressed in smtplab's widgets stays there.
// Lumino's attribute data-lm-suppress-shortcuts does not help: it spares the elements above, not the focused one.

function keepKeys() {
  if (document.body.dataset.smtplabKeys) return;
  document.body.dataset.smtplabKeys = "kept";
  document.body.addEventListener("keydown", (event) => { // JupyterLab listens one further out, on the document
    const runsCell = event.shiftKey && event.key === "Enter";
    if (event.ctrlKey || event.altKey || event.metaKey || runsCell) return;
    if (event.target.closest?.(".smtplab")) event.stopPropagation();
  });
}
