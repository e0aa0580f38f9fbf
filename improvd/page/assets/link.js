// The wire to improvd: one WebSocket, made again whenever it is lost. Requests are answered, events are handed out.

const SHORTEST_PAUSE = 250; // ms before the first new try
const LONGEST_PAUSE = 4000;

export class Link extends EventTarget {
  #socket = null;
  #number = 0;
  #pending = new Map();
  #pause = SHORTEST_PAUSE;
  #up = false;

  constructor(address) {
    super();
    this.address = address;
  }

  /** Whether improvd itself is there, not only its page. */
  get up() {
    return this.#up;
  }

  open() {
    const socket = new WebSocket(this.address);
    this.#socket = socket;
    socket.onopen = () => {
      this.#pause = SHORTEST_PAUSE;
    };
    socket.onmessage = (message) => this.#take(JSON.parse(message.data));
    socket.onclose = (event) => {
      for (const { reject } of this.#pending.values()) reject(new Error("the connection is lost"));
      this.#pending.clear();
      this.#setUp(false, event.reason);
      setTimeout(() => this.open(), this.#pause);
      this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    };
  }

  /** Ask; a promise of the answer's value. It fails with improvd's own words. */
  ask(what, values = {}) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error("not connected"));
    const id = this.#number++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, do: what, ...values }));
    });
  }

  #take(said) {
    if (said.event === "link") {
      this.#setUp(said.up);
    } else if (said.event) {
      this.dispatchEvent(new CustomEvent(said.event, { detail: said }));
    } else {
      const asked = this.#pending.get(said.id);
      this.#pending.delete(said.id);
      if (said.ok) asked?.resolve(said.value);
      else asked?.reject(new Error(said.error));
    }
  }

  #setUp(up, why = "") {
    this.#up = up;
    this.dispatchEvent(new CustomEvent("link", { detail: { up, why } }));
  }
}
