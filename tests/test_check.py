"""`compress.check` says which layer runs on which machine, and names every node that has none."""
import json
import time

import numpy as np
import onnx
import pytest

from tests.commands import leave
from tests.onnx_sample import node
from tests.scnn_network import NETWORKS, SAME, network, normal


def checked(proto, folder):
    onnx.save(proto, folder / "net.onnx")
    left = leave("compress.check", str(folder / "net.onnx"), "--json", str(folder / "check.json"))
    return left, json.loads((folder / "check.json").read_text())


def test_layers_are_those_of_one_image(tmp_path):
    left, found = checked(NETWORKS["residual, strided"], tmp_path)
    assert left.code == 0
    assert [(layer["machine"], layer["kind"]) for layer in found["layers"]] == [
        ("scnn", "3x3"), ("scnn", "3x3 /2x2"), ("scnn", "1x1 /2x2, + residual"), ("scnn", "1x1")]
    assert found["layers"][2]["nodes"] == ["g (Conv)", "s (Add)", "t (Relu)"]
    assert found["layers"][0]["work"] == 6 * 3 * 9 * 8 * 10
    assert found["notices"] == ["one image for an scnn of 8 x 8 PEs holds all layers"]


def test_dense_layers_run_beside_convolutions_and_the_eie_is_named(tmp_path):
    left, found = checked(NETWORKS["flatten and dense"], tmp_path)
    assert left.code == 0
    assert {layer["machine"] for layer in found["layers"]} == {"scnn"}
    assert found["notices"][-1] == ("dense layers run on the scnn as filters as large as their planes: d, y; an eie runs them "
                                    "faster, as a network of their own")
    assert found["notices"][-2].startswith("one image for an scnn of 8 x 8 PEs")


@pytest.mark.parametrize("proto, said", [
    (network([node("AveragePool", ["x"], "p", kernel_shape=[3, 3], pads=[1, 1, 1, 1]), node("Conv", ["p", "k"])],
             ("N", 3, 8, 17)),
     "refused: node 'p' (AveragePool): mean of a window must be over as many values everywhere, not over 4 to 9; pad with"),
    (network([node("Conv", ["x", "k"], "a", kernel_shape=[3, 3], dilations=[2, 2]), node("Selu", ["a"])]),
     "refused: node 'a' (Conv): dilations must be [1, 1], not [2, 2]; use a larger kernel with zeros in it"),
    (network([node("Conv", ["x", "k"], **SAME)], ("N", 1, 2000, 2000), k=normal(2, 1, 3, 3)),
     "refused: node 'y' (Conv): layer must be one that fits an array of at most 8 x 8 PEs, not such that y must fit the ")])
def test_what_has_no_machine_is_named(proto, said, tmp_path):
    left, found = checked(proto, tmp_path)
    assert left.code == 2
    assert said in left.err
    assert len(found["refused"]) == len(left.err.splitlines()) - sum(line.endswith("...") for line in left.err.splitlines())
    assert np.all([line["line"].startswith("node ") for line in found["refused"]])


def test_more_layers_than_an_array_keeps_are_refused_at_once(tmp_path):
    nodes = [node("Conv", ["x", "k"], "y0", **SAME)] + [node("Conv", [f"y{n}", "k"], f"y{n + 1}", **SAME) for n in range(300)]
    proto = network([*nodes, node("Relu", ["y300"])], k=normal(3, 3, 3, 3))
    start = time.process_time()
    left, _ = checked(proto, tmp_path)
    assert left.code == 2
    assert "layers of an scnn must be at most 256, not 301; give parts of the network" in left.err
    assert time.process_time() - start < 10


def test_options_are_those_of_the_machine_that_is_named(tmp_path):
    onnx.save(NETWORKS["residual, strided"], tmp_path / "net.onnx")
    net = str(tmp_path / "net.onnx")
    left = leave("compress.check", net, "--design", "mac")
    assert left.code == 2 and "design must be eie or scnn, not 'mac'" in left.err
    left = leave("compress.check", net, "--pes", "64")
    assert left.code == 2 and "not pes with one for an scnn; add --design scnn" in left.err
    left = leave("compress.check", net, "--design", "scnn", "--preset", "ecp5")
    assert left.code == 0 and "one image for an scnn of 2 x 4 PEs holds all layers" in left.out
    left = leave("compress.check", net, "--design", "scnn", "--rows", "1", "--cols", "1", "--memory-words", "64")
    assert left.code == 2 and "must fit memory_words" in left.err and "take a larger array or more memory_words" in left.err


def test_every_network_may_be_one_for_an_scnn(tmp_path):
    onnx.save(NETWORKS["flatten and dense"], tmp_path / "net.onnx")
    assert "scnn of 8 x 8 PEs" in leave("compress.check", str(tmp_path / "net.onnx"), "--design", "scnn").out


@pytest.mark.parametrize(("pool", "work"), [({"kernel_shape": [3, 3]}, 80), ({"kernel_shape": [2, 2], "strides": [3, 3]}, 80),
                                            ({"kernel_shape": [2, 3], "strides": [2, 2]}, 80)])
def test_multiplications_are_those_of_the_plane_before_a_pool(pool, work, tmp_path):
    proto = network([node("Conv", ["x", "k"], "c", **SAME), node("MaxPool", ["c"], **pool)], k=normal(6, 3, 3, 3))
    left, found = checked(proto, tmp_path)
    assert left.code == 0
    assert [layer["work"] for layer in found["layers"]] == [6 * 3 * 9 * work]
