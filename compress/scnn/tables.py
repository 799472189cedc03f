"""What a program on a processor beside the array must know of an image besides its packets."""

from typing import Any

import numpy as np

from compress.ends import open_to
from compress.scnn import stream
from compress.scnn.actions import read_out
from compress.scnn.image import Image
from compress.scnn.tensor import PLAIN, Tensor, indices, planes, spare
from spec.scnn import ScnnSpec
from spec.scnn.shape import VALUE_BITS

GAP = -1
"""Element of a table where a block has a position that no element of the tensor is at."""


def tables(image: Image) -> dict[str, Any]:
    """Return numbers and tables by name.

    ``input_blocks`` is for each PE, each block that its input takes: number of the PE, index of the block, positions of the
    block. ``input_at`` has for each position of these blocks, one block after another, the element of the input that is there,
    or -1. ``output_blocks`` and ``output_at`` say the same of the blocks of a read-out, those without an output having no
    position. Elements are counted with channels outermost, columns innermost. ``weights`` are the bytes of the weight stream;
    a machine with a weight memory has none, for they are in its packets. Every whole number of an input must be at least
    ``input_low`` and at most ``input_high``; the program sees to it.
    """
    spec, source, output = image.spec, image.source, image.output
    first, count, words = read_out(image)
    taken = [row for pe in range(spec.pes) for row in _blocks(spec, source, pe, tuple(source.blocks))]
    given = [row for pe in range(spec.pes) for row in _read(spec, output, pe, first, count)]
    low, high = open_to(image.input_bounds, VALUE_BITS)
    each = -(-spec.act_word_bits // 64)
    values: dict[str, Any] = {
        "inputs": int(np.prod(source.shape)), "input_scale": image.input_scale, "input_low": low,
        "input_high": high, "outputs": int(np.prod(output.shape)),
        "output_scale": image.output_scale, "layers": len(image.arrays["layers"]), "input_rows": len(taken),
        "input_words": max(len(row) for _, _, row in taken) * each, "output_first": first, "output_count": count,
        "output_words": words, "entries": spec.i, "each": each,
        "input_blocks": np.array([(pe, index, len(row)) for pe, index, row in taken], np.int32).ravel(),
        "input_at": _joined(row for _, _, row in taken),
        "output_blocks": np.array([len(row) for row in given], np.int32), "output_at": _joined(given)}
    if spec.weight_memory:
        return values | {"transfers": 0}
    transfers = stream.transfers(spec, image.arrays["weights"])
    return values | {"transfers": len(transfers), "transfer_bytes": transfers.shape[1], "weights": transfers.ravel()}


def left_out(image: Image) -> list[str]:
    """Return what of an image a program without files does not get."""
    said = ("parts are left out: an input whose run sets act_overflow has no answer; build with --activations worst for a "
            "program that takes every input")
    return [] if image.parts is None else [said]


def _blocks(spec: ScnnSpec, tensor: Tensor, pe: int, forms: tuple) -> list[tuple[int, int, np.ndarray]]:
    """Return a PE's blocks of a tensor: PE, index, the element at each position."""
    place = spec.position(pe, tensor.level)[1]
    elements = 1 + np.arange(np.prod(tensor.shape)).reshape(tensor.shape)
    return [(pe, index, row + GAP) for form in forms for index, row in (
        *zip(indices(tensor, form, place).tolist(), planes(spec, tensor, elements, form, pe), strict=True),
        *((index, np.empty(0, np.int64)) for index in spare(spec, tensor, form, place)))]


def _read(spec: ScnnSpec, tensor: Tensor, pe: int, first: int, count: int) -> list[np.ndarray]:
    """Return the elements of each block that a PE sends."""
    form = PLAIN if PLAIN in tensor.blocks else next(iter(tensor.blocks))
    found = {index: row for _, index, row in _blocks(spec, tensor, pe, (form,))}
    return [found.get(index, np.empty(0, np.int64)) for index in range(first, first + count)]


def _joined(rows) -> np.ndarray:
    return np.concatenate([*rows, np.empty(0, np.int64)]).astype(np.int32)
