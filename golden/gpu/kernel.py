"""CUDA text of one instruction: load a tile into registers, run it once, store the result.

All shapes but m8n8k4 share one fragment layout, lane = 4 * group + member: register r of A holds row
``group + 8 * (r % 2)``, word ``member + 4 * (r / 2)``; register r of B holds column ``group``, word
``member + 4 * r``; 32-bit accumulator r is at row ``group + 8 * (r / 2)``, column ``2 * member + r % 2``, and a
register of two 16-bit accumulators at row ``group + 8 * r``, columns ``2 * member`` and the next. A of ``mma.sp`` lies as a
dense A of half the length does; its metadata is a word a lane, as `golden.gpu.structured.lanes` places it.
"""
from golden.gpu.instruction import COLUMNS, PTX, Instruction

ENTRY = "tile"

_HEAD = """
extern "C" __global__ void tile(const unsigned *A, const unsigned *B, const unsigned *C, const unsigned *E, unsigned *D)
{
    const unsigned lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const unsigned group = lane >> 2, member = lane & 3;
"""


def source(instruction: Instruction) -> str:
    """Return CUDA text whose kernel ``tile`` runs the instruction once a block on packed tiles."""
    if instruction.family == "wgmma":
        return _wgmma(instruction)
    return _volta(instruction) if instruction.rows == 8 else _mma(instruction)


def threads(instruction: Instruction) -> int:
    """Count the threads of a block: a warp, or for wgmma a warp group."""
    return 128 if instruction.family == "wgmma" else 32


def _half(instruction: Instruction) -> bool:
    return instruction.acc == "fp16"


def _accumulators(instruction: Instruction) -> int:
    """Registers of C and D a thread holds."""
    return 2 if _half(instruction) else 4


def _load_a(instruction: Instruction) -> str:
    count = instruction.words_a // 2
    return "".join(f"    const unsigned a{r} = A[(blockIdx.x * {instruction.rows} + warp * 16 + group + {8 * (r % 2)})"
                   f" * {instruction.words_a} + member + {4 * (r // 2)}];\n" for r in range(count))


