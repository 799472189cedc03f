"""Which figures are kept of a commit, which way is better, and how much worse one may become before it is named."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure that is kept of each commit.

    Parameters
    ----------
    name, unit, text : str
        Its key in the file; its unit; what it is.
    lower : bool
        Whether less is better.
    tolerance : float
        Share by which it may be worse than the best before it.
    """

    name: str
    unit: str
    text: str
    lower: bool = True
    tolerance: float

    def worse(self, value: float, best: float) -> float:
        """Return by which share a value is worse than another; negative where it is better."""
        return (value - best) / best if self.lower else (best - value) / best


FIGURES = {one.name: one for one in (
    Figure(name="eie_cycles", unit="cycles", text="EIE's nine layers on 64 PEs added up, by `bench.eie`", tolerance=0.01),
    Figure(name="eie_over_limit", unit="", text="their cycles over the physical limit, geometric mean", tolerance=0.01),
    Figure(name="scnn_vgg", unit="times", text="VGG-16 on 8 x 8 PEs over dense multiplications, by the model of time in "
                                               "`bench.scnn`", lower=False, tolerance=0.02),
    Figure(name="eie_pe_lut", unit="LUT", text="one EIE PE of preset `ecp5` on an ECP5, as Yosys maps it", tolerance=0.03),
    Figure(name="eie_pe_ff", unit="FF", text="flip-flops of the same", tolerance=0.03),
    Figure(name="eie_pe_mhz", unit="MHz", text="its clock, from `synth/baseline.json`", lower=False, tolerance=0.05),
    Figure(name="eie_16_mhz", unit="MHz", text="clock of 16 PEs, from the same file", lower=False, tolerance=0.05),
    Figure(name="mac_tile_mhz", unit="MHz", text="clock of a MAC tile, from the same file", lower=False, tolerance=0.05),
    Figure(name="eie_verilog", unit="bytes", text="Verilog of 64 PEs, default preset", tolerance=0.1),
    Figure(name="mac_verilog", unit="bytes", text="Verilog of a MAC machine, default preset", tolerance=0.1),
    Figure(name="build_seconds", unit="s", text="processor time of `rtl.build --pes 64`", tolerance=0.5),
    Figure(name="test_seconds", unit="s", text="processor time of the quick tests from empty caches", tolerance=0.3),
)}
"""Name -> figure. Processor times, because wall times say more of what else the machine did."""
