"""The page in a browser: played, heard, seen, steered, lost and found again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.daemon.running import wait_until
from tests.page.browser import DESKTOP, PHONE, seeing
from tests.page.daemon import Daemon

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.page.serving import Serving

pytestmark = pytest.mark.needs("chromium")

NOT_SILENT = 0.01
SILENT = 0.001
FADED = 1.5  # seconds after which a struck key's tone and what the room makes of it are gone


COLOURED = """(name) => {
    const canvas = document.getElementById("roll");
    const style = getComputedStyle(document.documentElement);
    const wanted = style.getPropertyValue(`--${name}`).trim().slice(1).match(/../g).map((part) => parseInt(part, 16));
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
        count += wanted.every((one, channel) => Math.abs(one - data[i + channel]) < 60);
    }
    return count;
}"""
"""How many pixels of the roll are about in a colour of the style sheet's."""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_phrase_is_answered_and_the_answer_is_seen_and_heard(
    chromium: Browser, page: Serving, daemon: Daemon, size: tuple[int, int]
) -> None:
    with seeing(chromium, page.url, size, listening=True) as seen:
        assert seen.page.evaluate(COLOURED, "you") == 0
        seen.warm_up()
        daemon.planned.clear()
        seen.listen()
        seen.play("zcbq")
        seen.state("thinking")
        assert [data[1] for _, data in daemon.heard if data[0] == 0x90][1:] == [48, 52, 55, 60]
        seen.state("answering")
        seen.wait(f"({COLOURED})('you') > 200")
        seen.wait("improvd.score.notes.some(({ part, onset }) => part === 'improvd' && onset < improvd.clock.at())")
        assert seen.wait(f"({COLOURED})('improvd')") > 0
        seen.state("listening")
        heard = seen.heard()
    assert [note[3] for note in daemon.planned] == [60, 64, 67, 72]
    for _, onset, _, pitch, _, _ in daemon.planned:
        assert heard.loudness(onset, onset + 0.15) > NOT_SILENT
        shares = {other: heard.share(other, onset + 0.02, onset + 0.17) for other in range(48, 84)}
        assert shares[pitch] > 0.2
        assert max(shares[other] for other in (pitch - 1, pitch + 1, pitch + 6)) < shares[pitch] / 2


def test_breaking_in_silences_the_answer(chromium: Browser, page: Serving, daemon: Daemon) -> None:
    with seeing(chromium, page.url, listening=True) as seen:
        seen.warm_up()
        seen.play("zcbq" * 5)
        seen.state("answering")
        seen.listen()
        daemon.muted = True  # this is answered by nothing that could be heard later
        seen.page.keyboard.down("Space")
        seen.page.keyboard.up("Space")
        seen.play("m", down=40)
        wait_until(lambda: daemon.heard[-1][1][:2] == [0x80, 59], "way up of the key")
        broke_in = daemon.heard[-2][0]
        last = max(note[1] for note in daemon.planned)
        assert last > broke_in + FADED, "the answer was nearly over before it could be broken into"
        # Nothing that was planned for later is shown or sounds.
        gone = seen.wait("improvd.score.notes.every(({ onset }) => onset <= improvd.clock.at()) && improvd.clock.at()")
        assert gone < last
        seen.wait(f"improvd.clock.at() > {last}")
        heard = seen.heard()
    assert heard.loudness(broke_in, broke_in + 0.4) > NOT_SILENT
    assert heard.loudness(last - 0.1, last) < SILENT * 5


def test_a_knob_turned_on_one_page_turns_on_the_other(chromium: Browser, page: Serving, daemon: Daemon) -> None:
    with seeing(chromium, page.url) as one, seeing(chromium, page.url, PHONE) as other:
        for seen in (one, other):
            seen.page.get_by_role("button", name="Knobs", exact=True).click()
        one.page.get_by_role("slider", name="temperature").fill("1.5")
        other.wait("document.getElementById('knob-temperature').value === '1.5'")
        assert daemon.values["temperature"] == 1.5
        # Tapping sets the tempo, and the box that says it is the player's own is cleared everywhere.
        for _ in range(4):
            other.page.get_by_role("button", name="Tap", exact=True).click()
            other.page.wait_for_timeout(300)
        one.wait("document.querySelector('[data-name=bpm] input[type=checkbox]').checked === false")
        tempo = "document.getElementById('knob-bpm').valueAsNumber"
        wait_until(lambda: one.page.evaluate(tempo) == daemon.values["bpm"], "tempo on the other page")
        # What the daemon refuses is told beside the knob.
        one.page.get_by_label("style").select_option("polka")
        assert (
            one.wait("document.querySelector('[data-name=style] .refusal').textContent") == "there is no style 'polka'"
        )
        assert one.page.get_by_label("style").input_value() == ""


