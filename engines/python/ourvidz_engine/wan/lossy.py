"""Accelerations of WAN that change its pictures, by the names in `--lossy`. None of them is on by itself."""

FIRST_BLOCK_CACHE = "first-block-cache"

#: The worker's ENGINE_LOSSY knows the same (`runtime/environmentSchema.ts`).
LOSSY_NAMES = frozenset({FIRST_BLOCK_CACHE})
