// Help and export.

import { api } from "./api.js";

const $ = (id) => document.getElementById(id);

export function setUpExport(session) {
  const { formats } = session.model;
  const stored = localStorage.getItem("aln-format");
  const chosen = formats.some(({ name }) => name === stored) ? stored : formats[0].name;
  for (const { name, summary } of formats) {
    const input = Object.assign(document.createElement("input"), {
      type: "radio", name: "format", value: name, checked: name === chosen,
    });
    const label = document.createElement("label");
    const strong = Object.assign(document.createElement("strong"), { textContent: name });
    const small = Object.assign(document.createElement("span"), { textContent: summary, className: "quiet" });
    label.append(input, strong, small);
    $("formats").append(label);
  }
  $("export-write").onclick = () => attempt(session, async (format) => {
    const { folder, photographs, told } = await api.write(format);
    return `${photographs} ${photographs === 1 ? "photograph" : "photographs"} in ${folder}${told && `; ${told}`}`;
  });
  $("export-download").onclick = () => attempt(session, async (format) => {
    download(await api.archive(format), `${format}.zip`);
    return `${format}.zip is in your downloads`;
  });
}

async function attempt(session, work) {
  const format = document.querySelector("input[name=format]:checked").value;
  localStorage.setItem("aln-format", format);
  $("export-status").textContent = "Writing …";
  try {
    await session.settled();
    if (session.saver.unsaved) throw new Error("Not everything is saved; nothing was exported");
    $("export-status").textContent = await work(format);
  } catch (error) {
    $("export-status").textContent = error.message;
  }
}

function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function openExport(session) {
  const count = session.accepted;
  $("export-count").textContent =
    `${count} accepted ${count === 1 ? "photograph" : "photographs"}; those that are only edited stay behind.`;
  $("export-status").textContent = "";
  $("export-dialog").showModal();
}
