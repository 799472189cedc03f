"""Images and inputs that try the corners of an array: runs of zeros, extremes, odd sizes, random networks and machines."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compress.eie.assemble import IntegerLayer, assemble
from compress.eie.image import Image, save
from golden import image as golden_image
from golden.eie import Run
from golden.eie import run as golden_run
from spec.eie import EieSpec

RUNS = (0, 15, 16, 17, 31, 32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """An image, and what golden, which reads it from a file as a user's machine would, says of some inputs."""

    name: str
    image: Image
    golden: Run


def case(name: str, image: Image, inputs: np.ndarray) -> Case:
    """Return a case; the vectors are integers."""
    with tempfile.TemporaryDirectory(prefix="eie-image-") as folder:
        path = Path(folder) / "image.npz"
        save(image, path)
        return Case(name=name, image=image, golden=golden_run(golden_image.load(path), np.asarray(inputs, np.int16)))


def books(spec: EieSpec, rng: np.random.Generator, *, small: bool = False) -> np.ndarray:
    """Return all codebooks of a machine, entry 0 of each 0."""
    top = 1 << (spec.weight_bits - (4 if small and spec.weight_bits > 6 else 1))
    values = rng.integers(-top, top, (spec.codebooks, 1 << spec.codebook_bits))
    values[:, 0] = 0
    return values.astype(np.int16)


def activations(spec: EieSpec, rng: np.random.Generator, shape: tuple[int, int], density: float) -> np.ndarray:
    """Return vectors of random activations, a share of them not 0."""
    top = 1 << spec.act_bits - 1
    return rng.integers(-top, top, shape) * (rng.random(shape) < density)


