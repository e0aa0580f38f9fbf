"""A configuration file: what it may say, and the one line for each mistake."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.config.file import LARGEST, LONGEST_LINE, ConfigFile, default_path, read
from improvd.config.option import options_of
from improvd.config.options import RunOptions
from improvd.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [option.name for option in options_of(RunOptions)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def written(path: Path, text: str | bytes) -> ConfigFile:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    file = read(path)
    assert file is not None
    return file


def complaint(path: Path, text: str | bytes) -> str:
    with pytest.raises(UserError) as caught:
        written(path, text)
    assert str(caught.value).startswith(str(path))
    return str(caught.value).removeprefix(str(path))


def test_options_and_profiles_are_read(path: Path) -> None:
    file = written(path, 'in = "Keys"\nbpm = 96\n[profile.jazz]\nbpm = "auto"\nmin-bars = 2\n[profile."two words"]\n')
    assert file.base == {"inputs": ("Keys",), "bpm": 96.0}
    assert file.profiles == {"jazz": {"bpm": None, "min_bars": 2.0}, "two words": {}}


def test_what_editors_add_does_no_harm(path: Path) -> None:
    base = written(path, b'\xef\xbb\xbfin = "Fl\xc3\xbcgel"\r\nbpm = 96\r\n').base
    assert base == {"inputs": ("Flügel",), "bpm": 96.0}


def test_no_file_is_none(path: Path) -> None:
    assert read(path) is None
    assert read(path / "below") is None
    path.touch()
    assert read(path / "below") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("temprature = 1", ": there is no key 'temprature'; did you mean 'temperature'?"),
        ("min_bars = 1", ": there is no key 'min_bars'; did you mean 'min-bars'?"),
        ("[profile.jazz]\ntemprature = 1", ": [profile.jazz] has no key 'temprature'; did you mean 'temperature'?"),
        ("zzz = 1", ": there is no key 'zzz'; see: improvd config --example"),
        ("[jazz]\nbpm = 96", ": there is no table 'jazz'; a profile is a part [profile.NAME]"),
        ("[profile.a.b]\nbpm = 96", ": [profile.a] has no table 'b'; a profile is a part [profile.NAME]"),
        ("profile = 'jazz'", ": 'profile' is no option: a profile is a part [profile.NAME], chosen by --profile"),
        ("[profile]\nbpm = 96", ": [profile] has no keys of its own: a profile is a part [profile.NAME]"),
        ("[profile.'']\nbpm = 96", ": a profile needs a name: [profile.NAME]"),
        ("channel = 17", ": channel must be a whole number from 1 to 16, not 17"),
        ("[profile.'a b']\nquiet = 1", ": [profile.'a b'] quiet must be true or false, not 1"),
        ("in = Keys", ', line 1: there is no such value; text stands in quotes, as in "Keyboard"'),
        ("bpm = 96\nbpm = 97\n", ", line 2: the key stands there twice"),
        ("[profile.a]\n[profile.a]\n", ", line 2: the table stands there twice"),
        ("bpm = 96\nmeter", ", last line: Expected '=' after a key in a key/value pair"),
        ("bpm = 96 in = 'a'", ", line 1: Expected newline or end of document after a statement"),
        ("bpm = " + "9" * 900, ": bpm must be from 20 to 400 beats a minute or 'auto', not a number that large"),
        (b"bpm = 96\nin = 'Fl\xfcgel'", ", line 2: is not text in UTF-8; save it as such"),
        ("bpm = 96".encode("utf-16"), ", line 1: is not text in UTF-8; save it as such"),
        ("in = [\n" + "[\n" * 20_000, ": is nested too deeply"),
        ("#\n" * (LARGEST // 2 + 1), ": is larger than 64 KiB; is it a configuration?"),
        ("\n" + "a." * LONGEST_LINE, ", line 2: is longer than 1000 bytes; is it a configuration?"),
        (b"'\\u001b' = 1\n\"\\u001b[31m\" = 1", ": there is no key '\\u001b'; see: improvd config --example"),
        ('"\\u001b[31m" = 1', ": there is no key '�[31m'; see: improvd config --example"),
    ],
)
def test_a_mistake_is_one_line_that_says_where_and_what_to_do(path: Path, text: str | bytes, says: str) -> None:
    assert complaint(path, text) == says


def test_what_is_no_file_is_said_to_be_none(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, what in ((tmp_path, "a folder"), (pipe, "no ordinary file")):
        with pytest.raises(UserError, match=f"is {what}; a configuration is a text file"):
            read(path)


def test_why_a_file_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be read: File name too long"):
        read(tmp_path / ("x" * 300))


def test_a_profile_that_is_not_there_is_named_with_those_that_are(path: Path) -> None:
    file = written(path, "[profile.jazz]\n[profile.blues]\n")
    for name, says in (("jaz", "did you mean 'jazz'?"), ("polka", "there are: 'jazz', 'blues'")):
        with pytest.raises(UserError, match=rf"there is no \[profile\.{name}\]; ") as caught:
            file.profile(name)
        assert str(caught.value).endswith(says)


def test_its_usual_place_is_the_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_path().parts[-2:] == ("improvd", "config.toml")


KEYS = st.sampled_from([*NAMES, "profile", "profile.jazz", "profile.jazz.bpm", "'a b'", "x"]) | st.text(max_size=8)
VALUES = st.text(max_size=8) | st.sampled_from(
    (
        *("1", "-1", "0.5", "1e400", "nan", "'auto'", '"\\u0007"', '"', "true", "[]", "[1, [2]]", "{}", "{a = 1}"),
        *("1979-05-27", "1979-99-99", "07:32:00", "0x" + "f" * 300, "9" * 400, "'''\na\n'''", "[" * 300, "{a=" * 200),
    )
)
LINES = (
    st.tuples(KEYS, VALUES).map(" = ".join) | KEYS.map("[{}]".format) | KEYS.map("[[{}]]".format) | st.text(max_size=20)
)


@given(
    data=st.binary() | st.lists(LINES, max_size=8).map(lambda lines: "\n".join(lines).encode(errors="surrogatepass"))
)
def test_no_file_raises_anything_but_one_line(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    try:
        read(path)
    except UserError:
        with pytest.raises(UserError) as caught:
            read(path)
        message = str(caught.value)
        assert message.splitlines() == [message]
        assert "\x1b" not in message
        assert len(message) < len(str(path)) + 400
