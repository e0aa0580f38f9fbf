"""What the model costs here: `python -m improvd.daemon.bench_model MODEL` prints it as JSON."""

from __future__ import annotations

import json
import sys
import time
from statistics import median

from improvd.core.events import Seconds
from improvd.daemon import worker
from improvd.daemon.bench_lateness import typical_request
from improvd.errors import UserError

PHRASES = 20


def main() -> None:
    """Load the model as the worker does, and have it answer a few times."""
    worker.prepare()
    try:
        improviser, ready = worker.load(sys.argv[1])
    except UserError as error:
        sys.stderr.write(str(error))
        sys.exit(2)
    times, notes = [], []
    for turn in range(PHRASES):
        began = time.monotonic()
        notes.append(len(improviser.answer(typical_request(turn)).notes))
        times.append(Seconds(time.monotonic() - began))
    cost = {
        "name": ready.name,
        "sha": ready.sha,
        "step_us": round(ready.step * 1e6, 1),
        "phrase_ms": round(median(times) * 1e3, 2),
        "phrase_notes": round(median(notes)),
    }
    sys.stdout.write(json.dumps(cost))


if __name__ == "__main__":
    main()
