"""The image: what it means, and that files hold it exactly."""
import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from compress.eie.assemble import IntegerLayer, assemble
from compress.eie.encode import decode
from compress.eie.image import save
from compress.eie.load import load
from spec import image as rules
from spec.eie import preset
from spec.eie.image import HEADER_KEYS, LAYER_KEYS, MEMBERS
from tests.compress_sample import books, layers, same, sample, small


@pytest.mark.parametrize("order", ["balanced", "modulo"])
@pytest.mark.parametrize("pes", [1, 3, 4, 16])
def test_the_image_means_the_networks_matrices(pes, order):
    spec = small(pes=pes, slots=64, entries=2048)
    columns = np.arange(-(-10 // pes) * pes)
    columns[10:] = -1
    for made, source in zip(sample(spec, order=order).layers, layers(spec), strict=True):
        physical = decode(made.entries, made.pointers, spec, rows=pes * made.out_slots)
        wanted = np.zeros_like(physical)
        for p, row in enumerate(made.rows):
            for q, column in enumerate(columns):
                if row >= 0 and column >= 0:
                    wanted[p, q] = source.codes[row, column]
        assert np.array_equal(physical, wanted)
        assert (made.bias is None) == (source.bias is None)
        if made.bias is not None:
            present = made.rows >= 0
            assert np.array_equal(made.bias[present], source.bias[made.rows[present]])
            assert not made.bias[~present].any()
        columns = made.rows


def test_outputs_come_back_in_the_networks_order():
    image = sample()
    rows = image.layers[-1].rows
    physical = np.stack([np.where(rows < 0, 99, rows), np.where(rows < 0, 99, -rows)])
    assert image.logical(physical).tolist() == [[0, 1, 2, 3, 4], [0, -1, -2, -3, -4]]
    with pytest.raises(ValueError, match=f"outputs must be {len(rows)} in physical order, not 5"):
        image.logical(np.zeros(5))


def test_every_layer_starts_at_the_same_whole_word_in_all_pes():
    image = sample()
    spec, words, places = image.spec, 0, 0
    for layer in image.layers:
        assert (layer.entry_base, layer.pointer_base) == (words, places)
        if layer.bias is not None:
            words += -(-layer.out_slots // 2)
        words += -(-int(layer.pointers[:, -1].max()) // 8)
        places += -(-spec.pes * layer.in_slots // 4) * 4
    assert words <= spec.words


def test_activity_weighs_the_balance():
    codes = np.array([[1, 0], [1, 0], [0, 1], [0, 1]])
    layer = IntegerLayer(name="fc", codes=codes, activity=np.array([1.0, 0.0]))
    rows = assemble([layer], books(small()), small(pes=2)).layers[0].rows.reshape(-1, 2)
    assert {tuple(sorted(pe)) for pe in rows.T.tolist()} in ({(0, 2), (1, 3)}, {(0, 3), (1, 2)})


def test_a_file_holds_the_image_exactly_and_is_the_same_each_time(tmp_path):
    image = sample()
    save(image, tmp_path / "one.npz")
    save(sample(), tmp_path / "two.npz")
    same(load(tmp_path / "one.npz"), image)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.npz", "two.npz"]


def test_the_file_follows_the_specification(tmp_path):
    save(sample(), tmp_path / "net.npz")
    with np.load(tmp_path / "net.npz", allow_pickle=False) as archive:
        head = json.loads(bytes(archive["header"]))
        assert set(head) == {*rules.HEADER_KEYS, *HEADER_KEYS}
        assert all(set(layer) == set(LAYER_KEYS) for layer in head["layers"])
        for name in set(archive.files) - {"header"}:
            stem = "layer{l}" + name[6:] if name.startswith("layer") else name
            assert archive[name].dtype == MEMBERS[stem][0]


def test_a_machine_that_differs_only_in_speed_or_memory_takes_the_image(tmp_path):
    save(sample(), tmp_path / "net.npz")
    machine = small(queue_depth=16, broadcast_latency=1, skip_empty=False, entries=4096, slots=32)
    assert load(tmp_path / "net.npz", machine).spec == small()


@pytest.mark.parametrize("changes", [dict(acc_bits=16, act_bits=8, weight_bits=8), dict(weight_bits=8)])
def test_numbers_wider_than_the_machine_are_refused(changes):
    spec = small(**changes)
    book, bias = (100, 40000) if "acc_bits" in changes else (200, 0)
    layer = IntegerLayer(name="fc", codes=np.ones((1, 1), int), bias=np.array([bias]))
    text = "bias must be -32768 to 32767" if bias else "entry must be -128 to 127"
    with pytest.raises(OverflowError, match=text):
        assemble([layer], np.array([[0] + [book] * 15]), spec)


@pytest.mark.parametrize(("bias", "error", "text"), [
    (np.array([0.5]), TypeError, "fc: bias must be integers, not float64"),
    (np.array([1, 2]), ValueError, r"fc: bias must be 1, one per output, not \(2,\)"),
    (np.array([1 << 31]), OverflowError, "fc: bias must be -2147483648 to 2147483647, not 2147483648"),
])
def test_a_bias_that_is_not_one_integer_an_output_is_refused(bias, error, text):
    layer = IntegerLayer(name="fc", codes=np.ones((1, 1), int), bias=bias)
    with pytest.raises(error, match=text):
        assemble([layer], books(small()), small())


def test_layers_that_do_not_chain_are_refused():
    first, _, third = layers(small())
    with pytest.raises(ValueError, match="fc3: inputs must be 37, the outputs of the layer before, not 18"):
        assemble([first, third], books(small()), small())


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "net.npz"
    save(sample(), path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        save(replace(sample(), codebooks=np.array([object()])), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["net.npz"]


def test_the_spec_in_the_file_is_the_machines(tmp_path):
    machine = preset("ecp5", pes=4)
    save(sample(machine), tmp_path / "net.npz")
    assert asdict(load(tmp_path / "net.npz").spec) == asdict(machine)
