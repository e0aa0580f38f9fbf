"""The least that stands between a browser's key and another process: a WebSocket, served by nothing but its library.

Prints its port, and then a line of the wall's clock for each message: what a machine takes in any case, in the very
moments in which the page is measured. Ends when whom it serves leaves.
"""

from __future__ import annotations

import threading
import time

from websockets.sync.server import ServerConnection, serve


def main() -> None:
    over = threading.Event()

    def hear(connection: ServerConnection) -> None:
        for _ in connection:
            print(f"bare {time.time():.6f}", flush=True)  # noqa: T201  this is how it tells
        over.set()

    with serve(hear, "127.0.0.1", 0, compression=None) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        print(f"at {server.socket.getsockname()[1]}", flush=True)  # noqa: T201  as above
        over.wait()
        server.shutdown()
        serving.join()


if __name__ == "__main__":
    main()
