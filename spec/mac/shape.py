"""The MAC machine as numbers: one frozen description of a build, refused where no generation does it."""
from collections.abc import Collection
from dataclasses import dataclass

from spec.mac.generation import ARCHS, LEGAL, RULES, Rule
from spec.mac.lfsr import LFSR_BITS, LFSR_SEED
from spec.mac.number import ACCUMULATORS, FORMATS, OPERANDS, Format

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

    Parameters
    ----------
    arch : str
        ``"volta"``, ``"ampere"``, ``"hopper"``, or ``"exact"``: the infinitely precise sum rounded once to
        nearest even.
    formats : tuple of str
        Operand formats built in, at least one, any order; ``("lns",)`` with ``arith="lns"``.
    acc : str
        Accumulator of the floating formats; integers always accumulate into int32, so ``"int32"`` asks for
        integers only.
    k : int
        Terms a unit sums at once. A format whose block is shorter on this generation uses the first `terms`
        (fmt) lanes.
    tiles : int
        Tiles side by side.
    fold : int
        Outputs that share one dot unit, one after another; never changes a bit of the result.
    overflow : str
        What integers do when an operation's exact sum with C leaves int32: ``"wrap"`` or ``"saturate"``, once
        an operation.
    stochastic : bool
        Round floating results stochastically (`spec.mac.lfsr`) instead of by the generation's own rule.
    target : str
        Part whose pipeline depth is taken; never changes a bit of the result.
    seed : int
        LFSR seed of output 0 of tile 0.
    arith : str
        ``"float"`` for everything above, ``"lns"`` for the logarithmic lane (`spec.mac.lns`).
    kahan : bool
        Compensated accumulation in the logarithmic lane.
    lns_frac, lns_step : int
        Fraction bits of a logarithm; address bits below the binary point of its tables.
    """

    arch: str = "volta"
    formats: tuple[str, ...] = ("fp16",)
    acc: str = "fp32"
    k: int = 4
    tiles: int = 1
    fold: int = 1
    overflow: str = "wrap"
    stochastic: bool = False
    seed: int = LFSR_SEED
    arith: str = "float"
    kahan: bool = False
    lns_frac: int = 8
    lns_step: int = 4
    target: str = "ecp5"

    def __post_init__(self) -> None:
        _one_of("arch", self.arch, ARCHS)
        _one_of("arith", self.arith, ("float", "lns"))
        _one_of("acc", self.acc, ACCUMULATORS)
        _one_of("target", self.target, TARGETS)
        _one_of("overflow", self.overflow, ("wrap", "saturate"))
        for name, allowed in (("k", UNIT_TERMS), ("fold", FOLDS)):
            _one_of(name, getattr(self, name), allowed)
        _within("tiles", self.tiles, 1, 64)
        _within("seed", self.seed, 0, (1 << LFSR_BITS) - 1)
        if not isinstance(self.formats, tuple) or not self.formats:
            raise TypeError(f"formats must be a tuple of one or more names, not {self.formats!r}; "
                            f"name at least one of {', '.join(OPERANDS)}")
        for fmt in self.formats:
            _one_of("format", fmt, OPERANDS)
        if len(set(self.formats)) != len(self.formats):
            raise ValueError(f"formats must name each format once, not {','.join(self.formats)}; "
                             f"drop the repeated one")
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
        if self.stochastic:
            raise ValueError("stochastic must be off with arith lns, not on; its tables round to nearest")
        _within("lns_frac", self.lns_frac, 4, 10)
        _within("lns_step", self.lns_step, 1, self.lns_frac)

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


def _one_of(name: str, value: object, allowed: Collection[object]) -> None:
    if value not in allowed or isinstance(value, bool):
        raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}, not {value!r}; "
                         f"choose one of those")


def _within(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, not {value!r}; write a whole number")
    if not low <= value <= high:
        raise ValueError(f"{name} must be in {low}..{high}, not {value}; choose a value in that range")
