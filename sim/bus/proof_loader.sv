// Packets: each payload word becomes one beat, in order, and a bad packet is reported and done with at TLAST.
module check(input clk, input [63:0] tdata, input tvalid, input tlast, input ready);
  wire tready, valid;
  wire [128:0] beat;
  wire [2:0] errors;
  wire [1:0] state;
  wire [23:0] left;
  reg rst = 1;
  always @(posedge clk) rst <= 0;

  loader dut(.clk(clk), .rst(rst), .s_axis_tdata(tdata), .s_axis_tvalid(tvalid), .s_axis_tready(tready),
    .s_axis_tlast(tlast), .o__payload(beat), .o__valid(valid), .o__ready(ready), .errors(errors),
    .state(state), .left(left));

  // a reading of the rules, word by word: words still promised, and whether the rest is of no use
  reg [23:0] promised = 0, number = 0;
  reg [7:0] kind;
  reg [31:0] address;
  reg swallow = 0;
  wire word = !rst && tvalid && tready;
  wire first = promised == 0 && !swallow;
  wire known = (tdata[7:0] == 1 || tdata[7:0] == 2 || tdata[7:0] == 55 || tdata[7:0] == 200) && tdata[31:8] != 0;
  wire payload = word && !first && !swallow;
  always @(posedge clk) if (word) begin
    if (first) begin
      promised <= known && !tlast ? tdata[31:8] : 0;
      {address, kind, number} <= {tdata[63:32], tdata[7:0], 24'd0};
      swallow <= !known && !tlast;
    end else if (swallow) swallow <= !tlast;
    else begin
      promised <= tlast ? 0 : promised - 1;
      swallow <= promised == 1 && !tlast;
      number <= number + 1;
    end
  end

  reg [7:0] words = 0, beats = 0;
  always @(posedge clk) begin
    if (payload) words <= words + 1;
    if (!rst && valid && ready) beats <= beats + 1;
  end

  reg begun = 0;
  always @(posedge clk) begin
    begun <= 1;
    if (!rst) begin
      assert (words - beats == {7'd0, valid});                  // none lost, none twice
      assert (tready || valid && !ready);                       // only a waiting beat holds a word back
      assert (state == (swallow ? 2 : promised != 0 ? 1 : 0));  // ties for the induction
      assert (!(swallow && promised != 0));
      if (promised != 0) assert (left == promised);
    end
    if (begun && !rst && !$past(rst)) begin
      if ($past(valid && !ready)) assert (valid && $stable(beat));
      if ($past(payload)) assert (valid && beat[127:64] == $past(tdata) && beat[128] == ($past(promised) == 1));
      if ($past(word && tlast)) assert (first);                 // whatever it was, the next is a header
      assert (errors[0] == $past(word && tlast && (first ? known : !swallow && promised != 1)));
      assert (errors[1] == $past(payload && !tlast && promised == 1));
      assert (errors[2] == $past(word && first && !known));
    end
  end
endmodule
