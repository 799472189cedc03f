"""The programs of the array: records of lanes, supplies and drains, from the mappings of a network."""

import itertools
from typing import Any

import numpy as np

from compress.scnn.axis import Axis
from compress.scnn.group import halves, number_of
from compress.scnn.mapping import LayerMapping, Segment
from compress.scnn.tensor import Tensor, phases, pieces, tile_of
from spec.scnn import ScnnSpec
from spec.scnn import program as records


def taps(mapping: LayerMapping) -> list[int]:
    """Return the offsets of a layer's taps, phase after phase in the order of its segments, then 0 for a residual."""
    found = [mapping.rows.tap(r) * mapping.pitch + mapping.cols.tap(s)
             for row in mapping.rows.phases() for col in mapping.cols.phases()
             for r in range(row, mapping.rows.taps, mapping.rows.stride)
             for s in range(col, mapping.cols.taps, mapping.cols.stride)]
    return [*found, 0] if mapping.layer.residual else found


def tap_place(mapping: LayerMapping, phase: tuple[int, int]) -> int:
    """Return the place of a phase's first tap among the layer's."""
    at = 0
    for row in mapping.rows.phases():
        for col in mapping.cols.phases():
            if (row, col) == phase:
                return at
            at += (len(range(row, mapping.rows.taps, mapping.rows.stride))
                   * len(range(col, mapping.cols.taps, mapping.cols.stride)))
    return at


def lanes(spec: ScnnSpec, mapping: LayerMapping) -> list[int]:
    """Return the words of a layer in the lanes' program."""
    high, wide = spec.block_sides[mapping.level]
    head = {"sets": high * wide, "passes": mapping.passes, "pairs": mapping.pairs, "segments": len(mapping.segments),
            "kc": mapping.kc, "bias": mapping.layer.bias is not None, "kp_log2": (mapping.channels - 1).bit_length(),
            "slot_log2": mapping.slots[0], "stride": mapping.stride, "codebook": mapping.codebook}
    words = records.pack(records.LANE_LAYER, head)
    for segment in mapping.segments:
        local = segment.place < 0
        at = mapping.rows.taps * mapping.cols.taps if local else tap_place(mapping, segment.phase)
        words += records.pack(records.LANE_SEGMENT, {"pairs": segment.pairs, "tap": mapping.taps + at,
                                                     "step": mapping.stride if local else 0})
    return words


def supply(spec: ScnnSpec, mapping: LayerMapping, mappings: list[LayerMapping], pe: int) -> list[int]:
    """Return the words of a layer in a PE's supply program."""
    words = records.pack(records.SUPPLY_LAYER, {
        "passes": mapping.passes, "pairs": mapping.pairs, "segments": len(mapping.segments),
        "set": spec.position(pe, mapping.level)[1], "level": mapping.shared,
        "weight_slot_log2": mapping.slots[0], "act_slot_log2": mapping.slots[1],
        "product_shift": mapping.layer.product_shift, "gather": mapping.gather})
    group = number_of(spec, mapping.level, mapping.shared, pe)
    for segment in mapping.segments:
        tensor, tile = segment.tensor, tile_of(spec, pe, mapping.level)
        number = phases(segment.form).index(segment.phase)
        skip = 0 if segment.place < 0 else segment.skips[group]
        common = {"first": tensor.blocks[segment.form] + number * tensor.span + skip, "local": segment.place < 0,
                  "advance": mapping.kc if segment.place < 0 else 0, **gate(mapping, mappings, segment)}
        alone = segment.place < 0 or mapping.groups > 1        # no part but its own, or that of one PE of the group
        parts = [(max(0, segment.place), tile)] if alone else _parts(spec, mapping, tensor, segment.place, tile)
        words += records.pack(records.SUPPLY_SEGMENT, {"pairs": segment.pairs, "parts": len(parts)})
        for source, old in parts:
            down, right = (edges[at] - one.origin(at) for edges, one, at in
                           ((tensor.rows, mapping.rows, tile[0]), (tensor.cols, mapping.cols, tile[1])))
            base = _base(mapping, segment, tile, old) if segment.place >= 0 else down * mapping.pitch + right
            words += records.pack(records.SUPPLY_PART, common | {"source": source, "base": base})
    return words


def gate(mapping: LayerMapping, mappings: list[LayerMapping], segment: Segment) -> dict[str, int]:
    """Return the fields by which a part waits until its block has been written: none if no pass of this run writes it."""
    tensor, skips = segment.tensor, segment.skips or (0,)
    if tensor.layer < 0:
        return {}
    skip, end = min(skips), max(skips) + segment.pairs
    back = mapping.first_pass - mappings[tensor.layer].first_pass - skip // tensor.kc
    if back >= 1 << 12:
        return {}
    if skip % tensor.kc == 0 and skip == max(skips):
        return {"gate": tensor.kc, "back": back}
    last = (end - 1) // tensor.kc - skip // tensor.kc       # a range that a pass cuts waits for its last one
    return {"gate": (1 << records.SUPPLY_PART["gate"][1]) - 1, "back": back - last}


