"""Recordings of real tensor cores: one file format to read, to write and to compare the golden model with."""
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cli.command import atomic
from files.archive import open_archive
from golden.mac.emulated import dot as emulated
from golden.mac.product import dot
from spec.mac import MacSpec
from spec.mac.number import FORMATS

ARCHS = {
    "V100": "volta", "A100": "ampere", "A30": "ampere", "A2": "ampere",
    "Ada": "ada", "L40S": "ada", "L40": "ada", "L4": "ada", "4090": "ada",
    "H100": "hopper", "H200": "hopper", "GH200": "hopper",
    "B200": "blackwell", "GB200": "blackwell",
}
"""Generation of each GPU known, by the word of its name that tells the model."""

EMULATING = ("hopper", "blackwell")
"""Generations whose ``mma.sync`` computes 8-bit floats by fp16 arithmetic; their native path is another instruction."""

WARP = ("mma.sync", "mma.sp")
"""Families of instruction that do so."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Dot products and what one instruction of one GPU made of them, as raw patterns.

    Parameters
    ----------
    a, b : array, shape (N, K)
        Operands.
    c, d : array, shape (N,)
        Addends and results.
    gpu, instruction : str
        Who computed d: the GPU's name, and a text with ``"wgmma"``, ``"mma.sync"`` or ``"mma.sp"``.
    ab_format, cd_format : str
        Formats.
    """

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    d: np.ndarray
    gpu: str
    instruction: str
    ab_format: str
    cd_format: str

    def __post_init__(self):
        for name in (self.ab_format, self.cd_format):
            if name not in FORMATS:
                raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {name!r}; "
                                 f"correct the recording")
        if kinds := [name for name in ("a", "b", "c", "d") if getattr(self, name).dtype.kind != "u"]:
            raise TypeError(f"{kinds[0]} must be patterns, unsigned integers, not {getattr(self, kinds[0]).dtype}; "
                            f"correct the recording")
        if self.a.ndim != 2 or not self.a.size or self.a.shape != self.b.shape:
            raise ValueError(f"a and b must have one shape (N, K), N and K at least 1, not {self.a.shape} and {self.b.shape}; "
                             f"correct the recording")
        if not self.c.shape == self.d.shape == self.a.shape[:1]:
            raise ValueError(f"c and d must have shape {self.a.shape[:1]}, not {self.c.shape} and "
                             f"{self.d.shape}; correct the recording")

    @property
    def arch(self) -> str:
        """Generation of the GPU."""
        model = next((word for word in self.gpu.replace("-", " ").split() if word in ARCHS), None)
        if model is None:
            raise ValueError(f"gpu must be one whose generation is known ({', '.join(ARCHS)}), not "
                             f"{self.gpu!r}; there is no golden for it")
        return ARCHS[model]

    def golden(self) -> np.ndarray:
        """Return what golden says the results are."""
        if self.ab_format in ("e4m3", "e5m2") and self.arch in EMULATING and any(name in self.instruction for name in WARP):
            return emulated(self.a, self.b, self.c, self.ab_format, self.cd_format)
        if "satfinite" in self.instruction:
            build = MacSpec(arch=self.arch, formats=(self.ab_format,), acc=self.cd_format, k=32, overflow="saturate")
            return dot(build, self.a, self.b, self.c, self.ab_format)
        return dot(self.arch, self.a, self.b, self.c, self.ab_format, self.cd_format)


TEXTS = ("gpu", "instruction", "ab_format", "cd_format")
ARRAYS = ("a", "b", "c", "d")
LIMIT_BYTES = 1 << 30
"""What an array of a recording may hold when unpacked."""


def load(path: str | Path) -> Recording:
    """Read a recording, naming what is wrong with a file that is none."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"a recording must be a file, and {path} is none; name an .npz, or a folder of them")
    with open_archive(path, "recording", "give a recordings file") as archive:
        if missing := [name for name in (*ARRAYS, *TEXTS) if name not in archive.sizes]:
            raise ValueError(f"{path} must hold the arrays of a recording, not lack {', '.join(missing)}; "
                             f"record it again with python -m golden.gpu")
        fields: dict[str, Any] = {name: archive.read(name, LIMIT_BYTES) for name in (*ARRAYS, *TEXTS)}
    for name in TEXTS:
        if fields[name].shape or fields[name].dtype.kind != "U":
            raise TypeError(f"{name} of {path} must be a text, not an array of {fields[name].dtype}; give a recordings file")
        fields[name] = str(fields[name])
    return Recording(**fields)


def save(path: str | Path, recording: Recording) -> None:
    """Write a recording, whole or not at all."""
    with atomic(path) as draft:
        np.savez_compressed(draft, **{name: getattr(recording, name) for name in (*ARRAYS, *TEXTS)})


def check(path: str | Path) -> dict:
    """Compare the golden model with a file; return the counts and the first row that differs, if one does."""
    record = load(path)
    want, got = record.d, record.golden()
    wrong = np.flatnonzero(want != got)
    row = {"file": Path(path).name, "gpu": record.gpu, "instruction": record.instruction, "arch": record.arch,
           "ab_format": record.ab_format, "cd_format": record.cd_format, "terms": int(record.a.shape[1]),
           "rows": len(want), "match": int(len(want) - len(wrong)), "first": None}
    if len(wrong):
        at = int(wrong[0])
        row["first"] = {"row": at, "gpu": f"{want[at]:x}", "golden": f"{got[at]:x}"}
    return row
