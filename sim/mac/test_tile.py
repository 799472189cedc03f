"""The tile's Verilog against golden: recordings, directed vectors, whole domains, weighted noise."""
import itertools

import numpy as np
import pytest

from golden.mac.vectors import VECTORS, operands
from sim.launch import launch
from sim.mac import recorded
from sim.mac.builds import BUILDS, tile
from sim.mac.pack import packed, unpacked
from sim.mac.player import OPERATIONS, RESULTS, player
from sim.mac.spec_env import text_of
from sim.mac.stimulus import from_rows, noise, ones, pairs, stimulus
from spec.number import FORMATS

QUICK, FULL = 2_000, 100_000
BLOCK = 5_000


def run(spec, stim, folder):
    sources, latency = tile(spec)
    np.savez(folder / "stim.npz", **stim)
    launch(sources=sources, top="mac_tile", module="sim.mac.bench_tile", at_least=2, folder=folder,
           env={"MAC_SPEC": text_of(spec), "MAC_STIM": folder / "stim.npz", "MAC_LATENCY": latency})


def random_operations(spec, count, seed=1, start=0):
    """``count`` operations a format, formats alternating; ``start`` operations came before."""
    fmts = list(itertools.islice(itertools.cycle(spec.formats), count * len(spec.formats)))
    return stimulus(spec, *noise(spec, fmts, np.random.default_rng(seed)), fmts, start=start)


def domains(spec):
    """All pairs of every narrow format, fp16 and bf16 times one; by `stimulus`, joined."""
    for fmt in spec.formats:
        yield stimulus(spec, *(pairs if FORMATS[fmt].bits <= 8 else ones)(spec, fmt), fmt)


def join(parts):
    parts = list(parts)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@pytest.mark.parametrize("name", BUILDS)
def test_random_operations_match_golden(name, tmp_path):
    run(BUILDS[name], random_operations(BUILDS[name], QUICK), tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("name", BUILDS)
def test_many_random_operations_match_golden(name, tmp_path):
    """Operations in blocks, so that memory holds one; on the tile they follow each other without a gap."""
    spec, counts, start = BUILDS[name], [], 0
    with (tmp_path / OPERATIONS).open("wb") as file, (tmp_path / "golden.bin").open("wb") as wanted:
        for block in range(FULL // BLOCK):
            stim = random_operations(spec, BLOCK, seed=100 + block, start=start)
            file.write(packed(spec, *(stim[part] for part in ("a", "b", "c", "code")))[:, ::-1].tobytes())
            wanted.write(stim["d"].tobytes())
            start += len(stim["d"])
            counts.append(len(stim["d"]))
    sources, latency = tile(spec)
    launch(sources=[*sources, player(spec, latency)], top="mac_player", module="sim.mac.bench_player", at_least=1,
           folder=tmp_path, env={"MAC_SPEC": text_of(spec), "MAC_COUNT": start})
    got = unpacked(spec, (tmp_path / RESULTS).read_bytes())
    want = np.fromfile(tmp_path / "golden.bin", np.uint32).reshape(got.shape)
    for block, (one, other) in enumerate(zip(np.split(got, len(counts)), np.split(want, len(counts)), strict=True)):
        wrong = np.argwhere(one != other)
        assert not len(wrong), f"{len(wrong)} values differ, first at {wrong[0]} of the operations of seed {100 + block}"


@pytest.mark.parametrize("name", recorded.FILES)
def test_recordings_match_bit_for_bit(name, tmp_path):
    if recorded.folder() is None:
        pytest.skip("no recordings in ../shared/tensor_core or in the folder named by NONZERO_RECORDINGS")
    spec = BUILDS[recorded.FILES[name]]
    a, b, c, d, fmt = recorded.rows(name)
    assert a.shape == (500, spec.terms(fmt))
    stim = stimulus(spec, *from_rows(spec, a, b, c), fmt)
    diagonal = stim["d"][:, range(4), range(4)]
    assert (diagonal.reshape(-1)[:len(d)] == d).all()           # golden says what the GPU said
    diagonal.reshape(-1)[:len(d)] = d
    stim["d"][:, range(4), range(4)] = diagonal
    run(spec, stim, tmp_path)


@pytest.mark.parametrize("name", ["volta_fp32", "volta_fp16", "ampere_fp32", "ampere_fp16", "hopper_fp32", "hopper_fp16"])
def test_directed_vectors(name, tmp_path):
    spec = BUILDS[name]
    chosen = [v for v in VECTORS if v.acc == spec.acc]
    assert len(chosen) >= 9
    parts = [operands(v) for v in chosen]
    a, b, c = (np.concatenate([part[n] for part in parts]).astype(np.uint32) for n in range(3))
    stim = stimulus(spec, *from_rows(spec, a, b, c), "fp16")
    want = np.array([getattr(v, spec.arch) for v in chosen], np.uint32)
    assert (stim["d"][:, range(4), range(4)].reshape(-1)[:len(want)] == want).all()
    run(spec, stim, tmp_path)


@pytest.mark.parametrize("name", ["volta_fp32", "volta_fp16", "ampere_fp32", "hopper_bytes", "hopper_fp16"])
def test_whole_domains(name, tmp_path):
    run(BUILDS[name], join(domains(BUILDS[name])), tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("name", ["exact_fp32", "exact_fp16", "hopper_mixed"])
def test_more_whole_domains(name, tmp_path):
    run(BUILDS[name], join(domains(BUILDS[name])), tmp_path)


def test_every_legal_mode_is_in_a_build():
    from spec.generation import LEGAL
    held = {(spec.arch, fmt, spec.acc_of(fmt)) for spec in BUILDS.values() if spec.arith == "float"
            for fmt in spec.formats}
    assert held == LEGAL
