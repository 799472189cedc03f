"""What a host does with an SCNN array: load an image, run inputs, read outputs and counters. See `compress.actions`.

The weights of a run come over the array's own stream and are offered before each start, unless the machine has a weight
memory: then they are packets of the image, sent once.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compress.actions import Actions, Offer, ReadRegister, ReadRegisters, Receive, Send, Wait, WriteRegister, named
from compress.ends import keep
from compress.scnn import stream
from compress.scnn.image import Image
from compress.scnn.parts import Parts
from compress.scnn.tensor import recover, store
from spec.scnn import COUNTERS, WEIGHT_STREAM, ScnnSpec
from spec.scnn.shape import ACT_ENTRY_BITS, VALUE_BITS

BROKEN = ("short", "long", "unknown", "range")
"""Flags that say that a packet was not as it must be."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """What an input gave.

    Parameters
    ----------
    outputs : numpy.ndarray
        int16 (channels, rows, columns).
    counters : dict
        Hardware counters; of an input that ran in parts the sums of theirs.
    flags : dict
        Flags at the end; of an input that ran in parts those that any part set, with ``act_overflow``.
    overflow : dict
        ``layer`` and ``pe`` whose outputs did not fit, where the input ran in parts; else empty.
    parts, lost : int
        How many parts ran, and the cycles of the run that did not fit; 0 where all fitted.
    """

    outputs: np.ndarray
    counters: dict[str, int]
    flags: dict[str, int]
    overflow: dict[str, int] = field(default_factory=dict)
    parts: int = 0
    lost: int = 0

    @property
    def in_parts(self) -> dict[str, int]:
        """What a report tells of an input that ran in parts; empty where all fitted."""
        return {**self.overflow, "parts": self.parts, "lost_cycles": self.lost} if self.parts else {}


def inputs(image: Image, values: Any) -> tuple[np.ndarray, int]:
    """Return inputs as int16 (inputs, channels, rows, columns), and how many values saturated on the way.

    One input or several, each of the image's shape or its elements in a row, in the order of the network's file; floats and
    uint8 are real values, which the image's scale quantises, other integers are taken as they are. Either are kept
    between the image's ``input_bounds``.
    """
    given, shape = np.asarray(values), image.input_shape
    given = given[None] if given.shape == shape else given
    if given.shape[1:] not in (shape, (math.prod(shape),)) or not len(given):
        raise ValueError(f"inputs must be of shape {' x '.join(map(str, shape))}, not {np.shape(values)}")
    given = image.placed(given)
    if given.dtype.kind == "f" or given.dtype == np.uint8:
        steps = np.rint(given.astype(np.float64) / image.input_scale)
        if not np.isfinite(steps).all():
            raise ValueError("inputs must be finite numbers, not NaN or infinite")
        steps = keep(image.input_bounds, steps)
        clipped = np.clip(steps, -32768, 32767)
        return clipped.astype(np.int16), int((clipped != steps).sum())
    if given.dtype.kind not in "iu" or given.min() < -32768 or given.max() > 32767:
        raise TypeError(f"inputs must be floats or integers of 16 bits, not {given.dtype}")
    return keep(image.input_bounds, given).astype(np.int16), 0


def outputs(image: Image, result: Result) -> np.ndarray:
    """Return the real values that a result stands for: channels, rows, columns, or as the network's file orders them."""
    return image.answers(result.outputs[None])[0] * image.output_scale


def load_actions(image: Image) -> Actions:
    """Send the programs of an image; return None. A packet that the machine finds broken raises a ``RuntimeError``."""
    yield WriteRegister("flags", dict.fromkeys(BROKEN, 1))
    for kind in ("layers", "lanes", "taps"):
        yield Send(stream.packet(kind, 0, image.arrays[kind]))
    if "codebooks" in image.arrays:
        for number, book in enumerate(image.arrays["codebooks"]):
            yield Send(stream.packet("codebook", number, np.ascontiguousarray(book, "<i2").view("<u8")))
    for pe in range(image.spec.pes):
        for kind in ("supply", "drain"):
            yield Send(stream.for_pe(kind, pe, 0, image.arrays[kind][pe]))
    if image.spec.weight_memory:
        for packet in stream.weight_packets(image.spec, image.arrays["weights"]):
            yield Send(packet)
    flags = yield ReadRegister("flags")
    if any(flags[name] for name in BROKEN):
        raise RuntimeError(f"the image must arrive whole, and it has not; flags: {named(flags)}; "
                           f"reset the machine and load it again")


