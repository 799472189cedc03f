"""The registry of machines: one name here, and one package of that name in each stage.

A machine NAME provides ``spec.NAME`` (its specification, presets, packets, registers, members of its image), ``golden.NAME``
(load, run), ``compress.NAME`` (build, load, actions), ``rtl.NAME`` (generate), ``sim.NAME`` (run, netlist) and ``synth.NAME``
(features). ``docs/adding-a-machine.md`` says what each of them must hold.
"""

import importlib
from types import ModuleType

MACHINES: tuple[str, ...] = ("eie", "mac", "scnn")
"""Every machine; the first is what a command takes when none is named."""


def specification(design: str) -> ModuleType:
    """Return ``spec.DESIGN``: its ``Spec``, ``PRESETS``, ``preset``, ``PACKETS`` and ``registers``."""
    return part(design, "spec")


def part(design: str, stage: str, module: str = "") -> ModuleType:
    """Return the package that a machine has in a stage, ``STAGE.DESIGN``, or a module of it, ``STAGE.DESIGN.MODULE``.

    A machine that is not registered is refused.
    """
    if design not in MACHINES:
        raise ValueError(f"design must be one of {', '.join(MACHINES)}, not {design!r}; choose one")
    return importlib.import_module(".".join(filter(None, (stage, design, module))))
