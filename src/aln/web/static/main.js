// The page put together.

import { makeActions } from "./actions.js";
import { api } from "./api.js";
import { setUpExport } from "./dialogs.js";
import { keyTable, listKeys, listenKeys } from "./keys.js";
import { fillChoices, showAlbum, showEdit } from "./panel.js";
import { listen } from "./pointer.js";
import { Session } from "./session.js";
import { Stage } from "./stage.js";
import "./theme.js";

const $ = (id) => document.getElementById(id);

function say(text) {
  $("status").textContent = text;
}

async function start() {
  const model = await api.model();
  const session = new Session(model);
  const stage = new Stage($("stage"), session);
  const actions = makeActions(session, stage, say);
  $("folder").textContent = model.folder ?? "review";
  document.title = model.folder ? `${model.folder} · aln review` : "aln review";
  fillChoices(model);
  setUpExport(session);
  follow(session, stage, actions);
  wire(session, stage, actions);
  const table = keyTable(actions);
  listKeys($("keys"), table);
  const keysOn = $("keys-on");
  keysOn.checked = localStorage.getItem("aln-keys") !== "off";
  keysOn.onchange = () => localStorage.setItem("aln-keys", keysOn.checked ? "on" : "off");
  listenKeys(table, stage.canvas, () => keysOn.checked);
  listen(stage, session);
  showEdit(session, actions);
  await session.load();
  await session.show(firstIndex(session));
}

// The photograph in the page's address, else the first that is not accepted.
function firstIndex(session) {
  const there = session.photographs.findIndex(({ key }) => key === location.hash.slice(1));
  if (there >= 0) return there;
  return Math.max(0, session.photographs.findIndex(({ state }) => state !== "accepted"));
}

function follow(session, stage, actions) {
  let trouble = ""; // why something is not saved yet
  const refresh = () => {
    showAlbum(session);
    showEdit(session, actions);
    describe(stage.canvas, session);
    stage.draw();
  };
  session.addEventListener("album", () => showAlbum(session));
  session.addEventListener("loading", ({ detail }) => {
    say(`Opening ${detail.name} …`);
    refresh();
  });
  session.addEventListener("opened", () => {
    const { open, edit } = session;
    stage.cursor = -1;
    history.replaceState(null, "", `#${open.key}`);
    say(`${open.name}: ${edit.label}${trouble && ` · ${trouble}`}`);
    refresh();
  });
  session.addEventListener("failed", ({ detail }) => say(detail.error.message));
  session.addEventListener("saving", ({ detail }) => {
    const { left, problem } = detail;
    document.documentElement.dataset.saved = left ? "no" : "yes";
    if (problem) say((trouble = `Not saved: ${problem.message}`));
    else if (trouble && !left) say("Saved");
    if (!left) trouble = "";
  });
  for (const type of ["edited", "selected", "accepted"]) session.addEventListener(type, refresh);
  session.addEventListener("pictures", () => stage.draw());
}

// For who can't see the canvas.
function describe(canvas, { open, edit }) {
  const label = open
    ? `${open.name}, ${open.width} by ${open.height} pixels, ${edit.label}, ${edit.boxes.length} boxes`
    : "No photograph is open";
  canvas.setAttribute("aria-label", label);
}

function wire(session, stage, actions) {
  const clicks = {
    previous: actions.previous, next: actions.next, accept: actions.accept, undo: actions.undo,
    redo: actions.redo, reset: actions.reset, fit: actions.fit, "new-box": actions.newBox,
    "tool-box": () => actions.tool("box"), "tool-mask": () => actions.tool("mask"),
    "show-heat": () => actions.show("heat"), "show-mask": () => actions.show("mask"),
    "show-boxes": () => actions.show("boxes"),
    add: actions.add, choose: actions.add, export: actions.export, theme: actions.theme, help: actions.help,
  };
  for (const [id, run] of Object.entries(clicks)) $(id).addEventListener("click", () => run());
  $("class").onchange = (event) => actions.classify(event.target.value);
  $("method").onchange = (event) => session.choose({ method: event.target.value });
  $("boxes").onchange = (event) => session.choose({ boxes: event.target.value });
  $("rule").onchange = (event) => {
    const rule = session.model.rules.find(({ name }) => name === event.target.value);
    session.choose({ rule: rule.number ? `${rule.name}:${rule.usual}` : rule.name });
  };
  $("number").oninput = (event) => {
    const value = Number(Number(event.target.value).toFixed(4));
    $("number-value").textContent = value;
    session.choose({ rule: `${$("rule").value}:${value}` });
  };
  for (const id of ["class", "method", "boxes", "rule"]) leaveAfterPointer($(id), stage.canvas);
  $("opacity").oninput = (event) => {
    stage.opacity = Number(event.target.value);
    stage.draw();
  };
  $("files").onchange = async (event) => {
    await addAll(session, [...event.target.files]);
    event.target.value = "";
  };
  dropping(session);
}

// Chosen by pointer, a list gives the focus back: else keys that are meant for the photograph choose in it.
function leaveAfterPointer(select, canvas) {
  let byPointer = false;
  select.addEventListener("pointerdown", () => (byPointer = true));
  select.addEventListener("keydown", () => (byPointer = false));
  select.addEventListener("change", () => byPointer && canvas.focus());
}

async function addAll(session, files) {
  let first = -1;
  const refused = [];
  for (const [number, file] of files.entries()) {
    say(`Sending ${number + 1} of ${files.length} …`);
    try {
      const index = await session.add(file);
      if (first < 0) first = index;
    } catch (error) {
      refused.push(error.message);
    }
  }
  if (first >= 0) await session.show(first);
  if (refused.length) say(refused.join(" · "));
}

function dropping(session) {
  const body = document.body;
  addEventListener("dragover", (event) => {
    event.preventDefault();
    body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) body.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    body.classList.remove("dropping");
    addAll(session, [...event.dataTransfer.files]);
  });
}

start().catch((error) => say(error.message));
