"""A systemd for tests: a `systemctl` that writes down what it is asked and answers as a test says."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """#!{python}
import os, sys
from pathlib import Path
here = Path(__file__).parent
words = [Path(sys.argv[0]).name, *sys.argv[1:]]
with (here / "asked").open("a") as asked:
    asked.write(" ".join(words) + "\\n")
verb = next((word for word in words[1:] if not word.startswith("-")), words[0])
if (here / ("refuses-" + verb)).exists():
    sys.exit((here / ("refuses-" + verb)).read_text())
if verb == "show":
    print((here / "facts").read_text() if (here / "facts").exists() else "")
if verb == "status":
    print("improvd.service: at ease")
    sys.exit(3)
"""


class FakeSystemd:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("systemctl", "journalctl"):
            program = folder / name
            program.write_text(PROGRAM.format(python=sys.executable))
            program.chmod(0o755)

    def asked(self) -> list[str]:
        """Each command so far."""
        asked = self.folder / "asked"
        return asked.read_text().splitlines() if asked.exists() else []

    def refuse(self, verb: str, saying: str) -> None:
        (self.folder / f"refuses-{verb}").write_text(saying)

    def know(self, **facts: str) -> None:
        (self.folder / "facts").write_text("\n".join(f"{name}={value}" for name, value in facts.items()))


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSystemd:
    folder = tmp_path / "systemd"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr("improvd.service.manager.BOOTED", folder)
    fake = FakeSystemd(folder)
    fake.know(StatusText="hearing 'keys', playing 'synth'; 0 turns")
    return fake
