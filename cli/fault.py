"""A failure that is nobody's input: of a compiler, a simulator, a machine."""


class Fault(RuntimeError):
    """Something that a command runs has failed; the command says so in one line and leaves with exit code 1."""
