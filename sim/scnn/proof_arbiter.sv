// The arbiter and the crossbar over queues of any content: what is popped arrives, once, at its bank, and nothing else does; of the
// heads for a bank the first in the bank's order is popped, unless the side port has the bank.
module check(input clk, input coming, input [BITS-1:0] coming_at);
  reg [2:0] age = 0;
  always @(posedge clk) if (age != 7) age <= age + 1;
  wire rst = age == 0;
  reg side = 0;                                         // the crossbar is told of it a cycle ahead
  reg [BITS-1:0] side_at;
  always @(posedge clk) {side, side_at} <= {coming && !rst, coming_at};
  wire [2*MULTIPLIERS-1:0] valid, pop, entry, product;  // of the queues: multiplier k, parity p at 2 k + p
  wire [2*MULTIPLIERS*(BITS-1)-1:0] high;
  wire [BANKS-1:0] o_valid, o_side;
  wire [2*BANKS-1:0] o_entry;
  wire [BANKS-1:0] o_product;
  CROSSBAR

  // which multiplier each bank gets, by the page: the first from b / 2 on
  reg [BANKS-1:0] got, beside;
  reg [2*MULTIPLIERS-1:0] chosen;
  reg [MULTIPLIERS-1:0] who [0:BANKS-1];
  integer b, j, k;
  always @* begin
    chosen = 0;
    got = 0;
    for (b = 0; b < BANKS; b = b + 1) begin
      who[b] = 0;
      beside[b] = side && side_at == b;
      for (j = 0; j < MULTIPLIERS; j = j + 1) begin
        k = (b / 2 + j) % MULTIPLIERS;
        if (!got[b] && !beside[b] && valid[2*k + b%2] && high[(2*k + b%2)*(BITS-1) +: BITS-1] == b / 2) begin
          got[b] = 1;
          who[b] = 1 << k;
          chosen[2*k + b%2] = 1;
        end
      end
    end
  end

  reg [BANKS-1:0] got1, got2, got3, got4, got5, beside1, beside2, beside3;
  reg [MULTIPLIERS-1:0] who1 [0:BANKS-1], who2 [0:BANKS-1], who3 [0:BANKS-1], who4 [0:BANKS-1],
                         who5 [0:BANKS-1];
  reg [BANKS-1:0] entry3;
  always @(posedge clk) begin
    {got1, got2, got3, got4, got5} <= {got, got1, got2, got3, got4};
    {beside1, beside2, beside3} <= {beside, beside1, beside2};
    for (b = 0; b < BANKS; b = b + 1) begin
      who1[b] <= who[b];
      who2[b] <= who1[b];
      who3[b] <= who2[b];
      who4[b] <= who3[b];
      who5[b] <= who4[b];
      entry3[b] <= 0;
      for (k = 0; k < MULTIPLIERS; k = k + 1)
        if (who2[b][k]) entry3[b] <= entry[2*k + b%2];  // the entry follows the pop in two cycles
    end
    if (!rst) assert (pop == chosen);
    if (age > 6) begin
      assert (o_valid == got3 && o_side == beside3 && (o_valid & o_side) == 0);
      for (b = 0; b < BANKS; b = b + 1)
        begin
          if (got3[b]) assert (o_entry[2*b] == entry3[b]);
          for (k = 0; k < MULTIPLIERS; k = k + 1)       // the product in five, and is at its bank at once
            if (got5[b] && who5[b][k]) assert (o_product[b] == product[2*k + b%2]);
        end
    end
  end
endmodule
