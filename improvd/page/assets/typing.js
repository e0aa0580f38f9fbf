// The computer's keys as a keyboard of two manuals, by their place and not their letter, so that every layout plays.

const LOWER = ["KeyZ", "KeyS", "KeyX", "KeyD", "KeyC", "KeyV", "KeyG", "KeyB", "KeyH", "KeyN", "KeyJ", "KeyM"];
const UPPER = [
  "KeyQ", "Digit2", "KeyW", "Digit3", "KeyE", "KeyR", "Digit5", "KeyT", "Digit6", "KeyY", "Digit7", "KeyU",
  "KeyI", "Digit9", "KeyO", "Digit0", "KeyP",
];
const STEPS = new Map([...LOWER, ...UPPER].map((code, semitones) => [code, semitones]));

/** The letters to write on the keys: a promise of Map(semitones above the lowest -> letter). */
export async function letters() {
  let layout = null;
  try {
    layout = await navigator.keyboard?.getLayoutMap?.();
  } catch {
    // an old browser, or one that doesn't tell: the American letters then
  }
  return new Map(
    [...STEPS].map(([code, semitones]) => [semitones, (layout?.get(code) ?? code.replace(/Key|Digit/, "")).toUpperCase()]),
  );
}

/** Whether whoever types is writing a text. */
function isWriting(target) {
  return target.matches?.("input:not([type=range], [type=checkbox]), textarea, select");
}

/** Whether the key means something to what has the focus. */
function isTaken(event) {
  const { target, code } = event;
  if (isWriting(target)) return true;
  if (target.matches?.("input[type=range]")) return code.startsWith("Arrow");
  return target.matches?.("button, a, summary, input") && (code === "Space" || code === "Enter");
}

/**
 * Listen. `strike(semitones, isDown)` plays, `command(code, isDown)` is everything else and tells whether it was one.
 */
export function listen(strike, command) {
  const down = new Set();
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
    const steps = STEPS.get(event.code);
    if (steps !== undefined && !event.shiftKey) {
      event.preventDefault();
      if (!event.repeat && !down.has(event.code)) {
        down.add(event.code);
        strike(steps, true, event);
      }
    } else if (!event.repeat && command(event.code, true)) {
      event.preventDefault();
    }
  });
  addEventListener("keyup", (event) => {
    if (down.delete(event.code)) strike(STEPS.get(event.code), false, event);
    else command(event.code, false);
  });
  // A window that loses the focus hears of no key coming up.
  addEventListener("blur", () => {
    for (const code of down) strike(STEPS.get(code), false, null);
    down.clear();
    command("Space", false);
  });
}
