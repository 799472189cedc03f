// Block memory of ECP5 blocks with their output registers: the widest shape that is deep enough, so no multiplexer follows.
// Same ports and meaning as the plain nz_ram.
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
  localparam LANE  = WIDTH / LANES;
  localparam SHAPE = DEPTH <= 512 ? 36 : DEPTH <= 1024 ? 18 : DEPTH <= 2048 ? 9 : DEPTH <= 4096 ? 4 : DEPTH <= 8192 ? 2 : 1;
  localparam PART  = SHAPE < 9 ? SHAPE : 9;                           // bits under one write enable
  localparam PARTS = SHAPE / PART;                                    // of them in a block
  localparam NEED  = (LANE + PART - 1) / PART;                        // of them in a lane
  localparam SHARE = NEED > PARTS ? 1 : PARTS / NEED;                 // lanes in one block
  localparam SPLIT = (NEED + PARTS - 1) / PARTS;                      // blocks of one lane
  localparam BLOCKS = (LANES + SHARE - 1) / SHARE * SPLIT;
  localparam EACH  = SPLIT > 1 ? (LANE + SPLIT - 1) / SPLIT : LANE;   // bits of a lane in one block
  localparam SPAN  = SHARE > 1 ? PARTS / SHARE : PARTS;               // parts that a lane takes in one block
  generate
    if (DEPTH > 16384) nz_ram_depth_must_be_at_most_16384 refuse ();
  endgenerate
  genvar block, bit_;
  generate
    for (block = 0; block < BLOCKS; block = block + 1) begin : blocks
      wire [35:0] di, dq;
      wire [17:0] do_a, do_b;
      wire [3:0]  be;
      wire        ce;
      assign dq = SHAPE == 36 ? {do_b, do_a} : {18'b0, do_b};
      for (bit_ = 0; bit_ < 36; bit_ = bit_ + 1) begin : bits
        // bit_ of this block lies at place IN of lane LN
        localparam SLOT = bit_ / (SPAN * PART);
        localparam IN   = bit_ - SLOT * SPAN * PART + (block % SPLIT) * EACH;
        localparam LN   = block / SPLIT * SHARE + SLOT;
        localparam USED = bit_ < SHAPE && SLOT < SHARE && LN < LANES && IN < LANE
                          && bit_ - SLOT * SPAN * PART < EACH;
        if (USED) begin : used
          assign di[bit_] = wdata[LN * LANE + IN];
          assign rdata[LN * LANE + IN] = dq[bit_];
        end else begin : unused
          assign di[bit_] = 1'b0;
        end
      end
      for (bit_ = 0; bit_ < 4; bit_ = bit_ + 1) begin : enables
        localparam LN = block / SPLIT * SHARE + bit_ / SPAN;
        if (bit_ < PARTS && bit_ / SPAN < SHARE && LN < LANES) begin : used
          assign be[bit_] = we[LN];
        end else begin : unused
          assign be[bit_] = 1'b0;
        end
      end
      assign ce = |be;
      nz_ecp5_block #(.WIDTH(SHAPE), .ADDR_BITS(ADDR_BITS), .REGISTERED(REGISTERED)) block_ (
        .clk(clk), .ce_a(ce), .we_a(SHAPE == 36 ? 1'b1 : ce), .oce_a(oe), .be_a(be), .addr_a(waddr), .di(di),
        .ce_b(re), .oce_b(oe), .addr_b(raddr), .do_a(do_a), .do_b(do_b)
      );
    end
  endgenerate
endmodule
