"""Where the recordings of real tensor cores are, if they are anywhere."""
import os
from pathlib import Path

import numpy as np

from golden.mac import to_bits, to_values
from sim.mac.builds import BUILDS
from sim.mac.stimulus import chained

BESIDE = Path(__file__).parents[3] / "shared" / "tensor_core"
FILES = {
    "v100_fp16_fp32": "volta_fp32", "v100_fp16_fp16": "volta_fp16",
    "a100_fp16_fp32": "ampere_fp32", "a100_bf16_fp32": "ampere_fp32", "a100_fp16_fp16": "ampere_fp16",
    "h200_fp16_fp32": "hopper_fp32", "h200_bf16_fp32": "hopper_fp32", "h200_fp16_fp16": "hopper_fp16",
    "h200_e4m3_fp32": "hopper_bytes", "h200_e5m2_fp32": "hopper_bytes",
    "more/a100_tf32_fp32": "ampere_tf32", "more/a2_tf32_fp32": "ampere_tf32", "more/a2_fp16_fp32": "ampere_fp32",
    "more/a2_bf16_fp32": "ampere_fp32", "more/a2_fp16_fp16": "ampere_fp16",
    **{f"more/ada_{fmt}_fp32": "ada_fp32" for fmt in ("fp16", "bf16", "tf32", "e4m3", "e5m2")},
    **{f"more/ada_{fmt}_fp16": "ada_fp16" for fmt in ("fp16", "e4m3", "e5m2")},
    "more/h200_tf32_fp32": "hopper_tf32", "more/b200_tf32_fp32": "blackwell_fp32", "more/b200_fp16_fp32": "blackwell_fp32",
    "more/b200_bf16_fp32": "blackwell_fp32", "more/b200_fp16_fp16": "blackwell_fp16",
}
"""Recording -> the build that computes its rows; a row longer than the build's unit chains operations.

Recordings of 8-bit floats by ``mma.sync`` on a B200 are not here: that instruction runs two fp16 operations and an addition,
`EMULATED`."""

EMULATED = tuple(f"more/b200_{fmt}_{acc}" for fmt in ("e4m3", "e5m2") for acc in ("fp32", "fp16"))
"""Recordings that `emulated` plays, on Hopper's tile, whose rule for fp16 is Blackwell's, and on an exact one."""


OWN = Path(__file__).parents[2] / "tests" / "recordings"
"""Rows of an H100 that `golden.gpu` recorded."""

_FLOATS = ("mma_sync_k8", "mma_sync_k16", "mma_sp_k16", "mma_sp_k32", "wgmma_k16")
H100 = {
    "hopper_fp32": [f"h100_{fmt}_fp32_{way}" for fmt in ("fp16", "bf16") for way in _FLOATS],
    "hopper_fp16": [*(f"h100_fp16_fp16_{way}" for way in _FLOATS), *(f"h100_{fmt}_fp16_wgmma_k32" for fmt in ("e4m3", "e5m2")),
                    "h100_int4_int32_mma_sync_k64", "h100_int4_int32_mma_sp_k128"],
    "hopper_bytes": [f"h100_{fmt}_fp32_wgmma_k32" for fmt in ("e4m3", "e5m2")],
    "hopper_tf32": [f"h100_tf32_fp32_{way}" for way in ("mma_sync_k4", "mma_sync_k8", "mma_sp_k8", "mma_sp_k16", "wgmma_k8")],
}
"""Build -> those that it computes: kept elements of sparse products are rows like others."""


def folder() -> Path | None:
    """Return the folder of recordings: NONZERO_RECORDINGS if it is set, else beside the repository, else None."""
    named = os.environ.get("NONZERO_RECORDINGS")
    found = Path(named) if named else BESIDE
    return found if found.is_dir() else None


def rows(name: str, where: Path | None = None):
    """Return a, b, c, d and the operand format of one recording, in `folder` if no other is given."""
    where = where or folder()
    if where is None:
        raise FileNotFoundError("the recordings must be in ../shared/tensor_core or in the folder named by "
                                "NONZERO_RECORDINGS; they are in neither")
    with np.load(where / f"{name}.npz") as z:
        return (*(z[part].astype(np.uint32) for part in "abcd"), str(z["ab_format"]))


def emulated(name: str) -> tuple[dict[str, list[dict[str, np.ndarray]]], np.ndarray, np.ndarray]:
    """Return what tiles do for ``mma.sync`` on 8-bit floats: build -> operations; the results; those of the recording.

    The terms whose k mod 4 is 0 or 1 are one operation of fp16 from zero, the others a second one on top, and an exact tile
    adds C: as one fp16, or as three bf16 that are its upper, middle and lower bits, each times one.
    """
    a, b, c, want, fmt = rows(name)
    early, acc, count = np.arange(a.shape[1]) % 4 < 2, name.rsplit("_", 1)[1], len(want)
    wide = [to_bits("fp16", to_values(fmt, x.astype(np.uint8))).astype(np.uint32) for x in (a, b)]
    left, right = (np.concatenate([x[:, early], x[:, ~early]], axis=1) for x in wide)
    sums = chained(BUILDS[f"hopper_{acc}"], left, right, np.zeros(count, np.uint32), "fp16")
    if acc == "fp16":
        parts, one, kind = c[:, None], 0x3C00, "fp16"
    else:
        parts, one, kind = np.stack(list(_pieces(c)), axis=1), 0x3F80, "bf16"
    total = diagonal(sums[-1]["d"])[:count]
    last = chained(BUILDS[f"exact_{acc}"], parts, np.full_like(parts, one), total, kind)
    return {f"hopper_{acc}": sums, f"exact_{acc}": last}, diagonal(last[-1]["d"])[:count], want


def _pieces(bits):
    """Yield bf16 patterns whose values sum to those of fp32 patterns."""
    left = bits.astype(np.uint32)
    for _ in range(3):
        top = left & np.uint32(0xFFFF0000)
        yield top >> 16
        left = (left.view(np.float32) - top.view(np.float32)).view(np.uint32)


def diagonal(d):
    """Return what operations of `from_rows` say of their rows: D's diagonals, one after another."""
    return d[:, range(4), range(4)].reshape(-1)
