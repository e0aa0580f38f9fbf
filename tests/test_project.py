"""What a person gets: the wheel, the words beside it, and the house rules."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer
from typer.core import TyperGroup

import improvd
from improvd.config.option import options_of
from improvd.config.options import CONFIG, PROFILE, RunOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
# Room for the models we ship; anything larger makes everyone who clones wait.
LARGEST = 16_000_000
BESIDES = {f"improvd/models/default/{name}" for name in ("weights.npz", "model.json", "CARD.md")}
BESIDES |= {f"improvd/systemd/{kind}/improvd.service" for kind in ("user", "system")}


def build(target: str, source: Path, into: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(into)]
    run = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    [made] = into.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


def test_the_wheel_is_whole(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        dist_info = f"improvd-{improvd.__version__}.dist-info"
        metadata = HeaderParser().parsestr(archive.read(f"{dist_info}/METADATA").decode())
        archive.extractall(tmp_path)
    sources = {str(path.relative_to(ROOT)) for path in tracked() if path.is_relative_to(ROOT / "improvd")}
    assert sources | BESIDES | {"improvd/py.typed", f"{dist_info}/licenses/LICENSE"} <= held
    assert not [name for name in held if not name.startswith(("improvd/", dist_info))]
    assert metadata["Version"] == improvd.__version__
    assert metadata["License-Expression"] == "MIT"
    # What was unpacked finds its own model, far from the checkout.
    command = [sys.executable, "-m", "improvd", "--version"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert improvd.__version__ in run.stdout


def test_the_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build("sdist", ROOT, tmp_path / "sdist")
    # By the program: Python's own way of saying that the archive is trusted differs from one version to the next.
    subprocess.run(["tar", "--extract", "--gzip", "--file", sdist], cwd=tmp_path, check=True)
    again = build("wheel", tmp_path / sdist.name.removesuffix(".tar.gz"), tmp_path / "wheel")
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())


def test_the_changelog_knows_this_version() -> None:
    assert f"## [{improvd.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def commands(page: Path) -> Iterator[list[str]]:
    """The improvd and make commands that a page tells its reader to type."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
        if language not in ("", "sh", "bash", "console"):
            continue
        for line in block.replace("\\\n", " ").splitlines():
            if language == "console" and not line.startswith("$ "):
                continue  # what was printed
            words = shlex.split(line.removeprefix("$ "), comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                del words[0]
            # As typed in a checkout, too.
            if words and words[0].removeprefix(".venv/bin/") in {"improvd", "make"}:
                yield [words[0].removeprefix(".venv/bin/"), *words[1:]]


TOLD = [(page.name, words) for page in PAGES for words in commands(page)]


@pytest.fixture(scope="module")
def cli() -> TyperGroup:
    command = typer.main.get_command(importlib.import_module("improvd.cli").app)
    assert isinstance(command, TyperGroup)
    return command


@pytest.mark.parametrize(
    "words", [words for _, words in TOLD], ids=[f"{page}: {shlex.join(words)}" for page, words in TOLD]
)
def test_every_command_told_exists(words: list[str], cli: TyperGroup) -> None:
    if words[0] == "make":
        target, *rest = words[1:]
        assert target in re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        options = [option for word in rest if word.startswith("ARGS=") for option in shlex.split(word[5:])]
        words = ["improvd", "run", *options] if target == "run" else []
    command: object = cli
    for word in words[1:]:
        if isinstance(command, TyperGroup) and not word.startswith("-"):
            assert word in command.commands
            command = command.commands[word]
        elif word.startswith("-"):
            known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
            assert word.partition("=")[0] in known | {"--help"}


def test_every_option_of_run_is_described_where_the_environment_and_the_file_look(cli: TyperGroup) -> None:
    options = {name for option in cli.commands["run"].params for name in option.opts} - {"--help"}
    assert options == {option.flag for option in (*options_of(RunOptions), CONFIG, PROFILE)}


def test_every_variable_told_exists(cli: TyperGroup) -> None:
    told = {name for page in PAGES for name in re.findall(r"IMPROVD_[A-Z_]+[A-Z]", page.read_text())}
    known = {str(option.envvar) for command in cli.commands.values() for option in command.params}
    known |= {option.env for option in (*options_of(RunOptions), CONFIG, PROFILE)}
    assert told <= known | {"IMPROVD_REQUIRE", "IMPROVD_CACHE"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_index_leads_to_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")} - {"README.md"}
    assert {page for page in pages if f"]({page})" not in index} == set()


def tracked() -> list[Path]:
    run = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in run.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_nothing_is_too_large_to_clone() -> None:
    assert {path.name: size for path in tracked() if (size := path.stat().st_size) > LARGEST} == {}


def test_every_exemption_has_its_reason() -> None:
    """`noqa` and `type: ignore` say which rule, and beside it why not here."""
    rules = r"(?:noqa: [A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*|type: ignore\[[a-z-]+(?:, ?[a-z-]+)*\])"
    reasoned = re.compile(rf"# {rules}(?:  (?:# )?| # | - )\w")
    bare = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked()
        if path.suffix == ".py"
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(r"# (?:noqa|type: ?ignore)", line) and not reasoned.search(line)
    ]
    assert not bare, "\n".join(bare)
