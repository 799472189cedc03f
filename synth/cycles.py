"""Cycles of an image on a machine, by its cycle model."""

from pathlib import Path
from typing import Any

from spec import machines


def count(design: str, image: Path, inputs: Path | None, spec: Any) -> int:
    """Return the cycles of one inference, as ``cycles`` of the machine's ``synth.NAME`` counts them.

    Parameters
    ----------
    design : str
        Name of the machine.
    image : Path
        An image; ``{pes}`` in its name stands for the number of PEs.
    inputs : Path, optional
        ``.npy`` of one input or of several, of which the first counts.
    spec : dataclass
        The machine's specification.
    """
    cycles = getattr(machines.part(design, "synth"), "cycles", None)
    if cycles is None:
        raise ValueError(f"--image must come with a machine whose cycles are modelled, not with {design}; leave it out")
    return cycles(image, inputs, spec)
