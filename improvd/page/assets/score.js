// All notes of the session as far as this page has seen them: the player's, the answers, and what is planned.
// Times are seconds of improvd's clock.

const MOST = 20000; // notes; older ones are forgotten
const LATEST_OFF = 30; // seconds; a key that is held longer is drawn so far

export class Score {
  /** In order of their coming: {part: "you" | "improvd", pitch, velocity, onset, offset, key}. */
  notes = [];
  #replayed = [];
  #held = new Map(); // "channel:pitch" -> the player's note
  #planned = new Map(); // key -> note that may still be taken back or replaced

  get size() {
    return this.notes.length;
  }

  heard({ at, data: [status, pitch, velocity] }) {
    const kind = status & 0xf0;
    if (kind !== 0x80 && kind !== 0x90) return;
    const name = `${status & 15}:${pitch}`;
    const before = this.#held.get(name);
    if (before) before.offset = at;
    this.#held.delete(name);
    if (kind === 0x90 && velocity > 0) {
      const note = { part: "you", pitch, velocity, onset: at, offset: Infinity };
      this.#held.set(name, note);
      this.#add(note);
    }
  }

  planned({ notes }) {
    for (const [key, onset, offset, pitch, velocity] of notes) {
      const known = this.#planned.get(key) ?? this.#shown(key, onset);
      if (known) {
        Object.assign(known, { onset, offset, pitch, velocity });
        this.#planned.set(key, known);
      } else {
        const note = { part: "improvd", pitch, velocity, onset, offset, key };
        this.#planned.set(key, note);
        this.#add(note);
      }
    }
  }

  /** improvd fell silent at `at`: what had not begun will not sound. */
  released({ at }) {
    const gone = new Set();
    for (const note of this.#planned.values()) {
      if (note.onset >= at) gone.add(note);
      note.offset = Math.min(note.offset, at);
    }
    if (gone.size) this.notes = this.notes.filter((note) => !gone.has(note));
    this.#planned.clear();
  }

  /** The connection was lost at `at`: nobody will tell of keys that come up, and what was planned may be taken back. */
  lost(at) {
    for (const note of this.#held.values()) note.offset = at;
    this.#held.clear();
    this.released({ at });
  }

  /** Show a session that was kept again: its notes' seconds moved by `shift`. */
  replay(notes, shift) {
    this.#replayed = notes.map((note) => ({ ...note, onset: note.onset + shift, offset: note.offset + shift }));
  }

  /** A turn is over: its notes can't be taken back any more. */
  settle(now) {
    for (const [key, note] of this.#planned) if (note.offset < now) this.#planned.delete(key);
  }

  /** Notes that sound or will sound within these seconds. */
  between(from, until) {
    return [this.#replayed, this.notes].flatMap((notes) => within(notes, from, until));
  }

  /** Pitches that sound now, by part. */
  sounding(now) {
    const found = { you: new Set(), improvd: new Set() };
    for (const note of this.between(now - 1e-9, now)) if (note.offset > now) found[note.part].add(note.pitch);
    return found;
  }

  /** A note of ours that is told once more, to a page that was away for a moment. */
  #shown(key, onset) {
    return this.notes.findLast((note) => note.key === key && Math.abs(note.onset - onset) < 1e-6);
  }

  #add(note) {
    this.notes.push(note);
    if (this.notes.length > MOST) this.notes.splice(0, MOST / 10);
  }
}

/** Of notes in order of onset, more or less, those that sound within these seconds. */
function within(notes, from, until) {
  const found = [];
  for (let i = notes.length - 1; i >= 0; i--) {
    const note = notes[i];
    if (note.onset < from - LATEST_OFF) break;
    if (note.onset < until && note.offset > from) found.push(note);
  }
  return found;
}
