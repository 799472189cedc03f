// A crossbar of 2 multipliers and 4 banks, its queues 4 deep, after an issue of any vectors: each product comes once, at its bank.
// Products are reserved a cycle after their issue and pushed two cycles later, so a margin of 3 is enough.
module check(input clk, input want, input [1:0] live, input [1:0] bank0, input [1:0] bank1, input entry0, input entry1,
             input buffer, input side, input [1:0] side_at);
  (* anyconst *) reg [4:0] when;                        // the product that is followed: its vector's cycle and its multiplier
  (* anyconst *) reg who;
  (* anyconst *) reg [4:0] quiet;                       // nothing is issued and no bank taken from then on: the 2 (quiet - 1)
                                                        // products issued before have arrived 6 + 3 quiet cycles after reset
  reg [4:0] cycle = 0;
  wire rst = cycle == 0;
  always @(posedge clk) if (cycle != 31) cycle <= cycle + 1;

  wire stop;
  wire calm = cycle >= quiet;
  wire issue = want && !stop && !rst && !calm;
  wire coming = side && !rst && !calm;                  // the crossbar is told of an operation a cycle ahead
  reg busy = 0;
  reg [1:0] busy_at;
  always @(posedge clk) {busy, busy_at} <= {coming, side_at};
  reg [1:0] live1 = 0, live2 = 0, live3 = 0;            // by the cycles since the issue
  reg [1:0] own1 = 0, own2 = 0, own3 = 0;
  reg [3:0] banks1, banks2, banks3;
  reg [1:0] entries1, entries2, entries3;
  reg buffer1, buffer2, buffer3;
  always @(posedge clk) begin
    live1 <= issue ? live : 2'b0;
    own1 <= issue && cycle == when ? live & (2'b1 << who) : 2'b0;
    banks1 <= {bank1, bank0};
    entries1 <= {entry1, entry0};
    buffer1 <= buffer;
    {live2, own2, banks2, entries2, buffer2} <= {live1, own1, banks1, entries1, buffer1};
    {live3, own3, banks3, entries3, buffer3} <= {live2, own2, banks2, entries2, buffer2};
  end

  wire [3:0] o_valid, o_side;
  wire [1:0] heads, at0, at1, at2, at3;
  wire p0, p1, p2, p3;
  crossbar dut(.clk(clk), .rst(rst), .i_reserve(live1), .i_odd({banks1[2], banks1[0]}), .i_valid(live3), .i_buffer(buffer3),
    .i_bank__0(banks3[1:0]), .i_bank__1(banks3[3:2]), .i_entry__0(entries3[0]), .i_entry__1(entries3[1]),
    .i_product__0(own3[0]), .i_product__1(own3[1]), .stop(stop), .side_valid(coming), .side_bank(side_at), .side_all(1'b0),
    .heads(heads), .o_valid(o_valid), .o_side(o_side), .o_entry__0(at0), .o_entry__1(at1), .o_entry__2(at2), .o_entry__3(at3),
    .o_product__0(p0), .o_product__1(p1), .o_product__2(p2), .o_product__3(p3));

  // the followed product: where it belongs, and whether it is on its way
  reg [1:0] bank, at;
  reg waits = 0;
  reg [3:0] valid1 = 0, valid2 = 0;                     // products come two cycles after their places
  reg [7:0] at_1, at_2;
  wire [3:0] here = {p3, p2, p1, p0} & valid2;
  wire [3:0] place = 4'b1 << bank;
  always @(posedge clk) begin
    if (own3 != 0) begin
      bank <= who ? banks3[3:2] : banks3[1:0];
      at <= {buffer3, who ? entries3[1] : entries3[0]};
      waits <= 1;
    end
    if (here != 0) waits <= 0;
    {valid1, valid2} <= {o_valid, valid1};
    {at_1, at_2} <= {at3, at2, at1, at0, at_1};
  end
  wire [1:0] came_at = at_2[2*bank +: 2];

  // all products: how many wait; the side port's banks of three cycles
  reg [5:0] many = 0;
  reg [3:0] side1 = 0, side2 = 0, side3 = 0;
  reg [2:0] free = 0;
  always @(posedge clk) begin
    many <= many + live3[0] + live3[1] - o_valid[0] - o_valid[1] - o_valid[2] - o_valid[3];
    side1 <= busy ? 4'b1 << busy_at : 4'b0;
    side2 <= side1;
    side3 <= side2;
    free <= {free[1:0], !rst && heads != 0 && !busy};
  end
  reg reset_over = 0;
  always @(posedge clk) begin
    reset_over <= !rst;
    if (reset_over) begin
      assert (o_side == side3 && (o_valid & side3) == 0);       // a bank takes one operation
      assert (many >= o_valid[0] + o_valid[1] + o_valid[2] + o_valid[3]);       // none comes that was not pushed
      if (here != 0) assert (waits && here == place && came_at == at);         // the followed one: once, at its bank and entry
      if (free[2]) assert (o_valid != 0);                       // while any waits at a head, one comes
      if (calm && cycle >= 3*quiet + 7 && cycle != 31) assert (many == 0 && !waits && heads == 0);     // none stays
    end
  end
endmodule
