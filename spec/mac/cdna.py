"""AMD's matrix cores as published models describe them (MI100, MI210 and MI250, MI300); no recording stands behind them here.

Source: Xie et al., MMA-Sim (arXiv:2511.10909), and Khattak and Mikaitis, MATLAB-tensor-core; the two agree where both speak.
Accumulators are fp32. A dot product longer than a block chains blocks, D of one being C of the next.
"""
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MatrixCore:
    """How one kind of matrix core sums a block of products of one instruction and C.

    Parameters
    ----------
    fmt : str
        Format of A and B.
    terms : int
        Products of a block.
    sum : str
        ``"exact"``: rounded once, to nearest even. ``"pairs"``: products, their sums two by two, and C added last are fp32
        numbers, each rounded to nearest even; subnormals, of operands, results and in between, count as zero. ``"floor"``:
        products cut toward zero at `PRODUCT_FRAC` bits below their largest exponent and summed; that sum cut toward minus
        infinity at `SUM_FRAC` + 1 bits below the larger exponent of it and C, and C at `PRODUCT_FRAC`; their sum cut toward
        minus infinity to `SUM_FRAC` bits below its leading one and rounded to nearest even.
    """

    fmt: str
    terms: int
    sum: str


PRODUCT_FRAC, SUM_FRAC = 24, 31

CORES = {
    "mi100": {"fp16": MatrixCore(fmt="fp16", terms=4, sum="exact"), "bf16": MatrixCore(fmt="bf16", terms=2, sum="exact")},
    "mi250": {"fp16": MatrixCore(fmt="fp16", terms=4, sum="pairs"), "bf16": MatrixCore(fmt="bf16", terms=2, sum="pairs"),
              "bf16_1k": MatrixCore(fmt="bf16", terms=4, sum="pairs")},
    "mi300": {"fp16": MatrixCore(fmt="fp16", terms=8, sum="floor"), "bf16": MatrixCore(fmt="bf16", terms=8, sum="floor"),
              "xf32": MatrixCore(fmt="tf32", terms=4, sum="floor")},
}
"""GPU -> instruction (the last part of ``v_mfma_f32_...``) -> core. MI210 is as MI250. The 8-bit formats of MI300 have
another bias than those of OCP and are not here."""
