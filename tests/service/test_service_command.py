"""`improvd service`, against a systemd that only writes down what it is asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from improvd.cli import main
from improvd.errors import UserError
from improvd.service import unit
from improvd.service.unit import Scope

if TYPE_CHECKING:
    from tests.service.conftest import FakeSystemd


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "systemd" / "user" / "improvd.service"


def test_install_writes_the_unit_with_this_command_and_starts_it(
    systemd: FakeSystemd, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["service", "install"]) == 0
    written = path.read_text().splitlines()
    started = [line for line in written if line.startswith("ExecStart=")]
    assert started == [f"ExecStart={' '.join(unit.command())} run"]
    assert [line for line in written if line not in started] == [
        line for line in unit.shipped(Scope.USER).splitlines() if not line.startswith("ExecStart=")
    ]
    assert path.stat().st_mode & 0o777 == 0o644
    assert [file.name for file in path.parent.iterdir()] == ["improvd.service"]
    assert [asked.removeprefix("systemctl --user ") for asked in systemd.asked()] == [
        "daemon-reload",
        "enable improvd.service",
        "restart improvd.service",
        "show improvd.service --property=StatusText",
    ]
    out = capsys.readouterr().out
    assert f"installed {path}" in out
    assert "running: hearing 'keys', playing 'synth'; 0 turns" in out


def test_install_may_leave_the_start_to_others(systemd: FakeSystemd, path: Path) -> None:
    assert main(["service", "install", "--no-start"]) == 0
    assert path.exists()
    assert systemd.asked() == ["systemctl --user daemon-reload"]


def test_an_upgrade_replaces_an_older_unit_of_ours(systemd: FakeSystemd, path: Path) -> None:  # noqa: ARG001  it is asked
    path.parent.mkdir(parents=True)
    path.write_text("# improvd as a service of your own, as it was then\n[Service]\nExecStart=/old/improvd run\n")
    assert main(["service", "install"]) == 0
    assert "/old/" not in path.read_text()


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_a_unit_of_somebody_else_is_left_alone(
    systemd: FakeSystemd, path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("[Service]\nExecStart=/usr/bin/other\n")
    assert main(["service", command]) == 2
    assert "this unit is not improvd's own; move it away first" in capsys.readouterr().err
    assert path.read_text() == "[Service]\nExecStart=/usr/bin/other\n"
    assert systemd.asked() == []


def test_a_start_that_fails_leads_to_the_logs(
    systemd: FakeSystemd, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    systemd.refuse("restart", "Job for improvd.service failed")
    assert main(["service", "install"]) == 2
    assert capsys.readouterr().err == "improvd: it is installed and does not start: see improvd service logs\n"
    assert path.exists()


def test_uninstall_stops_it_and_takes_the_unit_away(systemd: FakeSystemd, path: Path) -> None:
    assert main(["service", "install", "--no-start"]) == 0
    assert main(["service", "uninstall"]) == 0
    assert not path.exists()
    assert systemd.asked()[-2:] == ["systemctl --user disable --now improvd.service", "systemctl --user daemon-reload"]


def test_there_may_be_nothing_to_uninstall(systemd: FakeSystemd, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["service", "uninstall"]) == 2
    assert "there is no service to uninstall" in capsys.readouterr().err
    assert systemd.asked() == []


def test_status_and_logs_are_systemds_own(systemd: FakeSystemd) -> None:
    assert main(["service", "status"]) == 3
    assert main(["service", "logs", "--lines", "7", "--follow"]) == 0
    assert main(["service", "logs", "--system"]) == 0
    assert systemd.asked() == [
        "systemctl --user --no-pager status improvd.service",
        "journalctl --user-unit=improvd.service --no-pager --lines=7 --follow",
        "journalctl --unit=improvd.service --no-pager --lines=50",
    ]


@pytest.mark.parametrize("command", ["install", "uninstall", "status", "logs"])
def test_without_systemd_there_is_one_clear_line(
    systemd: FakeSystemd, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], path: Path, command: str
) -> None:
    monkeypatch.setattr("improvd.service.manager.BOOTED", systemd.folder / "nowhere")
    assert main(["service", command]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("improvd: there is no systemd here; have whatever starts services")
    assert said.err.count("\n") == 1
    assert not path.exists()


def test_a_user_without_a_manager_is_told_how_to_get_one(
    systemd: FakeSystemd, capsys: pytest.CaptureFixture[str]
) -> None:
    systemd.refuse("daemon-reload", "Failed to connect to bus: No medium found")
    assert main(["service", "install"]) == 2
    assert capsys.readouterr().err == (
        "improvd: systemctl daemon-reload: Failed to connect to bus: No medium found"
        " (your own systemd runs while you are logged in, or after: loginctl enable-linger)\n"
    )


def test_sudo_alone_is_not_meant(
    systemd: FakeSystemd, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUDO_USER", "player")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert main(["service", "install"]) == 2
    assert "leave out sudo, or say --system" in capsys.readouterr().err
    assert systemd.asked() == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("/opt/improvd/bin/improvd",), "ExecStart=/opt/improvd/bin/improvd run"),
        (("/opt/my music/bin/improvd",), 'ExecStart="/opt/my music/bin/improvd" run'),
        (("/opt/100%/bin/python", "-m", "improvd"), "ExecStart=/opt/100%%/bin/python -m improvd run"),
        (("/opt/a$b/bin/python", "-m", "improvd"), 'ExecStart="/opt/a$$b/bin/python" -m improvd run'),
        (('/opt/"x\\y"/improvd',), 'ExecStart="/opt/\\"x\\\\y\\"/improvd" run'),
    ],
)
def test_a_command_is_written_as_systemd_reads_it(words: tuple[str, ...], line: str) -> None:
    assert unit.filled("[Service]\nExecStart=%h/x run\nRestart=no\n", words).splitlines() == [
        "[Service]",
        line,
        "Restart=no",
    ]


def test_a_command_that_no_unit_can_hold_is_refused() -> None:
    with pytest.raises(UserError, match="can't stand in a unit"):
        unit.filled("ExecStart=x\n", ("/opt/a\nExecStartPre=/bin/evil",))


def test_the_systems_service_must_be_able_to_see_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit, "_PACKAGE", Path("/opt/improvd/lib"))
    for name in ("prefix", "base_prefix"):
        monkeypatch.setattr(sys, name, "/opt/improvd")
    unit.check_visible(["/opt/improvd/bin/improvd"])
    with pytest.raises(UserError, match="lies where a service of the system can't look"):
        unit.check_visible(["/home/player/.local/bin/improvd"])
    monkeypatch.setattr(sys, "base_prefix", "/root/.pyenv/no-such-version")
    with pytest.raises(UserError, match=r"^/root/\.pyenv"):
        unit.check_visible(["/opt/improvd/bin/improvd"])
