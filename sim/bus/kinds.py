"""A register map with a register of every kind; the benches and the proof of the decoder know it by heart."""
from spec.registers import Field, MapBuilder

KINDS = (MapBuilder("kinds")
         .constant("id", 0x4E5A0001, "Says what this is.")
         .add("pulse", "control", "Acts.", start="Starts.", reset="Resets.")
         .add("ro", "status", "State.", Field(name="layer", bits=8, doc="Layer."), busy="Works.")
         .add("w1c", "errors", "Sticky errors.", short="Too short.", long="Too long.")
         .add("rw", "layers", "Layers.", Field(name="count", bits=9, doc="How many.", init=3))
         .add("counter", "cycles", "Cycles.")
         .add("rw", "shift", "Shift.")
         .map())
