"""The image of a network for the SCNN array: what is saved is read again by two readers, and what is wrong is named."""

from dataclasses import replace

import numpy as np
import pytest

from compress import image as container
from compress.scnn import image
from compress.scnn.actions import blocks, inputs
from compress.scnn.assemble import assemble
from golden import scnn as golden
from golden.scnn.lanes import turns
from golden.scnn.layer import forward
from spec.scnn import image as rules
from spec.scnn import preset
from spec.scnn.program import SUPPLY_SEGMENT, pack, unpack
from tests.commands import leave
from tests.scnn_sample import conv, sparse


def network():
    rng = np.random.default_rng(11)
    layers = [conv(rng, "a", "input", 6, 3, 3, pad=(1, 1, 1, 1), stride=(2, 1), shift=6),
              conv(rng, "b", "a", 5, 6, 3, pad=(1, 1, 1, 1), shift=6)]
    return layers, sparse(rng, (3, 12, 11), 0.5, -100, 100).astype(np.int16)


@pytest.mark.parametrize("levels", [(0, 0), (1, 1)])
def test_both_readers_run_what_was_saved(tmp_path, levels):
    layers, x = network()
    made = image.of(assemble(preset("default", rows=2, cols=2), layers, x.shape, levels=levels), input_scale=0.5)
    image.save(made, tmp_path / "net.npz")
    read = image.load(tmp_path / "net.npz", made.spec)
    assert (read.spec, read.names, read.input_scale) == (made.spec, made.names, 0.5)
    for name, array in made.arrays.items():
        np.testing.assert_array_equal(read.arrays[name], array)
    answer = golden.run(golden.load(tmp_path / "net.npz"), x)
    np.testing.assert_array_equal(answer.outputs, forward(layers, x)["b"])
    assert answer.overflow is None and not answer.saturated
    slots = sum(sum(own.slots.values()) for own in answer.counters)
    assert slots == made.spec.multipliers * sum(own.cycles for own in answer.counters)
    assert inputs(read, x * 0.5)[0].tolist() == [x.tolist()]


def test_what_a_read_out_says_becomes_blocks_again():
    spec = preset("default", rows=1, cols=2)
    word = sum((value | run << 16) << 20 * lane for lane, (value, run) in enumerate(((3, 1), (0xFFFF, 0), (0, 15), (7, 2))))
    words = [5, word & (1 << 64) - 1, word >> 64, 9 | 4 << 16, 0, 0, 0, 0]
    found = blocks(spec, words, 4, 2)
    values, runs = found[0][4]
    assert values.tolist() == [3, -1, 0, 7, 9] and runs.tolist() == [1, 0, 15, 2, 4]
    assert [len(own[index][0]) for own in found for index in (4, 5)] == [5, 0, 0, 0]
    with pytest.raises(RuntimeError, match="^the machine must send 2 x 2 blocks"):
        blocks(spec, words[:-1], 4, 2)


def test_wrong_images_are_refused(tmp_path):
    layers, x = network()
    made = image.of(assemble(preset("default", rows=2, cols=2), layers, x.shape, levels=(0, 0)))
    with pytest.raises(ValueError, match="machine must be the one that the image was made for"):
        image.save(made, tmp_path / "a.npz")
        image.load(tmp_path / "a.npz", preset("default", rows=2, cols=4))
    one = replace(made, arrays=made.arrays | {"layers": made.arrays["layers"][:-1]})
    image.save(one, tmp_path / "d.npz")
    for load in image.load, golden.load:
        with pytest.raises(ValueError, match=f"layers .*must be {len(layers)}, as many as their names, not {len(layers) - 1}"):
            load(tmp_path / "d.npz")
    made.arrays["weights"] = made.arrays["weights"] | 1 << 30
    image.save(made, tmp_path / "b.npz")
    with pytest.raises(ValueError, match="weights must be a turn of 1 bit and items of 21 bits"):
        image.load(tmp_path / "b.npz")
    made.arrays["supply"] = made.arrays["supply"][:3]
    image.save(made, tmp_path / "c.npz")
    with pytest.raises(ValueError, match="supply must be of shape 4 x any, not 3 x"):
        image.load(tmp_path / "c.npz")


