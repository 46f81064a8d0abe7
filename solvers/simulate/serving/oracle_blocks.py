"""A pool of KV blocks as vLLM keeps it: a queue of free blocks, of which some still hold what can be hit.

Block 0 is vLLM's null block and is never given out. A full block has a key; a free block keeps its key until it is
taken from the head of the queue. Two blocks may have the same key: the one that got it first is hit first.
Source: vllm/v1/core/block_pool.py of vLLM 0.19 [kwon2023efficient].
"""

from collections import OrderedDict

Key = tuple[int, int, int]


class BlockPool:
    """The blocks of one rank; a block is its number."""

    def __init__(self, blocks: int) -> None:
        self.free: OrderedDict[int, None] = OrderedDict.fromkeys(range(1, blocks))
        self.holders = [0] * blocks
        self.key_of: dict[int, Key] = {}
        self.with_key: dict[Key, OrderedDict[int, None]] = {}
        self.usable = blocks - 1

    @property
    def in_use(self) -> int:
        """Blocks that some request holds."""
        return self.usable - len(self.free)

    def hits(self, keys: list[Key]) -> list[int]:
        """The cached blocks of the first keys, up to the first that is not there."""
        found = []
        for key in keys:
            if key not in self.with_key:
                break
            found.append(next(iter(self.with_key[key])))
        return found

    def fits(self, blocks: int, hits: list[int]) -> bool:
        """Whether so many new blocks are free when the hits, of which some lie in the queue, are taken as well."""
        return blocks + sum(1 for block in hits if self.holders[block] == 0) <= len(self.free)

    def touch(self, hits: list[int]) -> None:
        """Take blocks that were hit out of the queue, or share them."""
        for block in hits:
            if self.holders[block] == 0:
                del self.free[block]
            self.holders[block] += 1

    def take(self, count: int) -> list[int]:
        """So many blocks from the head of the queue; what they held is forgotten."""
        taken = []
        for _ in range(count):
            block, _nothing = self.free.popitem(last=False)
            self._forget(block)
            self.holders[block] = 1
            taken.append(block)
        return taken

    def name(self, block: int, key: Key) -> None:
        """The block is full: from now on it can be hit."""
        self.key_of[block] = key
        self.with_key.setdefault(key, OrderedDict())[block] = None

    def release(self, blocks: list[int]) -> None:
        """Give back a request's blocks, its last first, to the end of the queue."""
        for block in reversed(blocks):
            self.holders[block] -= 1
            if self.holders[block] == 0:
                self.free[block] = None

    def _forget(self, block: int) -> None:
        key = self.key_of.pop(block, None)
        if key is None:
            return
        same = self.with_key[key]
        del same[block]
        if not same:
            del self.with_key[key]
