"""The knobs that are more than a slider: the model, the ports; and what the stage tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.page.browser import DESKTOP, PHONE, seeing
from tests.page.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.page.daemon import Daemon
    from tests.page.serving import Serving

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models, found by the page as by `improvd models`."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = tmp_path / "data" / "improvd" / "models"
    for name in ("broken", "evening"):
        (folder / name).mkdir(parents=True)
        (folder / name / "model.json").touch()
    return folder


def test_a_model_is_chosen_of_those_that_there_are(
    chromium: Browser, page: Serving, daemon: Daemon, models: Path
) -> None:
    with seeing(chromium, page.url) as one, seeing(chromium, page.url, PHONE) as other:
        for seen in (one, other):
            seen.page.get_by_role("button", name="Knobs", exact=True).click()
        menu = one.page.get_by_label("model", exact=True)
        one.wait("document.getElementById('knob-model').options.length === 3")
        assert menu.locator("option").all_text_contents() == ["broken", "default", "evening"]
        menu.select_option("evening")
        other.wait("document.getElementById('knob-model').value === 'evening'")
        assert daemon.values["model"] == "evening"
        # Another model knows other styles.
        other.wait("[...document.getElementById('knob-style').options].at(-1).value === 'evening style'")
        # One that can't be loaded is told of, and the other stays chosen.
        menu.select_option("broken")
        refused = one.wait("document.querySelector('[data-name=model] .refusal').textContent")
        assert refused == "no model can be made of this; evening plays on"
        assert menu.input_value() == "evening"
        # What was trained meanwhile is there when the menu is opened.
        (models / "night").mkdir()
        (models / "night" / "model.json").touch()
        menu.blur()
        menu.focus()
        one.wait("[...document.getElementById('knob-model').options].some(({ value }) => value === 'night')")


def test_keyboards_and_synth_are_chosen_of_those_that_there_are(
    chromium: Browser, page: Serving, daemon: Daemon
) -> None:
    with seeing(chromium, page.url) as one, seeing(chromium, page.url) as other:
        for seen in (one, other):
            seen.page.get_by_role("button", name="Knobs", exact=True).click()
            seen.page.get_by_text("Ports", exact=True).click()
        one.wait("document.querySelectorAll('#knob-in input').length === 2")
        boxes = one.page.get_by_role("group", name="in", exact=True).get_by_role("checkbox")
        assert [(box.input_value(), box.is_checked()) for box in boxes.all()] == [("Keys", True), ("Organ", False)]
        one.page.get_by_role("checkbox", name="Organ").check()
        other.wait("document.querySelectorAll('#knob-in :checked').length === 2")
        assert daemon.values["in"] == "Keys; Organ"
        other.page.get_by_role("checkbox", name="Keys").uncheck()
        one.wait("document.querySelectorAll('#knob-in :checked').length === 1")
        assert daemon.values["in"] == "Organ"
        one.page.get_by_label("out", exact=True).select_option("Synth")
        other.wait("document.getElementById('knob-out').value === 'Synth'")
        other.page.get_by_label("out", exact=True).select_option("improvd out, a port of its own")
        one.wait("document.getElementById('knob-out').value === ''")
        assert daemon.values["out"] == ""


def test_a_port_that_is_not_there_is_shown_as_waited_for(chromium: Browser, daemon: Daemon) -> None:
    daemon.values |= {"in": "Keys; Pads"}  # before a page has asked
    with serving(daemon.path) as page, seeing(chromium, page.url) as seen:
        seen.page.get_by_role("button", name="Knobs", exact=True).click()
        seen.page.get_by_text("Ports", exact=True).click()
        assert seen.page.get_by_label("Pads (waited for)").is_checked()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_stage_tells_tempo_key_and_how_late_it_is(chromium: Browser, page: Serving, size: tuple[int, int]) -> None:
    with seeing(chromium, page.url, size) as seen:
        key, sure, late = (seen.page.locator(where) for where in ("[data-part=key]", "[data-part=sure]", "#late"))
        assert (key.text_content(), late.text_content()) == ("", "")
        seen.play("zcb")
        seen.state("answering")
        seen.wait("document.querySelectorAll('#lateness rect').length > 0")
        assert seen.page.locator("[data-part=tempo]").text_content() == "120"
        assert seen.page.locator(".tempo").text_content() == "120 bpm by the clock"
        assert key.text_content() == "D minor"
        assert (sure.get_attribute("aria-valuenow"), sure.get_attribute("role")) == ("80", "meter")
        assert float(seen.page.evaluate("getComputedStyle(document.querySelector('.sure i')).width.slice(0, -2)")) > 10
        assert late.text_content().endswith(" ms late")
        for shown in (key, sure, late, seen.page.locator("#lateness")):
            assert shown.is_visible()
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it is wider than its window"
