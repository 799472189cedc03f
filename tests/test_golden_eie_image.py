"""The golden model's own reader of images: what is right is decoded exactly, and every broken rule gets its own line."""
import hashlib
import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from golden.eie import image, run
from spec import image as rules
from spec.eie import EieSpec
from tests.golden_eie import encode

SPEC = EieSpec(pes=4, slots=4, columns=16, entries=64, layers=2, codebooks=2, acc_bits=32)
FIGURE_2 = [(0, 0), (8, 0), (12, 0), (4, 1), (0, 2), (12, 2), (0, 4), (4, 4), (0, 5), (12, 5), (0, 6), (8, 7), (12, 7)]
FIGURE_2_RUNS = [0, 1, 0, 1, 0, 2, 0, 0, 0, 2, 0, 2, 0]
FIGURE_2_POINTERS = [0, 3, 4, 6, 6, 8, 10, 11, 13]


def parts():
    """Header and members of an image of two layers: 5 inputs, 6 hidden rows out of order, 3 outputs."""
    spec, books = SPEC, np.array([[0, *range(1, 16)], [0, *range(-1, -16, -1)]], np.int16)
    first = encode(spec, [{0: 1, 5: 2}, {7: 3}, {}, {2: 15}, {0: 4, 4: 5}], 2)
    second = encode(spec, [{0: 1}, {}, {1: 2, 2: 3}, {}, {}, {1: 4}, {}, {2: 5}], 1)
    rows = np.array([3, -1, 0, -1, 5, 4, 1, 2]), np.array([2, 0, 1, -1])
    head = {"format": "nonzero-image", "version": 3, "machine": "eie", "tool": "a test", "spec": asdict(spec), "layers": [],
            "input_scale": 0.5, "output_scale": 2, "order": "balanced", "calibration": None, "reference": False,
            "input_bounds": None}
    members = {"codebooks": books}
    for number, (layer, places) in enumerate(zip((first, second), rows, strict=True)):
        head["layers"].append({
            "name": "ab"[number], "inputs": 5 if not number else 8, "outputs": int(places.max()) + 1, "in_slots": 2,
            "out_slots": 2 - number, "shift": number, "relu": not number, "bias": not number, "codebook": number,
            "pointer_base": 8 * number, "entry_base": 3 * number, "nonzeros": len(layer.entries), "padding": 0})
        members |= {f"layer{number}_entries": layer.entries, f"layer{number}_pointers": layer.pointers,
                    f"layer{number}_rows": places.astype(np.int32)}
    members["layer0_bias"] = np.array([7, 0, -7, 0, 0, 0, 2**31 - 1, 0], np.int32)
    return head, members


def write(path, head, members, **changes):
    """An image with the digest that fits it, and then ``changes`` of its header."""
    state = hashlib.sha256(json.dumps(head, sort_keys=True, separators=(",", ":")).encode())
    for name in sorted(members):
        shape = json.dumps(list(members[name].shape), separators=(",", ":"))
        state.update("\n".join([name, str(members[name].dtype), shape, ""]).encode() + members[name].tobytes())
    head = head | {"sha256": state.hexdigest()} | changes
    np.savez(path, **{rules.HEADER: np.frombuffer(json.dumps(head).encode(), np.uint8)}, **members)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.npz"


def test_an_image_is_read_and_decoded(path):
    read = image.load(write(path, *parts()), pes=4)
    assert read.spec == SPEC and (read.input_scale, read.output_scale) == (0.5, 2.0)
    assert [layer.name for layer in read.layers] == ["a", "b"] and read.layers[1].bias is None
    first, second = image.decode(read)
    assert first.tolist() == [[0, 0, 0, 15, 0], [0, 0, 0, 0, 0], [0, 3, 0, 0, 0],
                              [1, 0, 0, 0, 4], [2, 0, 0, 0, 0], [0, 0, 0, 0, 5]]
    assert second.tolist() == [[0, 0, -2, 0, 0, -4, 0, 0], [0, 0, -3, 0, 0, 0, 0, -5], [-1, 0, 0, 0, 0, 0, 0, 0]]
    ran = run(read, np.array([1.0, 0, 0, 1, 0]))
    assert ran.values[0].tolist() == [[9, 0, 23, 0, 0, 4, 32767, 0]]
    assert ran.outputs.tolist() == [[-31, -34, -4]]           # (-62, -69, -9) / 2: ties to even


