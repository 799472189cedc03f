"""The Verilog of a block-scaled dot unit and its manifest."""
from typing import Any

from rtl.emit import Library
from rtl.mac.depth import cuts_of
from rtl.mac.scaled.dot import ScaledDot
from rtl.mac.scaled.plan import ScaledPlan
from spec.mac.scaled import ScaledFormat

MODULE = "mac_scaled"


def generate(form: ScaledFormat, target: str = "ecp5") -> tuple[str, dict[str, Any]]:
    """Return the Verilog of a dot unit, module `MODULE`, and its manifest."""
    library = Library()
    unit = ScaledDot(ScaledPlan(form=form), cuts_of(target), library)
    library.add(unit, module=MODULE)
    plan = unit.plan
    return library.verilog(f"{MODULE}: {form.name}"), {
        "format": form.name, "target": target, "terms": form.terms, "block": form.block, "blocks": plan.blocks,
        "element_bits": form.element.bits, "scale_bits": plan.scale_bits, "latency": unit.latency,
        "stages": [list(stage) for stage in unit.stages]}
