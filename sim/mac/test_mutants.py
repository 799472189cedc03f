"""Mutants of the dot unit must die; those that live are proved equivalent or named with the reason."""
import json

import numpy as np
import pytest

from golden.mac.vectors import VECTORS, operands
from sim.launch import launch
from sim.mac.mutants import SPECS, equivalent, mutants
from sim.mac.spec_env import text_of
from sim.mac.stimulus import from_rows, noise, ones, pairs, stimulus
from spec.mac.number import FORMATS

COUNT = 250


def vectors(spec):
    """Directed vectors first, then for each format C alone, special pairs, noise, and values times one or each other."""
    parts = []
    if "fp16" in spec.formats:
        chosen = [operands(v) for v in VECTORS if v.acc == "fp32"]
        a, b, c = (np.concatenate([part[n] for part in chosen]).astype(np.uint32) for n in range(3))
        parts.append(stimulus(spec, *from_rows(spec, a, b, c), "fp16"))
    for number, fmt in enumerate(spec.formats):
        noisy = noise(spec, [fmt] * 700, np.random.default_rng(11 + number))
        every = pairs(spec, fmt) if FORMATS[fmt].bits <= 8 else ones(spec, fmt)
        every = [part[::max(1, len(every[0]) // 410)] for part in every]
        groups = zip(lone_addends(spec), special_pairs(spec, fmt), noisy, every, strict=True)
        parts.append(stimulus(spec, *(np.concatenate(group) for group in groups), fmt))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def lone_addends(spec):
    """Operations of zero products and a C with one bit set, of either sign, and the same over an infinity's exponent."""
    c = np.array([under | 1 << bit for under in (0, 1 << 31, 0x7F800000, 0xFF800000) for bit in range(32)],
                 np.uint32).reshape(-1, 4, 4)
    nothing = np.zeros((len(c), 4, spec.k), np.uint32)
    return nothing, nothing.swapaxes(1, 2), c


def special_pairs(spec, fmt):
    """Operations with one product other than 0: every pair of special operands in every lane, beside every kind of C."""
    number = FORMATS[fmt]
    infinite = [] if number.inf is None else [number.inf]
    largest = (number.inf or number.nan) - (1 << number.unused)
    kinds = np.array([0, 1 << number.unused, number.bias << number.exp_lsb, largest, *infinite, number.nan], np.uint32)
    kinds = np.concatenate([kinds, kinds | 1 << number.bits - 1])
    addends = np.array([0, 1 << 31, 0x3F800000, 0x7F800000, 0xFF800000, 0x7FC00000], np.uint32)
    left, right, lane, addend = (x.ravel() for x in np.meshgrid(kinds, kinds, range(spec.terms(fmt)), addends, indexing="ij"))
    a, b = np.zeros((2, len(lane), spec.k), np.uint32)
    a[np.arange(len(lane)), lane], b[np.arange(len(lane)), lane] = left, right
    return from_rows(spec, a, b, addend)


@pytest.mark.full
@pytest.mark.parametrize("name", SPECS)
def test_mutants_die(name, tmp_path):
    spec = SPECS[name]
    sources, commands, _ = mutants(spec, tmp_path, COUNT)
    assert len(commands) == COUNT >= 200
    np.savez(tmp_path / "stim.npz", **vectors(spec))
    launch(sources=sources, top="mac_tile", module="sim.mac.bench_mutants", at_least=1, folder=tmp_path,
           env={"MAC_SPEC": text_of(spec), "MAC_STIM": tmp_path / "stim.npz", "MAC_MUTANTS": list(range(1, COUNT + 1)),
                "MAC_ALIVE": tmp_path / "alive.json"})
    alive = json.loads((tmp_path / "alive.json").read_text())
    same = {mutant: equivalent(spec, tmp_path, commands[mutant - 1]) for mutant in alive}
    unproved = [mutant for mutant in alive if not same[mutant]]
    proved, killed = len(alive) - len(unproved), COUNT - len(alive)
    lines = "\n".join(f"{'different' if same[mutant] is False else 'open'}: {commands[mutant - 1]}" for mutant in unproved)
    print(f"{name}: {killed} killed, {proved} proved equivalent, {len(unproved)} alive of {COUNT}\n{lines}")
    assert killed >= 0.97 * (COUNT - proved), f"{killed} of {COUNT - proved} mutants killed; alive:\n{lines}"
