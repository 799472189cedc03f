// Sum or, where sub is 1, difference of two numbers of BITS bits, in two's complement: no clock.
// A technology may replace this file by one of the same ports, so that the choice costs no logic beside the carry chain.
module nz_add_sub #(
  parameter BITS = 16
) (
  input  wire [BITS-1:0] a,
  input  wire [BITS-1:0] b,
  input  wire            sub,
  output wire [BITS-1:0] s
);
  wire [BITS:0] chain = {a, 1'b1} + {b ^ {BITS{sub}}, sub};
  assign s = chain[BITS:1];
endmodule