def _index(instruction: Instruction, r: int) -> str:
    """Place of accumulator register r, counted in registers of two or one numbers."""
    across = COLUMNS // 2 if _half(instruction) else COLUMNS
    row = 8 * r if _half(instruction) else 8 * (r // 2)
    column = "member" if _half(instruction) else f"2 * member + {r % 2}"
    return f"(blockIdx.x * {instruction.rows} + warp * 16 + group + {row}) * {across} + {column}"


def _registers(first: int, count: int) -> str:
    """Return the braced operands first .. first + count - 1 of an asm statement."""
    return "{" + ", ".join(f"%{n}" for n in range(first, first + count)) + "}"


def _mma(instruction: Instruction) -> str:
    a, b, c = instruction.words_a // 2, instruction.words // 4, _accumulators(instruction)
    load_b = "".join(f"    const unsigned b{r} = B[(blockIdx.x * {COLUMNS} + group) * {instruction.words} + member"
                     f" + {4 * r}];\n" for r in range(b))
    clamp = ".satfinite" if instruction.satfinite else ""
    kind, out = PTX[instruction.fmt], PTX[instruction.acc]
    name = "mma.sp::ordered_metadata.sync" if instruction.sparse else "mma.sync"
    operation = (f"{name}.aligned.m16n8k{instruction.terms}.row.col{clamp}.{out}.{kind}.{kind}.{out}{instruction.count} "
                 f"{_registers(0, c)}, {_registers(c, a)}, {_registers(c + a, b)}, "
                 f"{_registers(0, c)}{f', %{c + a + b}, 0' if instruction.sparse else ''};")
    inputs = _inputs(a, b)
    if instruction.sparse:
        load_b, inputs = load_b + "    const unsigned e = E[blockIdx.x * 32 + lane];\n", inputs + ', "r"(e)'
    return _HEAD + _load_a(instruction) + load_b + _run(instruction, operation, inputs) + "}\n"


def _inputs(a: int, b: int) -> str:
    return ", ".join([f'"r"(a{r})' for r in range(a)] + [f'"r"(b{r})' for r in range(b)])


def _run(instruction: Instruction, operation: str, inputs: str) -> str:
    """Return the text that loads C, runs ``operation`` on it in place, and stores D."""
    kind = '"+f"' if instruction.acc == "fp32" else '"+r"'
    count = _accumulators(instruction)
    load, store = ("__uint_as_float", "__float_as_uint") if instruction.acc == "fp32" else ("", "")
    number = "float" if instruction.acc == "fp32" else "unsigned"
    text = "".join(f"    {number} d{r} = {load}(C[{_index(instruction, r)}]);\n" for r in range(count))
    text += f'    asm volatile("{operation}"\n        : ' + ", ".join(f"{kind}(d{r})" for r in range(count))
    text += f"\n        : {inputs} : \"memory\");\n"
    return text + "".join(f"    D[{_index(instruction, r)}] = {store}(d{r});\n" for r in range(count))


def _wgmma(instruction: Instruction) -> str:
    """A from registers, B from shared memory: two core matrices of 8 columns x 16 bytes, side by side along K."""
    count, kind, out = _accumulators(instruction), PTX[instruction.fmt], PTX[instruction.acc]
    signs = "" if instruction.acc == "int32" else ", 1, 1"
    transpose = ", 0" if instruction.fmt in ("fp16", "bf16") else ""
    operation = (
        "wgmma.fence.sync.aligned;\\n"
        f"wgmma.mma_async.sync.aligned.m64n8k{instruction.terms}.{out}.{kind}.{kind} "
        f"{_registers(0, count)}, {_registers(count, 4)}, %{count + 4}, 1{signs}{transpose};\\n"
        "wgmma.commit_group.sync.aligned;\\n"
        "wgmma.wait_group.sync.aligned 0;")
    share = """
    __shared__ __align__(128) unsigned share[64];
    if (threadIdx.x < 64) {
        const unsigned column = threadIdx.x >> 3, word = threadIdx.x & 7;
        share[(word >> 2) * 32 + column * 4 + (word & 3)] = B[blockIdx.x * 64 + threadIdx.x];
    }
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
    __syncthreads();
    const unsigned long long at = (unsigned)__cvta_generic_to_shared(share);
    const unsigned long long descriptor = (at >> 4 & 0x3FFF) | 8ull << 16 | 8ull << 32;
"""
    inputs = _inputs(4, 0) + ', "l"(descriptor)'
    return _HEAD + _load_a(instruction) + share + _run(instruction, operation, inputs) + "}\n"


def _volta(instruction: Instruction) -> str:
    """m8n8k4: four quad pairs, each with the whole tile; the first one's result counts."""
    out, count = PTX[instruction.acc], 4 if _half(instruction) else 8
    row = "(lane & 3) + (lane >> 4) * 4"
    load = (f"    const unsigned row = {row};\n"
            + "".join(f"    const unsigned a{r} = A[blockIdx.x * 16 + row * 2 + {r}];\n" for r in range(2))
            + "".join(f"    const unsigned b{r} = B[blockIdx.x * 16 + row * 2 + {r}];\n" for r in range(2)))

    def index(r: int) -> str:
        if _half(instruction):
            return f"blockIdx.x * 32 + row * 4 + {r}"
        return (f"blockIdx.x * 64 + ((lane & 1) + {r & 2} + (lane >> 4) * 4) * 8 + {r & 4} + (lane & 2) + {r & 1}")

    kind = '"+f"' if not _half(instruction) else '"+r"'
    number, get, put = (("float", "__uint_as_float", "__float_as_uint") if not _half(instruction) else
                        ("unsigned", "", ""))
    operation = (f"mma.sync.aligned.m8n8k4.row.col.{out}.f16.f16.{out} {_registers(0, count)}, "
                 f"{_registers(count, 2)}, {_registers(count + 2, 2)}, {_registers(0, count)};")
    text = _HEAD + load + "".join(f"    {number} d{r} = {get}(C[{index(r)}]);\n" for r in range(count))
    text += f'    asm volatile("{operation}"\n        : ' + ", ".join(f"{kind}(d{r})" for r in range(count))
    text += f"\n        : {_inputs(2, 2)} : \"memory\");\n    if ((lane & 12) == 0) {{\n"
    return text + "".join(f"        D[{index(r)}] = {put}(d{r});\n" for r in range(count)) + "    }\n}\n"
