"""What may import what. The walls of the house, held by the code as written and by fresh interpreters."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # comes with pytest there

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "improvd").rglob("*.py"))
}

# Each room, and the rooms it may look into besides itself; the package itself, which holds the version, is "".
# Those of the command line aren't here: they may look into all, and no other into them.
ROOMS = {
    "": set(),
    "core": set(),
    "errors": set(),
    "whole": {"errors"},
    "ear": {"core"},
    "config": {"core", "errors"},
    "model": {"core", "errors", "whole"},
    "files": {"errors", "whole"},
    "render": {"files", "core", "errors", "whole"},
    "compose": {"files", "model", "core", "errors", "whole"},
    "control": {"core", "errors"},
    "recorder": {"files", "core", "errors", "whole"},
    "daemon": {"config", "control", "recorder", "model", "ear", "core", "errors"},
    "page": {"control", "daemon", "model", "recorder", "files", "core", "errors"},
    "osc": {"config", "control", "daemon", "core", "errors"},
    "service": {"files", "errors", "whole"},
    "doctor": {"service", "daemon", "control", "config", "core", "errors"},
    "rehearsal": {"config", "files", "model", "ear", "core", "errors"},
    "train": {"model", "core", "errors", "whole"},
    "evaluate": {"train", "model", "core", "errors", "whole"},
}
COMMAND_LINE = {"__main__", "cli"}

# Pure computing, nothing that waits, looks at a clock, draws lots, or reads and writes. Longer only for a reason.
CORE_MAY_USE = {
    "__future__",
    "abc",
    "bisect",
    "collections",
    "contextlib",
    "dataclasses",
    "enum",
    "fractions",
    "functools",
    "heapq",
    "itertools",
    "math",
    "operator",
    "re",
    "typing",
}

HEAVY = {"basic_pitch", "keras", "music21", "onnxruntime", "soundfile", "soxr", "symusic", "tensorflow"}
# Each process of the daemon, by the module it runs, and what would make it slow to start, large, or wait for others.
PROCESSES = {
    "improvd.daemon.session": {"rtmidi", "websockets"},
    "improvd.daemon.ports": {"numpy"},
    "improvd.daemon.worker": {"rtmidi"},
    "improvd.daemon.link": {"aalink", "numpy", "rtmidi", "websockets"},
    "improvd.page.process": {"numpy", "rtmidi"},
    "improvd.osc.process": {"numpy", "rtmidi", "websockets"},
}


def imports(path: Path, module: str) -> Iterator[str]:
    """Full names of all that a file imports, wherever in it, for type checking too, or looks up by `find_spec`."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "find_spec":
            yield from (name.value for name in node.args if isinstance(name, ast.Constant))
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            source = ".".join(filter(None, [base, node.module]))
            # `from improvd import train` names a room as much as `import improvd.train` does.
            yield from (name if (name := f"{source}.{alias.name}") in MODULES else source for alias in node.names)


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def loaded_by(*modules: str) -> set[str]:
    """Top-level names that a fresh interpreter has loaded for these modules, beyond what it starts with."""
    code = (
        "import sys, json, importlib; before = set(sys.modules)\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in set(sys.modules) - before})))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout))


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) not in COMMAND_LINE])
def test_imports_point_one_way(module: str) -> None:
    allowed = ROOMS[room(module)] | {room(module), ""}
    ours = {name for name in imports(MODULES[module], module) if name.partition(".")[0] == "improvd"}
    assert {name for name in ours if room(name) not in allowed} == set()


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) == "core"])
def test_the_core_uses_nothing_that_waits_or_looks_at_a_clock(module: str) -> None:
    used = {name.partition(".")[0] for name in imports(MODULES[module], module)} - {"improvd"}
    assert used <= CORE_MAY_USE
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(MODULES[module].read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & {"__import__", "eval", "exec", "input", "open", "print"}


def test_the_core_loads_the_standard_library_alone() -> None:
    core = [module for module in MODULES if room(module) == "core"]
    assert loaded_by(*core) - sys.stdlib_module_names == {"improvd"}


def test_the_daemon_loads_nothing_of_the_trainer() -> None:
    daemon = [module for module in MODULES if room(module) in {"daemon", "rehearsal", "model"}]
    assert not loaded_by(*daemon) & HEAVY


def test_measuring_loads_nothing_heavy() -> None:
    """Least of all TensorFlow: bits come from the network that the daemon plays with."""
    assert not loaded_by(*[module for module in MODULES if room(module) == "evaluate"]) & (HEAVY | {"matplotlib"})


def test_the_command_line_starts_light() -> None:
    """`improvd --help` waits for nothing heavy, the daemon's own numpy included."""
    assert not loaded_by("improvd.cli") & (HEAVY | {"numpy", "rtmidi"})


@pytest.mark.parametrize(("module", "unwanted"), PROCESSES.items())
def test_each_process_loads_only_its_own(module: str, unwanted: set[str]) -> None:
    assert not loaded_by(module) & (HEAVY | unwanted)


def test_every_package_used_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    modules = {"python-rtmidi": "rtmidi", "python-osc": "pythonosc"}

    def provided(requirements: list[str]) -> set[str]:
        names = {re.split(r"[^\w.-]", requirement)[0] for requirement in requirements}
        return {modules.get(name, name.replace("-", "_")) for name in names}

    daemon = provided(project["dependencies"])
    train = provided(project["optional-dependencies"]["train"])
    osc = provided(project["optional-dependencies"]["osc"])
    link = provided(project["optional-dependencies"]["link"])
    used: dict[str, set[str]] = {"train": set(), "rest": set()}
    for module, path in MODULES.items():
        outside = {name.partition(".")[0] for name in imports(path, module)} - sys.stdlib_module_names - {"improvd"}
        used["train" if room(module) in {"train", "evaluate"} else "rest"] |= outside
    assert used["rest"] <= daemon | link | osc
    assert used["train"] <= daemon | train
    # And nothing is declared that nothing uses.
    assert daemon | train | link | osc <= used["rest"] | used["train"]
