// The lists and controls beside the photograph.

const $ = (id) => document.getElementById(id);
const MOST = 6;

export const splitRule = (text) => {
  const [name, number] = text.split(":");
  return { name, number: number === undefined ? null : Number(number) };
};

export function fillChoices(model) {
  options($("class"), model.classes.map((name) => [name, name]));
  options($("method"), model.methods.map(({ name }) => [name, name]));
  options($("rule"), model.rules.map(({ name, number }) => [name, number ? `${name}: a number` : name]));
  const own = splitRule(model.rule);
  for (const rule of model.rules) {
    if (rule.number) rule.usual = own.name === rule.name ? own.number : (rule.number.low + rule.number.high) / 2;
  }
}

function options(select, entries) {
  select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
}

export function showAlbum(session) {
  const { photographs, index, accepted, open } = session;
  const count = photographs.length;
  $("progress").max = Math.max(count, 1);
  $("progress").value = accepted;
  $("progress-text").textContent = count ? `${accepted} of ${count} accepted` : "";
  $("position").textContent = index >= 0 ? `${index + 1} / ${count}` : "";
  $("name").textContent = photographs[index]?.name ?? "";
  const state = open?.state ?? photographs[index]?.state;
  $("state").textContent = { draft: "edited", accepted: "accepted" }[state] ?? "";
  $("state").dataset.state = state ?? "";
  $("empty").hidden = count > 0;
  $("previous").disabled = index <= 0;
  $("next").disabled = index >= count - 1;
  $("export").disabled = accepted === 0;
}

export function showEdit(session, actions) {
  const { open, edit, model } = session;
  const ready = open !== null;
  for (const id of ["accept", "reset", "new-box", "fit", "tool-box", "tool-mask", "class", "method", "rule", "boxes"]) {
    $(id).disabled = !ready;
  }
  $("undo").disabled = !ready || !open.history.canUndo;
  $("redo").disabled = !ready || !open.history.canRedo;
  if (!ready) {
    $("probabilities").replaceChildren();
    $("box-list").replaceChildren();
    return;
  }
  $("class").value = edit.label;
  $("method").value = edit.method;
  $("method-summary").textContent = model.methods.find(({ name }) => name === edit.method)?.summary ?? "";
  $("boxes").value = session.choice.boxes;
  showRule(model, edit.rule);
  showProbabilities(open.result, edit.label, actions);
  showBoxes(session, actions);
}

function showRule(model, text) {
  const { name, number } = splitRule(text);
  const rule = model.rules.find((one) => one.name === name);
  $("rule").value = name;
  $("rule").title = rule?.summary ?? "";
  $("number-row").hidden = !rule?.number;
  if (!rule?.number) return;
  const { low, high, meaning } = rule.number;
  Object.assign($("number"), { min: low, max: high, step: (high - low) / 100, value: number });
  $("number-value").textContent = number;
  $("number-name").textContent = meaning;
}

export function ranked(result) {
  return Object.entries(result.probabilities).sort(([, a], [, b]) => b - a).slice(0, MOST);
}

function showProbabilities(result, label, actions) {
  const rows = ranked(result).map(([name, probability], index) => {
    const button = document.createElement("button");
    const meter = document.createElement("meter");
    Object.assign(meter, { min: 0, max: 1, value: probability });
    meter.setAttribute("aria-hidden", "true");
    button.append(part("kbd", index + 1), part("span", name), meter, part("span", `${(100 * probability).toFixed(0)} %`));
    button.setAttribute("aria-pressed", name === label);
    button.title = `${name}: ${(100 * probability).toFixed(1)} % (key ${index + 1})`;
    button.onclick = () => actions.classify(name);
    return item(button);
  });
  keepFocus($("probabilities"), rows);
}

function showBoxes(session, actions) {
  const rows = session.edit.boxes.map((box, index) => {
    const size = `${Math.round(box.x1 - box.x0)} × ${Math.round(box.y1 - box.y0)}`;
    const select = part("button", "");
    select.append(part("span", size), part("span", `at ${Math.round(box.x0)}, ${Math.round(box.y0)}`),
      part("span", box.score.toFixed(2)));
    select.setAttribute("aria-pressed", index === session.selected);
    select.setAttribute("aria-label",
      `Box ${index + 1}: ${size} pixels at ${Math.round(box.x0)}, ${Math.round(box.y0)}, score ${box.score.toFixed(2)}`);
    select.onclick = () => actions.selectBox(index);
    const remove = part("button", "×");
    remove.className = "icon";
    remove.title = "Delete (Delete key)";
    remove.setAttribute("aria-label", `Delete box ${index + 1}`);
    remove.onclick = () => actions.removeBox(index);
    return item(select, remove);
  });
  keepFocus($("box-list"), rows.length ? rows : [item(part("span", "none"))]);
}

// Replace a list's rows; who had the keyboard's focus in it has it still.
function keepFocus(list, rows) {
  const buttons = [...list.querySelectorAll("button")];
  const place = buttons.indexOf(document.activeElement);
  list.replaceChildren(...rows);
  if (place >= 0) [...list.querySelectorAll("button")][place]?.focus();
}

function part(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function item(...children) {
  const row = document.createElement("li");
  row.append(...children);
  return row;
}
