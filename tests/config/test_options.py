"""The options as described, and what is made of them: a command line, files, a page."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.cli import main
from improvd.config import text
from improvd.config.addresses import Address, Addresses
from improvd.config.file import read
from improvd.config.kinds import Metre, Number, Switch
from improvd.config.layers import Chosen, Origin, Source, Told, choose
from improvd.config.musical import Channels, Chords, KeyName, KeyRange, PerAttribute, PitchName
from improvd.config.option import Change, Option, options_of
from improvd.config.options import RehearseOptions, RunOptions
from improvd.config.ports import PortNames
from improvd.config.renewal import renew
from improvd.config.settings import engine_settings
from improvd.core.key import Key
from improvd.core.manner import each_to
from improvd.core.pitch import pitch_name
from improvd.core.settings import SWIFT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
OPTIONS = {option.field: option for option in options_of(RunOptions)}
KEYS = [Key(tonic, minor) for tonic in range(12) for minor in (False, True)]
NAMES = st.lists(st.text("aÄ 1:-", min_size=1).map(str.strip).filter(bool), max_size=3, unique=True).map(tuple)
LINE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]))


def musical(kind: Chords | KeyName | PerAttribute | Channels | KeyRange | PitchName) -> st.SearchStrategy[Any]:
    if isinstance(kind, Chords):
        return st.lists(st.sampled_from(["Dm7", "G7 C", "%", "F#m7b5/A"]), max_size=6).map(
            lambda bars: " | ".join(["C", *bars]) if bars else ""
        )
    if isinstance(kind, PitchName):
        return st.none() | st.integers(0, 127)
    if isinstance(kind, Channels):
        return st.sets(st.integers(1, 16)).map(lambda found: ", ".join(map(str, sorted(found))))
    if isinstance(kind, KeyRange):
        ends = st.tuples(st.integers(0, 127), st.integers(0, 127)).map(sorted)
        return st.just("") | ends.map(lambda keys: "..".join(map(pitch_name, keys)))
    if isinstance(kind, KeyName):
        return st.sampled_from(["", *(key.name for key in KEYS)])
    each = st.none() | st.floats(kind.low, kind.high).map(lambda number: float(f"{number:.3g}"))
    return st.tuples(each, each, each, each).map(each_to)


def written(kind: Metre | Addresses | PortNames) -> st.SearchStrategy[Any]:
    if isinstance(kind, PortNames):
        return NAMES
    if isinstance(kind, Metre):
        return st.builds("{}/{}".format, st.integers(1, 16), st.sampled_from([1, 2, 4, 8, 16]))
    hosts = st.sampled_from(["127.0.0.1", "piano.local", "::1", "fe80::1%eth0"])
    few = st.lists(st.builds(Address, hosts, st.integers(1, 65535)), max_size=3 if kind.several else 1)
    return few.map(lambda found: ", ".join(map(str, found)))


def values(option: Option) -> st.SearchStrategy[Any]:
    """Values that an option may have."""
    kind: Any = option.kind
    if hasattr(kind, "names"):
        return st.sampled_from(kind.names)
    if isinstance(kind, Number):
        numbers = st.integers(int(kind.low), int(kind.high)) if kind.whole else st.floats(kind.low, kind.high)
        return numbers | st.none() if kind.word else numbers
    if isinstance(kind, (Chords, KeyName, PerAttribute, Channels, KeyRange, PitchName)):
        return musical(kind)
    if isinstance(kind, (Metre, Addresses, PortNames)):
        return written(kind)
    if isinstance(kind, Switch):
        return st.booleans()
    return LINE.filter(lambda line: not line.startswith("~")).map(kind.parse)


ANY_OPTIONS = st.fixed_dictionaries({option.field: values(option) for option in OPTIONS.values()}).map(
    lambda chosen: RunOptions(**chosen)
)


@pytest.mark.parametrize("option", OPTIONS.values(), ids=lambda option: option.name)
def test_a_default_is_a_value_that_may_be_given_anywhere(option: Option) -> None:
    plain = option.kind.plain(option.default)
    assert option.kind.check(plain) == option.default
    assert option.kind.parse(str(plain)) == option.default


def test_the_defaults_are_the_engines_own() -> None:
    settings = engine_settings(RehearseOptions())
    assert settings == type(settings)()


@given(options=ANY_OPTIONS)
def test_what_is_listed_is_itself_a_configuration(
    tmp_path_factory: pytest.TempPathFactory, options: RunOptions
) -> None:
    path = tmp_path_factory.getbasetemp() / "listed.toml"
    origins = dict.fromkeys(OPTIONS, Origin(Source.DEFAULT, "default"))
    path.write_text(text.listing(Chosen(options, origins, path, True, "", Told({}, {}))), encoding="utf-8")
    file = read(path)
    assert file is not None
    assert RunOptions(**file.base) == options


def test_the_example_holds_every_option_at_its_default(tmp_path: Path) -> None:
    example = text.example(tmp_path)
    assert tomllib.loads(example) == {}
    path = tmp_path / "config.toml"
    path.write_text(re.sub(r"^#(\S)", r"\1", example, flags=re.MULTILINE))
    file = read(path)
    assert file is not None
    assert file.base == {name: getattr(RunOptions(), name) for name in OPTIONS}
    assert set(file.profiles) == {"jazz"}


def test_the_page_lists_every_option_as_it_is() -> None:
    rows = [
        f"| `{option.name}` | {option.kind.metavar.replace('|', ' or ')} | "
        f"`{json.dumps(option.kind.plain(option.default))}` | {option.change.value} | {option.help} |"
        for option in OPTIONS.values()
    ]
    listed = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert listed == rows, "\n".join(rows)


def test_what_changes_at_once_is_what_the_engine_and_the_synth_take_at_once() -> None:
    at_once = {option.field for option in OPTIONS.values() if option.change is Change.NOW}
    ports = {"program", "bank", "inputs", "output", "clock_in", "click_out"}
    time = {"clock_out", "click", "click_channel", "state_channel"}
    assert at_once == {*SWIFT, *ports, *time}


@given(present=ANY_OPTIONS, wished=ANY_OPTIONS)
def test_what_a_restart_is_needed_for_stays_and_all_else_is_as_wished(present: RunOptions, wished: RunOptions) -> None:
    renewal = renew(present, wished)
    for field, option in OPTIONS.items():
        source = wished if option.change in (Change.NOW, Change.NEXT) else present
        assert getattr(renewal.options, field) == getattr(source, field)
    changed = [option for name, option in OPTIONS.items() if getattr(present, name) != getattr(wished, name)]
    assert all(option.name in renewal.line for option in changed)
    assert renewal.line.splitlines() == [renewal.line]
    assert renew(renewal.options, wished).options == renewal.options


def test_the_player_is_told_in_one_line_what_changed_when() -> None:
    present = RunOptions(bpm=96, seed=1)
    wished = replace(present, bpm=None, temperature=0.8, style="folk", output="Synth", channel=3, thru=True)
    assert renew(present, wished).line == (
        "settings read again: out 'Synth', temperature 0.8, style 'folk' at once;"
        " bpm 'auto', channel 3 from the next call; thru true after a restart"
    )
    assert renew(present, present).line == "settings read again: nothing has changed"


def test_the_command_shows_what_holds_and_whence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "my.toml"
    config.write_text('in = "Keys"\n[profile.jazz]\ntop-p = 0.5\n')
    monkeypatch.setenv("IMPROVD_TEMPERATURE", "0.7")
    arguments = ["config", "--config", str(config), "--profile", "jazz", "--bpm", "96", "--quiet"]
    assert main(arguments) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == f'# {config}, profile "jazz"'
    assert [line.split() for line in shown if line and not line.endswith("# default") and "=" in line] == [
        ["in", "=", '"Keys"', "#", "my.toml"],
        ["bpm", "=", "96", "#", "--bpm"],
        ["temperature", "=", "0.7", "#", "IMPROVD_TEMPERATURE"],
        ["top-p", "=", "0.5", "#", "my.toml,", "[profile.jazz]"],
        ["quiet", "=", "true", "#", "--quiet"],
    ]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["file"], told["profile"], list(told["options"])) == (
        str(config),
        "jazz",
        [option.name for option in OPTIONS.values()],
    )
    assert told["options"]["top-p"] == {"value": 0.5, "source": "file", "where": "my.toml, [profile.jazz]"}
    assert told["options"]["seed"] == {"value": "new", "source": "default", "where": "default"}


def test_the_command_prints_an_example_to_who_has_a_broken_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "improvd").mkdir()
    (tmp_path / "improvd" / "config.toml").write_text("zzz = 1")
    assert main(["config"]) == 2
    assert "zzz" in capsys.readouterr().err
    assert main(["config", "--example"]) == 0
    example = capsys.readouterr().out
    assert str(tmp_path) in example.splitlines()[0]
    assert tomllib.loads(example) == {}


def test_help_has_the_options_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--help"]) == 0
    shown = capsys.readouterr().out
    headings = re.findall(r"^(\w.*):$", shown, re.MULTILINE)
    assert headings == [*dict.fromkeys(option.group.value for option in OPTIONS.values()), "Configuration", "Options"]
    assert all(f"  {option.flag} " in shown for option in OPTIONS.values())


def test_help_tells_the_defaults_of_the_command_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for command, default in (("run", "new"), ("rehearse", "0")):
        assert main([command, "--help"]) == 0
        seed = capsys.readouterr().out.partition("--seed NUMBER|new")[2].partition("\n\n")[0]
        assert " ".join(seed.split()).endswith(f"[default: {default}]")


def test_what_holds_is_chosen_from_the_usual_place_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("improvd.config.layers.default_path", lambda: tmp_path / "config.toml")
    (tmp_path / "config.toml").write_text("meter = 3")
    assert choose(RunOptions, Told({}, {})).options == RunOptions(meter="3/4")
