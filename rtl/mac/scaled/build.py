"""The Verilog of a block-scaled dot unit and its manifest."""
from typing import Any

from rtl.emit import Library
from rtl.mac.depth import cuts_of
from rtl.mac.scaled.datapath import ScaledDatapath
from rtl.mac.scaled.dot import ScaledDot
from spec.mac.scaled import ScaledFormat

MODULE = "mac_scaled"


def generate(form: ScaledFormat, target: str = "ecp5") -> tuple[str, dict[str, Any]]:
    """Return the Verilog of a dot unit, module `MODULE`, and its manifest."""
    library = Library()
    unit = ScaledDot(ScaledDatapath(form=form), cuts_of(target), library)
    library.add(unit, module=MODULE)
    datapath = unit.datapath
    return library.verilog(f"{MODULE}: {form.name}"), {
        "format": form.name, "target": target, "terms": form.terms, "block": form.block, "blocks": datapath.blocks,
        "element_bits": form.element.bits, "scale_bits": datapath.scale_bits, "latency": unit.latency,
        "stages": [list(stage) for stage in unit.stages]}
