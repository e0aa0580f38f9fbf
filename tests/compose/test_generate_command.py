"""`improvd generate` as it is typed."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import mido
import pytest

from improvd.cli import main
from improvd.render import sound
from tests.compose.files import metre, sounding, tempo, timed, told, tune

if TYPE_CHECKING:
    from pathlib import Path


def typed(*words: object) -> int:
    return main(["generate", *map(str, words)])


def made(folder: Path, *words: object) -> mido.MidiFile:
    assert typed(*words, "-o", folder / "out.mid") == 0
    return mido.MidiFile(folder / "out.mid")


def test_a_piece_from_nothing_has_its_bars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = made(tmp_path, "--bars", 6, "--meter", "3/4", "--bpm", 90, "--style", "folk", "--seed", 1)
    notes = sounding(file.tracks[1])
    assert notes[0][0] == 0.0
    assert 12 < notes[-1][0] < 18
    assert file.length == pytest.approx(18 * 60 / 90)
    assert capsys.readouterr().out == f"wrote {tmp_path / 'out.mid'}: 6 bars, {len(notes)} notes, 12 s\n"


def test_the_same_words_give_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        assert typed("--bars", 4, "--temperature", 0.9, "--seed", seed, "-o", tmp_path / name) == 0
    one, same, other = ((tmp_path / name).read_bytes() for name in ("one", "same", "other"))
    assert one == same != other


def test_a_piece_goes_on_from_its_seed(tmp_path: Path) -> None:
    opening = tune(tmp_path / "a.mid", tempo(90), metre(3, 4))
    file = made(tmp_path, opening, "--bars", 2)
    assert [one[2] for one in sounding(file.tracks[1])] == [62, 65, 69, 74, 69, 65, 62, 60]
    assert sounding(file.tracks[2])[0][0] == 9.0
    assert timed(file.tracks[2])[-1][0] == 15.0
    assert [round(mido.tempo2bpm(one.tempo)) for _, one in told(file, "set_tempo")] == [90]


def test_a_key_is_leant_to(tmp_path: Path) -> None:
    """More notes lie in the scale of the key that is asked for than in that a tritone away, whichever it is."""
    scale = {0, 2, 4, 5, 7, 9, 11}
    for key, tonic in (("D", 2), ("Ab major", 8)):
        pitches = [one[2] for one in sounding(made(tmp_path, "--bars", 12, "--key", key).tracks[1])]
        inside, outside = (
            sum((pitch - home) % 12 in scale for pitch in pitches) / len(pitches) for home in (tonic, tonic + 6)
        )
        assert inside > 0.85
        assert inside > outside + 0.2


def test_a_line_is_gone_on_with_as_a_line_near_where_it_was(tmp_path: Path) -> None:
    notes = sounding(made(tmp_path, tune(tmp_path / "a.mid"), "--bars", 40).tracks[2])
    onsets = [onset for onset, _, _ in notes]
    assert len(onsets) == len(set(onsets)) > 100
    assert {pitch for _, _, pitch in notes} <= set(range(60 - 7, 74 + 8))


def test_the_roll_shows_seed_and_piece(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(tune(tmp_path / "a.mid"), "--bars", 2, "--show") == 0
    out = capsys.readouterr().out
    assert "1 seed" in out
    assert "3 improvd" in out
    assert "wrote" not in out


@pytest.mark.needs("fluidsynth")
def test_a_piece_can_be_heard(tmp_path: Path) -> None:
    assert typed("--bars", 2, "--bpm", 240, "--wav", tmp_path / "out.wav", "--program", 20) == 0
    with wave.open(str(tmp_path / "out.wav")) as file:
        assert file.getnframes() / file.getframerate() > 2.0
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("", "what shall become of the piece?"),
        ("--show --bars 0", "--bars must be a whole number from 1 to 1000, not 0"),
        ("--show --bars many", "--bars"),
        ("--show --bpm 1000", "--bpm must be from 20 to 400 beats a minute, not 1000"),
        ("--show --meter 3/5", "--meter must be a metre"),
        ("--show --key H", "--key must be a key, such as Dm, 'F# minor' or Bb, or 'auto', not 'H'"),
        ("--show --similarity 2", "--similarity must be from 0 to 1, not 2"),
        ("--show --program 129", "--program must be a whole number from 1 to 128, not 129"),
        ("--show --style polka", "knows no style 'polka'"),
        ("--show --model nonesuch", "nonesuch"),
        ("--show --temperature 9", "--temperature must be"),
        ("--show nonesuch.mid", "nonesuch.mid: no such file"),
        ("--show words.txt", "words.txt: not a MIDI file"),
        ("--show .", "is a folder"),
        ("-o nowhere/out.mid", "can't write nowhere/out.mid"),
        ("a.mid -o ./a.mid", "is the seed too"),
        ("-o same --wav same", "is --out too"),
        ("--wav out.wav --soundfont words.txt", "words.txt: not a soundfont"),
        ("--wav out.wav --soundfont nonesuch.sf2", "can't read the soundfont nonesuch.sf2"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sound, "synth", lambda: "fluidsynth")  # a mistake is told wherever this is run
    tune(tmp_path / "a.mid")
    (tmp_path / "words.txt").write_text("no music\n" * 20)
    assert typed(*words.split()) == 2
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    assert line.startswith("improvd: ")
    assert complaint in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mid", "words.txt"]


def test_without_the_synth_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert typed("--wav", tmp_path / "out.wav", "-o", tmp_path / "out.mid") == 2
    assert "apt install fluidsynth" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
