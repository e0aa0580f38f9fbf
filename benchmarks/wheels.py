"""Which of the daemon's dependencies a Raspberry Pi gets ready-made: `python benchmarks/wheels.py [PLATFORM]`.

For each Python that improvd runs on, pip is asked, without installing anything, for all that the daemon needs as wheels
for Linux on PLATFORM (aarch64). What has none would have to be compiled there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
GLIBC = range(17, 37)
"""Minor versions of glibc 2 that its wheels may ask for: up to Debian 12's."""


def wheels(needed: list[str], python: str, machine: str) -> list[str] | None:
    """The names of the wheels that pip would take; None where there is one for not everything."""
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in GLIBC]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report=-"]
    command += [f"--python-version={python}", "--implementation=cp", "--only-binary=:all:"]
    command += [f"--platform=manylinux2014_{machine}", *platforms]
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([*command, f"--target={folder}", *needed], capture_output=True, text=True, check=False)  # noqa: S603  our own pip
    if run.returncode != 0:
        return None
    report = json.loads(run.stdout)
    return [Path(one["download_info"]["url"]).name for one in report["install"]]


def main() -> None:
    """Print what is made for the machine in particular, and what is missing."""
    machine = sys.argv[1] if len(sys.argv) > 1 else "aarch64"
    project = Path(__file__).parent.parent / "pyproject.toml"
    needed = tomllib.loads(project.read_text())["project"]["dependencies"]
    for python in PYTHONS:
        found, missing = [], []
        for requirement in needed:
            # Pip goes by the Python it runs on where a requirement has a condition.
            name, _, condition = requirement.partition(";")
            if condition and python != "3.10":
                continue
            one = wheels([name], python, machine)
            (missing if one is None else found).append(name if one is None else one)
        names = sorted({name for one in found for name in one})
        made = [name for name in names if not name.endswith("-none-any.whl")]
        print(f"{python}: {len(names)} wheels; for {machine}: {', '.join(made)}; none of: {', '.join(missing) or '—'}")


if __name__ == "__main__":
    main()
