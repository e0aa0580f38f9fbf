// Which keyboards improvd hears, and which synth it plays: boxes to tick for several, else one of a list.
// What is asked for but not there is shown as waited for; with nothing asked for, the port is improvd's own.

import { make, options } from "./elements.js";

const OWN = { input: "improvd in, a port of its own", output: "improvd out, a port of its own" };

/** The knob of a port: its `element`, and `plug(ports)`, which draws it anew as the ports stand (docs/control.md). */
export function ports({ direction, several }, id, set) {
  const element = several ? make("div", { id, className: "boxes", role: "group" }) : make("select", { id });
  if (!several) element.onchange = () => set(element.value);
  let drawn = "";
  const plug = (ports) => {
    const found = ports ? choices(ports, direction) : [];
    if (drawn === JSON.stringify(found) && element.childElementCount) return;
    drawn = JSON.stringify(found);
    if (several) element.replaceChildren(...boxes(found, set, Boolean(ports)));
    else {
      element.replaceChildren(...options([["", OWN[direction]], ...found.map(({ value, text }) => [value, text])]));
      element.value = found.find(({ chosen }) => chosen)?.value ?? "";
    }
  };
  return { element, plug };
}

/** What can be chosen: {value, text, chosen}, first what is asked for. */
function choices({ inputs, output, available }, direction) {
  const asked = (direction === "input" ? inputs : [output]).filter(({ wanted }) => wanted);
  const there = available?.[`${direction}s`] ?? [];
  const isTaken = (one) => asked.some(({ name, wanted }) => wanted === one || name === one || name.startsWith(`${one} `));
  return [
    ...asked.map(({ wanted, name }) => ({ value: wanted, text: name || `${wanted} (waited for)`, chosen: true })),
    ...there.filter((one) => !isTaken(one)).map((one) => ({ value: one, text: one, chosen: false })),
  ];
}

function boxes(found, set, isKnown) {
  if (!found.length) return [make("p", { className: "help" }, isKnown ? `${OWN.input}; no other is there.` : "Nobody has the ports just now.")];
  return found.map(({ value, text, chosen }) => {
    const box = make("input", { type: "checkbox", checked: chosen, value });
    box.onchange = ({ target }) => {
      const ticked = [...target.closest(".boxes").querySelectorAll(":checked")];
      set(ticked.map((one) => one.value).join("; "));
    };
    return make("label", { className: "box" }, box, ` ${text}`);
  });
}
