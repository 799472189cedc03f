"""Whether the programs of an image are such as an array can run: every record whole, every number within the machine."""

from typing import Any

import numpy as np

from golden.image import AGAIN
from golden.scnn.lanes import Reader
from golden.scnn.program import Program, operations, read
from spec.scnn import ScnnSpec
from spec.scnn.packet import CODEBOOKS
from spec.scnn.program import CAUSES, KINDS, POOLS

READS = 64              # reads of every accumulator that all steps of a pass may make, by windows that overlap


def programs(spec: ScnnSpec, members: dict[str, np.ndarray]) -> None:
    """Refuse programs that name a place which does not exist, or more work than the weight stream is for.

    Raises
    ------
    ValueError
        With the layer, the thing, its rule and its value.
    """
    lanes, taps = members["lanes"].tolist(), len(members["taps"])
    books = len(members.get("codebooks", ()))
    items = members["weights"].shape[0] * spec.transfer_items
    for number, entry in enumerate(members["layers"].tolist()):
        first: Program | None = None
        for pe in range(spec.pes):
            try:
                one = read(entry, lanes, members["supply"][pe].tolist(), members["drain"][pe].tolist())
            except ValueError as error:
                raise ValueError(f"layer {number}: {error}; {AGAIN}") from error
            first = first or one
            found = [*_heads(spec, one, pe, items, books), ("parts of the segments", f"as many in PE {pe} as in PE 0",
                                                            _parts(one), _parts(one) == _parts(first))]
            if all(good for *_, good in found):
                found = [*found, *_segments(spec, one, taps), *_steps(spec, one)]
            if wrong := next(((what, rule, value) for what, rule, value, good in found if not good), None):
                raise ValueError(f"layer {number}: {wrong[0]} must be {wrong[1]}, not {wrong[2]}; {AGAIN}")


def _parts(one: Program) -> list[int]:
    return [len(segment.parts) for segment in one.segments]


def books(spec: ScnnSpec, members: dict[str, np.ndarray]) -> None:
    """Refuse codebooks that the machine has no use for, lacks, cannot hold, or whose code 0 stands for something.

    Raises
    ------
    ValueError
    """
    given = members.get("codebooks")
    if (given is not None) != bool(spec.weight_code_bits):
        raise ValueError(f"codebooks must be there where weight_code_bits is not 0, and nowhere else, not "
                         f"{'there' if given is not None else 'lacking'} for {spec.weight_code_bits}; {AGAIN}")
    if given is None:
        return
    if not 0 < len(given) <= CODEBOOKS:
        raise ValueError(f"codebooks must be 1 to {CODEBOOKS}, not {len(given)}; {AGAIN}")
    if given[:, 0].any():
        raise ValueError(f"entry 0 of a codebook must be 0, not {given[:, 0].tolist()}; {AGAIN}")


def weights(spec: ScnnSpec, members: dict[str, np.ndarray]) -> None:
    """Refuse a weight stream that is not of items, lacks blocks of the programs, or names a tap that does not exist.

    Raises
    ------
    ValueError
    """
    turns, items = members["weights"][:, 0], members["weights"][:, 1:]
    if int(items.max(initial=0)) >> spec.item_bits or int(turns.max(initial=0)) > (spec.weight_lanes > 1):
        raise ValueError(f"weights must be a turn of 1 bit and items of {spec.item_bits} bits, not "
                         f"{int(turns.max(initial=0))} and {int(items.max(initial=0))}; {AGAIN}")
    reader, lanes = Reader(spec, members["weights"], members.get("codebooks")), members["lanes"].tolist()
    for number, entry in enumerate(members["layers"].tolist()):
        one = read(entry, lanes, members["supply"][0].tolist(), members["drain"][0].tolist())
        found, at = reader.layer(one), 0
        for segment in one.segments:
            pairs = slice(at, at + segment.pairs)
            counts, ends = found.counts[:, pairs], (found.starts + found.counts)[:, pairs]
            last = found.places[ends[counts > 0] - 1].max(initial=0) >> one.lane["kp_log2"]
            if segment.tap + last >= len(members["taps"]):
                raise ValueError(f"layer {number}: taps of a block must be below {len(members['taps'])}, not "
                                 f"{segment.tap + last}; {AGAIN}")
            at += segment.pairs


Rule = tuple[str, str, Any, bool]
"""What, its rule, its value, and whether it is kept."""


