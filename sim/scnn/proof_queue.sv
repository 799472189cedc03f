// One queue of the crossbar behind an issue that stops as docs/scnn/pipeline.md says, with pops and data of any kind: it never
// overflows, its heads and payloads are what was pushed, in order, and a product that waits is at the head in time.
// The first lines of each part tie the registers of the queue to what is kept here, for the induction.
module check(input clk, input want, input others, input take, input bank, input buffer, input entry, input product);
  localparam DEPTH = 8, MARGIN = 5;
  reg [1:0] start = 0;
  wire rst = start == 0;
  always @(posedge clk) start <= 1;

  // an issue reserves in three cycles and pushes in five; other queues may stop it too
  reg stop = 0, r1 = 0, r2 = 0, r3 = 0, u1 = 0, u2 = 0;
  wire near, valid, head_bank, head_buffer, o_product;
  wire [1:0] o_entry;
  wire issue = want && !stop && !rst;
  wire pop = take && valid && !rst;
  always @(posedge clk) begin
    stop <= near || others;
    {r1, r2, r3, u1, u2} <= {issue, r1, r2, r3, u1};
    if (rst) {stop, r1, r2, r3, u1, u2} <= 0;
  end

  wire [3:0] write, ahead, level;
  wire [2:0] here, behind;
  wire [15:0] keys;
  wire [23:0] payloads;
  queue dut(.clk(clk), .rst(rst), .reserve(r3), .push(u2 && !rst), .i_bank(bank), .i_buffer(buffer), .i_entry(entry), .i_product(product),
    .valid(valid), .bank(head_bank), .buffer(head_buffer), .pop(pop), .entry(o_entry), .product(o_product), .near(near),
    .write(write), .ahead(ahead), .here(here), .behind(behind), .level(level), .\banks.all (keys), .\products.all (payloads));

  // what was pushed, by places: bank and buffer; product, buffer and entry
  reg [3:0] pushed = 0, popped = 0;
  reg [15:0] kept_keys = 0;
  reg [23:0] kept_payloads = 0;
  wire [3:0] count = pushed - popped, latest = popped - 4'd1;
  reg left1 = 0, left2 = 0, soon = 0;                   // popped a cycle ago, two cycles ago; one is due at the head
  reg [2:0] taken1, taken2;                             // its payload
  always @(posedge clk) begin
    if (u2 && !rst) begin
      kept_keys[2 * pushed[2:0] +: 2] <= {bank, buffer};
      kept_payloads[3 * pushed[2:0] +: 3] <= {product, buffer, entry};
      pushed <= pushed + 1;
    end
    if (pop) popped <= popped + 1;
    {left1, left2} <= {pop, left1};
    {taken1, taken2} <= {kept_payloads[3 * popped[2:0] +: 3], taken1};
    soon <= count > pop;
    if (rst) {pushed, popped, left1, left2, soon} <= 0;
  end

  always @(posedge clk) assert (keys == kept_keys && payloads == kept_payloads);     // a reset leaves the memories alone
  always @(posedge clk) if (!rst) begin
    assert (write == pushed && ahead == popped + valid && level == count + u1 + u2);
    assert (!valid || here == popped[2:0]);
    assert (!left1 || behind == latest[2:0]);
    assert (!valid || count != 0);
    if (left1) assert (taken1 == kept_payloads[3 * latest[2:0] +: 3]);
    assert (level + r1 + r2 + r3 <= DEPTH && (stop || level <= DEPTH - MARGIN + 1));        // never too many, however they come
    assert (count + u2 <= DEPTH);
    if (valid) assert ({head_bank, head_buffer} == kept_keys[2 * popped[2:0] +: 2]);        // the head is the oldest
    if (left2) assert ({o_product, o_entry} == taken2);                                     // its payload follows
    if (soon) assert (valid);                                                               // what waits is at the head
  end
endmodule
