"""Pages that come, go and lose the connection, with keys down and answers under way; and two at once."""

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

NOT_SILENT = 0.01


def test_keys_held_when_the_connection_is_lost_come_up_everywhere(
    chromium: Browser, page: Serving, daemon: Daemon
) -> None:
    with seeing(chromium, page.url) as seen:
        seen.page.keyboard.down("z")
        seen.wait("improvd.score.notes.some(({ offset }) => offset === Infinity)")
        page.stop()
        seen.state("away")
        # To improvd the key is up, and the roll draws it no longer.
        wait_until(lambda: daemon.heard[-1][1][:2] == [0x80, 48], "key that comes up")
        assert seen.page.evaluate("improvd.score.notes.every(({ offset }) => offset < Infinity)")
        seen.page.keyboard.up("z")
        page.start()
        seen.state("listening")
        assert seen.page.evaluate("improvd.score.sounding(improvd.clock.at()).you.size") == 0
        # What is played from then on is heard again, and nothing of before.
        seen.play("c")
        wait_until(lambda: daemon.heard[-1][1][:2] == [0x80, 52], "key of after")
        assert [data[1] for _, data in daemon.heard if data[0] == 0x90] == [48, 52]
        seen.faults.clear()  # a browser complains of each connection that it can't make


def test_a_page_that_is_closed_lifts_what_it_held_and_no_other_does(
    chromium: Browser, page: Serving, daemon: Daemon
) -> None:
    with seeing(chromium, page.url) as staying:
        staying.page.keyboard.down("c")
        with seeing(chromium, page.url) as going:
            going.page.keyboard.down("z")
            staying.wait("improvd.score.size === 2")
        staying.wait("improvd.score.notes.filter(({ offset }) => offset < Infinity).length === 1")
        assert [data[:2] for _, data in daemon.heard] == [[0x90, 52], [0x90, 48], [0x80, 48]]
        staying.page.keyboard.up("c")
        staying.wait("improvd.score.notes.every(({ offset }) => offset < Infinity)")


def test_two_pages_play_one_duet_and_each_hears_the_other(chromium: Browser, page: Serving, daemon: Daemon) -> None:
    with seeing(chromium, page.url, listening=True) as one, seeing(chromium, page.url, listening=True) as other:
        one.warm_up()
        other.hear_out()  # each is told of the other's
        other.play("z", down=30)
        other.wait("improvd.sound.running && improvd.sound.rack.tone('piano', 60)")
        other.hear_out()
        other.listen()
        daemon.heard.clear()
        one.play("q", down=200)
        wait_until(lambda: daemon.heard, "key")
        at = daemon.heard[0][0]
        until = at + 1.2  # as long as it rings, however late it comes; no answer comes so soon
        other.wait(f"improvd.clock.at() > {until}")
        heard = other.heard()
        assert heard.loudness(at, until) > NOT_SILENT
        assert heard.share(60, at, until) > 0.2
        other.hear_out()
        # Both of them are the player: what they play together is one phrase.
        daemon.planned.clear()
        one.page.keyboard.down("z")
        other.play("c")
        one.page.keyboard.up("z")
        other.state("answering")
        assert [note[3] for note in daemon.planned][-2:] == [60, 64]
        mine = "improvd.score.notes.filter(({ part }) => part === 'you').map(({ pitch }) => pitch).join()"
        assert one.page.evaluate(mine) == other.page.evaluate(mine) == "48,48,60,48,52"


def test_who_comes_back_in_mid_answer_sees_it_whole(chromium: Browser, page: Serving, daemon: Daemon) -> None:
    daemon.slowness = 4.0  # so that it still plays when the page is back, however long that takes
    with seeing(chromium, page.url) as seen:
        seen.play("zcbqzcbq")
        seen.state("answering")
        seen.page.reload()
        seen.wait("globalThis.improvd && improvd.link.up && improvd.clock.known")
        planned = seen.wait("improvd.score.notes.filter(({ part }) => part === 'improvd').length")
        assert planned == len(daemon.planned) == 8
        assert seen.page.locator("[data-part=turn]").text_content() == "It plays"
        # When the answer is over it is forgotten: the next to come begins with an empty roll.
        seen.wait("document.documentElement.dataset.state === 'listening'")
        seen.page.reload()
        seen.wait("globalThis.improvd && improvd.link.up && improvd.clock.known")
        assert seen.page.evaluate("improvd.score.size") == 0
