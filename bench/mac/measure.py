"""The parts of the table: each returns rows that JSON holds."""
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from golden.mac import recording
from rtl import machine
from sim.mac import recorded
from sim.mac.builds import BUILDS
from sim.mac.play import Played, play, random_blocks
from sim.mac.stimulus import chained, domains
from spec.mac import MacSpec
from synth import part
from synth.result import measure
from synth.run import from_built

Row = dict[str, Any]
UNIT = "mac_tile"


def recordings(names: Sequence[str]) -> Iterator[Row]:
    """Compare the golden model and the tile with each file of recordings."""
    where = recorded.folder()
    if where is None:
        raise FileNotFoundError("the recordings must be in ../shared/tensor_core or in the folder named by NONZERO_RECORDINGS; "
                                "they are in neither")
    for name, build in recorded.FILES.items():
        if build not in names:
            continue
        spec, (a, b, c, d, fmt) = BUILDS[build], recorded.rows(name)
        found = recording.check(where / f"{name}.npz")
        steps = chained(spec, a, b, c, fmt)
        played = _play(spec, steps)
        yield {"file": f"{Path(name).name}.npz", "gpu": found["gpu"], "instruction": found["instruction"], "build": build,
               "terms": found["terms"], "rows": found["rows"], "golden": found["match"],
               "tile": int((recorded.diagonal(played.got[-len(steps[-1]["d"]):])[:len(d)] == d).sum())}


def random(names: Sequence[str], operations: int) -> Iterator[Row]:
    """Play weighted random operations of every format of each build."""
    for name in names:
        yield _held(name, _play(BUILDS[name], random_blocks(BUILDS[name], operations)), operations=operations)


def whole(names: Sequence[str]) -> Iterator[Row]:
    """Play all pairs of each narrow format, every value of a wide one times one; sparse builds decode as dense ones do."""
    for name in names:
        if BUILDS[name].arith == "float" and not BUILDS[name].stochastic and not BUILDS[name].sparse:
            yield _held(name, _play(BUILDS[name], domains(BUILDS[name])))


def clock(parts: Sequence[str], seeds: int) -> Iterator[Row]:
    """Place and route the Volta tile."""
    design = from_built(machine.generate("mac", MacSpec()), unit=UNIT, spec=MacSpec())
    for target in parts:
        data = measure(design, part.named(target), seeds=seeds)
        yield {"unit": UNIT, "part": target, "comb": data["comb"], "ff": data["ff"], "dsp": data["dsp"],
               "seeds": list(data["fmax_mhz"]["seeds"].values()), "fmax_mhz": data["fmax_mhz"]["median"],
               "tools": data["tools"],
               "critical_path": {key: data["critical_path"][key] for key in ("ns", "logic_ns", "routing_ns", "steps")}}


def _play(spec: MacSpec, blocks) -> Played:
    with tempfile.TemporaryDirectory(prefix="bench-mac-") as folder:
        return play(spec, blocks, Path(folder))


def _held(name: str, played: Played, **more: Any) -> Row:
    spec = BUILDS[name]
    return {"build": name, "arch": spec.arch if spec.arith == "float" else spec.arith, "formats": list(spec.formats),
            "acc": [spec.acc_of(fmt) for fmt in spec.formats], "k": spec.k, "fold": spec.fold, "target": spec.target,
            "rounding": "random" if spec.stochastic else "", **more, "latency": played.latency,
            "values": int(np.size(played.got)), "different": played.different, "seconds": round(played.seconds, 1)}
