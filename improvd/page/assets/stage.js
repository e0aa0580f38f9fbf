// What is going on, in words and light: whose turn, the tempo and how sure improvd is of it, the key, the beat.

const WORDS = {
  away: ["improvd is away", "It is looked for; what you play sounds, but nobody answers."],
  listening: ["Your turn", "Play a phrase, then stop and listen."],
  call: ["You play", "It answers when you stop."],
  thinking: ["Its turn comes", "It answers on your next beat."],
  answering: ["It plays", "Play any time to break in."],
  muted: ["Muted", "It listens, and answers nothing."],
};
const LEADERS = { clock: " by the clock", internal: " by improvd" }; // the player's own goes without
const DOTS = 16; // at most, beats shown of a bar

export class Stage {
  #root;
  #parts;
  #clock;
  #beat = null;
  #shown = "";

  constructor(root, clock) {
    this.#root = root;
    this.#clock = clock;
    this.#parts = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
  }

  /** A "state" event (docs/control.md), or a state of the page's own, which has no more than that. */
  show({ state, bpm, confidence, key, leader, peers, stopped, beat }) {
    const [title, hint] = WORDS[state] ?? WORDS.listening;
    document.documentElement.dataset.state = state;
    if (state !== this.#shown) {
      this.#shown = state;
      this.#parts.turn.textContent = title;
      this.#parts.hint.textContent = hint;
    }
    this.#parts.tempo.textContent = bpm ? Math.round(bpm) : "–";
    const sure = Math.max(0, Math.min(1, confidence ?? 0));
    this.#parts.sure.style.setProperty("--sure", sure);
    this.#parts.sure.setAttribute("aria-valuenow", Math.round(100 * sure));
    this.#parts.sure.hidden = confidence === null || confidence === undefined;
    const led = leader === "link" ? `, link, ${peers} ${peers === 1 ? "peer" : "peers"}` : LEADERS[leader] ?? "";
    this.#parts.leader.textContent = stopped ? `${led}, stopped` : led;
    this.#parts.key.textContent = key ?? "";
    this.#layBeat(beat ?? null);
  }

  /** Say something to those who listen to the page rather than look at it. */
  announce(line) {
    this.#parts.live.textContent = line;
  }

  /** One frame: light the beat. */
  draw() {
    if (this.#beat === null) return;
    const { origin, period, bar, downbeat } = this.#beat;
    const beat = (this.#clock.at() - origin) / period + 1e-6;
    // Where nobody knows where bars begin, one light goes on with each beat and off again.
    const place = downbeat === null ? 2 * (beat - Math.floor(beat)) : (((beat - downbeat) % bar) + bar) % bar;
    [...this.#parts.beat.children].forEach((dot, index) => dot.classList.toggle("on", index === Math.floor(place)));
  }

  #layBeat(beat) {
    this.#beat = beat && beat.period > 0 && beat.bar >= 1 ? beat : null;
    const bar = this.#beat?.downbeat === null ? 1 : this.#beat?.bar;
    const count = bar ? Math.min(DOTS, Math.ceil(bar)) : 0;
    if (this.#parts.beat.children.length !== count) {
      this.#parts.beat.replaceChildren(...Array.from({ length: count }, () => document.createElement("i")));
    }
  }
}
