// Small memory with one write port and one read port that answers in the same cycle: LUT RAM where the part has it.
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
  (* ram_style = "distributed" *) reg [WIDTH-1:0] mem [0:DEPTH-1];
  always @(posedge clk) if (we) mem[waddr] <= wdata;
  assign rdata = mem[raddr];
endmodule
