"""systemd, asked through its own command. Each call may wait for it; never on the way of a note."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from improvd.errors import UserError
from improvd.service.unit import NAME, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

BOOTED = Path("/run/systemd/system")
"""There where systemd runs the machine (sd_booted(3))."""


class Manager:
    """The user's systemd or the machine's. UserError, in a line, where there is none, or it refuses."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        if shutil.which("systemctl") is None or not BOOTED.is_dir():
            raise UserError(
                "there is no systemd here; have whatever starts services on this machine start 'improvd run' "
                "(it stays in the foreground, and SIGTERM ends it)"
            )

    def ask(self, *arguments: str) -> str:
        """What ``systemctl`` with ``arguments`` prints."""
        run = subprocess.run(  # noqa: S603  systemd's own command
            self._command("systemctl", *arguments), capture_output=True, text=True, check=False, env=self._environment()
        )
        if run.returncode != 0:
            said = " ".join(run.stderr.split()) or f"it ended with status {run.returncode}"
            raise UserError(f"systemctl {arguments[0]}: {said}{self._hint(run.stderr)}")
        return run.stdout

    def facts(self, *names: str) -> dict[str, str]:
        """Those properties of our unit, by name; an unknown unit has them too."""
        lines = self.ask("show", NAME, f"--property={','.join(names)}").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def pass_on(self, program: str, *arguments: str) -> int:
        """Run ``systemctl`` or ``journalctl`` on the terminal; its exit status."""
        return subprocess.call(self._command(program, *arguments), env=self._environment())  # noqa: S603  as above

    def logs(self, arguments: Sequence[str]) -> int:
        """Show our unit's part of the journal; the exit status of what shows it."""
        if shutil.which("journalctl") is None:
            raise UserError("there is no journalctl here: look where this machine keeps its logs")
        which = "--user-unit" if self._scope is Scope.USER else "--unit"
        return subprocess.call(["journalctl", f"{which}={NAME}", *arguments])  # noqa: S603, S607  as above

    def _command(self, program: str, *arguments: str) -> list[str]:
        return [program, *(["--user"] if self._scope is Scope.USER else []), *arguments]

    def _environment(self) -> dict[str, str]:
        """Ours, in plain words; a login by su leaves out where the user's systemd is reached."""
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        if self._scope is Scope.USER:
            environment.setdefault("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
        return environment

    def _hint(self, said: str) -> str:
        if self._scope is Scope.USER and "Failed to connect" in said:
            return " (your own systemd runs while you are logged in, or after: loginctl enable-linger)"
        return " (run it with sudo)" if "denied" in said or "authentication" in said else ""
