"""`improvd run` with the fakes for its children; the one argument is a trace to write, and beside it a configuration
may lie.

FAKE_ENGINE=breaks makes it raise what nobody expects, once its answer has begun.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from improvd.config.layers import Told, choose
from improvd.config.options import RunOptions
from improvd.core.events import Seconds, Sent
from improvd.daemon import linked
from improvd.daemon.lines import LineWriter
from improvd.daemon.log import Form, teller
from improvd.daemon.mirror import Mirror
from improvd.daemon.notify import Notifier
from improvd.daemon.session import Session
from improvd.errors import UserError


def break_down(_mirror: Mirror, _report: Sent) -> None:
    """A mistake of ours, when the first note of the answer was sent."""
    raise ZeroDivisionError("a mistake of ours")


def wished() -> RunOptions:
    """What the configuration says; a part of it is not for a test's players."""
    trace = Path(sys.argv[1])
    config = trace.with_name("config.toml")
    told = Told({"config": str(config)} if config.exists() else {}, {})
    # Nothing is dropped, however busy the machine: what is sent follows from what was decided.
    record = bool(os.environ.get("FAKE_RECORD"))
    return replace(choose(RunOptions, told).options, trace=trace, late_limit=10.0, record=record)


if __name__ == "__main__":
    here = Path(__file__).parent
    screen = LineWriter(sys.stdout.fileno(), lambda _error: session.stop())
    session = Session(
        wished(),
        reread=wished,
        say=teller(screen.write, Form.PLAIN),
        debug=lambda line: screen.write(f"debug: {line}"),
        ports=(sys.executable, str(here / "fake_ports.py")),
        worker=(sys.executable, str(here / "fake_worker.py")),
        link=(sys.executable, str(here / "fake_link.py")),
        notifier=Notifier(os.environ),
    )
    linked.is_there = lambda: os.environ.get("FAKE_LINK") != "missing"
    if os.environ.get("FAKE_ENGINE") == "breaks":
        Mirror.sent = break_down  # type: ignore[method-assign]  that is the point
    try:
        session.run()
    except UserError as error:
        screen.write(f"error: {error}")
        sys.exit(2)
    finally:
        screen.close(Seconds(1.0))
