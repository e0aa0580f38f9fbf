"""The files of pieces."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import mido

from improvd.compose import seed
from improvd.compose.score import Piece, score
from improvd.core.events import BeatNote, Beats
from improvd.core.meter import Meter
from tests.compose.files import metre, sounding, tempo, timed, told, tune

if TYPE_CHECKING:
    from pathlib import Path


def note(onset: float, duration: float, pitch: int) -> BeatNote:
    return BeatNote(Beats(onset), Beats(duration), pitch, 80)


def piece(*notes: BeatNote, start: float = 0.0, **more: object) -> Piece:
    told = {"bpm": 100.0, "meter": Meter(), **more}
    return Piece(notes, Beats(start), Beats(start + 8.0), **told)  # type: ignore[arg-type]  # a test says what fits


def test_a_piece_lasts_to_its_end_in_its_tempo_and_metre() -> None:
    file = score(piece(note(0, 1, 60), note(1, 2, 64), note(1, 2, 67), bpm=120.0, meter=Meter(6, 8)))
    assert [track.name for track in file.tracks] == ["improvd generate", "improvd"]
    assert sounding(file.tracks[1]) == [(0.0, 1.0, 60), (1.0, 3.0, 64), (1.0, 3.0, 67)]
    assert [(one.numerator, one.denominator) for _, one in told(file, "time_signature")] == [(6, 8)]
    assert file.length == 4.0
    assert {timed(track)[-1][0] for track in file.tracks} == {8.0}


def test_a_key_struck_again_ends_the_note_before_and_the_end_ends_all() -> None:
    file = score(piece(note(0, 4, 60), note(2, 9, 60), note(7, 4, 64)))
    assert sounding(file.tracks[1]) == [(0.0, 2.0, 60), (2.0, 8.0, 60), (7.0, 8.0, 64)]


def test_what_is_read_back_is_the_same_and_so_are_the_bytes() -> None:
    written = []
    for _ in range(2):
        out = io.BytesIO()
        score(piece(note(0, 1, 60), note(1.5, 2.25, 64))).save(file=out)
        written.append(out.getvalue())
    assert written[0] == written[1]
    read = mido.MidiFile(file=io.BytesIO(written[0]))
    assert sounding(read.tracks[1]) == [(0.0, 1.0, 60), (1.5, 3.75, 64)]


def test_a_seed_stays_as_it_was_and_lets_go_where_the_piece_goes_on(tmp_path: Path) -> None:
    opening = seed.read(
        tune(
            tmp_path / "a.mid",
            mido.Message("program_change", program=5, channel=2),
            mido.Message("control_change", control=64, value=127, channel=2),
            channel=2,
        )
    )
    file = score(piece(note(8, 1, 60), start=8.0, seed=opening, program=40))
    assert [track.name for track in file.tracks] == ["improvd generate", "seed", "improvd"]
    assert [(one.onset, one.onset + one.duration, one.pitch) for one in opening.notes] == sounding(file.tracks[1])
    assert ("program_change", 5) in [(one.type, getattr(one, "program", None)) for one in file.tracks[1]]
    ours = [(beat, one.type, one.channel) for beat, one in timed(file.tracks[2]) if not one.is_meta]
    assert ours[:3] == [(8.0, "control_change", 2), (8.0, "program_change", 2), (8.0, "note_on", 2)]


def test_what_a_seed_holds_beyond_its_end_ends_there(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    track = mido.MidiTrack(
        [mido.Message("note_on", note=60, velocity=70), mido.Message("note_off", note=60, time=4 * 480 + 40)]
    )
    mido.MidiFile(tracks=[track], ticks_per_beat=480).save(path)
    opening = seed.read(path)
    assert opening.next_bar(Meter()) == 4.0
    file = score(piece(note(4, 1, 60), start=4.0, seed=opening))
    assert sounding(file.tracks[1]) == [(0.0, 4.0, 60)]
    # All in one track, as some players have it: the seed's end comes before what is struck at the same time.
    assert (4.0, 5.0, 60) in sounding(mido.merge_tracks(file.tracks[1:]))


def test_the_seeds_own_tempos_and_metres_stay_unless_others_are_told(tmp_path: Path) -> None:
    opening = seed.read(tune(tmp_path / "a.mid", tempo(90), metre(4, 4), metre(3, 4, time=0)))
    own, other = (
        score(piece(note(9, 1, 60), start=9.0, seed=opening, bpm=bpm, meter=meter))
        for bpm, meter in ((None, Meter(3, 4)), (60.0, Meter(6, 8)))
    )
    assert [round(mido.tempo2bpm(one.tempo)) for _, one in told(own, "set_tempo")] == [90]
    assert [one.numerator for _, one in told(own, "time_signature")] == [4, 3]
    assert [round(mido.tempo2bpm(one.tempo)) for _, one in told(other, "set_tempo")] == [60]
    assert [(one.numerator, one.denominator) for _, one in told(other, "time_signature")] == [(6, 8)]
