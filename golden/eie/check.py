"""What makes an image of an EIE network legal; every broken rule has its own one-line error."""

import re
from typing import Any

import numpy as np

from golden.eie.layer import Layer, column_entries, rows_of
from golden.image import keys
from spec.eie import EieSpec
from spec.eie.image import BOUNDS, CALIBRATION_KEYS, MEMBERS, ORDERS

AGAIN = "build the image again"
LAYER_NUMBER = re.compile(r"^layer\d+")
LARGER = "take a machine with larger memories or more PEs, or prune more"


def _must(holds: Any, text: str) -> None:
    if not holds:
        raise ValueError(text)


def kinds(number: int, head: dict[str, Any]) -> None:
    """Check the JSON types of one entry of ``layers``."""
    for key, value in head.items():
        kind = {"name": str, "relu": bool, "bias": bool}.get(key, int)
        if type(value) is not kind:
            raise TypeError(f"layer {number}: {key} must be of type {kind.__name__}, not {value!r:.40}; {AGAIN}")
    _must(head["name"].isprintable(),
          f"layer {number}: name must be of printable characters, not {head['name']!r:.60}; {AGAIN}")


def origin(head: dict[str, Any]) -> None:
    """Check what the header says of where the image comes from; nothing that is computed depends on it."""
    _must(head["order"] in ORDERS, f"order must be one of {', '.join(ORDERS)}, not {head['order']!r:.40}; {AGAIN}")
    _must(isinstance(head["reference"], bool), f"reference must be true or false, not {head['reference']!r:.40}; {AGAIN}")
    given = head["calibration"]
    if given is None:
        return
    keys("calibration", given, CALIBRATION_KEYS)
    _must(given["bound"] in BOUNDS, f"bound of calibration must be one of {', '.join(BOUNDS)}, not {given['bound']!r:.40}; "
          f"{AGAIN}")
    _must(isinstance(given["guessed"], bool) and isinstance(given["told"], bool),
          f"guessed and told of calibration must be true or false, not {given['guessed']!r:.40} and {given['told']!r:.40}; "
          f"{AGAIN}")
    _must(isinstance(given["capped"], list) and all(type(number) is int for number in given["capped"]),
          f"capped of calibration must be a list of layers' numbers, not {given['capped']!r:.40}; {AGAIN}")
    span, vectors = given["input_range"], given["vectors"]
    _must(type(vectors) is int and vectors >= 0, f"vectors of calibration must be a whole number, not {vectors!r:.40}; {AGAIN}")
    _must(isinstance(span, list) and len(span) == 2 and all(type(end) in (int, float) and abs(end) < 1e300 for end in span)
          and span[0] <= span[1], f"input_range of calibration must be two rising finite numbers, not {span!r:.60}; {AGAIN}")


def names(given: list[str], biases: list[bool], *, reference: bool) -> None:
    """Check that an image has the members of its layers, which have a bias or not, and no others."""
    wanted = {"codebooks"}
    for number, bias in enumerate(biases):
        wanted |= {f"layer{number}_{name}" for name in ("entries", "pointers", "rows", *(["bias"] if bias else []),
                                                        *(["float", "float_bias"] if reference else []))}
    for name in sorted(wanted ^ set(given)):
        _must(name not in wanted, f"members must include {name}, not lack it; {AGAIN}")
        _must(False, f"members must be those of the image's {len(biases)} layers, not also {name!r}; {AGAIN}")


def types(arrays: dict[str, np.ndarray]) -> None:
    """Check the type of every member."""
    for name, array in arrays.items():
        kind = MEMBERS[LAYER_NUMBER.sub("layer{l}", name)][0]
        if array.dtype.name != kind:
            raise TypeError(f"{name} must be {kind}, not {array.dtype.name}; {AGAIN}")


def reference(arrays: dict[str, np.ndarray], number: int, outputs: int, inputs: int) -> None:
    """Check the float network of one layer, where the image holds it."""
    for name, shape in ((f"layer{number}_float", (outputs, inputs)), (f"layer{number}_float_bias", (outputs,))):
        if name in arrays:
            _must(arrays[name].shape == shape and np.isfinite(arrays[name]).all(),
                  f"{name} must be finite numbers of shape {shape}, not of {arrays[name].shape}; {AGAIN}")


