"""What a run answers, as the user asked it: real outputs, how far they are from the float network, and what spoils them."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from cli.text import share
from cli.write import atomic
from compress.eie.image import Image
from compress.ends import open_to, real
from compress.network import forward, rms
from golden.eie import Run

VECTORS = 3             # of which outputs are printed
SHOWN = 8               # outputs printed of each
AGAIN = "build the image again with --calibrate FILE, vectors like these,"


class Answer:
    """Outputs of a run with what can be said of them.

    Parameters
    ----------
    image : Image
    outputs : numpy.ndarray
        (vectors, outputs) integers in the network's order, as the machine gave them.
    inputs : numpy.ndarray
        (vectors, inputs) as the user gave them: real values, or int16 steps of the image's scale.
    golden : Run
        The same run in the golden model, which says what saturated.
    """

    def __init__(self, image: Image, outputs: np.ndarray, inputs: np.ndarray, golden: Run):
        self._image, self.integers, self._golden = image, outputs, golden
        self.inputs = inputs * image.input_scale if inputs.dtype == np.int16 else np.asarray(inputs, np.float64)

    @property
    def real(self) -> np.ndarray:
        """Return (vectors, outputs) real values."""
        return self.integers * self._image.output_scale

    @property
    def _kept(self) -> np.ndarray:
        """Return the inputs as the network lets them be."""
        return real(self._image.input_bounds, self._image.input_scale, self.inputs)

    @cached_property
    def wanted(self) -> np.ndarray | None:
        """Return what the float network answers, where the image holds it."""
        return None if self._image.reference is None else forward(self._image.reference, self._kept)[-1]

    @property
    def error(self) -> float | None:
        """Return the root mean square error against the float network, over that of its outputs."""
        return None if self.wanted is None else rms(self.real - self.wanted) / (rms(self.wanted) or 1.0)

    def lines(self, *, integers: bool = False) -> list[str]:
        """Return the first outputs, the error and the range of the inputs as text."""
        values = self.integers if integers else self.real
        said = []
        for number, vector in enumerate(values[:VECTORS]):
            shown = " ".join(f"{value:.6g}" for value in vector[:SHOWN].tolist())
            more = f" ... ({len(vector)} in all)" if len(vector) > SHOWN else ""
            said.append(f"outputs of vector {number}: {shown}{more}")
        if self.error is None or self.wanted is None:
            said.append("error against the float network: not known, for this image was built without it")
        else:
            said.append(f"error against the float network: {100 * self.error:.3g} % rms of the outputs, "
                        f"at most {np.abs(self.real - self.wanted).max():.3g}")
        scale, (low, high) = self._image.input_scale, open_to(self._image.input_bounds, self._image.spec.act_bits)
        said.append(f"inputs: {self.inputs.min():.6g} to {self.inputs.max():.6g}; the image takes {low * scale:.6g} "
                    f"to {high * scale:.6g}" + (", and the host keeps them there" if self._image.input_bounds else ""))
        return said

    def save(self, path: Path, *, integers: bool = False) -> None:
        """Write the outputs, a vector in each row: float64 real values, or the machine's integers as int16."""
        values = self.integers.astype(np.int16) if integers else self.real
        with atomic(path) as draft, draft.open("wb") as file:
            np.save(file, values, allow_pickle=False)

    def warnings(self) -> list[str]:
        """Return a sentence for each thing that makes the answers doubtful, with the share and the option to name."""
        return [*self._calibration(), *self._inputs(), *self._layers()]

    def _calibration(self) -> list[str]:
        known = self._image.calibration
        if known is None or not known.guessed or known.told:
            return []
        low, high = known.input_range
        said = (f"the image's scales were chosen on random vectors of {low:g} to {high:g} for want of data, so that real "
                f"inputs may saturate or use few bits; {AGAIN} or with --input-range LOW,HIGH")
        return [said]

    def _inputs(self) -> list[str]:
        low, high = float(self.inputs.min()), float(self.inputs.max())
        ends = (low, high) if f"{low:g}" != f"{high:g}" else (min(low, 0.0), max(high, 0.0))     # of inputs that are all alike
        span, size, said = f"--input-range={ends[0]:g},{ends[1]:g}", self.inputs.size, []
        if count := self._golden.clipped:
            top = self._image.input_scale * (1 << self._image.spec.act_bits - 1)
            said.append(f"{share(count, size)} of the inputs ({count:,} of {size:,}) saturated: they go from {low:g} to "
                        f"{high:g}, and the image takes {-top:g} to {top:g}; {AGAIN} or with {span}")
        known = self._image.calibration
        if known is not None and known.input_range[0] >= 0 and (count := int((self._kept < 0).sum())):
            said.append(f"{share(count, size)} of the inputs are negative, and the image was built for inputs that are not: "
                        f"accumulators may saturate; {AGAIN} or with {span}")
        return said

    def _layers(self) -> list[str]:
        said, top = [], (1 << self._image.spec.act_bits - 1) - 1
        capped = self._image.calibration.capped if self._image.calibration else ()
        for number, (layer, values, flags) in enumerate(zip(self._image.layers, self._golden.values, self._golden.saturated,
                                                            strict=True)):
            present = values[:, layer.rows >= 0]
            count = int(((present == top) | (present == -top - 1)).sum())
            if count and number not in capped:
                said.append(f"{share(count, present.size)} of the outputs of {layer.name} ({count:,} of {present.size:,}) "
                            f"are at the end of their range: they saturated; {AGAIN} so that its scales leave room")
            if flags.any():
                said.append(f"accumulators of {layer.name} saturated in {int(flags.sum())} of {len(flags)} vectors "
                            f"({share(int(flags.sum()), len(flags))}); {AGAIN} "
                            f"or with --bound worst, which leaves room for all")
        return said

    def figures(self) -> dict[str, Any]:
        """Return what is known of the outputs as plain data."""
        return {"output_scale": self._image.output_scale, "float_error": self.error, "warnings": self.warnings()}


def texts(answer: Answer, labels: Sequence[int] | np.ndarray | None) -> list[str]:
    """Return what the float network would have got right of the labels, as a line, where both are known."""
    if labels is None or answer.wanted is None or answer.wanted.shape[1] < 2:
        return []
    right = int((answer.wanted.argmax(1) == np.asarray(labels)).sum())
    return [f"the float network: {100 * right / len(answer.wanted):.2f} % ({right} of {len(answer.wanted)})"]
