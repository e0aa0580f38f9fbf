from __future__ import annotations

import os
import threading

from improvd.core.events import Seconds
from improvd.daemon.lines import LineWriter
from tests.daemon.running import PATIENCE


def test_lines_come_out_in_order() -> None:
    read, write = os.pipe()
    lines = LineWriter(write, lambda _: None)
    for number in range(100):
        lines.write(f"line {number}")
    lines.close(Seconds(10.0))
    os.close(write)
    with os.fdopen(read) as out:
        assert out.read().splitlines() == [f"line {number}" for number in range(100)]


def test_a_reader_that_does_not_read_holds_nobody_up() -> None:
    read, write = os.pipe()
    lines = LineWriter(write, lambda _: None)
    for _ in range(1000):
        lines.write("x" * 1000)  # far more than a pipe holds
    lines.close(Seconds(0.01))
    os.close(read)


def test_a_reader_that_is_gone_is_told_of_once() -> None:
    read, write = os.pipe()
    os.close(read)
    broken = threading.Semaphore(0)
    lines = LineWriter(write, lambda _: broken.release())
    lines.write("one")
    assert broken.acquire(timeout=PATIENCE)
    lines.write("two")
    lines.close(Seconds(10.0))
    assert not broken.acquire(blocking=False)
    os.close(write)
