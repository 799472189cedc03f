// Block memory: one write port of LANES lanes, one read port. re reads the array, oe loads the output register a cycle later.
// With REGISTERED 0 there is no output register, and oe has no meaning: what re read is there in the cycle after.
// Reading an address in the cycle in which it is written gives an undefined value.
module nz_ram #(
  parameter WIDTH = 64,
  parameter DEPTH = 512,
  parameter LANES = 1,
  parameter ADDR_BITS = 9,
  parameter REGISTERED = 1
) (
  input  wire                 clk,
  input  wire [LANES-1:0]     we,
  input  wire [ADDR_BITS-1:0] waddr,
  input  wire [WIDTH-1:0]     wdata,
  input  wire                 re,
  input  wire [ADDR_BITS-1:0] raddr,
  input  wire                 oe,
  output wire [WIDTH-1:0]     rdata
);
  localparam LANE = WIDTH / LANES;
  reg [WIDTH-1:0] mem [0:DEPTH-1];
  reg [WIDTH-1:0] array, held;
  assign rdata = REGISTERED ? held : array;
  integer lane;
`ifndef SYNTHESIS
  initial begin array = 0; held = 0; end   // 0 times what was never read is 0 in a simulator with unknowns too
`endif
  always @(posedge clk) begin
    for (lane = 0; lane < LANES; lane = lane + 1)
      if (we[lane]) mem[waddr][lane*LANE +: LANE] <= wdata[lane*LANE +: LANE];
    if (re) array <= mem[raddr];
    if (oe) held <= array;
  end
endmodule
