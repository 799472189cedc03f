"""The machines by name: a machine is a folder of ``rtl/`` with ``generate(spec)`` in its ``__init__.py``."""

from typing import Any

from rtl.generated import GeneratedMachine
from spec import machines


def generate(design: str, spec: Any) -> GeneratedMachine:
    """Return the Verilog and manifest of a machine."""
    return machines.part(design, "rtl").generate(spec)
