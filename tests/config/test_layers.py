"""What holds: the command line before the environment, a profile, the file, and the defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.config.layers import Origin, Source, Told, choose
from improvd.config.options import RehearseOptions, RunOptions
from improvd.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT = Origin(Source.DEFAULT, "default")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr("improvd.config.layers.default_path", lambda: tmp_path / "home.toml")
    return tmp_path / "home.toml"


def told(*, environment: dict[str, str] | None = None, **command_line: str | bool) -> Told:
    return Told(command_line, environment or {})


def test_the_nearest_voice_counts_and_each_value_knows_whose_it_is(home: Path) -> None:
    home.write_text(
        "meter = 3\nbpm = 60\ntemperature = 0.5\ntop-p = 0.5\nquiet = true\n[profile.jazz]\nbpm = 70\ntemperature = 0.6"
    )
    environment = {"IMPROVD_TEMPERATURE": "0.7", "IMPROVD_TOP_P": "0.7", "IMPROVD_STYLE": "", "IMPROVD_PROFILE": "jazz"}
    chosen = choose(RunOptions, told(environment=environment, top_p="0.8", quiet=False))
    found = {name: (getattr(chosen.options, name), chosen.origins[name]) for name in chosen.origins}
    assert {name: value for name, value in found.items() if value[1] != DEFAULT} == {
        "meter": ("3/4", Origin(Source.FILE, "home.toml")),
        "bpm": (70.0, Origin(Source.FILE, "home.toml, [profile.jazz]")),
        "temperature": (0.7, Origin(Source.ENVIRONMENT, "IMPROVD_TEMPERATURE")),
        "top_p": (0.8, Origin(Source.COMMAND_LINE, "--top-p")),
        "quiet": (False, Origin(Source.COMMAND_LINE, "--quiet")),
    }
    assert (chosen.path, chosen.there, chosen.profile) == (home, True, "jazz")


def test_without_any_of_them_the_defaults_hold(home: Path) -> None:
    chosen = choose(RunOptions, told())
    assert chosen.options == RunOptions()
    assert set(chosen.origins.values()) == {DEFAULT}
    assert (chosen.path, chosen.there, chosen.profile) == (home, False, "")


@given(layers=st.lists(st.none() | st.sampled_from([30, 60, 90, 120]), min_size=4, max_size=4))
def test_each_source_gives_way_to_those_before_it(
    tmp_path_factory: pytest.TempPathFactory, layers: list[int | None]
) -> None:
    command_line, environment, profile, base = layers
    path = tmp_path_factory.getbasetemp() / "layers.toml"
    lines = [f"bpm = {base}" if base else "", "[profile.p]", f"bpm = {profile}" if profile else ""]
    path.write_text("\n".join(lines))
    chosen = choose(
        RunOptions,
        Told(
            {"config": str(path), "profile": "p", **({"bpm": str(command_line)} if command_line else {})},
            {"IMPROVD_BPM": str(environment or "")},
        ),
    )
    assert chosen.options.bpm == next((bpm for bpm in layers if bpm), None)
    sources = (Source.COMMAND_LINE, Source.ENVIRONMENT, Source.FILE, Source.FILE, Source.DEFAULT)
    assert chosen.origins["bpm"].source is next(s for s, bpm in zip(sources, [*layers, 1], strict=True) if bpm)


def test_a_word_takes_back_what_the_file_says(home: Path) -> None:
    home.write_text('bpm = 60\nin = "Keys"\ntrace = "a"\nlisten-channel = 2')
    options = choose(RunOptions, told(bpm="auto", inputs="", trace="", listen_channel="all")).options
    assert options == RunOptions()


def test_a_command_takes_of_a_file_what_it_has_and_its_own_defaults(home: Path) -> None:
    home.write_text('bpm = 60\nin = "Keys"\n')
    options = choose(RehearseOptions, told()).options
    assert (options.bpm, options.seed) == (60, 0)


def test_a_file_that_changed_is_read_again_and_what_was_told_at_the_start_still_holds(home: Path) -> None:
    chosen = choose(RunOptions, told(meter="3"))
    home.write_text("bpm = 60\nmeter = 5")
    again = chosen.again()
    assert (again.options.bpm, again.options.meter) == (60, "3/4")
    home.unlink()
    assert again.again().options == chosen.options


@pytest.mark.parametrize(
    ("file", "given", "says"),
    [
        ("", told(bpm="1000"), "--bpm must be from 20 to 400 beats a minute or 'auto', not 1000"),
        ("", told(environment={"IMPROVD_QUIET": "maybe"}), "IMPROVD_QUIET must be true or false, not 'maybe'"),
        ("", told(min_bars="8", max_bars="4"), "--min-bars 8 is more than --max-bars 4"),
        (
            "max-bars = 4",
            told(environment={"IMPROVD_MIN_BARS": "8"}),
            "IMPROVD_MIN_BARS 8 is more than max-bars 4 (home.toml)",
        ),
        ("", told(min_bars="20"), "--min-bars 20 is more than max-bars 16 (default)"),
        ("", told(profile="jaz"), "home.toml: there is no [profile.jaz]; there is none"),
        ("[profile.jazz]", told(profile="jaz"), "home.toml: there is no [profile.jaz]; did you mean 'jazz'?"),
        ("bmp = 1", told(bpm="96"), "home.toml: there is no key 'bmp'; did you mean 'bpm'?"),
        ("", told(config="none.toml"), "none.toml: there is no such configuration; --config names a file"),
        (
            "",
            told(environment={"IMPROVD_CONFIG": "none.toml"}),
            "none.toml: there is no such configuration; IMPROVD_CONFIG names",
        ),
    ],
)
def test_a_mistake_says_where_it_stands(home: Path, file: str, given: Told, says: str) -> None:
    home.write_text(file)
    with pytest.raises(UserError) as caught:
        choose(RunOptions, given)
    assert says in str(caught.value)


def test_a_profile_without_a_file_is_a_mistake() -> None:
    with pytest.raises(UserError, match=r"there is no \[profile\.jazz\], as there is no configuration .*home\.toml"):
        choose(RunOptions, told(profile="jazz"))
