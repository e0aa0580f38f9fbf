// A take as a WAV file, played by the very synth of the page, faster than it sounds.

import { Rack } from "./rack.js";
import { Synth } from "./synth.js";

const RATE = 44100;
const TAIL = 2.5; // seconds after the last note
const LONGEST = 1800; // seconds

/** Notes ({part, pitch, velocity, onset, offset}, in seconds) as a Blob; `instruments` by part. */
export async function render(notes, instruments) {
  const begin = Math.min(...notes.map((note) => note.onset)) - 0.1;
  const end = Math.min(LONGEST, Math.max(...notes.map((note) => note.offset)) - begin + TAIL);
  const context = new OfflineAudioContext({ numberOfChannels: 2, length: Math.ceil(end * RATE), sampleRate: RATE });
  const rack = new Rack(RATE);
  await Promise.all([...new Set(notes.map((note) => instruments[note.part]))].map((one) => rack.whole(one)));
  const synth = new Synth(context, rack, context.destination, Infinity);
  for (const { part, pitch, velocity, onset, offset } of notes) {
    if (onset - begin < LONGEST) synth.play(instruments[part], pitch, velocity, onset - begin).release(offset - begin);
  }
  return encode(await context.startRendering());
}

/** 16 bits, little endian, as every program reads it. */
function encode(buffer) {
  const channels = buffer.numberOfChannels;
  const bytes = buffer.length * channels * 2;
  const view = new DataView(new ArrayBuffer(44 + bytes));
  const write = (at, text) => [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, channels, true);
  view.setUint32(24, buffer.sampleRate, true);
  view.setUint32(28, buffer.sampleRate * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, bytes, true);
  const samples = Array.from({ length: channels }, (_, channel) => buffer.getChannelData(channel));
  for (let i = 0, at = 44; i < buffer.length; i++) {
    for (const channel of samples) {
      view.setInt16(at, Math.round(32767 * Math.max(-1, Math.min(1, channel[i]))), true);
      at += 2;
    }
  }
  return new Blob([view], { type: "audio/wav" });
}
