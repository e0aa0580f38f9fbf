"""improvd's pedal, as the page's synth plays it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.page.browser import browser, seeing

if TYPE_CHECKING:
    from tests.page.serving import Serving

pytestmark = pytest.mark.needs("chromium")

SILENCES = "async (notes) => (await import('./sound.js')).silences(notes)"


def test_what_the_pedal_caught_sounds_until_it_comes_up(page: Serving) -> None:
    arpeggio = [(1.0, 1.3, True), (1.5, 1.7, None), (2.0, 2.2, True), (2.5, 2.7, None)]
    staccato_then_dry = [(1.0, 1.03, True), (1.5, 1.9, None), (2.0, 2.5, False), (3.0, 3.5, None)]
    unmarked = [(1.0, 1.5, None), (2.0, 2.5, None)]
    with browser() as chromium, seeing(chromium, page.url) as seen:
        found = [
            seen.page.evaluate(
                SILENCES, [[key, on, off, 60, 80, 0, pedal] for key, (on, off, pedal) in enumerate(notes)]
            )
            for notes in (arpeggio, staccato_then_dry, unmarked)
        ]
    assert found == [[2.0, 2.0, 2.7, 2.7], [1.03, 2.0, 2.5, 3.5], [1.5, 2.5]]
