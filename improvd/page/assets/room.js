// Around the music: light or dark, what opens and closes, and what the browser remembers of its user's taste.

/** Tell `use` what was chosen last time, and whenever it changes. */
export function remembered(select, use) {
  const before = recall(select.id);
  if ([...select.options].some((option) => option.value === before)) select.value = before;
  use(select.value);
  select.addEventListener("change", () => {
    keep(select.id, select.value);
    use(select.value);
  });
}

/** Light or dark: as the system is, until the button says otherwise. */
export function theme(button, changed) {
  const system = matchMedia("(prefers-color-scheme: light)");
  const show = () => {
    document.documentElement.dataset.theme = recall("theme") ?? (system.matches ? "light" : "dark");
    changed();
  };
  button.onclick = () => {
    keep("theme", document.documentElement.dataset.theme === "light" ? "dark" : "light");
    show();
  };
  system.onchange = show;
  show();
}

/** A part of the page that `button` opens and closes. */
export function openable(part, button, close) {
  const toggle = () => {
    part.hidden = !part.hidden;
    button.setAttribute("aria-expanded", !part.hidden);
    (part.hidden ? button : close).focus();
  };
  button.onclick = close.onclick = toggle;
  return { toggle };
}

function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // a browser that keeps nothing
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // as above
  }
}
