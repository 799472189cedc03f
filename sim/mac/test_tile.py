"""The tile's Verilog against golden: recordings, directed vectors, whole domains, weighted noise."""
import numpy as np
import pytest

from golden.mac.vectors import VECTORS, operands
from sim.launch import launch
from sim.mac import recorded
from sim.mac.builds import BUILDS, latency, tile
from sim.mac.play import play, random_blocks
from sim.mac.spec_env import text_of
from sim.mac.stimulus import chained, domains, from_rows, stimulus

QUICK, FULL = 2_000, 100_000
LARGE = ("hopper_tf32", "ada_fp32", "blackwell_fp32", "blackwell_fp16")      # builds that take long to compile


def run(name, stim, folder):
    spec = BUILDS[name]
    sources, _ = tile(spec)
    np.savez(folder / "stim.npz", **stim)
    launch(sources=sources, top="mac_tile", module="sim.mac.bench_tile", at_least=2, folder=folder,
           env={"MAC_SPEC": text_of(spec), "MAC_STIM": folder / "stim.npz", "MAC_LATENCY": latency(name)})


def join(parts):
    parts = list(parts)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@pytest.mark.full
@pytest.mark.parametrize("name", recorded.EMULATED)
def test_recordings_of_emulated_instructions_match_on_two_tiles(name, tmp_path):
    if recorded.folder() is None:
        pytest.skip("no recordings in ../shared/tensor_core or in the folder named by NONZERO_RECORDINGS")
    played, got, want = recorded.emulated(name)
    assert len(want) == 500 and (got == want).all() and len(played) == 2
    for build, operations in played.items():
        folder = tmp_path / build
        folder.mkdir()
        run(build, join(operations), folder)


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.full) if name in LARGE else name for name in BUILDS])
def test_random_operations_match_golden(name, tmp_path):
    run(name, join(random_blocks(BUILDS[name], QUICK, seed=1)), tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("name", BUILDS)
def test_many_random_operations_match_golden(name, tmp_path):
    spec = BUILDS[name]
    played = play(spec, random_blocks(spec, FULL), tmp_path)
    assert len(played.got) == FULL * len(spec.formats)
    wrong = np.argwhere(played.got != played.want)
    assert not len(wrong), f"{len(wrong)} values differ, first at (operation, i, j) {wrong[0]}"


@pytest.mark.parametrize("name", [name if "/" not in name else pytest.param(name, marks=pytest.mark.full)
                                  for name in recorded.FILES])
def test_recordings_match_bit_for_bit(name, tmp_path):
    if recorded.folder() is None:
        pytest.skip("no recordings in ../shared/tensor_core or in the folder named by NONZERO_RECORDINGS")
    spec = BUILDS[recorded.FILES[name]]
    a, b, c, d, fmt = recorded.rows(name)
    assert a.shape[0] == 500
    steps = chained(spec, a, b, c, fmt)
    assert (recorded.diagonal(steps[-1]["d"])[:len(d)] == d).all()      # the golden model gives what the GPU gave
    run(recorded.FILES[name], join(steps), tmp_path)


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.full) if name in LARGE else name
                                  for name in recorded.H100])
def test_what_an_h100_computed(name, tmp_path):
    spec, parts = BUILDS[name], []
    for stem in recorded.H100[name]:
        a, b, c, d, fmt = recorded.rows(stem, recorded.OWN)
        steps = chained(spec, a, b, c, fmt)
        assert len(d) == 96 and (recorded.diagonal(steps[-1]["d"])[:len(d)] == d).all(), stem
        parts += steps
    run(name, join(parts), tmp_path)


@pytest.mark.parametrize("name", ["volta_fp32", "volta_fp16", "ampere_fp32", "ampere_fp16", "hopper_fp32", "hopper_fp16"])
def test_directed_vectors(name, tmp_path):
    spec = BUILDS[name]
    chosen = [v for v in VECTORS if v.acc == spec.acc]
    assert len(chosen) >= 9
    parts = [operands(v) for v in chosen]
    a, b, c = (np.concatenate([part[n] for part in parts]).astype(np.uint32) for n in range(3))
    stim = stimulus(spec, *from_rows(spec, a, b, c), "fp16")
    want = np.array([getattr(v, spec.arch) for v in chosen], np.uint32)
    assert (recorded.diagonal(stim["d"])[:len(want)] == want).all()
    run(name, stim, tmp_path)


@pytest.mark.parametrize("name", ["volta_fp32", "volta_fp16", "ampere_fp32", "hopper_bytes", "hopper_fp16"])
def test_whole_domains(name, tmp_path):
    run(name, join(domains(BUILDS[name])), tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("name", ["exact_fp32", "exact_fp16", "hopper_mixed", "ada_fp32", "ada_fp16", "blackwell_fp32",
                                  "blackwell_fp16"])
def test_more_whole_domains(name, tmp_path):
    run(name, join(domains(BUILDS[name])), tmp_path)


def test_every_legal_mode_is_in_a_build():
    from spec.mac.generation import LEGAL
    held = {(spec.arch, fmt, spec.acc_of(fmt)) for spec in BUILDS.values() if spec.arith == "float"
            for fmt in spec.formats}
    assert held == LEGAL