def shared(spec: EieSpec, heads: list[dict[str, Any]], codebooks: np.ndarray) -> None:
    """Check what the layers share: their number and the codebooks."""
    _must(len(heads) <= spec.layers, f"layers must be at most {spec.layers}, not {len(heads)}; {LARGER}")
    size = 1 << spec.codebook_bits
    _must(codebooks.ndim == 2 and codebooks.shape[1] == size and len(codebooks),
          f"codebooks must be 1 or more of {size} entries, not of shape {codebooks.shape}; {AGAIN}")
    _must(len(codebooks) <= spec.codebooks,
          f"codebooks must be at most {spec.codebooks}, not {len(codebooks)}; {LARGER}")
    _must(not codebooks[:, 0].any(), f"entry 0 of a codebook must be 0, not {codebooks[:, 0].tolist()}; {AGAIN}")
    _within("codebook entry", codebooks, spec.weight_bits, "weight_bits")
    for number, head in enumerate(heads):
        _must(0 <= head["codebook"] < len(codebooks),
              f"layer {number}: codebook must be 0 to {len(codebooks) - 1}, not {head['codebook']}; {AGAIN}")


def _within(what: str, values: np.ndarray, bits: int, name: str) -> None:
    top = (1 << bits - 1) - 1
    if values.size and not -top - 1 <= values.min() <= values.max() <= top:
        wrong = values[(values > top) | (values < -top - 1)].flat[0]
        raise OverflowError(f"{what} must be {-top - 1} to {top}, not {wrong}; {name} is {bits}")


def layer(spec: EieSpec, number: int, head: dict[str, Any], layer: Layer, *, before: Layer | None) -> None:
    """Check one layer on its own and against the one before it."""
    label = f"layer {number} ({layer.name})"
    _sizes(spec, label, head, layer, before)
    _pointers(spec, label, layer)
    _places(spec, label, layer)
    _entries(spec, label, head, layer, np.arange(spec.pes * layer.in_slots) < layer.inputs if before is None
             else before.places() >= 0)


