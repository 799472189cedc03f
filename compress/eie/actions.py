"""What a host does with an EIE array: load an image, run inputs, read outputs and counters. See `compress.actions`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compress.actions import Actions, ReadRegister, ReadRegisters, Receive, Send, Wait, WriteRegister, named
from compress.eie.image import Image
from compress.eie.integer import quantise
from compress.eie.stream import activation_packet, image_packets
from compress.ends import keep
from spec.eie import COUNTERS, EieSpec

BROKEN = ("short", "long", "unknown", "range")
"""Flags that say that a packet was not as it must be."""

SLACK = 10_000
"""Cycles beyond what a command should take after which it has gone wrong."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """What a start gave: outputs in physical order, hardware counters, flags."""

    outputs: np.ndarray
    counters: dict[str, int]
    flags: dict[str, int]


def inputs(image: Image, values: Any) -> tuple[np.ndarray, int]:
    """Return input vectors as integers of shape (vectors, inputs), and how many values saturated on the way.

    One vector or one in each row; floats are quantised by the image's scale, integers are taken as they are; either are
    kept between the image's ``input_bounds``.
    """
    given = np.atleast_2d(np.asarray(values))
    wanted = image.layers[0].inputs
    if given.ndim != 2 or given.shape[1] != wanted or not len(given):
        raise ValueError(f"inputs must be vectors of {wanted}, one in each row, not an array of shape {np.shape(values)}")
    if given.dtype.kind == "f":
        return quantise(given, image.input_scale, image.spec.act_bits, image.input_bounds)
    if given.dtype.kind not in "iu":
        raise TypeError(f"inputs must be floats or integers, not {given.dtype}")
    return keep(image.input_bounds, given), 0


def outputs(image: Image, result: Result) -> np.ndarray:
    """Return the real values that a result stands for, in the network's own order."""
    return image.logical(result.outputs) * image.output_scale


def load_actions(image: Image) -> Actions:
    """Send an image; return None. A packet that the machine finds broken raises a ``RuntimeError``."""
    yield WriteRegister("flags", dict.fromkeys(BROKEN, 1))
    for packet in image_packets(image):
        yield Send(packet)
    yield from _intact("the image")


def run_actions(image: Image, vector: np.ndarray, *, count: int | None = None, limit: int | None = None) -> Actions:
    """Run all layers, or the first ``count``, on one vector of integers, in the network's own order; return a `Result`."""
    yield Send(activation_packet(vector, image.spec))
    return (yield from start_actions(image, 0, count or len(image.layers), limit=limit))


def start_actions(image: Image, first: int, count: int, *, limit: int | None = None) -> Actions:
    """Run layers on what the source region holds, and read the outputs and the counters; return a `Result`."""
    spec, layers = image.spec, image.layers[first:first + count]
    yield WriteRegister("flags", {"done": 1, "refused": 1, "saturated": 1})
    yield WriteRegister("layers", {"first": first, "count": count})
    yield WriteRegister("control", {"start": 1})
    flags = yield Wait("done", limit=limit or worst(image, first, count), what=f"layers {first} to {first + count - 1}")
    _accepted(flags, "start")
    found = yield ReadRegisters(tuple(COUNTERS))
    counters = {name: found[name]["value"] for name in COUNTERS}
    length = spec.pes * layers[-1].out_slots
    yield WriteRegister("flags", {"done": 1})
    yield WriteRegister("control", {"read": 1})
    words = yield Receive(stream_words(length, spec))
    _accepted((yield Wait("done", limit=length + SLACK, what="the read-out")), "read-out")
    return Result(outputs=values(words, length, spec), counters=counters, flags=flags)


def actions(image: Image, vectors: np.ndarray) -> Actions:
    """Load an image and run it on every vector of integers; return a list of `Result`."""
    yield from load_actions(image)
    found = []
    for vector in vectors:
        found.append((yield from run_actions(image, vector)))
    return found


def worst(image: Image, first: int, count: int) -> int:
    """Return more cycles than layers can take: every entry of the fullest PE one after another, every row scanned."""
    cycles = SLACK
    for layer in image.layers[first:first + count]:
        entries = int(layer.pointers[:, -1].max(initial=0))
        cycles += 4 * (entries + image.spec.pes * (layer.in_slots + layer.out_slots))
    return cycles


def stream_words(length: int, spec: EieSpec) -> int:
    """Return the stream words that hold so many activations."""
    return -(-length * lane_bits(spec) // 64)


def lane_bits(spec: EieSpec) -> int:
    """Return the bits that an activation takes in a result word."""
    return 8 if spec.act_bits <= 8 else 16


def values(words: Sequence[int], length: int, spec: EieSpec) -> np.ndarray:
    """Return the activations in the words of a result packet, int16 in physical order."""
    lanes = np.asarray(words, "<u8").view(f"<i{lane_bits(spec) // 8}").astype(np.int16)
    if len(lanes) < length:
        raise RuntimeError(f"the machine must send {length} outputs, not {len(lanes)}")
    return lanes[:length]


def _intact(what: str) -> Actions:
    flags = yield ReadRegister("flags")
    if any(flags[name] for name in BROKEN):
        raise RuntimeError(f"{what} must arrive whole, and it has not; flags: {named(flags)}; "
                           f"reset the machine and load it again")


def _accepted(flags: dict[str, int], what: str) -> None:
    if flags["refused"] or not flags["done"]:
        raise RuntimeError(f"the {what} must be accepted, and it was refused; flags: {named(flags)}; "
                           f"load the image and an input first")