def test_the_papers_figure_decodes_to_its_matrix():
    spec = EieSpec(pes=4, slots=16, columns=16, entries=256)
    entries = np.array([run << 4 | code for code, run in enumerate(FIGURE_2_RUNS, 1)], np.uint16)
    pointers = np.zeros((4, 9), np.uint32)
    pointers[0] = FIGURE_2_POINTERS
    layer = replace(encode(spec, [set()] * 8, 4), entries=entries, pointers=pointers, codebook=np.arange(16))
    found = image.dense(spec, layer)
    assert {(int(i), int(j)): int(found[i, j]) for i, j in np.argwhere(found)} == {at: 1 + k for k, at in enumerate(FIGURE_2)}


def test_the_papers_padding_example_decodes_to_its_column():
    spec = EieSpec(pes=1, slots=32, columns=16, entries=256)
    layer = replace(encode(spec, [{2: 1, 3: 2, 22: 3}], 23), codebook=np.arange(16))
    assert [(entry & 15, entry >> 4) for entry in layer.entries.tolist()] == [(1, 2), (2, 0), (0, 15), (3, 2)]
    assert image.dense(spec, layer)[:, 0].tolist() == [0, 0, 1, 2] + [0] * 18 + [3]


def changed(name, where, value):
    """A change of one element of a member."""
    def change(head, members):
        members[name] = members[name].copy()
        members[name][where] = value
    return change


def headed(value, *keys):
    """A change of the header at a path of keys."""
    def change(head, members):
        for key in keys[:-1]:
            head = head[key]
        head[keys[-1]] = value
    return change


def member(name, make):
    """A change of a whole member; None removes it."""
    def change(head, members):
        members[name] = make(members.get(name))
        if members[name] is None:
            del members[name]
    return change


def padded(codes, nonzeros, padding):
    """The second layer's first column, of PE 0, with other entries."""
    def change(head, members):
        members["layer1_entries"] = np.append(np.array(codes, np.uint16), members["layer1_entries"][1:])
        members["layer1_pointers"] = members["layer1_pointers"].copy()
        members["layer1_pointers"][0, 1:] += len(codes) - 1
        head["layers"][1] |= {"nonzeros": nonzeros, "padding": padding}
    return change