def _heads(spec: ScnnSpec, one: Program, pe: int, items: int, books: int) -> list[Rule]:
    lane, own, drain = one.lane, one.supply, one.drain
    level = own["level"]
    most = len(spec.block_sides)
    if level >= most:
        return [("level", f"below {most}", level, False)]
    tile, size = _tile(spec, level, lane["sets"])
    work = own["passes"] * own["pairs"] * size
    return [
        ("sets", f"{size} at level {level}", lane["sets"], lane["sets"] == size),
        ("set", "the PE's place in its block", own["set"], own["set"] == spec.position(pe, tile)[1]),
        ("passes", "at least 1, as many for the drain", (own["passes"], drain["passes"]), own["passes"] == drain["passes"] > 0),
        ("pairs", "at least 1, the sum of those of the segments", own["pairs"],
         0 < own["pairs"] == sum(segment.pairs for segment in one.segments)),
        ("blocks of weights", f"at most {items}, the items of the stream", work, work <= items),
        ("kc", f"1 to {spec.kc}, the same for the drain", (lane["kc"], drain["kc"]), 0 < lane["kc"] == drain["kc"] <= spec.kc),
        ("codebook", f"below {books}, as many as there are", lane["codebook"],
         not spec.weight_code_bits or lane["codebook"] < books),
        ("kp_log2", f"that of {lane['kc']} channels or more", lane["kp_log2"], lane["kc"] <= 1 << lane["kp_log2"] <= 512),
        ("weight slots", "those that the supply knows", lane["slot_log2"], lane["slot_log2"] == own["weight_slot_log2"]
         and spec.weight_words >> lane["slot_log2"] > 0),
        ("activation slots", f"of at most {spec.act_words} words", own["act_slot_log2"],
         spec.act_words >> own["act_slot_log2"] > 0),
        ("product_shift", f"below {1 << spec.product_shift_bits}", own["product_shift"],
         own["product_shift"] < 1 << spec.product_shift_bits),
        ("level of the drain", f"{level}", drain["level"], drain["level"] == level),
        ("region of the outputs", f"in {spec.memory_words} words", (drain["word"], drain["limit"]),
         drain["word"] <= drain["limit"] <= spec.memory_words)]


def _tile(spec: ScnnSpec, shared: int, sets: int) -> tuple[int, int]:
    """Return the level of the tiles of a layer with so many weight sets whose PEs share activations at a level, and its sets.

    Without input-channel groups both levels are the same; with 2 or 4 of them the tile's block is of as many blocks that share.
    """
    sizes = [high * wide for high, wide in spec.block_sides]
    for groups in (2, 4):
        level = shared + groups // 2
        if groups <= spec.input_groups and level < len(sizes) and sets == sizes[level] == groups * sizes[shared]:
            return level, sets
    return shared, sizes[shared]


def _segments(spec: ScnnSpec, one: Program, taps: int) -> list[Rule]:
    high, wide = spec.block_sides[one.supply["level"]]
    found: list[Rule] = []
    for segment in one.segments:
        found += [("taps of a segment", f"from 0 to {taps - 1} on", segment.tap, segment.tap < taps),
                  ("parts of a segment", "at least 1", len(segment.parts), bool(segment.parts))]
        for part in segment.parts:
            last = part.first + part.advance * (one.supply["passes"] - 1) + segment.pairs - 1
            found += [("source of a part", f"below {high * wide}", part.source, part.source < high * wide),
                      ("blocks of a part", f"below {spec.blocks}", last, last < spec.blocks)]
    return found


def _steps(spec: ScnnSpec, one: Program) -> list[Rule]:
    kc, found = one.drain["kc"], list[Rule]()
    total = sum(operations(step) for step in one.steps)
    for step in one.steps:
        last = step["block"] + kc * (one.drain["passes"] - 1) + step["k0"] + step["nk"] - 1
        post = step["kind"] == KINDS["post"]
        found += [
            ("kind of a step", f"below {len(KINDS)}", step["kind"], step["kind"] < len(KINDS)),
            ("cause of a step", f"below {len(CAUSES)}", step["cause"], step["cause"] < len(CAUSES)),
            ("pool of a step", f"below {len(POOLS)}", step["pool"], step["pool"] < len(POOLS)),
            ("level of a step", f"below {len(spec.block_sides)}", step["level"], step["level"] < len(spec.block_sides)),
            ("window of a step", "at least 1 x 1", (step["wy"], step["wx"]), step["wy"] > 0 < step["wx"]),
            ("rows left out of a window", f"fewer than its {step['wy']}", (step["top"], step["bottom"]),
             max(step["top"], step["bottom"]) < step["wy"]),
            ("columns left out of a window", f"fewer than its {step['wx']}", (step["left"], step["right"]),
             max(step["left"], step["right"]) < step["wx"]),
            ("channels of a step", f"among {kc}", (step["k0"], step["nk"]), not post or step["k0"] + step["nk"] <= kc),
            ("blocks of a step", f"below {spec.blocks}", last, not post or last < spec.blocks)]
    most = READS * spec.accumulators
    return [*found, ("operations of a drain", f"at most {most}", total, total <= most)]
