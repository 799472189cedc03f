"""Layers at full size on the Verilog of 8 x 8 PEs: values golden's, cycles and their causes within 1 % of the model."""

import pytest

from bench.scnn import verilog
from golden.scnn import exact
from sim.scnn import check
from spec.scnn import SLOT_COUNTERS

GROUPS = {
    "small": ("3a/pool_proj", "5b/pool_proj", "3a/5x5", "5b/5x5"),
    "googlenet": ("3a/1x1", "3a/3x3", "5b/1x1", "5b/3x3"),
    "alexnet": ("AlexNet/conv2a", "AlexNet/conv3", "AlexNet/conv4a", "AlexNet/conv5a"),
    "second": ("AlexNet/conv2b", "AlexNet/conv4b", "AlexNet/conv5b"),
    "vgg5": ("VGG-16/5_1", "VGG-16/5_2", "VGG-16/5_3"),
    "vgg4": ("VGG-16/4_3",),
    "rest1": ("VGG-16/1_1", "VGG-16/1_2"),
    "rest2": ("VGG-16/2_1", "VGG-16/2_2"),
    "rest3": ("VGG-16/3_1", "VGG-16/3_2", "VGG-16/3_3"),
    "rest4": ("VGG-16/4_1", "VGG-16/4_2"),
}
"""Layers of AlexNet (``second``: the second groups), of GoogLeNet's modules 3a and 5b (each 1x1 with its reductions) and of
VGG-16. ``rest`` is what is more than 25 minutes' work: ``rest1``, ``rest2`` and ``rest3`` take an hour of one
core each, most of it to load up to 3 million activations and to read them back."""


def test_layers_have_the_shapes_and_densities_of_the_networks():
    spec = verilog.specification()
    case = verilog.case(spec, "5b/pool_proj")
    assert case.layers[0].weight.shape == (128, 832, 1, 1) and case.x.shape == (832, 7, 7)
    assert abs((case.x != 0).mean() - .57) < .02 and abs((case.layers[0].weight != 0).mean() - .32) < .02
    assert {name for names in GROUPS.values() for name in names} <= {*verilog.layers()}


@pytest.mark.full
@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_layers_at_full_size(names, tmp_path):
    """The crossbar is left out of the model: followed product by product it takes longer than the simulation."""
    spec = verilog.specification()
    cases = [verilog.case(spec, name) for name in names]
    for case, (made, tried) in zip(cases, check.run(spec, cases, tmp_path), strict=True):
        assert not (faults := check.faults(case, made, tried)), (case.name, faults)
        found, model = tried.result.counters, exact.run(check.golden_model(case, made), crossbars=False)
        cycles = sum(own.cycles for own in model)
        stopped = found["crossbar"] / spec.multipliers
        print(f"{case.name}: {found['cycles']} cycles, by the model {cycles}; {stopped:.0f} of a PE stopped by its crossbar")
        room = 0.01 * cycles * spec.multipliers + found["crossbar"]
        assert abs(found["cycles"] - cycles) * spec.multipliers <= room, (case.name, found, cycles)
        for name in SLOT_COUNTERS:
            want = sum(own.slots[name] for own in model)
            assert abs(found[name] - want) <= room, (case.name, name, found, want)
