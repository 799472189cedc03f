// AXI4-Lite: every request is answered once, with what its address deserves, and an answer stands until it is taken.
module check(
    input clk, input [11:0] awaddr, input [2:0] awprot, input awvalid, input [31:0] wdata, input [3:0] wstrb,
    input wvalid, input bready, input [11:0] araddr, input [2:0] arprot, input arvalid, input rready,
    input [8:0] status, input [1:0] errors_set, input [63:0] cycles);

  wire awready, wready, bvalid, arready, rvalid, decoded;
  wire [1:0] bresp, rresp, control, errors;
  wire [31:0] rdata, shift, awaddr_kept, wdata_kept, araddr_kept;
  wire [3:0] wstrb_kept;
  wire [8:0] layers;
  reg rst = 1;
  always @(posedge clk) rst <= 0;

  registers dut(.clk(clk), .rst(rst), .s_axil_awaddr(awaddr), .s_axil_awprot(awprot), .s_axil_awvalid(awvalid),
    .s_axil_awready(awready), .s_axil_wdata(wdata), .s_axil_wstrb(wstrb), .s_axil_wvalid(wvalid),
    .s_axil_wready(wready), .s_axil_bresp(bresp), .s_axil_bvalid(bvalid), .s_axil_bready(bready),
    .s_axil_araddr(araddr), .s_axil_arprot(arprot), .s_axil_arvalid(arvalid), .s_axil_arready(arready),
    .s_axil_rdata(rdata), .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(rready),
    .control(control), .status(status), .errors(errors), .errors_set(errors_set), .layers(layers),
    .cycles(cycles), .shift(shift),
    .awaddr(awaddr_kept), .wdata(wdata_kept), .wstrb(wstrb_kept), .araddr(araddr_kept), .decoded(decoded));

  // requests taken and answers given, modulo 256
  reg [7:0] addresses = 0, values = 0, written = 0, asked = 0, read = 0;
  // the request that waits, and what the register holds by the rules of byte strobes
  reg [11:0] address, place;
  reg [31:0] value, kept = 0;
  reg [3:0] strobe;
  wire [31:0] mask = {{8{strobe[3]}}, {8{strobe[2]}}, {8{strobe[1]}}, {8{strobe[0]}}};
  wire write = !rst && !awready && !wready && (!bvalid || bready);
  reg looked = 0;                       // an address that waits has been decoded
  wire answer = !rst && looked && (!rvalid || rready);
  always @(posedge clk) looked <= !rst && !arready && !answer;
  wire may_write = address[11:2] == 1 || address[11:2] == 3 || address[11:2] == 4 || address[11:2] == 7;

  always @(posedge clk) if (!rst) begin
    if (awvalid && awready) begin addresses <= addresses + 1; address <= awaddr; end
    if (wvalid && wready) begin values <= values + 1; value <= wdata; strobe <= wstrb; end
    if (bvalid && bready) written <= written + 1;
    if (arvalid && arready) begin asked <= asked + 1; place <= araddr; end
    if (rvalid && rready) read <= read + 1;
    if (write && address[11:2] == 7) kept <= kept & ~mask | value & mask;
  end

  reg begun = 0;
  always @(posedge clk) begin
    begun <= 1;
    if (!rst) begin                                     // none lost, none twice
      assert (addresses - written == {7'd0, !awready} + {7'd0, bvalid});
      assert (values - written == {7'd0, !wready} + {7'd0, bvalid});
      assert (asked - read == {7'd0, !arready} + {7'd0, rvalid});
      assert (shift == kept && !rresp[0] && !bresp[0]);
      if (!awready) assert (awaddr_kept == address);    // ties for the induction
      if (!wready) assert (wdata_kept == value && wstrb_kept == strobe);
      if (!arready) assert (araddr_kept == place);
      assert (decoded == looked && !(looked && arready));
    end
    if (begun && !rst && !$past(rst)) begin
      if ($past(bvalid && !bready)) assert (bvalid && $stable(bresp));
      if ($past(rvalid && !rready)) assert (rvalid && $stable(rresp) && $stable(rdata));
      if ($past(write)) assert (bvalid && bresp == ($past(may_write) ? 0 : 2));
      if ($past(answer)) assert (rvalid && rresp == ($past(place[11:2]) < 8 ? 0 : 2));
      if ($past(answer && place[11:2] == 0)) assert (rdata == 32'h4E5A0001);
      if ($past(answer && place[11:2] == 7)) assert (rdata == $past(kept));
      if (!$past(write && address[11:2] == 4)) assert (layers == $past(layers));
    end
    assert (control == 0 || write && address[11:2] == 1);
  end
endmodule
