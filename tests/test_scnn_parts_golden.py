"""An image with too little room runs in parts on golden: values are exact, counters add up, what is wrong is one line."""

import io
import json
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest

from compress import image as container
from compress.scnn import image
from compress.scnn.assemble import assemble
from files.archive import Inside, open_archive, read_archive
from golden import image as golden_image
from golden import scnn as golden
from golden.scnn import exact
from golden.scnn.layer import Layer, Pool, forward, source
from sim.scnn.upset import limited
from spec.image import HEADER
from spec.scnn import image as rules
from spec.scnn import preset
from spec.scnn.program import DRAIN_STEP, pack, unpack
from tests.scnn_sample import conv, golden_model, sparse


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """A network one of whose layers has too little room in PE 0, and its parts, cut by hand; an input that needs them."""

    layers: list
    x: np.ndarray
    assembly: object
    outer: image.Image
    parts: list
    inputs: list
    images: list

    def packed(self, head=None, *, files=None, **changes):
        """The image's file, with changes of the header, of the files in it and of members; None leaves a member out."""
        files = [packed(made) for made in self.images] if files is None else files
        members = image.members(self.outer) | {"parts": np.array(self.parts, np.int32),
                                               "part_inputs": np.array(self.inputs, np.int32)} | joined(files) | changes
        return packed(self.outer, {name: values for name, values in members.items() if values is not None}, head)


def joined(files):
    return {"part_files": np.frombuffer(b"".join(files), np.uint8), "part_sizes": np.array([*map(len, files)], np.int32)}


@cache
def head_of(made):
    return image.header(made)


def packed(made, members=None, head=None, **envelope):
    """The bytes of an image's file."""
    members = image.members(made) if members is None else members
    whole = head_of(made) | envelope | (head or {})
    whole["sha256"] = container.digest(whole, members)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{HEADER: np.frombuffer(json.dumps(whole).encode(), np.uint8)}, **members)
    return file.getvalue()


def load(data):
    return golden.load(Inside(data, "net"))


def edges(first, end, extent, taps, stride, before):
    """Places of an input that a range of sums reads, and the zeros ahead of and after them."""
    low, high = first * stride - before, (end - 1) * stride - before + taps
    return max(low, 0), min(high, extent), max(-low, 0), max(high - extent, 0)


def cut(spec, layer, plane, residual, box, largest):
    """The box of the inputs, the steps and the image of the part that makes a box of a layer's output."""
    found = []
    for at, (first, end) in enumerate(box):
        if layer.pool:
            first, end = first * layer.pool.stride[at], (end - 1) * layer.pool.stride[at] + layer.pool.size[at]
        found.append(edges(first, end, plane[at], layer.weight.shape[2 + at], layer.stride[at], layer.pad[2 * at]))
    size, channels = [end - first for first, end, *_ in found], layer.weight.shape[1]
    own = replace(layer, inputs=("input",), pad=tuple(zeros for one in found for zeros in one[2:]))
    if not layer.residual:
        return [*found[0][:2], *found[1][:2]], [1, 1], image.of(assemble(spec, [own], (channels, *size)),
                                                                       largest=largest)
    taps = [size[at] - (end - first - 1) * layer.stride[at] for at, (first, end) in enumerate(box)]
    weight = np.zeros((residual, residual, *taps), np.int16)
    weight[range(residual), range(residual), 0, 0] = 1
    pick = Layer(name="pick", inputs=(f"input:{channels}:{channels + residual}",), weight=weight, stride=layer.stride,
                 relu=False)
    own = replace(own, inputs=(f"input:0:{channels}",), residual=("pick", layer.residual[1]))
    made = image.of(assemble(spec, [pick, own], (channels + residual, *size)), largest=largest)
    return [*found[0][:2], *found[1][:2]], [*layer.stride], made


