"""The ways to play on the page: the computer's keys with what shifts them, the mouse, a MIDI keyboard in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.daemon.running import wait_until
from tests.page.browser import seeing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.page.daemon import Daemon
    from tests.page.serving import Serving

pytestmark = pytest.mark.needs("chromium")

# A browser that has one MIDI keyboard, and another once `plug` is called.
WITH_MIDI = """
const inputs = new Map([["a", { name: "Keys", onmidimessage: null }]]);
const access = { inputs, onstatechange: null };
navigator.requestMIDIAccess = async ({ sysex }) => (sysex ? Promise.reject(new Error("too much")) : access);
globalThis.speak = (which, ...data) => inputs.get(which).onmidimessage({ data, timeStamp: performance.now() });
globalThis.plug = () => { inputs.set("b", { name: "Pads", onmidimessage: null }); access.onstatechange(); };
"""


def heard(daemon: Daemon) -> list[list[int]]:
    return [data for _, data in daemon.heard]


def test_octave_loudness_and_sustain_go_by_keys(chromium: Browser, page: Serving, daemon: Daemon) -> None:
    with seeing(chromium, page.url) as seen:
        for key in ("ArrowRight", "ArrowUp"):
            seen.page.keyboard.press(key)
        assert seen.page.locator("#octave").text_content() == "C 4"
        assert seen.page.locator("#loudness").text_content() == "f"
        seen.page.keyboard.down("Space")
        seen.play("z", down=30)
        seen.page.keyboard.up("Space")
        wait_until(lambda: len(daemon.heard) == 4, "pedal and key")
    assert heard(daemon) == [[0xB0, 64, 127], [0x90, 60, 96], [0x80, 60, 64], [0xB0, 64, 0]]


def test_the_mouse_strikes_and_glides(chromium: Browser, page: Serving, daemon: Daemon) -> None:
    with seeing(chromium, page.url) as seen:
        low, high = (seen.page.get_by_role("button", name=name, exact=True).bounding_box() for name in ("C 3", "E 3"))
        assert low
        assert high
        mouse = seen.page.mouse
        mouse.move(low["x"] + low["width"] / 2, low["y"] + 0.9 * low["height"])
        mouse.down()
        mouse.move(high["x"] + high["width"] / 2, high["y"] + 0.7 * high["height"], steps=12)
        mouse.up()
        wait_until(lambda: [tuple(data[:2]) for data in heard(daemon)[-1:]] == [(0x80, 52)], "last key's way up")
        struck = [data for data in heard(daemon) if data[0] == 0x90]
        assert [data[1] for data in struck] == [48, 50, 52]  # the one between too
        assert struck[0][2] > struck[-1][2]
        assert [data[1] for data in heard(daemon) if data[0] == 0x80] == [48, 50, 52]


def test_a_midi_keyboard_at_the_browser_plays_and_so_does_one_that_comes_later(
    chromium: Browser, page: Serving, daemon: Daemon
) -> None:
    with seeing(chromium, page.url) as seen:
        seen.page.add_init_script(WITH_MIDI)
        seen.page.reload()
        seen.wait("globalThis.improvd && improvd.link.up && improvd.clock.known")
        seen.page.get_by_role("button", name="MIDI").click()
        seen.wait("document.querySelector('[data-part=live]').textContent === 'MIDI: Keys.'")
        seen.page.evaluate("speak('a', 0x91, 64, 99), speak('a', 0xf8), speak('a', 0x81, 64, 0)")
        seen.page.evaluate("plug()")
        seen.wait("document.querySelector('[data-part=live]').textContent === 'MIDI: Keys, Pads.'")
        seen.page.evaluate("speak('b', 0x99, 36, 100), speak('b', 0x99, 36, 0)")
        wait_until(lambda: len(daemon.heard) == 4, "notes of both")
        assert not seen.page.get_by_role("button", name="MIDI").is_visible()
    # As it was played, its channels too; the clock of a keyboard is no music.
    assert heard(daemon) == [[0x91, 64, 99], [0x81, 64, 0], [0x99, 36, 100], [0x99, 36, 0]]
