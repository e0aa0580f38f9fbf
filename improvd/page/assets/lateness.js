// How late the latest messages left, a bar each: as tall as the root of their lateness, so that small ones show too.

const KEPT = 80;
const TALLEST = 5; // ms; later ones are cut off there, in another colour

export class Lateness {
  #svg;
  #told;
  #late = []; // ms

  constructor(svg, told) {
    this.#svg = svg;
    this.#told = told;
  }

  sent({ planned, actual }) {
    this.#late.push(Math.max(0, 1000 * (actual - planned)));
    if (this.#late.length > KEPT) this.#late.shift();
    this.#draw();
  }

  #draw() {
    const bars = this.#late.map((late, index) => {
      const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const height = Math.max(1, Math.min(1, Math.sqrt(late / TALLEST)) * 24);
      for (const [name, value] of Object.entries({ x: 160 - 2 * (this.#late.length - index), y: 24 - height, width: 1.4, height })) {
        bar.setAttribute(name, value);
      }
      if (late > TALLEST) bar.setAttribute("class", "late");
      return bar;
    });
    this.#svg.replaceChildren(...bars);
    const sorted = [...this.#late].sort((one, other) => one - other);
    this.#told.textContent = `${sorted[sorted.length >> 1].toFixed(1)} ms late`;
  }
}
