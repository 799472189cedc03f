"""The machine as an IP-XACT component, IEEE 1685-2014: bus interfaces, address map, ports, files."""

from typing import Any
from xml.etree.ElementTree import Element

from rtl.package import xml
from rtl.package.port import Port, buses, is_stream, ports
from rtl.package.word import KNOWN, Piece, Word, size, words
from spec import VERSION
from spec.registers import WORD_BITS

SPACE = "http://www.accellera.org/XMLSchema/IPXACT/1685-2014"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
VENDOR, LIBRARY = "nonzero", "machine"
LITE, STREAM = ("AXI4-Lite", "r0p0_0"), ("AXI4Stream", "r0p0_1")
"""Names and versions of Arm's bus definitions, ``amba.com:AMBA4:NAME:VERSION``."""
MAP, VIEW, SOURCES = "registers", "rtl", "sources"


def element(tag: str, *children: Any, **attributes: str) -> Element:
    """Return an element of IP-XACT's name space."""
    return xml.element(f"ipxact:{tag}", *children, **attributes)


def files(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the component ``nonzero:machine:NAME:VERSION`` in ``NAME.xml``; a counter is two registers of 32 bits."""
    name = manifest["name"]
    root = element(
        "component", *_identity(VENDOR, LIBRARY, name, VERSION),
        element("busInterfaces", *(_bus(bus, found) for bus, found in buses(manifest))),
        element("memoryMaps", element("memoryMap", element("name", MAP), _block(manifest), element("addressUnitBits", 8))),
        _model(manifest),
        element("fileSets", element("fileSet", element("name", SOURCES), element(
            "file", element("name", f"{name}.v"), element("fileType", "verilogSource")))),
        element("description", f"Accelerator {manifest['design']}, made by {manifest['generator']}."),
        **{"xmlns:ipxact": SPACE, "xmlns:xsi": INSTANCE, "xsi:schemaLocation": f"{SPACE} {SPACE}/index.xsd"})
    return {f"{name}.xml": xml.document(root)}


def _identity(*words: str) -> list[Element]:
    return [element(tag, word) for tag, word in zip(("vendor", "library", "name", "version"), words, strict=True)]


def _bus(bus: str, found: list[Port]) -> Element:
    name, version = STREAM if is_stream(found) else LITE
    arm = {"vendor": "amba.com", "library": "AMBA4", "version": version}
    clock = Port(name="clk", direction="input", bits=1)
    maps = [_map("ACLK", clock), *(_map(port.channel.upper(), port) for port in found)]
    slave = bus.startswith("s_")
    memory = None if is_stream(found) else element("memoryMapRef", memoryMapRef=MAP)
    return element(
        "busInterface", element("name", bus), element("busType", name=name, **arm),
        element("abstractionTypes", element(
            "abstractionType", element("abstractionRef", name=f"{name}_rtl", **arm), element("portMaps", *maps))),
        element("slave", memory) if slave else element("master"))


def _map(logical: str, port: Port) -> Element:
    return element("portMap", element("logicalPort", element("name", logical)),
                   element("physicalPort", element("name", port.name)))


def _block(manifest: dict[str, Any]) -> Element:
    return element(
        "addressBlock", element("name", MAP), element("baseAddress", "'h0"), element("range", f"'h{size(manifest):X}"),
        element("width", WORD_BITS), element("usage", "register"), *map(_register, words(manifest)))


def _register(word: Word) -> Element:
    return element(
        "register", element("name", word.name), element("description", word.doc),
        element("addressOffset", f"'h{word.offset:X}"), element("size", WORD_BITS), element("access", word.access),
        *(_field(word, piece) for piece in word.pieces))


def _field(word: Word, piece: Piece) -> Element:
    known = word.kind in KNOWN
    resets = element("resets", element("reset", element("value", f"'h{piece.init:X}"))) if known else None
    return element(
        "field", element("name", piece.name), element("description", piece.doc), element("bitOffset", piece.lsb), resets,
        element("bitWidth", piece.bits), element("volatile", "false" if word.kind in ("constant", "rw") else "true"),
        element("access", word.access), element("modifiedWriteValue", "oneToClear") if word.kind == "w1c" else None)


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
