"""Many operations on a bare tile, from arrays and back, at the simulator's own speed."""
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.launch import launch
from sim.mac.builds import tile
from sim.mac.pack import packed, unpacked
from sim.mac.player import OPERATIONS, RESULTS, player
from sim.mac.spec_env import text_of
from sim.mac.stimulus import metadata, noise, stimulus
from spec.mac import MacSpec

BLOCK = 5_000
"""Operations of a format drawn at a time, so that memory holds one block."""


@dataclass(frozen=True, kw_only=True)
class Played:
    """What a tile answered: results (N, 4, 4) beside the golden model's, the latency held, seconds of simulation."""

    got: np.ndarray
    want: np.ndarray
    latency: int
    seconds: float

    @property
    def different(self) -> int:
        """Values that are not the golden model's."""
        return int((self.got != self.want).sum())


def play(spec: MacSpec, blocks: Iterable[dict[str, Any]], folder: Path) -> Played:
    """Play blocks of `stimulus`, one after another without a gap; latency and throughput are asserted in the simulation."""
    want = []
    with (folder / OPERATIONS).open("wb") as file:
        for block in blocks:
            parts = [block[part] for part in ("a", "b", "c", "code", "meta") if part in block]
            file.write(packed(spec, *parts)[:, ::-1].tobytes())
            want.append(block["d"])
    wanted = np.concatenate(want)
    sources, latency = tile(spec)
    done = launch(sources=[*sources, player(spec, latency)], top="mac_player", module="sim.mac.bench_player", at_least=1,
                  folder=folder, log=folder / "player.log", env={"MAC_SPEC": text_of(spec), "MAC_COUNT": len(wanted)})
    got = unpacked(spec, (folder / RESULTS).read_bytes())
    return Played(got=got, want=wanted, latency=latency, seconds=done.run_seconds)


def random_blocks(spec: MacSpec, count: int, seed: int = 100) -> Iterable[dict[str, Any]]:
    """Yield ``count`` operations of each format, formats alternating, in blocks of one seed each."""
    start = 0
    for number, first in enumerate(range(0, count, BLOCK)):
        fmts = list(spec.formats) * min(BLOCK, count - first)
        rng = np.random.default_rng(seed + number)
        a, b, c = noise(spec, fmts, rng)
        yield stimulus(spec, a, b, c, fmts, start=start, meta=metadata(spec, fmts, rng) if spec.sparse else None)
        start += len(fmts)
