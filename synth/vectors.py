"""A small random layer for an EIE array: the packets that load and run it, and the outputs that golden expects."""

from typing import Any

import numpy as np

from golden.eie import values
from golden.eie.layer import Layer
from spec.eie import LAYER_FIELDS, LAYER_WORDS, PACKET_PE_SHIFT, PACKETS, EieSpec
from spec.framing import Header

WORD = 64


def layer(spec: EieSpec, *, seed: int, density: float = 0.3) -> Layer:
    """Return a layer that reaches every slot, with long runs of zeros, empty columns and full ones."""
    rng = np.random.default_rng(seed)
    slots = max(2, min(spec.slots, 24))
    columns = max(1, min(spec.columns // spec.pes, slots, 8)) * spec.pes
    top = 1 << spec.weight_bits - 1
    book = rng.integers(-top >> 3, top >> 3, 1 << spec.codebook_bits)
    book[:3] = 0, -top, top - 1
    entries: list[int] = []
    pointers = []
    for _ in range(spec.pes):
        mine: list[int] = []
        ends = [0]
        for _ in range(columns):
            before = -1
            for slot in np.flatnonzero(rng.random(slots) < density * rng.choice((0, 0.3, 1, 3))):
                skipped, run = divmod(int(slot) - before - 1, spec.max_run + 1)
                mine += [spec.max_run << spec.codebook_bits] * skipped
                mine.append(run << spec.codebook_bits | int(rng.integers(1, 1 << spec.codebook_bits)))
                before = int(slot)
            ends.append(len(mine))
        entries += mine
        pointers.append(ends)
    if max(ends[-1] for ends in pointers) + spec.bias_words(slots) * spec.word_entries >= spec.entries:
        return layer(spec, seed=seed, density=density / 2)
    return Layer(entries=np.array(entries, np.int64), pointers=np.array(pointers, np.int64), codebook=book,
                 inputs=columns, outputs=slots * spec.pes, in_slots=columns // spec.pes, out_slots=slots,
                 shift=min(14, (1 << spec.shift_bits) - 1), relu=bool(seed % 2),
                 bias=rng.integers(-(1 << 20), 1 << 20, slots * spec.pes))


def job(spec: EieSpec, *, seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Return packets that load a layer and an input, and the outputs in physical order."""
    made = layer(spec, seed=seed)
    rng = np.random.default_rng(seed + 1000)
    top = 1 << spec.act_bits - 1
    source = rng.integers(-top, top, made.inputs) * (rng.random(made.inputs) < 0.6)
    source[:2] = (top - 1, -top)[: len(source)]
    packets = [*_load(spec, made), _packet("activations", 0, _words(source, 16))]
    expected, _ = values.layer(spec, made, source[None, :])
    return packets, expected[0]


def _load(spec: EieSpec, made: Layer) -> list[np.ndarray]:
    biases = spec.bias_words(made.out_slots) * spec.word_entries
    fields = {"in_slots": made.in_slots, "out_slots": made.out_slots, "shift": made.shift, "relu": made.relu,
              "bias": True, "codebook": 0, "pointer_base": 0, "entry_base": 0}
    bits = sum(int(value) << LAYER_FIELDS[name][0] for name, value in fields.items())
    packets = [_packet("codebook", 0, _words(made.codebook, 16)),
               _packet("layer", 0, _words([bits >> WORD * k & (1 << WORD) - 1 for k in range(LAYER_WORDS)], WORD))]
    bases = made.bases()
    for pe in range(spec.pes):
        ends = (made.pointers[pe, 1:] + biases) % spec.entries
        mine = made.entries[bases[pe]:bases[pe + 1]]
        stored = _matrix(made.bias.reshape(made.out_slots, spec.pes)[:, pe], spec.bias_bits, spec.word_biases, spec)
        stored += _matrix(mine, spec.entry_bits, spec.word_entries, spec)
        place = pe << PACKET_PE_SHIFT
        packets += [_packet("pointers", place, _words(ends, spec.pointer_field_bits)),
                    _packet("words", place, _words(stored, spec.word_bits))]
    return packets


def _matrix(numbers: Any, bits: int, count: int, spec: EieSpec) -> list[int]:
    """Return matrix words of ``count`` numbers each, lowest first."""
    mask = (1 << bits) - 1
    return [sum((int(value) & mask) << bits * k for k, value in enumerate(numbers[at:at + count]))
            for at in range(0, len(numbers), count)]


def _words(numbers: Any, bits: int) -> list[int]:
    """Return stream words that hold numbers of some width, lowest first."""
    mask = (1 << bits) - 1
    whole = sum((int(value) & mask) << bits * k for k, value in enumerate(numbers))
    return [whole >> WORD * k & (1 << WORD) - 1 for k in range(-(-bits * len(numbers) // WORD))]


def _packet(kind: str, address: int, payload: list[int]) -> np.ndarray:
    head = Header(type=PACKETS[kind], length=len(payload), address=address).pack()
    return np.array([head, *payload], np.uint64)
