// A generated machine with its streams fed from files and its results written to one; simulation only.
// feed: start sending feed_NUMBER.bin (64-bit words, big endian), TLAST at the end of each packet; fed: all was taken.
// The weight stream is weights_NUMBER.bin, big endian, begun with feed; in a cycle without a transfer on offer a new one is
// offered with a chance of (256 - pause) in 256. Every result word goes to result_NUMBER.hex; got counts ends of packets.
module scnn_harness (
  input  wire        clk,
  input  wire        rst,
  input  wire        feed,
  input  wire [31:0] number,
  input  wire [7:0]  pause,
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
  localparam PORT = SCNN_PORT_BITS;
  reg  [63:0] word, header;
  reg         valid, last;
  wire        ready;
  reg  [23:0] left;
  reg         sending;
  reg  [PORT-1:0] weight, following;
  reg         weight_valid, weighing;
  wire        weight_ready;
  reg  [31:0] chance;
  integer     file, count, result, weights;
  reg [8*64-1:0] name;
  wire [63:0] out;
  wire [7:0]  keep;
  wire        out_valid, out_last;

  // A reset straight from a port would have the simulator settle every PE again at each edge of the clock.
  reg         reset = 1;
  always @(posedge clk) reset <= rst;

  SCNN_MACHINE machine (
    .clk(clk), .rst(reset), .irq(irq),
    .s_axil_awaddr(s_axil_awaddr), .s_axil_awprot(s_axil_awprot), .s_axil_awvalid(s_axil_awvalid),
    .s_axil_awready(s_axil_awready), .s_axil_wdata(s_axil_wdata), .s_axil_wstrb(s_axil_wstrb),
    .s_axil_wvalid(s_axil_wvalid), .s_axil_wready(s_axil_wready), .s_axil_bresp(s_axil_bresp),
    .s_axil_bvalid(s_axil_bvalid), .s_axil_bready(s_axil_bready), .s_axil_araddr(s_axil_araddr),
    .s_axil_arprot(s_axil_arprot), .s_axil_arvalid(s_axil_arvalid), .s_axil_arready(s_axil_arready),
    .s_axil_rdata(s_axil_rdata), .s_axil_rresp(s_axil_rresp), .s_axil_rvalid(s_axil_rvalid), .s_axil_rready(s_axil_rready),
    .s_axis_tdata(word), .s_axis_tvalid(valid), .s_axis_tready(ready), .s_axis_tlast(last),
    .s_weight_tdata(weight), .s_weight_tvalid(weight_valid), .s_weight_tready(weight_ready),
    .m_axis_tdata(out), .m_axis_tkeep(keep), .m_axis_tvalid(out_valid), .m_axis_tready(1'b1), .m_axis_tlast(out_last)
  );

  initial begin
    valid = 0; last = 0; left = 0; sending = 0; fed = 0; got = 0; file = 0; result = 0; word = 0; header = 0;
    weight = 0; weight_valid = 0; weighing = 0; weights = 0; chance = 32'h1234_5678; following = 0;
  end

  // The next word of the file goes out when the last one was taken; the header's length says where a packet ends.
  always @(posedge clk) begin
    if (feed) begin
      $sformat(name, "feed_%0d.bin", number);
      file = $fopen(name, "rb");
      sending <= 1;
      fed <= 0;
      left <= 0;
      valid <= 0;
      if (result != 0) $fclose(result);         // of a read-out that was given up
      result = 0;
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
    if (out_valid) begin
      if (result == 0) begin
        $sformat(name, "result_%0d.hex", number);
        result = $fopen(name, "w");
      end
      $fwrite(result, "%h\n", out);
      if (out_last) begin
        $fclose(result);
        result = 0;
        got <= got + 1;
      end
    end
    chance <= chance * 32'd1664525 + 32'd1013904223;
    if (feed) begin
      if (weighing) $fclose(weights);
      $sformat(name, "weights_%0d.bin", number);
      weights = $fopen(name, "rb");
      weighing <= weights != 0;
      weight_valid <= 0;
    end else if (!weight_valid || weight_ready) begin
      weight_valid <= 0;
      if (weighing && chance[31:24] >= pause) begin
        count = $fread(following, weights);
        if (count == PORT / 8) begin
          weight <= following;
          weight_valid <= 1;
        end else begin
          weighing <= 0;
          $fclose(weights);
        end
      end
    end
  end
endmodule
