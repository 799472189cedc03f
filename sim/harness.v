// A generated machine with its stream fed from files and its results written to one; simulation only.
// feed: start sending feed_NUMBER.bin (64-bit words, big endian), TLAST at the end of each packet; fed: all was taken.
// The words of packet K of the results, counted from 0, go to result_K.hex; got counts packets that have ended.
// With NZ_OFFER_BITS defined the machine has a second stream in, NZ_OFFER, of so many bits. offer: offer offer_OFFERED.bin from now
// on (whole transfers, big endian), in the place of what is left of the file before; in a cycle without a transfer on offer a new
// one is offered with a chance of (256 - pause) in 256.
module nz_harness (
  input  wire        clk,
  input  wire        rst,
  input  wire        feed,
  input  wire [31:0] number,
`ifdef NZ_OFFER_BITS
  input  wire        offer,
  input  wire [31:0] offered,
  input  wire [7:0]  pause,
`endif
  output reg         fed,
  output reg  [31:0] got,
  output wire        irq,
  input  wire [11:0] s_axil_awaddr,
  input  wire [2:0]  s_axil_awprot,
  input  wire        s_axil_awvalid,
  output wire        s_axil_awready,
  input  wire [31:0] s_axil_wdata,
  input  wire [3:0]  s_axil_wstrb,
  input  wire        s_axil_wvalid,
  output wire        s_axil_wready,
  output wire [1:0]  s_axil_bresp,
  output wire        s_axil_bvalid,
  input  wire        s_axil_bready,
  input  wire [11:0] s_axil_araddr,
  input  wire [2:0]  s_axil_arprot,
  input  wire        s_axil_arvalid,
  output wire        s_axil_arready,
  output wire [31:0] s_axil_rdata,
  output wire [1:0]  s_axil_rresp,
  output wire        s_axil_rvalid,
  input  wire        s_axil_rready
);
  reg  [63:0] word, header;
  reg         valid, last;
  wire        ready;
  reg  [23:0] left;
  reg         sending;
  integer     file, count, result;
  reg [8*64-1:0] name;
  wire [63:0] out;
  wire [7:0]  keep;
  wire        out_valid, out_last;
`ifdef NZ_OFFER_BITS
  reg  [`NZ_OFFER_BITS-1:0] transfer, following;
  reg         transfer_valid, offering;
  wire        transfer_ready;
  reg  [31:0] chance;
  integer     transfers, size;
`endif

  // A reset straight from a port would have the simulator settle the whole machine again at each edge of the clock.
  reg         reset = 1;
  always @(posedge clk) reset <= rst;

  MACHINE machine (
    .clk(clk), .rst(reset), .irq(irq),
    .s_axil_awaddr(s_axil_awaddr), .s_axil_awprot(s_axil_awprot), .s_axil_awvalid(s_axil_awvalid),
    .s_axil_awready(s_axil_awready), .s_axil_wdata(s_axil_wdata), .s_axil_wstrb(s_axil_wstrb),
    .s_axil_wvalid(s_axil_wvalid), .s_axil_wready(s_axil_wready), .s_axil_bresp(s_axil_bresp),
    .s_axil_bvalid(s_axil_bvalid), .s_axil_bready(s_axil_bready), .s_axil_araddr(s_axil_araddr),
    .s_axil_arprot(s_axil_arprot), .s_axil_arvalid(s_axil_arvalid), .s_axil_arready(s_axil_arready),
    .s_axil_rdata(s_axil_rdata), .s_axil_rresp(s_axil_rresp), .s_axil_rvalid(s_axil_rvalid), .s_axil_rready(s_axil_rready),
`ifdef NZ_OFFER_BITS
    .NZ_OFFER_tdata(transfer), .NZ_OFFER_tvalid(transfer_valid), .NZ_OFFER_tready(transfer_ready),
`endif
    .s_axis_tdata(word), .s_axis_tvalid(valid), .s_axis_tready(ready), .s_axis_tlast(last),
    .m_axis_tdata(out), .m_axis_tkeep(keep), .m_axis_tvalid(out_valid), .m_axis_tready(1'b1), .m_axis_tlast(out_last)
  );

  initial begin
    valid = 0; last = 0; left = 0; sending = 0; fed = 0; got = 0; file = 0; result = 0; word = 0; header = 0;
  end

  // The next word of the file goes out when the last one was taken; the header's length says where a packet ends.
  // A reset drops what is left of the file, and a packet of results that has not ended.
  always @(posedge clk) begin
    if (rst) begin
      if (sending) $fclose(file);
      if (result != 0) $fclose(result);
      result = 0;
      sending <= 0;
      valid <= 0;
    end else if (feed) begin
      $sformat(name, "feed_%0d.bin", number);
      file = $fopen(name, "rb");
      sending <= 1;
      fed <= 0;
      left <= 0;
      valid <= 0;
    end else if (sending && (!valid || ready)) begin
      count = $fread(header, file);
      if (count == 8) begin
        word <= header;
        valid <= 1;
        last <= (left == 1);
        left <= (left == 0) ? header[31:8] : left - 1;
      end else begin
        valid <= 0;
        sending <= 0;
        fed <= 1;
        $fclose(file);
      end
    end
    if (out_valid && !rst) begin
      if (result == 0) begin
        $sformat(name, "result_%0d.hex", got);
        result = $fopen(name, "w");
      end
      $fwrite(result, "%h\n", out);
      if (out_last) begin
        $fclose(result);
        result = 0;
        got <= got + 1;
      end
    end
  end

`ifdef NZ_OFFER_BITS
  initial begin
    transfer = 0; transfer_valid = 0; offering = 0; chance = 32'h1234_5678; following = 0; transfers = 0; size = 0;
  end

  always @(posedge clk) begin
    chance <= chance * 32'd1664525 + 32'd1013904223;
    if (rst) begin
      if (offering) $fclose(transfers);
      offering <= 0;
      transfer_valid <= 0;
    end else if (offer) begin
      if (offering) $fclose(transfers);
      $sformat(name, "offer_%0d.bin", offered);
      transfers = $fopen(name, "rb");
      offering <= transfers != 0;
      transfer_valid <= 0;
    end else if (!transfer_valid || transfer_ready) begin
      transfer_valid <= 0;
      if (offering && chance[31:24] >= pause) begin
        size = $fread(following, transfers);
        if (size == `NZ_OFFER_BITS / 8) begin
          transfer <= following;
          transfer_valid <= 1;
        end else begin
          offering <= 0;
          $fclose(transfers);
        end
      end
    end
  end
`endif
endmodule
