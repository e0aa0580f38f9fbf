"""What each piece is for: to be learnt from, to watch the fitting by, or to be judged by."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

TRAIN, VALID, TEST = "train", "valid", "test"
VALID_SHARE: Final = 0.05


def splits(own: Sequence[str], digests: Sequence[str]) -> list[str]:
    """The split of each piece: its ``own`` where a manifest gives one, else by its content, one in twenty to watch.

    Where that leaves nothing to watch by, it is the piece with the smallest digest; where it leaves nothing to learn
    from, what would have watched is learnt from. A single piece is only learnt from.
    """
    found = [split or _by_content(digest) for split, digest in zip(own, digests, strict=True)]
    if TRAIN not in found:
        found = [TRAIN if split == VALID else split for split in found]
    learnt = [number for number, split in enumerate(found) if split == TRAIN]
    if VALID not in found and len(learnt) > 1:
        found[min(learnt, key=digests.__getitem__)] = VALID
    return found


def _by_content(digest: str) -> str:
    share = int(hashlib.sha1(digest.encode(), usedforsecurity=False).hexdigest()[:8], 16) / 2**32
    return VALID if share < VALID_SHARE else TRAIN
