"""What is asked for stays as it is, also where it is what a preset has; and what a command says where it is asked too much."""
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from cli import design as designs
from compress.frontend.onnx import from_model
from compress.scnn import image
from compress.scnn.lower import lower
from compress.scnn.room import more
from compress.scnn.size import free
from compress.scnn.source import Request, build
from compress.scnn.suit import suited
from compress.scnn.whole import quantise
from spec import machines
from spec.scnn import preset
from tests.commands import leave
from tests.onnx_sample import node
from tests.scnn_network import NETWORKS, SAME, network, normal

ROOT = Path(__file__).parents[1]


@pytest.fixture
def net(monkeypatch, tmp_path):
    """Work in a folder with a network that 8 x 8 PEs do not hold at level 0, and inputs for it."""
    monkeypatch.chdir(tmp_path)
    onnx.save(NETWORKS["global average and dense"], "net.onnx")
    size = from_model(NETWORKS["global average and dense"], "net").shape
    np.save("x.npy", np.random.default_rng(1).uniform(0, 1, (4, *size)).astype(np.float32))
    return tmp_path


def scnn(*options):
    return leave("compress.build", "--design", "scnn", "net.onnx", "-o", "image.npz", "--data", "x.npy", *options)


def test_a_command_gets_the_parameters_that_its_line_sets():
    found = []

    def run(spec: object, given: frozenset[str]) -> None:
        """Do nothing."""
        found.append(given)

    for line in ([], ["--pes", "64"], ["--rows", "8", "--memory-words", "4096"], ["--lean"], ["--preset", "ecp5"]):
        app = designs.application(run, "Nothing.", machines, ["--design", "scnn", *line])
        designs.typer.main.get_command(app).main(["--design", "scnn", *line], standalone_mode=False)
    assert found == [set(), {"rows", "cols"}, {"rows", "memory_words"}, {"lean"}, set()]


@pytest.mark.parametrize("sides", [["--rows", 8, "--cols", 8], ["--pes", 64], ["--cols", 8]])
def test_sides_that_are_asked_for_stay(net, sides):
    left = scnn("--level", 0, *sides)
    assert left.code == 2 and "must lie in its neighbours'" in left.err and "take another --level" in left.err
    assert scnn("--level", 0).code == 0 and "array of 2 x 2 PEs" in scnn("--level", 0).out


@pytest.fixture
def plane(net):
    """Options of one PE, in the place of whose network there is one with a plane of 40 x 40."""
    onnx.save(network([node("Conv", ["x", "k"], **SAME)], ("N", 3, 40, 40), k=normal(3, 3, 3, 3)), "net.onnx")
    np.save("x.npy", np.random.default_rng(1).uniform(0, 1, (4, 3, 40, 40)).astype(np.float32))
    return "--preset", "ecp5", "--rows", 1, "--cols", 1, "--bank-entries", 1024, "--act-words", 1024


def test_a_memory_that_is_asked_for_stays(plane):
    one = plane
    assert "as the network needs: memory_words 8,192" in scnn(*one).out
    left = scnn(*one, "--memory-words", 2048)
    assert left.code == 2 and "of 2048 words per PE; take a larger array or more memory_words" in left.err
    left = scnn(*one, "--memory-words", 4096)
    assert left.code == 2 and "of 4096 words per PE; take a larger array or more memory_words" in left.err
    left = scnn(*one, "--memory-words", 8192)
    assert left.code == 0 and "as the network needs" not in left.out


def test_a_memory_of_an_eie_that_is_asked_for_stays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = "compress.build", "--example", "digits", "--pes", 4, "--preset", "ecp5", "-o", "d.npz"
    left = leave(*line, "--slots", 16)
    assert left.code == 2 and "not slots 16 where it takes 64" in left.err and not list(tmp_path.iterdir())


def test_arrays_of_fewer_pes_are_told_with_the_fault_of_the_one_asked_for():
    made = from_model(NETWORKS["global average and dense"], "net.onnx")
    spec = preset("ecp5", bank_entries=16, memory_words=64)
    with pytest.raises(ValueError, match=r"; so it is with 2 x 4 PEs, and fewer do not hold the network either$"):
        build(made, Path("net.onnx"), spec, Request(preset=spec, free=free(["memory_words"])), None, None)