def sample(spec, layers, x, cuts, *, short, room, largest=32768, **choices):
    """Cut a network; ``cuts`` has for each layer where bands of rows and bands of columns of its output begin, and the end."""
    whole = assemble(spec, layers, x.shape, levels=[0] * len(layers))
    tensors, names = forward(layers, x), ["input", *(layer.name for layer in layers)]
    parts, inputs, images = [], [], []
    for number, (layer, bands) in enumerate(zip(layers, cuts, strict=True)):
        for name, channels in map(source, layer.inputs):
            first, end, _ = channels.indices(len(tensors[name]))
            inputs.append([number, names.index(name) - 1, first, end, 0])
        residual = layer.residual and len(tensors[layer.residual[0]])
        if residual:
            inputs.append([number, names.index(layer.residual[0]) - 1, 0, residual, 1])
        plane = tensors[source(layer.inputs[0])[0]].shape[1:]
        for box in product(*map(pairwise, bands)):
            read, steps, made = cut(spec, layer, plane, residual, box, largest)
            parts.append([number, len(images), *read, *box[0], *box[1], *steps])
            images.append(made)
    small = limited(whole, short, 0, room)[0]
    return Sample(layers=layers, x=x, assembly=small, outer=image.of(small, largest=largest, **choices), parts=parts,
                  inputs=inputs, images=images)


@cache
def plain(**choices):
    """Two layers on 2 x 2 PEs, without room for the first one's output; the second reads channels of that and of the input."""
    rng = np.random.default_rng(5)
    layers = [conv(rng, "a", "input", 6, 3, 3, pad=(1, 1, 1, 1), shift=6, bias=False),
              conv(rng, "b", ("a:2:6", "input:0:2"), 5, 6, 3, pad=(1, 0, 1, 0), stride=(2, 1), shift=6)]
    x = sparse(rng, (3, 12, 11), 0.9, -100, 100).astype(np.int16)
    return sample(preset("default", rows=2, cols=2), layers, x, [((0, 5, 12), (0, 11)), ((0, 6), (0, 4, 10))], short=0, room=4,
                  **choices)


@cache
def added():
    """Three layers on one PE: a stride of 2, a residual between two planes of one size, and sums that are pooled."""
    rng = np.random.default_rng(6)
    layers = [conv(rng, "a", "input", 4, 2, 3, pad=(1, 1, 1, 1), shift=6),
              conv(rng, "r", "input", 3, 2, 1, stride=(2, 2), shift=2, relu=False),
              conv(rng, "b", "a", 3, 4, 3, pad=(1, 1, 1, 1), stride=(2, 2), shift=6, relu=False, residual=("r", 5)),
              conv(rng, "c", "b", 3, 3, 3, pad=(1, 1, 1, 1), shift=6, residual=("b", 6)),
              conv(rng, "d", "c", 4, 3, 1, shift=2, pool=Pool(kind="max", size=(2, 2), stride=(2, 2)))]
    x = sparse(rng, (2, 12, 12), 0.9, -100, 100).astype(np.int16)
    bands = [((0, 6, 12), (0, 12)), ((0, 6), (0, 6)), ((0, 2, 6), (0, 3, 6)), ((0, 2, 4, 6), (0, 6)), ((0, 2, 3), (0, 3))]
    return sample(preset("default", rows=1, cols=1), layers, x, bands, short=2, room=2)


@cache
def whole(made):
    """The image of a sample and what its input gives, without the crossbar."""
    read = load(made.packed())
    return read, golden.run(read, made.x, crossbars=False)


@pytest.mark.parametrize("made, first", [(plain, (0, 0)), (added, (2, 0))])
def test_an_input_that_does_not_fit_gets_the_values_of_the_whole_network_in_parts(made, first):
    own = made()
    _, found = whole(own)
    np.testing.assert_array_equal(found.outputs, forward(own.layers, own.x)[own.layers[-1].name])
    assert found.outputs.dtype == np.int16 and not found.saturated
    assert found.overflow == first and found.parts == len(own.parts)
    assert len(found.counters) == len(own.layers)
    for counters in found.counters:
        assert sum(counters.slots.values()) == own.outer.spec.multipliers * counters.cycles > 0


@pytest.mark.parametrize("flags", [{"limited": True, "crossbars": True}, {"limited": False, "crossbars": False}])
def test_counters_are_the_sums_of_those_of_the_parts_run_in_the_same_way(flags):
    own = plain()
    found = golden.run(whole(own)[0], own.x, **flags)
    tensors = {-1: own.x, 0: forward(own.layers, own.x)["a"]}
    for layer, counters in enumerate(found.counters):
        alone = []
        for part in (part for part in own.parts if part[0] == layer):
            box = slice(*part[2:4]), slice(*part[4:6])
            x = np.concatenate([tensors[one[1]][one[2]:one[3], *box] for one in own.inputs if one[0] == layer])
            alone += golden.run(load(packed(own.images[part[1]])), x, **flags).counters
        assert len(alone) == 2
        for name in ("cycles", "entries", "port_wait"):
            assert getattr(counters, name) == sum(getattr(one, name) for one in alone)
        assert counters.slots == {cause: sum(one.slots[cause] for one in alone) for cause in alone[0].slots}


