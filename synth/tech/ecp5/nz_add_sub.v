// Sum or difference on ECP5's carry chain, whose look-up tables do the choice: one chain, no logic before it.
// Kept as a module, as nz_mult is.
(* keep_hierarchy *)
module nz_add_sub #(
  parameter BITS = 16
) (
  input  wire [BITS-1:0] a,
  input  wire [BITS-1:0] b,
  input  wire            sub,
  output wire [BITS-1:0] s
);
  nz_ecp5_add_sub #(.BITS(BITS)) chain (.a(a), .b(b), .sub(sub), .s(s));
endmodule

// Takes the place of the chain until all logic is mapped: see synth/tech/ecp5_map.
(* blackbox *)
module nz_ecp5_add_sub #(
  parameter BITS = 16
) (
  input  wire [BITS-1:0] a,
  input  wire [BITS-1:0] b,
  input  wire            sub,
  output wire [BITS-1:0] s
);
endmodule
