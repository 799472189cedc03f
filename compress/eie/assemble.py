"""Integer layers become an image: rows to PEs, columns in the order of the layer before, memory places."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from compress.eie.check import check
from compress.eie.encode import encode
from compress.eie.image import Image, Layer
from compress.eie.order import modulo, order, place
from spec.eie import EieSpec


@dataclass(frozen=True, kw_only=True, eq=False)
class IntegerLayer:
    """A layer in whole numbers, in the network's own order.

    Its output is ``saturate16(round_half_even(acc >> shift))``, through ReLU where wanted, with ``acc`` the
    bias plus the sum of codebook entry times input.

    Parameters
    ----------
    name : str
    codes : numpy.ndarray or scipy.sparse array
        Codebook indices, outputs x inputs, 0 where there is no weight.
    codebook : int
        Number of the codebook that the codes belong to.
    bias : numpy.ndarray or None
        One integer an output.
    shift : int
    relu : bool
    activity : numpy.ndarray or None
        How often each input is not 0, which weighs the work of a row; all alike when None.
    """

    name: str
    codes: Any
    codebook: int = 0
    bias: np.ndarray | None = None
    shift: int = 0
    relu: bool = True
    activity: np.ndarray | None = None


def assemble(layers: Sequence[IntegerLayer], codebooks, spec: EieSpec, *, order_name: str = "balanced",
             input_scale: float = 1.0, output_scale: float = 1.0) -> Image:
    """Return the image of integer layers for a machine, or say why it cannot hold them.

    Every layer's words start at the same address in all PEs: its bias words, then its entries. Its pointers
    start at a whole stream word, so that loading one layer leaves the others alone.
    """
    inputs = layers[0].codes.shape[1] if layers else 0
    columns, made = modulo(inputs, spec.pes), list[Layer]()
    pointer_base = entry_base = 0
    for layer in layers:
        rows = order(order_name, work(layer), spec.pes, layer.codes, activity(layer))
        if layer.codes.shape[1] != (have := int((columns >= 0).sum())):
            raise ValueError(f"{layer.name}: inputs must be {have}, the outputs of the layer before, "
                             f"not {layer.codes.shape[1]}")
        encoded = encode(place(layer.codes, rows=rows, columns=columns), spec)
        out_slots = len(rows) // spec.pes
        made.append(Layer(
            name=layer.name, inputs=len(columns) if made else inputs, outputs=layer.codes.shape[0],
            in_slots=len(columns) // spec.pes, out_slots=out_slots, shift=layer.shift, relu=layer.relu,
            codebook=layer.codebook, pointer_base=pointer_base, entry_base=entry_base,
            nonzeros=encoded.nonzeros, padding=encoded.padding, entries=encoded.entries,
            pointers=encoded.pointers, rows=rows, bias=_bias(layer, rows)))
        word_pointers = 64 // spec.pointer_field_bits
        pointer_base += -(-len(columns) // word_pointers) * word_pointers
        entry_base += -(-int(encoded.pointers[:, -1].max()) // spec.word_entries)
        entry_base += spec.bias_words(out_slots) if layer.bias is not None else 0
        columns = rows
    image = Image(spec=spec, layers=tuple(made), codebooks=np.asarray(codebooks, np.int16),
                  input_scale=input_scale, output_scale=output_scale)
    check(image)
    return image


def activity(layer: IntegerLayer) -> np.ndarray:
    """Return how often each input is not 0, all alike where that is not known."""
    return np.ones(layer.codes.shape[1]) if layer.activity is None else np.asarray(layer.activity, np.float64)


def work(layer: IntegerLayer) -> np.ndarray:
    """Return how many entries each row contributes to an average input."""
    codes = layer.codes
    if sparse.issparse(codes):
        found = codes.tocoo()
        row, column = found.row[found.data != 0], found.col[found.data != 0]
    else:
        row, column = np.nonzero(codes)
    return np.bincount(row, weights=activity(layer)[column], minlength=codes.shape[0])


def _bias(layer: IntegerLayer, rows: np.ndarray) -> np.ndarray | None:
    if layer.bias is None:
        return None
    bias = np.asarray(layer.bias)
    if bias.dtype.kind not in "iu":
        raise TypeError(f"{layer.name}: bias must be integers, not {bias.dtype}; divide it by its scale")
    if bias.shape != (layer.codes.shape[0],):
        raise ValueError(f"{layer.name}: bias must be {layer.codes.shape[0]}, one an output, "
                         f"not {bias.shape}")
    if bias.size and not -1 << 31 <= bias.min() <= bias.max() < 1 << 31:
        raise OverflowError(f"{layer.name}: bias must be {-1 << 31} to {(1 << 31) - 1}, "
                            f"not {bias[np.abs(bias.astype(np.float64)).argmax()]}; choose a coarser scale")
    return np.where(rows < 0, 0, bias[rows]).astype(np.int32)
