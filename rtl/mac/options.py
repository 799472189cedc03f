"""Command-line options of the MAC machine."""
from typing import Annotated

import typer

from spec.mac import FOLDS, TARGETS, UNIT_TERMS, MacSpec
from spec.mac.generation import ARCHS
from spec.mac.lfsr import LFSR_SEED
from spec.mac.number import ACCUMULATORS, OPERANDS


def make_spec(
        arch: Annotated[str, typer.Option(help=f"Numerics: {', '.join(ARCHS)}.")] = "volta",
        formats: Annotated[str, typer.Option(help=f"Operand formats, with commas: {', '.join(OPERANDS)}.")] = "fp16",
        acc: Annotated[str | None, typer.Option(
            help=f"Accumulator of C and D: {', '.join(ACCUMULATORS)}; int32 for integers whatever this is.")] = None,
        k: Annotated[int, typer.Option(help=f"Terms summed at once: {', '.join(map(str, UNIT_TERMS))}.")] = 4,
        tiles: Annotated[int, typer.Option(help="Tiles side by side.")] = 1,
        fold: Annotated[int, typer.Option(
            help=f"Outputs that share a dot unit: {', '.join(map(str, FOLDS))}; fewer multipliers, more cycles.")] = 1,
        overflow: Annotated[str, typer.Option(help="Integer sums beyond 32 bits: wrap or saturate.")] = "wrap",
        stochastic: Annotated[bool, typer.Option(help="Round floating results stochastically.")] = False,
        seed: Annotated[int, typer.Option(help="Seed of the random numbers.")] = LFSR_SEED,
        arith: Annotated[str, typer.Option(help="float, or lns for logarithmic numbers.")] = "float",
        kahan: Annotated[bool, typer.Option(help="Compensated accumulation in the logarithmic lane.")] = False,
        target: Annotated[str, typer.Option(help=f"Part the pipeline is cut for: {', '.join(TARGETS)}.")] = "ecp5",
        ) -> MacSpec:
    """Return the specification that the options ask for."""
    names = tuple(name.strip() for name in formats.split(",") if name.strip())
    acc = acc or ("lns" if arith == "lns" else "fp32")
    return MacSpec(arch=arch, formats=names, acc=acc, k=k, tiles=tiles, fold=fold, overflow=overflow, stochastic=stochastic,
                   seed=seed, arith=arith, kahan=kahan, target=target)
