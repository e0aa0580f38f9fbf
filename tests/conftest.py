"""What every test stands on: external programs asked for by name, Hypothesis, a clean environment."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal

import pytest
from hypothesis import settings

# Each thing outside the daemon's own dependencies that a test may need, how to look for it and how to get it.
_PROGRAMS = {
    "chromium": "apt install chromium",
    "fluidsynth": "apt install fluidsynth timgm6mb-soundfont",
    "jackd": "apt install jackd2",
    "openssl": "apt install openssl",
    "systemd-analyze": "apt install systemd",
}
_PACKAGES = {
    "aalink": "pip install 'improvd[link]'",
    "basic_pitch": "pip install 'improvd[train]'; from Python 3.12, pip install --no-deps basic-pitch==0.4.0",
    "matplotlib": "pip install 'improvd[train]'",
    "music21": "pip install 'improvd[train]'",
    "onnxruntime": "pip install 'improvd[train]'",
    "pythonosc": "pip install 'improvd[osc]'",
    "soundfile": "pip install 'improvd[train]'",
    "symusic": "pip install 'improvd[train]'",
    "tensorflow": "pip install 'improvd[train]'",
}

_DOING: dict[str, str] = {}  # each group of tests, and the process that does it

# No deadline: a busy machine makes a slow example, not a wrong one. CI always tries the same examples, so that it
# fails for what changed and for nothing else; everywhere else new ones are tried, and a failure prints its recipe.
settings.register_profile("improvd", deadline=None, print_blob=True)
settings.register_profile("improvd-ci", deadline=None, print_blob=True, derandomize=True)
settings.load_profile("improvd-ci" if os.environ.get("CI") else "improvd")


def pytest_configure(config: pytest.Config) -> None:
    # Started in the background, a shell's job ignores Ctrl-C, and so would all that the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line(
        "markers",
        f"needs({', '.join([*_PROGRAMS, *_PACKAGES])}): what must be there besides the daemon's own dependencies;"
        " the test is skipped without it, and fails where IMPROVD_REQUIRE=all",
    )
    # Every option of the command line can be set by environment; a developer's own settings are not the tests'.
    for name in [name for name in os.environ if name.startswith("IMPROVD_") and name != "IMPROVD_REQUIRE"]:
        del os.environ[name]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Who does which tests, where several processes share them."""
    from tests.sharing import Together  # noqa: PLC0415  only where pytest-xdist is

    return Together(config, log)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """End it all where that is not kept to: a sound server and a browser too many are no test of anything else."""
    node = getattr(report, "node", None)
    if node is None:
        return  # nothing is shared, or this is one of those who share
    from tests.sharing import group_of  # noqa: PLC0415  as above

    group = group_of(report.nodeid)
    if group and _DOING.setdefault(group, node.gateway.id) != node.gateway.id:
        pytest.exit(f"two processes do the tests that are {group}, which one is to do: see tests/sharing.py", 3)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail where all is required, before any fixture starts what isn't there."""
    needed = [name for mark in item.iter_markers("needs") for name in mark.args]
    missing = [f"{name} ({how})" for name in needed if (how := _how_to_get(name))]
    if not missing:
        return
    line = f"missing: {', '.join(missing)}"
    if os.environ.get("IMPROVD_REQUIRE") == "all":
        pytest.fail(f"{line}; IMPROVD_REQUIRE=all allows no skipping", pytrace=False)
    pytest.skip(line)


def _how_to_get(name: str) -> str | None:
    """How to get what is missing; None where it is there."""
    if name in _PROGRAMS:
        return None if shutil.which(name) else _PROGRAMS[name]
    return None if importlib.util.find_spec(name) else _PACKAGES[name]