def network(spec: EieSpec, rng: np.random.Generator, sizes: Sequence[int], *, order: str = "balanced",
            density: float | None = None) -> Case:
    """A random network through all that a layer may have or lack; the vectors are random, all zeros, and without a zero."""
    layers = []
    for number, (inputs, outputs) in enumerate(zip(sizes, sizes[1:], strict=False)):
        share = rng.choice([0.05, 0.3, 0.9]) if density is None else density
        codes = rng.integers(1, 1 << spec.codebook_bits, (outputs, inputs)) * (rng.random((outputs, inputs)) < share)
        bias = rng.integers(-(1 << spec.acc_bits - 4), 1 << spec.acc_bits - 4, outputs) if rng.random() < 0.6 else None
        layers.append(IntegerLayer(name=f"fc{number}", codes=codes, codebook=int(rng.integers(spec.codebooks)), bias=bias,
                                   shift=int(rng.integers(1 << spec.shift_bits)) // 2, relu=bool(rng.random() < 0.5)))
    vectors = activations(spec, rng, (3, sizes[0]), 0.5)
    vectors[1] = 0
    vectors[2] = np.where(vectors[2] == 0, 1, vectors[2])
    image = assemble(layers, books(spec, rng, small=True), spec, order_name=order)
    return case("network " + "-".join(map(str, sizes)), image, vectors)


def columns_by_run(spec: EieSpec, rng: np.random.Generator) -> Case:
    """Columns that are empty, full, or begin after, or hold, a run of zeros of each length in every PE."""
    slots = min(spec.slots, 2 * max(RUNS) + 3)
    patterns = [np.zeros(slots, bool), np.ones(slots, bool), *(_run(slots, run) for run in RUNS if run + 1 < slots)]
    last = np.zeros(slots, bool)
    last[-1] = True
    patterns += [last, np.zeros(slots, bool)]
    table = np.array(patterns[:spec.slots * spec.pes]).T                                      # slots x columns
    rows = np.stack([np.roll(table, pe, axis=1) for pe in range(spec.pes)], axis=1).reshape(slots * spec.pes, -1)
    codes = rng.integers(1, 1 << spec.codebook_bits, rows.shape) * rows
    image = assemble([IntegerLayer(name="runs", codes=codes, shift=min(8, (1 << spec.shift_bits) - 1), relu=False)],
                     books(spec, rng), spec, order_name="modulo")
    return case("runs of zeros", image, activations(spec, rng, (2, table.shape[1]), 1.0))


def _run(slots: int, run: int) -> np.ndarray:
    """Return a column whose entries lie as far apart as a run of zeros between them says, the first after one too."""
    mask = np.zeros(slots, bool)
    mask[run::run + 1] = True
    return mask


def extremes(spec: EieSpec) -> Case:
    """Sums that saturate high and low on the way, in an order that matters, and sums that end halfway between two outputs."""
    top, act = (1 << spec.weight_bits - 1) - 1, (1 << spec.act_bits - 1) - 1
    book = np.zeros((1, 1 << spec.codebook_bits), np.int16)
    values = [top, -top - 1, 1, -1, 3][: (1 << spec.codebook_bits) - 1]
    book[0, 1:1 + len(values)] = values
    high, low = 1, min(2, len(values))
    one = 3 if len(values) > 2 else 1
    few = (1 << spec.acc_bits - 1) // ((top + 1) * (act + 1))         # so many products reach the limit
    few = min(few, 6)
    width = min(2 * few + 6, spec.slots * spec.pes)
    up = [high] * (few + 2) + [low] * (width - few - 2)
    down = [low] * (few + 2) + [high] * (width - few - 2)
    rows = [up, up[::-1], down, [high, low] * (width // 2), [high] * width, [low] * width]
    rows += [[0] * (width - 1) + [one]] * 12
    limit = 1 << min(spec.acc_bits, 32) - 1
    shift = min(9, (1 << spec.shift_bits) - 1)
    half = 1 << shift >> 1
    bias = [0, 0, 0, 0, limit - 1, -limit,                          # then exact halves on both sides of 0, and next to them
            *(k * 2 * half + half + off for k in (-3, -2, 0, 1) for off in (-1, 0, 1))]
    room = spec.slots * spec.pes
    codes = np.array([row[:width] for row in rows])[:room]
    layers = [IntegerLayer(name="extremes", codes=codes, bias=np.array(bias)[:room], shift=shift, relu=False)]
    vectors = np.full((4, width), act)
    vectors[1] = -act - 1
    vectors[2, 1::2] = -act - 1
    vectors[3] = 0
    vectors[3, -1] = 1
    return case("extremes", assemble(layers, book, spec, order_name="modulo"), vectors)


def random_spec(rng: np.random.Generator) -> EieSpec:
    """Return a random small machine, every width and rule drawn."""
    draw = rng.integers
    latency, slots = int(draw(0, 6)), int(rng.choice([4, 16, 64, 128]))
    act, weight = int(draw(4, 17)), int(draw(4, 17))
    return EieSpec(
        pes=int(rng.choice([1, 2, 3, 4, 5, 7, 9])), queue_depth=int(2 * latency + draw(1, 20)), codebook_bits=int(draw(1, 9)),
        index_bits=int(draw(1, 9)), word_bits=int(rng.choice([32, 64, 128, 256, 512])), act_bits=act, weight_bits=weight,
        acc_bits=int(draw(act + weight, 33)), shift_bits=int(draw(1, 6)), entries=4096, columns=1024, slots=slots, layers=8,
        codebooks=int(rng.choice([1, 2, 4])), broadcast_latency=latency, skip_empty=bool(draw(2)), skip_padding=bool(draw(2)),
        overlap_columns=bool(draw(2)), scan_gap=bool(draw(2)), batch_slots=int(rng.choice([0, 0, 1, 3])))


def sizes(spec: EieSpec, rng: np.random.Generator, *, depth: int = 3) -> list[int]:
    """Return sizes of a network that a machine's memories hold: odd ones, one row among them."""
    most = min(spec.slots * spec.pes, 30)
    return [*rng.integers(1, most + 1, depth).tolist(), 1 if rng.random() < 0.3 else int(rng.integers(1, most + 1))]


def everything(spec: EieSpec, *, seed: int) -> list[Case]:
    """Return the cases of a machine."""
    rng = np.random.default_rng(seed)
    room = spec.slots * spec.pes
    odd = [min(spec.pes + 1, room), min(2 * spec.pes + 1, room), max(1, spec.pes - 1), 1]
    return [columns_by_run(spec, rng), extremes(spec), network(spec, rng, odd[:spec.layers + 1], order="modulo"),
            network(spec, rng, sizes(spec, rng)[:spec.layers + 1])]
