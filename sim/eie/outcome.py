"""What a run of an image came to: every answer compared with the golden model, and the figures that a user asked for."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np

from compress.eie.image import Image
from golden.eie import Counters, Run
from sim.report import Mismatch
from sim.session import Answer

STALLS = ("stall_queue", "stall_scan", "stall_barrier", "preload", "drain", "writeback")
"""Counters of cycles in which no activation is broadcast, by cause."""


class Outcome:
    """Answers of the machine, one for each layer of each vector, beside the golden model's.

    Parameters
    ----------
    image : Image
    golden : Run
    answers : sequence of Answer
    labels : numpy.ndarray or None
    """

    WORK = ("layer", "inputs", "outputs", "cycles", "model", "busy", "non-zeros", "empty columns", "padding")
    CAUSES = ("layer", "queue full", "empty rows, gaps", "barrier", "codebook, bias", "drain", "write-back")

    def __init__(self, image: Image, golden: Run, answers: Sequence[Answer], labels: np.ndarray | None):
        self.image, self.golden, self._labels = image, golden, labels
        self.vectors, self.inputs, self.clipped = len(golden.inputs), golden.inputs.size, golden.clipped
        depth = len(image.layers)
        self._answers = [answers[start:start + depth] for start in range(0, len(answers), depth)]
        self.saturated = [sum(mine[number].value.flags["saturated"] for mine in self._answers) for number in range(depth)]

    @cached_property
    def values(self) -> list[np.ndarray]:
        """Return (vectors, pes * out_slots) for each layer, as the machine gave them."""
        return [np.stack([mine[number].value.outputs for mine in self._answers]) for number in range(len(self.image.layers))]

    @cached_property
    def differing(self) -> list[np.ndarray]:
        """Return, for each layer, the places (vector, physical index) of values that are not the golden model's."""
        return [np.argwhere(got != wanted) for got, wanted in zip(self.values, self.golden.values, strict=True)]

    @property
    def mismatches(self) -> int:
        return sum(map(len, self.differing))

    @property
    def compared(self) -> int:
        return sum(values.size for values in self.values)

    @cached_property
    def counter_faults(self) -> list[str]:
        """Return a line for each counter or flag that is not the golden model's."""
        lines = []
        for vector, (mine, model) in enumerate(zip(self._answers, self.golden.counters, strict=True)):
            for number, (answer, wanted) in enumerate(zip(mine, model, strict=True)):
                told = answer.value.counters | {"saturated": answer.value.flags["saturated"]}
                meant = asdict(wanted) | {"saturated": int(self.golden.saturated[number][vector])}
                lines += [f"layer {self.image.layers[number].name}, vector {vector}, counter {name}: expected {meant[name]}, "
                          f"got {told[name]}, at {answer.time} ns" for name in meant if told[name] != meant[name]]
        return lines

    @property
    def counter_mismatches(self) -> int:
        return len(self.counter_faults)

    @property
    def counted(self) -> int:
        return len(self._answers) * len(self.image.layers) * (len(asdict(Counters())) + 1)

    @property
    def wrong(self) -> bool:
        return bool(self.mismatches or self.counter_mismatches)

    def faults(self) -> list[str]:
        """Return lines that name the first value and the first counter that differ."""
        lines = []
        if (first := self.first()) is not None:
            lines.append(f"first mismatch: {first}")
        if self.counter_faults:
            lines.append(f"first counter mismatch: {self.counter_faults[0]}")
        return lines

    def first(self) -> Mismatch | None:
        """Return the value that differed first in time; its index is (vector, physical place)."""
        found = [(int(places[0][0]), number, int(places[0][1])) for number, places in enumerate(self.differing) if len(places)]
        if not found:
            return None
        vector, number, place = min(found)
        return Mismatch(layer=self.image.layers[number].name, index=(vector, place),
                        expected=int(self.golden.values[number][vector, place]), got=int(self.values[number][vector, place]),
                        time=self._answers[vector][number].time)

    @cached_property
    def outputs(self) -> np.ndarray:
        """Return (vectors, outputs) of the last layer in the network's order."""
        return self.image.logical(self.values[-1])

    @property
    def predictions(self) -> np.ndarray:
        return self.outputs.argmax(axis=1)

    @property
    def right(self) -> int:
        return int((self.predictions == self._labels).sum())

    @property
    def accuracy(self) -> float | None:
        return None if self._labels is None else self.right / self.vectors

    def totals(self, number: int) -> dict[str, int]:
        """Return a layer's hardware counters, summed over the vectors."""
        return {name: sum(mine[number].value.counters[name] for mine in self._answers) for name in asdict(Counters())}

    def counters(self, vector: int) -> list[dict[str, int]]:
        """Return the hardware counters of each layer of one vector."""
        return [answer.value.counters for answer in self._answers[vector]]

    def _model_cycles(self, number: int) -> int:
        return sum(counters[number].cycles for counters in self.golden.counters)

    def _busy(self, totals: dict[str, int]) -> float:
        return totals["useful_macs"] / (self.image.spec.pes * totals["cycles"])

    def tables(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """Return the rows of the tables ``WORK`` and ``CAUSES``: means over the vectors, then the sum of the layers."""
        work, causes = [], []
        whole = dict.fromkeys(asdict(Counters()), 0)
        widths = self.image.widths()
        for number, layer in enumerate(self.image.layers):
            totals = self.totals(number)
            whole = {name: whole[name] + totals[name] for name in whole}
            work.append(self._work([layer.name, *widths[number]], totals, self._model_cycles(number)))
            causes.append([layer.name, *self._means(totals, STALLS)])
        if len(work) > 1:
            work.append(self._work(["all", "", ""], whole, sum(map(self._model_cycles, range(len(self.image.layers))))))
            causes.append(["all", *self._means(whole, STALLS)])
        return work, causes

    def _work(self, head: list[Any], totals: dict[str, int], model: int) -> list[Any]:
        return [*head, *self._means(totals, ["cycles"]), f"{model / self.vectors:.1f}", f"{100 * self._busy(totals):.1f} %",
                *self._means(totals, ("broadcasts", "empty", "padding"))]

    def _means(self, totals: dict[str, int], names: Sequence[str]) -> list[str]:
        return [f"{totals[name] / self.vectors:.1f}" for name in names]

    def figures(self) -> dict[str, Any]:
        """Return what ``--json`` writes: sums over the vectors, shares between 0 and 1."""
        layers, widths = [], self.image.widths()
        for number, layer in enumerate(self.image.layers):
            totals = self.totals(number)
            layers.append({
                "name": layer.name, "inputs": widths[number][0], "outputs": widths[number][1], "cycles": totals["cycles"],
                "model_cycles": self._model_cycles(number), "busy": self._busy(totals),
                "stalls": {name: totals[name] for name in STALLS}, "counters": totals, "saturated_runs": self.saturated[number],
                "mismatches": len(self.differing[number])})
        return {"accuracy": self.accuracy, "vectors": self.vectors, "mismatches": self.mismatches,
                "counter_mismatches": self.counter_mismatches, "values_compared": self.compared,
                "inputs_saturated": self.clipped, "predictions": self.predictions.tolist(), "layers": layers,
                "faults": self.faults()}
