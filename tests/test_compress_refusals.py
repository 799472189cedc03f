"""What image files a loader refuses: each broken rule has its own one-line error."""
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from compress.eie.image import header, members, save
from compress.eie.load import load
from compress.image import digest, write
from tests.compress_sample import same, sample, small


def edit_layer(number, **changes):
    def edit(head, arrays):
        head["layers"][number].update(changes)
    return edit


def edit_array(name, index, value):
    def edit(head, arrays):
        arrays[name] = arrays[name].copy()
        arrays[name][index] = value
    return edit


def edit_head(**changes):
    return lambda head, arrays: head.update(changes)


def replace_array(name, value):
    def edit(head, arrays):
        arrays[name] = value(arrays.get(name))
    return edit


def drop(name):
    return lambda head, arrays: arrays.pop(name)


def refit(head, arrays):
    """Keep the counts of layer 0 true after an edit of its entries."""
    code = arrays["layer0_entries"] & 15
    head["layers"][0].update(nonzeros=int((code != 0).sum()), padding=int((code == 0).sum()))


def zero_code(run):
    def edit(head, arrays):
        entries = arrays["layer0_entries"] = arrays["layer0_entries"].copy()
        inside = np.flatnonzero(np.diff(arrays["layer0_pointers"][0].astype(int)) > 1)[0]
        entries[arrays["layer0_pointers"][0, inside]] = run << 4
        refit(head, arrays)
    return edit


def trailing_padding(head, arrays):
    entries = arrays["layer0_entries"] = arrays["layer0_entries"].copy()
    entries[arrays["layer0_pointers"][0, -1] - 1] = 15 << 4
    refit(head, arrays)


def far_run(head, arrays):
    arrays["layer0_entries"] = arrays["layer0_entries"] | 15 << 4


def absent_column(head, arrays):
    """Layer 0 has 10 inputs on 4 PEs: columns 10 and 11 are absent; move column 9's entries into 10."""
    pointers = arrays["layer0_pointers"] = arrays["layer0_pointers"].copy()
    pointers[:, 10] = pointers[:, 9]


def absent_slot(head, arrays):
    """Row 4 of the last layer's 5 changes its place with an absent slot."""
    rows = arrays["layer2_rows"] = arrays["layer2_rows"].copy()
    bias = arrays["layer2_bias"] = np.zeros_like(arrays["layer2_bias"])
    assert (bias == 0).all()
    here, there = np.flatnonzero(rows == 4)[0], np.flatnonzero(rows < 0)[0]
    rows[here], rows[there] = rows[there], rows[here]


