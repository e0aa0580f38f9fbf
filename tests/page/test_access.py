"""Everybody can use it: by keys alone, by a screen reader, with little motion; axe looks at each view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from improvd.core.events import MidiEvent, Seconds
from improvd.recorder import journal
from tests.page.browser import DESKTOP, PHONE, seeing

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.page.daemon import Daemon
    from tests.page.serving import Serving

pytestmark = pytest.mark.needs("chromium")

VIEWS = ("Knobs", "Sessions", "Keys and help")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A recording, where the page looks for them."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    lines = [journal.header(1.79e9, Seconds(100.0), version="1", model="evening", meter="4/4")]
    for at, data in ((100.0, "903c50"), (101.0, "803c40")):
        lines.append(journal.heard(MidiEvent(Seconds(at), bytes.fromhex(data))))
    (folder / "2026-11-22_201500.journal").write_text("\n".join(lines) + "\n")
    return folder


def faults(page: Page) -> list[object]:
    found = Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in grave]


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.usefixtures("kept")
def test_nothing_keeps_anybody_out(chromium: Browser, page: Serving, size: tuple[int, int], scheme: str) -> None:
    with seeing(chromium, page.url, size, scheme=scheme) as seen:
        assert faults(seen.page) == []
        for name in VIEWS:
            seen.page.get_by_role("button", name=name, exact=True).click()
            if name == "Knobs":
                for group in seen.page.locator("summary").all():
                    if not group.evaluate("({ parentElement }) => parentElement.open"):
                        group.click()
            elif name == "Sessions":
                seen.page.get_by_text("1 s, 1 of your notes, 0 of improvd's; model evening").wait_for()
            assert faults(seen.page) == [], name
            assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
            close = "Close the knobs" if name == "Knobs" else "Close"
            seen.page.get_by_role("button", name=close, exact=True).click()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_every_turn_can_be_read(chromium: Browser, page: Serving, scheme: str) -> None:
    """Its colours too: the player's, improvd's, muted and away."""
    with seeing(chromium, page.url, scheme=scheme) as seen:
        seen.play("zcbq" * 3)
        seen.state("answering")
        assert faults(seen.page) == []
        seen.page.keyboard.press("Backspace")
        seen.wait("document.documentElement.dataset.state === 'muted'")
        assert faults(seen.page) == []
        page.stop()
        seen.state("away")
        assert faults(seen.page) == []
        page.start()
        seen.faults.clear()  # a browser complains of each connection that it can't make


def test_a_screen_reader_is_told_what_happens(chromium: Browser, page: Serving) -> None:
    with seeing(chromium, page.url) as seen:
        live = seen.page.get_by_role("status").first
        assert live.get_attribute("aria-live") == "polite"
        seen.play("zcb")
        seen.wait("document.querySelector('[data-part=live]').textContent")
        assert live.text_content() == "improvd answered with 3 notes at 120 beats a minute."
        seen.page.keyboard.press("Escape")
        seen.wait("document.querySelector('[data-part=live]').textContent === 'All notes off.'")


def test_all_can_be_reached_by_keys_alone(chromium: Browser, page: Serving, daemon: Daemon) -> None:
    with seeing(chromium, page.url) as seen:
        reached = []
        for _ in range(40):
            seen.page.keyboard.press("Tab")
            reached.append(seen.page.evaluate("document.activeElement.id || document.activeElement.dataset.pitch"))
            if reached[-1] == "48":
                break
        assert {"theme", "help", "takes-open", "knobs-open", "sound", "sustain", "mute", "panic", "48"} <= set(reached)
        # From key to key by the arrows; Enter strikes one.
        seen.page.keyboard.press("ArrowRight")
        seen.page.keyboard.press("Enter")
        seen.wait("improvd.score.size === 1")
        assert daemon.heard[0][1][:2] == [0x90, 49]
        # A dialog is closed by Escape, which silences nothing then.
        seen.page.keyboard.press("/")
        seen.wait("document.getElementById('helping').open")
        seen.page.keyboard.press("Escape")
        seen.wait("!document.getElementById('helping').open")
        assert "panic" not in daemon.asked
        seen.page.keyboard.press(".")
        assert seen.page.get_by_role("button", name="Close the knobs").evaluate("(it) => it === document.activeElement")


def test_who_wants_little_motion_sees_no_transitions(chromium: Browser, page: Serving) -> None:
    moving = "[...document.querySelectorAll('*')].filter((one) => parseFloat(getComputedStyle(one).transitionDuration))"
    with seeing(chromium, page.url) as seen:
        assert seen.page.evaluate(f"{moving}.length") > 0
        seen.page.emulate_media(reduced_motion="reduce")
        assert seen.page.evaluate(f"{moving}.length") == 0


def test_light_or_dark_is_as_the_system_is_until_somebody_says_otherwise(chromium: Browser, page: Serving) -> None:
    with seeing(chromium, page.url, scheme="light") as seen:
        theme = "document.documentElement.dataset.theme"
        assert seen.page.evaluate(theme) == "light"
        seen.page.emulate_media(color_scheme="dark")
        seen.wait(f"{theme} === 'dark'")
        seen.page.get_by_role("button", name="Light or dark").click()
        assert seen.page.evaluate(theme) == "light"
        seen.page.reload()
        seen.wait(f"{theme} === 'light'")
