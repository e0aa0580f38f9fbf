// The tones that are ready, by instrument and pitch. Computed in a worker, the middle of the keyboard first; until a
// pitch has its own, the nearest one is played faster or slower.

const STEP = 3; // a tone for every third semitone; in between one hears no difference
const LOWEST = 21;
const HIGHEST = 108;
const MIDDLE = 60;

/** Every pitch that gets a tone, from the middle outwards and coarse at first, so that any key sounds soon. */
export function order() {
  const pitches = [];
  for (const [step, from] of [[12, 0], [6, 0], [STEP, 0]]) {
    for (let away = from; away <= HIGHEST - LOWEST; away += step) {
      for (const pitch of [MIDDLE + away, MIDDLE - away]) {
        if (pitch >= LOWEST && pitch <= HIGHEST && !pitches.includes(pitch)) pitches.push(pitch);
      }
    }
  }
  return pitches;
}

export class Rack {
  #tones = new Map(); // instrument -> Map(pitch -> AudioBuffer)
  #waiting = new Map(); // instrument -> [resolve, ...]
  #queue = []; // [rank, instrument, pitch]: instruments take turns, each the middle of its keyboard first
  #worker = null;

  constructor(rate) {
    this.rate = rate;
  }

  /** Whether all that was asked for is there. */
  get isWhole() {
    return this.#worker === null;
  }

  /** Begin to compute `instrument`; a promise that holds once something of it can sound. */
  load(instrument) {
    if (!this.#tones.has(instrument)) {
      this.#tones.set(instrument, new Map());
      this.#waiting.set(instrument, []);
      order().forEach((pitch, rank) => this.#queue.push([rank, instrument, pitch]));
      this.#queue.sort(([one], [other]) => one - other);
      if (this.#worker === null) this.#start();
    }
    if (this.#tones.get(instrument).size) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.get(instrument).push(resolve));
  }

  /** A promise that holds once all of `instrument` is there. */
  async whole(instrument) {
    await this.load(instrument);
    const tones = this.#tones.get(instrument);
    while (tones.size < order().length) await new Promise((resolve) => this.#waiting.get(instrument).push(resolve));
  }

  /** The nearest tone that is ready, and how much faster to play it; null before the first is there. */
  tone(instrument, pitch) {
    let nearest = null;
    for (const [there, buffer] of this.#tones.get(instrument) ?? []) {
      if (nearest === null || Math.abs(there - pitch) < Math.abs(nearest.pitch - pitch)) nearest = { pitch: there, buffer };
    }
    return nearest && { buffer: nearest.buffer, speed: 2 ** ((pitch - nearest.pitch) / 12) };
  }

  #start() {
    this.#worker = new Worker(new URL("./tones-worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data: { instrument, pitch, rate, samples } }) => {
      const buffer = new AudioBuffer({ length: samples.length, sampleRate: rate });
      buffer.copyToChannel(samples, 0);
      this.#tones.get(instrument).set(pitch, buffer);
      for (const resolve of this.#waiting.get(instrument).splice(0)) resolve();
      this.#next();
    };
    this.#next();
  }

  #next() {
    if (this.#queue.length) {
      const [, instrument, pitch] = this.#queue.shift();
      this.#worker.postMessage({ instrument, pitch, rate: this.rate });
    } else {
      this.#worker.terminate();
      this.#worker = null;
    }
  }
}
