"""The GPU cross-check: its kernels, its plumbing on a pretended device, and, where there is one, the GPU itself."""
import importlib.util
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from scipy.sparse import csr_array

from golden.gpu import __main__ as gpu
from golden.gpu import probe, sparse, tile
from golden.gpu.__main__ import compare
from golden.gpu.instruction import INSTRUCTIONS
from golden.gpu.kernel import source, threads
from golden.mac import recording
from spec.mac.generation import RULES
from spec.mac.number import FORMATS


def ident(instruction):
    return instruction.name


def met(instruction, words, row):
    """The elements of B that a row's kept elements meet, by the tables of the PTX documentation for sparsity selector 0."""
    chunk, unit = {"tf32": (2, 1), "int4": (8, 2)}.get(instruction.fmt, (4, 1))
    found = []
    for n in range(instruction.terms // chunk):
        if instruction.fmt in ("fp16", "bf16", "tf32"):
            code = int(words[row % 8 * 4 + n // 4]) >> (n % 4 * 4 + row // 8 * 16) & 15
        else:
            code = int(words[row % 8 * 4 + n // 8 * 2 + row // 8]) >> n % 8 * 4 & 15
        indices = [{4: 0, 14: 1}[code]] if chunk == 2 else [code & 3, code >> 2]
        found += [n * chunk + index * unit + k for index in indices for k in range(unit)]
    return found


class Pretended:
    """A device whose results are the golden model's, but for what ``spoil`` does to them."""

    driver = runtime = "12.9"

    def __init__(self, spoil=None, *, name="NVIDIA H200", arch="hopper", capability=90):
        self.spoil, self.name, self.arch, self.capability = spoil, name, arch, capability

    def takes(self, instruction):
        return instruction.runs_on(self.capability)

    def run(self, instruction, a, b, c, e=None):
        def unpack(words, fmt):
            if fmt == "b1":
                return words
            if FORMATS[fmt].bits == 4:
                parts = np.stack([words >> 4 * n & 15 for n in range(8)], axis=-1)
                return parts.reshape(*words.shape[:-1], -1).astype(np.uint8)
            kind = {8: np.uint8, 16: np.uint16, 32: np.uint32}[FORMATS[fmt].bits]
            return np.ascontiguousarray(words).view(kind)

        assert a.dtype == b.dtype == c.dtype == np.uint32
        assert a.shape[1:] == (instruction.rows, instruction.words_a) and b.shape[1:] == (8, instruction.words)
        assert (e is not None) == instruction.sparse
        a, b, c = unpack(a, instruction.fmt), unpack(b, instruction.fmt), unpack(c, instruction.acc)
        d = np.empty_like(c)
        for t in range(len(a)):                                 # one element at a time: not as `tile.golden` does
            for column in range(8):
                right = np.repeat(b[t, None, column], len(a[t]), 0)
                if instruction.sparse:
                    right = np.stack([right[row, met(instruction, e[t], row)] for row in range(len(a[t]))])
                d[t, :, column] = tile.rows(instruction, self.arch, a[t], right, np.ascontiguousarray(c[t, :, column]))
        return (self.spoil(d) if self.spoil else d).view(np.uint32)


HOPPER = [i for i in INSTRUCTIONS if i.runs_on(90)]
OTHERS = [("NVIDIA L40S", "ada", 89), ("NVIDIA A2", "ampere", 86), ("NVIDIA B200", "blackwell", 100)]


@pytest.mark.parametrize(("name", "arch", "capability"), OTHERS)
def test_every_generation_compares_and_records_what_it_has(name, arch, capability, tmp_path):
    device = Pretended(name=name, arch=arch, capability=capability)
    mine = [i for i in INSTRUCTIONS if device.takes(i) and i.family != "wgmma" and i.fmt not in ("int4", "b1")]
    assert {"tf32", "fp16", "bf16"} <= {i.fmt for i in mine} and ("e4m3" in {i.fmt for i in mine}) == (capability >= 89)
    for instruction in mine:
        row = compare(device, instruction, 2, 1, tmp_path, written := [])
        assert row["match"] == row["results"] > 0, instruction.name
        assert all(recording.check(path)["match"] == recording.check(path)["rows"] for path in written)


@pytest.mark.parametrize("instruction", HOPPER, ids=ident)
def test_tiles_arrive_as_packed(instruction, tmp_path):
    row = compare(Pretended(), instruction, 3, 1, tmp_path, written := [])
    assert row["match"] == row["results"] == 3 * instruction.rows * 8 and row["first"] == ""
    if instruction.join:
        assert written == []                                    # a recording has no format of one bit
        return
    again = recording.check(written[0])
    assert (again["rows"], again["match"]) == (24, 24)
    assert (again["terms"], again["instruction"]) == (instruction.terms // (1 + instruction.sparse), instruction.name)


@pytest.mark.parametrize("place", [0, 3, 5, 30])
def test_metadata_that_is_read_elsewhere_shows(place):
    class Other(Pretended):
        def run(self, instruction, a, b, c, e):
            return super().run(instruction, a, b, c, np.roll(e, place, axis=1))

    wanted = [i for i in HOPPER if i.name == "mma.sp.m16n8k64.s32.s8.s8.s32"]
    row = compare(Other(), wanted[0], 3, 1, None, [])
    assert (row["match"] == row["results"]) == (place == 0)


def test_a_difference_is_counted_and_named():
    def spoil(d):
        d[1, 2, 3] ^= 1
        return d

    row = compare(Pretended(spoil), HOPPER[0], 2, 1, None, [])
    assert row["match"] == row["results"] - 1
    assert re.fullmatch(r"tile, row, column \(1, 2, 3\): GPU [0-9a-f]+, golden [0-9a-f]+", row["first"])


def test_probes_expect_the_published_answers():
    rows = probe.ask(Pretended())
    assert all(row["same"] for row in rows) and len(rows) == len(probe.PROBES)
    assert [row["golden"] for row in rows] == [
        "1", "1", "1", "1", "1", "0", "3c01", "4401", "0", "7fffffff", "7f800000", "3f800000", "3f800400", "3f7ff800",
        "3f800000", "3f7ffc00", "7fffffff"]


def test_a_chain_is_compared_with_one_long_instruction():
    rows = probe.chains(Pretended(), lambda i: tile.draw(i, 2, np.random.default_rng(1)))
    assert {row["long"] for row in rows} >= {"mma.sync.m16n8k16.f32.f16.f16.f32"}
    assert all(row["same"] == row["golden_same"] < row["results"] for row in rows if "f32.f16" in row["long"])


class Scipy:
    """The sparse library of a device without one."""

    def sparse_product(self, rows, columns, values, shape, x):
        return csr_array((values.astype(np.float64), (rows, columns)), shape=shape) @ x.astype(np.float64)


def test_sparse_products_are_the_arrays_values(monkeypatch):
    monkeypatch.setattr(sparse, "TABLE", {name: sparse.TABLE[name] for name in ("NT-We", "NT-Wd")})
    rows = sparse.compare(Scipy())
    assert [row["results"] for row in rows] == [600, 8791]
    assert all(row["match"] == row["results"] and not row["saturated"] and 100 < row["largest"] < 2**15 for row in rows)


def test_a_long_run_of_zeros_is_padded():
    spec = sparse.EieSpec(pes=1, codebook_bits=4, index_bits=4)
    pattern = sparse.Pattern(rows=100, columns=2, indptr=np.array([0, 2, 3]), indices=np.array([3, 60, 40]),
                             live=np.arange(2))
    layer = sparse.encode(spec, pattern, [1, 2, 3], np.arange(16))
    assert layer.entries.tolist() == [0x31, 0xF0, 0xF0, 0xF0, 0x82, 0xF0, 0xF0, 0x83]
    assert layer.pointers.tolist() == [[0, 5, 8]]
    got, _ = sparse.values.layer(spec, layer, np.array([[10, 100]]))
    assert {int(n): int(got[0, n]) for n in np.flatnonzero(got[0])} == {3: 10, 60: 20, 40: 300}


def places(text, array):
    """The index expressions of an array in CUDA text, without the block."""
    found = re.findall(rf"\b{array}\[(.*)\]", text)
    return [re.sub(r"blockIdx\.x \* \d+ \+ ", "", expression) for expression in found]


def touched(instruction, array):
    """Every place of one tile that the block's threads touch, in order of thread and statement."""
    out = []
    for thread in range(threads(instruction)):
        lane, warp = thread & 31, thread >> 5
        names = {"lane": lane, "warp": warp, "group": lane >> 2, "member": lane & 3, "row": (lane & 3) + (lane >> 4) * 4}
        out += [eval(place, names) for place in places(source(instruction), array)]
    return sorted(out)


@pytest.mark.parametrize("instruction", [i for i in INSTRUCTIONS if i.rows > 8], ids=ident)
def test_a_tile_is_loaded_and_stored_once(instruction):
    words = 4 if instruction.acc == "fp16" else 8
    assert touched(instruction, "A") == list(range(instruction.rows * instruction.words_a))
    assert touched(instruction, "C") == touched(instruction, "D") == list(range(instruction.rows * words))
    if instruction.family != "wgmma":
        assert touched(instruction, "B") == list(range(8 * instruction.words))


def test_the_volta_shape_stores_each_result_from_one_quad_pair():
    for instruction in INSTRUCTIONS[:2]:
        words = 4 if instruction.acc == "fp16" else 8
        assert sorted(set(touched(instruction, "D"))) == list(range(8 * words))
        assert touched(instruction, "D") == sorted(list(range(8 * words)) * 4)      # the guard stores one in four


def test_every_instruction_has_numerics():
    names = [i.name for i in INSTRUCTIONS]
    assert len(set(names)) == len(names)
    assert all((i.arch, i.fmt, i.acc) in RULES for i in INSTRUCTIONS if i.fmt != "b1")


@pytest.mark.parametrize("instruction", INSTRUCTIONS, ids=ident)
def test_kernels_assemble(instruction):
    if not importlib.util.find_spec("cupy_backends"):
        pytest.skip("NVRTC is not installed; pip install 'cupy-cuda12x[ctk]'")
    from cupy_backends.cuda.libs import nvrtc

    from golden.gpu.device import cubin

    if instruction.capability == 70 and nvrtc.getVersion()[0] >= 13:
        pytest.skip("NVRTC 13 knows no Volta; pip install 'cupy-cuda12x[ctk]'")
    for capability in (c for c in (70, 80, 89, 90, 100, 120) if instruction.runs_on(c)):
        assert cubin(instruction, capability)[:4] == b"\x7fELF"


def command(*arguments):
    return subprocess.run([sys.executable, "-m", "golden.gpu", *arguments], capture_output=True, text=True, check=False)


def test_a_machine_without_a_gpu_gets_one_line():
    if importlib.util.find_spec("cupy"):
        pytest.skip("CuPy is installed, so there may be a GPU")
    done = command()
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert re.match(r"error: a GPU must be reachable through CuPy, not without it .*; on a machine with", done.stderr)


class Whole(Pretended, Scipy):
    """A device with both libraries."""


@pytest.mark.parametrize("wrong", [False, True])
def test_one_command_records_compares_and_reports(wrong, tmp_path, monkeypatch, capsys):
    def spoil(d):
        d[0, 0, 0] ^= 1
        return d

    monkeypatch.setattr(sparse, "TABLE", {"NT-We": sparse.TABLE["NT-We"]})
    monkeypatch.setattr(gpu, "Device", lambda: Whole(spoil if wrong else None, name="NVIDIA L40S", arch="ada", capability=89))
    arguments = {"tiles": 2, "seed": 1, "only": "e4m3", "out": tmp_path, "assemble": None, "json": tmp_path / "gpu.json"}
    if wrong:
        with pytest.raises(SystemExit, match="1"):
            gpu.main(**arguments)
    else:
        gpu.main(**arguments)
    found, page = json.loads((tmp_path / "gpu.json").read_text()), (tmp_path / "report.md").read_text()
    assert [row["instruction"] for row in found["instructions"]] == [
        *(f"mma.sync.m16n8k32.{acc}.e4m3.e4m3.{acc}" for acc in ("f32", "f16")), "mma.sp.m16n8k64.f32.e4m3.e4m3.f32"]
    verdict = ("3 of 768 results differ, in mma.sync.m16n8k32.f32.e4m3.e4m3.f32, mma.sync" if wrong else
               "all 768 results of 3 instructions are the golden model's")
    assert f"NVIDIA L40S: {verdict}" in page and verdict in capsys.readouterr().out
    assert all(f"`{path}`" in page for path in found["recorded"]) and len(found["recorded"]) == 3
    checked = [recording.check(path) for path in found["recorded"]]
    assert all(row["rows"] == 16 and row["match"] == 16 - wrong for row in checked)
    assert all(row["question"] in page and row["otherwise"] in page for row in found["probes"])


@pytest.mark.gpu
def test_this_gpu_agrees_with_golden(tmp_path):
    done = command("--json", str(tmp_path / "gpu.json"), "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "report.md").exists()
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert found["instructions"] and all(row["match"] == row["results"] for row in found["instructions"])
    assert all(row["same"] == row["golden_same"] for row in found["chains"])
    assert all(row["match"] == row["results"] for row in found["sparse"])
    assert found["seconds"] < 600
