// The first stage of a crossbar of two stages between queues of any content: a product is put into the queue of its multiplier
// with its place; each line takes the first head that wants it in the order of docs/scnn/pipeline.md, while its queue is not
// full; what is popped, and nothing else, is in the queue of its line three cycles later; no product is out of sight on the way.
module check(input clk, input [MULTIPLIERS-1:0] i_reserve, input [MULTIPLIERS-1:0] i_odd, input [MULTIPLIERS-1:0] i_valid,
             input [MULTIPLIERS*BITS-1:0] i_bank, input i_buffer, input [MULTIPLIERS-1:0] i_entry,
             input [MULTIPLIERS-1:0] i_product);
  localparam QUEUES = 2 * MULTIPLIERS, LOW = BITS - 3;  // LOW: bits of a bank's place in its line
  reg rst = 1;
  always @(posedge clk) rst <= 0;
  wire stop;
  wire [1:0] heads;
  // of the queues: multiplier k, parity p at MULTIPLIERS p + k
  wire [QUEUES-1:0] valid, buffer, pop, entry, top, product, near, reserve, push, q_buffer, q_entry, q_product;
  wire [2*QUEUES-1:0] line, q_line;
  wire [QUEUES*LOW-1:0] low, q_low;
  // of the lines' queues: line l of the four g, parity p at MULTIPLIERS p + 4 g + l
  wire [QUEUES-1:0] l_near, l_reserve, l_of, l_push, l_buffer, l_entry, l_product;
  wire [2*QUEUES-1:0] l_holds;
  wire [QUEUES*LOW-1:0] l_low;
  DUT

  // which head of its four each line gets, by the page: the first from l on
  reg [QUEUES-1:0] full = 0, got, chosen;
  reg [2*QUEUES-1:0] who;
  reg [1:0] ahead, behind, j;                           // of the buffers, which have heads; which have products in lines
  integer k, n, turn;
  always @* begin
    {got, chosen, who, ahead, behind} = 0;
    for (n = 0; n < QUEUES; n = n + 1) begin
      for (turn = 0; turn < 4; turn = turn + 1) begin
        j = n + turn;
        k = n / 4 * 4 + j;
        if (!got[n] && !full[n] && valid[k] && line[2*k +: 2] == n % 4) begin
          got[n] = 1;
          who[2*n +: 2] = j;
          chosen[k] = 1;
        end
      end
      ahead[buffer[n]] = ahead[buffer[n]] | valid[n];
      behind = behind | l_holds[2*n +: 2];
    end
  end

  function of_four(input [3:0] bits, input [1:0] which);
    of_four = bits[which];
  endfunction
  reg [QUEUES-1:0] got1 = 0, got2 = 0, got3 = 0, of1, buffer3, entry3, product3;
  reg [2*QUEUES-1:0] who1, who2;
  reg [QUEUES*LOW-1:0] low1, low2, low3;
  reg [1:0] ahead1, ahead2, ahead3, ahead4, behind1, behind2;
  reg stop1, stop2;
  integer b, m;
  always @(posedge clk) begin
    {full, stop1, stop2, got1, got2, got3} <= {l_near, near != 0, stop1, got, got1, got2};
    {ahead1, ahead2, ahead3, ahead4, behind1, behind2} <= {ahead, ahead1, ahead2, ahead3, behind, behind1};
    if (rst) {full, stop1, stop2, got1, got2, got3, ahead1, ahead2, ahead3, ahead4, behind1, behind2} <= 0;
    {who1, who2, low2, low3} <= {who, who1, low1, low2};
    for (m = 0; m < QUEUES; m = m + 1) begin
      of1[m] <= of_four(buffer[m/4*4 +: 4], who[2*m +: 2]);
      for (b = 0; b < LOW; b = b + 1)
        low1[m*LOW + b] <= of_four({low[(m/4*4+3)*LOW + b], low[(m/4*4+2)*LOW + b], low[(m/4*4+1)*LOW + b], low[m/4*4*LOW + b]},
                                   who[2*m +: 2]);
      buffer3[m] <= of_four(top[m/4*4 +: 4], who2[2*m +: 2]);           // the word follows the pop in two cycles
      entry3[m] <= of_four(entry[m/4*4 +: 4], who2[2*m +: 2]);
      product3[m] <= of_four(product[m/4*4 +: 4], who2[2*m +: 2]);
    end
  end

  integer c;
  always @* begin
    if (!rst) assert (pop == chosen && l_reserve == got1 && l_push == got3);
    if (!rst) assert (stop == stop2 && heads == (ahead1 | ahead2 | ahead3 | ahead4 | behind2));
    for (c = 0; c < QUEUES; c = c + 1) begin
      if (got1[c]) assert (l_of[c] == of1[c]);
      if (got3[c]) assert (l_low[c*LOW +: LOW] == low3[c*LOW +: LOW] && l_buffer[c] == buffer3[c] && l_entry[c] == entry3[c]
                           && l_product[c] == product3[c]);
    end
  end

  // the queues in front: of bank b = 2 (upper banks/8 + low) + parity the low bits, and the line upper xor low
  reg [BITS-1:0] bank;
  integer i;
  always @* for (i = 0; i < QUEUES; i = i + 1) begin
    bank = i_bank[i%MULTIPLIERS*BITS +: BITS];
    assert (reserve[i] == (i_reserve[i%MULTIPLIERS] && i_odd[i%MULTIPLIERS] == i / MULTIPLIERS));
    assert (push[i] == (i_valid[i%MULTIPLIERS] && bank[0] == i / MULTIPLIERS) && q_buffer[i] == i_buffer);
    assert (q_low[i*LOW +: LOW] == bank[LOW:1] && q_line[2*i +: 2] == (bank[BITS-1:LOW+1] ^ bank[LOW:1] % 4));
    assert (q_entry[i] == i_entry[i%MULTIPLIERS] && q_product[i] == i_product[i%MULTIPLIERS]);
  end
endmodule
