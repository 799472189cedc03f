"""The MAC machine as numbers: one frozen description of a build, refused where no generation does it."""
from dataclasses import dataclass
from typing import Any

from spec.mac.generation import ARCHS, LEGAL, RULES, Rule
from spec.mac.lfsr import LFSR_BITS, LFSR_SEED
from spec.mac.number import ACCUMULATORS, FORMATS, OPERANDS, Format
from spec.mac.sparse import CHUNK_BITS, PATTERNS
from spec.parameter import check, choice, chosen, number, switch

UNIT_TERMS = (4, 8, 16, 32)
FOLDS = (1, 2, 4, 16)
TARGETS = ("ecp5", "gowin", "ice40", "generic")
"""Parts that a pipeline can be cut for; `rtl.mac.depth` has the cuts."""

SIDE = 4
"""Rows and columns of the tile: 16 outputs an operation."""


@dataclass(frozen=True, kw_only=True)
class MacSpec:
    """One build: which numbers the tile takes, how it sums them, how many of it there are.

    One *operation* is D = A*B + C on 4 x 4 matrices C and D: output (i, j) is one dot product of `terms`
    (fmt) products and C[i, j], rounded once. Longer dot products chain operations, D of one being C of the
    next, in ascending k; the last operation of a K that does not divide is padded with +0. Every zero result
    is +0, every NaN result is ``Format.nan``.

    D of a matrix product is cut into blocks of 4 x 4. The tiles share A's rows: tile t computes the block
    columns bj with bj mod tiles = t, in the order bi, then bj div tiles, then k innermost, all tiles in step;
    a tile beyond the last block column works on zeros. That order is what steps the random numbers of
    ``stochastic``.

    Every parameter is declared below: default, choices, meaning. Integers always accumulate into int32, so ``acc="int32"``
    asks for integers only. A format whose block is shorter on a generation uses the first `terms` (fmt) lanes of ``k``.
    Neither ``fold`` nor ``target`` ever changes a bit of a result.
    """

    arch: str = choice("volta", ARCHS, "Numerics: a generation of tensor cores, or exact, the sum rounded once.")
    formats: tuple[str, ...] = choice(("fp16",), OPERANDS, "Formats of A and B that are built in.")
    acc: str = choice("fp32", ACCUMULATORS, "Format of C and D for floating operands; integers take int32 whatever this is.")
    k: int = choice(4, UNIT_TERMS, "Terms that a dot unit sums at once.")
    tiles: int = number(1, 1, 64, "Tiles side by side.")
    rows: int = number(512, 256, 2048, "Operands that a tile's buffer of B holds.", power=True)
    fold: int = choice(1, FOLDS, "Outputs that share a dot unit: fewer multipliers, more cycles.")
    overflow: str = choice("wrap", ("wrap", "saturate"), "What an integer sum with C does beyond 32 bits, once an operation.")
    sparse: bool = switch(False, "A of 2:4 structured sparsity: half its elements, and metadata; from Ampere on.")
    stochastic: bool = switch(False, "Round floating results stochastically instead of by the generation's rule.")
    seed: int = number(LFSR_SEED, 0, (1 << LFSR_BITS) - 1, "Seed of the random numbers of output 0 of tile 0.")
    arith: str = choice("float", ("float", "lns"), "Floating and whole numbers, or logarithmic ones.")
    kahan: bool = switch(False, "Compensated accumulation in the logarithmic lane.")
    lns_frac: int = number(8, 4, 10, "Fraction bits of a logarithm.")
    lns_step: int = number(4, 1, 10, "Address bits below the binary point of the logarithmic tables; at most lns_frac.")
    target: str = choice("ecp5", TARGETS, "Part that the pipeline is cut for.")

    def __post_init__(self) -> None:
        """Refuse a machine that no generation is, naming the parameter, its rule and its value."""
        check(self)
        if self.arith == "lns":
            self._check_lns()
        else:
            self._check_float()

    def _check_float(self) -> None:
        for fmt in self.formats:
            if (self.arch, fmt, self.acc_of(fmt)) not in LEGAL:
                pairs = ", ".join(f"{f}->{c}" for a, f, c in RULES if a == self.arch)
                raise ValueError(f"format must be one that {self.arch} multiplies into its accumulator, not "
                                 f"{fmt}->{self.acc_of(fmt)}; {self.arch} offers {pairs}")
        longest = max(rule.terms or 32 for rule in map(self.rule, self.formats))
        if self.k > longest:
            raise ValueError(f"k must be at most {longest} for {self.arch} with {','.join(self.formats)}, "
                             f"not {self.k}; the real unit sums no more at once, so chain operations")
        if self.sparse and self.arch == "volta":
            raise ValueError("sparse must be off for volta, not on; structured sparsity came with ampere")
        if self.kahan:
            raise ValueError("kahan must be off with arith float, not on; a block's sum is exact already, "
                             "so choose arith lns")
        if self.stochastic and not any(FORMATS[f].is_float for f in self.formats):
            raise ValueError("stochastic must be off for integer formats, not on; "
                             "integer sums are never rounded")

    def _check_lns(self) -> None:
        if self.formats != ("lns",) or self.acc != "lns":
            raise ValueError(f"formats and acc must be lns with arith lns, not {','.join(self.formats)} and "
                             f"{self.acc}; convert the operands to logarithms first")
        if self.sparse:
            raise ValueError("sparse must be off with arith lns, not on; no GPU has it, so choose arith float")
        if self.stochastic:
            raise ValueError("stochastic must be off with arith lns, not on; its tables round to nearest")
        if self.lns_step > self.lns_frac:
            raise ValueError(f"lns_step must be at most lns_frac, which is {self.lns_frac}, not {self.lns_step}")

    def acc_of(self, fmt: str) -> str:
        """Name the format of C and D when A and B have format ``fmt``."""
        if fmt == "lns":
            return "lns"
        return self.acc if FORMATS[fmt].is_float else "int32"

    def acc_format(self, fmt: str) -> Format:
        """Format of C and D when A and B have format ``fmt``."""
        return FORMATS[self.acc_of(fmt)]

    def rule(self, fmt: str) -> Rule:
        """Summation rule of operand format ``fmt`` in this build; there is none for ``lns``."""
        return RULES[self.arch, fmt, self.acc_of(fmt)]

    def terms(self, fmt: str) -> int:
        """Products of ``fmt`` summed in one operation: ``k``, but never more than the generation's block."""
        if fmt == "lns":
            return self.k
        return min(self.k, self.rule(fmt).terms or self.k)

    def length(self, fmt: str) -> int:
        """Elements of a row of A, zeros among them, that one operation takes: `terms`, or twice that with ``sparse``."""
        return self.terms(fmt) * (2 if self.sparse else 1)

    @property
    def depth(self) -> int:
        """Rows of a block of B."""
        return self.k * (2 if self.sparse else 1)

    @property
    def meta_bits(self) -> int:
        """Bits of metadata of a row of A: 4 a chunk, of the format with the smallest chunks."""
        return max(CHUNK_BITS * self.k // PATTERNS[fmt].kept for fmt in self.formats) if self.sparse else 0

    def sum_bits(self, fmt: str) -> int | None:
        """Bits of the signed sum of aligned terms, or None where its width is not set by F.

        Each of n products is below 4 and C below 2, in units of 2^F: |S| < (4 n + 2) 2^F.
        """
        rule, n = self.rule(fmt), self.terms(fmt)
        if rule.round == "int":
            return max(2 * FORMATS[fmt].bits + n.bit_length(), 32) + 1
        return None if rule.frac is None else (4 * n + 1).bit_length() + rule.frac + 1

    @property
    def units(self) -> int:
        """Dot units a tile holds."""
        return SIDE * SIDE // self.fold

    @property
    def operand_bits(self) -> int:
        """Bits of the widest operand pattern built in."""
        return max(FORMATS[f].bits for f in self.formats)

    @property
    def acc_bits(self) -> int:
        """Bits of the widest accumulator pattern built in."""
        return max(self.acc_format(f).bits for f in self.formats)

    def code(self, fmt: str) -> int:
        """Number selecting ``fmt`` in an operation: its place in `OPERANDS`, the same in every build."""
        if fmt not in self.formats:
            raise ValueError(f"format must be one this build holds ({', '.join(self.formats)}), not {fmt}; "
                             f"build with it, or convert the data")
        return OPERANDS.index(fmt)


LOGARITHMS: dict[str, Any] = {"arith": "lns", "formats": ("lns",), "acc": "lns"}
PRESETS = {"default": MacSpec(), "lns": MacSpec(**LOGARITHMS), "ice40": MacSpec(fold=16, target="ice40")}
"""``default``: Volta's fp16 into fp32. ``lns``: logarithmic numbers. ``ice40``: what an iCE40UP5K holds."""


def preset(name: str = "default", **changes: Any) -> MacSpec:
    """Return the preset ``name`` with ``changes``, or say which presets and parameters exist.

    ``arith="lns"`` alone implies the format and the accumulator of logarithmic numbers.
    """
    implied = LOGARITHMS if changes.get("arith") == "lns" else {}
    return chosen(PRESETS, name, {**implied, **changes})
