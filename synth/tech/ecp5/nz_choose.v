// One of 2 ** STEPS words with ECP5's multiplexers behind the look-up tables: half a table a word and bit, up to 16 words.
// Kept as a module, as nz_mult is.
(* keep_hierarchy *)
module nz_choose #(
  parameter WIDTH = 16,
  parameter STEPS = 2
) (
  input  wire [(WIDTH << STEPS)-1:0] words,
  input  wire [STEPS-1:0]            choice,
  output wire [WIDTH-1:0]            word
);
  nz_ecp5_choose #(.WIDTH(WIDTH), .STEPS(STEPS)) tree (.words(words), .choice(choice), .word(word));
endmodule

// Takes the place of the multiplexers until all logic is mapped: see synth/tech/ecp5_map.
(* blackbox *)
module nz_ecp5_choose #(
  parameter WIDTH = 16,
  parameter STEPS = 2
) (
  input  wire [(WIDTH << STEPS)-1:0] words,
  input  wire [STEPS-1:0]            choice,
  output wire [WIDTH-1:0]            word
);
endmodule
