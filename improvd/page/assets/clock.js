// improvd's clock and the browser's, aligned as NTP does it: of many questions the one that was answered quickest tells
// the offset best, for it had the least time to be unfair in.

const KEPT = 60; // questions that count
const QUICK = 40; // questions at once after connecting, to be right soon
const QUICK_PAUSE = 40; // ms
const PAUSE = 1000; // ms between questions from then on

export class Clock {
  #link;
  #samples = [];
  #timer = 0;
  #asked = 0;

  /** Seconds of improvd's clock at the browser's 0 ms. */
  offset = 0;
  /** Whether `offset` is known. */
  known = false;
  /** Milliseconds there and back, at best. */
  roundTrip = Infinity;

  constructor(link) {
    this.#link = link;
    link.addEventListener("link", ({ detail }) => (detail.up ? this.#begin() : clearTimeout(this.#timer)));
  }

  /** improvd's time, in seconds, at the browser's `ms` (now where it is left out). */
  at(ms = performance.now()) {
    return this.offset + ms / 1000;
  }

  /** The browser's time, in ms, at improvd's `seconds`. */
  local(seconds) {
    return (seconds - this.offset) * 1000;
  }

  #begin() {
    this.#samples = [];
    this.#asked = 0;
    this.#ask();
  }

  async #ask() {
    clearTimeout(this.#timer);
    const sent = performance.now();
    try {
      const { now } = await this.#link.ask("clock");
      const back = performance.now();
      this.#samples.push({ trip: back - sent, offset: now - (sent + back) / 2000 });
      if (this.#samples.length > KEPT) this.#samples.shift();
      const best = this.#samples.reduce((one, other) => (other.trip < one.trip ? other : one));
      this.offset = best.offset;
      this.roundTrip = best.trip;
      this.known = true;
    } catch {
      return; // asked again once connected again
    }
    this.#timer = setTimeout(() => this.#ask(), this.#asked++ < QUICK ? QUICK_PAUSE : PAUSE);
  }
}
