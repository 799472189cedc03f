// Small memory with one write port and one read port that answers in the same cycle: flip-flops, since iCE40 has no LUT RAM.
module nz_regfile #(
  parameter WIDTH = 16,
  parameter DEPTH = 16,
  parameter ADDR_BITS = 4
) (
  input  wire                 clk,
  input  wire                 we,
  input  wire [ADDR_BITS-1:0] waddr,
  input  wire [WIDTH-1:0]     wdata,
  input  wire [ADDR_BITS-1:0] raddr,
  output wire [WIDTH-1:0]     rdata
);
  reg [WIDTH-1:0] regfile [0:DEPTH-1];
  always @(posedge clk) if (we) regfile[waddr] <= wdata;
  assign rdata = regfile[raddr];
endmodule
