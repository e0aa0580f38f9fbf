"""The pictures of the page in docs/page: `python benchmarks/pictures.py FOLDER`, with Debian's Chromium.

A real duet is played by the computer's keys and looked at while it listens and while it answers: on a desk and on a
phone, dark and light.
"""

from __future__ import annotations

import sys
import tempfile
from io import BytesIO
from itertools import product
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.daemon.running import Running  # noqa: E402  found by the line above
from tests.page.browser import DESKTOP, PHONE, Seen, browser, seeing  # noqa: E402  as above

COLOURS = 200
BEAT = 300  # milliseconds
CALL = [("q", 1), ("e", 1), ("t", 1), ("q", 0.5), ("w", 0.5), ("e", 1), ("w", 0.5), ("m", 0.5), ("q", 2)]
AGAIN = [("t", 1), ("y", 0.5), ("t", 0.5), ("r", 1), ("e", 1), ("q", 1)]


def play(seen: Seen, phrase: list[tuple[str, float]]) -> None:
    """A phrase, at 200 beats a minute, the last key held until something else is done."""
    for key, beats in phrase:
        seen.play(key, down=0.8 * beats * BEAT, gap=0.2 * beats * BEAT)


def keep(seen: Seen, path: Path) -> None:
    """What is seen, in few colours: a page of flat ones loses nothing."""
    picture = Image.open(BytesIO(seen.page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path)


def main(folder: Path) -> None:
    """Make all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as runtime, browser() as chromium:
        arguments = ["-m", "improvd", "run", "--api", "null", "--no-record", "--seed", "4"]
        running = Running(arguments, XDG_RUNTIME_DIR=runtime)
        try:
            url = running.wait_line("the page: ").rpartition(" ")[2]
            running.wait_line("ready: ")
            sizes = {"desktop": DESKTOP, "phone": PHONE}
            for (name, size), scheme in product(sizes.items(), ("dark", "light")):
                with seeing(chromium, url, size, scheme=scheme) as seen:
                    play(seen, CALL)
                    seen.state("answering")
                    seen.page.wait_for_timeout(4 * BEAT)
                    keep(seen, folder / f"{name}-{scheme}-answering.png")
                    seen.state("listening")
                    play(seen, AGAIN)
                    keep(seen, folder / f"{name}-{scheme}-listening.png")
                    if (name, scheme) == ("desktop", "dark"):
                        seen.page.get_by_role("button", name="Knobs", exact=True).click()
                        seen.page.mouse.move(640, 300)
                        keep(seen, folder / "knobs.png")
                    seen.page.keyboard.press("Escape")
        finally:
            running.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
