"""Integer layers become an image: rows to PEs, columns in the order of the layer before, memory places."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from compress.eie.check import check
from compress.eie.encode import Encoded, encode
from compress.eie.image import Calibration, Image, Layer
from compress.eie.order import modulo, order, physical
from compress.eie.size import sized
from compress.ends import whole
from compress.network import Dense
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
             input_scale: float = 1.0, output_scale: float = 1.0, free: Collection[str] = (),
             calibration: Calibration | None = None, reference: tuple[Dense, ...] | None = None,
             bounds: tuple[float, float] | None = None) -> Image:
    """Return the image of integer layers for a machine, or say why it cannot hold them.

    Memories among ``free`` are made larger where the network needs it. Every layer's words start at the same address in all
    PEs: its bias words, then its entries. Its pointers start at a whole stream word, so that loading one layer leaves the
    others alone. ``bounds`` are the real values between which the host keeps the inputs.
    """
    inputs = layers[0].codes.shape[1] if layers else 0
    columns, parts = modulo(inputs, spec.pes), []
    for layer in layers:
        if layer.codes.shape[1] != (have := int((columns >= 0).sum())):
            raise ValueError(f"{layer.name}: inputs must be {have}, the outputs of the layer before, "
                             f"not {layer.codes.shape[1]}")
        rows = order(order_name, work(layer), spec.pes, layer.codes, activity(layer))
        parts.append(_Part(layer, columns, rows, encode(physical(layer.codes, rows=rows, columns=columns), spec)))
        columns = rows
    spec = sized(spec, need(parts, len(codebooks), spec), free)
    image = Image(spec=spec, layers=_placed(parts, spec), codebooks=np.asarray(codebooks, np.int16), input_scale=input_scale,
                  output_scale=output_scale, order=order_name, calibration=calibration, reference=reference,
                  input_bounds=whole(bounds, input_scale, spec.act_bits))
    check(image)
    return image


class _Part(NamedTuple):
    """A layer, the order of its inputs and rows, and its entries."""

    layer: IntegerLayer
    columns: np.ndarray
    rows: np.ndarray
    encoded: Encoded

    def words(self, spec: EieSpec) -> int:
        """Return the matrix words that the layer takes in every PE."""
        bias = spec.bias_words(len(self.rows) // spec.pes) if self.layer.bias is not None else 0
        return bias - (-int(self.encoded.pointers[:, -1].max()) // spec.word_entries)

    def pointers(self, spec: EieSpec) -> int:
        """Return the pointers that the layer takes in every PE: whole stream words."""
        word = 64 // spec.pointer_field_bits
        return -(-len(self.columns) // word) * word


def need(parts: Sequence[_Part], codebooks: int, spec: EieSpec) -> dict[str, int]:
    """Return what of every memory the layers take."""
    return {"layers": len(parts), "codebooks": codebooks,
            "slots": max((max(len(part.columns), len(part.rows)) // spec.pes for part in parts), default=0),
            "columns": sum(part.pointers(spec) for part in parts[:-1]) + sum(len(part.columns) for part in parts[-1:]),
            "entries": sum(part.words(spec) for part in parts) * spec.word_entries}


def _placed(parts: Sequence[_Part], spec: EieSpec) -> tuple[Layer, ...]:
    """Return the layers with their places in the memories."""
    made = list[Layer]()
    pointer_base = entry_base = 0
    for part in parts:
        layer, encoded = part.layer, part.encoded
        made.append(Layer(
            name=layer.name, inputs=len(part.columns) if made else layer.codes.shape[1], outputs=layer.codes.shape[0],
            in_slots=len(part.columns) // spec.pes, out_slots=len(part.rows) // spec.pes, shift=layer.shift, relu=layer.relu,
            codebook=layer.codebook, pointer_base=pointer_base, entry_base=entry_base,
            nonzeros=encoded.nonzeros, padding=encoded.padding, entries=encoded.entries,
            pointers=encoded.pointers, rows=part.rows, bias=_bias(layer, part.rows)))
        pointer_base += part.pointers(spec)
        entry_base += part.words(spec)
    return tuple(made)


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
        raise ValueError(f"{layer.name}: bias must be {layer.codes.shape[0]}, one per output, "
                         f"not {bias.shape}")
    if bias.size and not -1 << 31 <= bias.min() <= bias.max() < 1 << 31:
        raise OverflowError(f"{layer.name}: bias must be {-1 << 31} to {(1 << 31) - 1}, "
                            f"not {bias[np.abs(bias.astype(np.float64)).argmax()]}; choose a coarser scale")
    return np.where(rows < 0, 0, bias[rows]).astype(np.int32)
