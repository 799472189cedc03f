"""A network in parts: boxes that make every layer's output, regions of recorded activations, and the files of both."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from boards.device import Device
from compress import scnn as compressed
from compress.frontend.file import read_network
from compress.frontend.onnx import from_model
from compress.scnn import image
from compress.scnn.assemble import assemble
from compress.scnn.divide import alone, cut, divided
from compress.scnn.parts import Part, Parts, Read
from compress.scnn.plan import RECORDED, WORST, planned
from compress.scnn.recorded import MARGIN, Recorded
from compress.scnn.size import free
from compress.scnn.source import Request, build
from compress.scnn.tensor import store
from golden import scnn as golden
from golden.scnn import parts as golden_parts
from golden.scnn.layer import Layer, Pool, apply, forward
from sim.scnn import upset
from sim.scnn.networks import quiet
from spec.scnn import preset
from tests.scnn_network import NETWORKS
from tests.scnn_sample import conv, sparse

FOLDER = Path(os.environ.get("NONZERO_NETWORKS") or Path(__file__).parents[2] / "shared" / "networks")
FREE = frozenset(("program", "taps", "blocks", "layers"))


def odd(rng, size):
    """A layer of random shape, with an input and, where it has one, a residual."""
    taps = [int(rng.integers(1, 5)) for _ in range(2)]
    pad = tuple(int(rng.integers(0, tap)) for tap in taps for _ in range(2))
    stride = tuple(int(rng.integers(1, 4)) for _ in range(2))
    groups = int(rng.choice((1, 1, 2)))
    layer = Layer(name="a", inputs=("input",), weight=sparse(rng, (4, 4 // groups, *taps), 0.6, -40, 40).astype(np.int16),
                  bias=rng.integers(-500, 500, 4).astype(np.int32), pad=pad, stride=stride, groups=groups, shift=3,
                  relu=bool(rng.integers(2)))
    plane = layer.plane(*size)
    if rng.integers(3) == 0 and min(plane) > 3:
        window = [int(rng.integers(1, 4)) for _ in range(2)]
        return replace(layer, pool=Pool(
            kind=str(rng.choice(("max", "sum"))), size=tuple(window), stride=tuple(int(rng.integers(1, 4)) for _ in range(2)),
            pad=tuple(int(rng.integers(0, one)) for one in window), behind=tuple(int(rng.integers(0, one)) for one in window)))
    if rng.integers(2):
        return replace(layer, residual=("r", int(rng.integers(0, 4))), product_shift=int(rng.integers(0, 3)))
    return layer


@pytest.mark.parametrize("seed", range(120))
def test_boxes_make_what_the_layer_makes(seed):
    """By golden's dense convolution: the layers of the boxes, put together, against the layer itself."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(5, 14)), int(rng.integers(5, 14))
    layer = odd(rng, size)
    x = sparse(rng, (4, *size), 0.7, -100, 100).astype(np.int16)
    outputs = layer.outputs(*size)
    r = sparse(rng, (4, *outputs), 0.7, -100, 100).astype(np.int16) if layer.residual else None
    want, made = apply(layer, x, r)[0], np.full((4, *outputs), -1, np.int16)
    reads = [Read(0, -1, 0, 4, 0), *([Read(0, -2, 0, 4, 1)] if layer.residual else [])]
    parts = Parts(rows=(), reads=tuple(reads), images=())
    steps = layer.stride if layer.residual else (1, 1)
    for rows, cols in cut(layer, x.shape, tuple(int(rng.integers(1, extent + 1)) for extent in outputs)):
        part = Part(0, 0, *rows.read, *cols.read, *rows.made, *cols.made, *steps)
        try:
            own = alone(layer, rows, cols)
        except ValueError as error:
            assert "padding" in str(error)
            made[:, *part.made] = want[:, *part.made]
            continue
        made[:, *part.made] = apply(own, parts.given(part, {-1: x, -2: r}))[0]
    np.testing.assert_array_equal(made, want)


