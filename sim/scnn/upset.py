"""Talks with an array whose data have one fault, or that is reset: what a host sees of it in the flags and in ``busy``."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from compress.actions import Offer, ReadRegister, Send, Wait, WriteRegister
from compress.scnn import Image, load_actions, stream
from compress.scnn.actions import input_packets, read_actions, read_out
from compress.scnn.assemble import Assembly
from compress.scnn.image import of
from compress.scnn.tensor import recover, store
from sim.host import Actions
from sim.scnn.talks import fresh, reset
from spec.scnn import WEIGHT_STREAM
from spec.scnn.program import DRAIN_LAYER, LANE_LAYER, LAYER, SUPPLY_LAYER, pack, unpack
from spec.scnn.shape import ACT_ENTRY_BITS, MAX_RUN, VALUE_BITS

ODD = (MAX_RUN - 1) << VALUE_BITS
"""An entry of value 0 whose run is not that of a placeholder."""

LIMIT = 20_000          # cycles within which a run of a small network ends, or is taken as one that does not


def _start(image: Image) -> Actions:
    yield WriteRegister("layers", {"first": 0, "count": len(image.arrays["layers"])})
    yield Offer(WEIGHT_STREAM, stream.transfers(image.spec, image.arrays["weights"]))
    yield WriteRegister("control", {"start": 1})


def flags_of(image: Image, x: np.ndarray, packets: Sequence[np.ndarray] = ()) -> Actions:
    """Load an image and run an input on it; return the flags, whether or not the run ends.

    ``packets`` go to the memories after the input.
    """
    yield from load_actions(image)
    for packet in (*input_packets(image, x), *packets):
        yield Send(packet)
    yield WriteRegister("flags", dict.fromkeys(("done", "refused", "bad_run", "count_mismatch", "act_overflow"), 1))
    yield from _start(image)
    try:
        return (yield Wait("done", limit=LIMIT))
    except RuntimeError:
        flags = yield ReadRegister("flags")
        yield from reset()
        return flags


def odd_activation(image: Image, x: np.ndarray, *, pe: int, lane: int) -> Actions:
    """Run an input of which one PE's first full word has `ODD` in a lane; return the flags."""
    spec = image.spec
    table, memory = store(spec, image.source, x, pe, 0)
    word = next(word for word, count in table.values() if count >= spec.i)
    entries = [int(memory[word]) >> ACT_ENTRY_BITS * at & (1 << ACT_ENTRY_BITS) - 1 for at in range(spec.i)]
    entries[lane] = ODD
    changed = np.array([sum(entry << ACT_ENTRY_BITS * at for at, entry in enumerate(entries))], object)
    return (yield from flags_of(image, x, [stream.for_pe("activations", pe, word, stream.memory_words(spec, changed))]))


def limited(assembly: Assembly, layer: int, pe: int, room: int) -> tuple[Assembly, int]:
    """Return a network with so many words for the outputs of one layer in one PE, and the word after them."""
    place = unpack(LAYER, [int(assembly.layers[layer])])["drain"]
    drain = assembly.drain.copy()
    head = unpack(DRAIN_LAYER, [int(word) for word in drain[pe, place:place + 2]])
    drain[pe, place:place + 2] = pack(DRAIN_LAYER, head | {"limit": head["word"] + room})
    return replace(assembly, drain=drain), head["word"] + room


def barely_full(assembly: Assembly, x: np.ndarray, outputs: np.ndarray, pe: int) -> Actions:
    """Run an input whose ``outputs`` of the last layer lack a word of room in a PE; return flags and register ``overflow``."""
    words = len(store(assembly.spec, assembly.mappings[-1].output, outputs, pe, 0)[1])
    small, _ = limited(assembly, len(assembly.mappings) - 1, pe, words - 1)
    flags = yield from flags_of(of(small), x)
    return flags, (yield ReadRegister("overflow"))


def interrupted(image: Image, x: np.ndarray, after: int) -> Actions:
    """Reset the array in the middle of a run, so many cycles after its start; then return what a whole run gives."""
    yield from load_actions(image)
    for packet in input_packets(image, x):
        yield Send(packet)
    yield from _start(image)
    try:
        yield Wait("done", limit=after)
    except RuntimeError:
        pass
    yield from reset()
    result = yield from fresh(image, x, limit=LIMIT)
    return result.outputs, result.counters


def late_programs(image: Image, x: np.ndarray) -> Actions:
    """Run an input that is loaded before the programs; return the outputs: what goes to one memory changes no other."""
    for packet in input_packets(image, x):
        yield Send(packet)
    yield from load_actions(image)
    yield WriteRegister("flags", {"done": 1})
    yield from _start(image)
    yield Wait("done", limit=LIMIT)
    first, count, _ = read_out(image)
    return recover(image.spec, image.output, (yield from read_actions(image.spec, first, count)))


def small_slots(image: Image, weights: int, acts: int) -> Image:
    """Return an image whose PEs take blocks of so many vectors, logarithms, in the first layer; the stream is as before."""
    supply = image.arrays["supply"].copy()
    for own in supply:
        head = unpack(SUPPLY_LAYER, [int(own[0])])
        own[:1] = pack(SUPPLY_LAYER, head | {"weight_slot_log2": weights, "act_slot_log2": acts})
    return replace(image, arrays=image.arrays | {"supply": supply})


def odd_weight(image: Image, number: int) -> Image:
    """Return an image in whose weight stream the item ``number`` has value 0 and a run that is not a placeholder's."""
    weights = image.arrays["weights"].copy()
    items = weights[:, 1:].ravel()
    at = np.flatnonzero(items & (1 << VALUE_BITS) - 1)[number]
    items[at] = items[at] >> image.spec.entry_bits << image.spec.entry_bits | ODD
    weights[:, 1:] = items.reshape(weights[:, 1:].shape)
    return replace(image, arrays=image.arrays | {"weights": weights})


def narrow_slots(image: Image) -> Image:
    """Return an image whose first lane takes blocks of one vector in the first layer."""
    lanes = image.arrays["lanes"].copy()
    own = lanes[0] if lanes.ndim > 1 else lanes
    own[:2] = pack(LANE_LAYER, unpack(LANE_LAYER, [int(word) for word in own[:2]]) | {"slot_log2": 0})
    return replace(image, arrays=image.arrays | {"lanes": lanes})
