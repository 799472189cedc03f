// Results of 16 bits, one a transfer: every one leaves once, in its place, and TLAST goes with the last.
module check(input clk, input [15:0] value, input last, input valid, input tready);
  wire ready, tvalid, tlast;
  wire [63:0] tdata, word;
  wire [7:0] tkeep, kept;
  wire [1:0] count;
  reg rst = 1;
  always @(posedge clk) rst <= 0;

  results dut(.clk(clk), .rst(rst), .i__payload({last, value}), .i__valid(valid), .i__ready(ready),
    .m_axis_tdata(tdata), .m_axis_tkeep(tkeep), .m_axis_tvalid(tvalid), .m_axis_tready(tready),
    .m_axis_tlast(tlast), .count(count), .word(word), .kept(kept));

  wire taken = !rst && valid && ready, given = !rst && tvalid && tready;
  function [7:0] results_in(input [7:0] keep);
    results_in = keep == 8'h03 ? 1 : keep == 8'h0F ? 2 : keep == 8'h3F ? 3 : 4;
  endfunction

  reg [7:0] in = 0, out = 0, ends_in = 0, ends_out = 0;
  reg [63:0] model = 0;                                         // the word as it fills
  always @(posedge clk) begin
    if (taken) begin in <= in + 1; ends_in <= ends_in + last; end
    if (given) begin out <= out + results_in(tkeep); ends_out <= ends_out + tlast; end
    if (taken) model <= last || count == 3 ? 0 : model | {48'd0, value} << 16 * count;
  end

  reg begun = 0;
  always @(posedge clk) begin
    begun <= 1;
    if (!rst) begin
      assert (in - out == {6'd0, count} + (tvalid ? results_in(tkeep) : 8'd0));    // none lost, none twice
      assert (ends_in - ends_out == {7'd0, tvalid && tlast});
      assert (ready || tvalid && !tready && (last || count == 3));  // only a word in its way holds it back
      assert (word == model && kept == (8'd1 << 2 * count) - 8'd1);             // ties for the induction
      assert (word >> 16 * count == 0);
      assert (!tvalid || tkeep == 8'h03 || tkeep == 8'h0F || tkeep == 8'h3F || tkeep == 8'hFF);
      assert (!tvalid || tlast || tkeep == 8'hFF);
    end
    if (begun && !rst && !$past(rst)) begin
      if ($past(tvalid && !tready)) assert (tvalid && $stable(tdata) && $stable(tkeep) && $stable(tlast));
      if ($past(taken && (last || count == 3)))
        assert (tvalid && tlast == $past(last) && tdata == ($past(model) | {48'd0, $past(value)} << 16 * $past(count)));
    end
  end
endmodule
