// Block memory: one write port of LANES lanes, one read port. re reads the array, oe loads the output register a cycle later.
// Reading an address in the cycle in which it is written gives an undefined value.
module nz_ram #(
  parameter WIDTH = 64,
  parameter DEPTH = 512,
  parameter LANES = 1,
  parameter ADDR_BITS = 9
) (
  input  wire                 clk,
  input  wire [LANES-1:0]     we,
  input  wire [ADDR_BITS-1:0] waddr,
  input  wire [WIDTH-1:0]     wdata,
  input  wire                 re,
  input  wire [ADDR_BITS-1:0] raddr,
  input  wire                 oe,
  output reg  [WIDTH-1:0]     rdata
);
  localparam LANE = WIDTH / LANES;
  reg [WIDTH-1:0] mem [0:DEPTH-1];
  reg [WIDTH-1:0] array;
  integer lane;
`ifndef SYNTHESIS
  initial begin array = 0; rdata = 0; end   // 0 times what was never read is 0 in a simulator with unknowns too
`endif
  always @(posedge clk) begin
    for (lane = 0; lane < LANES; lane = lane + 1)
      if (we[lane]) mem[waddr][lane*LANE +: LANE] <= wdata[lane*LANE +: LANE];
    if (re) array <= mem[raddr];
    if (oe) rdata <= array;
  end
endmodule
