// A node over two children with any rows and any pauses: their non-zeros are merged in ascending order, none lost, none twice.
module check(input clk, input ready, input [1:0] offer);
  localparam ROWS = 2;
  (* anyconst *) reg [3:0] live0, live1;        // of a row: child 0 has the lower two
  (* anyconst *) reg calm;
  wire [1:0] child_ready;
  wire valid;
  wire [9:0] o;
  reg [4:0] cycle = 0;
  wire rst = cycle == 0;
  always @(posedge clk) if (cycle != 31) cycle <= cycle + 1;

  // the children: a token stays until it is taken
  reg [1:0] row [0:1];
  reg done [0:1];                               // the first of two non-zeros is through
  reg [1:0] offered = 0;
  reg [7:0] token [0:1];
  wire [1:0] offering = rst ? 2'd0 : offered | offer | {2{calm}};
  reg [1:0] valid_now;
  initial begin row[0] = 0; row[1] = 0; done[0] = 0; done[1] = 0; end
  integer c;
  reg [1:0] mine;
  reg more, none;
  always @* for (c = 0; c < 2; c = c + 1) begin
    mine = row[c] == 0 ? live0[2*c +: 2] : live1[2*c +: 2];
    none = mine == 0;
    more = mine == 3 && !done[c];
    token[c] = {none, !more, 1'b0, (mine == 2 || done[c]), {1'b0, row[c][0], c[0], (mine == 2 || done[c])}};
    valid_now[c] = offering[c] && row[c] < ROWS;
  end
  integer k;
  always @(posedge clk) if (!rst) for (k = 0; k < 2; k = k + 1) begin
    offered[k] <= valid_now[k] && !child_ready[k];
    if (valid_now[k] && child_ready[k]) begin
      row[k] <= row[k] + token[k][6];
      done[k] <= !token[k][6];
    end
  end

  node dut(.clk(clk), .rst(rst), .i__0__payload(token[0]), .i__0__valid(valid_now[0]), .i__0__ready(child_ready[0]),
    .i__1__payload(token[1]), .i__1__valid(valid_now[1]), .i__1__ready(child_ready[1]), .o__payload(o), .o__valid(valid),
    .o__ready(ready || calm));

  // the token to come, read off the rows
  reg [1:0] at = 0;
  reg [3:0] through = 0;
  wire [3:0] live = at == 0 ? live0 : live1;
  wire [3:0] rest = live & ~through;
  wire [1:0] place = rest[0] ? 0 : rest[1] ? 1 : rest[2] ? 2 : 3;
  wire empty = live == 0;
  wire last = empty || (rest & (rest - 1'b1)) == 0;
  wire taken = valid && (ready || calm);
  always @(posedge clk) if (!rst && taken) begin
    at <= at + last;
    through <= last ? 0 : through | (1 << place);
  end

  reg [9:0] before;
  reg waiting = 0;
  always @(posedge clk) begin
    waiting <= !rst && valid && !taken;
    before <= o;
    if (!rst && valid) begin
      assert (at < ROWS);                                                               // none too many
      assert (o[8] == last && o[9] == empty);
      if (!empty) assert (o[3:0] == {1'b0, at[0], place} && o[7:4] == {1'b0, place[1], 1'b0, place[0]});    // the right one
    end
    if (!rst && waiting) assert (valid && o == before);                                 // an offer stays
    if (calm && cycle == 4 + ROWS * 4) assert (at == ROWS);                             // none lost: a token a cycle
  end
endmodule
