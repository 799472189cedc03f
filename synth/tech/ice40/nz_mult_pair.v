// iCE40: both multipliers in one SB_MAC16, split into two of 8 x 8, with its own registers.
module nz_mult_pair (
    input  wire               clk,
    input  wire               ce,
    input  wire signed [7:0]  a0,
    input  wire signed [7:0]  b0,
    input  wire signed [7:0]  a1,
    input  wire signed [7:0]  b1,
    output wire signed [15:0] p0,
    output wire signed [15:0] p1
);
    SB_MAC16 #(
        .A_REG(1'b1), .B_REG(1'b1), .TOP_8x8_MULT_REG(1'b1), .BOT_8x8_MULT_REG(1'b1),
        .TOPOUTPUT_SELECT(2'b10), .BOTOUTPUT_SELECT(2'b10),
        .MODE_8x8(1'b1), .A_SIGNED(1'b1), .B_SIGNED(1'b1)
    ) mac (
        .CLK(clk), .CE(ce), .A({a1, a0}), .B({b1, b0}), .C(16'b0), .D(16'b0), .O({p1, p0}),
        .AHOLD(1'b0), .BHOLD(1'b0), .CHOLD(1'b0), .DHOLD(1'b0),
        .IRSTTOP(1'b0), .IRSTBOT(1'b0), .ORSTTOP(1'b0), .ORSTBOT(1'b0),
        .OLOADTOP(1'b0), .OLOADBOT(1'b0), .ADDSUBTOP(1'b0), .ADDSUBBOT(1'b0),
        .OHOLDTOP(1'b0), .OHOLDBOT(1'b0), .CI(1'b0), .ACCUMCI(1'b0), .SIGNEXTIN(1'b0)
    );
endmodule
