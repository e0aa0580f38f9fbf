"use strict";

// The table of files: what is typed must be somewhere in a row, and the row must have ended in the chosen way.
const search = document.getElementById("search"), status = document.getElementById("status");
if (search) {
  const rows = [...document.querySelectorAll(".files tbody tr")], found = document.getElementById("found");
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const filter = () => {
    const words = search.value.toLowerCase();
    let count = 0;
    rows.forEach((row, number) => {
      row.hidden = !texts[number].includes(words) || (status.value && row.dataset.status !== status.value);
      count += !row.hidden;
    });
    found.textContent = `${count.toLocaleString("en")} shown`;
  };
  search.addEventListener("input", filter);
  status.addEventListener("input", filter);
  document.querySelector(".filter").hidden = false;
}

// The examples: each note is [onset, duration, pitch, velocity], times in seconds.
let sounding = null;

const stop = () => {
  if (!sounding) return;
  sounding.context.close();
  sounding.button.textContent = "Play";
  sounding.head.style.visibility = "hidden";
  sounding = null;
};

const strike = (context, out, at, [onset, duration, pitch, velocity]) => {
  const voice = context.createOscillator(), loud = context.createGain(), begin = at + onset;
  const end = begin + Math.max(duration, 0.12);
  voice.type = "triangle";
  voice.frequency.value = 440 * 2 ** ((pitch - 69) / 12);
  loud.gain.setValueAtTime(0, begin);
  loud.gain.linearRampToValueAtTime(0.3 * (velocity / 127) ** 1.5, begin + 0.008);
  loud.gain.setTargetAtTime(0, begin + 0.02, 0.9);
  loud.gain.setTargetAtTime(0, end, 0.06);
  voice.connect(loud).connect(out);
  voice.start(begin);
  voice.stop(end + 0.5);
};

document.querySelectorAll("button[data-notes]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => {
    const own = sounding && sounding.button === button;
    stop();
    if (own) return;
    const notes = JSON.parse(button.dataset.notes), context = new AudioContext(), out = context.createDynamicsCompressor();
    const head = button.closest("figure").querySelector(".head"), at = context.currentTime + 0.1;
    const length = Math.max(...notes.map(([onset, duration]) => onset + duration));
    out.connect(context.destination);
    notes.forEach((note) => strike(context, out, at, note));
    const mine = (sounding = { button, context, head });
    button.textContent = "Stop";
    head.style.visibility = "visible";
    const step = () => {
      if (sounding !== mine) return;
      const share = (context.currentTime - at) / length;
      if (share > 1.02) return stop();
      head.style.left = `${Math.min(100, Math.max(0, 100 * share))}%`;
      requestAnimationFrame(step);
    };
    step();
  });
});
