// A leaf over memories of any content: each non-zero comes once, in ascending order, and a row without any comes as one token.
module check(input clk, input ready);
  localparam ROWS = 2, PES = 3;
  (* anyconst *) reg [PES-1:0] live0, live1;
  (* anyconst *) reg calm;
  wire [1:0] addr;
  wire read, load, valid;
  wire [7:0] o;
  reg [4:0] cycle = 0;
  wire rst = cycle == 0;
  always @(posedge clk) if (cycle != 31) cycle <= cycle + 1;

  // the memories of the PEs as the leaf sees them: the array, then a register; a value tells where it is from
  reg [1:0] at1 = 0, at2 = 0;
  always @(posedge clk) begin
    if (read) at1 <= addr;
    if (load) at2 <= at1;
  end
  wire [PES-1:0] seen = at2 == 0 ? live0 : at2 == 1 ? live1 : 3'd0;

  leaf dut(.clk(clk), .rst(rst), .command({32'd0 + ROWS, cycle == 1 ? 3'd7 : 3'd0}), .scan({load, read, addr}),
    .act__0(seen[0] ? {at2, 2'd1} : 4'd0), .act__1(seen[1] ? {at2, 2'd2} : 4'd0),
    .act__2(seen[2] ? {at2, 2'd3} : 4'd0), .nonzero__0(seen[0]), .nonzero__1(seen[1]), .nonzero__2(seen[2]),
    .o__payload(o), .o__valid(valid), .o__ready(ready || calm));

  // the token to come, read off the rows: row and the PEs that are done with
  reg [1:0] row = 0;
  reg [PES-1:0] done = 0;
  wire [PES-1:0] live = row == 0 ? live0 : row == 1 ? live1 : 3'd0;
  wire [PES-1:0] rest = live & ~done;
  wire [1:0] pe = rest[0] ? 0 : rest[1] ? 1 : 2;
  wire none = live == 0;
  wire last = none || (rest & (rest - 1'b1)) == 0;
  wire taken = valid && (ready || calm);
  always @(posedge clk) if (!rst && taken) begin
    row <= row + last;
    done <= last ? 0 : done | (1 << pe);
  end

  reg [7:0] before;
  reg waiting = 0;
  always @(posedge clk) begin
    waiting <= !rst && valid && !taken;
    before <= o;
    if (!rst && valid) begin
      assert (row < ROWS);                                          // none too many
      assert (o[6] == last && o[7] == none);
      if (!none) assert (o[3:0] == {row, 2'd1 + pe} && o[5:4] == pe); // the right one
    end
    if (!rst && waiting) assert (valid && o == before);             // an offer stays
    if (calm && cycle == 1 + 4 + ROWS * PES) assert (row == ROWS);  // none lost: all came, a token a cycle
  end
endmodule
