from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from improvd.errors import CorpusError
from improvd.train.events import Event, Note
from improvd.train.files.corpus import find
from improvd.train.intake import rates
from improvd.train.intake.ingest import ingest
from improvd.train.plan import in_words, plan
from improvd.train.settings import TrainSettings
from tests.train.midi_files import corpus
from tests.train.sounds import MELODY, plucked, write_wav

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs("symusic")


def settings(folder: Path, **changes: object) -> TrainSettings:
    return TrainSettings((str(folder),), folder.parent / "model", **changes)  # type: ignore[arg-type]  # by name


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_plan_knows_what_was_read_and_writes_nothing(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "jigs")
    before = files(tmp_path)
    fresh = plan(settings(folder, workers=2))
    assert (fresh.files, fresh.unread, fresh.notes) == ({"midi": 12}, {"midi": 12}, 0)
    assert fresh.reading == 12 / rates.USUAL["midi"] / 2
    assert fresh.fitting == 20 * (64 * 8 * 100) / rates.USUAL["fitting"], "an epoch has at least 64 steps of 8 windows"
    assert files(tmp_path) == before

    ingest(find([str(folder)]))
    (folder / "bad.mid").write_text("a letter")
    (folder / "gone.mid").symlink_to("nowhere")
    ingest(find([str(folder)]))
    before = files(tmp_path)
    known = plan(settings(folder, minutes=3.0))
    assert (known.files, known.unread, known.notes, known.reading) == ({"midi": 13}, {}, 12 * 64, 0)
    assert known.skipped == {"not a MIDI file": 1, "a link that leads nowhere": 1}
    assert known.fitting == 180
    assert files(tmp_path) == before


@pytest.mark.needs("soundfile")
def test_the_sound_of_recordings_is_what_their_headers_say(tmp_path: Path) -> None:
    folder = tmp_path / "songs"
    for name in "abc":
        write_wav(folder / f"{name}.wav", plucked(MELODY, 8_000), 8_000)
    one = plan(settings(folder, workers=1)).sound / 3
    assert one == pytest.approx(len(plucked(MELODY, 8_000)) / 8_000)
    (folder / "d.mp3").write_text("a letter")
    more = plan(settings(folder, workers=1))
    assert more.sound == pytest.approx(3 * one + 240)
    assert more.reading == pytest.approx(more.sound / rates.USUAL["recordings"])


def test_a_plan_in_words(tmp_path: Path) -> None:
    from improvd.train.run import foretell  # noqa: PLC0415  as the command does

    folder = corpus(tmp_path / "jigs")
    told: list[Event] = []
    foretell(settings(folder, workers=2), told.append)
    assert told == [Note(line) for line in in_words(plan(settings(folder, workers=2)), settings(folder, workers=2))]
    assert [event.message for event in told if isinstance(event, Note)] == [
        "12 files: 12 MIDI files",
        "known already: 0 files, 0 notes",
        "to read: 12 MIDI files, perhaps 7,200 notes",
        "that takes about 0 s by 2 workers",
        "to fit: 20 epochs, about 6 min; less where it stops improving",
        f"{tmp_path / 'model'} would be written; nothing was",
    ]
    with pytest.raises(CorpusError, match="units must be at least 1"):
        foretell(settings(folder, units=0), told.append)
    ingest(find([str(folder)]))
    assert "to read: nothing" in in_words(plan(settings(folder)), settings(folder))


def test_rates_are_learnt_where_there_was_enough_to_measure(tmp_path: Path) -> None:
    place = str(tmp_path / "cache")
    rates.learn(place, {"midi": (100, 1.0), "recordings": (100_000, 10.0), "scores": (0, 60.0)})
    rates.learn(place, {"fitting": (800, 9.0)})
    assert rates.load(place) == rates.USUAL
    rates.learn(place, {"midi": (5000, 10.0)})
    rates.learn(place, {"recordings": (600, 30.0)})
    assert rates.load(place) == rates.USUAL | {"midi": 500.0, "recordings": 20.0}


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"midi": 0}', '{"midi": "fast"}', '{"midi": [1]}', '{"midi": NaN}'])
def test_damaged_rates_are_the_usual_ones(damage: str, tmp_path: Path) -> None:
    (tmp_path / rates.NAME).write_text(damage)
    assert rates.load(str(tmp_path)) == rates.USUAL
