"""What every machine turns to its host: registers on AXI4-Lite, packets in and results out on AXI4-Stream."""