def _parts(spec: ScnnSpec, mapping: LayerMapping, tensor: Tensor, place: int, tile: tuple[int, int],
           ) -> list[tuple[int, tuple[int, int]]]:
    """Return the PEs (places in the layer's block) that hold a tile's part of what ``place`` holds, with their own tiles."""
    (high, wide), (old_high, old_wide) = spec.block_sides[mapping.level], spec.block_sides[tensor.level]
    found = []
    for row in range(high // old_high):
        for col in range(wide // old_wide):
            inside = (row * old_high + place // old_wide, col * old_wide + place % old_wide)
            old = tile[0] * (high // old_high) + row, tile[1] * (wide // old_wide) + col
            found.append((inside[0] * wide + inside[1], old))
    return found


def _base(mapping: LayerMapping, segment: Segment, tile: tuple[int, int], old: tuple[int, int]) -> int:
    """Return the place, in a tile's accumulators, of the first activation of a part of it when it meets the last tap."""
    total, (rows, cols), phase = 0, segment.tensor.cuts[segment.turn], segment.phase
    for one, edges, number, part, own, weight in ((mapping.rows, rows, tile[0], old[0], phase[0], mapping.pitch),
                                                  (mapping.cols, cols, tile[1], old[1], phase[1], 1)):
        first = edges[part]
        start = first + (own - first - one.before) % one.stride
        q = (start + one.before - own) // one.stride
        total += (q - one.depth - one.origin(number)) * weight
    return max(total, 0) if mapping.rows.size(tile[0]) and mapping.cols.size(tile[1]) else 0


def drain(spec: ScnnSpec, mapping: LayerMapping) -> list[list[int]]:
    """Return the words of a layer in the drain program of each PE."""
    sends, own = exchange(mapping), {}
    for tile, group in itertools.product(tiles(mapping), range(mapping.groups)):
        own_channels = group * mapping.kc * mapping.stride
        steps = [*reduction(spec, mapping, tile, group),
                 *(step | {"start": step["start"] + own_channels} for step in (*sends[tile], *post(mapping, tile)))]
        exchanges = bool(sends[tile]) or mapping.groups > 1
        head = {"passes": mapping.passes, "kc": mapping.kc, "steps": len(steps), "stride": mapping.stride,
                "shift": mapping.layer.shift, "relu": mapping.layer.relu, "bias": mapping.layer.bias is not None,
                "level": mapping.shared, "word": mapping.word, "limit": mapping.limit, "exchange": exchanges}
        own[tile, group] = records.pack(records.DRAIN_LAYER, head) + [
            word for step in steps for word in records.pack(records.DRAIN_STEP, step)]
    return [own[tile_of(spec, pe, mapping.level), number_of(spec, mapping.level, mapping.shared, pe)] for pe in range(spec.pes)]


def reduction(spec: ScnnSpec, mapping: LayerMapping, tile: tuple[int, int], group: int) -> list[dict[str, Any]]:
    """Return the sends by which a PE of a group gets the sums of its channels and gives away those of other groups."""
    high, wide = mapping.rows.size(tile[0]), mapping.cols.size(tile[1])
    steps = []
    for level, way, first, parts in halves(spec, mapping.level, mapping.shared, group):
        box = _step(mapping, 0, 0, high, wide, parts * mapping.kc) if high and wide else _step(mapping, 0, 0, 0, 0, 0)
        steps.append(box | {
            "start": first * mapping.kc * mapping.stride, "kind": records.KINDS["send"], "direction": records.DIRECTIONS[way],
            "cause": records.CAUSES["reduction"], "level": level,
            "cycles": 2 * parts * mapping.kc * mapping.high * mapping.wide + 8})
    return steps


def tiles(mapping: LayerMapping) -> list[tuple[int, int]]:
    """Return the tiles of a layer."""
    return [(row, col) for row in range(mapping.rows.tiles) for col in range(mapping.cols.tiles)]


def exchange(mapping: LayerMapping) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """Return the send steps of each tile: halos west, east, north, south, then what overlapping windows read of others.

    Channels with different cuts have separate steps.
    """
    made: dict[tuple[int, int], list[dict[str, Any]]] = {tile: [] for tile in tiles(mapping)}
    for first, end in pieces(mapping.output, 0, mapping.kc):
        for tile, steps in _exchange(mapping, first, end - first).items():
            made[tile] += steps
    return made


def _exchange(mapping: LayerMapping, first: int, count: int) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """Return the send steps of each tile for ``count`` channels of a pass that have one cut."""
    turn = mapping.output.turn(first)
    steps = [(way, {tile: _halo(mapping, tile, way, turn) for tile in tiles(mapping)}, False)
             for way in ("west", "east", "north", "south")]
    copies = ("west", 1), ("north", 0)
    steps += [(way, {tile: _copied(mapping, tile, axis, turn) for tile in tiles(mapping)}, True) for way, axis in copies]
    made: dict[tuple[int, int], list[dict[str, Any]]] = {tile: [] for tile in tiles(mapping)}
    for way, boxes, keep in steps:
        targets = {tile: _neighbour(mapping, tile, way) for tile in boxes}
        most = max(boxes[tile][2] * boxes[tile][3] if targets[tile] else 0 for tile in boxes)
        if not most:
            continue
        for tile, box in boxes.items():
            to = targets[tile] or tile
            delta = ((mapping.rows.origin(tile[0]) - mapping.rows.origin(to[0])) * mapping.pitch
                     + mapping.cols.origin(tile[1]) - mapping.cols.origin(to[1]))
            made[tile].append(_step(mapping, *(box if targets[tile] else (0, 0, 0, 0)), count, first) | {
                "kind": records.KINDS["send"], "direction": records.DIRECTIONS[way], "keep": keep,
                "cause": records.CAUSES["halo"], "delta": delta, "cycles": 2 * count * most + 8, "level": mapping.level})
    return made


def _step(mapping: LayerMapping, row: int, col: int, high: int, wide: int, nk: int, first: int = 0) -> dict[str, Any]:
    """Return the fields of a step on a box of the accumulators of ``nk`` channels from channel ``first`` of the pass on."""
    return {"start": first * mapping.stride + row * mapping.pitch + col, "nk": nk, "ny": high, "nx": wide, "dx": 1,
            "dy": mapping.pitch, "wx": 1, "wy": 1, "wstride": mapping.pitch}


def _neighbour(mapping: LayerMapping, tile: tuple[int, int], direction: str) -> tuple[int, int] | None:
    """Return the tile that a tile sends to, if there is one with accumulators."""
    move = {"west": (0, -1), "east": (0, 1), "north": (-1, 0), "south": (1, 0)}[direction]
    row, col = tile[0] + move[0], tile[1] + move[1]
    if not (0 <= row < mapping.rows.tiles and 0 <= col < mapping.cols.tiles):
        return None
    return (row, col) if mapping.rows.size(row) and mapping.cols.size(col) else None


def _spans(mapping: LayerMapping, tile: tuple[int, int], turn: int) -> tuple[int, int, int, int, int, int, int, int]:
    """Return, for rows and then columns, size, first own, end of own and end of real sums in the tile's accumulators."""
    found: list[int] = []
    for one, number in ((mapping.rows, tile[0]), (mapping.cols, tile[1])):
        origin, size, (first, end) = one.origin(number), one.size(number), one.own(number, turn)
        found += [size, min(max(first - origin, 0), size), min(max(end - origin, 0), size), min(size, one.sums - origin)]
    return tuple(found)      # type: ignore[return-value]


def _halo(mapping: LayerMapping, tile: tuple[int, int], direction: str, turn: int) -> tuple[int, int, int, int]:
    """Return the box (row, column, rows, columns) of sums of a tile that belong to its neighbour in a direction."""
    high, top, bottom, rows, wide, left, right, cols = _spans(mapping, tile, turn)
    if not high or not wide:
        return 0, 0, 0, 0
    above, aside = _beyond(mapping, tile)
    return {"west": (0, aside, high, max(0, left - aside)), "east": (0, right, high, max(0, cols - right)),
            "north": (above, left, max(0, top - above), right - left),
            "south": (bottom, left, max(0, rows - bottom), right - left)}[direction]


def _beyond(mapping: LayerMapping, tile: tuple[int, int]) -> tuple[int, int]:
    """Return how many accumulator rows of a tile lie above the plane, and how many of its columns lie left of the plane."""
    return max(0, -mapping.rows.origin(tile[0])), max(0, -mapping.cols.origin(tile[1]))


def _copied(mapping: LayerMapping, tile: tuple[int, int], axis: int, turn: int) -> tuple[int, int, int, int]:
    """Return the box of a tile's own sums that the windows of the tile before it on an axis read too."""
    if tile[axis] == 0:
        return 0, 0, 0, 0
    one = (mapping.rows, mapping.cols)[axis]
    need = one.reach(tile[axis] - 1, turn) - one.own(tile[axis] - 1, turn)[1]
    high, top, bottom, _, wide, left, right, _ = _spans(mapping, tile, turn)
    if need <= 0 or not high or not wide:
        return 0, 0, 0, 0
    if axis == 1:
        return top, left, bottom - top, need
    reach = mapping.cols.reach(tile[1], turn) - mapping.cols.origin(tile[1])
    return top, left, need, max(right, reach) - left


def post(mapping: LayerMapping, tile: tuple[int, int]) -> list[dict[str, Any]]:
    """Return the drain steps of a tile: first those that write outputs, then those that clear the remaining sums.

    There is one step per form and phase of the outputs.

    Channels with different cuts have separate steps.
    """
    return [step for first, end in pieces(mapping.output, 0, mapping.kc) for step in _post(mapping, tile, first, end - first)]


def _post(mapping: LayerMapping, tile: tuple[int, int], first: int, count: int) -> list[dict[str, Any]]:
    """Return the steps of `post` for ``count`` channels of a pass that have one cut."""
    steps: list[dict[str, Any]] = []
    pool, output, turn = mapping.layer.pool, mapping.output, mapping.output.turn(first)
    own = [(form, phase) for form in output.blocks for phase in phases(form)]
    once = pool is None or all(_once(one, at, turn) for one, at in zip((mapping.rows, mapping.cols), tile, strict=True))
    for number, (form, phase) in enumerate(own):
        rows, cols = output.phase(form, tile, phase, turn)
        high, wide = (len(range(*part.indices(1 << 20))) for part in (rows, cols))
        hop = pool.stride if pool else (1, 1)
        row, col = ((part.start * one.hop - one.blank - one.origin(at)) if size else 0
                    for part, one, at, size in ((rows, mapping.rows, tile[0], high), (cols, mapping.cols, tile[1], wide)))
        if not high or not wide:
            high = wide = row = col = 0
        last = number == len(own) - 1
        step = _step(mapping, row, col, high, wide, count, first) | {
            "kind": records.KINDS["post"], "k0": first,
            "keep": not once or any(other[0] != form for other in own[number + 1:]),
            "dx": form[1] * hop[1], "dy": form[0] * hop[0] * mapping.pitch,
            "gap": max(0, output.pitches[form] - wide) if wide else 0,
            "block": output.blocks[form] + phases(form).index(phase) * output.span}
        if pool is not None:
            step |= {"wy": pool.size[0], "wx": pool.size[1], "pool": records.POOLS[pool.kind],
                     **_clips(mapping, output, form, tile, rows, cols)}
        steps.append(step)
        if last:
            steps += clears(mapping, tile, first, count, everything=not once)
    return steps


def _once(one: Axis, tile: int, turn: int) -> bool:
    """Return whether the windows of a tile read each of its sums exactly once."""
    (first, end), (before, after) = one.own(tile, turn), one.outputs[turn][tile:tile + 2]
    return one.window == one.hop and not one.blank and end - first == one.hop * (after - before)


def _clips(mapping: LayerMapping, output: Tensor, form: tuple[int, int, int, int], tile, rows: slice,
           cols: slice) -> dict[str, int]:
    """Return how much of the first and last windows lies outside the plane; all others must lie inside."""
    found = {}
    for names, part, one in ((("top", "bottom"), rows, mapping.rows), (("left", "right"), cols, mapping.cols)):
        outputs = range(*part.indices(1 << 20))
        if len(outputs):
            before = [max(0, one.blank - place * one.hop) for place in outputs]
            behind = [max(0, place * one.hop - one.blank + one.window - one.sums) for place in outputs]
            if any(before[1:]) or any(behind[:-1]):
                raise ValueError(f"{mapping.layer.name}: windows beyond an edge must be one, not several, of "
                                 f"{one.window} with a step of {one.hop}; pad at most a step")
            found[names[0]], found[names[1]] = before[0], behind[-1]
    return found


def clears(mapping: LayerMapping, tile: tuple[int, int], first: int, count: int, *, everything: bool) -> list[dict[str, Any]]:
    """Return the steps that clear what no send and no post has taken of ``count`` channels from ``first`` on."""
    high, top, bottom, rows, wide, left, right, cols = _spans(mapping, tile, mapping.output.turn(first))
    boxes = [(0, 0, high, wide)] if everything else []
    if not everything:
        stays = {way: not _neighbour(mapping, tile, way) for way in ("west", "east", "north", "south")}
        east, south = right if stays["east"] else max(right, cols), bottom if stays["south"] else max(bottom, rows)
        above, aside = _beyond(mapping, tile)
        boxes += [(0, 0, high, left if stays["west"] else min(left, aside)), (0, east, high, wide - east)]
        boxes += [(0, left, top if stays["north"] else min(top, above), right - left),
                  (south, left, high - south, right - left)]
    return [_step(mapping, *box, count, first) | {"kind": records.KINDS["clear"]} for box in boxes if box[2] * box[3]]


def pad(words: list[list[int]]) -> np.ndarray:
    """Return the PEs' words of one program side by side, filled up with zeros to the longest."""
    most = max(map(len, words))
    return np.array([own + [0] * (most - len(own)) for own in words], np.uint64)
