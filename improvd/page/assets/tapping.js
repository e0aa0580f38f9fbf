// The tempo from taps: the mean of the last few gaps, once there are three taps.

const LONGEST_GAP = 2000; // ms; a longer pause begins anew
const MOST = 8;
const LEAST = 3;

export class Tapping {
  #taps = [];
  #use;

  /** `use(bpm)` is called with each better guess. */
  constructor(use) {
    this.#use = use;
  }

  tap(ms = performance.now()) {
    if (ms - this.#taps.at(-1) > LONGEST_GAP) this.#taps = [];
    this.#taps = [...this.#taps, ms].slice(-MOST);
    if (this.#taps.length < LEAST) return;
    const gap = (ms - this.#taps[0]) / (this.#taps.length - 1);
    this.#use(Math.round(60000 / gap));
  }
}
