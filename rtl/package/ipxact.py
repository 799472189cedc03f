"""The machine as an IP-XACT component, IEEE 1685-2014 and 1685-2022: bus interfaces, address map, ports, files."""

from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from rtl.package import xml
from rtl.package.port import Port, buses, is_stream, ports
from rtl.package.word import KNOWN, Piece, Word, size, words
from spec import VERSION
from spec.registers import WORD_BITS

INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
VENDOR, LIBRARY = "nonzero", "machine"
LITE, STREAM = ("AXI4-Lite", "r0p0_0"), ("AXI4Stream", "r0p0_1")
"""Names and versions of Arm's bus definitions, ``amba.com:AMBA4:NAME:VERSION``."""
MAP, VIEW, SOURCES = "registers", "rtl", "sources"


@dataclass(frozen=True, kw_only=True)
class Edition:
    """A year of the standard: the end of its file's name, what it calls the two ends of a bus, and how it says access."""

    year: int
    end: str
    ends: tuple[str, str]
    policies: bool

    @property
    def space(self) -> str:
        """Return the name space of its elements."""
        return f"http://www.accellera.org/XMLSchema/IPXACT/1685-{self.year}"


EDITIONS = (Edition(year=2014, end="", ends=("slave", "master"), policies=False),
            Edition(year=2022, end="_2022", ends=("target", "initiator"), policies=True))


def element(tag: str, *children: Any, **attributes: str) -> Element:
    """Return an element of IP-XACT's name space."""
    return xml.element(f"ipxact:{tag}", *children, **attributes)


def files(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the component ``nonzero:machine:NAME:VERSION`` as of 2014 in ``NAME.xml``, as of 2022 in ``NAME_2022.xml``.

    A counter is two registers of 32 bits.
    """
    return {f"{manifest['name']}{edition.end}.xml": xml.document(_component(edition, manifest)) for edition in EDITIONS}


def _component(edition: Edition, manifest: dict[str, Any]) -> Element:
    name = manifest["name"]
    about = element("description", f"Accelerator {manifest['design']}, made by {manifest['generator']}.")
    return element(
        "component", *_identity(VENDOR, LIBRARY, name, VERSION), about if edition.policies else None,
        element("busInterfaces", *(_bus(edition, bus, found) for bus, found in buses(manifest))),
        element("memoryMaps", element("memoryMap", element("name", MAP), _block(edition, manifest),
                                      element("addressUnitBits", 8))),
        _model(manifest),
        element("fileSets", element("fileSet", element("name", SOURCES), element(
            "file", element("name", f"{name}.v"), element("fileType", "verilogSource")))),
        None if edition.policies else about,
        **{"xmlns:ipxact": edition.space, "xmlns:xsi": INSTANCE,
           "xsi:schemaLocation": f"{edition.space} {edition.space}/index.xsd"})


def _identity(*words: str) -> list[Element]:
    return [element(tag, word) for tag, word in zip(("vendor", "library", "name", "version"), words, strict=True)]


def _bus(edition: Edition, bus: str, found: list[Port]) -> Element:
    name, version = STREAM if is_stream(found) else LITE
    arm = {"vendor": "amba.com", "library": "AMBA4", "version": version}
    clock = Port(name="clk", direction="input", bits=1)
    maps = [_map("ACLK", clock), *(_map(port.channel.upper(), port) for port in found)]
    asked, asks = edition.ends
    memory = None if is_stream(found) else element("memoryMapRef", memoryMapRef=MAP)
    return element(
        "busInterface", element("name", bus), element("busType", name=name, **arm),
        element("abstractionTypes", element(
            "abstractionType", element("abstractionRef", name=f"{name}_rtl", **arm), element("portMaps", *maps))),
        element(asked, memory) if bus.startswith("s_") else element(asks))


def _map(logical: str, port: Port) -> Element:
    return element("portMap", element("logicalPort", element("name", logical)),
                   element("physicalPort", element("name", port.name)))


def _block(edition: Edition, manifest: dict[str, Any]) -> Element:
    return element(
        "addressBlock", element("name", MAP), element("baseAddress", "'h0"), element("range", f"'h{size(manifest):X}"),
        element("width", WORD_BITS), element("usage", "register"), *(_register(edition, word) for word in words(manifest)))


def _register(edition: Edition, word: Word) -> Element:
    access = element("access", word.access)
    return element(
        "register", element("name", word.name), element("description", word.doc),
        element("addressOffset", f"'h{word.offset:X}"), element("size", WORD_BITS),
        element("accessPolicies", element("accessPolicy", access)) if edition.policies else access,
        *(_field(edition, word, piece) for piece in word.pieces))


def _field(edition: Edition, word: Word, piece: Piece) -> Element:
    resets = element("resets", element("reset", element("value", f"'h{piece.init:X}"))) if word.kind in KNOWN else None
    width = element("bitWidth", piece.bits)
    volatile = element("volatile", "false" if word.kind in ("constant", "rw") else "true")
    access = [element("access", word.access), element("modifiedWriteValue", "oneToClear") if word.kind == "w1c" else None]
    told = [width, volatile, resets, element("fieldAccessPolicies", element("fieldAccessPolicy", *access))]
    return element("field", element("name", piece.name), element("description", piece.doc), element("bitOffset", piece.lsb),
                   *(told if edition.policies else [resets, width, volatile, *access]))


def _model(manifest: dict[str, Any]) -> Element:
    whole = element("componentInstantiation", element("name", SOURCES), element("language", "Verilog"),
                    element("moduleName", manifest["name"]), element("fileSetRef", element("localName", SOURCES)))
    return element(
        "model", element("views", element("view", element("name", VIEW), element("componentInstantiationRef", SOURCES))),
        element("instantiations", whole), element("ports", *map(_port, ports(manifest))))


def _port(port: Port) -> Element:
    vector = element("vectors", element("vector", element("left", port.bits - 1), element("right", 0)))
    return element("port", element("name", port.name), element(
        "wire", element("direction", port.direction.removesuffix("put")), vector if port.bits > 1 else None))
