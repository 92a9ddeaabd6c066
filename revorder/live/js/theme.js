// The design of all live figures: colours in light and dark, and what the page around asks for.

export const LIGHT = {
  ink: "#1f2328", muted: "#59636e", line: "#8c959f", grid: "#e6e8eb", paper: "#ffffff", wash: "#f3f5f7",
  forward: "#d55e00", backward: "#0072b2", other: "#009e73", fourth: "#a8437f", fifth: "#8a6a00", good: "#1a7f37",
};
export const DARK = {
  ink: "#e6edf3", muted: "#a3adb8", line: "#6e7781", grid: "#2c333b", paper: "#14181e", wash: "#1f252c",
  forward: "#ff9248", backward: "#5cb8ff", other: "#35d0a0", fourth: "#e894c4", fifth: "#e0b84c", good: "#56d364",
};

/** Whether the page around is dark: JupyterLab, the site, marimo, or else the reader's system. */
export function isDark() {
  const body = document.body.dataset, html = document.documentElement;
  if (body.jpThemeLight) return body.jpThemeLight === "false";
  if (html.dataset.theme === "dark" || html.dataset.theme === "light") return html.dataset.theme === "dark";
  if (html.classList.contains("dark") || document.body.classList.contains("dark")) return true;
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Call `changed` when the page's theme changes; returns a function that ends it. */
export function watchTheme(changed) {
  const observer = new MutationObserver(changed), system = matchMedia("(prefers-color-scheme: dark)");
  const attributes = {attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light", "class"]};
  observer.observe(document.body, attributes);
  observer.observe(document.documentElement, attributes);
  system.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    system.removeEventListener("change", changed);
  };
}

export function wantsLessMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
