"""Layers at full size on the Verilog of 8 x 8 PEs: values golden's, cycles within 1 % of the model."""

import pytest

from bench.scnn import verilog
from golden.scnn import exact
from sim.scnn import check

SMALL = "5b/pool_proj", "AlexNet/conv5a"
LARGE = ("AlexNet/conv2a", "AlexNet/conv3", "AlexNet/conv4a", "3a/1x1", "3a/3x3", "3a/5x5", "5b/1x1", "5b/3x3", "5b/5x5",
         "VGG-16/4_3", "VGG-16/5_1", "VGG-16/5_2", "VGG-16/5_3")


def test_layers_have_the_shapes_and_densities_of_the_networks():
    spec = verilog.machine()
    case = verilog.case(spec, "5b/pool_proj")
    assert case.layers[0].weight.shape == (128, 832, 1, 1) and case.x.shape == (832, 7, 7)
    assert abs((case.x != 0).mean() - .57) < .02 and abs((case.layers[0].weight != 0).mean() - .32) < .02
    assert {*SMALL, *LARGE} <= {*verilog.layers()}


@pytest.mark.full
@pytest.mark.parametrize("names", [SMALL, LARGE], ids=["small", "large"])
def test_layers_at_full_size(names, tmp_path):
    """The crossbar is left out of the model: followed product by product it takes longer than the simulation."""
    spec = verilog.machine()
    cases = [verilog.case(spec, name) for name in names]
    for case, (made, answer) in zip(cases, check.run(spec, cases, tmp_path), strict=True):
        assert not (faults := check.faults(case, made, answer)), (case.name, faults)
        cycles = sum(own.cycles for own in exact.run(check.machine(case, made), crossbars=False))
        stopped = answer.counters["crossbar"] / spec.multipliers
        assert abs(answer.counters["cycles"] - cycles) <= 0.01 * cycles + stopped, (case.name, answer.counters, cycles)
