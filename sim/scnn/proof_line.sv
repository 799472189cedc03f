// A line queue after a first stage that may choose a product in every cycle in which the queue is not full, as
// docs/scnn/pipeline.md says, with pops and data of any kind: it never overflows, its heads and payloads are what was pushed, in
// order, a product that waits is at the head in time, and it knows of which buffers it holds products.
// The first lines of each part tie the registers of the queue to what is kept here, for the induction.
module check(input clk, input want, input take, input bank, input buffer, input entry, input product);
  reg [1:0] start = 0;
  wire rst = start == 0;
  always @(posedge clk) start <= 1;

  // a choice reserves in a cycle and pushes in three
  reg full = 0, r1 = 0, r2 = 0, r3 = 0, buffer1, buffer2, buffer3;
  wire near, valid, head_bank, head_buffer, o_product;
  wire [1:0] o_entry, holds;
  wire choice = want && !full && !rst;
  wire pop = take && valid && !rst;
  always @(posedge clk) begin
    full <= near;
    {r1, r2, r3} <= {choice, r1, r2};
    {buffer1, buffer2, buffer3} <= {buffer, buffer1, buffer2};
    if (rst) {full, r1, r2, r3} <= 0;
  end

  wire popped1, of_popped1;
  wire [BITS:0] write, ahead, level, held0, held1;
  wire [BITS-1:0] here, later1, later2, later3, seen_entry, seen_product;
  wire [2*DEPTH-1:0] keys, entries;
  wire [DEPTH-1:0] products;
  queue dut(.clk(clk), .rst(rst), .reserve(r1), .of(buffer1), .push(r3), .i_bank(bank), .i_buffer(buffer3),
    .i_entry(entry), .i_product(product), .valid(valid), .bank(head_bank), .buffer(head_buffer), .pop(pop), .entry(o_entry),
    .product(o_product), .near(near), .holds(holds), .held0(held0), .held1(held1), .popped_1(popped1), .of_popped_1(of_popped1),
    .write(write), .ahead(ahead), .here(here), .later_1(later1), .later_2(later2), .later_3(later3), .behind_entries(seen_entry),
    .behind_products(seen_product), .level(level), .\banks.all (keys), .\entries.all (entries), .\products.all (products));

  // what was pushed, by places: bank and buffer, buffer and entry, product
  reg [BITS:0] pushed = 0, popped = 0;
  reg [2*DEPTH-1:0] kept_keys = 0, kept_entries = 0;
  reg [DEPTH-1:0] kept_products = 0;
  wire [BITS:0] count = pushed - popped;
  wire [BITS-1:0] back = pushed[BITS-1:0], front = popped[BITS-1:0];
  reg left1 = 0, left2 = 0, left3 = 0, left4 = 0, left5 = 0;      // popped a cycle ago, ..., five cycles ago
  reg soon = 0;                                         // one is due at the head
  reg [1:0] entry1, entry2;
  reg product1, product2, product3, product4, product5;
  reg [BITS:0] place1, place2, place3, place4;
  wire [BITS-1:0] at1 = place1, at2 = place2, at3 = place3, at4 = place4;
  wire [BITS:0] ahead1 = pushed - place1, ahead2 = pushed - place2, ahead3 = pushed - place3, ahead4 = pushed - place4;
  always @(posedge clk) begin
    if (r3 && !rst) begin
      kept_keys[2 * back +: 2] <= {bank, buffer3};
      kept_entries[2 * back +: 2] <= {buffer3, entry};
      kept_products[back] <= product;
      pushed <= pushed + 1;
    end
    if (pop) popped <= popped + 1;
    {left1, left2, left3, left4, left5} <= {pop, left1, left2, left3, left4};
    {entry1, entry2} <= {kept_entries[2 * front +: 2], entry1};
    {product1, product2, product3, product4, product5} <= {kept_products[front], product1, product2, product3, product4};
    {place1, place2, place3, place4} <= {popped, place1, place2, place3};
    soon <= count > pop;
    if (rst) {pushed, popped, left1, left2, left3, left4, left5, soon} <= 0;
  end

  // of each buffer, how many have reserved and how many were popped a cycle ago or earlier. These counters wrap, but what is popped was pushed as it
  // reserved, and the level is at most DEPTH, so a difference of BITS + 1 bits is the number that the queue holds
  reg gone;                                             // the buffer of what was popped a cycle ago
  always @(posedge clk) gone <= kept_keys[2 * front];
  reg [BITS:0] came0 = 0, came1 = 0, went0 = 0, went1 = 0;
  always @(posedge clk) begin
    if (r1) {came1, came0} <= buffer1 ? {came1 + 1'b1, came0} : {came1, came0 + 1'b1};
    if (left1) {went1, went0} <= gone ? {went1 + 1'b1, went0} : {went1, went0 + 1'b1};
    if (rst) {came0, came1, went0, went1} <= 0;
  end
  wire [BITS:0] many0 = came0 - went0, many1 = came1 - went1;
  reg [1:0] held = 0;
  always @(posedge clk) held <= rst ? 0 : {many1 != 0, many0 != 0};

  // a reset leaves the memories alone
  always @(posedge clk) assert (keys == kept_keys && entries == kept_entries && products == kept_products);
  always @(posedge clk) if (!rst) begin
    assert (write == pushed && ahead == popped + valid && level == count + r2 + r3 + left1 && held0 == many0 && held1 == many1);
    assert (!valid || here == front);
    assert (popped1 == left1 && (!left1 || of_popped1 == gone));
    // what was popped stays in its place until it is read, since what may come for that place comes later
    if (left1) assert (later1 == at1 && seen_entry == at1 && entry1 == kept_entries[2 * at1 +: 2]);
    if (left1) assert (product1 == kept_products[at1] && ahead1 != 0 && ahead1 + r3 + r2 + r1 <= DEPTH);
    if (left2) assert (later2 == at2 && product2 == kept_products[at2] && ahead2 != 0 && ahead2 + r3 + r2 <= DEPTH);
    if (left3) assert (later3 == at3 && product3 == kept_products[at3] && ahead3 != 0 && ahead3 + r3 <= DEPTH);
    if (left4) assert (seen_product == at4 && product4 == kept_products[at4] && ahead4 != 0 && ahead4 <= DEPTH);
    assert (!valid || count != 0);
    assert (level + r1 <= DEPTH && (full || level + r1 <= DEPTH - MARGIN + 2));             // never too many, however they come
    assert (count + r3 <= DEPTH);
    if (valid) assert ({head_bank, head_buffer} == kept_keys[2 * front +: 2]);              // the head is the oldest
    if (left2) assert (o_entry == entry2);                                                  // its entry follows,
    if (left5) assert (o_product == product5);                                              // and its product
    if (soon) assert (valid);                                                               // what waits is at the head
    assert (holds == held);
  end
endmodule