def test_panic_silences_both_sides(chromium: Browser, page: Serving, daemon: Daemon) -> None:
    with seeing(chromium, page.url, listening=True) as seen:
        daemon.muted = True  # no answer comes between
        seen.page.keyboard.down("z")
        seen.wait("improvd.sound.running")
        seen.play("cb")
        seen.listen()
        seen.page.keyboard.press("Escape")
        seen.wait("tapped.blocks.length > 300")
        heard = seen.heard()
        seen.page.keyboard.up("z")
        wait_until(lambda: "panic" in daemon.asked, "panic")
    assert heard.loudness(heard.end - 0.1, heard.end) < SILENT * 5


def test_a_lost_connection_is_told_and_found_again(chromium: Browser, page: Serving, daemon: Daemon) -> None:
    with seeing(chromium, page.url) as seen:
        page.stop()
        seen.state("away")
        page.start()
        seen.state("listening")
        daemon.stop()
        seen.state("away")
        again = Daemon(daemon.path).start()
        try:
            seen.state("listening")
            seen.play("zc")
            seen.state("answering")
        finally:
            again.stop()
        assert all("WebSocket" in fault for fault in seen.faults), seen.faults
        seen.faults.clear()


def test_keys_are_lifted_when_the_window_loses_the_focus(chromium: Browser, page: Serving, daemon: Daemon) -> None:
    with seeing(chromium, page.url) as seen:
        seen.page.keyboard.down("z")
        seen.page.keyboard.press("ArrowRight")  # what is held comes up where it went down
        seen.page.keyboard.down("x")
        seen.wait("improvd.score.size === 2")
        seen.page.evaluate("dispatchEvent(new Event('blur'))")
        seen.wait("improvd.score.notes.every(({ offset }) => offset < Infinity)")
    assert [data[:2] for _, data in daemon.heard if data[0] != 0xB0] == [[144, 48], [144, 62], [128, 48], [128, 62]]


def test_fingers_play_chords_and_harder_nearer_to_the_edge(chromium: Browser, page: Serving, daemon: Daemon) -> None:
    with seeing(chromium, page.url, PHONE) as seen:
        session = seen.page.context.new_cdp_session(seen.page)

        def point(name: str, depth: float) -> dict[str, Any]:
            box = seen.page.get_by_role("button", name=name, exact=True).bounding_box()
            assert box
            return {"x": box["x"] + box["width"] / 2, "y": box["y"] + depth * box["height"], "id": hash(name) % 99}

        low, high = point("C 3", 0.95), point("G 3", 0.7)
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [low, high]})
        seen.wait("improvd.score.size === 2")
        # A finger may glide on to the next key.
        session.send(
            "Input.dispatchTouchEvent",
            {"type": "touchMove", "touchPoints": [low, point("A 3", 0.7) | {"id": high["id"]}]},
        )
        seen.wait("improvd.score.size === 3")
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        seen.wait("improvd.score.notes.every(({ offset }) => offset < Infinity)")
    struck = {data[1]: data[2] for _, data in daemon.heard if data[0] == 0x90}
    assert struck.keys() == {48, 55, 57}
    assert struck[48] > struck[55] + 10


def test_a_thousand_notes_in_view_are_drawn_at_sixty_frames_a_second(chromium: Browser, page: Serving) -> None:
    with seeing(chromium, page.url) as seen:
        cost = seen.page.evaluate("""async () => {
            const now = improvd.clock.at();
            for (let i = 0; i < 1000; i++) {
                const onset = now - 6 + i / 100;
                improvd.score.planned({ notes: [[i, onset, onset + 0.3, 30 + (i * 7) % 70, 80, 0]] });
            }
            const costs = [];
            for (let i = 0; i < 60; i++) {
                const before = performance.now();
                improvd.roll.draw(improvd.clock.at(), before);
                costs.push(performance.now() - before);
                await new Promise(requestAnimationFrame);
            }
            return costs.sort((one, other) => one - other)[30];
        }""")
    assert cost < 1000 / 60
