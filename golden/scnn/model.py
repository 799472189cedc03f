"""What the SCNN array computes: programs, a weight stream and activation memories become new activation memories.

This is a reading of ``docs/scnn/pipeline.md`` without its times: pairs, products at local addresses, drain steps. That the
result is a convolution is no assumption of it but shown by comparison with `golden.scnn.layer`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from golden.scnn.crossbar import lanes as vectors
from golden.scnn.lanes import Reader, Weights
from golden.scnn.layer import rounded
from golden.scnn.program import Program, read
from spec.scnn import ScnnSpec
from spec.scnn.program import DIRECTIONS, KINDS, POOLS
from spec.scnn.shape import MAX_RUN

Block = tuple[np.ndarray, np.ndarray]
"""Values and runs of the entries of an activation block."""


@dataclass(kw_only=True, eq=False)
class Trace:
    """What one layer did, as far as time depends on it.

    Parameters
    ----------
    programs : tuple of Program
        One for each PE.
    weights : Weights
    counts, live : numpy.ndarray
        int64 (passes, pairs, parts, pes): entries of the part of a block that each PE received, and those not placeholders;
        parts that a segment does not have count 0.
    offsets : dict
        For pass, pair and PE the offsets of weight lanes and of activation lanes, vector by vector, -1 where not live; kept by
        a model that records.
    """

    programs: tuple[Program, ...]
    weights: Weights
    counts: np.ndarray
    live: np.ndarray
    offsets: dict[tuple[int, int, int], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)


@dataclass(kw_only=True, eq=False)
class ArrayModel:
    """An array with its programs loaded.

    Parameters
    ----------
    spec : ScnnSpec
    layers, lanes, taps : numpy.ndarray
    supply, drain : numpy.ndarray
        (pes, words).
    weights : numpy.ndarray
        (transfers, 1 + items).
    codebooks : numpy.ndarray, optional
    memories : list of dict
        For each PE its blocks by index.
    record : bool
        Whether traces keep the offsets of every product, for the model of the crossbar.
    """

    spec: ScnnSpec
    layers: np.ndarray
    lanes: np.ndarray
    taps: np.ndarray
    supply: np.ndarray
    drain: np.ndarray
    weights: np.ndarray
    codebooks: np.ndarray | None = None
    memories: list[dict[int, Block]] = field(default_factory=list)
    record: bool = False
    saturated: bool = False
    overflow: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self.memories = self.memories or [{} for _ in range(self.spec.pes)]

    def programs(self, number: int) -> tuple[Program, ...]:
        """Return layer ``number`` as each PE runs it."""
        lanes = self.lanes.tolist()
        return tuple(read(int(self.layers[number]), lanes, self.supply[pe].tolist(), self.drain[pe].tolist())
                     for pe in range(self.spec.pes))

    def run(self, layers: Sequence[int] | None = None, *, stop: bool = False) -> list[Trace]:
        """Run layers one after another (all of them if not said otherwise), and return what their times depend on.

        ``stop`` says whether a layer whose outputs overflowed is the last.
        """
        reader, traces = Reader(self.spec, self.weights, self.codebooks), list[Trace]()
        self._full = set[int]()
        for number in layers if layers is not None else range(len(self.layers)):
            traces.append(self._layer(number, reader))
            if stop and self.overflow:
                break
        return traces

    def _layer(self, number: int, reader: Reader) -> Trace:
        programs, spec = self.programs(number), self.spec
        weights = reader.layer(programs[0])
        head = programs[0].supply
        parts = max(len(segment.parts) for segment in programs[0].segments)
        shape = (head["passes"], head["pairs"], parts, spec.pes)
        trace = Trace(programs=programs, weights=weights, counts=np.zeros(shape, np.int64), live=np.zeros(shape, np.int64))
        self._word = [program.drain["word"] for program in programs]
        for one in range(head["passes"]):
            sums = [self._pass(programs[pe], weights, one, pe, trace) for pe in range(spec.pes)]
            self._drain(programs, weights, one, sums, number)
        return trace

    def _pass(self, program: Program, weights: Weights, number: int, pe: int, trace: Trace) -> np.ndarray:
        """Return the sums of a PE after a pass."""
        spec, place, pair = self.spec, program.supply["set"], 0
        lanes, stride = program.lane["kp_log2"], program.lane["stride"]
        totals = np.zeros(spec.accumulators, np.int64)
        for segment in program.segments:
            for own in range(segment.pairs):
                given, offsets = self._acts(program, segment, own, number, pe, pair, trace)
                value, position = weights.block(number, pair, place)
                k, tap = position & (1 << lanes) - 1, position >> lanes
                if len(tap) and segment.tap + tap.max() >= len(self.taps):
                    raise ValueError(f"weights of a block must have taps below {len(self.taps)}, not {segment.tap + tap.max()}")
                wo = self.taps[segment.tap + tap] + k * stride + own * segment.step
                if self.record:
                    cuts = np.cumsum(trace.counts[number, pair, :, pe])[:-1]
                    parts = zip(np.split(offsets, cuts), np.split(given, cuts), strict=True)
                    trace.offsets[number, pair, pe] = (vectors(wo % spec.accumulators, value != 0, spec.f), np.concatenate(
                        [vectors(part % spec.accumulators, seen != 0, spec.i) for part, seen in parts]))
                pair += 1
                if not len(given) or not len(value):
                    continue
                products = rounded(value[:, None] * given[None, :], program.supply["product_shift"])
                address = (wo[:, None] + offsets[None, :]) % spec.accumulators
                np.add.at(totals, address.ravel(), products.ravel())
        return _wrapped(totals, spec.sum_bits)

    def _acts(self, program: Program, segment, own: int, number: int, pe: int, pair: int, trace: Trace) -> Block:
        """Return values and offsets of a pair's activation block in a PE."""
        values, offsets = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for at, part in enumerate(segment.parts):
            source = pe if part.local else self._source(pe, program.supply["level"], part.source)
            index = part.first + part.advance * number + own
            value, run = self.memories[source].get(index, (values[0], values[0]))
            trace.counts[number, pair, at, pe] = len(value)
            trace.live[number, pair, at, pe] = np.count_nonzero(value)
            values.append(value)
            offsets.append(part.base + np.cumsum(run + 1) - 1)
        return np.concatenate(values), np.concatenate(offsets)

    def _source(self, pe: int, level: int, place: int) -> int:
        """Return the PE at a place of a PE's block."""
        high, wide = self.spec.block_sides[level]
        row, col = divmod(pe, self.spec.cols)
        return (row // high * high + place // wide) * self.spec.cols + col // wide * wide + place % wide

    def _drain(self, programs, weights: Weights, number: int, sums: list[np.ndarray], layer: int) -> None:
        for at in range(max(len(program.steps) for program in programs)):
            sent: list[tuple[int, np.ndarray, np.ndarray]] = []
            for pe, program in enumerate(programs):
                if at >= len(program.steps):
                    continue
                step = program.steps[at]
                address = addresses(step, program.drain["stride"]) % self.spec.accumulators
                values = sums[pe][address]
                if not step["keep"]:
                    sums[pe][address.ravel()] = 0
                if step["kind"] == KINDS["send"] and (to := reached(self.spec, pe, step)) is not None:
                    sent.append((to, (address + step["delta"]) % self.spec.accumulators, values))
                if step["kind"] == KINDS["post"]:
                    bias = weights.biases[number, program.supply["set"]]
                    self._post(program, step, bias, values, pe, number, layer)
            for to, address, values in sent:
                np.add.at(sums[to], address.ravel(), values.ravel())
                sums[to] = _wrapped(sums[to], self.spec.sum_bits)
        for pe, left in enumerate(sums):
            if left.any():
                raise ValueError(f"accumulators of PE {pe} must be 0 after the drain of layer {layer}, "
                                 f"not some at {np.flatnonzero(left)[0]}")

    def _post(self, program: Program, step, bias: np.ndarray, values: np.ndarray, pe: int, number: int, layer: int) -> None:
        """Reduce windows, finish and compress what a post step read, and write its blocks."""
        head = program.drain
        total = windows(step, values) + bias[step["k0"]:step["k0"] + step["nk"], None, None]
        top = 1 << self.spec.acc_bits - 1
        self.saturated |= bool(((total < -top) | (total >= top)).any())
        outputs = np.clip(rounded(total, head["shift"]), -32768, 32767)
        if head["relu"]:
            outputs = np.maximum(outputs, 0)
        for k in range(step["nk"]):
            block = compress(outputs[k], step["gap"])
            words = -(-len(block[0]) // self.spec.i)
            if self._word[pe] + words > head["limit"] and pe not in self._full:
                self._full.add(pe)                          # all its blocks are empty from now on
                self.overflow = self.overflow or (layer, pe)
            if pe in self._full:
                block, words = (np.empty(0, np.int64), np.empty(0, np.int64)), 0
            self._word[pe] += words
            self.memories[pe][step["block"] + head["kc"] * number + step["k0"] + k] = block


def reached(spec: ScnnSpec, pe: int, step: dict[str, int]) -> int | None:
    """Return the PE that a send step of a PE reaches, or None at the rim."""
    high, wide = spec.block_sides[step["level"]]
    row, col = divmod(pe, spec.cols)
    way = {value: name for name, value in DIRECTIONS.items()}[step["direction"]]
    row += {"north": -high, "south": high}.get(way, 0)
    col += {"west": -wide, "east": wide}.get(way, 0)
    return row * spec.cols + col if 0 <= row < spec.rows and 0 <= col < spec.cols else None


def addresses(step: dict[str, int], stride: int) -> np.ndarray:
    """Return the addresses of a step's operations, (nk, ny, nx, wy, wx)."""
    axes = ((step["nk"], stride), (step["ny"], step["dy"]), (step["nx"], step["dx"]), (step["wy"], step["wstride"]),
            (step["wx"], 1))
    total = np.full((1,) * 5, step["start"], np.int64)
    for at, (count, distance) in enumerate(axes):
        total = total + (np.arange(count) * distance).reshape([-1 if axis == at else 1 for axis in range(5)])
    return total


def windows(step: dict[str, int], values: np.ndarray) -> np.ndarray:
    """Return what ``pool`` makes of windows (nk, ny, nx, wy, wx); what lies outside the plane is left out."""
    if step["pool"] == POOLS["none"]:
        return values[..., 0, 0]
    kind = "max" if step["pool"] == POOLS["max"] else "sum"
    fill = np.iinfo(np.int64).min if kind == "max" else 0
    seen = values.copy()
    if seen.size:
        seen[:, 0, :, :step["top"]] = fill
        seen[:, -1, :, step["wy"] - step["bottom"]:] = fill
        seen[:, :, 0, :, :step["left"]] = fill
        seen[:, :, -1, :, step["wx"] - step["right"]:] = fill
    return seen.max(axis=(3, 4)) if kind == "max" else seen.sum(axis=(3, 4))


def compress(plane: np.ndarray, gap: int) -> Block:
    """Return the canonical block of a plane whose rows are ``gap`` positions apart."""
    rows, cols = np.nonzero(plane)
    at = rows * (plane.shape[1] + gap) + cols
    values: list[int] = []
    runs: list[int] = []
    before = -1
    for place, value in zip(at.tolist(), plane[rows, cols].tolist(), strict=True):
        zeros = place - before - 1
        values += [0] * (zeros // (MAX_RUN + 1)) + [value]
        runs += [MAX_RUN] * (zeros // (MAX_RUN + 1)) + [zeros % (MAX_RUN + 1)]
        before = place
    return np.array(values, np.int64), np.array(runs, np.int64)


def _wrapped(values: np.ndarray, bits: int) -> np.ndarray:
    """Return whole numbers modulo ``2**bits``, in two's complement."""
    return (values + (1 << bits - 1) & (1 << bits) - 1) - (1 << bits - 1)