def test_no_more_is_advised_than_arrays_have():
    assert more("layers", 70) == "take --layers 70" and more("taps", 274) == "take --taps 512"
    assert more("layers", 257) == "no array has more than 256: give parts of the network as networks of their own"


def test_the_reason_is_that_of_the_memory_that_is_too_small(plane):
    """At the levels that the tiler chooses first another rule is broken; nobody asked for these levels."""
    nodes = [node("Conv", ["x", "k"], "a", kernel_shape=[5, 5], pads=[2, 2, 2, 2]), node("Relu", ["a"], "r"),
             node("MaxPool", ["r"], "p", kernel_shape=[2, 2], strides=[2, 2]),
             node("Conv", ["p", "d"], "c", kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=4), node("Flatten", ["c"], "f"),
             node("MatMul", ["f", "w"])]
    onnx.save(network(nodes, ("N", 3, 40, 40), k=normal(4, 3, 5, 5), d=normal(4, 1, 3, 3), w=normal(1600, 3)), "net.onnx")
    wide = *plane[:2], "--rows", 2, "--cols", 4, *plane[6:]
    assert scnn(*wide).code == 0
    for options in (["--taps", 16], ["--program", 16], ["--memory-words", 256], ["--layers", 1]):
        left = scnn(*wide, *options)
        assert left.code == 2 and "pitch" not in left.err and "another level" not in left.err, left.err
        if "take --" in left.err:
            way = left.err.partition("; take ")[2].partition(";")[0].split()[:2]
            again = scnn(*wide, *way)
            assert way[0] == options[0] and options[0] not in again.err, (left.err, again.err)
    assert scnn(*wide, "--memory-words", 512, "--activations", "recorded").code == 0


@pytest.mark.parametrize("sides", [[], ["--pes", 4]])
def test_lanes_that_are_asked_for_stay(tmp_path, monkeypatch, sides):
    monkeypatch.chdir(tmp_path)
    line = "compress.build", "--design", "scnn", "--example", "digits-cnn", "-o", "a.npz", *sides
    left = leave(*line, "--weight-lanes", 16)
    assert left.code == 2 and "weight_lanes must be at most 4, the PEs, not 16; take 4" in left.err
    assert leave(*line, "--weight-port-bits", 1024).code == 0 and image.load("a.npz").spec.weight_port_bits == 1024


def test_an_array_is_not_halved_below_the_lanes_that_are_asked_for(net):
    for given in (["--weight-lanes", 16], ["--preset", "ecp5", "--input-groups", 4, "--memory-words", 64]):
        left = scnn("--level", 0, *given)
        assert left.code == 2 and "other --rows and --cols" in left.err and "fewer" not in left.err, left.err


@pytest.mark.parametrize("options, said", [
    (["--rows", 1, "--cols", 2, "--weight-lanes", 16], "weight_lanes must be at most 2"),
    (["--rows", 1, "--cols", 2, "--input-groups", 4], "input_groups must be at most 2"),
    (["--rows", 1, "--cols", 1, "--weight-memory", 4, "--weight-port-bits", 64], "weights must fit 4 transfers of 64 bits")])
def test_the_check_refuses_what_the_build_refuses(net, options, said):
    for command, *more_of_it in ("compress.check",), ("compress.build", "-o", "image.npz"):
        left = leave(command, "net.onnx", "--design", "scnn", *more_of_it, *options)
        assert left.code == 2 and said in left.err, left


