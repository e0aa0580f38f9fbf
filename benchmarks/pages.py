"""How late messages leave while pages are open: `python benchmarks/pages.py [SECONDS]`, with Debian's Chromium.

A session without MIDI plays for so long beside no page, one and three, its calls given through the control socket. The
browser draws without a graphics card, on the same cores: more of a burden than most.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from calling import play  # noqa: E402  found by the line above

from improvd.control.client import Connection  # noqa: E402  as above
from tests.daemon.running import Running  # noqa: E402  as above
from tests.page.browser import browser, seeing  # noqa: E402  as above


def measure(pages: int, seconds: float) -> str:
    """A line of the table."""
    with tempfile.TemporaryDirectory() as runtime:
        running = Running(["-m", "improvd", "run", "--api", "null", "--no-record"], XDG_RUNTIME_DIR=runtime)
        try:
            url = running.wait_line("the page: ").rpartition(" ")[2]
            running.wait_line("ready: ")
            with closing(Connection(Path(runtime, "improvd", "control.sock"))) as session, ExitStack() as opened:
                if pages:
                    chromium = opened.enter_context(browser())
                    for _ in range(pages):
                        opened.enter_context(seeing(chromium, url))
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    play(session)
                late = session.ask("status")["lateness"]
        finally:
            running.end()
    figures = " | ".join(f"{1000 * late[name]:.2f}" for name in ("median", "p95", "p99", "max"))
    return f"| {pages} | {late['messages']} | {figures} | {os.getloadavg()[0]:.0f} |"


if __name__ == "__main__":
    lasting = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    print("| pages open | messages | median, ms | p95 | p99 | most | load |\n|---|---|---|---|---|---|---|")
    for count in (0, 1, 3):
        print(measure(count, lasting), flush=True)
