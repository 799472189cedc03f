"""EIE's Table IV and design studies, regenerated with the generated Verilog."""
