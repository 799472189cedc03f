"""Images and files made to hurt: both readers refuse them in one line, before time or memory is spent."""
import io
import json
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from rich.console import Console

from cli import command
from compress import image as images
from compress.eie.image import save
from compress.eie.load import load
from golden import image as golden_image
from golden.eie import values
from tests.commands import leave
from tests.compress_sample import sample, small

READERS = [load, golden_image.load]
MEMORY = 1 << 24                            # bytes that no refusal may take


@pytest.fixture
def parts(tmp_path):
    """Header and members of a right image, and a function that writes them with the digest that fits."""
    save(sample(small()), tmp_path / "net.npz")
    with np.load(tmp_path / "net.npz") as given:
        members = {name: given[name] for name in given.files}
    head = json.loads(members.pop("header").tobytes())

    def write(raw=None):
        if raw is None:
            head["sha256"] = images.digest(head, members)
            raw = json.dumps(head).encode()
        np.savez(tmp_path / "bad.npz", header=np.frombuffer(raw, np.uint8), **members)
        return tmp_path / "bad.npz"
    return head, members, write


def refused(read, path, rule):
    """One line with the rule, and little memory."""
    tracemalloc.start()
    with pytest.raises((ValueError, TypeError, OverflowError)) as error:
        read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rule in str(error.value) and "\n" not in str(error.value) and str(error.value).isprintable(), error.value
    assert peak < MEMORY


HEADERS = {
    "nested": (b"[" * 100_000 + b"]" * 100_000, "nesting deeper than 32"),
    "UTF-16": ('{"format": "nonzero-image"}'.encode("utf-16"), "must be JSON in UTF-8"),
    "a mark before it": ('{"format": "nonzero-image"}'.encode("utf-8-sig"), "must be JSON in UTF-8"),
    "twice": (b'{"format": "nonzero-image", "format": "nonzero-image"}', "key 'format' twice"),
    "half a pair": (b'{"format": "\\ud800"}', "surrogates not allowed"),
    "nothing": (b"", "must be JSON in UTF-8"),
}


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_is_none_is_refused(parts, read, name):
    raw, rule = HEADERS[name]
    refused(read, parts[2](raw), rule)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(("key", "value", "rule"), [
    ("inputs", 2**31, "must"), ("in_slots", 2**31, "must"), ("out_slots", 2**31, "must"), ("nonzeros", 2**40, "must"),
    ("outputs", 2**62, "must"), ("name", "\x1b[31m", "name must be of printable characters"), ("shift", -1, "must")])
def test_a_layer_that_says_too_much_takes_no_memory(parts, read, key, value, rule):
    head, _, write = parts
    head["layers"][0][key] = value
    refused(read, write(), rule)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("member", ["layer0_entries", "layer1_pointers", "layer0_bias", "codebooks", "header", "another"])
def test_a_member_that_inflates_beyond_what_the_header_allows_is_not_read(parts, tmp_path, read, member):
    path = parts[2]()
    large = io.BytesIO()
    np.save(large, np.zeros(1 << 26, np.uint8))
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(tmp_path / "large.npz", "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            if name != f"{member}.npy":
                made.writestr(name, given.read(name))
        made.writestr(f"{member}.npy", large.getvalue())
    assert (tmp_path / "large.npz").stat().st_size < 1 << 18
    del large
    refused(read, tmp_path / "large.npz", "not also 'another'" if member == "another" and read is golden_image.load
            else "must have at most")


@pytest.mark.parametrize("read", READERS)
def test_a_number_too_large_for_a_float_is_refused(parts, read):
    head, _, write = parts
    head["input_scale"] = 10**400
    refused(read, write(), "")


def test_values_beyond_all_range_saturate_without_a_warning():
    whole, clipped = values.quantise(small(), 5e-324, np.array([1e308, -1e308, 0.0]), 3)
    assert whole.tolist() == [[32767, -32768, 0]] and clipped == 2


def test_a_name_with_braces_is_a_name(parts, tmp_path):
    (tmp_path / "net.npz").rename(tmp_path / "{x}{pes}.npz")
    (tmp_path / "{x}4.npz").write_bytes((tmp_path / "{x}{pes}.npz").read_bytes())
    left = leave("synth.estimate", "--pes", "4", "--entries", "1024", "--columns", "128", "--image", tmp_path / "{x}{pes}.npz")
    assert left.code == 0 and not left.faults and "cycles" in left.out, left


@pytest.mark.parametrize(("labels", "wrong"), [([0, 5], 5), ([-1, 0], -1), ([2**62, 1], 2**62)])
def test_labels_outside_the_classes_are_refused(parts, tmp_path, monkeypatch, labels, wrong):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.zeros((2, 10), np.float32))
    np.save("y.npy", np.array(labels))
    left = leave("sim.run", "net.npz", "--input", "x.npy", "--labels", "y.npy")
    assert left.code == 2 and not left.faults
    assert f"labels in y.npy must be 0 to 4, the outputs of the network, not {wrong}" in left.err


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_prints_names_as_they_are_spelt(monkeypatch, capsys, terminal):
    told = io.StringIO()
    monkeypatch.setattr(command, "Console", lambda **_: Console(force_terminal=terminal, width=200, file=told))
    monkeypatch.setattr(command, "PATIENCE", 0.01)
    with command.progress("compressing [/red]\x07.npz", total=1) as bar:
        time.sleep(0.5)
        bar.advance()
    assert r"compressing [/red]\x07.npz" in told.getvalue() + capsys.readouterr().err
