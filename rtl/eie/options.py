"""Options of the EIE array on a command line."""

from dataclasses import fields
from typing import Annotated

import typer

from spec.eie import EieSpec, preset

NUMBERS = {
    "pes": "Processing elements, 1 to 256.", "queue_depth": "Activations that may wait at a PE.",
    "codebook_bits": "Bits of a weight's codebook index.", "index_bits": "Bits of a run of zeros.",
    "word_bits": "Bits of a matrix word.", "act_bits": "Bits of an activation.",
    "weight_bits": "Bits of a shared weight.", "acc_bits": "Bits of an accumulator.", "shift_bits": "Bits of a layer's shift.",
    "entries": "Encoded weights a PE.", "columns": "Columns of all layers together.", "slots": "Activations a PE and region.",
    "layers": "Layers.", "codebooks": "Codebooks.", "broadcast_latency": "Registers on the broadcast.",
    "batch_slots": "Rows between barriers, 0 for none.",
}


def _option(name: str, kind: type):
    return Annotated[kind | None, typer.Option(help=NUMBERS.get(name, "Override the preset.") )]


def make_spec(
    pes: Annotated[int | None, typer.Option(help=f"{NUMBERS['pes'][:-1]}; the preset's if not given.")] = None,
    preset_: Annotated[str, typer.Option("--preset", help="paper, default, ecp5 or ice40.")] = "default",
    queue_depth: _option("queue_depth", int) = None, codebook_bits: _option("codebook_bits", int) = None,
    index_bits: _option("index_bits", int) = None, word_bits: _option("word_bits", int) = None,
    act_bits: _option("act_bits", int) = None, weight_bits: _option("weight_bits", int) = None,
    acc_bits: _option("acc_bits", int) = None, shift_bits: _option("shift_bits", int) = None,
    entries: _option("entries", int) = None, columns: _option("columns", int) = None, slots: _option("slots", int) = None,
    layers: _option("layers", int) = None, codebooks: _option("codebooks", int) = None,
    broadcast_latency: _option("broadcast_latency", int) = None, batch_slots: _option("batch_slots", int) = None,
    skip_empty: Annotated[bool | None, typer.Option(help="Empty columns cost no cycle.")] = None,
    skip_padding: Annotated[bool | None, typer.Option(help="Padding costs no cycle.")] = None,
    overlap_columns: Annotated[bool | None, typer.Option(help="A change of column costs no cycle.")] = None,
    scan_gap: Annotated[bool | None, typer.Option(help="Moving to the next row of activations costs a cycle.")] = None,
) -> EieSpec:
    """Return the preset with what was overridden."""
    given = {name: value for name, value in locals().items() if value is not None and name != "preset_"}
    known = {field.name for field in fields(EieSpec)}
    return preset(preset_, **{name: value for name, value in given.items() if name in known})
