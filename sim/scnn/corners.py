"""Networks at the limits of an array as small as that of ``sim/scnn/test_mutants.py``: full programs, queues and blocks."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from compress.scnn.assemble import Assembly
from golden.scnn.layer import Layer, Pool
from sim.scnn import stress
from sim.scnn.check import Case
from sim.scnn.networks import conv, sparse
from spec.scnn import ScnnSpec, locate, preset
from spec.scnn.program import LANE_LAYER, SUPPLY_LAYER, pack, unpack

LAYERS = 16             # that the array keeps
PLANES = (16, 16), (2, 63), (64, 2), (8, 31), (70, 2), (2, 94), (100, 2), (2, 116)
GROWN = ((2, (7, 8), (14, 15), 14), (2, (5, 9), (16, 12), 16), (1, (7, 8), (14, 15), 10), (1, (8, 8), (14, 18), 11),
         (1, (15, 1), (4, 64), 4))
"""Outputs, filter and plane of a layer whose channels lie more than 128 accumulators apart; rows of inputs that are not 0."""
POOLS = (("sum", (8, 8), (8, 8), (0, 0), (8, 8)), ("max", (7, 8), (4, 5), (3, 5), (7, 9)),
         ("sum", (9, 5), (6, 5), (6, 2), (9, 7)), ("sum", (1, 31), (1, 15), (0, 0), (1, 61)),
         ("sum", (31, 1), (10, 1), (0, 0), (61, 1)),
         ("max", (8, 7), (8, 7), (7, 6), (8, 8)), ("max", (16, 2), (13, 2), (7, 1), (30, 2)))
"""Kind, size, stride and pad of pools over large windows, and the plane of one tile that they take."""
STRIDES = (((7, 8), (4, 4), (3, 3, 3, 4), (17, 16), 0), ((6, 6), (3, 3), (2, 3, 2, 3), (8, 8), 1),
           ((1, 11), (1, 4), (0, 0, 5, 5), (2, 30), 1), ((11, 2), (4, 1), (5, 5, 0, 1), (30, 6), 0))
"""Filters and strides of many phases, their pad, plane and level."""
WIDE = (((1, 16), (0, 0, 7, 8), (4, 32), 0), ((16, 1), (10, 5, 0, 0), (40, 4), 0), ((1, 16), (0, 0, 8, 7), (56, 4), 0),
        ((1, 15), (0, 0, 9, 5), (3, 20), 1), ((7, 7), (6, 2, 5, 1), (7, 9), 1))
"""Filters as long as a gap between rows may be, their pad, plane and level."""
TILE, PIXELS = (4, 16), 64
"""Rows and columns of a tile on 2 x 2 PEs, and what lies between the accumulators of two of its channels."""
ENDS = (2, 2), (3, 3), (4, 2), (6, 3)
"""Outputs and passes of a layer of one channel, of which the last passes have no weights."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Roomy(Case):
    """A network of one 3 x 3 layer of one pair, whose buffers have as many slots as they can: passes follow at once."""

    def assembly(self, spec: ScnnSpec) -> Assembly:
        """Return the network laid out with the smallest slots."""
        made = super().assembly(spec)
        mapping, lanes, supply = made.mappings[0], made.lanes.copy(), made.supply.copy()
        rows, cols = (-(-side // tiles) for side, tiles in zip(self.x.shape[1:], (spec.rows, spec.cols), strict=True))
        weights, acts = ((-(-most // size) - 1).bit_length()
                         for most, size in ((9 * mapping.kc, spec.f), (rows * cols, spec.i)))
        head = unpack(LANE_LAYER, [int(word) for word in lanes[:2]])
        lanes[:2] = pack(LANE_LAYER, head | {"slot_log2": weights})
        for own in supply:
            head = unpack(SUPPLY_LAYER, [int(own[0])])
            own[:1] = pack(SUPPLY_LAYER, head | {"weight_slot_log2": weights, "act_slot_log2": acts})
        return replace(made, lanes=lanes, supply=supply)


def cases() -> Iterator[Case]:
    """Return every network of this module; some do not fit every array."""
    yield from _programs()
    yield from _uneven()
    yield from _early()
    yield from _waits()
    yield from _fields()
    yield from _sizes()
    yield from _queues()


def _programs() -> Iterator[Case]:
    """Programs filled to their last words, and layers of many passes, some of which wait for those of others."""
    rng = np.random.default_rng(11)
    yield Case(name="many", layers=_many(rng), x=sparse(rng, (2, 4, 3), 0.8, 100), levels=(0,) * LAYERS)
    given: dict[str, tuple[Any, Any, Any, dict[str, Any], tuple[int, int]]] = {
        "passes": ((3, 2, 3), (40, 3, 1, 1), (20, 40, 1, 1), {}, (40, 20)),
        "own": ((3, 3, 5), (21, 3, 1, 1), (21, 1, 3, 3), {"groups": 21, "pad": (1,) * 4}, (7, 11)),
        "groups": ((4, 3, 5), (20, 4, 1, 1), (20, 5, 1, 3), {"groups": 4, "pad": (0, 0, 1, 1)}, (7, 5)),
        "added": ((4, 3, 4), (20, 4, 1, 1), (20, 20, 1, 1), {"residual": ("a", 1)}, (4, 7))}
    for name, (shape, first, second, more, passes) in given.items():
        layers = [conv(rng, "a", "input", first, shift=4), conv(rng, "b", "a", second, shift=5, **more)]
        yield Case(name=name, layers=layers, x=sparse(rng, shape, 0.9, 100), levels=(0, 0), passes=passes)
    layers = [conv(rng, "a", "input", (62, 3, 1, 1), shift=4), conv(rng, "b", "a", (60, 62, 1, 1), shift=4, density=0.2),
              conv(rng, "c", "b", (62, 60, 1, 1), shift=4, density=0.1)]
    yield Case(name="channels", layers=layers, x=sparse(rng, (3, 1, 2), 0.9, 100), levels=(1, 1, 1), passes=(1, 5, 16))
    for outputs, count in ENDS:
        for bias in (True, False):
            one = conv(rng, "a", "input", (outputs, 1, 3, 3), density=1.0, shift=3, bias=bias, pad=(1,) * 4)
            one.weight[outputs // 2:] = 0
            yield Roomy(name=f"ends-{outputs}-{bias}", layers=[one], x=sparse(rng, (1, 8, 8), 1.0, 100), levels=(0,),
                        passes=(count,))


def _uneven() -> Iterator[Case]:
    """Parts that PEs send themselves, long in some and empty in others, ahead of parts for all, which wait for the longest."""
    for seed, (rows, cols) in enumerate(((3, 3), (4, 4), (4, 5), (3, 5), (1, 2), (4, 7))):
        rng = np.random.default_rng([51, seed])
        channels = 30 if rows * cols < 4 else 14
        first = conv(rng, "a", "input", (channels, 2, 1, 1), density=1.0)
        first = replace(first, bias=np.where(rng.random(channels) < 0.5, 1, -1).astype(np.int32) * 20_000)
        second = conv(rng, "b", "a", (channels, channels, 1, 1), density=0.1, shift=4, residual=("a", 0))
        yield Case(name=f"uneven-{rows}-{cols}", layers=[first, second], x=sparse(rng, (2, rows, cols), 1.0, 100),
                   levels=(1, 1), passes=(1, 2))
    rng = np.random.default_rng(52)
    layers = [conv(rng, "a", "input", (30, 2, 1, 1), shift=4), conv(rng, "b", "a", (25, 30, 1, 1), shift=4)]
    yield Case(name="together", layers=layers, x=sparse(rng, (2, 2, 2), 0.9, 100), levels=(0, 0), passes=(1, 2))


def _early() -> Iterator[Case]:
    """Ends of parts that come before the PE has looked up the parts; many parts, each of which waits for a pass of its own.

    One PE has most of a layer's work and is late. It sends the first part of the next layer; after it one PE sends several
    single channels, as fast as it reads them, and in a burst many more.
    """
    for late, fast, count in ((0, 1, 1), (0, 3, 2), (1, 0, 1), (2, 0, 1), (3, 2, 1)):
        rng = np.random.default_rng([61, late, fast])
        first = conv(rng, "a", "input", (64, 12, 1, 1), density=1.0, shift=4)
        first = replace(first, weight=np.where((np.arange(64) % 4 == late)[:, None, None, None], first.weight, 0))
        singles = [60 + late, *range(fast, 64, 4)]
        for name, taken, more in (("early", singles, 0), ("burst", singles[:6], 64)):
            sources = (*(f"a:{channel}:{channel + 1}" for channel in taken), *("a",) * (more > 0))
            layers = [first, conv(rng, "b", sources, (4, len(taken) + more, 1, 1), shift=4),
                      conv(rng, "c", "b", (4, 4, 1, 1), shift=3)]
            yield Case(name=f"{name}-{late}-{fast}", layers=layers, x=sparse(rng, (12, 1, 1), 1.0, 100), levels=(1,) * 3,
                       passes=(count, 1, 1))
    for channels, count, levels in ((24, 24, (0, 1)), (24, 12, (0, 1)), (30, 10, (0, 1)), (15, 15, (0, 0)), (48, 12, (1, 1))):
        rng = np.random.default_rng([62, channels, count])
        layers = [conv(rng, "a", "input", (channels, 2, 1, 1), density=1.0, shift=4),
                  conv(rng, "b", "a", (6, channels, 1, 1), density=0.3, shift=4)]
        yield Case(name=f"steps-{channels}-{count}", layers=layers, x=sparse(rng, (2, 3, 4), 1.0, 100), levels=levels,
                   passes=(count, 2))


def _waits() -> Iterator[Case]:
    """Passes that wait, each for one of its own: their drains are slow, and lookups are many passes ahead."""
    for channels, count, own, step in ((3, 3, 3, 5), (4, 4, 4, 5), (8, 8, 8, 5), (8, 4, 8, 5), (30, 30, 30, 5), (8, 4, 3, 5),
                                       (9, 5, 3, 5), (7, 7, 4, 5), (6, 3, 2, 5), (16, 16, 0, 5), (36, 36, 0, 2)):
        rng = np.random.default_rng([63, channels, count, own])
        slow = Pool(kind="sum", size=(10, 11), stride=(step, 2 * step))
        level = int(not own)
        layers = [conv(rng, "a", "input", (channels, 1, 7, 8), density=0.2, shift=6, pad=(6, 6, 7, 7), pool=slow, bias=False),
                  conv(rng, "b", "a", (channels if own else 4, 1 if own else channels, 1, 1), density=1.0, shift=2, bias=False,
                       groups=channels if own else 1)]
        yield Case(name=f"waits-{channels}-{count}-{own}", layers=layers, x=sparse(rng, (1, 14, 15), 0.3, 100),
                   levels=(0, level), passes=(count, own or 1))
    rng = np.random.default_rng(64)
    layers = [conv(rng, "m0", "input", (14, 2, 1, 1), shift=4)]
    layers += [conv(rng, f"m{number}", f"m{number - 1}", (12, 14 if number == 1 else 12, 1, 1), density=0.4, shift=4)
               for number in range(1, 10)]
    layers.append(conv(rng, "last", ("m9", "m0:0:5", "m3:0:5", "m5"), (3, 34, 1, 1), shift=5))
    yield Case(name="long ago", layers=layers, x=sparse(rng, (2, 2, 2), 1.0, 100), levels=(0,) * 11,
               passes=(14, *(12,) * 9, 1))
    taken = tuple(f"m:{number}:{number + 1}" for number in range(39, 3, -1))
    layers = [conv(rng, "m", "input", (40, 2, 1, 1), shift=4), conv(rng, "b", taken, (5, 36, 1, 1), shift=5)]
    yield Case(name="pieces", layers=layers, x=sparse(rng, (2, 2, 2), 1.0, 100), levels=(0, 0))
    layers = [conv(rng, "a", "input", (62, 1, 1, 1), density=1.0), conv(rng, "b", ("a",) * 17, (1, 62 * 17, 1, 1), density=0.1)]
    yield Case(name="pairs", layers=layers, x=sparse(rng, (1, 1, 2), 1.0, 20), levels=(0, 0), passes=(2, 1))


def _many(rng: np.random.Generator) -> list[Layer]:
    """Return as many layers as the array keeps, each of up to three of those before it."""
    names, layers = ["input"], []
    for number in range(LAYERS):
        sources = tuple(names[-(1 if number % 7 == 6 else 3 if number % 3 == 2 else 2):])
        channels = sum(2 if name == "input" else 3 for name in sources)
        layers.append(Layer(name=f"m{number}", inputs=sources, weight=sparse(rng, (3, channels, 1, 1), 0.8), shift=5,
                            bias=rng.integers(-100, 100, 3).astype(np.int32)))
        names.append(f"m{number}")
    return layers


def _fields() -> Iterator[Case]:
    """Outputs at the edge of 16 bits, large planes, windows, strides, filters and blocks."""
    rng = np.random.default_rng(31)
    for first in range(0, 17, 4):
        yield Case(name=f"clipped-{first}", layers=clipped(rng, range(first, min(first + 4, 17))),
                   x=sparse(rng, (1, 2, 3), 0.7, 100), levels=())
    for shift in (0, 3, 7, 8, 12, 15):
        ends = [sign << bit for bit in range(15, 31) for sign in (1, -1)]
        yield Case(name=f"powers-{shift}", x=sparse(rng, (1, 1, 1), 1.0, 1), levels=(0,), layers=[
            Layer(name="a", inputs=("input",), weight=np.zeros((len(ends), 1, 1, 1), np.int16), shift=shift, relu=False,
                  bias=np.array(ends, np.int32))])
    for plane in PLANES:
        layers = [conv(rng, "a", "input", (2, 2, 1, 1), shift=4), conv(rng, "b", "a", (1, 2, 1, 1), shift=4)]
        yield Case(name=f"plane-{plane}", layers=layers, x=sparse(rng, (2, *plane), 0.3, 100), levels=(0, 0))
    for kind, size, stride, blank, tile in POOLS:
        pool = Pool(kind=kind, size=size, stride=stride, pad=blank)
        yield Case(name=f"{kind}-{size}", layers=[conv(rng, "a", "input", (3, 2, 1, 1), shift=6, pool=pool, relu=False)],
                   x=sparse(rng, (2, *tile), 0.4, 100), levels=(1,))
    for window, step, pad, plane, level in STRIDES:
        layers = [conv(rng, "a", "input", (2, 2, *window), shift=6, stride=step, pad=pad),
                  conv(rng, "b", "a", (3, 2, 1, 1), shift=3)]
        yield Case(name=f"strides-{window}", layers=layers, x=sparse(rng, (2, *plane), 0.4, 100), levels=(level, level))
    for window, pad, plane, level in WIDE:
        layers = [conv(rng, "a", "input", (1, 2, 1, 1), shift=3), conv(rng, "b", "a", (1, 1, *window), shift=6, pad=pad)]
        yield Case(name=f"wide-{window}-{plane}", layers=layers, x=sparse(rng, (2, *plane), 0.5, 100), levels=(level, level))
    for level, plane in ((1, (8, 8)), (0, (14, 15))):
        layers = [conv(rng, "a", "input", (1, 1, 7, 8), shift=3, pad=(6, 6, 7, 7), relu=False)]
        yield Case(name=f"grown-{level}", layers=layers, x=sparse(rng, (1, *plane), 0.8, 100), levels=(level,))


def _sizes() -> Iterator[Case]:
    """Channels far from each other, long blocks that end in zeros, weights that fill a slot, networks turned by 90 degrees."""
    rng = np.random.default_rng(71)
    for outputs, window, plane, rows in GROWN:
        pad = (window[0] - 1,) * 2 + (window[1] - 1,) * 2
        x = sparse(rng, (1, *plane), 1.0, 100)
        x[:, rows:] = 0
        yield Case(name=f"far-{outputs}-{plane}", levels=(0,), passes=(1,), x=x, layers=[
            conv(rng, "a", "input", (outputs, 1, *window), density=1 / outputs, shift=2, pad=pad, relu=False, bias=False)])
    for plane, window in (((8, 8), (7, 7)), ((15, 4), (1, 13)), ((32, 2), (1, 14))):
        layers = [conv(rng, "a", "input", (1, 1, 1, 1), shift=2),
                  conv(rng, "b", "a", (4, 1, *window), shift=5, pad=tuple(side // 2 for side in window for _ in range(2)))]
        yield Case(name=f"one-{plane}-{window}", layers=layers, x=sparse(rng, (1, *plane), 0.8, 100), levels=(0, 1))
    for outputs, window in ((7, (3, 3)), (4, (5, 3)), (32, (1, 2))):
        yield Case(name=f"heavy-{outputs}", x=sparse(rng, (2, 6, 7), 0.7, 100), levels=(0,), passes=(1,), layers=[
            conv(rng, "a", "input", (outputs, 2, *window), density=1.0, shift=6)])
    for plane in ((5, 7), (5, 5), (3, 5)):
        layers = [conv(rng, "a", "input", (16, 2, 3, 3), pad=(1,) * 4, shift=6),
                  conv(rng, "b", "a", (16, 16, 3, 3), pad=(1,) * 4, shift=7)]
        yield Case(name=f"turns-{plane}", layers=layers, x=sparse(rng, (2, *plane), 0.8, 100), levels=(0, 0))
    for seed in (0, 2):
        layers, x = stress.network("single", seed)
        yield Case(name=f"turned-{seed}", layers=[_turned(layer) for layer in layers], x=x.transpose(0, 2, 1),
                   levels=(seed % 2,) * len(layers))


def _turned(layer: Layer) -> Layer:
    """Return a layer with rows and columns exchanged."""
    (top, bottom, left, right), pool = layer.pad, layer.pool
    if pool is not None:
        pool = replace(pool, size=pool.size[::-1], stride=pool.stride[::-1], pad=pool.pad[::-1])
    return replace(layer, weight=layer.weight.transpose(0, 1, 3, 2), stride=layer.stride[::-1], pad=(left, right, top, bottom),
                   pool=pool)


def clipped(rng: np.random.Generator, given: range) -> list[Layer]:
    """Return a layer for each shift whose outputs lie around the ends of 16 bits, and one that passes on what all made."""
    layers, room = [], (1 << 31) - 20_000
    for shift in given:
        edge = 1 << 15 + shift
        ends = (edge - 1, edge, -edge, -edge - 1, 2 * edge + 5, -2 * edge - 3, 3 * edge // 2, 1 - edge + (1 << shift >> 1))
        layers.append(Layer(name=f"s{shift}", inputs=("input",), weight=sparse(rng, (len(ends), 1, 1, 1), 1.0), shift=shift,
                            relu=False, bias=np.clip(ends, -room, room).astype(np.int32)))
    channels = sum(len(layer.weight) for layer in layers)
    return [*layers, Layer(name="all", inputs=tuple(one.name for one in layers), relu=False,
                           weight=np.eye(channels, dtype=np.int16)[:, :, None, None])]


def _queues() -> Iterator[Case]:
    """Products that meet in few banks, and as many of them as there can be."""
    for bank in range(8):
        # a single output uses half the multipliers, whose queues nothing else hides; the second pass has the other buffer
        for outputs, count in ((1, 1), (2, 1), (2, 2), (4, 2)):
            each = outputs // count
            rng = np.random.default_rng([21, bank, each])
            x = np.tile(_for_bank(bank, each - 1), (4, 2, 2)) * sparse(rng, (4, 2 * TILE[0], 2 * TILE[1]), 1.0, 100)
            weight = sparse(rng, (outputs, len(x), 1, 1), 1.0)
            yield Case(name=f"bank-{bank}-{outputs}-{count}", x=x, levels=(0,), passes=(count,),
                       layers=[Layer(name="a", inputs=("input",), weight=weight, shift=6)])
    for seed in range(4):
        rng = np.random.default_rng([22, seed])
        layers = [conv(rng, "a", "input", (9, 6, 3, 3), density=1.0, shift=6, pad=(1,) * 4, bias=False),
                  conv(rng, "b", "a", (8, 9, 1, 1), density=1.0, shift=6, bias=False)]
        yield Case(name=f"full-{seed}", layers=layers, x=sparse(rng, (6, 4 + seed, 5), 1.0, 100), levels=(seed % 2,) * 2)


def _for_bank(bank: int, channel: int) -> np.ndarray:
    """Return which pixels of a tile meet their accumulator of a channel in a bank, of an array of 8 banks."""
    spec = preset("ecp5")
    found = [locate(spec, channel * PIXELS + pixel)[0] == bank for pixel in range(PIXELS)]
    return np.array(found, np.int16).reshape(TILE)


def marathon() -> Case:
    """Return a network of 60 short passes, for many runs in a row: passes are counted from the reset on.

    The second layer begins with what the last passes of the first one write, for which it must wait.
    """
    rng = np.random.default_rng(41)
    layers = [conv(rng, "a", "input", (40, 1, 1, 1), density=1.0, shift=2, bias=False),
              conv(rng, "b", "a:36:40", (20, 4, 1, 1), density=0.8, shift=4, bias=False)]
    return Case(name="marathon", layers=layers, x=sparse(rng, (1, 1, 2), 1.0, 100), levels=(0, 0), passes=(40, 20))
