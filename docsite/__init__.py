"""The documentation site: pages made from the code, pictures made from the hardware, and the command that builds it all."""