def test_an_input_that_fits_does_not_run_in_parts():
    own = plain()
    x = np.zeros_like(own.x)
    x[:, 8:10, 9] = [[70, -30], [0, 90], [-20, 50]]
    found = golden.run(whole(own)[0], x)
    np.testing.assert_array_equal(found.outputs, forward(own.layers, x)["b"])
    assert found.parts == 0 and found.overflow is None and found.outputs.any()
    again = golden.run(load(packed(own.outer)), x)
    assert again.counters == found.counters


def test_without_parts_an_overflow_is_answered_as_it_was():
    own = plain()
    read = load(packed(own.outer))
    assert read.parts is None
    found = golden.run(read, own.x, crossbars=False)
    assert found.overflow == (0, 0) and found.parts == 0
    assert len(found.counters) == 2 and all(counters.cycles for counters in found.counters)


def test_a_run_that_has_parts_stops_after_the_layer_that_overflows():
    own = plain()
    stopped = golden_model(own.assembly, own.x)
    assert exact.run(stopped, stop=True) == [] and stopped.overflow == (0, 0)
    assert len(golden_model(own.assembly, own.x).run(stop=True)) == 1
    assert len(golden_model(own.assembly, own.x).run()) == 2


def test_the_input_is_clipped_once_ahead_of_either():
    own = plain(bounds=(-20, 30))
    found = golden.run(load(own.packed()), own.x, crossbars=False)
    np.testing.assert_array_equal(found.outputs, forward(own.layers, np.clip(own.x, -20, 30))["b"])
    assert found.parts == 4


def test_a_part_that_saturates_is_flagged():
    layer = Layer(name="a", inputs=("input",), weight=np.full((2, 3, 3, 3), 32767, np.int16), shift=20, pad=(1, 1, 1, 1))
    x = np.ones((3, 8, 8), np.int16)
    made = sample(preset("default", rows=1, cols=1), [layer], x, [((0, 4, 8), (0, 8))], short=0, room=4, largest=1)
    read = load(made.packed())
    assert not golden.run(read, x, crossbars=False).saturated
    x[:, 5:] = 32767
    found = golden.run(read, x, crossbars=False)
    assert found.saturated and found.parts == 2


def test_a_part_that_overflows_is_refused_when_it_runs():
    own = plain()
    part = assemble(own.outer.spec, [replace(own.layers[0], pad=(1, 0, 1, 1))], (3, 6, 11))
    files = [packed(image.of(limited(part, 0, 1, 3)[0])), *map(packed, own.images[1:])]
    with pytest.raises(ValueError, match="^part 0 must always fit, not overflow in PE 1; build the image again$"):
        golden.run(load(own.packed(files=files)), own.x)


def test_a_part_that_cannot_run_is_named():
    own = plain()
    drain = own.images[2].arrays["drain"].copy()
    step = unpack(DRAIN_STEP, [int(word) for word in drain[0, 2:5]])
    drain[0, 2:5] = pack(DRAIN_STEP, step | {"keep": 1})
    files = [packed(made) for made in own.images]
    files[2] = packed(own.images[2], image.members(own.images[2]) | {"drain": drain})
    with pytest.raises(ValueError, match="^part 2: accumulators of PE 0 must be 0 after the drain of layer 0, .*again$"):
        golden.run(load(own.packed(files=files)), own.x, crossbars=False)


def table(made, name, *changes, rows=slice(None)):
    """A table of a sample as a member, with a value at a row and a column for each change."""
    values = np.array({"parts": made.parts, "part_inputs": made.inputs}[name], np.int32)
    columns = {"parts": rules.PART_COLUMNS, "part_inputs": rules.PART_INPUT_COLUMNS}[name]
    for row, column, value in changes:
        values[row, columns.index(column)] = value
    return {name: values[rows]}


def parts(*changes, rows=slice(None)):
    return lambda made: table(made, "parts", *changes, rows=rows)


def inputs(*changes, rows=slice(None)):
    return lambda made: table(made, "part_inputs", *changes, rows=rows)


def member(**members):
    return lambda made: members


