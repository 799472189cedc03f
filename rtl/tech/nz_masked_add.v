// Sum of c and of a, or of c and the bitwise or of a and b where m is 1, modulo 2 ** BITS: no clock.
// A technology may replace this file by one of the same ports, so that the choice costs no logic beside the carry chain.
module nz_masked_add #(
  parameter BITS = 16
) (
  input  wire [BITS-1:0] a,
  input  wire [BITS-1:0] b,
  input  wire [BITS-1:0] c,
  input  wire            m,
  output wire [BITS-1:0] s
);
  assign s = (a | (b & {BITS{m}})) + c;
endmodule
