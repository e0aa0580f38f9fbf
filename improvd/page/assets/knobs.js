// The knobs: drawn from what improvd says of its own options, so that the page need not know them.
// Each is {name, text, group, value, kind, ...}: a number has low, high, whole and perhaps a word that may stand for it.

import { make, options } from "./elements.js";
import { ports } from "./ports.js";

const PAUSE = 40; // ms between two values on the way, while a slider moves
const OPEN = ["Time", "What it plays"]; // groups that a player turns; the rest is looked for

export class Knobs {
  #place;
  #set;
  #models;
  #shown = new Map(); // name -> (value) => shown
  #values = new Map(); // name -> what holds
  #ports = null;
  #portKnobs = []; // (ports) => drawn
  #refused = new Map(); // name -> why it is as it was

  /** `set(name, value)` tells improvd, `models()` asks which there are; promises. */
  constructor(place, { set, models }) {
    this.#place = place;
    this.#set = set;
    this.#models = models;
  }

  /** Draw all of them anew, by their groups. */
  draw(settings) {
    const before = new Map([...this.#place.children].map((box) => [box.firstChild.textContent, box.open]));
    const focused = document.activeElement?.id;
    this.#shown.clear();
    this.#values.clear();
    this.#portKnobs = [];
    this.#place.replaceChildren(
      ...[...grouped(settings)].map(([title, some]) => {
        const box = make("details", { open: before.get(title) ?? OPEN.includes(title) }, make("summary", {}, title));
        box.append(...some.map((one) => this.#knob(one)));
        return box;
      }),
    );
    if (focused?.startsWith("knob-")) document.getElementById(focused)?.focus();
  }

  /** Somebody, here or elsewhere, changed these: {name: value}. */
  update(values) {
    for (const [name, value] of Object.entries(values)) {
      if (this.#shown.has(name)) this.#show(name, value);
    }
  }

  /** How the ports stand by now, and which there are: as in docs/control.md, or null. */
  plug(ports) {
    this.#ports = ports;
    for (const draw of this.#portKnobs) draw(ports);
  }

  /** Set one, from its control or from elsewhere on the page; what is refused is as it was, and the line says why. */
  async set(name, value) {
    try {
      await this.#set(name, value);
      this.#refuse(name, "");
    } catch (error) {
      this.#refuse(name, error.message);
      if (this.#values.has(name)) this.#show(name, this.#values.get(name));
    }
  }

  /** Say why a knob stays as it was, and go on saying so where all are drawn anew, as with another model. */
  #refuse(name, why) {
    this.#refused.set(name, why);
    const line = this.#place.querySelector(`[data-name="${CSS.escape(name)}"] .refusal`);
    if (line) line.textContent = why;
  }

  has(name) {
    return this.#shown.has(name);
  }

  value(name) {
    return this.#values.get(name);
  }

  #show(name, value) {
    this.#values.set(name, value);
    this.#shown.get(name)(value);
  }

  #knob(one) {
    const id = `knob-${one.name}`;
    const told = make("output", { htmlFor: id });
    const [control, show] = this.#control(one, id, told);
    const help = make("p", { className: "help", id: `${id}-help` }, one.text);
    const line = make("p", { className: "refusal" }, this.#refused.get(one.name) ?? "");
    line.setAttribute("role", "alert");
    control.setAttribute("aria-describedby", help.id);
    const title = make("label", { htmlFor: id, id: `${id}-name` }, one.name.replaceAll("-", " "));
    if (!control.labels) control.setAttribute("aria-labelledby", title.id);
    const turned = make("div", { className: "turned" }, control);
    const box = make("div", { className: `knob ${one.kind}` }, make("div", { className: "name" }, title, told), turned);
    box.dataset.name = one.name;
    this.#shown.set(one.name, show);
    if (one.kind === "number" && one.word) turned.append(this.#word(one, control, show));
    box.append(help, line);
    this.#show(one.name, one.value);
    return box;
  }

  /** The element that sets it, and what shows a value on it. */
  #control(one, id, told) {
    if (one.kind === "number") return this.#slider(one, id, told);
    if (one.kind === "port") return this.#port(one, id);
    if (one.name === "model") return this.#model(one, id, told);
    if (one.kind === "switch") {
      const control = make("input", { type: "checkbox", id, className: "switch" });
      control.onchange = () => this.set(one.name, control.checked);
      return [control, (value) => (control.checked = value)];
    }
    if (one.kind === "choice") {
      const control = make("select", { id });
      control.append(...options(one.choices.map((choice) => [choice, choice || "none"])));
      control.onchange = () => this.set(one.name, control.value);
      return [control, (value) => (control.value = value)];
    }
    const control = make("input", { type: "text", id, maxLength: 200, autocomplete: "off", spellcheck: false });
    control.onchange = () => this.set(one.name, control.value);
    return [control, (value) => document.activeElement !== control && (control.value = value)];
  }

  #slider(one, id, told) {
    const span = one.high - one.low;
    const step = one.whole ? 1 : span > 50 ? 0.5 : span > 4 ? 0.25 : 0.01;
    const unit = one.unit ? ` ${one.unit}` : "";
    const control = make("input", { type: "range", id, min: one.low, max: one.high, step });
    const send = paced((value) => this.set(one.name, value));
    control.oninput = () => {
      told.value = control.value + unit;
      send(Number(control.value));
    };
    const show = (value) => {
      const isNumber = typeof value === "number";
      if (isNumber && !control.matches(":active")) control.value = value;
      told.value = isNumber ? Math.round(value * 100) / 100 + unit : value;
      control.classList.toggle("aside-value", !isNumber);
    };
    return [control, show];
  }

  /** A box to tick for the word that may stand for a number. */
  #word(one, control, show) {
    const box = make("input", { type: "checkbox" });
    const usual = one.name === "bpm" ? 100 : Math.min(one.high, Math.max(one.low, 0));
    if (one.value === one.word) control.value = usual;
    box.onchange = () => this.set(one.name, box.checked ? one.word : Number(control.value));
    this.#shown.set(one.name, (value) => {
      box.checked = value === one.word;
      show(value);
    });
    return make("label", { className: "word" }, box, ` ${one.word}`);
  }

  /** Those that there are when it is opened; the one that plays is among them wherever it lies. */
  #model(one, id, told) {
    const control = make("select", { id });
    let names = [];
    const show = (value) => {
      control.replaceChildren(...options([...new Set([...names, value])].map((name) => [name, name])));
      control.value = value;
    };
    const ask = async () => {
      names = await this.#models().catch(() => names);
      show(told.value ? control.value : this.value(one.name));
    };
    control.onfocus = ask;
    control.onchange = async () => {
      told.value = "loading";
      await this.set(one.name, control.value);
      told.value = "";
    };
    ask();
    return [control, show];
  }

  #port(one, id) {
    const control = ports(one, id, (value) => this.set(one.name, value));
    this.#portKnobs.push(control.plug);
    control.plug(this.#ports);
    return [control.element, () => control.plug(this.#ports)];
  }
}

/** At most one call each PAUSE, the last value always. */
function paced(call) {
  let timer = 0;
  let last;
  return (value) => {
    last = value;
    timer ||= setTimeout(() => {
      timer = 0;
      call(last);
    }, PAUSE);
  };
}

/** Settings by their group, in the order in which they come. */
function grouped(settings) {
  const groups = new Map();
  for (const one of settings) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return groups;
}
