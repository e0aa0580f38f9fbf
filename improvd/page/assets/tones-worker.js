// Computes tones aside, so that the page never stutters: asked for {instrument, pitch, rate}, it answers with them and
// the samples.
import { INSTRUMENTS } from "./tones.js";

onmessage = ({ data: { instrument, pitch, rate } }) => {
  const samples = INSTRUMENTS[instrument](pitch, rate);
  postMessage({ instrument, pitch, rate, samples }, [samples.buffer]);
};
