"""`improvd doctor`: each check by itself, and all of it as a player sees it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from improvd.cli import main
from improvd.config.layers import Told
from improvd.config.options import RunOptions
from improvd.daemon.probe import Ports
from improvd.doctor import link, machine, midi, setup
from improvd.doctor.finding import Finding, Grade

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.service.conftest import FakeSystemd

OPTIONS = RunOptions()
LOGS = "see improvd service logs"
PORTS = Ports(("Keys:Keys MIDI 1 20:0",), ("Synth:in 24:0", "Synth:aux 24:1"))


def test_a_finding_is_one_line_with_its_remedy() -> None:
    finding = Finding("keyboard", Grade.BAD, "not\nthere", "plug it in")
    assert finding.line(14) == "! keyboard        not�there: plug it in"
    assert replace(finding, found="did you mean this?").line(14) == "! keyboard        did you mean this? plug it in"
    assert finding.as_json() == {"what": "keyboard", "grade": "bad", "found": "not\nthere", "remedy": "plug it in"}


@pytest.mark.parametrize(
    ("names", "drivers", "grade"),
    [
        (["performance"], ["acpi-cpufreq"], Grade.GOOD),
        (["schedutil"], ["cpufreq-dt"], Grade.GOOD),
        (["ondemand"], ["cpufreq-dt"], Grade.ADVICE),
        (["performance", "powersave"], ["acpi-cpufreq", "acpi-cpufreq"], Grade.ADVICE),
        (["powersave"], ["intel_pstate"], Grade.GOOD),
    ],
)
def test_a_governor_that_wakes_up_slowly_is_told(
    tmp_path: Path, names: list[str], drivers: list[str], grade: Grade
) -> None:
    for number, (name, driver) in enumerate(zip(names, drivers, strict=True)):
        folder = tmp_path / f"cpu{number}" / "cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_governor").write_text(name + "\n")
        (folder / "scaling_driver").write_text(driver + "\n")
    finding = machine.governor(tmp_path)
    assert finding is not None
    assert finding.grade is grade
    assert all(name in finding.found for name in names)
    assert bool(finding.remedy) == (grade is Grade.ADVICE)


def test_where_nothing_is_governed_nothing_is_said(tmp_path: Path) -> None:
    assert machine.governor(tmp_path) is None


def test_the_sequencer_is_missed_refused_or_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "seq"
    missing = midi.sequencer(device)
    assert (missing.grade, missing.remedy) == (Grade.ADVICE, "sudo modprobe snd-seq")
    device.touch()
    assert midi.sequencer(device).grade is Grade.GOOD
    monkeypatch.setattr(os, "access", lambda *_: False)
    refused = midi.sequencer(device)
    assert refused.grade is Grade.BAD
    assert refused.remedy.startswith("sudo usermod -aG ")


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("Keys", "Synth:in", [(Grade.GOOD, "Keys:Keys MIDI 1"), (Grade.GOOD, "Synth:in")]),
        ("", "Synth", [(Grade.GOOD, "a port of improvd's own"), (Grade.BAD, "'Synth' could be any of")]),
        ("Kees", "", [(Grade.BAD, "did you mean 'Keys:Keys MIDI 1'?"), (Grade.GOOD, "a port of improvd's own")]),
    ],
)
def test_ports_are_looked_for_as_run_does(source: str, target: str, expected: list[tuple[Grade, str]]) -> None:
    found = list(midi.ports_named(replace(OPTIONS, inputs=(source,), output=target), PORTS))
    for finding, (grade, part) in zip(found, expected, strict=True):
        assert finding.grade is grade
        assert part in finding.found


@pytest.mark.parametrize(
    ("own", "cable", "grades"),
    [
        (midi.Loop(50, 0.2, 0.9), midi.Loop(), [Grade.GOOD, Grade.GOOD]),
        (midi.Loop(50, 21.0, 30.0), midi.Loop(50, 1.0, 2.0), [Grade.ADVICE, Grade.ADVICE]),
        (midi.Loop(50, 0.2, 0.9), midi.Loop(problem="busy"), [Grade.GOOD]),
        (midi.Loop(problem="it does not answer"), midi.Loop(), [Grade.BAD]),
        (midi.Loop(), midi.Loop(), [Grade.BAD]),
    ],
)
def test_the_way_there_and_back(
    monkeypatch: pytest.MonkeyPatch, own: midi.Loop, cable: midi.Loop, grades: list[Grade]
) -> None:
    monkeypatch.setattr(midi, "loop", lambda _api, output="", _source="": cable if output else own)
    found = list(midi.loops("alsa", replace(OPTIONS, inputs=("Keys",), output="Synth:in")))
    assert [finding.grade for finding in found] == grades


def systems(**there: Ports) -> Callable[[], dict[str, Ports]]:
    return lambda: there


@pytest.mark.parametrize(
    ("api", "there", "bad"),
    [
        ("auto", {"alsa": PORTS, "jack": Ports(problem="is not running")}, []),
        ("jack", {"alsa": PORTS, "jack": Ports(problem="is not running")}, ["JACK", "MIDI"]),
        ("alsa", {"alsa": Ports(problem="is not running"), "jack": Ports(problem="does not answer")}, ["ALSA", "MIDI"]),
        ("null", {"alsa": Ports(problem="is not running")}, []),
    ],
)
def test_one_midi_system_is_enough_unless_another_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, api: str, there: dict[str, Ports], bad: list[str]
) -> None:
    monkeypatch.setattr(midi, "probe", systems(**there))
    monkeypatch.setattr(midi, "sequencer", lambda: Finding("seq", Grade.GOOD, "open"))
    monkeypatch.setattr(midi, "loop", lambda *_: midi.Loop(50, 0.2, 0.9))
    found = list(midi.findings(replace(OPTIONS, api=api)))
    assert [finding.what for finding in found if finding.grade is Grade.BAD] == bad


@pytest.mark.parametrize(
    ("asked", "grade"),
    [
        ({}, Grade.ADVICE),
        ({"page": False}, Grade.BAD),
        ({"inputs": ("Keys",)}, Grade.BAD),
        ({"output": "S"}, Grade.BAD),
    ],
)
def test_without_a_midi_system_the_page_may_be_enough(
    monkeypatch: pytest.MonkeyPatch, asked: dict[str, object], grade: Grade
) -> None:
    monkeypatch.setattr(midi, "probe", systems(alsa=Ports(problem="is not running")))
    (found,) = [finding for finding in midi.findings(replace(OPTIONS, **asked)) if finding.what == "MIDI"]
    assert found.grade is grade
    assert ("the page alone" in found.found) == (grade is Grade.ADVICE)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is nothing to ask for")
def test_what_the_sender_would_be_granted_is_tried() -> None:
    found = {finding.what: finding for finding in machine.findings()}
    assert {"priority", "memory"} <= set(found)
    for finding in found.values():
        assert (finding.grade is Grade.GOOD) == (finding.remedy == "")


def test_the_shipped_model_proves_itself_and_another_is_missed() -> None:
    good = setup.model("default")
    assert "proved itself" in good.found
    assert good.grade is not Grade.BAD
    bad = setup.model("nonesuch")
    assert bad.grade is Grade.BAD
    assert "no model 'nonesuch'" in bad.found
    assert "improvd models" in bad.remedy


def test_a_shipped_model_that_is_damaged_is_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    refuses = [sys.executable, "-c", "import sys; print('weights.npz: damaged', file=sys.stderr); sys.exit(2)"]
    monkeypatch.setattr(setup, "module", lambda _name: refuses)
    damaged = setup.model(OPTIONS.model)
    assert (damaged.grade, damaged.found) == (Grade.BAD, "weights.npz: damaged")
    assert damaged.remedy == "it came with improvd, so install that again"
    assert "damaged; it came with" in damaged.line(5)


def test_a_configuration_is_read_as_run_does(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("temprature = 1\n")
    finding, chosen = setup.configuration(Told({"config": str(path)}, {}))
    assert (finding.grade, chosen) == (Grade.BAD, None)
    assert "did you mean 'temperature'?" in finding.found
    path.write_text("temperature = 0.5\n[profile.jazz]\n")
    finding, chosen = setup.configuration(Told({"config": str(path), "profile": "jazz"}, {}))
    assert finding.found == f"{path}, profile jazz"
    assert chosen is not None
    assert chosen.options.temperature == 0.5


@pytest.mark.parametrize(
    ("facts", "grade", "said"),
    [
        ({"ActiveState": "active", "StatusText": "3 turns", "NRestarts": "0"}, Grade.GOOD, "running; 3 turns"),
        ({"ActiveState": "active", "NRestarts": "1"}, Grade.ADVICE, f"started again once: {LOGS}"),
        ({"ActiveState": "active", "NRestarts": "4"}, Grade.ADVICE, f"started again 4 times: {LOGS}"),
        ({"ActiveState": "failed", "Result": "watchdog"}, Grade.BAD, f"installed and failed (watchdog): {LOGS}"),
        ({"ActiveState": "inactive", "Result": "success"}, Grade.BAD, "inactive: systemctl --user start improvd"),
    ],
)
def test_a_service_that_is_installed_should_run(
    systemd: FakeSystemd, tmp_path: Path, facts: dict[str, str], grade: Grade, said: str
) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    (nothing,) = setup.services(environment)
    assert "none installed" in nothing.found
    unit = tmp_path / "config" / "systemd" / "user" / "improvd.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    systemd.know(**facts)
    (finding,) = setup.services(environment)
    assert finding.grade is grade
    assert finding.line(7).endswith(said)


def test_all_of_it_is_told_in_lines_or_as_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('api = "null"\n')
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "improvd-none")  # no server of the machine's own is talked to
    status = main(["doctor", "--config", str(path), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert status == any(finding["grade"] == "bad" for finding in found)
    assert {"improvd", "configuration", "model"} <= {finding["what"] for finding in found}
    path.write_text("bpm = 1\n")
    assert main(["doctor", "--config", str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    (wrong,) = [line for line in lines if line.startswith("! ")]
    assert "bpm must be from 20 to 400" in wrong


def test_link_is_looked_at_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    linking = replace(OPTIONS, sync="link")
    assert list(link.findings(OPTIONS)) == []
    monkeypatch.setattr(link, "is_there", lambda: False)
    (missing,) = link.findings(linking)
    assert (missing.grade, missing.remedy) == (Grade.BAD, "pip install 'improvd[link]'")
    monkeypatch.setattr(link, "is_there", lambda: True)
    for code, grade, found in (
        ('print(\'{"peers": 2, "bpm": 128.0}\')', Grade.GOOD, "link, 2 peers at 128 bpm"),
        ('print(\'{"peers": 0, "bpm": 100.0}\')', Grade.GOOD, "link, 0 peers; whoever comes"),
        ("raise ImportError('GLIBC too old')", Grade.BAD, "could not be tried (ImportError: GLIBC too old)"),
    ):
        monkeypatch.setattr(link, "module", lambda _, code=code: (sys.executable, "-c", code))
        (finding,) = link.findings(linking)
        assert finding.grade is grade
        assert finding.found.startswith(found)
