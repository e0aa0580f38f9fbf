"""`improvd run`: the duet."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, TextIO

from improvd.cli.options import configured
from improvd.config.layers import Chosen  # noqa: TC001  typer reads the annotations
from improvd.config.options import RunOptions
from improvd.core.events import Seconds

if TYPE_CHECKING:
    from improvd.daemon.beside import Beside


@configured(RunOptions)
def run(chosen: Chosen[RunOptions]) -> None:
    """Listen to a keyboard and answer each phrase, on the beat. Ctrl-C ends it."""
    from improvd.model.alone import alone  # noqa: PLC0415  only this command needs it

    alone()
    from improvd.daemon.door import open_door  # noqa: PLC0415  numpy comes with the session
    from improvd.daemon.lines import LineWriter  # noqa: PLC0415  as above
    from improvd.daemon.linked import check  # noqa: PLC0415  as above
    from improvd.daemon.log import Level, form_for, teller  # noqa: PLC0415  as above
    from improvd.daemon.notify import Notifier  # noqa: PLC0415  as above
    from improvd.daemon.osc import open_osc  # noqa: PLC0415  as above
    from improvd.daemon.realtime import ENGINE_NICENESS, be_nice  # noqa: PLC0415  as above
    from improvd.daemon.session import Session  # noqa: PLC0415  as above

    # Before any thread is started: one that kept its priority could hold Python's lock while others have the core.
    be_nice(ENGINE_NICENESS)
    # A terminal or a pipe that is gone ends the duet; a full disk only costs its lines.
    screen = LineWriter(
        _descriptor(sys.stdout), lambda error: session.stop() if error.errno in (errno.EIO, errno.EPIPE) else None
    )
    details = LineWriter(_descriptor(sys.stderr), lambda _error: None)
    options = chosen.options
    say, tell = (
        teller(lines.write, form_for(lines.fd, os.environ, as_json=options.log_json), least)
        for lines, least in (
            (screen, Level.WARNING if options.quiet else Level.INFO),
            (details, Level.DEBUG if options.debug else Level.ERROR),
        )
    )
    check(options)
    beside: list[Beside] = []
    if options.page:
        beside.append(open_door(options))
    osc = open_osc(options)
    if osc is not None:
        beside.append(osc)
    session = Session(
        options,
        reread=lambda: chosen.again().options,
        say=say,
        debug=lambda line: tell(line, Level.DEBUG),
        notifier=Notifier(os.environ),
        beside=beside,
    )
    try:
        session.run()
    finally:
        for one in beside:
            one.close()
        for lines in (screen, details):
            lines.close(Seconds(0.5))


def _descriptor(stream: TextIO | None) -> int:
    """Where to write; nowhere where we were started with that stream closed."""
    return os.open(os.devnull, os.O_WRONLY) if stream is None else stream.fileno()
