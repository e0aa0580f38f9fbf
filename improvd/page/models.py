"""The models that can be chosen on a page, by their names."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

from improvd.model import places

if TYPE_CHECKING:
    from improvd.page.web import Reply


async def listed(rest: str) -> Reply | None:
    """Their names, in order, as they are now; the disk is asked on a thread of its own. None for all else."""
    if rest:
        return None
    names = await asyncio.to_thread(lambda: sorted(places.named()))
    return "application/json", json.dumps(names).encode()


def is_name(value: object) -> bool:
    """Whether it may be the name of a model: a page can't lead to a folder elsewhere, or learn what is there."""
    return isinstance(value, str) and value not in ("", ".", "..") and Path(value).name == value and value[0] != "~"