@pytest.mark.parametrize("values, words", [(np.zeros((3, 12)), "inputs must be of shape 3 x 12 x 11"),
                                           (np.full((3, 12, 11), np.nan), "inputs must be finite")])
def test_wrong_inputs_are_refused(values, words):
    layers, x = network()
    made = image.of(assemble(preset("default", rows=2, cols=2), layers, x.shape, levels=(0, 0)))
    with pytest.raises(ValueError, match=f"^{words}"):
        inputs(made, values)


@pytest.mark.parametrize("which, key, change, said", [
    ("output", "forms", lambda forms: [[*forms[0][:5], forms[0][5] - 1]], "pitch of a form of output must be at least"),
    ("output", "forms", lambda forms: [[*forms[0][:5], forms[0][5] + 1]], "blocks of output must be those that the last layer"),
    ("output", "forms", lambda forms: [[*forms[0][:4], forms[0][4] + 1, forms[0][5]]], "blocks of output must be those that"),
    ("output", "forms", lambda forms: [[*forms[0][:4], 5000, forms[0][5]]], "blocks of output must be below"),
    ("output", "forms", lambda forms: [[0, *forms[0][1:]]], "strides of a form of output must be 1 to"),
    ("output", "forms", lambda forms: [[2, *forms[0][1:]]], "blocks of output must be those that the last layer"),
    ("output", "forms", lambda forms: [forms[0][:5]], "forms of output must be lists of 6 numbers"),
    ("output", "forms", lambda forms: [], "forms of output must be lists of 6 numbers"),
    ("output", "forms", lambda forms: [7], "output must be described by whole numbers"),
    ("output", "forms", lambda forms: [[*forms[0][:4], -1, forms[0][5]]], "output must be described by whole numbers"),
    ("output", "span", lambda span: 1.5, "output must be described by whole numbers"),
    ("output", "level", lambda level: 7, "level of output must be below"),
    ("output", "level", lambda level: 1, "(rows|cols) of output must be"),
    ("output", "shape", lambda shape: [*shape[:2]], "shape of output must be channels, rows and columns"),
    ("output", "shape", lambda shape: [shape[0] + 1, *shape[1:]], "output_orders must name each of 6 channels once"),
    ("output", "shape", lambda shape: [shape[0], shape[1] + 1, shape[2]], "rows of output must be"),
    ("output", "rows", lambda rows: [rows[1], rows[0], rows[2]], "rows of output must be"),
    ("output", "cols", lambda cols: [0, 1, cols[2]], "(pitch of a form|blocks) of output must be"),
    ("input", "cols", lambda cols: cols[:-1], "cols of input must be"),
    ("input", "shape", lambda shape: [0, *shape[1:]], "shape of input must be channels, rows and columns"),
    ("input", "forms", lambda forms: [[*forms[0][:4], 2047, forms[0][5]]], "blocks of input must be below")])
def test_a_wrong_description_of_input_or_output_is_one_line(which, key, change, said, tmp_path):
    layers, x = network()
    made = image.of(assemble(preset("default", rows=2, cols=2), layers, x.shape, levels=(0, 0)))
    head, members = image.header(made), image.members(made)
    own = {name: head[name] for name in rules.HEADER_KEYS}
    own[which] = own[which] | {key: change(own[which][key])}
    container.save(tmp_path / "a.npz", "scnn", made.spec, own, members)
    with pytest.raises(ValueError, match=f"^{said}"):
        golden.load(tmp_path / "a.npz")


@pytest.mark.parametrize("name, change", [
    ("output_orders", lambda orders: orders + 1), ("input_orders", lambda orders: orders[:-1]),
    ("output_orders", lambda orders: orders * 0)])
