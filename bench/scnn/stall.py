"""How often the crossbar stops the issue on a network's layers: the first pairs of one PE, product by product."""

import numpy as np

from bench.scnn.networks import Network
from compress.scnn.mapping import LayerMapping
from compress.scnn.program import tap_place, taps
from compress.scnn.stream import matrices
from compress.scnn.tensor import planes
from golden.scnn.crossbar import Crossbars, Queues, lanes
from spec.scnn import ScnnSpec


def share(spec: ScnnSpec, mapping: LayerMapping, given: Network, tensors: dict[str, np.ndarray], *, pe: int,
          cycles: int) -> float:
    """Return stopped cycles over issue cycles of a PE in a layer's first pass, over about so many issue cycles.

    Activations are those of the PE's own tile, of the channels that it holds; the side port takes nothing.
    """
    segment = mapping.segments[0]
    place = spec.position(pe, mapping.level)[1]
    rows = np.concatenate([matrices(spec, mapping, one, 0, place) for one in mapping.alike])
    seen = tensors.get(f"{mapping.layer.name} < {segment.tensor.name}", tensors.get(segment.tensor.name))
    if seen is None:
        raise ValueError(f"tensors of {given.name} must have {segment.tensor.name}, which {mapping.layer.name} reads")
    acts = planes(spec, segment.tensor, seen, segment.form, pe)
    offsets = np.array(taps(mapping))[tap_place(mapping, segment.phase):]
    lane_bits = (mapping.channels - 1).bit_length()
    given_offsets, issues = {}, 0
    for pair in range(min(len(rows), len(acts))):
        position, ao = np.flatnonzero(rows[pair]), np.flatnonzero(acts[pair])
        wo = offsets[position >> lane_bits] + (position & (1 << lane_bits) - 1) * mapping.stride
        vectors = lanes(wo, np.ones(len(wo), bool), spec.f), lanes(ao, np.ones(len(ao), bool), spec.i)
        given_offsets[0, pair, 0] = vectors
        issues += len(vectors[0]) * len(vectors[1])
        if issues > cycles:
            break
    crossbars = Crossbars(spec, given_offsets, [Queues(spec)])
    now, stops = 0, 0
    for number, pair, _ in given_offsets:
        stopped = int(crossbars.pair(number, pair, np.array([now]))[0])
        now += stopped + max(1, len(given_offsets[0, pair, 0][0]) * len(given_offsets[0, pair, 0][1]))
        stops += stopped
    return stops / max(1, issues)