def test_the_check_of_dense_layers_knows_their_memories(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("net.npz", **{"a.weight": np.ones((300, 100)), "b.weight": np.ones((50, 300))})
    left = leave("compress.check", "net.npz", "--columns", 64)
    assert left.code == 2 and "not columns 64 where it takes" in left.err
    assert leave("compress.check", "net.npz", "--pes", 4).code == 0


def test_more_input_groups_than_pes_are_refused(tmp_path):
    left = leave("rtl.build", "--design", "scnn", "--rows", 1, "--cols", 2, "--input-groups", 4, "--out", tmp_path / "made")
    assert left.code == 2 and "input_groups must be at most 2, the PEs, not 4; take 2" in left.err
    assert not list(tmp_path.iterdir())


def test_inputs_of_the_data_that_saturate_are_told(net):
    left = scnn("--input-range", "0,0.2")
    assert left.code == 0 and "of the inputs of the data" in left.err and "and the image takes -0.200006 to 0.2;" in left.err
    np.savez("flat.npz", **{"a.weight": np.ones((3, 40))})
    np.save("v.npy", np.linspace(0, 1, 80).reshape(2, 40))
    flat = "compress.build", "flat.npz", "-o", "flat_image.npz", "--pes", 2, "--data", "v.npy", "--input-range"
    assert "saturate: they go from 0 to 1, and the image takes" in leave(*flat, "0,0.0001").err
    assert "saturate: they" not in leave(*flat, "0,1").err
    assert "saturate" not in scnn().err + scnn("--input-range", "0,1").err


@pytest.mark.parametrize("ceiling", [0.1, 0.3, 0.5, 2.0])
def test_bits_are_those_that_weights_lose(ceiling, monkeypatch):
    """A ceiling below the sums: these need bits at the top, of which the weights may have had some to spare."""
    proto = network([node("Conv", ["x", "k"], "c", **SAME), node("Clip", ["c", "low", "high"])], k=normal(4, 3, 3, 3) * 3,
                    low=np.array(0, np.float32), high=np.array(ceiling, np.float32))
    made = from_model(proto, "net.onnx")
    x, spec = np.random.default_rng(3).uniform(0, 1, (4, made.size)), preset("ecp5", rows=1, cols=1)
    wholes = []
    for room in 2.0, 0.0:                   # the second leaves no room for sums, so that weights are as fine as they may be
        monkeypatch.setattr("compress.scnn.whole.ROOM", room)
        wholes.append(quantise(spec, made, lower(suited(made)), x))
    coarse, fine = (np.abs(one.layers[0].weight.astype(int)).max() for one in wholes)
    told = [int(said.rpartition(" by ")[2].split()[0]) for said in wholes[0].notices if "come near" in said]
    assert told == [round(np.log2(fine / coarse))] * int(fine > coarse)
    assert not any("come near" in said for said in wholes[1].notices)


def test_an_image_may_have_any_name(net):
    assert scnn("--preset", "ecp5", "--rows", 1, "--cols", 1).code == 0
    (net / "image.npz").rename(net / "image")
    given = "--input", "none.npy"
    for line in ["image", *given], [*given, "image"], ["--integers", "image", *given]:
        left = leave("sim.run", *line)
        assert left.code == 2 and "none.npy" in left.err and "eie" not in left.err
    np.savez("other.npz", header=np.frombuffer(b'{"machine": "eie"}', np.uint8))
    left = leave("sim.run", "--labels", "other.npz", "image", "--input", "none.npy")
    assert left.code == 2 and "none.npy" in left.err


def test_a_program_without_parts_is_told_so(plane, tmp_path):
    assert scnn(*plane).code == 0
    assert not leave("compress.firmware", "image.npz", "-o", "net.h").err
    built = scnn(*plane, "--memory-words", 4096, "--activations", "recorded")
    assert built.code == 0 and image.load("image.npz").parts is not None
    left = leave("compress.firmware", "image.npz", "-o", "net.h")
    assert left.code == 0 and "WARNING: parts are left out" in left.err
    assert "parts are left out: an input whose run sets act_overflow has no answer" in (tmp_path / "net.h").read_text()


def test_a_standard_output_that_is_closed_is_not_missed(tmp_path):
    np.savez(tmp_path / "net.npz", **{"a.weight": np.ones((3, 4))})
    line = f"{sys.executable} -m compress.check {tmp_path / 'net.npz'} --json {tmp_path / 'told.json'} >&-"
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "") and (tmp_path / "told.json").exists()


def test_a_reader_that_goes_away_is_not_taken_for_a_difference(tmp_path):
    line = [sys.executable, "-m", "rtl.build", "--pes", "1", "--out", tmp_path / "made"]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        told = [text for text in process.stderr.read().splitlines() if not text.endswith(" ...")]
        assert process.wait() == 141 and not told