def tight(rng, words=128, **more):
    """A network whose regions are planned from empty inputs, on 2 x 2 PEs, with an input that does not fit."""
    layers, spec = quiet(rng), preset("ecp5", rows=2, cols=2, memory_words=words, **more)
    if spec.weight_code_bits:
        layers = [replace(layer, weight=(np.sign(layer.weight) * 8).astype(np.int16)) for layer in layers]
    seen = np.zeros((2, 3, 12, 10), np.int16)
    seen[:, :, 4:6, 4:6] = 300
    plan = planned(spec, layers, seen.shape[1:], free=FREE, density={}, level=0, recorded=Recorded(layers, seen))
    return layers, plan, seen[0], sparse(rng, seen.shape[1:], 1.0, -300, 300).astype(np.int16)


@pytest.mark.parametrize("more", [{}, {"weight_code_bits": 4}])
def test_an_input_that_does_not_fit_runs_in_parts_on_golden(tmp_path, more):
    layers, plan, small, large = tight(np.random.default_rng(7), **more)
    assert plan.facts["plan"] == RECORDED and len(plan.parts.rows) == plan.facts["parts"] > len(layers)
    assert all(plan.facts["regions"][name] <= words for name, words in plan.facts["worst"].items())
    image.save(image.of(plan.assembly, parts=plan.parts, largest=400), tmp_path / "net.npz")
    read = golden.load(tmp_path / "net.npz")
    for x, count in (small, 0), (large, len(plan.parts.rows)):
        answer = golden.run(read, x)
        assert answer.parts == count
        np.testing.assert_array_equal(answer.outputs, forward(layers, x)["e"])
        assert sum(sum(own.slots.values()) for own in answer.counters) == plan.assembly.spec.multipliers * sum(
            own.cycles for own in answer.counters)
    again = image.load(tmp_path / "net.npz")
    image.save(again, tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "net.npz").read_bytes()


