// The piano roll: what was played and what is coming, pitch upwards, time to the right, the present a line that stands
// still. Notes planned but not yet sounded are outlines: one sees them without seeing colours.

const PAST = 0.64; // of the width lies before the present
const SECONDS = 11; // in view on a wide screen
const NARROWEST = 70; // pixels a second; a phone sees less time instead
const LEAST_PITCHES = 30;
const MARGIN = 3; // semitones above and below what is played
const EASE = 3.5; // how fast the view follows the notes, a second
const BLACK = [1, 3, 6, 8, 10];

export class Roll {
  #canvas;
  #context;
  #score;
  #clock;
  #colours = {};
  #low = 45;
  #high = 45 + LEAST_PITCHES;
  #drawnAt = 0;
  #width = 0;
  #height = 0;

  /**
   * {origin, period, bar, downbeat}: seconds of beat 0, seconds a beat, beats a bar, a beat on which one begins (null
   * where nobody knows); null where no beat is known.
   */
  beat = null;
  /** Milliseconds that drawing took, smoothed. */
  cost = 0;

  constructor(canvas, score, clock) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    this.#score = score;
    this.#clock = clock;
    new ResizeObserver(() => this.#fit()).observe(canvas);
    this.recolour();
    this.#fit();
  }

  /** Take the colours from the style sheet anew. */
  recolour() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["roll", "lane", "line", "bar", "you", "improvd", "coming", "present", "faint"]) {
      this.#colours[name] = style.getPropertyValue(`--${name}`).trim();
    }
  }

  start() {
    const draw = (ms) => {
      const before = performance.now();
      this.draw(this.#clock.at(ms), ms);
      this.cost += 0.05 * (performance.now() - before - this.cost);
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  /** One frame, the present being improvd's second `now`, the browser's `ms`. */
  draw(now, ms) {
    const perSecond = Math.max(NARROWEST, this.#width / SECONDS);
    const present = Math.round(this.#width * PAST);
    const from = now - present / perSecond;
    const until = now + (this.#width - present) / perSecond;
    const notes = this.#score.between(from, until);
    this.#follow(notes, Math.min(0.1, Math.max(0, ms - this.#drawnAt) / 1000));
    this.#drawnAt = ms;
    const x = (seconds) => present + (seconds - now) * perSecond;
    const row = this.#height / (this.#high - this.#low);
    const y = (pitch) => (this.#high - pitch) * row;
    this.#ground(y, row);
    this.#beats(from, until, x);
    this.#presentLine(present);
    this.#notes(notes, now, x, y, row);
  }

  /** Move the view gently to where the notes are. */
  #follow(notes, elapsed) {
    let low = 127;
    let high = 0;
    for (const { pitch } of notes) {
      low = Math.min(low, pitch - MARGIN);
      high = Math.max(high, pitch + MARGIN + 1);
    }
    if (low > high) [low, high] = [48, 48 + LEAST_PITCHES];
    const lacking = Math.max(0, LEAST_PITCHES - (high - low)) / 2;
    const step = Math.min(1, EASE * elapsed);
    this.#low += step * (Math.max(0, low - lacking) - this.#low);
    this.#high += step * (Math.min(128, high + lacking) - this.#high);
  }

  #ground(y, row) {
    const pen = this.#context;
    pen.fillStyle = this.#colours.roll;
    pen.fillRect(0, 0, this.#width, this.#height);
    pen.font = "11px ui-sans-serif, system-ui, sans-serif";
    pen.textBaseline = "bottom";
    for (let pitch = Math.floor(this.#low); pitch <= this.#high; pitch++) {
      if (BLACK.includes(pitch % 12)) {
        pen.fillStyle = this.#colours.lane;
        pen.fillRect(0, y(pitch + 1), this.#width, row);
      }
    }
    for (let pitch = 12 * Math.ceil(this.#low / 12); pitch <= this.#high; pitch += 12) {
      pen.fillStyle = this.#colours.line;
      pen.fillRect(0, Math.round(y(pitch)), this.#width, 1);
      pen.fillStyle = this.#colours.faint;
      pen.fillText(`C${pitch / 12 - 1}`, 6, y(pitch) - 1);
    }
  }

  #beats(from, until, x) {
    if (this.beat === null) return;
    const { origin, period, bar, downbeat } = this.beat;
    const pen = this.#context;
    for (let beat = Math.ceil((from - origin) / period); origin + beat * period < until; beat++) {
      const bars = (beat - downbeat) / bar;
      const isBar = downbeat !== null && Math.abs(bars - Math.round(bars)) < 1e-6;
      pen.fillStyle = isBar ? this.#colours.bar : this.#colours.line;
      pen.fillRect(Math.round(x(origin + beat * period)), 0, 1, this.#height);
    }
  }

  #presentLine(present) {
    const pen = this.#context;
    pen.fillStyle = this.#colours.present;
    pen.fillRect(present, 0, 1.5, this.#height);
  }

  #notes(notes, now, x, y, row) {
    const pen = this.#context;
    const thick = Math.max(3, Math.min(16, row - 1));
    for (const note of notes) {
      const left = x(note.onset);
      const top = y(note.pitch + 0.5) - thick / 2;
      const radius = Math.min(thick / 2, 4);
      if (note.part === "improvd" && note.offset > now) {
        pen.strokeStyle = this.#colours.coming;
        pen.lineWidth = 1.5;
        pen.beginPath();
        pen.roundRect(left + 0.75, top + 0.75, Math.max(3, x(note.offset) - left - 1.5), thick - 1.5, radius);
        pen.stroke();
      }
      if (note.onset <= now) {
        pen.globalAlpha = 0.55 + (0.45 * note.velocity) / 127;
        pen.fillStyle = this.#colours[note.part];
        pen.beginPath();
        pen.roundRect(left, top, Math.max(4, x(Math.min(note.offset, now)) - left), thick, radius);
        pen.fill();
        pen.globalAlpha = 1;
      }
    }
  }

  #fit() {
    const scale = Math.min(2, devicePixelRatio || 1);
    this.#width = this.#canvas.clientWidth;
    this.#height = this.#canvas.clientHeight;
    this.#canvas.width = Math.max(1, Math.round(this.#width * scale));
    this.#canvas.height = Math.max(1, Math.round(this.#height * scale));
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
  }
}
