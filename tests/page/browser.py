"""A browser that looks at the page: what it saw wrong, how to wait for what it shows, and what it sounds."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, Page

CHROMIUM = "/usr/bin/chromium"
PATIENCE = 20.0
DESKTOP, PHONE = (1280, 800), (390, 844)

# The page's own sound, tapped before it leaves: whole, with the context's time of its first sample.
TAP = """() => {
    const { context } = improvd.sound;
    const tapped = globalThis.tapped = { blocks: [], rate: context.sampleRate };
    const tap = context.createScriptProcessor(1024, 2, 1);
    tap.onaudioprocess = (event) => {
        const left = event.inputBuffer.getChannelData(0), right = event.inputBuffer.getChannelData(1);
        tapped.blocks.push([event.playbackTime, Array.from(left, (one, i) => one + right[i])]);
    };
    improvd.sound.synth.connect(tap);
    tap.connect(context.destination);
    tapped.keep = tap;
}"""


class Seen(NamedTuple):
    """One open page and what went wrong in it."""

    page: Page
    faults: list[str]

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

    def state(self, state: str) -> None:
        """Wait until the stage shows it."""
        self.wait(f"document.documentElement.dataset.state === '{state}'")


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
def seeing(browser: Browser, url: str, size: tuple[int, int] = DESKTOP, **more: Any) -> Iterator[Seen]:  # noqa: ANN401  Playwright's options
    """The page, connected and with its clock aligned; in the end nothing may have gone wrong in it."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE, **more)
    page = context.new_page()
    seen = Seen(page, [])
    page.on("console", lambda said: seen.faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: seen.faults.append(str(error)))
    page.on("requestfailed", lambda request: seen.faults.append(request.url))
    try:
        page.goto(url)
        seen.wait("globalThis.improvd && improvd.link.up && improvd.clock.known")
        yield seen
        assert seen.faults == []
    finally:
        context.close()
