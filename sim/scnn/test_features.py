"""Machines with what the presets of the other benches lack: weight lanes, codes, shifted products, few look-up tables."""

from dataclasses import replace

import numpy as np
import pytest

from sim.scnn import check
from sim.scnn.networks import NETWORKS, conv, sparse
from spec.scnn import preset

SHAPE = 3, 16, 18
FEATURES = {                                # machine; network and level
    "lanes": (preset("ecp5", rows=2, cols=2, weight_lanes=3),
              [("plain", (0, 1)), ("wide", 1), ("strided", 0), ("residual", 1), ("joined", 1), ("depthwise", (0, 1))]),
    "six lanes": (preset("ecp5", weight_lanes=6, weight_port_bits=400),
                  [("plain", (0, 1)), ("wide", 2), ("strided", 1), ("residual", 2), ("deep", (0, 1, 2, 2)), ("joined", 2)]),
    "codes": (preset("default", rows=2, cols=2, weight_code_bits=4, weight_lanes=2, weight_port_bits=72),
              [("plain", 1), ("strided", 0), ("max", 1), ("residual", 0), ("deep", (0, 0, 1, 1))]),
    "codes in pairs": (preset("ecp5", rows=2, cols=2, weight_code_bits=4, weight_lanes=2),
                       [("plain", 1), ("strided", 0), ("residual", 1), ("deep", (0, 0, 1, 1))]),
    "lean": (preset("ecp5", rows=2, cols=2, lean=True),
             [("plain", 1), ("strided", 0), ("max", 0), ("residual", 1), ("deep", (0, 0, 1, 1)), ("joined", 1)]),
    "paper": (preset("paper", rows=2, cols=2), [("plain", 0), ("wide", 0), ("max", 0), ("pairs", 0), ("dense", 0)]),
}


def few_values(layer):
    """A layer whose weights have at most 14 values other than 0."""
    return replace(layer, weight=(np.sign(layer.weight) * (1 + abs(layer.weight) % 7) * (layer.weight != 0)).astype(np.int16))


@pytest.mark.full
@pytest.mark.parametrize("name", FEATURES)
def test_feature(name, tmp_path):
    spec, chosen = FEATURES[name]
    cases = []
    for network, levels in chosen:
        rng = np.random.default_rng([*name.encode(), *network.encode()])
        layers, x = NETWORKS[network](rng), sparse(rng, SHAPE, 0.5, 100)
        if spec.weight_code_bits:
            layers = [few_values(layer) for layer in layers]
        if spec.product_shift_bits:
            layers = [replace(layer, product_shift=int(rng.integers(1, 8)), shift=2) for layer in layers]
        cases.append(check.Case(name=network, layers=layers, x=x,
                                levels=levels if isinstance(levels, tuple) else (levels,) * len(layers)))
    for case, answer in zip(cases, check.run(spec, cases, tmp_path), strict=True):
        assert not (faults := check.faults(case, *answer)), (case.name, faults)
        assert not (late := check.late(case, *answer)), (case.name, late)


@pytest.mark.full
def test_channels_take_turns_on_all_of_preset_paper(tmp_path):
    """28 rows and columns in 8 x 8 tiles, as in VGG-16's 4_1 to 4_3, with fewer channels."""
    spec, rng = preset("paper", rows=8, cols=8), np.random.default_rng(28)
    layers = [conv(rng, name, source, (outputs, inputs, 3, 3), density=0.3, pad=(1,) * 4, product_shift=2, shift=6)
              for name, source, inputs, outputs in (("a", "input", 4, 48), ("b", "a", 48, 48), ("c", "b", 48, 16))]
    case = check.Case(name="in turn", layers=layers, x=sparse(rng, (4, 28, 28), 0.5, 100), levels=(0,) * 3)
    answer, = check.run(spec, [case], tmp_path)
    assert [mapping.output.turns for mapping in answer[0].mappings] == [True, True, False]
    assert not (faults := check.faults(case, *answer)), faults
    assert not (late := check.late(case, *answer)), late
