"""The one description of a machine's control registers: decoder, C header, documentation and hosts read it.

A map is a list of registers of 32 bits at ascending addresses, each with fields from bit 0 upwards. How
the bus and the machine share a register is its *kind*:

========== ============================== =================================================
kind       the bus                        the machine
========== ============================== =================================================
constant   reads a number fixed at build  takes no part
rw         reads and writes               sees the value
ro         reads                          drives the value
pulse      writes 1 to act; reads 0       sees each 1 for one cycle
w1c        reads; writes 1 to clear       sets a flag; if both at once, the flag stays set
counter    reads 64 bits, low word first  drives the value
========== ============================== =================================================

Reading the low word of a counter keeps its high word of that moment for the next read of any counter's
high word, so that the pair belongs together. Reads of an address without a register, and writes of
anything but ``rw``, ``pulse`` and ``w1c``, are answered with SLVERR and change nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

KINDS = ("constant", "rw", "ro", "pulse", "w1c", "counter")
WRITABLE = ("rw", "pulse", "w1c")
WORD_BITS = 32
WORD_BYTES = WORD_BITS // 8


@dataclass(frozen=True, kw_only=True)
class Field:
    """Some bits of a register; ``init`` is their value after reset, or for ever in a constant."""

    name: str
    bits: int
    doc: str
    init: int = 0

    def __post_init__(self) -> None:
        _check_name("field", self.name)
        if not 1 <= self.bits <= 2 * WORD_BITS:
            raise ValueError(f"bits of field {self.name} must be in 1..64, not {self.bits}; split the field")
        if not 0 <= self.init < 1 << self.bits:
            raise OverflowError(f"init of field {self.name} must fit {self.bits} bits, not {self.init}")


@dataclass(frozen=True, kw_only=True)
class Register:
    """One word of the map, or the two words of a counter, with its fields from bit 0 upwards."""

    name: str
    offset: int
    kind: str
    fields: tuple[Field, ...]
    doc: str

    def __post_init__(self) -> None:
        _check_name("register", self.name)
        if self.kind not in KINDS:
            raise ValueError(f"kind of {self.name} must be one of {', '.join(KINDS)}, not {self.kind!r}")
        if self.offset < 0 or self.offset % WORD_BYTES:
            raise ValueError(f"offset of {self.name} must be a multiple of 4, not {self.offset:#x}")
        if not self.fields:
            raise ValueError(f"register {self.name} must have a field, not none; name what its bits mean")
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise ValueError(f"fields of {self.name} must have different names, not {', '.join(names)}")
        if self.bits > WORD_BITS * self.words:
            raise ValueError(f"fields of {self.name} must fit {WORD_BITS * self.words} bits, "
                             f"not {self.bits}; move some to another register")
        if self.kind not in ("constant", "rw") and any(field.init for field in self.fields):
            raise ValueError(f"init of {self.name} must be 0 for kind {self.kind}, not {self.init}; "
                             f"only constant and rw keep one")

    @property
    def words(self) -> int:
        """Words of the map that it takes."""
        return 2 if self.kind == "counter" else 1

    @property
    def bits(self) -> int:
        """Bits that its fields take together."""
        return sum(field.bits for field in self.fields)

    @property
    def init(self) -> int:
        """Value after reset, or for ever in a constant."""
        return sum(field.init << lsb for field, lsb in self.placed())

    def placed(self) -> Iterator[tuple[Field, int]]:
        """Yield each field with the place of its lowest bit."""
        lsb = 0
        for field in self.fields:
            yield field, lsb
            lsb += field.bits


@dataclass(frozen=True, kw_only=True)
class RegisterMap:
    """All registers of a machine, in ascending order of address."""

    name: str
    registers: tuple[Register, ...]

    def __post_init__(self) -> None:
        _check_name("map", self.name)
        free = 0
        for register in self.registers:
            if register.offset < free:
                raise ValueError(f"offset of {register.name} must be at least {free:#x}, not "
                                 f"{register.offset:#x}; the register before it ends there")
            free = register.offset + WORD_BYTES * register.words
        names = [register.name for register in self.registers]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"registers must have different names, not {min(repeated)} twice; rename one")

    def __getitem__(self, name: str) -> Register:
        known = {register.name: register for register in self.registers}
        if name not in known:
            raise ValueError(f"register must be one of {', '.join(known)}, not {name!r}")
        return known[name]

    @property
    def address_bits(self) -> int:
        """Width of a byte address that reaches every register."""
        last = self.registers[-1] if self.registers else None
        return (last.offset + WORD_BYTES * last.words - 1).bit_length() if last else 2

    def as_data(self) -> list[dict[str, Any]]:
        """Return the map as plain data for JSON; ``from_data`` turns it back."""
        return [asdict(register)
                | {"fields": [asdict(field) | {"lsb": lsb} for field, lsb in register.placed()]}
                for register in self.registers]

    def constants(self) -> dict[str, int]:
        """Return every name a host needs with its number: offsets, lowest bits, masks."""
        numbers: dict[str, int] = {}
        for register in self.registers:
            name = register.name.upper()
            if register.kind == "counter":
                numbers |= {f"{name}_LO": register.offset, f"{name}_HI": register.offset + WORD_BYTES}
                continue
            numbers[name] = register.offset
            for field, lsb in register.placed():
                numbers[f"{name}_{field.name.upper()}_LSB"] = lsb
                numbers[f"{name}_{field.name.upper()}_MASK"] = ((1 << field.bits) - 1) << lsb
        return numbers


def from_data(name: str, data: Iterable[dict[str, Any]]) -> RegisterMap:
    """Return the map that ``RegisterMap.as_data`` described."""
    def field(entry: dict[str, Any]) -> Field:
        return Field(**{key: value for key, value in entry.items() if key != "lsb"})

    return RegisterMap(name=name, registers=tuple(
        Register(**entry | {"fields": tuple(map(field, entry["fields"]))}) for entry in data))


class MapBuilder:
    """Collects registers one after another, each at the next free address.

    A field may be given as a `Field` or, with one bit, as ``name="what it means"``.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._registers: list[Register] = []

    def add(self, kind: str, name: str, doc: str, *fields: Field, **flags: str) -> "MapBuilder":
        """Append a register of a kind; without fields it is one field of 32 bits, or 64 in a counter."""
        last = self._registers[-1] if self._registers else None
        offset = last.offset + WORD_BYTES * last.words if last else 0
        parts = (*fields, *(Field(name=flag, bits=1, doc=text) for flag, text in flags.items()))
        whole = Field(name="value", bits=2 * WORD_BITS if kind == "counter" else WORD_BITS, doc=doc)
        self._registers.append(
            Register(name=name, offset=offset, kind=kind, fields=parts or (whole,), doc=doc))
        return self

    def constant(self, name: str, value: int, doc: str) -> "MapBuilder":
        """Append a number that is fixed at build."""
        return self.add("constant", name, doc, Field(name="value", bits=WORD_BITS, doc=doc, init=value))

    def map(self) -> RegisterMap:
        """Return the finished map."""
        return RegisterMap(name=self.name, registers=tuple(self._registers))


def _check_name(what: str, name: str) -> None:
    if not (name.isidentifier() and name.isascii() and name == name.lower()):
        raise ValueError(f"name of a {what} must be lower-case letters, digits and _, not {name!r}")
