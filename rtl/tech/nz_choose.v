// One of 2 ** STEPS words: no clock. Word n stands at bits n * WIDTH and above.
// A technology may replace this file by one of the same ports that makes the choice of its own multiplexers.
module nz_choose #(
  parameter WIDTH = 16,
  parameter STEPS = 2
) (
  input  wire [(WIDTH << STEPS)-1:0] words,
  input  wire [STEPS-1:0]            choice,
  output wire [WIDTH-1:0]            word
);
  assign word = words >> (choice * WIDTH);
endmodule
