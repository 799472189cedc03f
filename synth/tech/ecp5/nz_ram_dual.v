// Block memory with two reads a cycle out of true dual-port ECP5 blocks with their output registers: both column pointers of
// up to 1,024 columns come from one block. Same ports and meaning as the plain nz_ram_dual.
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
  output wire [WIDTH-1:0]     rdata_a,
  output wire [WIDTH-1:0]     rdata_b
);
  localparam SHAPE  = DEPTH <= 1024 ? 18 : DEPTH <= 2048 ? 9 : DEPTH <= 4096 ? 4 : DEPTH <= 8192 ? 2 : 1;
  localparam BLOCKS = (WIDTH + SHAPE - 1) / SHAPE;
  generate
    if (DEPTH > 16384) nz_ram_dual_depth_must_be_at_most_16384 refuse ();
  endgenerate
  wire [BLOCKS*SHAPE-1:0] wide = wdata;
  wire [BLOCKS*SHAPE-1:0] wide_a, wide_b;
  assign rdata_a = wide_a[WIDTH-1:0];
  assign rdata_b = wide_b[WIDTH-1:0];
  genvar block;
  generate
    for (block = 0; block < BLOCKS; block = block + 1) begin : blocks
      wire [17:0] do_a, do_b;
      assign wide_a[block*SHAPE +: SHAPE] = do_a[SHAPE-1:0];
      assign wide_b[block*SHAPE +: SHAPE] = do_b[SHAPE-1:0];
      nz_ecp5_block #(.WIDTH(SHAPE), .ADDR_BITS(ADDR_BITS)) block_ (
        .clk(clk), .ce_a(1'b1), .we_a(we), .oce_a(1'b1), .be_a(4'b1111), .addr_a(addr_a),
        .di({{(36-SHAPE){1'b0}}, wide[block*SHAPE +: SHAPE]}),
        .ce_b(1'b1), .oce_b(1'b1), .addr_b(addr_b), .do_a(do_a), .do_b(do_b)
      );
    end
  endgenerate
endmodule
