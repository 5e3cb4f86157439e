"""How the C library gives memory back: set once, by processes that live long and hold large arrays."""

from __future__ import annotations

import ctypes

_MMAP_THRESHOLD_OPTION = -3
_MMAP_THRESHOLD = 256 * 1024


def return_large_blocks() -> bool:
    """Have blocks over 256 kB mapped on their own, so that freeing one returns it; False where not so.

    By default glibc raises that limit to the size of what was freed, up to 32 MB: arrays that are made anew
    again and again then fragment the heap, and resident memory creeps up although what is held does not grow.
    Other C libraries are left alone.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD_OPTION, _MMAP_THRESHOLD))
