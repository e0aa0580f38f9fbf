"""What a player sees of mistakes: one clear line, exit status 2, nothing left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from improvd import __version__
from tests.daemon.running import PATIENCE, Running, environment

if TYPE_CHECKING:
    from pathlib import Path


def improvd(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "improvd", *arguments],
        capture_output=True,
        text=True,
        # No server of the machine's own is talked to.
        env=environment(JACK_DEFAULT_SERVER="improvd-none", **variables),
        timeout=PATIENCE * 2,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--bpm", "0"], "--bpm must be from 20 to 400 beats a minute or 'auto', not 0"),
        (["--bpm", "1000"], "--bpm must be from 20 to 400 beats a minute or 'auto', not 1000"),
        (["--bpm", "nan"], "--bpm must be from 20 to 400 beats a minute or 'auto', not nan"),
        (["--bpm", "fast"], "--bpm must be from 20 to 400 beats a minute or 'auto', not 'fast'"),
        (["--bmp", "100"], "No such option"),
        (["--channel", "17"], "--channel must be a whole number from 1 to 16, not 17"),
        (["--channel", "0"], "--channel must be a whole number from 1 to 16, not 0"),
        (["--listen-channel", "99"], "--listen-channel must be channels from 1 to 16, such as 3 or '1, 3', or 'all'"),
        (["--min-bars", "8", "--max-bars", "4"], "--min-bars 8 is more than --max-bars 4"),
        (["--temperature", "0"], "--temperature must be from 0.05 to 4, not 0"),
        (["--top-p", "2"], "--top-p must be from 0.01 to 1, not 2"),
        (["--seed", "-1"], "--seed must be a whole number from 0 to"),
        (["--api", "oss"], "--api must be one of auto, alsa, jack, core, winmm, null, not 'oss'"),
        (["--instrument", "both"], "--instrument must be one of auto, same, separate, not 'both'"),
        (["--model", "nonesuch", "--api", "null", "--no-page"], "nonesuch"),
        (["--trace", "/nonesuch/trace", "--api", "null"], "can't write the trace /nonesuch/trace: No such file"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(arguments: list[str], complaint: str) -> None:
    done = improvd("run", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("improvd: ")
    assert complaint in line


def test_a_mistake_in_the_environment_is_found_too() -> None:
    done = improvd("run", IMPROVD_BPM="1000")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "IMPROVD_BPM must be from 20 to 400" in done.stderr


def test_an_unknown_command_is_one_line_and_status_2() -> None:
    done = improvd("rnu")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_a_damaged_bundle_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")
    done = improvd("run", "--api", "null", "--model", str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert str(tmp_path) in done.stderr


def test_the_version_is_told() -> None:
    assert improvd("--version").stdout == f"improvd {__version__}\n"


def test_ports_are_listed_by_midi_system() -> None:
    done = improvd("ports", "--json")
    assert done.returncode == 0
    assert done.stderr == ""
    for system in json.loads(done.stdout).values():
        assert set(system) == {"inputs", "outputs", "problem"}


def test_a_midi_system_that_is_not_built_in_is_one_line() -> None:
    done = improvd("ports", "--api", "winmm" if sys.platform != "win32" else "alsa")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no MIDI system" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_without_midi_when_told_so_and_ends_when_told_to(number: signal.Signals) -> None:
    running = Running(["-m", "improvd", "run", "--api", "null", "--seed", "1", "--no-page"])
    assert "playing 'null'" in running.wait_line("ready: ")
    assert running.end(number) == 0
    assert len(running.lines) == 1


def test_a_configuration_is_gone_by_and_read_again_on_a_hang_up(tmp_path: Path) -> None:
    config = tmp_path / "improvd" / "config.toml"
    config.parent.mkdir()
    config.write_text("bpm = 96\n[profile.fast]\nbpm = 160\n")
    variables = {"XDG_CONFIG_HOME": str(tmp_path), "IMPROVD_API": "null"}
    running = Running(["-m", "improvd", "run", "--profile", "fast", "--meter", "3"], **variables)
    assert "; 160 bpm; " in running.wait_line("ready: ")
    config.write_text("meter = 5\n[profile.fast]\nbpm = 180\n")
    running.process.send_signal(signal.SIGHUP)
    assert running.wait_line("settings") == "settings read again: bpm 180 from the next call"
    config.write_text("meter = 5")
    running.process.send_signal(signal.SIGHUP)
    assert f"{config}: there is no [profile.fast]; there is none" in running.wait_line("the settings stay as they are")
    assert running.end() == 0


def test_quiet_is_quiet() -> None:
    running = Running(["-m", "improvd", "run", "--api", "null", "--quiet"])
    running.child("daemon.ports")
    assert running.end() == 0
    assert running.lines == []


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 can't be kept from it")
@pytest.mark.parametrize("module", ["numpy", "platform", "improvd"])
def test_nothing_in_the_current_folder_is_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str) -> None:
    """Who tries a stranger's model in the folder that it came in runs nothing else that lies there."""
    (tmp_path / f"{module}.py").write_text("open('was run', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    # As the installed command begins, which is no module of the current folder either.
    begin = "import sys; sys.path.remove(''); from improvd.cli import main; sys.exit(main())"
    running = Running(["-c", begin, "run", "--api", "null"])
    try:
        running.wait_line("ready:")
    finally:
        running.kill()
    assert not (tmp_path / "was run").exists()
