"""A bank of accumulators against two lists of sums."""
import itertools
from collections import deque

import cocotb

from sim.scnn.drive import SIZES, Block, draw

ENTRIES, PRODUCT, WORD = SIZES["entries"], SIZES["product_bits"], SIZES["word_bits"]
READ = 3                # cycles from an operation to its old value
VALUE = 2               # cycles from an operation to what it adds
PORTS = ("i_valid", "i_place", "i_product", "i_side", "side_place", "side_value", "side_take", "side_add")


def wrapped(value):
    """Return a sum modulo 2**WORD, as a signed number."""
    return (value + (1 << WORD - 1)) % (1 << WORD) - (1 << WORD - 1)


class Model:
    """Both buffers as one list; READ cycles later an old value is due, or 0 after what does not read one."""

    def __init__(self, block):
        self.block, self.sums, self.cycle, self.due = block, [0] * (2 * ENTRIES), 0, {}
        self.values, self.written = deque([{}] * VALUE), None       # what is added later; the entry of an addition just made

    async def start(self):
        await self.block.start(*PORTS)
        for place in range(2 * ENTRIES):                    # what a machine does after a reset
            await self.block.step(i_side=1, side_take=1, side_place=place)
        self.block.set(i_side=0)
        for _ in range(READ):
            await self.block.step()
        return self

    async def step(self, kind=None, place=0, value=0):
        """Do a ``product``, ``add``, ``take`` or ``read``, or nothing; a read waits a cycle after an addition to its entry."""
        side = kind in ("add", "take", "read")
        if kind in ("take", "read") and self.written == place:
            await self.step()
        self.values.append({"i_product": value, "side_value": value if kind == "add" else 0})
        await self.block.step(i_valid=kind == "product", i_place=place, i_side=side, side_place=place,
                              side_take=kind == "take", side_add=kind == "add", **self.values.popleft())
        self.written = place if kind in ("product", "add") else None
        wanted = self.due.pop(self.cycle, None)
        if wanted is not None:
            got = self.block.signed("o_value")
            assert got == wanted[1], f"entry {wanted[0]} read as {got}, expected {wanted[1]}"
        self.due[self.cycle + READ] = place, self.sums[place] if kind in ("take", "read") else 0
        if kind in ("product", "add"):
            self.sums[place] = wrapped(self.sums[place] + value)
        elif kind == "take":
            self.sums[place] = 0
        self.cycle += 1

    async def drain(self):
        for place in range(2 * ENTRIES):
            await self.step("take", place)
        for _ in range(READ):
            await self.step()


@cocotb.test(timeout_time=20, timeout_unit="ms")
@cocotb.parametrize(busy=[0.5, 0.9, 1.0], side=[0.0, 0.3, 1.0], spread=[1, 2, 3, 2 * ENTRIES])
async def sums_are_exact(dut, busy, side, spread):
    """The same few entries of both buffers again and again in any cycle, corners among the values."""
    model, rng = await Model(Block(dut)).start(), draw()
    top = (1 << PRODUCT - 1) - 1
    some = [rng.randrange(2 * ENTRIES) for _ in range(spread)]
    for _ in range(500):
        if rng.random() >= busy:
            await model.step()
        elif rng.random() < side:
            await model.step(rng.choice(("add", "take", "read")), rng.choice(some),
                             rng.randrange(-1 << WORD - 1, 1 << WORD - 1))
        else:
            await model.step("product", rng.choice(some), rng.choice((0, 1, -1, top, -top - 1, rng.randrange(-top, top))))
    await model.drain()


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def every_gap_is_forwarded(dut):
    """Three operations of every kind on one entry at every distance up to five cycles."""
    model = await Model(Block(dut)).start()
    for first, second in itertools.product(range(1, 6), repeat=2):
        for kinds in itertools.product(("product", "add", "take", "read"), repeat=3):
            for turn, kind in enumerate(kinds):
                await model.step(kind, 3, 1000 + turn)
                for _ in range((first, second, 6)[turn] - 1):
                    await model.step()
    await model.drain()
