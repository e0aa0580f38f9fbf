// The knobs: drawn from what improvd says of its own options, so that the page need not know them.
// Each is {name, text, group, value, kind, ...}: a number has low, high, whole and perhaps a word that may stand for it.

const PAUSE = 40; // ms between two values on the way, while a slider moves

export class Knobs {
  #place;
  #set;
  #shown = new Map(); // name -> (value) => shown

  /** `set(name, value)` tells improvd; a promise. */
  constructor(place, set) {
    this.#place = place;
    this.#set = set;
  }

  /** Draw all of them anew, by their groups. */
  draw(settings) {
    this.#shown.clear();
    this.#place.replaceChildren(
      ...[...grouped(settings)].map(([title, some]) => {
        const box = make("fieldset", {}, make("legend", {}, title));
        box.append(...some.map((one) => this.#knob(one)));
        return box;
      }),
    );
  }

  /** Somebody, here or elsewhere, changed these: {name: value}. */
  update(values) {
    for (const [name, value] of Object.entries(values)) this.#shown.get(name)?.(value);
  }

  /** Set one from elsewhere on the page. */
  async set(name, value) {
    const box = this.#place.querySelector(`[data-name="${CSS.escape(name)}"]`);
    const line = box?.querySelector(".refusal");
    try {
      await this.#set(name, value);
      if (line) line.textContent = "";
    } catch (error) {
      if (line) line.textContent = error.message;
    }
  }

  has(name) {
    return this.#shown.has(name);
  }

  #knob(one) {
    const id = `knob-${one.name}`;
    const title = one.name.replaceAll("-", " ");
    const box = make("div", { className: "knob" });
    box.dataset.name = one.name;
    const told = make("output", { htmlFor: id });
    const [control, show] = this.#control(one, id, told);
    const line = make("p", { className: "refusal" });
    line.setAttribute("role", "alert");
    const help = make("p", { className: "help", id: `${id}-help` }, one.text);
    control.setAttribute("aria-describedby", help.id);
    box.append(make("div", { className: "name" }, make("label", { htmlFor: id }, title), told), control);
    if (one.kind === "number" && one.word) box.append(this.#word(one, control, show));
    box.append(help, line);
    show(one.value);
    return box;
  }

  #control(one, id, told) {
    if (one.kind === "number") return this.#slider(one, id, told);
    if (one.kind === "switch") {
      const control = make("input", { type: "checkbox", id, className: "switch" });
      control.onchange = () => this.set(one.name, control.checked);
      return this.#known(one.name, control, (value) => (control.checked = value));
    }
    if (one.kind === "choice") {
      const control = make("select", { id });
      control.append(...one.choices.map((choice) => make("option", { value: choice }, choice || "none")));
      control.onchange = () => this.set(one.name, control.value);
      return this.#known(one.name, control, (value) => (control.value = value));
    }
    const control = make("input", { type: "text", id, maxLength: 200, autocomplete: "off", spellcheck: false });
    control.onchange = () => this.set(one.name, control.value);
    return this.#known(one.name, control, (value) => document.activeElement !== control && (control.value = value));
  }

  #slider(one, id, told) {
    const span = one.high - one.low;
    const step = one.whole ? 1 : span > 50 ? 0.5 : span > 4 ? 0.25 : 0.01;
    const control = make("input", { type: "range", id, min: one.low, max: one.high, step });
    const send = paced((value) => this.set(one.name, value));
    control.oninput = () => {
      told.value = control.value;
      send(Number(control.value));
    };
    return this.#known(one.name, control, (value) => {
      if (typeof value === "number" && !control.matches(":active")) control.value = value;
      told.value = typeof value === "number" ? Math.round(value * 100) / 100 : value;
      control.classList.toggle("aside-value", typeof value !== "number");
    });
  }

  /** A box to tick for the word that may stand for a number. */
  #word(one, control, show) {
    const box = make("input", { type: "checkbox" });
    const usual = one.name === "bpm" ? 100 : one.low;
    box.onchange = () => this.set(one.name, box.checked ? one.word : Number(control.value) || usual);
    this.#shown.set(one.name, (value) => {
      box.checked = value === one.word;
      show(value);
    });
    box.checked = one.value === one.word;
    if (box.checked) control.value = usual;
    return make("label", { className: "word" }, box, ` ${one.word}`);
  }

  #known(name, control, show) {
    this.#shown.set(name, show);
    return [control, show];
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

function make(tag, properties, ...inside) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
}
