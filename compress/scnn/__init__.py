"""What is the SCNN array's own on the way from a network to its image: arrangement, blocks, programs, stream of weights."""

from compress.scnn.actions import actions, load_actions, run_actions
from compress.scnn.image import load, save

__all__ = ["actions", "load", "load_actions", "run_actions", "save"]