def file(number, change):
    """Put ``change`` of the image of a part in the place of its file."""
    def changed(made):
        files = [packed(one) for one in made.images]
        new = change(made.images[number])
        return {"files": [*files[:number], new, *files[number + 1:]]}
    return changed


def inner(head=None, envelope=None, **members):
    return lambda made: packed(made, image.members(made) | members, head, **envelope or {})


def nested(made):
    """A file of parts that has parts of its own."""
    return packed(made, image.members(made) | {"parts": np.array([[0, 0, 0, 6, 0, 11, 0, 5, 0, 11, 1, 1]], np.int32),
                                               "part_inputs": np.array([[0, -1, 0, 3, 0]], np.int32)} | joined([packed(made)]))


def other(made):
    """The image of the first part, for another machine."""
    layer = replace(plain().layers[0], pad=(1, 0, 1, 1))
    return packed(image.of(assemble(preset("default", rows=2, cols=1), [layer], (3, 6, 11))))


def again(made):
    return {"files": [packed(one) for one in [*made.images, made.images[0]]]}


def deep(made):
    """The first part makes a channel more than the second one."""
    first = plain().layers[0]
    layer = replace(first, pad=(1, 0, 1, 1), weight=np.concatenate((first.weight, first.weight[:1])))
    return packed(image.of(assemble(preset("default", rows=2, cols=2), [layer], (3, 6, 11))))


