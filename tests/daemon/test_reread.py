"""Options are read again on a thread of their own: once for all that ask meanwhile, and whatever goes wrong."""

from __future__ import annotations

import threading

import pytest

from improvd.config.options import RunOptions
from improvd.daemon.reread import Reread
from improvd.errors import UserError
from tests.daemon.running import PATIENCE


class Disk:
    """A file that is read only when it is let be."""

    def __init__(self, *results: RunOptions | Exception) -> None:
        self.results = list(results)
        self.may_read = threading.Semaphore(0)
        self.was_read = threading.Semaphore(0)
        self.reread = Reread(self.read, self.was_read.release)

    def read(self) -> RunOptions:
        assert self.may_read.acquire(timeout=PATIENCE)
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    def let_read(self) -> None:
        self.may_read.release()
        assert self.was_read.acquire(timeout=PATIENCE)


def test_what_is_read_is_given_once() -> None:
    disk = Disk(RunOptions(meter="3/4"))
    assert disk.reread.take() is None
    disk.reread.ask()
    assert disk.reread.take() is None  # nobody waits for the disk
    disk.let_read()
    assert disk.reread.take() == RunOptions(meter="3/4")
    assert disk.reread.take() is None


def test_who_asks_meanwhile_is_given_what_was_read_after_that() -> None:
    disk = Disk(RunOptions(meter="3/4"), RunOptions(meter="5/4"))
    for _ in range(5):
        disk.reread.ask()
    disk.let_read()
    assert disk.reread.take() is None
    disk.let_read()
    assert disk.reread.take() == RunOptions(meter="5/4")
    assert disk.results == []


@pytest.mark.parametrize(
    ("error", "says"), [(UserError("no"), "no"), (ZeroDivisionError("ours"), "unexpected ZeroDivisionError: ours")]
)
def test_what_goes_wrong_is_told_and_the_next_time_may_go_right(error: Exception, says: str) -> None:
    disk = Disk(error, RunOptions())
    disk.reread.ask()
    disk.let_read()
    result = disk.reread.take()
    assert isinstance(result, UserError)
    assert says in str(result)
    disk.reread.ask()
    disk.let_read()
    assert disk.reread.take() == RunOptions()
