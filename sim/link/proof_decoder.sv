// Whatever bytes come: the decoder stays in its states, agrees with a reading of the framing byte by byte, and lets nothing in
// that is not whole, in order and in a free slot.
module check(input clk, input [7:0] data, input valid, input want);
  wire write, pending, flush, again;
  wire [9:0] write_addr;
  wire [7:0] write_data, done, expected;
  wire [3:0] attempt;
  wire [1:0] head;
  wire [1:0] state, fill;
  wire [7:0] count, first, sequence;
  wire opened, enough, opens, size_of_open;
  reg rst = 1;
  always @(posedge clk) rst <= 0;
  wire pop = want && pending;                   // the bridge takes only what is there

  decoder dut(.clk(clk), .rst(rst), .data(data), .valid(valid), .write(write), .write_addr(write_addr),
    .write_data(write_data), .pending(pending), .head(head), .pop(pop), .flush(flush), .again(again), .attempt(attempt),
    .done(done), .expected(expected), .state(state), .fill(fill), .count(count), .first(first), .sequence(sequence),
    .opened(opened), .enough(enough), .opens(opens), .size_of_open(size_of_open), .\check.match_detected (right));

  // the reading: bytes since a flag, without their stuffing, whether one is escaped, and whether all up to a flag is useless
  reg [7:0] bytes = 0, kind = 0, number = 0;
  reg escaped = 0, useless = 1, session = 0;
  reg [7:0] awaited = 0;
  reg [1:0] waiting = 0;
  wire right;                                   // the CRC is right: anything may be said of it here
  wire flag = valid && data == 8'h7e;
  wire escape = valid && data == 8'h7d && !escaped;
  wire [7:0] plain = escaped ? data ^ 8'h20 : data;
  wire whole = flag && !useless && !escaped && bytes >= 6 && right;
  wire begins = whole && kind[3:0] == 0 && bytes == 10;
  wire goes_on = whole && session && kind[3:0] != 0 && number == awaited && waiting != 3;
  always @(posedge clk) if (!rst) begin
    if (flag) {bytes, escaped, useless} <= 0;
    else if (valid && !useless) begin
      if (escape) escaped <= 1;
      else if (bytes == 254) {useless, escaped} <= 2'b10;
      else begin
        {bytes, escaped} <= {bytes + 8'd1, 1'b0};
        if (bytes == 0) kind <= plain;
        if (bytes == 1) number <= plain;
      end
    end
    if (begins) {session, awaited, waiting} <= {1'b1, number + 8'd1, 2'd1};
    else begin
      waiting <= waiting + goes_on - pop;
      if (goes_on) awaited <= number + 1;
    end
  end

  reg begun = 0;
  always @(posedge clk) begin
    begun <= 1;
    assert (rst == !begun);
    if (rst) assert ({bytes, escaped, useless, session, awaited, waiting} == {8'd0, 3'b010, 8'd0, 2'd0});
    if (!rst) begin
      assert (state != 3);                                              // no state but the three
      assert (state == (useless ? 0 : escaped ? 2 : 1));                   // and the one the bytes ask for
      assert (bytes <= 254);
      if (!useless) assert (count == bytes);
      if (!useless) assert (enough == (bytes >= 6) && size_of_open == (bytes == 10));
      if (!useless && bytes > 0) assert (first == kind && opens == (kind[3:0] == 0));
      if (!useless && bytes > 1) assert (sequence == number);
      assert (opened == session && (!session || expected == awaited));
      assert (fill - head == waiting && pending == (waiting != 0));
      assert (session || waiting == 0);
      assert (flush == begins);                                         // a session begins with a good OPEN alone
      assert (done == expected - 8'd1 - {6'd0, waiting});
      if (write) assert (write_addr[9:8] == fill);                      // never into a slot that waits
      if (write && !flag) assert (write_addr[7:0] == bytes && write_data == plain && !useless);
      if (write && flag) assert ((begins || goes_on) && write_addr[7:0] == 1 && write_data == bytes - 8'd4);
      if (begins || goes_on) assert (write);
      assert (!(again && (begins || goes_on)));
      if (again) assert (flag && bytes != 0);
    end
    if (begun && !rst && !$past(rst)) begin
      if ($past(flag)) assert (state == 1 && count == 0);               // whatever it was, a flag begins anew
      if (!$past(flag)) assert ($stable(expected) && $stable(opened) && $stable(fill));
    end
  end
endmodule
