// The keys on the screen: mouse, pen and every finger. Struck nearer to its front edge, a key sounds louder.

const BLACK = [1, 3, 6, 8, 10];
const NAMES = ["C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B"];
const SOFTEST = 40;
const LOUDEST = 115;
const NARROWEST = 34; // pixels of a white key; a narrow screen shows fewer

export function nameOf(pitch) {
  return `${NAMES[pitch % 12]} ${Math.floor(pitch / 12) - 1}`;
}

export class Keyboard {
  #element;
  #strike;
  #keys = new Map(); // pitch -> button
  #pointers = new Map(); // pointer id -> pitch
  #down = new Map(); // pitch -> how many hold it
  #low = 48;
  #legend = new Map(); // pitch -> letter

  /** `strike(pitch, velocity)` is called as a key goes down, with velocity 0 as it comes up. */
  constructor(element, strike) {
    this.#element = element;
    this.#strike = strike;
    element.addEventListener("pointerdown", (event) => this.#press(event));
    element.addEventListener("pointermove", (event) => this.#glide(event));
    for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, (event) => this.#let(event.pointerId));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("keydown", (event) => this.#byKey(event));
    new ResizeObserver(() => this.#lay()).observe(element);
  }

  /** The keys from `low`, a C, on, with these letters on them: Map of pitch to letter. */
  show(low, legend) {
    this.#low = low;
    this.#legend = legend;
    this.#lay();
  }

  /** Colour the keys that sound: {you: Set, improvd: Set} of pitches. */
  light({ you, improvd }) {
    for (const [pitch, key] of this.#keys) {
      key.classList.toggle("you", you.has(pitch) || this.#down.has(pitch));
      key.classList.toggle("improvd", improvd.has(pitch));
    }
  }

  /** A key is held by other means than a pointer, or no more. */
  mark(pitch, isDown) {
    const holders = (this.#down.get(pitch) ?? 0) + (isDown ? 1 : -1);
    if (holders > 0) this.#down.set(pitch, holders);
    else this.#down.delete(pitch);
  }

  letGoAll() {
    for (const id of [...this.#pointers.keys()]) this.#let(id);
    this.#down.clear();
  }

  #lay() {
    const octaves = Math.max(1, Math.min(4, this.#element.clientWidth / (7 * NARROWEST)));
    const whites = Math.max(8, Math.floor(octaves * 7) + 1);
    const inside = document.createDocumentFragment();
    this.#keys.clear();
    for (let pitch = this.#low, white = 0; white < whites && pitch < 128; pitch++) {
      const isBlack = BLACK.includes(pitch % 12);
      if (isBlack && white === whites) break;
      const key = document.createElement("button");
      key.type = "button";
      key.className = isBlack ? "key black" : "key white";
      key.dataset.pitch = pitch;
      key.tabIndex = pitch === this.#low ? 0 : -1;
      key.setAttribute("aria-label", nameOf(pitch));
      key.style.setProperty("--at", `${(100 * white) / whites}%`);
      key.style.setProperty("--wide", `${100 / whites}%`);
      const letter = document.createElement("span");
      letter.textContent = this.#legend.get(pitch) ?? "";
      letter.ariaHidden = "true";
      key.append(letter);
      this.#keys.set(pitch, key);
      inside.append(key);
      if (!isBlack) white++;
    }
    this.#element.replaceChildren(inside);
  }

  #press(event) {
    const key = event.target.closest(".key");
    if (!key || event.button > 0) return;
    event.preventDefault();
    key.releasePointerCapture?.(event.pointerId); // so that a finger may glide to the next key
    this.#go(event.pointerId, key, event.clientY);
  }

  #glide(event) {
    if (!this.#pointers.has(event.pointerId)) return;
    const key = document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".key");
    if (key && Number(key.dataset.pitch) !== this.#pointers.get(event.pointerId)) {
      this.#let(event.pointerId);
      this.#go(event.pointerId, key, event.clientY);
    }
  }

  #go(id, key, height) {
    const { top, bottom } = key.getBoundingClientRect();
    const depth = Math.max(0, Math.min(1, (height - top) / (bottom - top)));
    const pitch = Number(key.dataset.pitch);
    this.#pointers.set(id, pitch);
    this.mark(pitch, true);
    this.#strike(pitch, Math.round(SOFTEST + (LOUDEST - SOFTEST) * depth));
  }

  #let(id) {
    const pitch = this.#pointers.get(id);
    if (pitch === undefined) return;
    this.#pointers.delete(id);
    this.mark(pitch, false);
    this.#strike(pitch, 0);
  }

  /** For those who play with Tab and the arrows: they go from key to key, Enter strikes one. */
  #byKey(event) {
    const key = event.target.closest(".key");
    if (!key) return;
    const pitch = Number(key.dataset.pitch);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step && this.#keys.has(pitch + step)) {
      key.tabIndex = -1;
      this.#keys.get(pitch + step).tabIndex = 0;
      this.#keys.get(pitch + step).focus();
    } else if (event.key === "Enter" && !event.repeat) {
      this.#go(event.code, key, key.getBoundingClientRect().bottom);
      addEventListener("keyup", () => this.#let(event.code), { once: true });
    } else if (!step) return;
    event.preventDefault();
    event.stopPropagation();
  }
}