def test_wrong_orders_of_channels_are_one_line(name, change, tmp_path):
    layers, x = network()
    made = image.of(assemble(preset("default", rows=2, cols=2), layers, x.shape, levels=(0, 0)))
    head, members = image.header(made), image.members(made)
    members[name] = change(members[name])
    container.save(tmp_path / "a.npz", "scnn", made.spec, {key: head[key] for key in rules.HEADER_KEYS}, members)
    with pytest.raises(ValueError, match=f"^{name} must name each of"):
        golden.load(tmp_path / "a.npz")


def places(count, **changes):
    """Places in a file of so many elements, backwards; ``changes`` by index."""
    found = np.arange(count, dtype=np.int32)[::-1].copy()
    for index, value in changes.items():
        found[int(index.removeprefix("at"))] = value
    return found


SIZES, INS, OUTS = np.array([12, 33], np.int32), 3 * 12 * 11, 5 * 6 * 11


@pytest.mark.parametrize("orders, said", [
    ({"input_places": places(INS)}, "members must have input_sizes too, not input_places alone"),
    ({"input_sizes": SIZES}, "members must have input_places too, not input_sizes alone"),
    ({"input_sizes": SIZES, "input_places": places(INS)[1:]}, "input_places must have 396 places, .* not 395"),
    ({"input_sizes": SIZES, "input_places": places(INS, at3=-1)}, "input_places must be 0 to 395, not -1"),
    ({"input_sizes": SIZES, "input_places": places(INS, at3=396)}, "input_places must be 0 to 395, not 396"),
    ({"input_sizes": SIZES, "input_places": places(INS, at3=7)}, "input_places must name each place once, not 7 2 times"),
    ({"input_sizes": SIZES, "input_places": places(INS).astype(np.int64)}, "input_places of .* must be int32, not int64"),
    ({"input_sizes": SIZES, "input_places": places(INS)[None]}, "input_places of .* must be of shape any, not 1 x 396"),
    ({"input_sizes": SIZES + 1, "input_places": places(INS)}, r"input_sizes must be 1 to 8 sizes of 396 .*, not \[13"),
    ({"input_sizes": -SIZES, "input_places": places(INS)}, "input_sizes must be 1 to 8 sizes of 396 elements"),
    ({"input_sizes": SIZES[:0], "input_places": places(INS)}, "input_sizes must be 1 to 8 sizes of 396 elements"),
    ({"input_sizes": SIZES.astype(np.float32), "input_places": places(INS)}, "input_sizes of .* must be int32, not float32"),
    ({"output_places": places(OUTS, at0=0)}, "output_places must name each place once, not 0 2 times"),
    ({"output_places": places(OUTS + 1)}, "output_places must have 330 places, one for each element, not 331"),
    ({"codebooks": np.zeros((1, 16), np.int16)}, "codebooks .*must be"),
    ({"input_places": None, "other": places(3)}, "members must be .*, not have 'other'")])
def test_orders_of_the_networks_file_that_do_not_fit_are_one_line(orders, said, tmp_path):
    layers, x = network()
    made = image.of(assemble(preset("default", rows=2, cols=2), layers, x.shape, levels=(0, 0)))
    head, members = image.header(made), image.members(made)
    members |= {name: values for name, values in orders.items() if values is not None}
    container.save(tmp_path / "a.npz", "scnn", made.spec, {key: head[key] for key in rules.HEADER_KEYS}, members)
    with pytest.raises((ValueError, TypeError), match=f"^{said}") as caught:
        golden.load(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)
    np.save(tmp_path / "x.npy", x)
    left = leave("sim.run", tmp_path / "a.npz", "--input", tmp_path / "x.npy", "--out", tmp_path / "run")
    assert left.code == 2 and left.err.count("\n") == 1


