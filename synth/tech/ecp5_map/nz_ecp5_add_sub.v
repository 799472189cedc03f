// ECP5's carry chain as an adder that subtracts where sub is 1. Digit 0 makes the carry: 1 + sub.
module nz_ecp5_add_sub #(
  parameter BITS = 16
) (
  input  wire [BITS-1:0] a,
  input  wire [BITS-1:0] b,
  input  wire            sub,
  output wire [BITS-1:0] s
);
  localparam PAIRS = (BITS + 2) / 2;
  localparam SPARE = 2 * PAIRS - BITS - 1;
  wire [2*PAIRS-1:0] left, right, invert, sum;
  wire [PAIRS:0] carry;
  generate
    if (SPARE > 0) begin : even
      assign left = {1'b0, a, 1'b1};
      assign right = {1'b0, b, sub};
      assign invert = {1'b0, {BITS{sub}}, 1'b0};
    end else begin : odd
      assign left = {a, 1'b1};
      assign right = {b, sub};
      assign invert = {{BITS{sub}}, 1'b0};
    end
  endgenerate
  assign carry[0] = 1'b0;
  assign s = sum[BITS:1];
  genvar n;
  generate
    for (n = 0; n < PAIRS; n = n + 1) begin : digit
      // A table is A ^ B ^ C where D is 1; what it passes on to the carry is A.
      CCU2C #(.INIT0(16'h96AA), .INIT1(16'h96AA), .INJECT1_0("NO"), .INJECT1_1("NO")) pair (
        .CIN(carry[n]), .COUT(carry[n+1]), .S0(sum[2*n]), .S1(sum[2*n+1]),
        .A0(left[2*n]), .B0(right[2*n]), .C0(invert[2*n]), .D0(1'b1),
        .A1(left[2*n+1]), .B1(right[2*n+1]), .C1(invert[2*n+1]), .D1(1'b1));
    end
  endgenerate
endmodule
