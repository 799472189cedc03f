"""A specification through an environment variable, and back."""
import dataclasses
import json

from spec.mac import MacSpec


def text_of(spec: MacSpec) -> str:
    """Return a specification as text."""
    return json.dumps(dataclasses.asdict(spec))


def spec_of(text: str) -> MacSpec:
    """Return the specification that `text_of` wrote."""
    fields = json.loads(text)
    return MacSpec(**fields | {"formats": tuple(fields["formats"])})
