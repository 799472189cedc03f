"""The comparison of ``bench.scnn``: shapes, limits and ratios by hand, and a small run of the command's parts."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.scnn import dense, study
from bench.scnn.__main__ import joined
from bench.scnn.networks import NETWORKS, alexnet, googlenet, vgg
from golden.scnn.layer import Layer, sums
from spec.scnn import preset

RESULTS = Path(__file__).parents[1] / "bench" / "results"


def test_multiplications_are_those_of_the_literature():
    macs = {name: sum(sum(given.macs().values()) for given in make(1)) for name, make in NETWORKS.items()}
    assert macs["VGG-16"] == 14_986_944 * 1024
    assert macs["GoogLeNet"] == 194_089 * 1024
    assert sum(alexnet(1, first=True)[0].macs().values()) == 96 * 363 * 55 * 55
    assert 3.8e9 < macs["ResNet-50"] < 4.2e9


def test_needed_work_is_that_of_the_masks():
    given = googlenet(1)[1]
    tensors = given.tensors(np.random.default_rng(1))
    first = Layer(name="x", inputs=("input",), weight=given.layers[0].weight)
    assert dense.needed(given, tensors)["1x1"] == int(sums(first, tensors["input"]).sum())


def test_the_dense_array_wastes_what_a_plane_leaves_over():
    layer = Layer(name="a", inputs=("input",), weight=np.ones((8, 20, 3, 3), np.int16), pad=(1, 1, 1, 1))
    assert dense.cycles(preset(), layer, (9, 8)) == 2 * 1 * 8 * 9 * 2


def test_layers_of_vgg_with_unlike_filters():
    """A coefficient of variation of 0.5 of the filters' densities leaves a use of 0.88."""
    spec = study.specification("default", port=None)
    found = study.measure(spec, vgg(1, spread=0.5, only=("5_1", "5_2", "5_3")), only=[3])
    assert sum(sum(row["slots"].values()) for row in found["layers"]) == found["cycles"] * spec.multipliers
    for row in found["layers"]:
        assert row["slots"]["products"] <= row["needed"] < 1.2 * row["slots"]["products"]
    assert found["use"] >= 0.88
    assert found["speedup_over_dense_macs"] == sum(row["macs"] for row in found["layers"]) / spec.multipliers / found["cycles"]


@pytest.mark.full
def test_preset_paper_is_as_fast_as_the_paper_on_vgg():
    """3.5 of dense multiplications / 1024; channels take turns between two cuts where 28 rows lie in 8 tiles."""
    found = study.network("VGG-16", study.specification("paper"), levels=[0])
    assert found["speedup_over_dense_macs"] >= 3.5
    assert found["cycles"] == json.loads((RESULTS / "scnn_paper.json").read_text())["networks"]["VGG-16"]["cycles"]


def test_the_crossing_lies_between_two_points():
    points = [{"density": 0.8, "speedup_over_dense_array": 1.2}, {"density": 0.9, "speedup_over_dense_array": 0.8}]
    assert study.crossing(points) == pytest.approx(0.85)
    assert study.crossing(points[:1]) is None


def test_an_unknown_network_is_refused():
    with pytest.raises(ValueError, match="^networks must be of AlexNet, GoogLeNet, VGG-16, ResNet-50, MobileNetV1, not 'x'"):
        study.named("AlexNet,x")
    assert study.named("VGG-16, AlexNet,VGG-16") == ["VGG-16", "AlexNet"]


def test_a_report_keeps_what_is_not_run(tmp_path):
    path = tmp_path / "scnn.json"
    machine = {"preset": "default", "port": None, "lanes": None, "codes": False, "input_groups": 1}
    path.write_text(json.dumps(machine | {"networks": {"VGG-16": 1, "AlexNet": 2}, "sweep": [3]}))
    found = joined(path, machine | {"networks": {"AlexNet": 4}})
    assert found == machine | {"networks": {"AlexNet": 4, "VGG-16": 1}, "sweep": [3]}
    assert list(found["networks"]) == ["AlexNet", "VGG-16"]
    assert joined(path, machine | {"port": 400, "networks": {"AlexNet": 4}})["networks"] == {"AlexNet": 4}
