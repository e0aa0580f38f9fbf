// The page: what is heard, seen and turned, put together.

import { Clock } from "./clock.js";
import { Keyboard } from "./keyboard.js";
import { Knobs } from "./knobs.js";
import { Lateness } from "./lateness.js";
import { Link } from "./link.js";
import * as midi from "./midi-in.js";
import { Roll } from "./roll.js";
import { Score } from "./score.js";
import { Sound } from "./sound.js";
import { Stage } from "./stage.js";
import { Takes } from "./takes.js";
import { Tapping } from "./tapping.js";
import { openable, remembered, theme } from "./room.js";
import { letters, listen } from "./typing.js";

const $ = (id) => document.getElementById(id);
const LOUDNESS = [["pp", 36], ["p", 52], ["mp", 66], ["mf", 80], ["f", 96], ["ff", 112]];
const LOWEST_C = 24;
const HIGHEST_C = 72;
const LATEST_FIRST = 300; // ms that the first note may wait for the sound to begin
const STATUS_PAUSE = 5000; // ms between questions for what no event tells: whether there is a MIDI system

const link = new Link(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
const clock = new Clock(link);
const score = new Score();
const sound = new Sound(clock);
const roll = new Roll($("roll"), score, clock);
const stage = new Stage($("stage"), clock);
const lateness = new Lateness($("lateness"), $("late"));
const keyboard = new Keyboard($("keys"), (pitch, velocity) => strike(pitch, velocity));
const knobs = new Knobs($("knobs"), {
  set: (name, value) => link.ask("set", { name, value }),
  models: async () => (await fetch("models")).json(),
});
const takes = new Takes($("takes-list"), $("takes-note"), { score, sound, clock });
const tapping = new Tapping((bpm) => knobs.set("bpm", bpm));

// -- playing

const sentHere = new Set(); // "at:bytes" of what this page played, so as not to sound it twice
let alone = true; // whether there is no MIDI system: what other pages play sounds here, too
let low = 48;
let loudness = 3;
let muted = false;

/** Play a message of `ms` (the browser's time; now where left out): sounded here, and told to improvd. */
function play(data, ms = performance.now()) {
  if (clock.known) {
    const at = clock.at(ms);
    sentHere.add(`${at}:${data}`);
    if (sentHere.size > 500) sentHere.delete(sentHere.values().next().value);
    link.ask("play", { events: [[at, data]] }).catch(() => {}); // the stage tells that improvd is away
  }
  if (sound.running) sound.hear(data);
  else if (sound.wanted !== "off") sound.begin().then(() => isFresh(data, ms) && sound.hear(data));
}

/** Whether a message that had to wait for the sound to begin is still worth hearing. */
function isFresh([status, , velocity], ms) {
  return (status & 0xf0) !== 0x90 || velocity === 0 || performance.now() - ms < LATEST_FIRST;
}

function strike(pitch, velocity, ms) {
  play(velocity > 0 ? [0x90, pitch, velocity] : [0x80, pitch, 64], ms);
}

function sustain(isDown) {
  $("sustain").setAttribute("aria-pressed", isDown);
  play([0xb0, 64, isDown ? 127 : 0]);
}

function moveOctave(by) {
  low = Math.max(LOWEST_C, Math.min(HIGHEST_C, low + 12 * by));
  $("octave").value = `C ${low / 12 - 1}`;
  showKeys();
}

function moveLoudness(by) {
  loudness = Math.max(0, Math.min(LOUDNESS.length - 1, loudness + by));
  $("loudness").value = LOUDNESS[loudness][0];
}

function setMute(on) {
  link.ask("mute", { on }).catch(() => {}); // the stage tells that improvd is away
}

function showMute(on) {
  muted = on;
  $("mute").setAttribute("aria-pressed", on);
}

function panic() {
  sound.panic();
  keyboard.letGoAll();
  $("sustain").setAttribute("aria-pressed", false);
  link.ask("panic").then(() => stage.announce("All notes off."), () => {});
}

const legend = letters();
async function showKeys() {
  keyboard.show(low, new Map([...(await legend)].map(([steps, letter]) => [low + steps, letter])));
}

const struck = new Map(); // computer key's steps -> pitch it struck, wherever the octave has moved since
listen(
  (steps, isDown, event) => {
    const pitch = isDown ? low + steps : struck.get(steps);
    if (pitch === undefined || pitch > 127) return;
    if (isDown) struck.set(steps, pitch);
    else struck.delete(steps);
    keyboard.mark(pitch, isDown);
    strike(pitch, isDown ? LOUDNESS[loudness][1] : 0, event?.timeStamp);
  },
  (code, isDown) => {
    if (code === "Space") {
      sustain(isDown);
      return true;
    }
    const command = isDown ? COMMANDS[code] : undefined;
    return command !== undefined && command() !== NOT_MINE;
  },
);
const NOT_MINE = Symbol("the browser's to do");
const COMMANDS = {
  ArrowLeft: () => moveOctave(-1),
  ArrowRight: () => moveOctave(1),
  ArrowUp: () => moveLoudness(1),
  ArrowDown: () => moveLoudness(-1),
  Enter: () => tapping.tap(),
  Backspace: () => setMute(!muted),
  Escape: () => (document.querySelector("dialog[open]") ? NOT_MINE : panic()),
  Period: () => panel.toggle(),
  Slash: () => $("helping").showModal(),
};

// -- hearing

link.addEventListener("heard", ({ detail }) => {
  if (detail.echo) return;
  score.heard(detail);
  if (!sentHere.delete(`${detail.at}:${detail.data}`) && alone && sound.wanted === "all") sound.hear(detail.data);
});
link.addEventListener("planned", ({ detail }) => {
  score.planned(detail);
  sound.plan(detail.notes);
});
link.addEventListener("released", ({ detail }) => {
  score.released(detail);
  sound.release();
});
link.addEventListener("sent", ({ detail }) => lateness.sent(detail));
link.addEventListener("state", ({ detail }) => {
  stage.show(detail.muted ? { ...detail, state: "muted" } : detail);
  showMute(Boolean(detail.muted));
  roll.beat = detail.beat ?? null;
});
link.addEventListener("turn", ({ detail }) => {
  score.settle(clock.at());
  const count = detail.response_notes;
  stage.announce(
    count ? `improvd answered with ${count} ${count === 1 ? "note" : "notes"} at ${Math.round(detail.bpm)} beats a minute.`
      : "improvd did not answer.",
  );
});
link.addEventListener("settings", async ({ detail: { values } }) => {
  if (knobs.has("model") && knobs.value("model") !== values.model) await drawKnobs(); // another knows other styles
  else knobs.update(values);
});
link.addEventListener("ports", ({ detail }) => knobs.plug(detail.ports));

let asking = 0;
link.addEventListener("link", async ({ detail: { up, why } }) => {
  clearInterval(asking);
  if (!up) {
    sound.release();
    score.lost(clock.at());
    sentHere.clear();
    roll.beat = null;
    stage.show({ state: "away" });
    if (why) stage.announce(why);
    return;
  }
  try {
    await drawKnobs();
    await showStatus();
    asking = setInterval(() => showStatus().catch(() => {}), STATUS_PAUSE);
  } catch {
    // it is told again when it is back
  }
});

async function drawKnobs() {
  knobs.draw(await link.ask("settings"));
  $("tap").hidden = !knobs.has("bpm");
}

async function showStatus() {
  const { ports } = await link.ask("status");
  alone = !ports?.api || ports.api === "null";
}

// -- the room around it

const panel = openable($("panel"), $("knobs-open"), $("knobs-close"));
for (const [button, dialog] of [["help", "helping"], ["takes-open", "takes"]]) {
  $(button).onclick = () => $(dialog).showModal();
}
$("takes-open").addEventListener("click", () => takes.refresh());
$("knobs").onsubmit = (event) => event.preventDefault();
$("lower").onclick = () => moveOctave(-1);
$("higher").onclick = () => moveOctave(1);
$("softer").onclick = () => moveLoudness(-1);
$("louder").onclick = () => moveLoudness(1);
$("sustain").onclick = () => sustain($("sustain").getAttribute("aria-pressed") !== "true");
$("mute").onclick = () => setMute(!muted);
$("panic").onclick = panic;
$("tap").onclick = () => tapping.tap();
theme($("theme"), () => roll.recolour());
const prepare = () => queueMicrotask(() => sound.prepare()); // once all that is remembered is known
remembered($("sound"), (wanted) => {
  sound.wanted = wanted;
  if (wanted === "off") sound.panic();
  prepare();
});
for (const part of ["you", "improvd"]) {
  remembered($(`tone-${part}`), (instrument) => {
    sound.instruments[part] = instrument;
    prepare();
  });
}
if (midi.isOffered()) {
  $("midi").hidden = false;
  $("midi").onclick = async () => {
    try {
      await sound.begin();
      await midi.connect(play, (names) => stage.announce(`MIDI: ${names.join(", ") || "no keyboard is plugged in"}.`));
      $("midi").hidden = true;
    } catch {
      stage.announce("The browser did not allow MIDI.");
    }
  };
}
// After a click, the space bar is the pedal again and not that button's.
addEventListener("pointerup", (event) => event.target.closest?.("button, select")?.blur?.());

showKeys();
roll.start();
(function frame() {
  stage.draw();
  keyboard.light(score.sounding(clock.at()));
  requestAnimationFrame(frame);
})();
link.open();

/** For the console, and for tests. */
globalThis.improvd = { link, clock, score, sound, roll };
