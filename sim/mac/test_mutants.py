"""Mutants of the Volta dot unit must die; those that live are proved equivalent or named with the reason."""
import json

import numpy as np
import pytest

from golden.mac.vectors import VECTORS, operands
from sim.launch import launch
from sim.mac.mutants import SPEC, equivalent, mutants
from sim.mac.stimulus import from_rows, noise, ones, stimulus

COUNT = 250


def vectors():
    """Directed vectors first, then noise and every fp16 value times one."""
    chosen = [operands(v) for v in VECTORS if v.acc == "fp32"]
    a, b, c = (np.concatenate([part[n] for part in chosen]).astype(np.uint32) for n in range(3))
    noisy = noise(SPEC, ["fp16"] * 700, np.random.default_rng(11))
    every = [part[::40] for part in ones(SPEC, "fp16")]
    groups = zip(from_rows(SPEC, a, b, c), lone_addends(), special_pairs(), noisy, every, strict=True)
    return stimulus(SPEC, *(np.concatenate(group) for group in groups), "fp16")


def lone_addends():
    """Operations of zero products and a C with one bit set, of either sign."""
    c = np.array([sign | 1 << bit for sign in (0, 1 << 31) for bit in range(32)], np.uint32).reshape(-1, 4, 4)
    nothing = np.zeros((len(c), 4, 4), np.uint32)
    return nothing, nothing, c


def special_pairs():
    """Operations with one product other than 0: every pair of special operands in every lane, beside every kind of C."""
    kinds = np.array([0, 1, 0x3C00, 0x7BFF, 0x7C00, 0x7E00], np.uint32)
    kinds = np.concatenate([kinds, kinds | 1 << 15])
    addends = np.array([0, 1 << 31, 0x3F800000, 0x7F800000, 0xFF800000, 0x7FC00000], np.uint32)
    left, right, lane, addend = (x.ravel() for x in np.meshgrid(kinds, kinds, range(SPEC.k), addends, indexing="ij"))
    a, b = np.zeros((2, len(lane), SPEC.k), np.uint32)
    a[np.arange(len(lane)), lane], b[np.arange(len(lane)), lane] = left, right
    return from_rows(SPEC, a, b, addend)


@pytest.mark.full
def test_mutants_die(tmp_path):
    sources, commands, _ = mutants(tmp_path, COUNT)
    assert len(commands) == COUNT >= 200
    np.savez(tmp_path / "stim.npz", **vectors())
    launch(sources=sources, top="mac_tile", module="sim.mac.bench_mutants", at_least=1, folder=tmp_path,
           env={"MAC_STIM": tmp_path / "stim.npz", "MAC_MUTANTS": list(range(1, COUNT + 1)),
                "MAC_ALIVE": tmp_path / "alive.json"})
    alive = json.loads((tmp_path / "alive.json").read_text())
    unproved = [mutant for mutant in alive if not equivalent(tmp_path, commands[mutant - 1])]
    proved, killed = len(alive) - len(unproved), COUNT - len(alive)
    lines = "\n".join(commands[mutant - 1] for mutant in unproved)
    print(f"{killed} killed, {proved} proved equivalent, {len(unproved)} alive of {COUNT}\n{lines}")
    assert killed >= 0.97 * (COUNT - proved), f"{killed} of {COUNT - proved} mutants killed; alive:\n{lines}"
