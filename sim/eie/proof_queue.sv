// A queue after the pointer read, and a sender that sees its stop DELAY cycles late: it never holds more than DEPTH, counts
// exactly, and gives what it was given in order.
module check(input clk, input want, input empty, input ready);
  localparam DELAY = `DELAY, DEPTH = `DEPTH, BITS = `BITS;
  wire stop, idle, o_valid;
  wire [16:0] o;                              // single, last, start, act
  wire [BITS:0] write, read;
  wire [3:0] level;
  wire [3:0] o_act = o[3:0];
  wire [1:0] left;
  reg rst = 1;
  always @(posedge clk) rst <= 0;

  // the sender, the way here and the pointer read
  reg [DELAY:0] stops = 0, flights = 0;
  wire [DELAY:0] stops_now = {stops[DELAY-1:0], stop};
  wire send = want && !stops_now[DELAY] && !rst;
  wire [DELAY:0] flights_now = {flights[DELAY-1:0], send};
  wire arrive = flights_now[DELAY];
  reg [2:0] reads = 0;
  reg [3:0] put = 0, taken = 0;
  wire keep = reads[2] && !empty;
  always @(posedge clk) if (rst) begin
    stops <= 0; flights <= 0; reads <= 0; put <= 0; taken <= 0;
  end else begin
    stops <= stops_now;
    flights <= flights_now;
    reads <= {reads[1:0], arrive};
    put <= put + keep;
    taken <= taken + (o_valid && ready);
  end

  queue dut(.clk(clk), .rst(rst), .arrive(arrive), .i__valid(reads[2]),
    .i__payload({empty, 1'b0, 6'd0, 6'd0, put}), .o__ready(ready), .o__valid(o_valid), .o__payload(o), .stop(stop), .idle(idle),
    .write(write), .read(read),
    .level(level), .left(left));

  wire [3:0] kept = put - taken;
  wire [3:0] here = reads[0] + reads[1] + reads[2] + kept;
  integer k;
  reg [3:0] coming;
  always @* begin
    coming = 0;
    for (k = 0; k < DELAY; k = k + 1) coming = coming + flights[k];
  end
  always @(posedge clk) if (!rst) begin
    assert (level == here + left);              // exact, a cycle late for what left
    assert (level <= DEPTH);                    // never too many
    assert (kept <= DEPTH);                     // the memory is never overrun
    assert (idle == (level == 0));
    assert (stop == (level >= DEPTH - 2 * DELAY));
    assert (o_valid == (kept != 0));
`ifdef ORDER
    if (o_valid) assert (o_act == taken);       // in order, none lost, none twice
`endif
    assert (write - read == kept);              // ties for the induction
    assert (left <= 2);
    assert (level + coming <= DEPTH);
  end
endmodule
