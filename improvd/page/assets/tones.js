// Two instruments, computed: no samples, no network. Each tone is a mono signal as it sounds while its key stays down;
// loudness, brightness and the damper are the synth's affair.
//
// The piano is a sum of its strings' partials: stretched by their stiffness (f_n = n f √(1 + B n²); Fletcher 1964),
// weighted by where the hammer strikes (1/8 of the string) and how hard its felt is, each from two strings slightly
// apart, so that it beats and dies away in two stages (Weinreich 1977), and a knock of the key.
// The electric piano is a tine before a pickup: a sine with a short bell, bent by the pickup's uneven field.

const HAMMER = 1 / 8; // of a string's length
const LONGEST = 5; // seconds

export const INSTRUMENTS = { piano, electric };

export function frequency(pitch) {
  return 440 * 2 ** ((pitch - 69) / 12);
}

/** A note of the piano: Float32Array of samples at `rate` a second. */
export function piano(pitch, rate) {
  const f = frequency(pitch);
  const stiffness = 2.4e-4 * 2 ** ((pitch - 48) / 14) + 1.2e-4 * 2 ** ((36 - pitch) / 12);
  const life = 14 * 2 ** ((48 - pitch) / 17); // seconds until the first partial is 60 dB down
  const out = new Float64Array(Math.ceil(rate * Math.min(LONGEST, 0.75 * life + 0.4)));
  const partials = Math.min(36, Math.floor(9500 / f));
  const felt = 900 + 1.9 * f; // Hz; above, the hammer's felt swallows
  for (let n = 1; n <= Math.max(1, partials); n++) {
    const fn = n * f * Math.sqrt((1 + stiffness * n * n) / (1 + stiffness));
    if (fn > 0.45 * rate) break;
    const strength = (Math.abs(Math.sin(Math.PI * n * HAMMER)) + 0.08) * Math.exp(-fn / felt) * n ** -0.35;
    const decay = 6.91 / life + 0.9 * (fn / 1000) ** 1.3; // nepers a second
    const apart = fn * 2 ** ((0.5 + 0.25 * Math.sin(7 * n + pitch)) / 1200); // half a cent: the unison's beating
    ring(out, rate, fn, 0.62 * strength, 1.5 * decay);
    ring(out, rate, apart, 0.38 * strength, 0.45 * decay);
  }
  knock(out, rate, pitch);
  return finished(out, rate, 0.0008 + 0.0022 * 2 ** ((48 - pitch) / 24));
}

/** A note of the electric piano: Float32Array of samples at `rate` a second. */
export function electric(pitch, rate) {
  const f = frequency(pitch);
  const life = 8 * 2 ** ((60 - pitch) / 24);
  const length = Math.ceil(rate * Math.min(LONGEST, 0.8 * life + 0.3));
  const tine = new Float64Array(length);
  ring(tine, rate, f, 1, 6.91 / life);
  const bell = new Float64Array(length);
  for (const [ratio, strength, decay] of [[6.27, 0.055, 11], [14.1, 0.02, 26], [1.008, 0.05, 1.2]]) {
    if (ratio * f < 0.42 * rate) ring(bell, rate, ratio * f, strength, decay);
  }
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const x = tine[i];
    out[i] = x + 0.42 * x * x * (1 - 0.5 * x) + bell[i]; // nearer to one pole than to the other
  }
  highpass(out, rate, 25);
  return finished(out, rate, 0.0018);
}

/** Add a sine that dies away at `decay` nepers a second: a resonator, two multiplications a sample. */
function ring(out, rate, f, strength, decay) {
  const radius = Math.exp(-decay / rate);
  const turn = (2 * Math.PI * f) / rate;
  const a = 2 * radius * Math.cos(turn);
  const b = radius * radius;
  let before = 0;
  let y = strength * Math.sin(turn);
  const end = Math.min(out.length, Math.ceil((rate * 9) / decay)); // -78 dB
  for (let i = 0; i < end; i++) {
    out[i] += y;
    const next = a * y - b * before;
    before = y;
    y = next;
  }
}

/** The key's bed and the soundboard, struck: a thud that is the same each time. */
function knock(out, rate, pitch) {
  let seed = 2463534242 + pitch;
  let low = 0;
  const length = Math.min(out.length, Math.ceil(0.09 * rate));
  const smooth = 1 - Math.exp((-2 * Math.PI * 420) / rate);
  for (let i = 0; i < length; i++) {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    low += smooth * (seed / 2 ** 31 - low);
    out[i] += 0.5 * low * Math.exp((-55 * i) / rate);
  }
}

function highpass(out, rate, f) {
  const keep = Math.exp((-2 * Math.PI * f) / rate);
  let before = 0;
  let y = 0;
  for (let i = 0; i < out.length; i++) {
    y = keep * (y + out[i] - before);
    before = out[i];
    out[i] = y;
  }
}

/** At one loudness for all, eased in over `rise` seconds, and out at its very end. */
function finished(out, rate, rise) {
  let energy = 0;
  const heard = Math.min(out.length, Math.ceil(0.25 * rate));
  for (let i = 0; i < heard; i++) energy += out[i] * out[i];
  const gain = 0.13 / Math.sqrt(energy / heard);
  const up = Math.ceil(rise * rate);
  const down = Math.ceil(0.15 * rate);
  const samples = new Float32Array(out.length);
  for (let i = 0; i < out.length; i++) {
    const ease = Math.min(1, (i + 1) / up, (out.length - i) / down);
    samples[i] = gain * out[i] * (0.5 - 0.5 * Math.cos(Math.PI * ease));
  }
  return samples;
}
