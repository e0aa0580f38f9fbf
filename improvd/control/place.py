"""Where the sockets of running sessions are, which of them are alive, and how a session gets its own.

The folder is the user's alone. Beside each socket lies a file that its session keeps locked: the kernel lets go of the
lock however the session ends, so whoever gets it knows that the socket is nobody's any more.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from improvd.errors import UserError

FIRST = "control"
"""The name of the first session's socket; another's has its process id as well."""
SYSTEM = Path("/run/improvd")
"""Where a service of the whole system has its own."""
WAITING = 8
"""Clients that may knock before they are let in."""


class Claimed(NamedTuple):
    """A session's own place: ``listening`` at ``path``; ``lock`` is held open for as long as it is."""

    path: Path
    listening: socket.socket
    lock: int

    def give_up(self) -> None:
        """Nobody is let in any more, and nothing is left behind."""
        self.listening.close()
        self.path.unlink(missing_ok=True)
        if self.path.stem != FIRST:  # whose lock may be waited for by the next
            _lock_of(self.path).unlink(missing_ok=True)
        os.close(self.lock)


def folder() -> Path:
    """Where a session of this user, or this service, has its socket."""
    # systemd names several where several were asked for; ours asks for one.
    given = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / "improvd"
    import platformdirs  # noqa: PLC0415  most systems name the folder themselves

    # Not its runtime folder: without that variable it is one in /tmp, whose name another user may have taken before.
    return platformdirs.user_cache_path("improvd") / "run"


def claim(where: Path | None = None) -> Claimed:
    """A socket of our own in the folder, and those of sessions that were killed cleaned away. Raises `UserError`."""
    where = where or folder()
    try:
        _make_private(where)
        _clean(where)
        for name in (FIRST, f"{FIRST}-{os.getpid()}"):
            path = where / f"{name}.sock"
            lock = _try_lock(_lock_of(path))
            if lock is not None:
                return Claimed(path, _listen(path), lock)
    except OSError as error:
        raise UserError(f"no control socket in {where}: {error.strerror or error}") from error
    raise UserError(f"no control socket in {where}: another session has our process id")


def alive(where: Path | None = None) -> list[Path]:
    """The sockets that somebody listens at: this user's, and the system's service where one may ask it."""
    found = []
    for place in dict.fromkeys([where] if where else [folder(), SYSTEM]):
        for path in sorted(place.glob("*.sock")):
            with suppress(OSError), socket.socket(socket.AF_UNIX) as knocking:
                knocking.settimeout(1.0)
                knocking.connect(str(path))
                found.append(path)
    return found


def _make_private(where: Path) -> None:
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = where.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise OSError("it must be a folder that is yours, and that no one else may write to")


def _clean(where: Path) -> None:
    """Take away what sessions left behind that could not."""
    for lock_path in where.glob(f"{FIRST}-*.lock"):
        lock = _try_lock(lock_path)
        if lock is not None:
            lock_path.with_suffix(".sock").unlink(missing_ok=True)
            lock_path.unlink(missing_ok=True)
            os.close(lock)


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _try_lock(path: Path) -> int | None:
    """The locked file, or None where another holds it."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever cleaned up meanwhile has taken this very file away: ours must be the one that others find.
            if path.stat().st_ino == os.fstat(fd).st_ino:
                return fd
        except BlockingIOError:
            os.close(fd)
            return None
        except FileNotFoundError:
            pass
        os.close(fd)


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    try:
        before = os.umask(0o177)
        try:
            listening.bind(str(path))
        finally:
            os.umask(before)
        listening.listen(WAITING)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening
