"""A browser that looks at the page: what it saw wrong, how to wait for what it shows, and what it sounds."""

from __future__ import annotations

import base64
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from playwright.sync_api import sync_playwright

from tests.daemon.running import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from playwright.sync_api import Browser, Page

CHROMIUM = "/usr/bin/chromium"
LEFT = "net::ERR_ABORTED"
"""Why a request failed that was under way when the page was loaded anew, which is no fault of the page's."""
DESKTOP, PHONE = (1280, 800), (390, 844)

# The page's own sound, tapped before it leaves, sample by sample, and the context's frame of the first of them.
WORKLET = """registerProcessor("tap", class extends AudioWorkletProcessor {
    process([[left, right]]) {
        // An input at rest has no channels.
        this.port.postMessage([currentFrame, left ? left.map((one, i) => one + right[i]) : new Float32Array(128)]);
        return true;
    }
});"""
BEGIN = """async (code) => {
    const { context, synth } = improvd.sound;
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    const tap = new AudioWorkletNode(context, "tap", { channelCount: 2, channelCountMode: "explicit" });
    const tapped = globalThis.tapped = { tap, blocks: [], clocks: [] };
    setInterval(() => {
        const { contextTime, performanceTime } = context.getOutputTimestamp();
        tapped.clocks.push([contextTime, (performance.timeOrigin + performanceTime) / 1000]);
    }, 20);
    tap.port.onmessage = ({ data }) => tapped.blocks.push(data);
    synth.end.connect(tap).connect(context.destination);
}"""
END = """() => {
    const first = tapped.blocks[0][0], last = tapped.blocks.at(-1)[0];
    const samples = new Float32Array(last - first + 128);
    for (const [frame, block] of tapped.blocks) samples.set(block, frame - first);
    let text = "";
    const bytes = new Uint8Array(samples.buffer);
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return {
        rate: improvd.sound.context.sampleRate,
        first,
        clocks: tapped.clocks,
        samples: btoa(text),
    };
}"""


WATCH_STATES = """() => {
    globalThis.states = [];
    improvd.link.addEventListener("state", ({ detail }) => states.push(detail.state));
    improvd.link.addEventListener("link", ({ detail }) => detail.up || states.push("away"));
}"""


HEARS = """() => {
    const { context, synth } = improvd.sound;
    if (!synth) return false;
    if (!globalThis.ear) synth.end.connect(globalThis.ear = new AnalyserNode(context));
    const samples = new Float32Array(ear.fftSize);
    ear.getFloatTimeDomainData(samples);
    return samples.some((sample) => Math.abs(sample) > 0.01);
}"""
"""Whether the page sounds just now."""


class Heard(NamedTuple):
    """What the page sounded: mono, ``rate`` samples a second, from the context's frame ``first`` on.

    ``clocks`` are pairs of the context's time and the monotonic clock's, the latter by way of the wall's and not by the
    page's own alignment: a busy machine's sound may stop for a moment, and its clock with it.
    """

    samples: NDArray[np.float32]
    rate: float
    first: int
    clocks: NDArray[np.float64]

    def index(self, at: float) -> int:
        """The sample that is heard at a second of the monotonic clock."""
        return max(0, round(float(np.interp(at, self.clocks[:, 1], self.clocks[:, 0])) * self.rate) - self.first)

    @property
    def end(self) -> float:
        """The last second of which all is there."""
        return float(self.clocks[-1, 1])

    def between(self, begin: float, end: float) -> NDArray[np.float32]:
        return self.samples[self.index(begin) : self.index(end)]

    def loudness(self, begin: float, end: float) -> float:
        """Root mean square."""
        part = self.between(begin, end)
        return float(np.sqrt(np.mean(part.astype(float) ** 2))) if len(part) else 0.0

    def share(self, pitch: int, begin: float, end: float) -> float:
        """How much of the sound is a pitch's: of its first three partials, 40 cents around each."""
        part = self.between(begin, end)
        power = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 17)) ** 2
        frequencies = np.fft.rfftfreq(1 << 17, 1 / self.rate)
        first = 440 * 2 ** ((pitch - 69) / 12)
        near = [np.abs(1200 * np.log2(np.maximum(frequencies, 1) / (first * n))) < 40 for n in (1, 2, 3)]
        return float(power[np.logical_or.reduce(near)].sum() / power[frequencies > 30].sum())

    def onset(self, near: float, within: float = 0.06) -> float:
        """When the sound rises most steeply around second ``near``."""
        part = self.between(near - within, near + within).astype(float)
        step = round(0.001 * self.rate)
        energy = np.convolve(part**2, np.ones(step) / step, mode="valid")
        floor = energy[: round(within * self.rate / 2)].max()
        return near - within + float(np.argmax(energy > max(4 * floor, 0.02 * energy.max()))) / self.rate


