"""The GPU of this machine, through CuPy: the only file that imports it, and only when asked."""
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from golden.gpu.instruction import Instruction
from golden.gpu.kernel import ENTRY, source, threads

GENERATIONS = {70: "volta", 80: "ampere", 86: "ampere", 87: "ampere", 89: "ada", 90: "hopper", 100: "blackwell",
               103: "blackwell", 120: "blackwell", 121: "blackwell"}
"""Whose numerics a compute capability has, as far as the golden model has them."""


class Device:
    """The first GPU.

    Attributes
    ----------
    name, driver, runtime : str
        What the driver calls the GPU; the versions of CUDA that the driver offers and CuPy was built for.
    capability : int
        Compute capability, major times ten plus minor.
    arch : str
        Generation by `GENERATIONS`.
    """

    def __init__(self) -> None:
        self._cupy = cupy()
        runtime = self._cupy.cuda.runtime
        properties = runtime.getDeviceProperties(0)
        self.name = properties["name"].decode()
        self.driver = _version(runtime.driverGetVersion())
        self.runtime = _version(runtime.runtimeGetVersion())
        self.capability = 10 * properties["major"] + properties["minor"]
        if self.capability not in GENERATIONS:
            raise OSError(f"the GPU must have a compute capability in {', '.join(map(str, GENERATIONS))}, not "
                          f"{self.capability} ({self.name}); golden has no numerics for it")
        self.arch = GENERATIONS[self.capability]

    def takes(self, instruction: Instruction) -> bool:
        """Whether the GPU has the instruction and the golden model its numerics."""
        return instruction.runs_on(self.capability)

    def run(self, instruction: Instruction, a, b, c, e=None) -> np.ndarray:
        """Return D of packed tiles (uint32): a (T, rows, words of A), b (T, 8, words), c (T, rows, words of C).

        ``e`` (T, 32) is the metadata of a sparse instruction, a word a lane.
        """
        out = self._cupy.zeros(c.shape, np.uint32)
        arrays = [self._cupy.asarray(np.ascontiguousarray(x)) for x in (a, b, c, c if e is None else e)]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "kernel.cubin"
            path.write_bytes(cubin(instruction, self.capability))
            kernel = self._cupy.RawModule(path=str(path)).get_function(ENTRY)
            kernel((len(a),), (threads(instruction),), (*arrays, out))
        return self._cupy.asnumpy(out)

    def sparse_product(self, rows, columns, values, shape: tuple[int, int], x) -> np.ndarray:
        """Return the product of a sparse matrix and a vector by the GPU's sparse library, in float64."""
        put = self._cupy.asarray
        sparse = import_module("cupyx.scipy.sparse")
        entries = put(np.asarray(values, np.float64)), (put(np.asarray(rows)), put(np.asarray(columns)))
        return self._cupy.asnumpy(sparse.csr_matrix(entries, shape=shape) @ put(np.asarray(x, np.float64)))


@cache
def cupy() -> Any:
    """Import CuPy and find a GPU, or say in one line what is missing."""
    try:
        module = import_module("cupy")
    except ImportError as error:
        raise OSError(f"a GPU must be reachable through CuPy, not without it ({error}); "
                      f"on a machine with an NVIDIA GPU: pip install 'cupy-cuda12x[ctk]'") from error
    try:
        module.cuda.runtime.getDeviceCount()
    except module.cuda.runtime.CUDARuntimeError as error:
        raise OSError(f"a GPU must be reachable through CuPy, not absent ({error}); "
                      f"run on a machine with an NVIDIA GPU and its driver") from error
    return module


@cache
def cubin(instruction: Instruction, capability: int) -> bytes:
    """Return the machine code of an instruction's kernel, by NVRTC.

    CuPy's own compile path is passed by because it names the plain architecture, where wgmma needs sm_90a.
    """
    try:
        nvrtc = import_module("cupy_backends.cuda.libs.nvrtc")
    except ImportError as error:
        raise OSError(f"NVRTC must be reachable through CuPy, not absent ({error}); "
                      f"pip install 'cupy-cuda12x[ctk]'") from error
    name = f"sm_{capability}{'a' if instruction.family == 'wgmma' else ''}"
    program = nvrtc.createProgram(source(instruction), "tile.cu", (), ())
    try:
        nvrtc.compileProgram(program, (f"--gpu-architecture={name}",))
        return nvrtc.getCUBIN(program)
    except nvrtc.NVRTCError as error:
        log = " ".join(nvrtc.getProgramLog(program).split())
        raise RuntimeError(f"{instruction.name} must assemble for {name}, not fail: {log}; report this") from error
    finally:
        nvrtc.destroyProgram(program)


def _version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"