def input_packets(image: Image, x: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the packets that bring an input (channels, rows, columns) into the memories."""
    for pe in range(image.spec.pes):
        table, memory = store(image.spec, image.source, x, pe, 0)
        for first, entries in stream.table_words(table):
            yield stream.for_pe("blocks", pe, first, entries)
        if len(memory):
            yield stream.for_pe("activations", pe, 0, stream.memory_words(image.spec, memory))


def run_actions(image: Image, x: np.ndarray, *, limit: int = 1_000_000_000) -> Actions:
    """Send an input, run all layers, read the output and the counters; return a `Result`.

    An input whose activations do not fit their regions runs again in parts, if the image has them, and the image is loaded
    again after them. If it has none, a ``RuntimeError`` names the layer and the PE. ``limit`` is that of each wait in cycles.
    """
    for packet in input_packets(image, x):
        yield Send(packet)
    yield WriteRegister("flags", {"done": 1, "refused": 1, "saturated": 1, "act_overflow": 1})
    yield WriteRegister("layers", {"first": 0, "count": len(image.arrays["layers"])})
    if not image.spec.weight_memory:
        yield Offer(WEIGHT_STREAM, stream.transfers(image.spec, image.arrays["weights"]))
    yield WriteRegister("control", {"start": 1})
    flags = yield Wait("done", limit=limit, what="the layers")
    _accepted(flags, "start")
    if flags["act_overflow"]:
        where = yield ReadRegister("overflow")
        if image.parts is not None:
            return (yield from _in_parts(image, image.parts, x, where, limit))
        raise RuntimeError(f"outputs of layer {where['layer']} must fit the memory of PE {where['pe']}, and do not; "
                           f"take more memory_words or a smaller input")
    found = yield ReadRegisters(tuple(COUNTERS))
    first, count, _ = read_out(image)
    outputs = recover(image.spec, image.output, (yield from read_actions(image.spec, first, count, limit=limit)))
    return Result(outputs=outputs, counters={name: found[name]["value"] for name in COUNTERS}, flags=flags)


def _in_parts(image: Image, parts: Parts, x: np.ndarray, where: dict[str, int], limit: int) -> Actions:
    """Run an input part after part, after a run that did not fit; return a `Result`."""
    lost = (yield ReadRegisters(("cycles",)))["cycles"]["value"]
    counters, flags = dict.fromkeys(COUNTERS, 0), dict[str, int]()
    tensors, loaded = {-1: x}, -1
    for part in parts.rows:
        one = parts.images[part.image]
        if part.image != loaded:
            yield from load_actions(one)
            loaded = part.image
        result = yield from run_actions(one, parts.given(part, tensors), limit=limit)
        box = tensors.setdefault(part.layer, np.zeros(parts.shapes[part.layer], np.int16))
        box[:, *part.made] = result.outputs
        counters = {name: count + result.counters[name] for name, count in counters.items()}
        flags = {name: flag | flags.get(name, 0) for name, flag in result.flags.items()}
    yield from load_actions(image)
    return Result(outputs=tensors[parts.rows[-1].layer], counters=counters, flags=flags | {"act_overflow": 1}, overflow=where,
                  parts=len(parts.rows), lost=lost)


def read_actions(spec: ScnnSpec, first: int, count: int, *, limit: int = 1_000_000_000) -> Actions:
    """Read ``count`` blocks of each PE from block ``first`` on; return what `blocks` does."""
    yield WriteRegister("blocks", {"first": first, "count": count})
    yield WriteRegister("flags", {"done": 1})
    yield WriteRegister("control", {"read": 1})
    words = yield Receive(_most(spec, count))
    _accepted((yield Wait("done", limit=limit, what="the read-out")), "read-out")
    return blocks(spec, words, first, count)


def read_out(image: Image) -> tuple[int, int, int]:
    """Return the first block of a read-out, the blocks of each PE, and the most words of its packet."""
    first = min(image.output.blocks.values())
    count = max(block + form[0] * form[1] * image.output.span for form, block in image.output.blocks.items()) - first
    return first, count, _most(image.spec, count)


def _most(spec: ScnnSpec, count: int) -> int:
    """Return the most words of a read-out of so many blocks of each PE."""
    return spec.pes * (count + -(-spec.act_word_bits // 64) * spec.memory_words)


def actions(image: Image, xs: np.ndarray) -> Actions:
    """Load an image and run it on every input; return a list of `Result`."""
    yield from load_actions(image)
    results = []
    for x in xs:
        results.append((yield from run_actions(image, x)))
    return results


def blocks(spec: ScnnSpec, words: Sequence[int], first: int, count: int) -> list[dict[int, tuple[np.ndarray, np.ndarray]]]:
    """Return, for each PE, values and runs of its blocks by index, from the words of a read-out."""
    each, at = -(-spec.act_word_bits // 64), 0
    found: list[dict[int, tuple[np.ndarray, np.ndarray]]] = []
    for _ in range(spec.pes):
        own = {}
        for index in range(first, first + count):
            if at >= len(words):
                raise RuntimeError(f"the machine must send {spec.pes} x {count} blocks, not end after {len(words)} words")
            size, at = int(words[at]), at + 1
            entries: list[int] = []
            for _ in range(-(-size // spec.i)):
                word = sum(int(part) << 64 * k for k, part in enumerate(words[at:at + each]))
                entries += [word >> ACT_ENTRY_BITS * k & (1 << ACT_ENTRY_BITS) - 1 for k in range(spec.i)]
                at += each
            taken = np.array(entries[:size], np.int64)
            values = taken & (1 << VALUE_BITS) - 1
            own[index] = values - ((values >> VALUE_BITS - 1) << VALUE_BITS), taken >> VALUE_BITS
        found.append(own)
    return found


def _accepted(flags: dict[str, int], what: str) -> None:
    if flags["refused"] or not flags["done"]:
        raise RuntimeError(f"the {what} must be accepted, and it was refused; flags: {named(flags)}; load the image first")
