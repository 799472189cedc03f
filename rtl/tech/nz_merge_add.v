// Sum of c and the bitwise or of a and b, modulo 2 ** BITS, or 0 where clear is 1: no clock.
// A technology may replace this file by one of the same ports, so that the or and the 0 cost no logic beside the carry chain.
module nz_merge_add #(
  parameter BITS = 16
) (
  input  wire [BITS-1:0] a,
  input  wire [BITS-1:0] b,
  input  wire [BITS-1:0] c,
  input  wire            clear,
  output wire [BITS-1:0] s
);
  assign s = clear ? {BITS{1'b0}} : (a | b) + c;
endmodule