class Seen(NamedTuple):
    """One open page and what went wrong in it."""

    page: Page
    faults: list[str]
    states: list[str]
    """What the stage has shown and was not waited for yet."""

    def wait(self, expression: str, *more: Any) -> Any:  # noqa: ANN401  whatever JavaScript gives
        """The value of an expression once it is true. Not by Playwright's own way, which the page's policy forbids."""
        limit = time.monotonic() + PATIENCE
        while not (value := self.page.evaluate(expression, *more)):
            assert time.monotonic() < limit, f"never: {expression}; {self.faults}"
            self.page.wait_for_timeout(10)
        return value

    def play(self, keys: Sequence[str], down: float = 120, gap: float = 60) -> None:
        """Press the computer's keys one after the other; times in milliseconds."""
        for key in keys:
            self.page.keyboard.down(key)
            self.page.wait_for_timeout(down)
            self.page.keyboard.up(key)
            self.page.wait_for_timeout(gap)

    def sounds(self) -> None:
        """Strike a key until it is heard, as whoever has just come does."""
        limit = time.monotonic() + PATIENCE
        heard = False
        while not heard:
            assert time.monotonic() < limit, f"never a sound; {self.faults}"
            self.page.keyboard.down("c")
            for _ in range(10):
                heard = heard or self.page.evaluate(HEARS)
                self.page.wait_for_timeout(20)
            self.page.keyboard.up("c")

    def listen(self) -> None:
        """Begin to record what the page sounds. It must have begun to sound, and its policy must be off."""
        self.page.evaluate(BEGIN, WORKLET)

    def heard(self) -> Heard:
        """What it has sounded since."""
        now = self.page.evaluate("improvd.sound.context.currentTime")
        self.wait(f"tapped.blocks.at(-1)[0] > {now} * improvd.sound.context.sampleRate")
        found = self.page.evaluate(END)
        samples = np.frombuffer(base64.b64decode(found["samples"]), np.float32)
        clocks = np.array(found["clocks"]) - [0.0, time.time() - time.monotonic()]
        return Heard(samples, found["rate"], found["first"], clocks)

    def state(self, state: str) -> None:
        """Wait until the stage shows it, or find that it has meanwhile; what it showed before that is forgotten."""
        limit = time.monotonic() + PATIENCE
        while state not in self.states:
            assert time.monotonic() < limit, f"never {state}: {self.states}; {self.faults}"
            self.page.wait_for_timeout(10)
            self.states.extend(self.page.evaluate("states.splice(0)"))
        del self.states[: self.states.index(state) + 1]

    def warm_up(self) -> None:
        """Begin the sound, as the first touch does, and hear the first answer out."""
        self.play("z", down=30)
        self.wait("improvd.sound.running && improvd.sound.rack.tone('electric', 60)")
        self.hear_out()

    def hear_out(self) -> None:
        """Until the next answer has come and gone."""
        self.state("answering")
        self.state("listening")


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox"],  # tests run as root in CI; nothing but our own page is opened
        )
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def seeing(
    browser: Browser,
    url: str,
    size: tuple[int, int] = DESKTOP,
    *,
    scheme: str = "dark",
    listening: bool = False,
    trusting: bool = False,
) -> Iterator[Seen]:
    """The page, connected and with its clock aligned; in the end nothing may have gone wrong in it.

    Where it is to be ``listening``, its policy is switched off: it would keep a recorder out. ``trusting`` takes any
    certificate, as somebody does who clicks the warning away.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        has_touch=size == PHONE,
        color_scheme=scheme,  # type: ignore[arg-type]  # dark or light
        bypass_csp=listening,
        ignore_https_errors=trusting,
    )
    context.set_default_timeout(1000 * PATIENCE)
    page = context.new_page()
    seen = Seen(page, [], [])
    page.on("console", lambda said: seen.faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: seen.faults.append(str(error)))
    page.on("requestfailed", lambda request: seen.faults.append(request.url) if request.failure != LEFT else None)
    try:
        page.goto(url)
        seen.wait("globalThis.improvd && improvd.link.up && improvd.clock.known")
        page.evaluate(WATCH_STATES)
        yield seen
        assert not seen.faults, seen.faults
    finally:
        context.close()
