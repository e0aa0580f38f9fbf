// Plays tones through plain Web Audio nodes, live or into a file: any context will do. Times are the context's seconds.

const VOICES = 96; // sounding or soon to; then the oldest goes
const UNDAMPED = 89; // from this pitch on a piano has no dampers
const ROOM = 1.3; // seconds that the room rings
const WET = 0.16; // of it
const LOUDEST = 0.62; // of one tone at velocity 127; the bend below keeps a chord of many from crackling
const NOW = 0.004; // seconds in which a voice that is taken away fades

export class Synth {
  #context;
  #rack;
  #voices = new Set();
  #input;
  #most;
  /** The last node before the way out. */
  end;

  /** Sounds into `output`, the context's own way out where it is left out, with at most so many voices. */
  constructor(context, rack, output = context.destination, most = VOICES) {
    this.#most = most;
    this.#context = context;
    this.#rack = rack;
    this.#input = new GainNode(context);
    this.end = new WaveShaperNode(context, { curve: softly() });
    const wet = new GainNode(context, { gain: WET });
    const room = new ConvolverNode(context, { buffer: reverberation(context.sampleRate) });
    this.#input.connect(this.end).connect(output);
    this.#input.connect(room).connect(wet).connect(this.end);
  }

  /**
   * Sound a note from `at` on, at once where that is over. What comes back ends it: `release(at)` as a damper does,
   * `cancel()` as if it had never been meant where it has not begun. Null before the first tone is computed.
   */
  play(instrument, pitch, velocity, at) {
    const tone = this.#rack.tone(instrument, pitch);
    if (tone === null) return null;
    const context = this.#context;
    const begin = Math.max(at, context.currentTime);
    const force = velocity / 127;
    const source = new AudioBufferSourceNode(context, { buffer: tone.buffer, playbackRate: tone.speed });
    const felt = new BiquadFilterNode(context, { type: "lowpass", Q: 0.3, frequency: 500 + 15000 * force ** 1.8 });
    const level = new GainNode(context, { gain: LOUDEST * force ** 1.6 });
    const place = new StereoPannerNode(context, { pan: Math.max(-0.6, Math.min(0.6, (pitch - 62) / 60)) });
    source.connect(felt).connect(level).connect(place).connect(this.#input);
    source.start(begin);
    const voice = { source, level, begin, releasedAt: Infinity };
    this.#voices.add(voice);
    source.onended = () => {
      this.#voices.delete(voice);
      place.disconnect();
    };
    this.#makeRoom();
    const damper = pitch >= UNDAMPED ? 0.5 : 0.05 + 0.07 * Math.max(0, (60 - pitch) / 40);
    return {
      release: (until) => fade(voice, Math.max(until, begin + 0.02, context.currentTime), damper),
      cancel: () => {
        if (voice.begin > context.currentTime) fade(voice, voice.begin, 0);
        else fade(voice, context.currentTime, damper);
      },
    };
  }

  /** Silence, at once. */
  panic() {
    for (const voice of this.#voices) fade(voice, this.#context.currentTime, NOW);
  }

  #makeRoom() {
    if (this.#voices.size <= this.#most) return;
    const [oldest] = [...this.#voices].sort((one, other) => one.begin - other.begin);
    this.#voices.delete(oldest);
    fade(oldest, this.#context.currentTime, NOW);
  }
}

/** Let a voice die away from `at` on, to a third each `time` seconds. */
function fade(voice, at, time) {
  if (at >= voice.releasedAt) return;
  voice.releasedAt = at;
  voice.level.gain.cancelScheduledValues(at);
  if (time > 0) voice.level.gain.setTargetAtTime(0, at, time);
  voice.source.stop(at + 7 * time);
}

/** A straight line that bends near its ends: quiet music passes unchanged. */
function softly() {
  const curve = new Float32Array(2049);
  for (let i = 0; i < curve.length; i++) {
    const x = (2 * i) / (curve.length - 1) - 1;
    const loud = Math.abs(x);
    curve[i] = loud < 0.5 ? x : Math.sign(x) * (0.5 + 0.45 * Math.tanh((loud - 0.5) / 0.45));
  }
  return curve;
}

/** A small wooden room: noise that dies away, the bright part of it sooner. */
function reverberation(rate) {
  const length = Math.ceil(ROOM * rate);
  const buffer = new AudioBuffer({ length, sampleRate: rate, numberOfChannels: 2 });
  let seed = 88172645;
  for (let channel = 0; channel < 2; channel++) {
    const samples = buffer.getChannelData(channel);
    let low = 0;
    for (let i = 0; i < length; i++) {
      seed ^= seed << 13;
      seed ^= seed >>> 17;
      seed ^= seed << 5;
      const t = i / length;
      low += (0.75 - 0.65 * t) * (seed / 2 ** 31 - low);
      samples[i] = low * Math.exp(-5.5 * t) * Math.min(1, i / (0.008 * rate));
    }
  }
  return buffer;
}