@pytest.mark.parametrize("key, value, said", [
    ("layers", {}, "layers must be a list of one or more"), ("layers", [1, 2], "layer 0 must be a JSON object"),
    ("layers", [{"name": 3, "level": 0, "passes": 1, "kc": 1}] * 2, "layer 0: name must be of type str, not 3"),
    ("layers", [{"name": "a\nb", "level": 0, "passes": 1, "kc": 1}] * 2, "layer 0: name must be of printable characters"),
    ("input_bounds", [1, "x"], "input_bounds of .* must be null or two"),
    ("input_bounds", [5, 4], "input_bounds of .* must rise between -32768 and 32767, not be 5 and 4")])
def test_a_wrong_header_is_one_line(key, value, said, tmp_path):
    layers, x = network()
    made = image.of(assemble(preset("default", rows=2, cols=2), layers, x.shape, levels=(0, 0)))
    head = image.header(made)
    container.save(tmp_path / "a.npz", "scnn", made.spec, {name: head[name] for name in rules.HEADER_KEYS} | {key: value},
                   image.members(made))
    with pytest.raises((ValueError, TypeError), match=f"^{said}"):
        golden.load(tmp_path / "a.npz")


def stream_changed(change, tmp_path, **machine):
    layers, x = network()
    made = image.of(assemble(preset("default", rows=2, cols=2, **machine), layers, x.shape, levels=(1, 1)))
    change(made.arrays)
    image.save(made, tmp_path / "a.npz")
    return tmp_path / "a.npz", x


@pytest.mark.parametrize("change, said", [
    (lambda arrays: arrays.update(weights=arrays["weights"] | 1 << 21), "weights must be a turn of 1 bit and items of 21 bits"),
    (lambda arrays: arrays.update(weights=arrays["weights"][:-3]), "weight stream must have"),
    (lambda arrays: arrays["weights"][:, 0].fill(0), "turns of the weight stream must be of 4 lanes, not"),
    (lambda arrays: arrays.update(weights=arrays["weights"] & ~np.uint32(0xFFFE)), "run of an entry of value 0 must be 15"),
    (lambda arrays: arrays.update(taps=arrays["taps"][:-1]), "layer 1: taps of a block must be below")])
def test_a_wrong_weight_stream_is_one_line_when_it_is_loaded(change, said, tmp_path):
    path, _ = stream_changed(change, tmp_path)
    with pytest.raises(ValueError, match=said):
        golden.load(path)


def test_lanes_that_wait_for_each_other_are_one_line(tmp_path):
    """All transfers of lane 0 ahead of those of lane 1: its buffers fill up while lane 1 has nothing."""
    def change(arrays):
        weights = arrays["weights"]
        lanes = turns(preset("default", rows=2, cols=2, weight_lanes=2), weights)
        own = [weights[lanes == lane] for lane in range(2)]
        own[0][:, 0] = 1
        other = np.zeros((2 * len(own[1]), weights.shape[1]), np.uint32)
        other[1::2] = own[1]
        other[1::2, 0] = 1
        arrays["weights"] = np.concatenate((own[0], other))
    machine = {"weight_lanes": 2, "weight_words": 16, "weight_port_bits": 64}
    path, x = stream_changed(change, tmp_path, **machine)
    with pytest.raises(ValueError, match="^weights must come in an order in which no lane waits"):
        golden.run(golden.load(path), x)


def test_a_segment_has_as_many_parts_in_every_pe(tmp_path):
    layers, x = network()
    made = image.of(assemble(preset("default", rows=2, cols=2), layers[:1], x.shape, levels=(0,)))
    supply = np.concatenate((made.arrays["supply"], np.zeros((4, 2), np.uint64)), axis=1)
    last = supply.shape[1] - 5                                  # the segment ahead of one part, and of the two words put there
    fields = unpack(SUPPLY_SEGMENT, [int(supply[1, last])])
    supply[1, last] = pack(SUPPLY_SEGMENT, fields | {"parts": fields["parts"] + 1})[0]
    image.save(replace(made, arrays=made.arrays | {"supply": supply}), tmp_path / "a.npz")
    with pytest.raises(ValueError, match="^layer 0: parts of the segments must be as many in PE 1 as in PE 0, not"):
        golden.load(tmp_path / "a.npz")
