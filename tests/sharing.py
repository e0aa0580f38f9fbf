"""Which tests one process does, one after another, where several share the work.

By pytest-xdist's hook for a scheduler, and not by its marks: with pytest 9.2 those are passed over without a word.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

# What is played in real time, by its folder, and who does it. Beside a browser and a sound server go on those tests in
# which processes talk to nobody but each other, and what only computes.
GROUPS = {"daemon": "among processes", "osc": "among processes", "jack": "heard", "page": "heard"}


def group_of(nodeid: str) -> str | None:
    """The group of a test by its id; None: whoever is free does it."""
    folders = PurePosixPath(nodeid.partition("::")[0]).parts
    return GROUPS.get(folders[1]) if folders[0] == "tests" and len(folders) > 2 else None


class Together(LoadScopeScheduling):
    """Each group goes to one process, the largest first; all other tests one by one to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid) or nodeid
