"""The matrix instructions of NVIDIA's GPUs that golden has numerics for.

A tile is one instruction's worth: A (rows x K) and B (8 x K, one row per column of the product), both packed into
32-bit words along K, lowest index in the lowest bits; C and D (rows x 8). A of ``mma.sp`` is rows x K / 2, the kept elements.
"""
from dataclasses import dataclass

from spec.mac.number import FORMATS

COLUMNS = 8


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One matrix instruction for one pair of formats.

    Parameters
    ----------
    family : str
        ``"mma.sync"``, ``"mma.sp"`` (A of 2:4 structured sparsity) or ``"wgmma"``.
    rows, terms : int
        M of the tile; K of one instruction, of ``mma.sp`` that of B.
    fmt, acc : str
        Operand and accumulator format; ``b1`` for single bits.
    capability : int
        Lowest compute capability, major times ten plus minor.
    only : bool
        Whether that capability is the only one (wgmma exists on Hopper alone).
    satfinite : bool
        Whether an integer sum is clamped to int32.
    join : str
        What joins two single bits, ``"and"`` or ``"xor"``; empty for other formats.
    """

    family: str
    rows: int
    terms: int
    fmt: str
    acc: str
    capability: int
    only: bool = False
    satfinite: bool = False
    join: str = ""

    @property
    def name(self) -> str:
        """The instruction in PTX's order of parts, without the synchronisation."""
        types = f"{PTX[self.acc]}.{PTX[self.fmt]}.{PTX[self.fmt]}"
        shape = f"m{self.rows}n{COLUMNS}k{self.terms}"
        tail = "" if self.family == "wgmma" else f".{PTX[self.acc]}"
        return f"{self.family}.{shape}.{types}{tail}{'.satfinite' if self.satfinite else ''}{self.count}"

    @property
    def count(self) -> str:
        """What PTX adds for single bits."""
        return f".{self.join}.popc" if self.join else ""

    @property
    def sparse(self) -> bool:
        """Whether A has the kept elements alone, and metadata."""
        return self.family == "mma.sp"

    @property
    def words(self) -> int:
        """32-bit words that a column of B takes."""
        return self.terms * (1 if self.join else FORMATS[self.fmt].bits) // 32

    @property
    def words_a(self) -> int:
        """32-bit words that a row of A takes."""
        return self.words // 2 if self.sparse else self.words

    @property
    def arch(self) -> str:
        """Generation whose unit this instruction was made for, by its capability."""
        return {70: "volta", 75: "ampere", 80: "ampere", 89: "ada"}.get(self.capability, "hopper")

    def runs_on(self, capability: int) -> bool:
        """Whether a GPU of this compute capability takes the instruction."""
        return capability == self.capability if self.only else capability >= self.capability


PTX = {"fp16": "f16", "bf16": "bf16", "tf32": "tf32", "e4m3": "e4m3", "e5m2": "e5m2", "int8": "s8", "int4": "s4", "b1": "b1",
       "fp32": "f32", "int32": "s32"}
"""What PTX calls a format."""


def _mma(terms: int, fmt: str, acc: str, capability: int, **more) -> Instruction:
    return Instruction(family="mma.sync", rows=16, terms=terms, fmt=fmt, acc=acc, capability=capability, **more)


def _sparse(terms: int, fmt: str, acc: str, capability: int = 80) -> Instruction:
    return Instruction(family="mma.sp", rows=16, terms=terms, fmt=fmt, acc=acc, capability=capability)


def _wgmma(terms: int, fmt: str, acc: str) -> Instruction:
    return Instruction(family="wgmma", rows=64, terms=terms, fmt=fmt, acc=acc, capability=90, only=True)


INSTRUCTIONS = (
    *(Instruction(family="mma.sync", rows=8, terms=4, fmt="fp16", acc=acc, capability=70, only=True)
      for acc in ("fp32", "fp16")),
    *(_mma(8, "fp16", acc, 75) for acc in ("fp32", "fp16")),
    *(_mma(16, "fp16", acc, 80) for acc in ("fp32", "fp16")),
    _mma(8, "bf16", "fp32", 80), _mma(16, "bf16", "fp32", 80),
    _mma(4, "tf32", "fp32", 80), _mma(8, "tf32", "fp32", 80),
    _mma(32, "int8", "int32", 80), _mma(32, "int8", "int32", 80, satfinite=True),
    _mma(64, "int4", "int32", 80),
    *(_mma(256, "b1", "int32", 80, join=join) for join in ("and", "xor")),
    *(_mma(32, fmt, acc, 89) for fmt in ("e4m3", "e5m2") for acc in ("fp32", "fp16")),
    *(_sparse(terms, "fp16", acc) for terms in (16, 32) for acc in ("fp32", "fp16")),
    *(_sparse(terms, "bf16", "fp32") for terms in (16, 32)), *(_sparse(terms, "tf32", "fp32") for terms in (8, 16)),
    *(_sparse(terms, "int8", "int32") for terms in (32, 64)), *(_sparse(terms, "int4", "int32") for terms in (64, 128)),
    *(_sparse(64, fmt, "fp32", 89) for fmt in ("e4m3", "e5m2")),
    *(_wgmma(16, "fp16", acc) for acc in ("fp32", "fp16")), _wgmma(16, "bf16", "fp32"), _wgmma(8, "tf32", "fp32"),
    _wgmma(32, "int8", "int32"),
    *(_wgmma(32, fmt, acc) for fmt in ("e4m3", "e5m2") for acc in ("fp32", "fp16")),
)
