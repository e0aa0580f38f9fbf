// The page's sound: begun by the first touch (browsers allow it no sooner), its clock tied to improvd's, so that a note
// planned for a moment sounds at that moment.

import { Rack } from "./rack.js";
import { Synth } from "./synth.js";

const RATE = 48000; // samples a second of the tones: most machines' own, which is known only once the sound has begun
const KEPT = 5; // comparisons of the two clocks; their median counts
const PAUSE = 40; // ms between them; a sound system that stumbled is caught up with this soon
const AHEAD = 0.3; // seconds that a note of a replay is handed to the audio system before it sounds
const PRESSED_AFTER = 0.06; // seconds from a stroke until improvd's pedal is down (improvd/core/foot.py)
const TOO_LATE = 0.05; // seconds; a planned note later than that is left out, as the daemon does

export class Sound extends EventTarget {
  #clock;
  #samples = [];
  #answers = new Map(); // key of a planned note -> its voice
  #hands = new Map(); // "channel:pitch" -> voice
  #pedals = new Set(); // channels
  #replay = []; // timers
  #kept = new Map(); // "channel:pitch" -> voices that the pedal holds

  context = null;
  synth = null;
  rack = new Rack(RATE);
  /** What is to be heard: "all", "answers" or "off". */
  wanted = "all";
  instruments = { you: "piano", improvd: "electric" };

  constructor(clock) {
    super();
    this.#clock = clock;
  }

  get running() {
    return this.context?.state === "running";
  }

  /** Compute what is to be heard, before the first touch: then that sounds at once. */
  prepare() {
    if (this.wanted === "all") this.rack.load(this.instruments.you);
    if (this.wanted !== "off") this.rack.load(this.instruments.improvd);
  }

  /** Begin, from within a gesture of the player's; a promise that holds once a note would sound. */
  async begin() {
    if (this.context === null) {
      this.context = new AudioContext({ latencyHint: "interactive" });
      this.synth = new Synth(this.context, this.rack);
      this.context.onstatechange = () => this.dispatchEvent(new Event("change"));
      setInterval(() => this.#compare(), PAUSE);
    }
    if (!this.running) await this.context.resume();
    this.prepare();
    await this.rack.load(this.instruments.you);
    this.#compare();
  }

  /** The context's time at which a sound must begin to be heard at improvd's `seconds`. */
  when(seconds) {
    return this.#clock.local(seconds) / 1000 + this.#offset();
  }

  /** A key went down here, or a MIDI keyboard in the browser spoke: sound it now. */
  hear(data) {
    if (this.wanted === "off" || !this.running) return;
    const [status, one, two] = data;
    const channel = status & 15;
    const kind = status & 0xf0;
    const name = `${channel}:${one}`;
    const now = this.context.currentTime;
    if (kind === 0x90 && two > 0) {
      this.#hands.get(name)?.release(now);
      this.#releaseKept(name, now);
      const voice = this.synth.play(this.instruments.you, one, two, now);
      if (voice) this.#hands.set(name, voice);
    } else if (kind === 0x80 || kind === 0x90) {
      this.#lift(name, channel, now);
    } else if (kind === 0xb0 && one === 64) {
      if (two >= 64) this.#pedals.add(channel);
      else this.#pedalUp(channel, now);
    } else if (kind === 0xb0 && one >= 120) {
      this.#silenceHands(now);
    }
  }

  /** improvd will play these: [[key, onset, offset, pitch, velocity, channel, pedal], ...], seconds of its clock. */
  plan(notes) {
    if (this.wanted === "off" || !this.running) return;
    const ends = silences(notes);
    for (const [index, [key, onset, , pitch, velocity]] of notes.entries()) {
      this.#answers.get(key)?.cancel();
      const at = this.when(onset);
      if (at < this.context.currentTime - TOO_LATE) continue;
      const voice = this.synth.play(this.instruments.improvd, pitch, velocity, at);
      if (voice === null) continue;
      voice.release(this.when(ends[index]));
      this.#answers.set(key, voice);
    }
    if (this.#answers.size > 2000) this.#answers = new Map([...this.#answers].slice(-500));
  }

  /** Sound a session that was kept, its notes' seconds moved by `shift`; panic ends it. */
  replay(notes, shift) {
    if (this.wanted === "off") return;
    this.#stopReplay();
    this.#replay = notes.map(({ part, pitch, velocity, onset, offset }) => {
      const sound = () => {
        const voice = this.synth.play(this.instruments[part], pitch, velocity, this.when(onset + shift));
        voice?.release(this.when(offset + shift));
      };
      return setTimeout(sound, Math.max(0, this.#clock.local(onset + shift - AHEAD) - performance.now()));
    });
  }

  /** improvd fell silent: what it planned is taken back. */
  release() {
    for (const voice of this.#answers.values()) voice.cancel();
    this.#answers.clear();
  }

  panic() {
    this.#stopReplay();
    this.release();
    this.#silenceHands(this.context?.currentTime ?? 0);
    this.synth?.panic();
  }

  #stopReplay() {
    for (const timer of this.#replay.splice(0)) clearTimeout(timer);
  }

  #lift(name, channel, now) {
    const voice = this.#hands.get(name);
    if (!voice) return;
    this.#hands.delete(name);
    if (this.#pedals.has(channel)) this.#kept.set(name, [...(this.#kept.get(name) ?? []), voice]);
    else voice.release(now);
  }

  #releaseKept(name, now) {
    for (const voice of this.#kept.get(name) ?? []) voice.release(now);
    this.#kept.delete(name);
  }

  #pedalUp(channel, now) {
    this.#pedals.delete(channel);
    for (const name of [...this.#kept.keys()]) if (name.startsWith(`${channel}:`)) this.#releaseKept(name, now);
  }

  #silenceHands(now) {
    for (const voice of this.#hands.values()) voice.release(now);
    this.#hands.clear();
    this.#pedals.clear();
    for (const name of [...this.#kept.keys()]) this.#releaseKept(name, now);
  }

  /** Seconds of the context's clock at the browser's 0 ms, the way to the loudspeaker counted in. */
  #offset() {
    const sorted = [...this.#samples].sort((one, other) => one - other);
    return sorted[sorted.length >> 1];
  }

  #compare() {
    if (!this.running) return;
    const stamp = this.context.getOutputTimestamp?.();
    const known = stamp && stamp.performanceTime > 0 && stamp.contextTime > 0;
    this.#samples.push(
      known
        ? stamp.contextTime - stamp.performanceTime / 1000
        : this.context.currentTime - performance.now() / 1000 - (this.context.baseLatency ?? 0),
    );
    if (this.#samples.length > KEPT) this.#samples.shift();
  }
}

/** When each of these planned notes falls silent: with its key, or, where improvd's pedal is down then, with that. */
export function silences(notes) {
  const feet = notes.filter(([, , , , , , pedal]) => pedal !== null && pedal !== undefined);
  const last = Math.max(...notes.map(([, , offset]) => offset));
  return notes.map(([, , offset]) => {
    const next = feet.findIndex(([, onset]) => onset > offset);
    const foot = feet.at(next < 0 ? -1 : next - 1);
    const before = next === 0 || foot === undefined;
    if (before || !foot[6] || foot[1] + PRESSED_AFTER > offset) return offset;
    return next < 0 ? last : feet[next][1];
  });
}
