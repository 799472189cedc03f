// One queue of the crossbar after an issue that stops as docs/scnn/pipeline.md says, with pops and data of any kind: it never
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
  wire [2:0] here, later1, later2, later3;
  wire [15:0] keys, entries;
  wire [7:0] products;
  wire [SEEN-1:0] seen_entry, seen_product;             // after the places: registers for the way to memories of tables,
                                                        // what a block memory has read
  queue dut(.clk(clk), .rst(rst), .reserve(r3), .push(u2 && !rst), .i_bank(bank), .i_buffer(buffer), .i_entry(entry), .i_product(product),
    .valid(valid), .bank(head_bank), .buffer(head_buffer), .pop(pop), .entry(o_entry), .product(o_product), .near(near),
    .write(write), .ahead(ahead), .here(here), .later_1(later1), .later_2(later2), .later_3(later3),
    READ, .level(level), .\banks.all (keys), .\entries.all (entries), .\products.all (products));

  // what was pushed, by places: bank and buffer, buffer and entry, product
  reg [3:0] pushed = 0, popped = 0;
  reg [15:0] kept_keys = 0, kept_entries = 0;
  reg [7:0] kept_products = 0;
  wire [3:0] count = pushed - popped;
  reg left1 = 0, left2 = 0, left3 = 0, left4 = 0, left5 = 0;      // popped a cycle ago, ..., five cycles ago
  reg soon = 0;                                         // one is due at the head
  reg [1:0] entry1, entry2;
  reg product1, product2, product3, product4, product5;
  reg [3:0] place1, place2, place3, place4;
  wire [3:0] ahead1 = pushed - place1, ahead2 = pushed - place2, ahead3 = pushed - place3, ahead4 = pushed - place4;
  always @(posedge clk) begin
    if (u2 && !rst) begin
      kept_keys[2 * pushed[2:0] +: 2] <= {bank, buffer};
      kept_entries[2 * pushed[2:0] +: 2] <= {buffer, entry};
      kept_products[pushed[2:0]] <= product;
      pushed <= pushed + 1;
    end
    if (pop) popped <= popped + 1;
    {left1, left2, left3, left4, left5} <= {pop, left1, left2, left3, left4};
    {entry1, entry2} <= {kept_entries[2 * popped[2:0] +: 2], entry1};
    {product1, product2, product3, product4, product5} <= {kept_products[popped[2:0]], product1, product2, product3, product4};
    {place1, place2, place3, place4} <= {popped, place1, place2, place3};
    soon <= count > pop;
    if (rst) {pushed, popped, left1, left2, left3, left4, left5, soon} <= 0;
  end

  // a reset leaves the memories alone
  always @(posedge clk) assert (keys == kept_keys && entries == kept_entries && products == kept_products);
  always @(posedge clk) if (!rst) begin
    assert (write == pushed && ahead == popped + valid && level == count + u1 + u2);
    assert (!valid || here == popped[2:0]);
    // what was popped stays in its place until it is read, since what may come for that place comes later
    if (left1) assert (later1 == place1[2:0] && entry1 == kept_entries[2 * place1[2:0] +: 2] && ENTRY);
    if (left1) assert (product1 == kept_products[place1[2:0]] && ahead1 != 0 && ahead1 + u2 + u1 + r3 + r2 + r1 <= DEPTH);
    if (left2) assert (later2 == place2[2:0] && product2 == kept_products[place2[2:0]] && ahead2 != 0 && ahead2 + u2 + u1 + r3 + r2 <= DEPTH);
    if (left3) assert (later3 == place3[2:0] && product3 == kept_products[place3[2:0]] && ahead3 != 0 && ahead3 + u2 + u1 + r3 <= DEPTH);
    if (left4) assert (product4 == kept_products[place4[2:0]] && PRODUCT && ahead4 != 0 && ahead4 + u2 + u1 <= DEPTH);
    assert (!valid || count != 0);
    assert (level + r1 + r2 + r3 <= DEPTH && (stop || level <= DEPTH - MARGIN + 1));        // never too many, however they come
    assert (count + u2 <= DEPTH);
    if (valid) assert ({head_bank, head_buffer} == kept_keys[2 * popped[2:0] +: 2]);        // the head is the oldest
    if (left2) assert (o_entry == entry2);                                                  // its entry follows,
    if (left5) assert (o_product == product5);                                              // and its product
    if (soon) assert (valid);                                                               // what waits is at the head
  end
endmodule