@pytest.mark.parametrize(("change", "error", "text"), [
    (headed("other", "format"), ValueError, "format of .* must be 'nonzero-image', not 'other'"),
    (headed(1, "version"), ValueError, "version of .* must be 3, not 1; build it again"),
    (headed(True, "version"), ValueError, "version of .* must be 3, not True"),
    (headed("snn", "machine"), ValueError, "machine of .* must be one of eie, .*not 'snn'"),
    (headed(1, "extra"), ValueError, "must have the keys .*, not have 'extra'"),
    (headed({}, "spec"), ValueError, "spec must have the keys .*, not lack"),
    (headed(300, "spec", "pes"), ValueError, "pes must be 1 to 256, not 300"),
    (headed(3, "spec", "pes"), ValueError, r"in_slots|inputs|pointers"),
    (headed(float("nan"), "input_scale"), ValueError, "input_scale of .* must be a positive finite number, not nan"),
    (headed(0, "output_scale"), ValueError, "output_scale of .* must be a positive finite number, not 0"),
    (headed([0], "input_bounds"), TypeError, r"input_bounds of .* must be null or two, each a whole number or null, not \[0\]"),
    (headed([0, 1.5], "input_bounds"), TypeError, r"each a whole number or null, not \[0, 1.5\]"),
    (headed([3, -3], "input_bounds"), ValueError, "input_bounds of .* must rise between -32768 and 32767, not be 3 and -3"),
    (headed([None, 40000], "input_bounds"), ValueError, "must rise between -32768 and 32767, not be -32768 and 40000"),
    (headed([], "layers"), TypeError, r"layers must be a list of one or more, not \[\]"),
    (headed("x", "layers", 0, "shift"), TypeError, "layer 0: shift must be of type int, not 'x'"),
    (headed(1, "layers", 0, "relu"), TypeError, "layer 0: relu must be of type bool, not 1"),
    (headed(32, "layers", 1, "shift"), ValueError, r"layer 1 \(b\): shift must be 0 to 31, not 32"),
    (headed(2, "layers", 1, "codebook"), ValueError, "layer 1: codebook must be 0 to 1, not 2"),
    (headed(9, "layers", 0, "inputs"), ValueError, r"layer 0 \(a\): inputs must be 1 to 8, pes x in_slots, not 9"),
    (headed(4, "layers", 0, "inputs"), ValueError, "in_slots must be 1, as its inputs need, not 2"),
    (headed(7, "layers", 1, "inputs"), ValueError, "inputs must be 8, the physical outputs of the layer before, not 7"),
    (headed(5, "layers", 1, "outputs"), ValueError, "outputs must be 1 to 4, pes x out_slots, not 5"),
    (headed(8, "layers", 0, "out_slots"), ValueError, "out_slots must be 1 to 4, not 8"),
    (headed(1, "spec", "layers"), ValueError, "layers must be at most 1, not 2"),
    (headed(1, "spec", "codebooks"), ValueError, "codebooks must be at most 1, not 2"),
    (headed(10, "layers", 1, "pointer_base"), ValueError, "columns of the machine must be at least 18 for layer 1, not 16"),
    (headed(4, "layers", 1, "pointer_base"), ValueError, "layer 1: columns must start at 8 or later, .* not 4"),
    (headed(1, "layers", 1, "entry_base"), ValueError, "layer 1: words must start at 2 or later, .* not 1"),
    (headed(8, "layers", 1, "entry_base"), ValueError, "entry_base must be 0 to 7, not 8"),
    (headed(8, "layers", 1, "nonzeros"), ValueError, "nonzeros must be 5, as the entries say, not 8"),
    (headed(1, "layers", 0, "padding"), ValueError, "padding must be 0, as the entries say, not 1"),
    (headed(False, "layers", 0, "bias"), ValueError, "members must be those of the image's 2 layers, not also 'layer0_bias'"),
    (headed(True, "layers", 1, "bias"), ValueError, "members must include layer1_bias, not lack it"),
    (member("layer0_rows", lambda old: None), ValueError, "members must include layer0_rows, not lack it"),
    (member("layer9_rows", lambda old: np.zeros(4)), ValueError, "not also 'layer9_rows'"),
    (member("layer0_rows", lambda old: old.astype(np.int64)), TypeError, "layer0_rows must be int32, not int64"),
    (member("layer0_rows", lambda old: old[:5]), ValueError, r"rows must have shape \(8,\), pes x out_slots, not \(5,\)"),
    (member("layer0_bias", lambda old: old[:5]), ValueError, r"bias must have shape \(8,\)"),
    (member("codebooks", lambda old: old[:, :8]), ValueError, r"codebooks must be 1 or more of 16 entries, not .* \(2, 8\)"),
    (changed("codebooks", (0, 0), 1), ValueError, "entry 0 of a codebook must be 0, not"),
    (changed("layer0_rows", 2, 3), ValueError, "rows must name each of 0 to 5 once and be -1 elsewhere"),
    (changed("layer0_rows", 1, -2), ValueError, "rows must name each of 0 to 5 once"),
    (changed("layer0_bias", 1, 9), ValueError, "bias of an absent slot must be 0, not"),
    (changed("layer0_pointers", (0, 0), 1), ValueError, "pointers must start at 0, not be 1 at column 0 of PE 0"),
    (changed("layer0_pointers", (3, 3), 0), ValueError, "pointers must not fall, not be 0 at column 3 of PE 3"),
    (changed("layer0_pointers", (2, 8), 2), ValueError, "entries must be 7, as the pointers say, not 6"),
    (member("layer0_pointers", lambda old: old[:, :-1]), ValueError, r"pointers must have shape \(4, 9\), not \(4, 8\)"),
    (changed("layer0_entries", 0, 256), OverflowError, "entry must be 0 to 255, not 256; it has 8 bits"),
    (changed("layer0_entries", 0, 0x10), ValueError,
     "run of an entry with code 0 in column 0 of PE 0 must be the maximum 15, .* not 1"),
    (changed("layer0_entries", 0, 0x21), ValueError, "slot of an entry in column 0 of PE 0 must be below 2, not 2"),
    (changed("layer0_entries", 3, 0x01), ValueError, "slot of an entry in column 0 of PE 1 must be that of a row.* not 0"),
    (padded([0xf0], 4, 1), ValueError, "the last entry in column 0 of PE 0 must have a code other than 0, not 0"),
    (padded([0xf0, 0x01], 5, 1), ValueError, "slot of an entry in column 0 of PE 0 must be below 1, not 15"),
    (changed("layer1_pointers", (0, 1), 0), ValueError, "first entry in column 1 of PE 0 must be none, .* not 1"),
])
def test_a_broken_rule_has_its_own_line(path, change, error, text):
    head, members = parts()
    change(head, members)
    with pytest.raises(error, match=text) as caught:
        image.load(write(path, head, members))
    assert "\n" not in str(caught.value) and "must" in str(caught.value) and "not" in str(caught.value)


