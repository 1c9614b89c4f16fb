// Keys: the table is both what works and what the help lists.

const EDITING = "box: move · mask: go to the next superpixel";

export function keyTable(actions) {
  return [
    { keys: ["a", "Enter"], text: "accept and go on", run: actions.accept, once: true },
    { keys: ["j", "PageDown"], text: "next photograph", run: actions.next },
    { keys: ["k", "PageUp"], text: "previous photograph", run: actions.previous },
    { keys: ["g"], text: "next that is not accepted", run: actions.nextOpen },
    { keys: ["z"], text: "undo (also Ctrl+Z)", run: actions.undo, control: true },
    { keys: ["y"], text: "redo (also Ctrl+Y)", run: actions.redo, control: true },
    { keys: ["r"], text: "back to the model's result", run: actions.reset, once: true },
    { keys: ["b"], text: "edit boxes", run: () => actions.tool("box", true) },
    { keys: ["s"], text: "edit the mask by superpixels", run: () => actions.tool("mask", true) },
    { keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], text: EDITING, run: actions.arrow, stage: true },
    { keys: ["Shift+arrow"], text: "box: resize", run: null },
    { keys: [" "], text: "mask: superpixel in or out", run: actions.toggle, stage: true },
    { keys: ["n"], text: "new box", run: actions.newBox },
    { keys: ["[", "]"], text: "select the previous, next box", run: (event) => actions.cycle(event.key === "]" ? 1 : -1) },
    { keys: ["Delete", "Backspace"], text: "delete the selected box", run: actions.removeSelected },
    { keys: ["f"], text: "boxes around the mask", run: actions.fit },
    { keys: ["1", "2", "3", "4", "5", "6"], text: "class by its rank", run: (event) => actions.rank(Number(event.key) - 1) },
    { keys: ["c"], text: "list of classes", run: () => actions.focus("class") },
    { keys: ["m"], text: "list of methods", run: () => actions.focus("method") },
    { keys: ["t"], text: "threshold rule", run: () => actions.focus("rule") },
    { keys: [",", "."], text: "lower, raise the threshold", run: (event) => actions.nudge(event.key === "." ? 1 : -1) },
    { keys: ["h"], text: "show the heat map", run: () => actions.show("heat") },
    { keys: ["x"], text: "show the mask", run: () => actions.show("mask") },
    { keys: ["o"], text: "show the boxes", run: () => actions.show("boxes") },
    { keys: ["u"], text: "add photographs", run: actions.add },
    { keys: ["e"], text: "export", run: actions.export },
    { keys: ["d"], text: "dark or light", run: actions.theme },
    { keys: ["?"], text: "this help", run: actions.help },
    { keys: ["Escape"], text: "back to the photograph", run: actions.escape },
  ];
}

const SHOWN = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "Space",
  PageDown: "Page ↓", PageUp: "Page ↑", Delete: "Del", Backspace: "⌫", Escape: "Esc",
};

export function listKeys(list, table) {
  for (const { keys, text } of table) {
    const term = document.createElement("dt");
    term.append(...keys.map((key) => Object.assign(document.createElement("kbd"), {
      textContent: SHOWN[key] ?? (key.length === 1 ? key.toUpperCase() : key),
    })));
    list.append(term, Object.assign(document.createElement("dd"), { textContent: text }));
  }
}

export function listenKeys(table, stage, isOn) {
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.altKey || event.isComposing) return;
    const control = event.ctrlKey || event.metaKey;
    const entry = table.find(({ keys }) => keys.includes(nameOf(event)));
    if (!entry?.run) return;
    if (control) {
      if (!entry.control) return;
      event.preventDefault();
      if (event.shiftKey && entry.keys.includes("z")) table.find(({ keys }) => keys.includes("y")).run(event);
      else entry.run(event);
      return;
    }
    if (taken(event, entry, stage, isOn())) return;
    event.preventDefault();
    if (event.repeat && entry.once) return; // held down, it is no answer to the next photograph
    entry.run(event);
  });
}

const nameOf = (event) => (event.key.length === 1 ? event.key.toLowerCase() : event.key);

// Whether the key belongs to the control that has the focus.
function taken(event, entry, stage, isOn) {
  const focused = document.activeElement;
  if (event.key === "Escape") return false;
  if (entry.stage && focused !== stage && focused !== document.body) return true;
  if (!isOn && focused !== stage) return true;
  if (focused?.matches("select, input:not([type=range])")) return true;
  if (focused?.matches("input[type=range]")) return /^(Arrow|Page)/.test(event.key);
  return event.key === "Enter" && focused?.matches("button, a, summary");
}
