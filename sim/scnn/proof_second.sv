// The second stage of a crossbar of two stages over line queues of any content: what is popped arrives, once, at its bank, and
// nothing else does, when it does with one stage; of the heads for a bank the first in the bank's order is popped, unless the
// side port, which tells a cycle ahead, has the bank.
module check(input clk, input side, input [BITS-1:0] side_at);
  localparam FOURS = MULTIPLIERS / 4, OF_A_LINE = BANKS / 8, LOW = BITS - 3;       // LOW: bits of a bank's place in its line
  reg rst = 1;
  always @(posedge clk) rst <= 0;
  reg side1 = 0;
  reg [BITS-1:0] side_at1;
  always @(posedge clk) {side1, side_at1} <= {side && !rst, side_at};
  // of the lines' queues: line l of the four g, parity p at MULTIPLIERS p + 4 g + l
  wire [2*MULTIPLIERS-1:0] valid, pop, product;
  wire [4*MULTIPLIERS-1:0] entry;
  wire [2*MULTIPLIERS*LOW-1:0] low;
  wire [BANKS-1:0] o_valid, o_side, o_product;
  wire [2*BANKS-1:0] o_entry;
  DUT

  // which line's queue each bank gets, by the page: that of the first four from its place in its line on
  reg [BANKS-1:0] got, beside;
  reg [2*MULTIPLIERS-1:0] chosen;
  reg [BANKS*BITS-1:0] who;
  integer at, b, j, n;
  always @* begin
    {got, chosen, who} = 0;
    for (b = 0; b < BANKS; b = b + 1) begin
      at = b / 2 % OF_A_LINE;
      beside[b] = side1 && side_at1 == b;
      for (j = 0; j < FOURS; j = j + 1) begin
        n = b % 2 * MULTIPLIERS + (at + j) % FOURS * 4 + (b / 2 / OF_A_LINE ^ at % 4);
        if (!got[b] && !beside[b] && valid[n] && low[n*LOW +: LOW] == at) begin
          got[b] = 1;
          who[b*BITS +: BITS] = n;
          chosen[n] = 1;
        end
      end
    end
  end

  reg [BANKS-1:0] got1 = 0, got2 = 0, got3 = 0, got4 = 0, got5 = 0, beside1 = 0, beside2 = 0, beside3 = 0;
  reg [BANKS*BITS-1:0] who1, who2, who3, who4, who5;
  reg [2*BANKS-1:0] entry3;
  integer c;
  always @(posedge clk) begin
    {got1, got2, got3, got4, got5} <= {got, got1, got2, got3, got4};
    {beside1, beside2, beside3} <= {beside, beside1, beside2};
    {who1, who2, who3, who4, who5} <= {who, who1, who2, who3, who4};
    if (rst) {got1, got2, got3, got4, got5, beside1, beside2, beside3} <= 0;
    if (!rst) assert (pop == chosen && o_valid == got3 && o_side == beside3 && (o_valid & o_side) == 0);
    for (c = 0; c < BANKS; c = c + 1) begin
      entry3[2*c +: 2] <= entry[2*who2[c*BITS +: BITS] +: 2];           // the entry follows the pop in two cycles,
      if (got3[c]) assert (o_entry[2*c +: 2] == entry3[2*c +: 2]);
      if (got5[c]) assert (o_product[c] == product[who5[c*BITS +: BITS]]);        // the product in five, at its bank at once
    end
  end
endmodule
