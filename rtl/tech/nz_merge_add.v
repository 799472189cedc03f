// Sum of the bitwise or of a and b and that of c and d, modulo 2 ** BITS: no clock.
// A technology may replace this file by one of the same ports, so that the ors cost no logic beside the carry chain.
module nz_merge_add #(
  parameter BITS = 16
) (
  input  wire [BITS-1:0] a,
  input  wire [BITS-1:0] b,
  input  wire [BITS-1:0] c,
  input  wire [BITS-1:0] d,
  output wire [BITS-1:0] s
);
  assign s = (a | b) + (c | d);
endmodule
