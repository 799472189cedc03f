"""A driver in C for a program without an operating system: ``nonzero.h`` is common, the machine's own from its manifest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spec.registers import WORD_BITS, Register, RegisterMap, from_data

COMMON = Path(__file__).with_name("nonzero.h")

BROKEN = ("short", "long", "unknown", "range")
"""Fields of the register ``flags`` that say that a packet was not as it must be; the other fields are events."""

RESERVED = frozenset("""
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl concept const const_cast consteval
    constexpr constinit continue co_await co_return co_yield decltype default delete do double dynamic_cast else enum explicit
    export extern false float for friend goto if inline int linux long mutable namespace new noexcept not not_eq nullptr nz
    operator or or_eq private protected public register reinterpret_cast requires restrict return short signed sizeof static
    static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename union unix
    unsigned using virtual void volatile wchar_t while xor xor_eq""".split())
"""Words of C and C++, and what compilers define; a parameter of such a name gets a _ after it."""

TEXT = """/* Driver of {name}; {generator}. nonzero.h says how a machine is loaded, started and waited for. */
#ifndef {guard}
#define {guard}

#include "{name}.h"
#include "nonzero.h"

{body}

#endif /* {guard} */
"""


def files(manifest: dict[str, Any]) -> dict[str, str]:
    """Return ``NAME_driver.h`` and ``nonzero.h``; names in it begin with that of the machine, ``eie_`` in every build."""
    name, design = manifest["name"], manifest["design"]
    registers = from_data(design, manifest["registers"])
    parts = [_map(design, registers), *_setters(design, registers), *_counters(design, registers)]
    text = TEXT.format(name=name, generator=manifest["generator"], guard=f"{name}_driver_h".upper(), body="\n\n".join(parts))
    return {f"{name}_driver.h": text, "nonzero.h": COMMON.read_text(encoding="utf-8")}


def _map(design: str, registers: RegisterMap) -> str:
    """Return the constants to compare, the masks of the flags, and the function that begins with the machine."""
    def mask(register: str, names: list[str]) -> str:
        return " | ".join(f"{design}_{register}_{name}_MASK".upper() for name in names) or "0u"

    constants = [f"  {{{f'{design}_{one.name}'.upper()}, 0x{one.init:08x}u}}," for one in registers.registers
                 if one.kind == "constant"]
    if not constants:
        raise ValueError(f"registers of {design} must have a constant, by which a driver knows the machine; add its identity")
    flags = [field.name for field in registers["flags"].fields]
    busy = "status" in {one.name for one in registers.registers} and any(
        field.name == "busy" for field in registers["status"].fields)
    fields = [
        f"{design}_constants", f"sizeof {design}_constants / sizeof *{design}_constants", f"{design}_flags".upper(),
        mask("flags", [name for name in flags if name == "done"]), mask("flags", [name for name in flags if name == "refused"]),
        mask("flags", [name for name in flags if name in BROKEN]),
        mask("flags", [name for name in flags if name not in BROKEN]),
        f"{design}_irq_enable".upper(), mask("irq_enable", ["enable"]),
        f"{design}_status".upper() if busy else "0u", mask("status", ["busy"] if busy else [])]
    return "\n".join((
        f"static const struct nz_constant {design}_constants[] = {{", *constants, "};", "",
        f"static const struct nz_map {design}_map = {{", *(f"  {field}," for field in fields), "};", "",
        "/* Begin with the machine, whose constants must be those of this header. */",
        f"static inline enum nz_result {design}_open(struct nz_device *nz, const struct nz_bus *bus)", "{",
        f"  return nz_open(nz, bus, &{design}_map);", "}"))


def _setters(design: str, registers: RegisterMap) -> Iterator[str]:
    for register in registers.registers:
        if register.kind == "rw":
            yield _setter(design, register)


def _setter(design: str, register: Register) -> str:
    takes = {field.name: _safe(field.name) for field in register.fields}
    checks = [f"{takes[field.name]} > 0x{(1 << field.bits) - 1:x}u" for field in register.fields if field.bits < WORD_BITS]
    word = " | ".join(f"{takes[field.name]} << {f'{design}_{register.name}_{field.name}_LSB'.upper()}"
                      for field in register.fields)
    return "\n".join((
        f"/* {_comment(register.doc)}", *(f"   {takes[field.name]}: {_comment(field.doc)}" for field in register.fields),
        "*/", f"static inline enum nz_result {design}_set_{register.name}(struct nz_device *nz, "
        + ", ".join(f"uint32_t {name}" for name in takes.values()) + ")", "{",
        *((f"  if ({' || '.join(checks)}) {{", "    return NZ_RANGE;", "  }") if checks else ()),
        f"  nz_write(nz, {f'{design}_{register.name}'.upper()}, {word});", "  return NZ_OK;", "}"))


def _counters(design: str, registers: RegisterMap) -> Iterator[str]:
    found = [register for register in registers.registers if register.kind == "counter"]
    if found:
        members = [f"  uint64_t {_safe(one.name)}; /* {_comment(one.doc)} */" for one in found]
        reads = [f"  to->{_safe(one.name)} = nz_counter(nz, {f'{design}_{one.name}_LO'.upper()});" for one in found]
        yield "\n".join((f"struct {design}_counters {{", *members, "};"))
        yield "\n".join((
            "/* Read every counter. */",
            f"static inline void {design}_read_counters(struct nz_device *nz, struct {design}_counters *to)", "{", *reads, "}"))


def _safe(name: str) -> str:
    return f"{name}_" if name in RESERVED else name


def _comment(text: str) -> str:
    return text.replace("*/", "* /")
