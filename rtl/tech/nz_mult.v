// Signed multiplier with registers on its inputs and on its product: p is a * b of two enabled cycles ago.
// A technology may replace this file by one of the same ports; at most 18 bits an operand.
module nz_mult #(
    parameter A_BITS = 18,
    parameter B_BITS = 18
) (
    input  wire                              clk,
    input  wire                              ce,
    input  wire signed [A_BITS-1:0]          a,
    input  wire signed [B_BITS-1:0]          b,
    output reg  signed [A_BITS+B_BITS-1:0]   p
);
    reg signed [A_BITS-1:0] a_q;
    reg signed [B_BITS-1:0] b_q;

    always @(posedge clk) begin
        if (ce) begin
            a_q <= a;
            b_q <= b;
            p   <= a_q * b_q;
        end
    end
endmodule
