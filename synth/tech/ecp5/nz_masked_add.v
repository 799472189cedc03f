// Sum with a masked operand on ECP5's carry chain, whose look-up tables do the mask and the or: one chain, no logic before it.
// Kept as a module, as nz_mult is.
(* keep_hierarchy *)
module nz_masked_add #(
  parameter BITS = 16
) (
  input  wire [BITS-1:0] a,
  input  wire [BITS-1:0] b,
  input  wire [BITS-1:0] c,
  input  wire            m,
  output wire [BITS-1:0] s
);
  nz_ecp5_masked_add #(.BITS(BITS)) chain (.a(a), .b(b), .c(c), .m(m), .s(s));
endmodule

// Takes the place of the chain until all logic is mapped: see synth/tech/ecp5_map.
(* blackbox *)
module nz_ecp5_masked_add #(
  parameter BITS = 16
) (
  input  wire [BITS-1:0] a,
  input  wire [BITS-1:0] b,
  input  wire [BITS-1:0] c,
  input  wire            m,
  output wire [BITS-1:0] s
);
endmodule
