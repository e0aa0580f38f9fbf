// A MIDI keyboard at the browser's machine. Browsers offer it over TLS and on this machine itself only.

export function isOffered() {
  return "requestMIDIAccess" in navigator;
}

/** Hear every input there is, and those that are plugged in later; `hear(data, ms)` gets each message, `told` names. */
export async function connect(hear, told) {
  const access = await navigator.requestMIDIAccess({ sysex: false });
  const listen = () => {
    const names = [];
    for (const input of access.inputs.values()) {
      names.push(input.name);
      input.onmidimessage = ({ data, timeStamp }) => {
        if (data[0] >= 0x80 && data[0] < 0xf0) hear([...data], timeStamp);
      };
    }
    told(names);
  };
  access.onstatechange = listen;
  listen();
}
