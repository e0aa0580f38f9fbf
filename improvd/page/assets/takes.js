// The sessions that were kept: to download, to hear again, to take away as sound.

import { render } from "./wav.js";

const LEAD = 0.4; // seconds before a replay begins

export class Takes {
  #list;
  #note;
  #page;

  constructor(list, note, page) {
    this.#list = list;
    this.#note = note;
    this.#page = page;
  }

  /** Ask which there are, and show them. */
  async refresh() {
    try {
      const takes = await (await fetch("sessions")).json();
      this.#note.textContent = takes.length ? "" : "Nothing is kept yet. What you play is, from its first note on.";
      this.#list.replaceChildren(...takes.map((take) => this.#entry(take)));
    } catch {
      this.#note.textContent = "The sessions can't be listed just now.";
    }
  }

  #entry({ name, problem, began, seconds, heard, played, model }) {
    const entry = document.createElement("li");
    const about = document.createElement("span");
    about.className = "about";
    const title = document.createElement("b");
    title.textContent = began ? new Date(began).toLocaleString() : name;
    about.append(title, began ? `${length(seconds)}, ${heard} of your notes, ${played} of improvd's; model ${model}` : "");
    if (problem) about.append(` – ${problem}`);
    entry.append(about);
    if (!began) return entry;
    const file = document.createElement("a");
    file.className = "button";
    file.href = `sessions/${encodeURIComponent(name)}.mid`;
    file.download = `${name}.mid`;
    file.textContent = "MIDI";
    entry.append(this.#button("Replay", () => this.#replay(name)), file,
      this.#button("WAV", () => this.#save(name)));
    return entry;
  }

  #button(text, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.onclick = async () => {
      button.disabled = true;
      try {
        await act();
      } catch (error) {
        this.#note.textContent = `That did not work: ${error.message}`;
      }
      button.disabled = false;
    };
    return button;
  }

  async #notes(name) {
    const response = await fetch(`sessions/${encodeURIComponent(name)}.json`);
    if (!response.ok) throw new Error("it can't be read");
    return response.json();
  }

  /** Hear and see it again, from now on; whatever is played meanwhile is a part of the duet as always. */
  async #replay(name) {
    const { score, sound, clock } = this.#page;
    const notes = await this.#notes(name);
    if (!notes.length) return;
    await sound.begin();
    const shift = clock.at() + LEAD - notes[0].onset;
    score.replay(notes, shift);
    sound.replay(notes, shift);
    this.#list.closest("dialog").close();
  }

  async #save(name) {
    const notes = await this.#notes(name);
    if (!notes.length) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await render(notes, this.#page.sound.instruments));
    link.download = `${name}.wav`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
}

function length(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
