// One ECP5 block memory with buses for ports, both ports on one clock; with REGISTERED its output registers are on. WIDTH 36 is the one-write-one-read mode:
// port A writes all 36 bits and port B reads them; with 18, 9, 4, 2 or 1 both ports do either. An address counts words of WIDTH.
//
// be enables bytes of 9 bits and has a meaning at 18 and 36 alone. The halves of a 36-bit word are as Yosys maps them: bits 17:0 on
// the A pins, bits 35:18 on the B pins, in both directions.
// This declaration stands until all logic is mapped; its content is in synth/tech/ecp5_map.
(* blackbox *)
module nz_ecp5_block #(
  parameter WIDTH = 36,
  parameter ADDR_BITS = 9,
  parameter REGISTERED = 1
) (
  input  wire                 clk,
  input  wire                 ce_a,
  input  wire                 we_a,
  input  wire                 oce_a,
  input  wire [3:0]           be_a,
  input  wire [ADDR_BITS-1:0] addr_a,
  input  wire [35:0]          di,
  input  wire                 ce_b,
  input  wire                 oce_b,
  input  wire [ADDR_BITS-1:0] addr_b,
  output wire [17:0]          do_a,
  output wire [17:0]          do_b
);
endmodule
