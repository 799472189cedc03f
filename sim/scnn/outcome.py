"""What a run of an SCNN image came to: values and counters compared with the golden model, and a user's figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from compress.scnn import Image, Result
from golden.scnn import Run
from sim.report import Mismatch
from sim.session import Answer
from spec.scnn import SLOT_COUNTERS

TOLERANCE = 0.01
"""How far cycles, and the slots of a cause as a share of all, may be from those of the model of time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """Answers of the machine, one per input, beside the golden model's.

    Parameters
    ----------
    image : Image
    golden : sequence of Run
    answers : sequence of Answer
    timed : int
        Inputs, the first ones, whose run in the golden model followed the crossbar: their counters are compared.
    labels : numpy.ndarray, optional
    """

    image: Image
    golden: Sequence[Run]
    answers: Sequence[Answer]
    timed: int
    labels: np.ndarray | None = None

    @cached_property
    def outputs(self) -> np.ndarray:
        """Return int16 (inputs, channels, rows, columns) as the machine gave them."""
        return np.stack([answer.value.outputs for answer in self.answers])

    @cached_property
    def answer(self) -> np.ndarray:
        """Return the outputs in the order of the network's file."""
        return self.image.answers(self.outputs)

    @cached_property
    def differing(self) -> np.ndarray:
        """Return the places (input, channel, row, column) of values that are not the golden model's."""
        return np.argwhere(self.outputs != np.stack([run.outputs for run in self.golden]))

    def total(self, number: int) -> dict[str, int]:
        """Return what the model of time says of one input: counters summed over the layers."""
        layers = self.golden[number].counters
        slots = {name: sum(own.slots[name] for own in layers) for name in SLOT_COUNTERS}
        return {"cycles": sum(own.cycles for own in layers), **slots, "entries": sum(own.entries for own in layers),
                "port_wait": sum(own.port_wait for own in layers)}

    @cached_property
    def counter_faults(self) -> list[str]:
        """Return a line for each counter or flag that is not as the golden model says."""
        lines = []
        for number, (answer, run) in enumerate(zip(self.answers, self.golden, strict=True)):
            got, want, model = answer.value.counters, self.total(number), dict.fromkeys(("entries",))
            slots = got["cycles"] * self.image.spec.multipliers
            if (counted := sum(got[name] for name in SLOT_COUNTERS)) != slots:
                lines.append(f"input {number}: slots of all causes are {counted}, and cycles x multipliers {slots}")
            if number < self.timed:
                model |= dict.fromkeys(("cycles", *SLOT_COUNTERS, "port_wait"))
            for name in model:
                room = {"entries": 0, "cycles": TOLERANCE * want["cycles"],
                        "port_wait": TOLERANCE * want["cycles"] * self.image.spec.weight_lanes}.get(name, TOLERANCE * slots)
                if abs(got[name] - want[name]) > room:
                    lines.append(f"input {number}, counter {name}: expected {want[name]} within {room:.0f}, got {got[name]}")
            if answer.value.flags["saturated"] != run.saturated:
                lines.append(f"input {number}, flag saturated: expected {int(run.saturated)}, "
                             f"got {answer.value.flags['saturated']}")
            if answer.value.parts != run.parts:
                lines.append(f"input {number}, parts after act_overflow: expected {run.parts}, got {answer.value.parts}")
            lines += [f"input {number}, flag {name}: expected 0, got 1" for name in ("bad_run", "count_mismatch")
                      if answer.value.flags[name]]
        return lines

    @property
    def counted(self) -> int:
        """Counters that were compared, flags and the sum of the slots among them."""
        return 6 * len(self.answers) + (2 + len(SLOT_COUNTERS)) * self.timed

    @property
    def wrong(self) -> bool:
        """Whether a value or counter is not the golden model's."""
        return bool(len(self.differing) or self.counter_faults)

    def faults(self) -> list[str]:
        """Return lines that name the first value and the first counter that differ."""
        lines = []
        if len(self.differing):
            number, *place = self.differing[0].tolist()
            at = number, *place
            lines.append("first mismatch: " + str(Mismatch(
                layer=self.image.names[-1]["name"], index=at, expected=int(self.golden[number].outputs[tuple(place)]),
                got=int(self.outputs[at]), time=self.answers[number].time)))
        if self.counter_faults:
            lines.append(f"first counter mismatch: {self.counter_faults[0]}")
        return lines

    @property
    def in_parts(self) -> list[tuple[int, Result]]:
        """Return the inputs whose activations did not fit, by number, with what the machine gave."""
        return [(number, answer.value) for number, answer in enumerate(self.answers) if answer.value.parts]

    @property
    def predictions(self) -> np.ndarray:
        """Return the index of the largest output of each input."""
        return self.answer.reshape(len(self.outputs), -1).argmax(axis=1)

    @property
    def right(self) -> int:
        """Inputs whose largest output is that of their label."""
        return int((self.predictions == self.labels).sum())

    @property
    def accuracy(self) -> float | None:
        """Share of inputs that are right, if their labels are known."""
        return None if self.labels is None else self.right / len(self.outputs)

    def layers(self) -> list[dict[str, Any]]:
        """Return what the model of time says of each layer, for the first input; in parts a layer has no level of its own."""
        slots = self.image.spec.multipliers
        without = dict.fromkeys(("level", "passes", "kc")) if self.golden[0].parts else {}
        names = [named | without for named in self.image.names]
        return [named | {"cycles": own.cycles, "use": own.slots["products"] / max(1, own.cycles * slots), "slots": own.slots,
                         "entries": own.entries, "port_wait": own.port_wait}
                for named, own in zip(names, self.golden[0].counters, strict=True)]

    def causes(self) -> list[tuple[str, str, str, str]]:
        """Return for each counter the machine's, the model's and their share of the slots, means over the inputs compared."""
        rows = []
        numbers = range(max(1, self.timed))
        slots = sum(self.answers[number].value.counters["cycles"] for number in numbers) * self.image.spec.multipliers
        for name in ("cycles", *SLOT_COUNTERS, "entries", "port_wait"):
            got = sum(self.answers[number].value.counters[name] for number in numbers)
            want = sum(self.total(number)[name] for number in numbers)
            share = f"{100 * got / slots:.2f} %" if name in SLOT_COUNTERS else "-"
            rows.append((name, f"{got / len(numbers):,.0f}", f"{want / len(numbers):,.0f}", share))
        return rows

    def figures(self) -> dict[str, Any]:
        """Return what ``--json`` writes."""
        return {"accuracy": self.accuracy, "inputs": len(self.answers), "mismatches": len(self.differing),
                "counter_mismatches": len(self.counter_faults), "values_compared": int(self.outputs.size),
                "counters_compared": self.counted, "predictions": self.predictions.tolist(),
                "counters": [answer.value.counters for answer in self.answers],
                "model": [self.total(number) for number in range(len(self.answers))], "layers": self.layers(),
                "in_parts": [{"input": number, **result.in_parts} for number, result in self.in_parts],
                "saturated": [int(answer.value.flags["saturated"]) for answer in self.answers], "faults": self.faults()}
