// Simulation model of ECP5's MULT18X18D in the modes that we and Yosys use: optional registers on each operand and on the product,
// signed or unsigned operands, synchronous or asynchronous reset, any of the four clocks, enables and resets for each register.
// Not modelled, and refused at time 0 where a parameter asks for it: the pipeline register, cascades, the C operand.
module MULT18X18D #(
  parameter REG_INPUTA_CLK = "NONE", parameter REG_INPUTA_CE = "CE0", parameter REG_INPUTA_RST = "RST0",
  parameter REG_INPUTB_CLK = "NONE", parameter REG_INPUTB_CE = "CE0", parameter REG_INPUTB_RST = "RST0",
  parameter REG_INPUTC_CLK = "NONE", parameter REG_INPUTC_CE = "CE0", parameter REG_INPUTC_RST = "RST0",
  parameter REG_PIPELINE_CLK = "NONE", parameter REG_PIPELINE_CE = "CE0", parameter REG_PIPELINE_RST = "RST0",
  parameter REG_OUTPUT_CLK = "NONE", parameter REG_OUTPUT_CE = "CE0", parameter REG_OUTPUT_RST = "RST0",
  parameter CLK0_DIV = "ENABLED", parameter CLK1_DIV = "ENABLED", parameter CLK2_DIV = "ENABLED", parameter CLK3_DIV = "ENABLED",
  parameter HIGHSPEED_CLK = "NONE", parameter GSR = "ENABLED", parameter CAS_MATCH_REG = "FALSE",
  parameter SOURCEB_MODE = "B_SHIFT", parameter MULT_BYPASS = "DISABLED", parameter RESETMODE = "SYNC"
) (
  input  wire A0, A1, A2, A3, A4, A5, A6, A7, A8,
  input  wire A9, A10, A11, A12, A13, A14, A15, A16, A17,
  input  wire B0, B1, B2, B3, B4, B5, B6, B7, B8,
  input  wire B9, B10, B11, B12, B13, B14, B15, B16, B17,
  input  wire C0, C1, C2, C3, C4, C5, C6, C7, C8,
  input  wire C9, C10, C11, C12, C13, C14, C15, C16, C17,
  input  wire SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
  input  wire CLK0, CLK1, CLK2, CLK3, CE0, CE1, CE2, CE3, RST0, RST1, RST2, RST3,
  output wire P0, P1, P2, P3, P4, P5, P6, P7, P8,
  output wire P9, P10, P11, P12, P13, P14, P15, P16, P17,
  output wire P18, P19, P20, P21, P22, P23, P24, P25, P26,
  output wire P27, P28, P29, P30, P31, P32, P33, P34, P35,
  output wire SIGNEDP
);
  generate
    if (REG_PIPELINE_CLK != "NONE" || MULT_BYPASS != "DISABLED" || RESETMODE != "SYNC")
      MULT18X18D_model_has_no_pipeline_register_bypass_or_asynchronous_reset refuse ();
  endgenerate
  wire signed [18:0] a_now = {SIGNEDA & A17, {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0}};
  wire signed [18:0] b_now = {SIGNEDB & B17, {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0}};
  wire signed [18:0] a, b;
  wire signed [37:0] p_now = a * b;
  wire        [35:0] p;
  MULT18X18D_register #(.WIDTH(19), .CLK(REG_INPUTA_CLK), .CE(REG_INPUTA_CE), .RST(REG_INPUTA_RST)) register_a (
    .clks({CLK3, CLK2, CLK1, CLK0}), .ces({CE3, CE2, CE1, CE0}), .rsts({RST3, RST2, RST1, RST0}), .d(a_now), .q(a));
  MULT18X18D_register #(.WIDTH(19), .CLK(REG_INPUTB_CLK), .CE(REG_INPUTB_CE), .RST(REG_INPUTB_RST)) register_b (
    .clks({CLK3, CLK2, CLK1, CLK0}), .ces({CE3, CE2, CE1, CE0}), .rsts({RST3, RST2, RST1, RST0}), .d(b_now), .q(b));
  MULT18X18D_register #(.WIDTH(36), .CLK(REG_OUTPUT_CLK), .CE(REG_OUTPUT_CE), .RST(REG_OUTPUT_RST)) register_p (
    .clks({CLK3, CLK2, CLK1, CLK0}), .ces({CE3, CE2, CE1, CE0}), .rsts({RST3, RST2, RST1, RST0}), .d(p_now[35:0]), .q(p));
  assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} = p;
  assign SIGNEDP = SIGNEDA | SIGNEDB;
endmodule

// One register of the multiplier, or a wire where CLK is "NONE".
module MULT18X18D_register #(
  parameter WIDTH = 18,
  parameter CLK = "NONE",
  parameter CE = "CE0",
  parameter RST = "RST0"
) (
  input  wire [3:0]       clks, ces, rsts,
  input  wire [WIDTH-1:0] d,
  output wire [WIDTH-1:0] q
);
  generate
    if (CLK == "NONE") begin : direct
      assign q = d;
    end else begin : registered
      wire clk = CLK == "CLK0" ? clks[0] : CLK == "CLK1" ? clks[1] : CLK == "CLK2" ? clks[2] : clks[3];
      wire ce  = CE == "CE0" ? ces[0] : CE == "CE1" ? ces[1] : CE == "CE2" ? ces[2] : ces[3];
      wire rst = RST == "RST0" ? rsts[0] : RST == "RST1" ? rsts[1] : RST == "RST2" ? rsts[2] : rsts[3];
      reg [WIDTH-1:0] held = 0;
      always @(posedge clk)
        if (rst === 1'b1) held <= 0;
        else if (ce !== 1'b0) held <= d;
      assign q = held;
    end
  endgenerate
endmodule
