// Two signed multipliers of 8 x 8 bits with the registers of nz_mult; one block where a part can split it.
module nz_mult_pair (
    input  wire               clk,
    input  wire               ce,
    input  wire signed [7:0]  a0,
    input  wire signed [7:0]  b0,
    input  wire signed [7:0]  a1,
    input  wire signed [7:0]  b1,
    output reg  signed [15:0] p0,
    output reg  signed [15:0] p1
);
    reg signed [7:0] a0_q, b0_q, a1_q, b1_q;

    always @(posedge clk) begin
        if (ce) begin
            a0_q <= a0;
            b0_q <= b0;
            a1_q <= a1;
            b1_q <= b1;
            p0   <= a0_q * b0_q;
            p1   <= a1_q * b1_q;
        end
    end
endmodule
