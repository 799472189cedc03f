"""A network in whole numbers, and what is known of its range and its error."""

from dataclasses import dataclass

import numpy as np

from compress.eie.assemble import IntegerLayer
from compress.eie.integer import apply, quantise
from spec.eie import EieSpec

COARSEST = 127      # a codebook's largest entry is not made smaller than this to rule out saturation


@dataclass(frozen=True, kw_only=True, eq=False)
class Quantised:
    """A network in whole numbers with what is known of its range.

    Parameters
    ----------
    layers : list of IntegerLayer
    codebooks : numpy.ndarray
    input_scale : float
        Real value of one step of an input.
    steps : list of float
        Real value of one step of each layer's outputs.
    spec : EieSpec
        The machine it is for.
    bound : str
        One of `spec.eie.image.BOUNDS`, by which the codebooks were scaled.
    guessed : bool
        Whether the vectors were random ones, for want of data.
    input_range : tuple of float
        Least and largest input that was counted on.
    signed : list of bool
        Whether each layer's inputs may be negative, as its bounds count on.
    used_bits : list of int
        Bits, sign included, that each layer's inputs take of those that an activation has.
    headroom : list of float
        Bits between the largest sum that any input can produce and the accumulator's end; below 0 it may
        saturate.
    measured : list of float
        The same for the largest sum that the vectors given can produce in any order.
    saturated : list of int
        Outputs of each layer that saturate on the training vectors.
    error : list of float
        Root mean square of what whole numbers change in each layer's outputs, over that of the outputs.
    """

    layers: list[IntegerLayer]
    codebooks: np.ndarray
    input_scale: float
    steps: list[float]
    spec: EieSpec
    bound: str
    guessed: bool
    input_range: tuple[float, float]
    signed: list[bool]
    used_bits: list[int]
    headroom: list[float]
    measured: list[float]
    saturated: list[int]
    error: list[float]

    @property
    def output_scale(self) -> float:
        """Real value of one step of an output of the network."""
        return self.steps[-1]

    def outputs(self, inputs: np.ndarray) -> list[np.ndarray]:
        """Return the real values of every layer's outputs for real inputs of shape (vectors, inputs)."""
        x, _ = quantise(inputs, self.input_scale, self.spec.act_bits)
        found, x = [], x.astype(np.int64)
        for layer, step in zip(self.layers, self.steps, strict=True):
            x, _ = apply(layer, self.codebooks[layer.codebook], x, self.spec)
            found.append(x * step)
        return found

    def warnings(self) -> list[str]:
        """Return one sentence for each layer whose accumulator or outputs can saturate, or that is coarse."""
        said = []
        for number, (layer, count) in enumerate(zip(self.layers, self.saturated, strict=True)):
            if self.measured[number] < 0:
                said.append(f"{layer.name}: the accumulator saturates on the vectors given, "
                            f"by {_bits(-self.measured[number])}; prune more, or take a machine with wider accumulators")
            elif self.bound == "worst" and self.headroom[number] < 0:
                said.append(f"{layer.name}: the accumulator may saturate, by up to {_bits(-self.headroom[number])}; "
                            f"prune more, or take a machine with wider accumulators, or give data with --calibrate")
            if count:
                said.append(f"{layer.name}: {count} outputs saturate on the training vectors; "
                            f"take a machine with larger shift_bits")
            if 0 < (largest := int(np.abs(self.codebooks[layer.codebook]).max())) < COARSEST // 2:
                said.append(f"{layer.name}: the largest entry of its codebook is only {largest}; "
                            f"take a machine with larger shift_bits or weight_bits")
        return said


def _bits(amount: float) -> str:
    return f"{amount:.1f} bits" if amount >= 0.05 else "less than 0.1 bits"
