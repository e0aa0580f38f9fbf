"""The units as shipped: systemd takes them, and the system's gives away little."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
HOSTILITY = 3.0
"""What `systemd-analyze security` may find of exposure, from 0 to 10."""


def lines(kind: str) -> list[str]:
    text = (UNITS / kind / "improvd.service").read_text()
    return [line for line in text.splitlines() if line and line[0] not in "#["]


def startable(kind: str, folder: Path) -> Path:
    """The unit with a command that exists here."""
    unit = folder / "improvd.service"
    text = (UNITS / kind / "improvd.service").read_text()
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE))
    return unit


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("kind", ["user", "system"])
def test_systemd_takes_the_unit(tmp_path: Path, kind: str) -> None:
    command = ["systemd-analyze", f"--{kind}", "verify", str(startable(kind, tmp_path))]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.needs("systemd-analyze")
def test_the_unit_of_the_system_exposes_little(tmp_path: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(startable("system", tmp_path))]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = re.search(r"Overall exposure level for improvd\.service: ([\d.]+)", run.stdout)
    assert found, run.stdout
    assert float(found[1]) <= HOSTILITY, run.stdout


@pytest.mark.parametrize("kind", ["user", "system"])
def test_what_the_sender_asks_for_is_not_taken_away(kind: str) -> None:
    unit = lines(kind)
    assert not [line for line in unit if re.match(r"(RestrictRealtime|PrivateDevices)=(yes|true|1|on)", line)]
    assert {"LimitRTPRIO=10", "LimitMEMLOCK=infinity", "Type=notify", "Restart=on-failure"} <= set(unit)


def test_the_two_units_say_the_same_of_life_and_death() -> None:
    """Where they differ is in who they are and what they may."""
    same = r"(Type|NotifyAccess|Restart\w*|StartLimit\w+|WatchdogSec|KillMode|TimeoutStopSec|Limit\w+|ExecReload)="
    user, system = ([line for line in lines(kind) if re.match(same, line)] for kind in ("user", "system"))
    assert user == system
