"""The C driver as compilers and a program see it: no warning in C or C++, names of any language, memory as a bus."""
import platform
import re
import shutil
import subprocess
import sys

import pytest

from compress import firmware
from rtl.eie.machine import Machine
from rtl.package import files
from rtl.scnn.machine import Machine as ScnnMachine
from sim.driver.build import FREE, HERE, STRICT, compile_c, compilers
from sim.scnn.cases import case
from spec import machines
from spec.scnn import preset as scnn_preset
from tests.compress_sample import sample, small
from tests.package_sample import NAMES, SAMPLES, described

COMPILERS = [*compilers(), *(name for name in ("g++", "clang++") if shutil.which(name))]
CXX = ("-std=c++11", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wshadow")


def compiled(compiler, folder, text, *more):
    """Compile a program; return what the compiler says."""
    source = folder / ("program.cpp" if compiler.endswith("++") else "program.c")
    source.write_text(text)
    flags = CXX if compiler.endswith("++") else STRICT
    done = subprocess.run([compiler, *flags, *more, "-o", folder / "program", source], capture_output=True, text=True,
                          check=False)
    return done.stderr or (f"{compiler} failed" if done.returncode else "")


def written(manifest, folder):
    for name, text in files(manifest, ("header", "driver")).items():
        (folder / name).write_text(text)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", NAMES)
def test_a_compiler_says_nothing(name, compiler, tmp_path):
    registers, manifest = SAMPLES[name]
    written(manifest, tmp_path)
    include = f'#include "{manifest["name"]}_driver.h"\n'
    free = () if compiler.endswith("++") else FREE
    assert not compiled(compiler, tmp_path, f"{include}{include}int use(void);\nint use(void) {{ return 0; }}\n", *free, "-c")


@pytest.mark.skipif(not compilers(), reason="there is no C compiler on PATH")
@pytest.mark.parametrize("name", NAMES)
def test_registers_in_memory_are_written_and_read_where_the_map_says(name, tmp_path):
    registers, manifest = SAMPLES[name]
    written(manifest, tmp_path)
    design, checks = manifest["design"], []
    for register in registers.registers:
        upper = f"{design}_{register.name}".upper()
        if register.kind == "constant":
            checks.append(f"memory[{register.offset // 4}] = 0x{register.init:x}u;")
    checks.append(f"if ({design}_open(&nz, &bus) != NZ_OK) return 1;")
    checks.append('if (nz_offer(&nz, "s_more", NULL, 1, 0) != NZ_TRANSFER) return 7;')
    checks.append(f"memory[0] ^= 1; if ({design}_open(&nz, &bus) != NZ_MACHINE) return 2; memory[0] ^= 1;")
    for register in registers.registers:
        upper = f"{design}_{register.name}".upper()
        if register.kind == "rw":
            values = [(1 << field.bits) - 1 for field in register.fields]
            word = sum(value << lsb for value, (_, lsb) in zip(values, register.placed(), strict=True))
            call = f"{design}_set_{register.name}(&nz, {', '.join(f'0x{value:x}u' for value in values)})"
            checks.append(f"if ({call} != NZ_OK || memory[{register.offset // 4}] != 0x{word:x}u) return 3;")
            for place, field in enumerate(register.fields):
                if field.bits < 32:
                    wrong = [*values[:place], values[place] + 1, *values[place + 1:]]
                    call = f"{design}_set_{register.name}(&nz, {', '.join(f'0x{value:x}u' for value in wrong)})"
                    checks.append(f"memory[{register.offset // 4}] = 7u; if ({call} != NZ_RANGE || "
                                  f"memory[{register.offset // 4}] != 7u) return 4;")
                checks.append(f"if (NZ_FIELD(0x{word:x}u, {upper}_{field.name.upper()}) != 0x{values[place]:x}u) return 5;")
        elif register.kind == "counter":
            place = register.offset // 4
            checks.append(f"memory[{place}] = 0x{register.offset:x}u; memory[{place + 1}] = 0x12345u;")
    counters = [register for register in registers.registers if register.kind == "counter"]
    if counters:
        checks.append(f"{{ struct {design}_counters all; const uint64_t *each = (const uint64_t *)&all; "
                      f"{design}_read_counters(&nz, &all);")
        checks += [f"if (each[{place}] != 0x12345{register.offset:08x}u) return 6;" for place, register in enumerate(counters)]
        checks.append("}")
    body = "\n  ".join(checks)
    assert not compiled(compilers()[0], tmp_path, f"""#include "{manifest['name']}_driver.h"
static volatile uint32_t memory[1024];
int main(void)
{{
  struct nz_bus bus = {{memory, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL}};
  struct nz_device nz;
  {body}
  return 0;
}}
""")
    assert subprocess.run([tmp_path / "program"], check=False).returncode == 0


def eie():
    """The image of a small EIE array, and what its program is."""
    spec = small(pes=2, slots=32, layers=3)
    return "classify.c", "eie", spec, Machine(spec), sample(spec)


def scnn():
    """The image of a small SCNN array, whose entries lie across words of 64 bits."""
    spec = scnn_preset("ecp5", rows=1, cols=1, i=4, banks=16)
    return "convolve.c", "scnn", spec, ScnnMachine(spec), case(spec, seed=1).image


PROGRAMS = (eie, scnn)
"""The example programs of sim/driver."""


def example(folder, program):
    """Write what an example program includes; return the program and the definition of its driver."""
    source, design, spec, component, image = program()
    (folder / "net.h").write_text(firmware.header("net", "sample", design, image))
    package = machines.specification(design)
    written(described(design, package.registers(spec), component, packets=package.PACKETS, spec=spec), folder)
    return HERE / source, f'DRIVER="{design}_sample_driver.h"'


@pytest.mark.skipif(not compilers() or not shutil.which("nm"), reason="there is no C compiler on PATH: apt-get install gcc")
@pytest.mark.parametrize("program", PROGRAMS)
def test_an_example_program_calls_no_library(program, tmp_path):
    source, driver = example(tmp_path, program)
    compile_c(compilers()[0], source, tmp_path / "program.o", [tmp_path, HERE], [driver], free=True)
    assert not subprocess.run(["nm", "-u", tmp_path / "program.o"], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(platform.machine() != "x86_64" or not shutil.which("gcc"), reason="gcc -m32 is of x86-64 alone")
@pytest.mark.parametrize("program", PROGRAMS)
def test_an_example_program_is_compiled_for_a_processor_of_32_bits(program, tmp_path):
    source, driver = example(tmp_path, program)
    call = ["gcc", "-m32", *STRICT, *FREE, f"-D{driver}", f"-I{tmp_path}", f"-I{HERE}", "-c", source, "-o", tmp_path / "p.o"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert (tmp_path / "p.o").read_bytes()[:5] == b"\x7fELF\x01", "this is the ELF of 32 bits"


@pytest.mark.full
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("target", ["riscv32-freestanding", "arm-freestanding-eabi", "aarch64-freestanding"])
def test_clang_compiles_an_example_program_for_small_processors(target, program, tmp_path):
    pytest.importorskip("ziglang", reason="clang for small processors is not installed: pip install -e .[cross]")
    source, driver = example(tmp_path, program)
    call = [sys.executable, "-m", "ziglang", "cc", "-target", target, *STRICT, *FREE, "-Os", f"-D{driver}", f"-I{tmp_path}",
            f"-I{HERE}", "-c", source, "-o", tmp_path / "program.o"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_every_word_of_the_flags_is_an_event_or_a_broken_packet():
    for registers, manifest in SAMPLES.values():
        text = files(manifest, ("driver",))[f"{manifest['name']}_driver.h"]
        broken, events = re.search(r"_map = \{\n(?:.*\n){5}  (.*),\n  (.*),\n", text).groups()
        named = {part for part in f"{broken} | {events}".split(" | ") if part != "0u"}
        assert named == {f"{manifest['design']}_flags_{field.name}_mask".upper() for field in registers["flags"].fields}
