"""Random networks that reach the corners of an array: every cause of a wait, the widest numbers, and the answer of golden."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from compress.scnn import Image, save
from compress.scnn.assemble import assemble
from compress.scnn.image import of
from golden import scnn as golden
from golden.scnn.layer import Layer, Pool
from spec.scnn import ScnnSpec

SAME = (1, 1, 1, 1)
WIDTHS = (16, 14, 12, 10, 8, 6, 4)      # bits of weights that are tried until no sum can overflow
SIDES = (6, 5, 4, 3, 2)                 # rows and columns of a PE's tile that are tried until the memories hold it


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """An image, one input for it, and what golden says of the run."""

    name: str
    image: Image
    x: np.ndarray
    golden: golden.Run


def case(spec: ScnnSpec, *, seed: int) -> Case:
    """Return a network for an array with an input and the golden model's run.

    Every third network has small numbers and little shift, so that the lowest bits of a product show in an output; the others
    have weights as wide as their sums allow.

    Raises
    ------
    ValueError
        If the array is too small for any of them.
    """
    why: Exception = ValueError("none was tried")
    for side in SIDES:
        for width in ((4,) if seed % 3 == 0 else WIDTHS):
            rng = np.random.default_rng(seed)
            layers = _codes(spec, _layers(spec, rng, seed, width))
            x = _draw(rng, (3, side * spec.rows + seed % 2, side * spec.cols - seed % 2), 0.5, 4 if seed % 3 == 0 else 16)
            try:
                image = of(assemble(spec, layers, x.shape, levels=[seed % len(spec.block_sides)] * len(layers)))
            except (ValueError, OverflowError) as error:
                why = error
                continue
            return Case(name=f"random {seed}", image=image, x=x, golden=answer(image, x))
    raise ValueError(f"array must hold a small network to be tried with, and does not: {why}")


def answer(image: Image, x: np.ndarray) -> golden.Run:
    """Return golden's run of an image, which it reads from a file as from anyone."""
    with tempfile.TemporaryDirectory(prefix="case-") as made:
        path = Path(made) / "case.npz"
        save(image, path)
        return golden.run(golden.load(path), x)


def _layers(spec: ScnnSpec, rng: np.random.Generator, seed: int, width: int) -> list[Layer]:
    wide = 3 + seed % 4
    product_shift = min(1 if width == 4 else 3, (1 << spec.product_shift_bits) - 1)
    shift = (2 if width == 4 else width + 1) - product_shift

    def layer(name: str, source: str, shape: tuple[int, ...], **more: Any) -> Layer:
        bias = rng.integers(-1 << width, 1 << width, shape[0]).astype(np.int32)
        return Layer(name=name, inputs=(source,), weight=_draw(rng, shape, rng.choice((0.2, 0.5, 1.0)), width), bias=bias,
                     shift=max(0, shift), product_shift=product_shift, **more)

    first = layer("a", "input", (wide, 3, 3, 3), pad=SAME, relu=seed % 2 == 0)
    if seed % 3 == 1:
        first = replace(first, pool=Pool(kind="max", size=(2, 2), stride=(2, 2)))
        return [first, layer("b", "a", (5, wide, 3, 3), pad=SAME, relu=False)]
    if seed % 3 == 2:
        return [first, layer("b", "a", (wide, wide, 3, 3), pad=SAME, relu=False, residual=("a", min(width, 8)))]
    return [first, layer("b", "a", (6, wide, 1, 1), relu=False)]


def _draw(rng: np.random.Generator, shape: tuple[int, ...], density: float, width: int) -> np.ndarray:
    """Return whole numbers of ``width`` bits, the ends of their range among them, a share of which is not 0."""
    top = (1 << width - 1) - 1
    values = rng.integers(-top - 1, top + 1, shape)
    values = np.where(rng.random(shape) < 0.1, rng.choice((-top - 1, top), shape), values)
    values[values == 0] = 1
    return np.where(rng.random(shape) < density, values, 0).astype(np.int16)


def _codes(spec: ScnnSpec, layers: list[Layer]) -> list[Layer]:
    """Return layers whose weights have few values, where the array has codes."""
    if not spec.weight_code_bits:
        return layers
    made = []
    for layer in layers:
        values = layer.weight[layer.weight != 0]
        few = np.unique(values)[:: max(1, len(np.unique(values)) // 12)].astype(np.int64)[:14]
        nearest = few[np.abs(few[:, None] - layer.weight.ravel().astype(np.int64)).argmin(axis=0)].reshape(layer.weight.shape)
        made.append(replace(layer, weight=np.where(layer.weight != 0, nearest, 0).astype(np.int16)))
    return made
