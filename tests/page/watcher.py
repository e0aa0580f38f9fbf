"""Another client of the session's, in a process of its own so that nothing else in it can delay what it sees.

The one argument is the control socket. A line of the monotonic clock for each key that the engine says it heard.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from improvd.control.client import Connection, GoneError


def main() -> None:
    connection = Connection(Path(sys.argv[1]))
    connection.ask("watch", what=["heard"])
    print("watching", flush=True)  # noqa: T201  this is how it tells
    try:
        for event in connection.events():
            at = time.monotonic()
            if event["data"][0] & 0xF0 == 0x90:
                print(f"key {at:.6f}", flush=True)  # noqa: T201  as above
    except GoneError:
        connection.close()


if __name__ == "__main__":
    main()
