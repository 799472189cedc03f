"""What makes an image legal for a machine; each broken rule has its own one-line error."""

from dataclasses import replace

import numpy as np

from compress.eie.encode import positions
from compress.eie.image import Image, Layer
from spec.eie import LAYER_FIELDS, EieSpec

SAME = ("pes", "codebook_bits", "index_bits", "word_bits", "act_bits", "weight_bits", "acc_bits")
"""Numbers that an image and the machine it runs on must share."""


def check(image: Image) -> None:
    """Raise an error that names thing, rule and value unless the image is legal for its own spec."""
    spec = image.spec
    for name in ("input_scale", "output_scale"):
        value = getattr(image, name)
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be a positive finite number, not {value}; build the image again")
    if not image.layers:
        raise ValueError("layers must be at least 1, not 0; an image holds a network")
    _memory("layers", len(image.layers), spec.layers)
    _memory("codebooks", len(image.codebooks), spec.codebooks)
    _codebooks(image)
    need = -(-image.layers[0].inputs // spec.pes)
    _memory(f"layer 0 ({image.layers[0].name}): slots", need, spec.slots)     # before anything of that size is made
    columns = np.arange(need * spec.pes)
    present = columns < image.layers[0].inputs
    for number, layer in enumerate(image.layers):
        label = f"layer {number} ({layer.name})"
        _counts(label, layer, image, len(present), first=number == 0)
        _memories(label, layer, spec)
        _rows(label, layer, spec)
        _entries(label, layer, spec, present)
        if layer.bias is not None:
            _bias(label, layer.bias, layer, spec)
        present = layer.rows >= 0


def fit(image: Image, spec: EieSpec) -> None:
    """Raise an error unless the image can run on the machine ``spec``."""
    for name in SAME:
        mine, wanted = getattr(image.spec, name), getattr(spec, name)
        if mine != wanted:
            raise ValueError(f"{name} of the image must be {wanted} as in the machine, not {mine}; "
                             f"build the image for this machine, or the machine for this image")
    check(replace(image, spec=spec))


def _memory(what: str, need: int, have: int) -> None:
    if need > have:
        raise ValueError(f"{what} of the machine must be at least {need} for this image, not {have}; "
                         f"take a machine with larger memories or more PEs, or prune more")


def _range(what: str, values: np.ndarray, low: int, high: int, advice: str) -> None:
    if values.size and not low <= values.min() <= values.max() <= high:
        wrong = values[(values < low) | (values > high)][0]
        raise OverflowError(f"{what} must be {low} to {high}, not {wrong}; {advice}")


def _codebooks(image: Image) -> None:
    books, spec = image.codebooks, image.spec
    if books.ndim != 2 or books.shape[1] != 1 << spec.codebook_bits or not len(books):
        raise ValueError(f"codebooks must have shape (1 or more, {1 << spec.codebook_bits}), "
                         f"not {books.shape}; codebook_bits is {spec.codebook_bits}")
    if books[:, 0].any():
        raise ValueError(f"entry 0 of a codebook must be 0, not {books[:, 0][books[:, 0] != 0][0]}; "
                         f"it serves as padding")
    top = 1 << spec.weight_bits - 1
    _range("codebook entry", books, -top, top - 1, f"weight_bits is {spec.weight_bits}")


def _counts(label: str, layer: Layer, image: Image, columns: int, *, first: bool) -> None:
    spec = image.spec
    for name, value, low, high in (
            ("inputs", layer.inputs, 1, columns), ("outputs", layer.outputs, 1, spec.pes * layer.out_slots),
            ("shift", layer.shift, 0, (1 << spec.shift_bits) - 1),
            ("codebook", layer.codebook, 0, len(image.codebooks) - 1),
            *((name, getattr(layer, name), 0, (1 << LAYER_FIELDS[name][1]) - 1)
              for name in ("in_slots", "out_slots", "pointer_base", "entry_base"))):
        if not low <= value <= high:
            raise ValueError(f"{label}: {name} must be {low} to {high}, not {value}; build the image again")
    if columns != spec.pes * layer.in_slots:
        source = f"{layer.inputs} inputs" if first else "the slots of the layer before"
        raise ValueError(f"{label}: in_slots must be {columns // spec.pes} for {source}, "
                         f"not {layer.in_slots}")
    if not first and layer.inputs != columns:
        raise ValueError(f"{label}: inputs must be {columns}, pes x in_slots, not {layer.inputs}")


def _memories(label: str, layer: Layer, spec: EieSpec) -> None:
    _memory(f"{label}: slots", max(layer.in_slots, layer.out_slots), spec.slots)
    _memory(f"{label}: columns", layer.pointer_base + spec.pes * layer.in_slots, spec.columns)
    shape = spec.pes, spec.pes * layer.in_slots + 1
    if layer.pointers.shape != shape:
        raise ValueError(f"{label}: pointers must have shape {shape}, not {layer.pointers.shape}")
    if layer.pointers[:, 0].any() or (np.diff(layer.pointers.astype(np.int64), axis=1) < 0).any():
        raise ValueError(f"{label}: pointers must rise from 0, not fall or start elsewhere; "
                         f"they count the entries ahead of each column")
    last = layer.pointers[:, -1].astype(np.int64)
    if layer.entries.shape != (last.sum(),):
        raise ValueError(f"{label}: entries must be the {last.sum()} that the pointers count, "
                         f"not {'x'.join(map(str, layer.entries.shape))}")
    words = layer.entry_base + -(-int(last.max()) // spec.word_entries)
    if layer.bias is not None:
        words += spec.bias_words(layer.out_slots)
    _memory(f"{label}: entries", words * spec.word_entries, spec.entries)


def _rows(label: str, layer: Layer, spec: EieSpec) -> None:
    if layer.rows.shape != (spec.pes * layer.out_slots,):
        raise ValueError(f"{label}: rows must be {spec.pes * layer.out_slots}, pes x out_slots, "
                         f"not {layer.rows.shape}")
    if not np.array_equal(np.sort(layer.rows[layer.rows >= 0]), np.arange(layer.outputs)) \
            or layer.rows.min() < -1:
        raise ValueError(f"{label}: rows must name each of 0 to {layer.outputs - 1} once and else be -1, "
                         f"not repeat, miss or exceed one; build the image again")


def _entries(label: str, layer: Layer, spec: EieSpec, present: np.ndarray) -> None:
    top = (1 << spec.entry_bits) - 1
    _range(f"{label}: entry", layer.entries, 0, top, f"it has {spec.entry_bits} bits")
    group, slot, code, run = positions(layer.entries, layer.pointers, spec)
    pe, column = np.divmod(group, spec.pes * layer.in_slots)
    pad = code == 0

    def refuse(wrong: np.ndarray, thing: str, rule: str, value: np.ndarray, advice: str) -> None:
        if wrong.any():
            k = int(wrong.argmax())
            raise ValueError(f"{label}: {thing} of PE {pe[k]}, column {column[k]} must {rule}, "
                             f"not {value[k]}; {advice}")

    refuse(pad & (run != spec.max_run), "the run of an entry with code 0", f"be the maximum {spec.max_run}",
           run, "only padding may be zero")
    refuse(pad & (np.append(group[1:], -1)[:len(group)] != group), "the last entry",
           "have a code other than 0", code, "zeros after a column's last weight are not encoded")
    refuse(slot >= layer.out_slots, "the slot of an entry", f"be below {layer.out_slots}", slot,
           "the layer has no more rows there")
    refuse(~pad & (layer.rows[slot * spec.pes + pe] < 0), "the slot of an entry", "be one of a row", slot,
           "an absent slot writes 0")
    refuse(~present[column], "an absent column", "be empty", code, "no activation can reach it")
    weights = int(np.count_nonzero(~pad))
    for name, have in (("nonzeros", weights), ("padding", len(code) - weights)):
        if getattr(layer, name) != have:
            raise ValueError(f"{label}: {name} must be {have}, as the entries say, "
                             f"not {getattr(layer, name)}")


def _bias(label: str, bias: np.ndarray, layer: Layer, spec: EieSpec) -> None:
    if bias.shape != layer.rows.shape:
        raise ValueError(f"{label}: bias must be {len(layer.rows)}, one for each slot, not {bias.shape}")
    top = 1 << spec.acc_bits - 1
    _range(f"{label}: bias", bias, -top, top - 1, f"acc_bits is {spec.acc_bits}")
    if (absent := bias[(layer.rows < 0) & (bias != 0)]).size:
        raise ValueError(f"{label}: bias of an absent slot must be 0, not {absent[0]}; it writes 0")
