"""A binding is written into a file: it holds, and all else stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from improvd.config.binding_file import with_binding
from improvd.config.controls import bindings_from, new_binding
from improvd.config.layers import Told, choose
from improvd.config.live import LIVE
from improvd.config.options import RunOptions
from improvd.core.binding import PROGRAM, Control
from improvd.core.events import CONTROL, NOTE_ON
from improvd.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

KNOB = new_binding("temperature", Control(CONTROL, 21, 0), None, LIVE)
PAD = new_binding("mute", Control(NOTE_ON, 36), None, LIVE)

FILE = """\
# mine
bpm   = 96   # as ever
[controls]
mute = [{ note = 36 }, { cc = 64 }]  # the left one
temperature = { cc = 1, low = 0.5 }

[profile.jazz]  # for the club
temperature = 1.2
"""


def options(path: Path, text: str, **told: str | bool) -> RunOptions:
    path.write_text(text)
    return choose(RunOptions, Told({"config": str(path), **told}, {})).options


def test_what_was_bound_before_is_replaced_and_comments_stay(tmp_path: Path) -> None:
    after = with_binding(FILE, KNOB)
    assert after == FILE.replace("{ cc = 1, low = 0.5 }", "{cc = 21, channel = 1}")
    assert KNOB in options(tmp_path / "c.toml", after).controls


def test_where_there_is_no_map_there_is_one_afterwards(tmp_path: Path) -> None:
    for before in ("", "bpm = 96\n", "# nothing yet", "[profile.jazz]\nbpm = 60\n", FILE):
        for binding in (KNOB, PAD):
            after = with_binding(before, binding)
            assert before.split("\n")[0] in after
            assert binding in options(tmp_path / "c.toml", after).controls


def test_a_profile_has_its_own(tmp_path: Path) -> None:
    after = with_binding(FILE, PAD, "jazz")
    assert after.startswith(FILE[: FILE.index("[profile.jazz]")])
    path = tmp_path / "c.toml"
    assert PAD in options(path, after, profile="jazz").controls
    assert options(path, after).controls == options(path, FILE).controls
    assert PAD in options(path, with_binding("", PAD, "two words"), profile="two words").controls


@given(
    st.sampled_from([("mute", None), ("similarity", None), ("style", "folk"), ("bpm", "auto"), ("program", "7")]),
    st.sampled_from([CONTROL, NOTE_ON, PROGRAM]),
    st.integers(0, 119),
    st.none() | st.integers(0, 15),
)
def test_what_is_written_is_what_is_read(
    target: tuple[str, str | None], kind: int, number: int, channel: int | None
) -> None:
    name, value = target
    if name == "similarity":
        kind = CONTROL
    binding = new_binding(name, Control(kind, number, channel), value, LIVE)
    text = with_binding(FILE, binding)
    assert bindings_from(tomlkit.parse(text).unwrap()["controls"], LIVE)[name] == (binding,)
    assert with_binding(text, binding) == text


@pytest.mark.parametrize(
    ("target", "value", "says"),
    [
        ("temprature", None, "[controls] has no target 'temprature'; did you mean 'temperature'?"),
        ("mute", "1", "[controls]: mute can't have value: a command takes no more than what it is bound to"),
        ("style", None, "[controls]: style needs a value, which is set when that is pressed"),
        ("temperature", "9", "temperature must be from 0.05 to 4, not 9"),
    ],
)
def test_what_cannot_be_bound_is_told_in_a_line(target: str, value: str | None, says: str) -> None:
    with pytest.raises(UserError) as caught:
        new_binding(target, Control(CONTROL, 1), value, LIVE)
    assert str(caught.value) == says