def test_bias_and_codebook_must_fit_the_machines_widths(path):
    head, members = parts()
    head["spec"] |= {"act_bits": 8, "weight_bits": 4, "acc_bits": 16}
    with pytest.raises(OverflowError, match="codebook entry must be -8 to 7, not 8; weight_bits is 4"):
        image.load(write(path, head, members))
    members["codebooks"] = members["codebooks"].clip(-8, 7)
    with pytest.raises(OverflowError, match=r"layer 0 \(a\): bias must be -32768 to 32767, not 2147483647; acc_bits is 16"):
        image.load(write(path, head, members))


def test_another_number_of_pes_is_refused(path):
    with pytest.raises(ValueError, match="pes of .* must be 64, not 4; build it for this machine"):
        image.load(write(path, *parts()), pes=64)


def test_a_wrong_digest_is_refused(path):
    with pytest.raises(ValueError, match="sha256 of .* must be that of its content, not '0000"):
        image.load(write(path, *parts(), sha256="0" * 64))


def test_every_cut_and_every_changed_byte_is_refused_in_one_line(path):
    whole = write(path, *parts()).read_bytes()
    rng = np.random.default_rng(1)
    for cut in sorted(rng.integers(0, len(whole), 60).tolist()):
        path.write_bytes(whole[:cut])
        with pytest.raises((ValueError, TypeError)) as caught:
            image.load(path)
        assert "must be a whole .npz image" in str(caught.value) and "\n" not in str(caught.value)
    reads = 0
    for at in rng.integers(0, len(whole), 300).tolist():
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1:])
        try:
            read = image.load(path)                         # a byte that no reader looks at, such as a date
        except (ValueError, TypeError, OverflowError) as caught:
            assert "\n" not in str(caught)
        else:
            reads += 1
            for number, layer in enumerate(read.layers):
                assert np.array_equal(layer.entries, parts()[1][f"layer{number}_entries"])
    assert reads < 150


def test_files_of_another_kind_are_refused(path):
    np.savez(path, weights=np.zeros(3))
    with pytest.raises(ValueError, match="must have a member header, not only weights"):
        image.load(path)
    np.savez(path, header=np.frombuffer(b"{", np.uint8))
    with pytest.raises(ValueError, match="header of .* must be JSON in UTF-8"):
        image.load(path)
    np.savez(path, header=np.array([{}], object))
    with pytest.raises(ValueError, match="must be a whole .npz image"):
        image.load(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match="must be a whole .npz image"):
        image.load(path)
    with pytest.raises(FileNotFoundError):
        image.load(path.with_name("absent.npz"))
