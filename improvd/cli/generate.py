"""`improvd generate`: whole pieces, offline."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from improvd.cli.options import configured
from improvd.config.kinds import Metre, Number
from improvd.config.layers import Chosen  # noqa: TC001  typer reads the annotations
from improvd.config.options import GenerateOptions
from improvd.config.settings import seed_of
from improvd.core.key import key_named
from improvd.core.manner import manner_from
from improvd.core.meter import meter_named
from improvd.errors import UserError

if TYPE_CHECKING:
    from improvd.compose.score import Piece
    from improvd.config.kinds import Kind

BARS = Number(1, 1000, whole=True)
BPM = Number(20, 400, " beats a minute")
PROGRAM = Number(1, 128, whole=True)


@configured(GenerateOptions)
def generate(
    chosen: Chosen[GenerateOptions],
    opening: Annotated[
        Path | None, typer.Argument(metavar="[SEED.mid]", help="A MIDI file to go on from; without: from nothing.")
    ] = None,
    *,
    # Not by environment, as in `improvd rehearse`.
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the piece to this MIDI file.")] = None,
    wav: Annotated[Path | None, typer.Option("--wav", help="Write its sound to this file, by fluidsynth.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Show it as a piano roll.")] = False,
    bars: Annotated[int, typer.Option("--bars", metavar=BARS.metavar, help="How many bars, beside the seed's.")] = 16,
    bpm: Annotated[
        float | None,
        typer.Option("--bpm", metavar=BPM.metavar, help="Quarter notes a minute; left out: the seed's, or 100."),
    ] = None,
    meter: Annotated[
        str | None, typer.Option("--meter", metavar=Metre().metavar, help="The metre; left out: the seed's, or 4/4.")
    ] = None,
    program: Annotated[
        int | None,
        typer.Option("--program", metavar=PROGRAM.metavar, help="The instrument, by its number in General MIDI."),
    ] = None,
    soundfont: Annotated[
        Path | None, typer.Option("--soundfont", help="For --wav; left out: $SOUNDFONT, or what is installed.")
    ] = None,
) -> None:
    """Make a whole piece with a model, from nothing or from the beginning that a MIDI file is.

    The same arguments and model give the same bytes.
    """
    from improvd.compose.run import ComposeSettings, compose  # noqa: PLC0415  numpy, which only this command needs
    from improvd.compose.score import score  # noqa: PLC0415  as above
    from improvd.files import midi  # noqa: PLC0415  as above
    from improvd.render import sound  # noqa: PLC0415  as above

    _check_files(opening, out, wav, show=show)
    if wav is not None:
        sound.synth()  # before anything is made that can't be heard then
        soundfont = sound.soundfont(soundfont)
    options = chosen.options
    piece = compose(
        ComposeSettings(
            opening=opening,
            bars=_checked("--bars", BARS, bars),
            bpm=None if bpm is None else _checked("--bpm", BPM, bpm),
            meter=None if meter is None else meter_named(_checked("--meter", Metre(), meter)),
            key=key_named(options.key) if options.key else None,
            program=None if program is None else _checked("--program", PROGRAM, program) - 1,
            model=options.model,
            style=options.style,
            seed=seed_of(options.seed),
            temperature=options.temperature,
            top_p=options.top_p,
            manner=manner_from(options),
        )
    )
    file = score(piece)
    if show:
        _show(piece)
    told = f"{bars} bars, {len(piece.notes)} notes"
    if out is not None:
        midi.save(file, out)
        typer.echo(f"wrote {out}: {told}, {file.length:.0f} s")
    if wav is not None and soundfont is not None:
        with tempfile.TemporaryDirectory(prefix="improvd-") as folder:
            music = Path(folder) / "piece.mid"
            midi.save(file, music)
            typer.echo(f"wrote {wav}: {told}, {sound.write_wav(music, wav, soundfont):.0f} s")


def _check_files(opening: Path | None, out: Path | None, wav: Path | None, *, show: bool) -> None:
    """Raise UserError where nothing would come of it, or less than there was."""
    if out is None and wav is None and not show:
        raise UserError("what shall become of the piece? Name a file (-o out.mid, --wav out.wav), or --show it")
    named = [("the seed", opening), ("--out", out), ("--wav", wav)]
    places = [(name, path.resolve()) for name, path in named if path is not None]
    for number, (name, path) in enumerate(places):
        for earlier, other in places[:number]:
            if path == other:
                raise UserError(f"{name} {path} is {earlier} too: name another file")


def _checked(name: str, kind: Kind, value: object) -> Any:  # noqa: ANN401  each kind has values of its own
    try:
        return kind.check(value)
    except ValueError as error:
        raise UserError(f"{name} {error}") from None


def _show(piece: Piece) -> None:
    from improvd.render.roll import Look, Part, pages  # noqa: PLC0415  only where it is asked for

    parts = [Part("improvd", piece.notes)]
    if piece.seed is not None:
        parts.insert(0, Part("seed", piece.seed.notes))
    look = Look.of(sys.stdout, shutil.get_terminal_size().columns)
    bar, tap = piece.meter.bar, piece.meter.tap
    for page in pages(parts, bar, look, downbeat=piece.start % bar, tap=tap):
        typer.echo(page, color=look.colour)
        typer.echo()