def test_a_region_is_what_the_data_need_and_a_margin():
    layers, plan, small, _ = tight(np.random.default_rng(7))
    spec, values = plan.assembly.spec, forward(layers, small)
    for mapping in plan.assembly.mappings:
        tensor = mapping.output
        need = max(len(store(spec, tensor, values[tensor.name], pe, 0)[1]) for pe in range(spec.pes))
        assert mapping.limit - mapping.word == min(tensor.words(spec), max(1, -int(-need * MARGIN // 1)))


def test_what_fits_for_every_input_has_no_parts():
    rng = np.random.default_rng(1)
    layers, spec = quiet(rng), preset("ecp5", rows=2, cols=2)
    seen = sparse(rng, (2, 3, 12, 10), 0.1, -300, 300).astype(np.int16)
    plan = planned(spec, layers, seen.shape[1:], free=FREE, density={}, level=0, recorded=Recorded(layers, seen))
    assert plan.parts is None and plan.facts["plan"] == WORST and plan.facts["regions"] == plan.facts["worst"]


def test_a_layer_that_no_box_is_small_enough_for_is_named():
    rng = np.random.default_rng(1)
    layers = [conv(rng, "deep", "input", 4, 600, 3)]
    with pytest.raises(ValueError, match="^deep must fit the array in parts, and does not: .* must fit memory_words, not need"):
        divided(preset("ecp5", rows=1, cols=1, memory_words=64), layers, (600, 6, 6), {})


def made(layers, plan):
    return image.members(image.of(plan.assembly, parts=plan.parts, largest=400)), image.header(
        image.of(plan.assembly, parts=plan.parts, largest=400))


def changed(members, name, row, column, value):
    table = members[name].copy()
    table[row, column] = value
    return members | {name: table}


@pytest.mark.parametrize("change, said", [
    (lambda own: {name: array for name, array in own.items() if name != "part_inputs"}, "members must be all of"),
    (lambda own: own | {"part_sizes": own["part_sizes"] + 1}, "part_sizes must be those of files"),
    (lambda own: own | {"part_sizes": own["part_sizes"][::-1].copy()}, "file 0 of part_files must be a whole .npz image"),
    (lambda own: own | {"parts": own["parts"][:, :-1].copy()}, "parts must be of shape any x 12"),
    (lambda own: own | {"part_inputs": own["part_inputs"].ravel()}, "part_inputs must be of shape any x 5"),
    (lambda own: own | {"parts": own["parts"][::-1].copy()}, "parts must have rows for layers 0 to 4, one after another"),
    (lambda own: own | {"parts": own["parts"][1:].copy()}, "layer 0: parts must make|files of part_files must be those"),
    (lambda own: changed(own, "parts", 0, 1, 99), "images of parts must be 0 to"),
    (lambda own: changed(own, "parts", 0, 3, 12), "layer 0: (image|boxes)"),
    (lambda own: changed(own, "parts", 0, 2, -1), "layer 0: boxes of parts must lie in their planes"),
    (lambda own: changed(own, "parts", 0, 10, 2), "layer 0: steps of parts must be 1"),
    (lambda own: changed(own, "parts", -1, 0, 7), "parts must have rows for layers 0 to 4"),
    (lambda own: changed(own, "part_inputs", 0, 1, 0), "layer 0: part_inputs must be channels of earlier layers"),
    (lambda own: changed(own, "part_inputs", 0, 3, 4), "layer 0: part_inputs must be channels of earlier layers"),
    (lambda own: changed(own, "part_inputs", 0, 4, 1), "layer 0: a residual must be the last"),
    (lambda own: changed(own, "part_inputs", 2, 1, -1), "layer 1: part_inputs must be channels|layer 1: a residual must have")])
def test_wrong_parts_are_refused_with_one_line(change, said):
    layers, plan, *_ = tight(np.random.default_rng(7))
    members, head = made(layers, plan)
    with pytest.raises(ValueError, match=f"^({said})") as caught:
        image.made(plan.assembly.spec, head, change(members))
    assert "\n" not in str(caught.value)


def test_parts_within_parts_are_refused():
    layers, plan, *_ = tight(np.random.default_rng(7))
    inner = replace(plan.parts.images[0], parts=plan.parts)
    both = replace(plan.parts, images=(inner, *plan.parts.images[1:]))
    whole = image.of(plan.assembly, parts=both, largest=400)
    with pytest.raises(ValueError, match="image of a part must not have part_files"):
        image.made(plan.assembly.spec, image.header(whole), image.members(whole))


def test_an_image_of_the_worst_case_has_no_such_members():
    layers = quiet(np.random.default_rng(3))
    whole = image.of(assemble(preset("ecp5", rows=2, cols=2), layers, (3, 12, 10), levels=[0] * 5), largest=400)
    assert not {"parts", "part_files"} & set(image.members(whole)) and whole.parts is None


def test_golden_drains_all_sums_of_a_run_that_does_not_fit(tmp_path):
    """Blocks of a PE without room are empty, so that no layer after it has sums that its steps do not drain."""
    layers = quiet(np.random.default_rng(3))
    whole = assemble(preset("ecp5", rows=2, cols=2), layers, (3, 12, 10), levels=[0] * 5)
    x = sparse(np.random.default_rng(4), (3, 12, 10), 1.0, -300, 300).astype(np.int16)
    small, _ = upset.limited(whole, 1, 2, 3)
    image.save(image.of(small, largest=400), tmp_path / "net.npz")
    answer = golden.run(golden.load(tmp_path / "net.npz"), x)
    assert answer.overflow == (1, 2) and answer.parts == 0 and len(answer.counters) == len(layers)


@pytest.mark.parametrize("name", [
    "residual, strided", "concat, then relu and pool", "groups", "depthwise and 1 x 1", "pad that two read", "input added",
    "average pool with padding after a bias", "max pool, same upper", "channel shuffle", "global average and dense",
    "maxima of five around each place"])
def test_networks_of_files_run_in_parts(name, tmp_path):
    network = from_model(NETWORKS[name], name)
    spec = preset("ecp5", rows=2, cols=2)
    samples = np.random.default_rng(3).normal(size=(2, network.size))
    built = build(network, Path(name), spec, Request(preset=spec, free=free(["rows", "cols"]), level=0), samples, None)
    answer, count, _ = in_parts(built, built.whole.inputs(samples)[0], 128, tmp_path)
    np.testing.assert_array_equal(built.whole.lowered.answers(answer[None]).ravel() * built.image.output_scale,
                                  built.whole.outputs[0])
    assert count >= len(built.whole.layers)


@pytest.mark.parametrize("words, parts, cycles", [
    (2048, 20, 522150), *(pytest.param(*row, marks=pytest.mark.full) for row in ((1024, 36, 602420), (4096, 12, 485417)))])
def test_resnet_8_in_parts(words, parts, cycles, tmp_path):
    """The figures of `docs/decisions/0523-a-smaller-box-runs.md`."""
    if not (FOLDER / "resnet8_cifar10.onnx").is_file():
        pytest.skip("resnet8_cifar10.onnx is not in ../shared/networks nor in NONZERO_NETWORKS")
    samples = np.load(FOLDER / "cifar10_inputs.npy").reshape(10, -1).astype(float)
    network, spec = read_network(FOLDER / "resnet8_cifar10.onnx"), preset("ecp5", rows=2, cols=2)
    request = Request(preset=spec, free=free(["rows", "cols"]), level=None)
    built = build(network, Path("resnet8.onnx"), spec, request, samples, None)
    picture = built.whole.inputs(samples[:1])[0]
    whole = golden.run(saved(built.image, tmp_path), picture, crossbars=False)
    assert sum(own.cycles for own in whole.counters) == 455624
    assert built.facts["activations"]["words"] == 6528 and built.facts["grown"]["memory_words"] == 8192
    request = replace(request, free=free(["rows", "cols", "memory_words"]), activations=RECORDED)
    small = build(network, Path("resnet8.onnx"), replace(spec, memory_words=words), request, samples, None)
    assert small.facts["activations"]["words"] <= words == small.assembly.spec.memory_words
    answer, counters, _ = golden_parts.run(saved(small.image, tmp_path).parts, picture, partial(golden.run, crossbars=False))
    np.testing.assert_array_equal(answer, whole.outputs)
    assert (small.facts["activations"]["parts"], sum(own.cycles for own in counters)) == (parts, cycles)


def saved(made, folder):
    """An image as golden reads it from its file."""
    image.save(made, folder / "net.npz")
    return golden.load(folder / "net.npz")


def in_parts(built, x, words, folder):
    """A network in parts for so many words of memory, by golden: its output, how many parts, and their cycles."""
    spec, lowered = built.assembly.spec, built.whole.lowered
    density = {name: found.density for name, found in built.whole.measured.items()}
    found = divided(replace(spec, memory_words=words), built.whole.layers, lowered.shape, density)
    images = tuple(image.of(replace(one, spec=spec), largest=None) for one in found.assemblies)
    whole = replace(built.image, parts=Parts(rows=tuple(found.rows), reads=tuple(found.reads), images=images))
    answer, counters, _ = golden_parts.run(saved(whole, folder).parts, x, partial(golden.run, crossbars=False))
    return answer, len(found.rows), sum(own.cycles for own in counters)


def test_a_cut_image_is_not_taken_for_one_of_its_parts(tmp_path):
    """Part files lie in the image as they are, each a whole archive with a digest of its own."""
    _, plan, *_ = tight(np.random.default_rng(7))
    image.save(image.of(plan.assembly, parts=plan.parts, largest=400), tmp_path / "net.npz")
    data = (tmp_path / "net.npz").read_bytes()
    pieces = [data[:end] for end in range(100, len(data), 1009)] + [data[first:] for first in range(100, len(data), 4001)]
    inner = [at for at in range(len(data)) if data.startswith(b"PK\5\6", at)]
    assert len(inner) == len(plan.parts.images) + 1
    for piece in [*pieces, *(data[:at + 22] for at in inner[:-1]), data + b"\0", b"\0" + data]:
        (tmp_path / "cut.npz").write_bytes(piece)
        for load in image.load, golden.load:
            with pytest.raises(ValueError, match=r"must be a whole \.npz image"):
                load(tmp_path / "cut.npz")


def test_a_file_that_no_part_runs_is_refused():
    _, plan, *_ = tight(np.random.default_rng(7))
    more = replace(plan.parts, images=(*plan.parts.images, plan.parts.images[0]))
    whole = image.of(plan.assembly, parts=more, largest=400)
    with pytest.raises(ValueError, match="^files of part_files must be those that parts run, not also file"):
        image.made(plan.assembly.spec, image.header(whole), image.members(whole))


def test_the_memory_that_is_too_small_is_named():
    """Activations fit at one level, at which the weights do not; at the levels of the fewest cycles neither would."""
    layers = quiet(np.random.default_rng(7))
    seen = np.zeros((1, 3, 12, 10), np.int16)
    seen[:, :, 4:6, 4:6] = 300
    spec = preset("ecp5", rows=2, cols=2, memory_words=128, weight_memory=16)
    with pytest.raises(ValueError, match="^weights must fit 16 transfers of 64 bits"):
        planned(spec, layers, seen.shape[1:], free=FREE, density={}, level=None, recorded=Recorded(layers, seen))
    deep = [conv(np.random.default_rng(1), "deep", "input", 4, 40, 3)]
    with pytest.raises(ValueError, match="take a larger array or more memory_words$"):
        divided(preset("ecp5", rows=1, cols=1, memory_words=64), deep, (40, 6, 6), {})


@pytest.mark.parametrize("level", [0, 1])
def test_a_part_of_the_channels_of_a_layer_with_a_residual(level, tmp_path):
    """The residual's channels, which give the order of the sums, are cut where the reader of the sums cuts them."""
    rng = np.random.default_rng(5)
    layers = [conv(rng, "a", "input", 8, 3, 3, pad=(1, 1, 1, 1), shift=4),
              conv(rng, "b", "a", 8, 8, 1, residual=("a", 2), shift=4),
              conv(rng, "c", "b", 8, 8, 1, residual=("b", 1), shift=4),
              replace(conv(rng, "d", "c", 4, 5, 1, shift=4), inputs=("c:1:6",))]
    x = sparse(rng, (3, 6, 6), 0.8, -100, 100).astype(np.int16)
    made = image.of(assemble(preset("ecp5", rows=1, cols=2), layers, x.shape, levels=[level] * 4), largest=400)
    image.save(made, tmp_path / "net.npz")
    np.testing.assert_array_equal(golden.run(golden.load(tmp_path / "net.npz"), x, crossbars=False).outputs,
                                  forward(layers, x)["d"])


def test_a_board_that_was_left_in_a_run_wants_its_image_again():
    class Broken(Device):
        def __init__(self):
            self.image, self._talk, self._ready, self.left = None, compressed, True, 1

        def perform(self, actions):
            actions.close()
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            return "result"

    _, plan, small, _ = tight(np.random.default_rng(7))
    board = Broken()
    board.image = image.of(plan.assembly, parts=plan.parts, largest=400)
    results = board.results(small[None])
    assert next(results) == "result"
    with pytest.raises(KeyboardInterrupt):
        list(board.results(small[None]))
    with pytest.raises(ValueError, match="or a run did not end; call load"):
        next(board.results(small[None]))
