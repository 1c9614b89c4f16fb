// Light or dark: as the system says, until the button is used.

const dark = matchMedia("(prefers-color-scheme: dark)");

export function isDark() {
  const chosen = localStorage.getItem("aln-theme");
  return chosen ? chosen === "dark" : dark.matches;
}

export function applyTheme() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
}

export function switchTheme() {
  localStorage.setItem("aln-theme", isDark() ? "light" : "dark");
  applyTheme();
  return isDark() ? "Dark" : "Light";
}

dark.addEventListener("change", applyTheme);
applyTheme();
