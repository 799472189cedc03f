"""A job for the generated array: what to load and to run, and what came back. The side outside the simulator."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from compress.scnn import block, stream
from compress.scnn.assemble import Assembly
from compress.scnn.tensor import indices, planes
from rtl.generated import GeneratedMachine
from sim.launch import launch
from spec.scnn import ScnnSpec
from spec.scnn.shape import ACT_ENTRY_BITS, VALUE_BITS

HARNESS = Path(__file__).with_name("harness.v")
TOP = "scnn_harness"
MANY = 16               # PEs from which on Verilator builds the PE apart


@dataclass(frozen=True, kw_only=True)
class Step:
    """Packets and a weight stream to send, layers to run, how many blocks of each PE to read back from ``first_block`` on.

    ``pause`` in 256 is the chance that the weight stream has nothing to offer in a cycle.
    """

    packets: Sequence[np.ndarray]
    weights: np.ndarray
    first: int = 0
    count: int = 1
    blocks: int = 0
    first_block: int = 0
    pause: int = 0
    limit: int = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Counters, flags and the overflow register of a run, and the blocks of each PE: values and runs by index.

    A run that does not end in its limit has nothing of them but ``ended`` False; the machine was reset after it.
    """

    ended: bool
    counters: dict[str, int]
    flags: dict[str, int]
    overflow: dict[str, int]
    blocks: list[dict[int, tuple[np.ndarray, np.ndarray]]]


def load(assembly: Assembly, x: np.ndarray) -> list[np.ndarray]:
    """Return the packets that bring a network and its input into a machine."""
    spec, source = assembly.spec, assembly.source
    packets = [stream.packet("layers", 0, assembly.layers), stream.packet("lanes", 0, assembly.lanes),
               stream.packet("taps", 0, assembly.taps.astype(np.int64).view(np.uint64))]
    for pe in range(spec.pes):
        packets += [stream.for_pe("supply", pe, 0, assembly.supply[pe]), stream.for_pe("drain", pe, 0, assembly.drain[pe])]
        table: dict[int, tuple[int, int]] = {}
        words: list[int] = []
        for form in source.blocks:
            counts, values, runs = block.encode(planes(spec, source, x.astype(np.int64), form, pe))
            place, at = spec.position(pe, source.level)[1], 0
            for index, count in zip(indices(source, form, place).tolist(), counts.tolist(), strict=True):
                table[index] = len(words), count
                words += _packed(spec, values[at:at + count], runs[at:at + count])
                at += count
        packets += [stream.for_pe("blocks", pe, first, entries) for first, entries in stream.table_words(table)]
        if words:
            packets.append(stream.for_pe("activations", pe, 0, stream.memory_words(spec, np.array(words, object))))
    return packets


def _packed(spec: ScnnSpec, values: np.ndarray, runs: np.ndarray) -> list[int]:
    entries = [int(value) & (1 << VALUE_BITS) - 1 | int(run) << VALUE_BITS for value, run in zip(values, runs, strict=True)]
    return [sum(entry << ACT_ENTRY_BITS * k for k, entry in enumerate(entries[at:at + spec.i]))
            for at in range(0, len(entries), spec.i)]


def run(built: GeneratedMachine, spec: ScnnSpec, steps: Sequence[Step], folder: Path, *, sim: str | None = None,
        log: Path | None = None, build_args: Sequence[str] = (), waves: bool = False) -> list[Answer]:
    """Run the steps on the generated Verilog, one after another without a reset, and return an answer for each."""
    folder = write(folder, built, spec, steps)
    launch(sources=[built.verilog, harness(built, spec)], top=TOP, module="sim.scnn.bench_job", at_least=1, sim=sim,
           folder=folder, log=log, build_args=build_args, waves=waves, apart=("scnn_pe",) if spec.pes >= MANY else (),
           env={"SCNN_JOB": folder, "COCOTB_LOG_LEVEL": "WARNING"})
    answers = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
    return [Answer(blocks=blocks(folder / f"result_{number}.hex", spec, step.blocks, first=step.first_block)
                   if answer["ended"] else [], **answer)
            for number, (answer, step) in enumerate(zip(answers, steps, strict=True))]


def write(folder: Path, built: GeneratedMachine, spec: ScnnSpec, steps: Sequence[Step], **more: object) -> Path:
    """Write the files of a job, and what else the bench is to find in ``plan.json``; return the folder's absolute path."""
    folder = Path(folder).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    plan = []
    for number, step in enumerate(steps):
        np.concatenate(step.packets).astype(">u8").tofile(folder / f"feed_{number}.bin")
        stream.transfers(spec, step.weights)[:, ::-1].tofile(folder / f"weights_{number}.bin")
        plan.append({name: value for name, value in asdict(step).items() if name not in ("packets", "weights")})
    (folder / "plan.json").write_text(json.dumps({"registers": built.manifest["registers"], "steps": plan} | more))
    return folder


def harness(built: GeneratedMachine, spec: ScnnSpec) -> str:
    """Return the harness around a machine."""
    return HARNESS.read_text().replace("SCNN_MACHINE", built.name).replace("SCNN_PORT_BITS", str(spec.weight_port_bits))


def blocks(path: Path, spec: ScnnSpec, count: int, *, first: int = 0) -> list[dict[int, tuple[np.ndarray, np.ndarray]]]:
    """Return the blocks of each PE from the words of a read-out."""
    if not path.exists():
        return []
    words = iter(int(word, 16) for word in path.read_text().split())
    each = -(-spec.act_word_bits // 64)
    found: list[dict[int, tuple[np.ndarray, np.ndarray]]] = []
    for _ in range(spec.pes):
        own = {}
        for index in range(first, first + count):
            size, entries = next(words), []
            for _ in range(-(-size // spec.i)):
                word = sum(next(words) << 64 * k for k in range(each))
                entries += [word >> ACT_ENTRY_BITS * k & (1 << ACT_ENTRY_BITS) - 1 for k in range(spec.i)]
            taken = np.array(entries[:size], np.int64)
            values = taken & (1 << VALUE_BITS) - 1
            own[index] = values - ((values >> VALUE_BITS - 1) << VALUE_BITS), taken >> VALUE_BITS
        found.append(own)
    if leftover := sum(1 for _ in words):
        raise ValueError(f"a read-out must have the words its counts say, not {leftover} more")
    return found