def _sizes(spec: EieSpec, label: str, head: dict[str, Any], layer: Layer, before: Layer | None) -> None:
    for name, low, high in (("in_slots", 1, spec.slots), ("out_slots", 1, spec.slots),
                            ("shift", 0, (1 << spec.shift_bits) - 1), ("pointer_base", 0, spec.columns - 1),
                            ("entry_base", 0, spec.words - 1)):
        _must(low <= head[name] <= high, f"{label}: {name} must be {low} to {high}, not {head[name]}; {LARGER}")
    if before is None:
        _must(0 < layer.inputs <= spec.pes * layer.in_slots, f"{label}: inputs must be 1 to "
              f"{spec.pes * layer.in_slots}, pes x in_slots, not {layer.inputs}; {AGAIN}")
        need = -(-layer.inputs // spec.pes)
    else:
        need = before.out_slots
        _must(layer.inputs == spec.pes * need, f"{label}: inputs must be {spec.pes * need}, the physical outputs of "
              f"the layer before, not {layer.inputs}; {AGAIN}")
    _must(layer.in_slots == need, f"{label}: in_slots must be {need}, as its inputs need, not {layer.in_slots}; {AGAIN}")
    _must(0 < layer.outputs <= spec.pes * layer.out_slots, f"{label}: outputs must be 1 to "
          f"{spec.pes * layer.out_slots}, pes x out_slots, not {layer.outputs}; {AGAIN}")


def _pointers(spec: EieSpec, label: str, layer: Layer) -> None:
    columns = spec.pes * layer.in_slots
    _must(layer.pointers.shape == (spec.pes, columns + 1), f"{label}: pointers must have shape "
          f"{(spec.pes, columns + 1)}, not {layer.pointers.shape}; {AGAIN}")
    rise = np.diff(layer.pointers.astype(np.int64), axis=1, prepend=0)
    for wrong, rule in ((rise[:, :1] != 0, "start at 0"), (rise < 0, "not fall")):
        pe, column = np.unravel_index(wrong.argmax(), wrong.shape)
        _must(not wrong.any(), f"{label}: pointers must {rule}, not be {layer.pointers[pe, column]} at column {column} "
              f"of PE {pe}; {AGAIN}")
    total = int(layer.bases()[-1])
    _must(layer.entries.shape == (total,), f"{label}: entries must be {total}, as the pointers say, not "
          f"{'x'.join(map(str, layer.entries.shape))}; {AGAIN}")


def memories(spec: EieSpec, heads: list[dict[str, Any]], layers: list[Layer]) -> None:
    """Check that the layers fit the memories of the machine and that no two lie on top of each other."""
    for name, have, starts, sizes in (
            ("columns", spec.columns, [head["pointer_base"] for head in heads],
             [spec.pes * layer.in_slots for layer in layers]),
            ("words", spec.words, [head["entry_base"] for head in heads],
             [(0 if layer.bias is None else spec.bias_words(layer.out_slots))
              + -(-int(layer.pointers[:, -1].max()) // spec.word_entries) for layer in layers])):
        free = 0
        for start, size, number in sorted(zip(starts, sizes, range(len(layers)), strict=True)):
            _must(start >= free, f"layer {number}: {name} must start at {free} or later, where the layer below ends, "
                  f"not {start}; {AGAIN}")
            free = start + size
            _must(free <= have, f"{name} of the machine must be at least {free} for layer {number}, not {have}; {LARGER}")


def _places(spec: EieSpec, label: str, layer: Layer) -> None:
    places = spec.pes * layer.out_slots
    for name, array in (("rows", layer.rows), ("bias", layer.bias)):
        _must(array is None or array.shape == (places,), f"{label}: {name} must have shape {(places,)}, pes x "
              f"out_slots, not {array if array is None else array.shape}; {AGAIN}")
    absent = layer.rows < 0
    _must(layer.rows.min() >= -1 and np.array_equal(np.sort(layer.rows[~absent]), np.arange(layer.outputs)),
          f"{label}: rows must name each of 0 to {layer.outputs - 1} once and be -1 elsewhere, not repeat, miss or "
          f"exceed one; {AGAIN}")
    if layer.bias is not None:
        _within(f"{label}: bias", layer.bias, spec.acc_bits, "acc_bits")
        _must(not layer.bias[absent].any(), f"{label}: bias of an absent slot must be 0, not "
              f"{layer.bias[absent][layer.bias[absent] != 0][:1]}; {AGAIN}")


def _entries(spec: EieSpec, label: str, head: dict[str, Any], layer: Layer, present: np.ndarray) -> None:
    top = (1 << spec.entry_bits) - 1
    if layer.entries.max(initial=0) > top:
        raise OverflowError(f"{label}: entry must be 0 to {top}, not {layer.entries.max()}; "
                            f"it has {spec.entry_bits} bits")
    columns = np.arange(spec.pes * layer.in_slots)
    index, _, pe = column_entries(layer, columns)
    code, column, place = rows_of(layer, spec.codebook_bits, columns)
    run, slot, pad = layer.entries[index] >> spec.codebook_bits, place // spec.pes, code == 0
    last = np.append((column[1:] != column[:-1]) | (pe[1:] != pe[:-1]), True)[:len(pe)]

    def refuse(wrong: np.ndarray, thing: str, rule: str, value: np.ndarray) -> None:
        if wrong.any():
            k = int(wrong.argmax())
            raise ValueError(f"{label}: {thing} in column {column[k]} of PE {pe[k]} must {rule}, not {value[k]}; {AGAIN}")

    refuse(pad & (run != spec.max_run), "the run of an entry with code 0",
           f"be the maximum {spec.max_run}, since only padding may be zero,", run)
    refuse(pad & last, "the last entry", "have a code other than 0", code)
    refuse(slot >= layer.out_slots, "the slot of an entry", f"be below {layer.out_slots}", slot)
    refuse(~pad & (layer.places()[place] < 0), "the slot of an entry", "be that of a row, which is not absent,", slot)
    refuse(~present[column], "the first entry", "be none, since no activation can reach it,", code)
    for name, count in (("nonzeros", int((~pad).sum())), ("padding", int(pad.sum()))):
        _must(head[name] == count, f"{label}: {name} must be {count}, as the entries say, not {head[name]}; {AGAIN}")