HOSTILE = {
    "no sizes": (plain, member(part_sizes=None), "members must have part_sizes too, not parts without it"),
    "sizes alone": (plain, member(parts=None, part_files=None, part_inputs=None), "members must have parts too, not part_s"),
    "a type": (plain, lambda made: {"parts": np.array(made.parts)}, "parts of net must be int32, not int64"),
    "columns": (plain, lambda made: {"parts": np.array(made.parts, np.int32)[:, 1:]}, "parts .* shape any x 12, not 4 x 11"),
    "input columns": (plain, member(part_inputs=np.zeros(5, np.int32)), "part_inputs of net must be of shape any x 5, not 5"),
    "sizes of rows": (plain, member(part_sizes=np.ones((2, 2), np.int32)), "part_sizes of net must be of shape any, not 2 x 2"),
    "files of rows": (plain, member(part_files=np.ones((2, 2), np.uint8)), "part_files of net must be of shape any, not 2 x 2"),
    "a long table": (plain, member(parts=np.zeros((1 << 17, 12), np.int32)), "member 'parts' of net must have at most 4,2"),
    "size 0": (plain, lambda made: {"part_sizes": np.array([0, 5], np.int32)}, r"part_sizes .* positive and .* not \[0, 5"),
    "size -1": (plain, lambda made: {"part_sizes": np.array([-1] * 4, np.int32)}, "part_sizes of net must be positive and"),
    "sizes too few": (plain, lambda made: {"part_sizes": np.array([9], np.int32)}, r"part_sizes .* part_files, not \[9\]"),
    "sizes that wrap": (plain, member(part_sizes=np.full(9, 2**31 - 1, np.int32)), "part_sizes of net must be positive and"),
    "no file": (plain, lambda made: {"files": []}, "image of part 0 of net must be one of 0 files, not 0"),
    "image": (plain, parts((3, "image", 4)), "image of part 3 of net must be one of 4 files, not 4"),
    "image -1": (plain, parts((1, "image", -1)), "image of part 1 of net must be one of 4 files, not -1"),
    "a file too many": (plain, again, "part_files of net must be images that parts run, not also file 4"),
    "no parts": (plain, parts(rows=slice(0)), r"layers of parts of net must be 0 to 1 in ascending order, .* not \[\]"),
    "a layer left out": (plain, parts(rows=slice(2)), r"layers of parts of net must be 0 to 1 .* not \[0, 0\]"),
    "a layer after": (plain, parts(rows=slice(None, None, -1)), r"layers of parts .* not \[1, 1, 0, 0\]"),
    "a layer too many": (plain, parts((3, "layer", 2)), r"layers of parts of net must be 0 to 1 .* not \[0, 0, 1, 2\]"),
    "layer -1": (plain, parts((0, "layer", -1)), r"layers of parts of net must be 0 to 1 .* not \[-1, 0, 1, 1\]"),
    "no inputs": (plain, inputs(rows=slice(1)), r"layers of part_inputs of net must be 0 to 1 .* not \[0\]"),
    "inputs after": (plain, inputs((0, "layer", 1), (1, "layer", 0)), r"layers of part_inputs .* not \[1, 0, 1\]"),
    "its own tensor": (plain, inputs((1, "tensor", 1)), "tensor of input 0 of layer 1 of net must be -1 to 0, not 1"),
    "tensor -2": (plain, inputs((0, "tensor", -2)), "tensor of input 0 of layer 0 of net must be -1 to -1, not -2"),
    "channels": (plain, inputs((0, "end_channel", 4)), "channels of input 0 of layer 0 of net .* one or more of 3, not 0 to 3"),
    "no channels": (plain, inputs((2, "first_channel", 2)), "channels of input 1 of layer 1 of net must be one or more of 3"),
    "channel -1": (plain, inputs((2, "first_channel", -1)), "channels of input 1 of layer 1 .* not -1 to 1"),
    "fewer channels": (plain, inputs((0, "end_channel", 2)), "input of part 0 .* 3 x 6 x 11, that of its file, not 2 x 6"),
    "planes": (added, inputs((5, "tensor", 0), (5, "residual", 0)), "plane of input 1 of layer 3 .* 6 x 6 .* 12 x 12"),
    "residual 2": (added, inputs((3, "residual", 2)), "residual of input 1 of layer 2 .* 0, or 1 for the last .* not 2;"),
    "residual -1": (added, inputs((3, "residual", -1)), "residual of input 1 of layer 2 of net must be 0, or 1 for the last"),
    "residual first": (added, inputs((2, "residual", 1)), "residual of input 0 of layer 2 of net must be 0, or 1 for the last"),
    "residual alone": (added, inputs((6, "residual", 1)), "residual of input 0 of layer 4 of net must be 0, or 1 for the last"),
    "residual's shape": (added, inputs((3, "tensor", 0)), "residual of layer 2 of net must be 3 x 6 x 6, .*, not 3 x 12 x 12"),
    "a row too many": (plain, parts((1, "end_row", 13)), "box of the inputs of part 1 .* within 12 x 11 and not empty"),
    "column -1": (plain, parts((0, "first_col", -1)), "box of the inputs of part 0 .*, not rows 0 to 5 and columns -1 to 10"),
    "no row": (plain, parts((0, "end_row", 0)), "box of the inputs of part 0 of net must be within 12 x 11 and not empty"),
    "another box": (plain, parts((0, "end_row", 7)), "input of part 0 of net must be 3 x 6 x 11, .*, not 3 x 7 x 11"),
    "no output": (plain, parts((0, "out_end_row", 0)), "box of the output of part 0 of net must be from 0 on and not empty"),
    "output -1": (plain, parts((0, "out_first_row", -1)), "box of the output of part 0 of net must be from 0 on and not"),
    "another output": (plain, parts((0, "out_end_row", 4)), "box of the output of part 0 .* of 5 x 11, .*, not 4 x 11"),
    "step 0": (added, parts((3, "row_step", 0)), "steps of part 3 of net must be at least 1, not 0 and 2"),
    "step of none": (plain, parts((0, "col_step", 2)), "steps of part 0 of net must be 1 without a residual, not 1 and 2"),
    "a long step": (added, parts((3, "row_step", 4)), "last place of the residual of part 3 .* 4 x 6, not row 4 and column 4"),
    "the longest step": (added, parts((3, "row_step", 2**31 - 1)), "last place of the residual of part 3 .* row 2147483647"),
    "a gap": (plain, parts((1, "out_first_row", 6), (1, "out_end_row", 13)), "boxes of .* layer 0 .* 13 x 11 .*, not 132"),
    "far away": (plain, parts((1, "out_first_row", 2**31 - 8), (1, "out_end_row", 2**31 - 1)), "boxes .* of 2147483647 x"),
    "twice": (plain, parts((3, "out_first_col", 3), (3, "out_end_col", 9)), "boxes of .* layer 1 .* 6 x 9 .*, not 60"),
    "twice, and a gap": (added, parts((4, "out_first_col", 0), (4, "out_end_col", 3)),
                         "boxes of the output of layer 2 of net must make each of 6 x 6 places once, not some again in part 4"),
    "deeper": (plain, file(0, deep), "parts of layer 0 of net must make equally many channels, not 6 and 7"),
    "cut short": (plain, file(2, lambda made: packed(made)[:-9]), "part file 2 of net must be a whole .npz image"),
    "no file at all": (plain, file(1, lambda made: b"1"), "part file 1 of net must be a whole .npz image"),
    "another machine": (plain, file(0, inner(envelope={"machine": "eie"})), "machine of part file 0 of net must be 'scnn'"),
    "another spec": (plain, file(0, other), "spec of part file 0 of net must be that of the image which has the parts"),
    "parts of parts": (plain, file(0, nested), "members of part file 0 of net .* without parts"),
    "bounds": (plain, file(3, inner({"input_bounds": [1, 2]})), r"input_bounds of part file 3 of net must be null, not \[1, 2"),
    "an order": (plain, file(1, inner(output_places=np.arange(5, dtype=np.int32))), "members of part file 1 .* output_places"),
    "a scale": (plain, file(1, inner({"input_scale": 0})), "input_scale of part file 1 of net must be a positive finite"),
    "a nameless error": (plain, file(1, inner({"layers": []})), "part file 1 of net: layers must be a list of one or more"),
    "taps": (plain, file(2, inner(taps=np.zeros(1, np.uint32))), "part file 2 of net: layer 0: taps of a segment must be"),
    "an odd member": (plain, file(2, inner(other=np.zeros(1))), "part file 2 of net: members must be .*, not have 'other'"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_wrong_is_one_line(name):
    make, change, said = HOSTILE[name]
    with pytest.raises((ValueError, TypeError), match=f"^{said}") as caught:
        load(make().packed(**change(make())))
    assert "\n" not in str(caught.value) and type(caught.value) in (ValueError, TypeError)


def test_the_output_of_the_last_layer_is_the_networks():
    """The parts of the second layer make 6 x 10 places, the network's programs another plane."""
    own = plain()
    wide = replace(own.layers[1], pad=(1, 0, 1, 1))
    other = image.of(assemble(own.outer.spec, [own.layers[0], wide], own.x.shape, levels=[0, 0]))
    with pytest.raises(ValueError, match="^output of the parts of net must be 5 x 6 x 11, that of the network, not 5 x 6 x 10"):
        load(replace(own, outer=other).packed())


@pytest.mark.parametrize("limit, value, said", [
    ("MOST_PLACES", 131, "output of layer 0 of net must have at most 131 places, not 132"),
    ("MOST_ELEMENTS", 1000, "outputs of the layers of net must have at most 1,000 elements in all, not 1,092 up to layer 1"),
    ("MOST_ELEMENTS", 197, "input of part 0 of net must be at most 197 elements, not 198"),
    ("MOST_BYTES", 10_000, "part_files of net must have at most 10,000 bytes when unpacked, not")])
def test_no_more_is_held_than_may_be(limit, value, said, monkeypatch):
    monkeypatch.setattr(f"golden.scnn.parts.{limit}", value)
    with pytest.raises(ValueError, match=f"^{said}"):
        load(plain().packed())


def test_a_file_inside_another_is_read_as_one_that_is_not(tmp_path):
    own = plain()
    data = packed(own.images[0])
    (tmp_path / "part.npz").write_bytes(data)
    file = Inside(data, "part 0")
    assert str(file) == f"{file}" == file.name == "part 0"
    for _ in range(2):                                      # it stays open, and is read from its beginning each time
        with open_archive(file, "image") as archive:
            assert {*archive.sizes} == {HEADER, *image.members(own.images[0])}
    for inside, alone in zip(read_archive(file, "image", 1 << 20).values(),
                             read_archive(tmp_path / "part.npz", "image", 1 << 20).values(), strict=True):
        np.testing.assert_array_equal(inside, alone)
    assert golden_image.load(file).source == golden_image.load(tmp_path / "part.npz").source
    with pytest.raises(ValueError, match=r"^part 0 must have at most 9 bytes when unpacked, not"):
        read_archive(file, "image", 9)
    with pytest.raises(ValueError, match=r"^part 1 must be a whole .npz image, not a file cut short"):
        golden_image.load(Inside(data[:-1], "part 1"))


def test_a_file_on_disk_has_its_name_in_the_errors_of_its_parts(tmp_path):
    own = plain()
    path = tmp_path / "net.npz"
    path.write_bytes(own.packed())
    assert len(golden_image.load(path).parts.images) == 4
    path.write_bytes(own.packed(files=[packed(made)[:-1] for made in own.images]))
    with pytest.raises(ValueError, match=f"^part file 0 of {path} must be a whole .npz image"):
        golden_image.load(path)
