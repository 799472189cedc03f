// ECP5's 18 x 18 multiplier with its own input and output registers: p is a * b of two enabled cycles ago.
// Kept as a module: with this primitive inside a flat module ABC9 of Yosys 0.70 crashes without a message.
(* keep_hierarchy *)
module nz_mult #(
  parameter A_BITS = 18,
  parameter B_BITS = 18
) (
  input  wire                            clk,
  input  wire                            ce,
  input  wire signed [A_BITS-1:0]        a,
  input  wire signed [B_BITS-1:0]        b,
  output wire signed [A_BITS+B_BITS-1:0] p
);
  wire signed [17:0] wide_a = a;
  wire signed [17:0] wide_b = b;
  wire        [35:0] wide_p;
  assign p = wide_p[A_BITS+B_BITS-1:0];
  generate
    if (A_BITS > 18 || B_BITS > 18) nz_mult_operand_must_be_at_most_18_bits refuse ();
  endgenerate
  nz_ecp5_multiplier multiplier (.clk(clk), .ce(ce), .a(wide_a), .b(wide_b), .p(wide_p));
endmodule

// Takes the place of the block until all logic is mapped: see synth/tech/ecp5_map.
(* blackbox *)
module nz_ecp5_multiplier (
  input  wire        clk,
  input  wire        ce,
  input  wire [17:0] a,
  input  wire [17:0] b,
  output wire [35:0] p
);
endmodule
