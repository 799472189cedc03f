// Sum of two merged operands on ECP5's carry chain, whose look-up tables do the ors: one chain, no logic before it.
// Kept as a module, as nz_mult is.
(* keep_hierarchy *)
module nz_merge_add #(
  parameter BITS = 16
) (
  input  wire [BITS-1:0] a,
  input  wire [BITS-1:0] b,
  input  wire [BITS-1:0] c,
  input  wire [BITS-1:0] d,
  output wire [BITS-1:0] s
);
  nz_ecp5_merge_add #(.BITS(BITS)) chain (.a(a), .b(b), .c(c), .d(d), .s(s));
endmodule

// Takes the place of the chain until all logic is mapped: see synth/tech/ecp5_map.
(* blackbox *)
module nz_ecp5_merge_add #(
  parameter BITS = 16
) (
  input  wire [BITS-1:0] a,
  input  wire [BITS-1:0] b,
  input  wire [BITS-1:0] c,
  input  wire [BITS-1:0] d,
  output wire [BITS-1:0] s
);
endmodule
