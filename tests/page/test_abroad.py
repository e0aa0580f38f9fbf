"""`improvd run` whose page is for other machines too: by a token, and over TLS, as a browser there meets it."""

from __future__ import annotations

import subprocess
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from tests.daemon.running import Running
from tests.page.browser import PHONE, browser, seeing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.needs("chromium")

# What a browser offers only where nobody can listen in.
OFFERED = """() => [
    isSecureContext,
    "requestMIDIAccess" in navigator,
    "AudioWorklet" in globalThis && Boolean(improvd.sound.context.audioWorklet),
]"""


def status(page: Page, address: str) -> int:
    """What comes of going there."""
    response = page.goto(address)
    assert response
    return response.status


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start it, and the address that it prints."""
    started: list[Running] = []

    def begin(*options: str) -> str:
        arguments = ["-m", "improvd", "run", "--api", "null", "--no-record", "--page-host", "0.0.0.0", *options]  # noqa: S104  that is the point
        started.append(Running(arguments, XDG_RUNTIME_DIR=str(tmp_path)))
        started[-1].wait_line("ready: ")
        return started[-1].wait_line("the page: ").rpartition(" ")[2]

    yield begin
    assert all(running.end() == 0 for running in started)


def test_the_address_with_its_token_opens_the_page_and_nothing_else_does(start: Callable[..., str]) -> None:
    url = start()
    address, _, token = url.partition("?token=")
    assert token
    with browser() as chromium:
        stranger = chromium.new_page()
        assert status(stranger, address) == HTTPStatus.UNAUTHORIZED
        assert "token" in stranger.content()
        with seeing(chromium, url, PHONE) as seen:
            assert seen.page.url == address  # the token is in no history, and in nobody's sight
            seen.page.reload()
            seen.wait("globalThis.improvd && improvd.link.up && improvd.clock.known")
            seen.page.get_by_role("button", name="C 3", exact=True).tap()
            seen.wait("improvd.sound.running && improvd.score.size === 1")
            # A loopback address is safe whatever it is served over, and any other only over TLS.
            if "127.0.0.1" not in address:
                assert seen.page.evaluate(OFFERED) == [False, False, False]
                assert not seen.page.get_by_role("button", name="MIDI").is_visible()
        # The cookie is that browser's; another is a stranger still.
        assert status(stranger, address) == HTTPStatus.UNAUTHORIZED


@pytest.mark.needs("openssl")
def test_over_tls_a_browser_elsewhere_has_midi_and_worklets(start: Callable[..., str], tmp_path: Path) -> None:
    cert = tmp_path / "both.pem"
    making = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=piano"
    files = ["-keyout", cert.with_suffix(".key"), "-out", cert]
    subprocess.run([*making.split(), *files], check=True, capture_output=True)
    with cert.open("a") as file:
        file.write(cert.with_suffix(".key").read_text())
    url = start("--cert", str(cert))
    assert url.startswith("https://")
    with browser() as chromium, seeing(chromium, url, PHONE, trusting=True) as seen:
        seen.page.get_by_role("button", name="C 3", exact=True).tap()
        seen.wait("improvd.sound.running && improvd.score.size === 1")
        assert seen.page.evaluate(OFFERED) == [True, True, True]
        assert seen.page.get_by_role("button", name="MIDI").is_visible()
        assert seen.page.evaluate("improvd.link.address").startswith("wss://")
        (cookie,) = seen.page.context.cookies()
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
