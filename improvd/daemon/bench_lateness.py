"""How late messages leave: the real ports process, with and without work beside it, and a plain loop to compare.

The plain loop runs in a process of its own: `python -m improvd.daemon.bench_lateness MODEL COUNT LOADED`.
"""

from __future__ import annotations

import json
import os
import random
import select
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from improvd.config.systems import NULL
from improvd.core.events import BeatNote, Beats, Generate, PlannedNote, Play, Seconds, Sent
from improvd.daemon import worker
from improvd.daemon.child import Child, module
from improvd.daemon.messages import Close, LoadModel, ModelReady, OpenPorts, PortsOpen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from improvd.daemon.messages import Message

NOTE_EVERY = Seconds(0.005)
"""Two deadlines a note: one every 2.5 ms, about fifty times what music asks for."""

AHEAD = Seconds(0.5)
"""How long before its time a note is handed over."""

ANY = Seconds(3600.0)
"""How late a note may leave: one that was dropped would not be measured, and waited for in vain."""

LOADS = ("rest", "generating", "busy")
"""Nothing else; the model answering without a pause; that and a busy loop on every core."""


def typical_request(turn: int) -> Generate:
    """Eight beats asked for after a call of 32 notes."""
    context = tuple(BeatNote(Beats(k / 4), Beats(0.24), 60 + k * 7 % 24, 80) for k in range(32))
    return Generate(
        turn=turn,
        segment=0,
        context=context,
        call=len(context),
        start=Beats(8.0),
        until=Beats(16.0),
        end=Beats(16.0),
        least_notes=4,
        longest_gap=Beats(4.0),
        deadline=Seconds(time.monotonic() + 60.0),
        seed=turn,
    )


def plan(count: int, start: Seconds) -> list[PlannedNote]:
    """Notes with ``count`` deadlines at irregular times, none of them on top of another."""
    lots = random.Random(1)  # noqa: S311  no secret: the same deadlines each time
    notes = []
    for index in range(count // 2):
        onset = start + NOTE_EVERY * (index + 0.4 * lots.random())
        offset = onset + NOTE_EVERY * (10.5 + 0.4 * lots.random())
        notes.append(PlannedNote(index, Seconds(onset), Seconds(offset), index % 128, 64, index // 128 % 16))
    return notes


def figures(lateness: Sequence[float]) -> dict[str, float]:
    """Median, p99, p99.9 and the worst, in milliseconds."""
    ordered = sorted(lateness)

    def share(part: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1e3, 3)

    return {
        "deadlines": len(ordered),
        "median_ms": share(0.5),
        "p99_ms": share(0.99),
        "p99_9_ms": share(0.999),
        "max_ms": round(ordered[-1] * 1e3, 3),
    }


def of_ports_process(model: str, count: int, load: str) -> dict[str, float | str]:
    """The lateness of the real ports process, sending to nowhere."""
    child = Child(module("ports"))
    try:
        child.peer.send(OpenPorts(NULL, (), "", "auto", ANY, Seconds(12.0), ()))
        (opened,) = _wait_for(child, PortsOpen, 1)
        with _at_work(model, load):
            notes = plan(count, Seconds(time.monotonic() + AHEAD + 0.2))
            sent = _perform(child, notes)
        child.peer.send(Close())
        grants = opened.grants if isinstance(opened, PortsOpen) else ""
        return {**figures([message.actual - message.planned for message in sent]), "grants": grants}
    finally:
        child.kill()
        child.process.wait()
        child.gone()


def of_plain_loop(model: str, count: int, load: str) -> dict[str, float]:
    """The lateness of `time.sleep` in a loop, with the model on another thread of the same process."""
    with _at_work(model, "rest" if load == "generating" else load, model_too=False):
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            [*module("bench_lateness"), model, str(count), load], stdout=subprocess.PIPE, check=True
        )
    return figures(json.loads(done.stdout))


def _perform(child: Child, notes: list[PlannedNote]) -> list[Sent]:
    """Hand the notes over in time and collect what was sent for them."""
    sent: list[Sent] = []
    waiting = list(reversed(notes))
    while len(sent) < 2 * len(notes):
        soon = time.monotonic() + AHEAD
        chunk = []
        while waiting and waiting[-1].onset < soon:
            chunk.append(waiting.pop())
        if chunk:
            child.peer.send(Play(0, tuple(chunk)))
        select.select([child.peer], [], [], 0.05)
        sent += [message for message in child.peer.receive() if isinstance(message, Sent)]
        _check(child)
        time.sleep(0.02)  # in handfuls, as the engine's own reading would be
    return sent


def _wait_for(child: Child, kind: type, count: int) -> list[Message]:
    found: list[Message] = []
    while len(found) < count:
        select.select([child.peer], [], [])
        found += [message for message in child.peer.receive() if isinstance(message, kind)]
        if len(found) < count:
            _check(child)
    return found


def _check(child: Child) -> None:
    if child.peer.lost:
        raise RuntimeError(f"a measured process {child.peer.lost}: {child.read_noise()}")


@contextmanager
def _at_work(model: str, load: str, *, model_too: bool = True) -> Iterator[None]:
    """Keep the model, the cores or both at work while the block runs."""
    burners = []
    stop = threading.Event()
    feeder = None
    if load != "rest" and model_too:
        improviser = Child(module("worker"))
        improviser.peer.send(LoadModel(model))
        _wait_for(improviser, ModelReady, 1)
        feeder = threading.Thread(target=_feed, args=(improviser, stop))
        feeder.start()
    if load == "busy":
        burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        stop.set()
        for burner in burners:
            burner.kill()
            burner.wait()
        if feeder:
            feeder.join()


def _feed(improviser: Child, stop: threading.Event) -> None:
    turn = 0
    try:
        while not stop.is_set():
            turn += 1
            improviser.peer.send(typical_request(turn))
            while not stop.is_set() and not improviser.peer.receive():
                select.select([improviser.peer], [], [], 0.5)
                _check(improviser)
    finally:
        improviser.kill()
        improviser.process.wait()
        improviser.gone()


def main() -> None:
    """The plain loop: prints the lateness of each deadline, in seconds, as JSON."""
    model, count, load = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    worker.prepare()
    partner, _ = worker.load(model)

    def generate() -> None:
        turn = 0
        while True:
            turn += 1
            partner.answer(typical_request(turn))

    if load != "rest":
        threading.Thread(target=generate, daemon=True).start()
    lateness = []
    notes = plan(count, Seconds(time.monotonic() + 0.2))
    for deadline in sorted(at for note in notes for at in (note.onset, note.offset)):
        time.sleep(max(0.0, deadline - time.monotonic()))
        lateness.append(time.monotonic() - deadline)
    sys.stdout.write(json.dumps(lateness))
    sys.stdout.flush()
    os._exit(0)  # the model's thread never ends


if __name__ == "__main__":
    main()