WRONG = {
    "another format": (edit_head(format="zip"), "format of .* must be 'nonzero-image', not 'zip'"),
    "another version": (edit_head(version=1), "version of .* must be 3, not 1; build the image again"),
    "another machine": (edit_head(machine="snn"), "machine of .* must be one of eie, .*not 'snn'"),
    "a missing key": (lambda h, a: h.pop("tool"), "header of .* must have the keys .*, not lack 'tool'"),
    "a foreign key": (edit_head(colour="red"), "header of .* must have the keys .*, not have 'colour'"),
    "a foreign spec": (lambda h, a: h["spec"].pop("pes"), "spec must have the keys .*, not lack 'pes'"),
    "a bad spec": (lambda h, a: h["spec"].update(pes=0), "pes must be 1 to 256, not 0"),
    "a spec of text": (lambda h, a: h["spec"].update(pes="4"), "pes must be of type int, not '4'"),
    "layers not a list": (edit_head(layers=3), "layers must be a list, not 3"),
    "no layers": (edit_head(layers=[]), "members must be those of its 0 layers, not also layer0_"),
    "a NaN scale": (edit_head(input_scale=float("nan")), "input_scale must be a positive finite number, not"),
    "a negative scale": (edit_head(output_scale=-1.0), "output_scale must be a positive finite .*, not -1"),
    "a scale of text": (edit_head(input_scale="1"), "input_scale must be a number, not '1'"),
    "a layer without a key": (lambda h, a: h["layers"][1].pop("relu"), "layer 1 must have the keys .*'relu'"),
    "a wrong kind": (edit_layer(0, shift=1.5), "layer 0: shift must be of type int, not 1.5"),
    "a flag of number": (edit_layer(0, relu=1), "layer 0: relu must be of type bool, not 1"),
    "a float member": (replace_array("codebooks", np.float64), "codebooks of .* must be int16, not float64"),
    "a NaN member": (replace_array("layer0_bias", lambda a: a * np.nan),
                     "layer0_bias of .* must be int32, not float64"),
    "a missing member": (drop("layer0_rows"), "layer 0 must have a member layer0_rows, not lack it"),
    "no codebooks": (drop("codebooks"), "members must include codebooks, not lack it"),
    "a foreign member": (replace_array("extra", lambda a: np.zeros(2)),
                         "member of .* must be one of .*, not 'extra'"),
    "a spare member": (replace_array("layer7_rows", lambda a: np.zeros(2, np.int32)), "not also layer7_rows"),
    "a short codebook": (replace_array("codebooks", lambda a: a[:, :8]),
                         r"codebooks must have shape \(1 or more, 16\)"),
    "a codebook's entry 0": (edit_array("codebooks", (1, 0), 7), "entry 0 of a codebook must be 0, not 7"),
    "an unknown codebook": (edit_layer(0, codebook=2), r"layer 0 \(fc1\): codebook must be 0 to 1, not 2"),
    "a shift too wide": (edit_layer(1, shift=32), r"layer 1 \(fc2\): shift must be 0 to 31, not 32"),
    "too few input slots": (edit_layer(0, in_slots=2), "in_slots must be 3 for 10 inputs, not 2"),
    "slots that do not chain": (edit_layer(1, in_slots=9),
                                "in_slots must be 10 for the slots of the layer before, not 9"),
    "inputs that do not chain": (edit_layer(1, inputs=37), "inputs must be 40, pes x in_slots, not 37"),
    "too many outputs": (edit_layer(2, outputs=9), "outputs must be 1 to 8, not 9"),
    "short pointers": (replace_array("layer0_pointers", lambda a: a[:, :-1]),
                       r"pointers must have shape \(4, 13\), not"),
    "falling pointers": (edit_array("layer0_pointers", (2, 3), 0), "pointers must rise from 0, not fall"),
    "late pointers": (edit_array("layer0_pointers", (2, 0), 1), "pointers must rise from 0, not fall"),
    "lost entries": (replace_array("layer0_entries", lambda a: a[:-1]),
                     "entries must be the .* that the pointers count"),
    "short rows": (replace_array("layer0_rows", lambda a: a[:-1]), "rows must be 40, pes x out_slots, not"),
    "a row twice": (edit_array("layer0_rows", 0, 1), "rows must name each of 0 to 36 once"),
    "a row below": (edit_array("layer0_rows", -1, -2), "rows must name each of 0 to 36 once"),
    "a wide entry": (edit_array("layer0_entries", 3, 256), "entry must be 0 to 255, not 256; it has 8 bits"),
    "code 0 and a short run": (zero_code(4), ("run of an entry with code 0 of PE 0, column . must be "
                                              "the maximum 15, not 4; only padding may be zero")),
    "padding at a column's end": (trailing_padding,
                                  "last entry of PE 0, column 9 must have a code other than 0, not 0"),
    "a run out of the layer": (far_run, "slot of an entry of PE 0, column 0 must be below 10, not"),
    "an entry of an absent slot": (absent_slot,
                                   "slot of an entry of PE ., column .* must be one of a row, not 0"),
    "an absent column": (absent_column, "absent column of PE 0, column 10 must be empty"),
    "a wrong count": (edit_layer(0, nonzeros=3), "nonzeros must be .*, as the entries say, not 3"),
    "a wrong padding count": (edit_layer(0, padding=3), "padding must be 0, as the entries say, not 3"),
    "short bias": (replace_array("layer0_bias", lambda a: a[:-1]), "bias must be 40, one for each slot, not"),
    "bias of an absent slot": (edit_array("layer0_bias", -1, 5), "bias of an absent slot must be 0, not 5"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_broken_rule_has_its_own_error(name, tmp_path):
    edit, text = WRONG[name]
    image = sample()
    head, arrays = header(image), members(image)
    edit(head, arrays)
    write(tmp_path / "net.npz", head | {"sha256": digest(head, arrays)}, arrays)
    with pytest.raises((ValueError, TypeError, OverflowError), match=text) as error:
        load(tmp_path / "net.npz")
    assert "\n" not in str(error.value)
    assert "net.npz" in str(error.value)


MACHINES = {
    "pes": (dict(pes=8), "pes of the image must be 8 as in the machine, not 4; build the image for this"),
    "codebook_bits": (dict(codebook_bits=5), "codebook_bits of the image must be 5 as in the machine, not 4"),
    "slots": (dict(slots=8), "slots of the machine must be at least 10 for this image, not 8"),
    "columns": (dict(columns=16), "columns of the machine must be at least 52 for this image, not 16"),
    "entries": (dict(entries=64), "entries of the machine must be at least .* for this image, not 64"),
    "layers": (dict(layers=2), "layers of the machine must be at least 3 for this image, not 2"),
    "codebooks": (dict(codebooks=1), "codebooks of the machine must be at least 2 for this image, not 1"),
    "shift_bits": (dict(shift_bits=2), "shift must be 0 to 3, not 4"),
}


@pytest.mark.parametrize("name", MACHINES)
def test_an_image_that_a_machine_cannot_run_is_refused(name, tmp_path):
    changes, text = MACHINES[name]
    save(sample(), tmp_path / "net.npz")
    with pytest.raises(ValueError, match=text):
        load(tmp_path / "net.npz", small(**changes))


def test_an_image_larger_than_the_memories_is_not_built_and_not_loaded(tmp_path):
    with pytest.raises(ValueError, match="memories of .* must hold the network, not entries 64 where it .*; type --entries"):
        sample(small(entries=64))
    image = replace(sample(), spec=small(entries=64))
    save(image, tmp_path / "net.npz")
    with pytest.raises(ValueError, match="entries of the machine must be at least .* for this image, not 64"):
        load(tmp_path / "net.npz")


def test_a_changed_byte_never_passes_for_another_image(tmp_path):
    path, image = tmp_path / "net.npz", sample()
    save(image, path)
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        content = {k for info in archive.infolist()
                   for k in range(info.header_offset + 200, info.header_offset + info.file_size, 37)}
    refused = 0
    for place in sorted({*range(0, len(data), 61), *content}):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1:])
        try:
            same(load(path), image)                     # a byte that no reader of the archive looks at
        except (ValueError, TypeError, OverflowError) as error:
            assert "net.npz" in str(error) and "\n" not in str(error)
            refused += 1
        else:
            assert place not in content
    assert refused > len(content)


def test_changed_content_with_an_honest_archive_breaks_the_digest(tmp_path):
    image = sample()
    head = header(image)
    head["sha256"] = digest(head, members(image))
    head["layers"][0]["shift"] += 1
    write(tmp_path / "net.npz", head, members(image))
    with pytest.raises(ValueError, match="sha256 of .*net.npz must be that of its content"):
        load(tmp_path / "net.npz")


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, -1])
def test_a_file_cut_short_is_refused(keep, tmp_path):
    path = tmp_path / "net.npz"
    save(sample(), path)
    data = path.read_bytes()
    path.write_bytes(data[:int(len(data) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(ValueError, match="net.npz must be a whole .npz image, not a file cut short"):
        load(path)


def test_other_files_are_refused(tmp_path):
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    np.save(tmp_path / "array.npy", np.zeros(3))
    np.savez(tmp_path / "pickle.npz", header=np.array([{}], object))
    with pytest.raises(ValueError, match="other.npz must have a member header with JSON"):
        load(tmp_path / "other.npz")
    for name in "array.npy", "pickle.npz":
        with pytest.raises(ValueError, match=f"{name} must be a whole .npz image"):
            load(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="absent.npz"):
        load(tmp_path / "absent.npz")
