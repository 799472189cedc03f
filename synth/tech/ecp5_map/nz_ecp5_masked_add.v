// ECP5's carry chain as an adder of c and a | b, b masked by m. Digit 0 makes the carry 0, so that nothing has to feed the chain.
// Its own carry is any, said as x: the placer puts a pair of tables before a chain whose carry is a constant, and wants the port.
module nz_ecp5_masked_add #(
  parameter BITS = 16
) (
  input  wire [BITS-1:0] a,
  input  wire [BITS-1:0] b,
  input  wire [BITS-1:0] c,
  input  wire            m,
  output wire [BITS-1:0] s
);
  localparam PAIRS = (BITS + 2) / 2;
  wire [2*PAIRS-1:0] one, other, left, sum;
  wire [PAIRS:1] carry;
  assign one = {a, 1'b0};
  assign other = {b, 1'b0};
  assign left = {c, 1'b0};
  assign s = sum[BITS:1];
  genvar n;
  generate
    for (n = 0; n < PAIRS; n = n + 1) begin : digit
      // A table is A ^ (C | B & D); what it passes on to the carry is A.
      if (n == 0) begin : first
        CCU2C #(.INIT0(16'h0000), .INIT1(16'h565A), .INJECT1_0("NO"), .INJECT1_1("NO")) pair (
          .CIN(1'bx), .COUT(carry[1]), .S0(sum[0]), .S1(sum[1]),
          .A0(1'b0), .B0(1'b0), .C0(1'b0), .D0(1'b0),
          .A1(left[1]), .B1(m), .C1(one[1]), .D1(other[1]));
      end else begin : more
        CCU2C #(.INIT0(16'h565A), .INIT1(16'h565A), .INJECT1_0("NO"), .INJECT1_1("NO")) pair (
          .CIN(carry[n]), .COUT(carry[n+1]), .S0(sum[2*n]), .S1(sum[2*n+1]),
          .A0(left[2*n]), .B0(m), .C0(one[2*n]), .D0(other[2*n]),
          .A1(left[2*n+1]), .B1(m), .C1(one[2*n+1]), .D1(other[2*n+1]));
      end
    end
  endgenerate
endmodule
