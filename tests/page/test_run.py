"""`improvd run` without any MIDI system: the page alone is the instrument."""

from __future__ import annotations

import io
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import mido
import pytest

from tests.daemon.running import Running, is_alive
from tests.page.browser import browser, seeing

if TYPE_CHECKING:
    from collections.abc import Iterator

SOON = 3.0  # seconds from the command to a page that can be played on
TRIES = 3  # of which one must do: a machine that is busy with else starts nothing soon


@pytest.fixture
def improvd(tmp_path: Path) -> Iterator[Running]:
    # JACK's library would start a server of its own for who asks; here there is to be none.
    alone = {"JACK_NO_START_SERVER": "1", "JACK_DEFAULT_SERVER": "nobody", "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    (tmp_path / "run").mkdir(mode=0o700)
    running = Running(["-m", "improvd", "run", "--seed", "1", "--recordings", str(tmp_path / "kept")], **alone)
    yield running
    assert running.end() == 0


def address(running: Running) -> str:
    return running.wait_line("the page: ").rpartition(" ")[2]


@pytest.mark.needs("chromium")
def test_a_phrase_on_the_page_is_answered_and_kept(improvd: Running) -> None:
    url = address(improvd)
    assert "hearing 'the page', playing 'the page'" in improvd.wait_line("ready: ")
    with browser() as chromium, seeing(chromium, url) as seen:
        seen.play("zcbq" * 2)
        seen.state("answering")
        seen.wait("improvd.score.notes.some(({ part }) => part === 'improvd')")
        seen.state("listening")
        seen.page.get_by_role("button", name="Sessions", exact=True).click()
        with seen.page.expect_download() as downloading:
            seen.page.get_by_role("link", name="MIDI").click()
        file = mido.MidiFile(file=io.BytesIO(Path(downloading.value.path()).read_bytes()))
        player, partner = ([message for message in track if message.type == "note_on"] for track in file.tracks[1:])
        assert [message.note for message in player] == [48, 52, 55, 60] * 2
        assert len(partner) >= 4
        # Taken away as sound, it is heard from the first second to the last.
        with seen.page.expect_download() as downloading:
            seen.page.get_by_role("button", name="WAV").click()
        sound = Path(downloading.value.path()).read_bytes()
        assert sound[:4] + sound[8:16] == b"RIFFWAVEfmt "
        assert max(sound[44 + 44100 * 4 : 44 + 44100 * 8]) > 0
        seen.page.get_by_role("button", name="Replay").click()
        seen.wait("!document.getElementById('takes').open")
        seen.wait("improvd.score.between(improvd.clock.at(), improvd.clock.at() + 1).length > 0")
    assert urlopen(f"{url}metrics").read().startswith(b"# HELP improvd_info")  # noqa: S310  our own address
    assert improvd.child("page")


def test_the_page_may_die_and_is_found_again_at_its_address(improvd: Running) -> None:
    url = address(improvd)
    first = improvd.child("improvd.page")
    os.kill(first, signal.SIGKILL)
    # Whoever comes meanwhile waits in the queue.
    assert b"<title>improvd</title>" in urlopen(url, timeout=20).read()  # noqa: S310  as above
    improvd.wait_line("the page ended unexpectedly")
    improvd.wait_line("the page is back")
    assert improvd.child("improvd.page") != first
    assert not is_alive(first)


def test_it_is_there_soon(tmp_path: Path) -> None:
    taken = []
    while len(taken) < TRIES and (not taken or min(taken) > SOON):
        begin = time.monotonic()
        running = Running(["-m", "improvd", "run", "--api", "null", "--no-record"], XDG_RUNTIME_DIR=str(tmp_path))
        try:
            assert urlopen(address(running), timeout=20).status == 200  # noqa: S310  as above
            running.wait_line("ready: ")
            taken.append(time.monotonic() - begin)
        finally:
            running.end()
    print(f"\nfrom the command to a page to play on: {min(taken):.2f} s")  # noqa: T201  a figure
    assert min(taken) < SOON


def refused(*options: str) -> str:
    """The one line with which `improvd run` ends."""
    running = Running(["-m", "improvd", "run", "--api", "null", *options])
    assert running.wait() == 2
    (line,) = running.lines
    return line


def test_a_port_that_is_taken_is_told_in_a_line(improvd: Running) -> None:
    taken = address(improvd).rstrip("/").rpartition(":")[2]
    assert f"port {taken}: Address already in use; name another" in refused("--page-port", taken)


def test_a_second_session_has_a_page_of_its_own(improvd: Running, tmp_path: Path) -> None:
    second = Running(["-m", "improvd", "run", "--api", "null", "--recordings", str(tmp_path / "second")])
    try:
        assert address(second) != address(improvd)
    finally:
        assert second.end() == 0


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--cert-key", "{0}"], "cert-key is the key of a certificate"),
        (["--cert", "{0}/none.pem"], "can't read {0}/none.pem"),
        (["--cert", __file__], f"{__file__} is no certificate to serve the page with: "),
        (["--page-host", "no such host"], "the page can't be at no such host: there is no such host"),
    ],
)
def test_what_can_not_be_is_told_in_a_line(options: list[str], line: str, tmp_path: Path) -> None:
    assert line.format(tmp_path) in refused(*(option.format(tmp_path) for option in options))
