"""Declarations of parameters: what they check, and what is made of them."""
from dataclasses import dataclass, field
from typing import Annotated

import pytest
import typer

from cli import command
from cli import design as designs
from spec import machines
from spec.eie import preset
from spec.parameter import as_data, check, choice, chosen, declared, from_data, limits, number, switch, table


@dataclass(frozen=True, kw_only=True)
class Toy:
    """A specification with one parameter of each kind."""

    size: int = number(4, 1, 64, "Size.", power=True)
    kind: str = choice("a", ("a", "b"), "Kind.")
    many: tuple[str, ...] = choice(("x",), ("x", "y"), "Names.")
    fold: int = choice(1, (1, 2), "Fold.")
    fast: bool = switch(True, "Fast.")

    def __post_init__(self):
        check(self)


@pytest.mark.parametrize(("change", "error", "text"), [
    ({"size": 65}, ValueError, "size must be 1 to 64, not 65"),
    ({"size": 0}, ValueError, "size must be 1 to 64, not 0"),
    ({"size": 6}, ValueError, "size must be a power of two, not 6; take 8"),
    ({"size": 4.0}, TypeError, "size must be of type int, not 4.0"),
    ({"size": True}, TypeError, "size must be of type int, not True"),
    ({"kind": "c"}, ValueError, "kind must be one of a, b, not 'c'"),
    ({"fold": True}, ValueError, "fold must be one of 1, 2, not True"),
    ({"many": ()}, TypeError, "many must be a tuple of one or more names"),
    ({"many": ("x", "x")}, ValueError, "many must name each of its parts once, not x,x"),
    ({"many": ("z",)}, ValueError, "many must be one of x, y, not 'z'"),
    ({"fast": 1}, TypeError, "fast must be of type bool, not 1"),
])
def test_what_a_declaration_refuses(change, error, text):
    with pytest.raises(error) as caught:
        Toy(**change)
    assert str(caught.value).startswith(text)


def test_a_field_without_a_declaration_is_a_mistake():
    @dataclass
    class Bare:
        size: int = field(default=3)

    with pytest.raises(TypeError, match="size must be declared"):
        check(Bare())


def test_data_and_back():
    spec = Toy(many=("y", "x"), fast=False)
    assert as_data(spec)["many"] == ["y", "x"] and from_data(Toy, as_data(spec)) == spec
    with pytest.raises(ValueError, match="spec must have the keys size, kind, many, fold, fast, not lack 'fast'"):
        from_data(Toy, {})
    with pytest.raises(ValueError, match="not have 'extra'"):
        from_data(Toy, as_data(spec) | {"extra": 1})
    with pytest.raises(TypeError, match="spec must be a JSON object"):
        from_data(Toy, [1])


def test_presets_and_the_table():
    presets = {"one": Toy(), "two": Toy(size=8, fast=False)}
    assert chosen(presets, "two", {"kind": "b"}) == Toy(size=8, fast=False, kind="b")
    with pytest.raises(ValueError, match="preset must be one of one, two, not 'three'"):
        chosen(presets, "three", {})
    with pytest.raises(ValueError, match="parameter must be one of fast, .*, not 'sise'"):
        chosen(presets, "one", {"sise": 1})
    assert "| `size` | 4 | 8 | 1 to 64, a power of two | Size. |" in table(presets)
    assert "| `fast` | on | off | on or off | Fast. |" in table(presets)


@pytest.mark.parametrize("design", machines.MACHINES)
def test_every_parameter_of_every_machine_is_declared(design):
    mine = machines.part(design, "spec")
    for one in declared(mine.Spec):
        assert limits(one) and one.metadata["help"].endswith(".")
    for spec in mine.PRESETS.values():
        assert type(spec) is mine.Spec and from_data(mine.Spec, as_data(spec)) == spec


def test_the_page_of_parameters_is_made_from_the_declarations():
    from rtl import parameters

    assert parameters.PAGE.read_text() == parameters.page(), "run python -m rtl.parameters"


@pytest.mark.parametrize("design", machines.MACHINES)
def test_a_line_of_options_describes_every_preset(design):
    machine = machines.specification(design)
    for name, spec in machine.PRESETS.items():
        words = designs.line(machine, spec).split()
        assert words == ([] if spec == machine.Spec() else ["--preset", name])


def test_a_line_of_options_is_read_as_what_it_describes():
    machine, given = machines.specification("mac"), {}
    spec = machine.preset("ice40", formats=("fp16", "e5m2"), arch="hopper", kahan=False, stochastic=True, tiles=3)

    def run(spec):
        """Take a machine."""
        given["spec"] = spec

    words = ["--design", "mac", *designs.line(machine, spec).split()]
    with pytest.raises(SystemExit):
        command.main(lambda: designs.application(run, "Take.", machines, words), words, name="take")
    assert given["spec"] == spec and "--stochastic" in words and "--formats fp16,e5m2" in " ".join(words)


def test_a_second_name_and_a_number_for_an_option_of_the_command():
    given = {}

    def run(spec, *, layers: Annotated[str | None, typer.Option(help="Names.")] = None):
        """Take a machine and names."""
        given.update(spec=spec, layers=layers)

    for words, spec, layers in ((["--bits", "6"], preset(codebook_bits=6), None), (["--layers", "3"], preset(layers=3), None),
                                (["--layers", "a,3"], preset(), "a,3"), (["--preset", "ice40"], preset("ice40"), None)):
        with pytest.raises(SystemExit):
            command.main(lambda words=words: designs.application(run, "Take.", machines, words), words, name="take")
        assert given == {"spec": spec, "layers": layers}
