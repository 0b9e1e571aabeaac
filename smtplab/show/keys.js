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

// ipywidgets does not group the radio buttons of a question: an arrow would go on into the next question, and a
// screen reader would not say what is asked.
function groupRadios(place) {
  for (const box of place.querySelectorAll(".widget-radio-box:not([role])")) {
    const name = `smtplab-${Math.random().toString(36).slice(2)}`;
    for (const radio of box.querySelectorAll("input")) radio.name = name;
    box.setAttribute("role", "radiogroup");
    const asks = box.closest(".smtplab-asking")?.querySelector(".smtplab-asks");
    box.setAttribute("aria-label", asks ? asks.textContent.trim() : "Options");
  }
}

// The widgets around `el` come into the page in an order of their own, a little after it or before.
function keepPlace(el, tries = 40) {
  keepKeys();
  const card = el.isConnected ? el.closest(".smtplab") : null;
  if (card) groupRadios(card);
  const waiting = !card || (card.matches(".smtplab-asking") && !card.querySelector("[role=radiogroup]"));
  if (tries && waiting) setTimeout(keepPlace, 50, el, tries - 1);
}
