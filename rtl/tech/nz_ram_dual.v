// Block memory with two reads a cycle, latency 2: array, then output register. A write takes port A's address, and no read is
// done in that cycle.
module nz_ram_dual #(
  parameter WIDTH = 16,
  parameter DEPTH = 1024,
  parameter ADDR_BITS = 10
) (
  input  wire                 clk,
  input  wire                 we,
  input  wire [WIDTH-1:0]     wdata,
  input  wire [ADDR_BITS-1:0] addr_a,
  input  wire [ADDR_BITS-1:0] addr_b,
  output reg  [WIDTH-1:0]     rdata_a,
  output reg  [WIDTH-1:0]     rdata_b
);
  reg [WIDTH-1:0] mem [0:DEPTH-1];
  reg [WIDTH-1:0] array_a, array_b;
  always @(posedge clk) begin
    if (we) mem[addr_a] <= wdata;
    else array_a <= mem[addr_a];
    rdata_a <= array_a;
  end
  always @(posedge clk) begin
    array_b <= mem[addr_b];
    rdata_b <= array_b;
  end
endmodule
