"""`improvd run` with the fakes for its children; the one argument is a trace to write."""

from __future__ import annotations

import sys
from pathlib import Path

from improvd.config import RunSettings
from improvd.core.events import Seconds
from improvd.daemon.lines import LineWriter
from improvd.daemon.session import Session
from improvd.errors import UserError

if __name__ == "__main__":
    here = Path(__file__).parent
    screen = LineWriter(sys.stdout.fileno(), lambda _error: session.stop())
    session = Session(
        RunSettings(trace=Path(sys.argv[1])),
        say=screen.write,
        debug=lambda line: screen.write(f"debug: {line}"),
        ports=(sys.executable, str(here / "fake_ports.py")),
        worker=(sys.executable, str(here / "fake_worker.py")),
    )
    try:
        session.run()
    except UserError as error:
        screen.write(f"error: {error}")
        sys.exit(2)
    finally:
        screen.close(Seconds(1.0))
