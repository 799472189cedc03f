// A buffer of two words: whatever is put in comes out once, unchanged and in order, and room is told exactly.
module check(input clk, input [3:0] i, input i_valid, input o_ready);
  wire [3:0] o, entry0, entry1;
  wire i_ready, o_valid, write, read, full;
  reg rst = 1;
  always @(posedge clk) rst <= 0;

  buffer dut(.clk(clk), .rst(rst), .i__payload(i), .i__valid(i_valid), .i__ready(i_ready), .o__payload(o), .o__valid(o_valid),
    .o__ready(o_ready),
    .entry0(entry0), .entry1(entry1), .write(write), .read(read), .full(full));

  // a plain reading: a list of at most two
  reg [3:0] oldest = 0, newest = 0;
  reg [1:0] count = 0;
  wire put = i_valid && i_ready, take = o_valid && o_ready;
  always @(posedge clk) if (rst) count <= 0; else begin
    count <= count + put - take;
    if (take && count == 2) oldest <= newest;
    else if (put && count == take) oldest <= i;
    if (put) newest <= i;
  end

  always @(posedge clk) if (!rst) begin
    assert (count <= 2);
    assert (o_valid == (count != 0));           // offered as long as there is one
    assert (i_ready == (count != 2));           // room, until there are two
    if (o_valid) assert (o == oldest);          // in order, unchanged
    assert (full == (count == 2));              // ties for the induction
    assert ((write ^ read) == count[0]);
    if (o_valid) assert (o == (read ? entry1 : entry0));
    if (count == 2) assert ((read ? entry0 : entry1) == newest);
  end
endmodule
