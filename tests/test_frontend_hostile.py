"""Files made to hurt: each is refused in one line, exit code 2, before it costs memory or time."""
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from compress.frontend import onnx as frontend
from tests.commands import cost
from tests.onnx_sample import model, node

W = np.ones((6, 4), np.float32)
ROOT = Path(__file__).parents[1]


def dense(**changes):
    return model([node("MatMul", ["x", "w"])], {"w": W} | changes, ["N", 6])


def saved(path, proto):
    path.write_bytes(proto if isinstance(proto, bytes) else proto.SerializeToString())
    return path


def beside(location, **more):
    """A network whose weights are said to lie at ``location``."""
    proto = dense()
    tensor = proto.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in ({"location": location} | more).items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    return proto


def declared(*dims, raw=b"\0" * 16, kind=TensorProto.FLOAT):
    proto = dense()
    del proto.graph.initializer[0].dims[:]
    proto.graph.initializer[0].dims.extend(dims)
    proto.graph.initializer[0].raw_data = raw
    proto.graph.initializer[0].data_type = kind
    return proto


def wide(shape, **attributes):
    return model([node("Conv", ["x", "w"], **attributes)], {"w": np.ones((1, 1, 1, 1), np.float32)}, shape)


FILES = {
    "cut short": (dense().SerializeToString()[:-30], "must be a whole ONNX file"),
    "another kind": (b"PK\3\4" + bytes(100), "must be a whole ONNX file|with a graph"),
    "empty": (b"", "with a graph and its opset"),
    "huge shape, few bytes": (declared(1 << 30, 1 << 30), "at most 2,147,483,648 bytes"),
    "shape that overflows": (declared(1 << 62, 1 << 62), "at most 2,147,483,648 bytes"),
    "negative shape": (declared(-1, 4), "no negative size"),
    "too few bytes": (declared(6, 4), r"must have 96 bytes for its shape \[6, 4\], not 16"),
    "text as weights": (declared(2, kind=TensorProto.STRING), "type of 'w' .* not STRING"),
    "unknown type": (declared(2, kind=99), "type of 'w' .* not unknown"),
    "NaN": (dense(w=np.full((6, 4), np.nan, np.float32)), "B must be finite, not nan"),
    "a factor that is NaN": (model([node("Gemm", ["x", "w"], alpha=float("nan"))], {"w": W}, ["N", 6]),
                             "weight of layer y must be finite, not nan"),
    "a summand that is infinite": (model([node("Gemm", ["x", "w", "b"], beta=float("inf"))],
                                         {"w": W, "b": np.ones(4, np.float32)}, ["N", 6]),
                                   "bias of layer y must be finite, not inf"),
    "a norm that is NaN": (model([node("MatMul", ["x", "w"], "h"),
                                  node("BatchNormalization", ["h", "s", "s", "s", "s"], epsilon=float("nan"))],
                                 {"w": W, "s": np.ones(4, np.float32)}, ["N", 6]), "weight of layer h must be finite, not nan"),
    "weights without outputs": (dense(w=np.ones((6, 0), np.float32)), r"B must be of at least one element, not of .* \[6, 0\]"),
    "filters without outputs": (model([node("Conv", ["x", "w"])], {"w": np.ones((0, 1, 3, 3), np.float32)}, ["N", 1, 5, 5]),
                                "W must be of at least one element"),
    "a bound that is empty": (model([node("MatMul", ["x", "w"], "a"), node("Clip", ["a", "low"])],
                                    {"w": W, "low": np.zeros(0, np.float32)}, ["N", 6]), "min must be of at least one element"),
    "an input without elements": (model([node("Relu", ["x"])], {}, ["N", 0]), "must be a number of at least 1, not 0"),
    "infinity": (dense(w=np.full((6, 4), np.inf, np.float32)), "B must be finite, not inf"),
    "cycle": (model([node("Add", ["b", "x"], "a"), node("Relu", ["a"], "b"), node("Relu", ["a"])], {}, ["N", 6]),
              "Nodes in a graph must be topologically sorted"),
    "two nodes, one output": (model([node("Relu", ["x"]), node("Relu", ["x"])], {}, ["N", 6]), "single static assignment|SSA"),
    "two inputs": (model([node("Add", ["x", "z"])], {}, ["N", 6]), "legal ONNX network"),
    "an absolute path": (beside("/etc/passwd"), "must lie in the network's folder, not '/etc/passwd'"),
    "a path upwards": (beside("../../etc/passwd"), "must lie in the network's folder"),
    "a link": (beside("link"), "must lie in the network's folder"),
    "no path": (beside(""), "must lie in the network's folder"),
    "a path with a NUL": (beside("a\0b"), "must lie in the network's folder"),
    "the folder itself": (beside("."), "must be a file"),
    "a file that is missing": (beside("nowhere"), "No such file"),
    "beyond the end of the file": (beside("short", offset=1 << 40), "not 96 of a file of 3"),
    "a negative offset": (beside("short", offset=-4), "offset and length .* must be whole numbers"),
    "weights larger than their file": (beside("short"), "must have 96 bytes at 0 of short"),
    "an ancient opset": (model([node("Relu", ["x"])], {}, ["N", 6], opset=5), "opset .* must be 7 to"),
    "an opset to come": (model([node("Relu", ["x"])], {}, ["N", 6], opset=999), "opset .* must be 7 to"),
    "a picture without end": (wide(["N", 1, 1 << 20, 1 << 20]), "at most 16,777,216 elements a sample"),
    "padding without end": (wide(["N", 1, 4, 4], pads=[0, 0, 1 << 40, 0]), "pads must be"),
    "padding to a huge picture": (wide(["N", 1, 4, 4], pads=[1 << 15] * 4), "at most 16,777,216 elements a sample"),
    "a constant that grows": (model([node("ConstantOfShape", ["s"], "c"), node("MatMul", ["x", "c"])],
                                    {"s": np.array([1 << 20, 1 << 20])}, ["N", 6]), "of at most 134,217,728 elements"),
    "constants that multiply": (model([node("Expand", ["w", "s"], "c"), node("MatMul", ["x", "c"])],
                                      {"s": np.array([1 << 12, 1 << 12, 6, 4]), "w": W}, ["N", 6]), "of at most 134,217,728"),
    "an open picture": (wide(["N", 1, "h", 4]), "size 2 of input 'x' .* must be a number"),
    "a scalar": (model([node("Relu", ["x"])], {}, []), "must be a tensor with a shape"),
    "nodes inside a node": (model([helper.make_node("If", ["c"], ["y"], then_branch=dense().graph, else_branch=dense().graph)],
                                  {"c": np.array(True)}, ["N", 6]), "not If|legal ONNX"),
    "many nodes": (model([node("Relu", [f"v{k}" if k else "x"], f"v{k + 1}") for k in range(10_001)], {}, ["N", 6],
                         outputs=("v10001",)), "nodes of .* must be at most 10,000, not 10,001"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_one_line(name, tmp_path):
    content, said = FILES[name]
    folder = tmp_path / "inner"
    folder.mkdir()
    (folder / "short").write_bytes(b"abc")
    (tmp_path / "secret").write_bytes(bytes(96))
    (folder / "link").symlink_to(tmp_path / "secret")
    path = saved(folder / "net.onnx", content)
    with pytest.raises((ValueError, TypeError, OSError), match=said) as caught:
        frontend.read(path)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.full
@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_in_seconds(name, tmp_path):
    begun = time.process_time()
    test_a_hostile_file_is_one_line(name, tmp_path)
    assert time.process_time() - begun < 10


def test_the_command_says_it_in_one_line_and_leaves_with_2(tmp_path):
    path = saved(tmp_path / "net.onnx", FILES["cut short"][0])
    done = subprocess.run([sys.executable, "-m", "compress.check", path, "--json", tmp_path / "x.json"], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and done.stderr.startswith("error: ")
    assert not (tmp_path / "x.json").exists()


@pytest.mark.full
@pytest.mark.parametrize("count", [9_999, 1_000_000])
def test_a_million_nodes_cost_a_gibibyte_and_ten_seconds_at_most(count, tmp_path):
    nodes = [node("Relu", [f"v{k}" if k else "x"], f"v{k + 1}") for k in range(count)]
    path = saved(tmp_path / "net.onnx", model(nodes, {}, ["N", 6], outputs=(f"v{count}",)))
    code, seconds, memory = cost(sys.executable, "-m", "compress.check", path, cwd=ROOT)
    assert code == (2 if count > 10_000 else 0)
    assert memory <= 1 << 30
    assert seconds <= 10


def test_external_weights_are_read_only_once_they_are_inside(tmp_path):
    np.asarray(W).tofile(tmp_path / "weights")
    saved(tmp_path / "net.onnx", beside("weights", offset=0, length=96))
    np.testing.assert_array_equal(frontend.read(tmp_path / "net.onnx").layers[0].weight, W.T)


def test_an_initializer_no_one_reads_is_not_looked_at(tmp_path):
    proto = dense()
    proto.graph.initializer.append(numpy_helper.from_array(np.full(3, np.nan, np.float32), "unused"))
    assert len(frontend.from_model(onnx.ModelProto.FromString(proto.SerializeToString())).layers) == 1
