// Simulation model of ECP5's 18 Kbit block memory DP16KD: two ports of 1, 2, 4, 9 or 18 bits, or with DATA_WIDTH_A = 36 one port
// that writes 36 bits and one that reads 1 to 36. Bit 0 to 17 of a 36-bit word are on the A pins, bits 18 to 35 on the B pins.
//
// An address counts bits: a word of 2, 4, 9, 18 or 36 bits ignores the lowest 1, 2, 3, 4 or 5. At 18 and 36 bits those low address
// pins of a writing port enable the bytes of 9 bits. At 1, 2 and 4 bits every ninth bit is out of reach.
//
// A read latch follows CE, an output register (OUTREG) follows OCE; RST clears both whatever the enables, and keeps its port from
// writing. Both ports are on one clock, as everywhere in this project.
//  While a port writes, its read latch keeps its value in mode
// NORMAL, takes what is written in WRITETHROUGH, and what was there in READBEFOREWRITE. A read by one port of a word that the other
// writes in the same cycle is undefined: the model answers the complement of what was there, so that nobody comes to rely on it.
module DP16KD #(
  parameter DATA_WIDTH_A = 18, parameter DATA_WIDTH_B = 18,
  parameter REGMODE_A = "NOREG", parameter REGMODE_B = "NOREG",
  parameter WRITEMODE_A = "NORMAL", parameter WRITEMODE_B = "NORMAL",
  parameter CLKAMUX = "CLKA", parameter CLKBMUX = "CLKB",
  parameter WEAMUX = "WEA", parameter WEBMUX = "WEB", parameter CEAMUX = "CEA", parameter CEBMUX = "CEB",
  parameter OCEAMUX = "OCEA", parameter OCEBMUX = "OCEB", parameter RSTAMUX = "RSTA", parameter RSTBMUX = "RSTB",
  parameter CSDECODE_A = "0b000", parameter CSDECODE_B = "0b000", parameter INIT_DATA = "STATIC", parameter WID = 0,
  parameter RESETMODE = "SYNC", parameter ASYNC_RESET_RELEASE = "SYNC", parameter GSR = "ENABLED",
  parameter [319:0] INITVAL_00 = 320'b0, parameter [319:0] INITVAL_01 = 320'b0,
  parameter [319:0] INITVAL_02 = 320'b0, parameter [319:0] INITVAL_03 = 320'b0,
  parameter [319:0] INITVAL_04 = 320'b0, parameter [319:0] INITVAL_05 = 320'b0,
  parameter [319:0] INITVAL_06 = 320'b0, parameter [319:0] INITVAL_07 = 320'b0,
  parameter [319:0] INITVAL_08 = 320'b0, parameter [319:0] INITVAL_09 = 320'b0,
  parameter [319:0] INITVAL_0A = 320'b0, parameter [319:0] INITVAL_0B = 320'b0,
  parameter [319:0] INITVAL_0C = 320'b0, parameter [319:0] INITVAL_0D = 320'b0,
  parameter [319:0] INITVAL_0E = 320'b0, parameter [319:0] INITVAL_0F = 320'b0,
  parameter [319:0] INITVAL_10 = 320'b0, parameter [319:0] INITVAL_11 = 320'b0,
  parameter [319:0] INITVAL_12 = 320'b0, parameter [319:0] INITVAL_13 = 320'b0,
  parameter [319:0] INITVAL_14 = 320'b0, parameter [319:0] INITVAL_15 = 320'b0,
  parameter [319:0] INITVAL_16 = 320'b0, parameter [319:0] INITVAL_17 = 320'b0,
  parameter [319:0] INITVAL_18 = 320'b0, parameter [319:0] INITVAL_19 = 320'b0,
  parameter [319:0] INITVAL_1A = 320'b0, parameter [319:0] INITVAL_1B = 320'b0,
  parameter [319:0] INITVAL_1C = 320'b0, parameter [319:0] INITVAL_1D = 320'b0,
  parameter [319:0] INITVAL_1E = 320'b0, parameter [319:0] INITVAL_1F = 320'b0,
  parameter [319:0] INITVAL_20 = 320'b0, parameter [319:0] INITVAL_21 = 320'b0,
  parameter [319:0] INITVAL_22 = 320'b0, parameter [319:0] INITVAL_23 = 320'b0,
  parameter [319:0] INITVAL_24 = 320'b0, parameter [319:0] INITVAL_25 = 320'b0,
  parameter [319:0] INITVAL_26 = 320'b0, parameter [319:0] INITVAL_27 = 320'b0,
  parameter [319:0] INITVAL_28 = 320'b0, parameter [319:0] INITVAL_29 = 320'b0,
  parameter [319:0] INITVAL_2A = 320'b0, parameter [319:0] INITVAL_2B = 320'b0,
  parameter [319:0] INITVAL_2C = 320'b0, parameter [319:0] INITVAL_2D = 320'b0,
  parameter [319:0] INITVAL_2E = 320'b0, parameter [319:0] INITVAL_2F = 320'b0,
  parameter [319:0] INITVAL_30 = 320'b0, parameter [319:0] INITVAL_31 = 320'b0,
  parameter [319:0] INITVAL_32 = 320'b0, parameter [319:0] INITVAL_33 = 320'b0,
  parameter [319:0] INITVAL_34 = 320'b0, parameter [319:0] INITVAL_35 = 320'b0,
  parameter [319:0] INITVAL_36 = 320'b0, parameter [319:0] INITVAL_37 = 320'b0,
  parameter [319:0] INITVAL_38 = 320'b0, parameter [319:0] INITVAL_39 = 320'b0,
  parameter [319:0] INITVAL_3A = 320'b0, parameter [319:0] INITVAL_3B = 320'b0,
  parameter [319:0] INITVAL_3C = 320'b0, parameter [319:0] INITVAL_3D = 320'b0,
  parameter [319:0] INITVAL_3E = 320'b0, parameter [319:0] INITVAL_3F = 320'b0
) (
  input  wire CLKA, CEA, WEA, OCEA, RSTA, CSA0, CSA1, CSA2,
  input  wire CLKB, CEB, WEB, OCEB, RSTB, CSB0, CSB1, CSB2,
  input  wire ADA0, ADA1, ADA2, ADA3, ADA4, ADA5, ADA6, ADA7, ADA8,
  input  wire ADA9, ADA10, ADA11, ADA12, ADA13,
  input  wire ADB0, ADB1, ADB2, ADB3, ADB4, ADB5, ADB6, ADB7, ADB8,
  input  wire ADB9, ADB10, ADB11, ADB12, ADB13,
  input  wire DIA0, DIA1, DIA2, DIA3, DIA4, DIA5, DIA6, DIA7, DIA8,
  input  wire DIA9, DIA10, DIA11, DIA12, DIA13, DIA14, DIA15, DIA16, DIA17,
  input  wire DIB0, DIB1, DIB2, DIB3, DIB4, DIB5, DIB6, DIB7, DIB8,
  input  wire DIB9, DIB10, DIB11, DIB12, DIB13, DIB14, DIB15, DIB16, DIB17,
  output wire DOA0, DOA1, DOA2, DOA3, DOA4, DOA5, DOA6, DOA7, DOA8,
  output wire DOA9, DOA10, DOA11, DOA12, DOA13, DOA14, DOA15, DOA16, DOA17,
  output wire DOB0, DOB1, DOB2, DOB3, DOB4, DOB5, DOB6, DOB7, DOB8,
  output wire DOB9, DOB10, DOB11, DOB12, DOB13, DOB14, DOB15, DOB16, DOB17
);
  localparam PAIR = DATA_WIDTH_A == 36;                     // port A writes with both halves, port B reads with both
  generate
    if (CSDECODE_A != "0b000" || CSDECODE_B != "0b000" || CLKAMUX == "INV" || CLKBMUX == "INV")
      DP16KD_model_has_no_chip_select_code_and_no_inverted_clock refuse ();
  endgenerate
  always @(posedge RSTA or posedge RSTB)
    if (RESETMODE != "SYNC") begin
      $display("DP16KD: the model has no asynchronous reset");
      $finish;
    end
  reg  [8:0]  mem [0:2047];
  wire [13:0] ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
  wire [13:0] adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
  wire [35:0] di  = {{DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0}, {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0}};
  wire ena = CEA !== 1'b0 && !CSA0 && !CSA1 && !CSA2;
  wire enb = CEB !== 1'b0 && !CSB0 && !CSB1 && !CSB2;
  wire writes_a = ena && WEA === 1'b1 && RSTA !== 1'b1;
  wire writes_b = enb && WEB === 1'b1 && RSTB !== 1'b1 && !PAIR;

  localparam [20479:0] INIT = {INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38, INITVAL_37, INITVAL_36,
    INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E, INITVAL_2D,
    INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28, INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24,
    INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B,
    INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12,
    INITVAL_11, INITVAL_10, INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09,
    INITVAL_08, INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00};
  integer word;
  initial
    for (word = 0; word < 1024; word = word + 1) begin
      mem[2*word]   = INIT[(word / 16) * 320 + (word % 16) * 20 +: 9];
      mem[2*word+1] = INIT[(word / 16) * 320 + (word % 16) * 20 + 9 +: 9];
    end

  // The four bytes at an address, or the one byte or part of one that it names, in the low bits.
  function [35:0] seen(input [13:0] ad, input integer width);
    case (width)
      36: seen = {mem[{ad[13:5], 2'd3}], mem[{ad[13:5], 2'd2}], mem[{ad[13:5], 2'd1}], mem[{ad[13:5], 2'd0}]};
      18: seen = {18'b0, mem[{ad[13:4], 1'b1}], mem[{ad[13:4], 1'b0}]};
      9:  seen = {27'b0, mem[ad[13:3]]};
      4:  seen = {32'b0, mem[ad[13:3]][{ad[2], 2'b0} +: 4]};
      2:  seen = {34'b0, mem[ad[13:3]][{ad[2:1], 1'b0} +: 2]};
      default: seen = {35'b0, mem[ad[13:3]][ad[2:0]]};
    endcase
  endfunction

  // Whether two addresses of two widths share a bit, as far as blocks of 36, 18 and 9 bits go; narrower words count as their byte.
  function meets(input [13:0] x, input integer wide_x, input [13:0] y, input integer wide_y);
    if (wide_x == 36 || wide_y == 36) meets = x[13:5] == y[13:5];
    else if (wide_x == 18 || wide_y == 18) meets = x[13:4] == y[13:4];
    else meets = x[13:3] == y[13:3];
  endfunction

  task write(input [13:0] ad, input integer width, input [35:0] data);
    case (width)
      36: begin
        if (ad[0]) mem[{ad[13:5], 2'd0}] = data[8:0];
        if (ad[1]) mem[{ad[13:5], 2'd1}] = data[17:9];
        if (ad[2]) mem[{ad[13:5], 2'd2}] = data[26:18];
        if (ad[3]) mem[{ad[13:5], 2'd3}] = data[35:27];
      end
      18: begin
        if (ad[0]) mem[{ad[13:4], 1'b0}] = data[8:0];
        if (ad[1]) mem[{ad[13:4], 1'b1}] = data[17:9];
      end
      9:  mem[ad[13:3]] = data[8:0];
      4:  mem[ad[13:3]][{ad[2], 2'b0} +: 4] = data[3:0];
      2:  mem[ad[13:3]][{ad[2:1], 1'b0} +: 2] = data[1:0];
      default: mem[ad[13:3]][ad[2:0]] = data[0];
    endcase
  endtask

  // Both ports are served in one block, so that the order of events cannot matter.
  reg [35:0] latch_a = 0, latch_b = 0, held_a = 0, held_b = 0, old_a, old_b;
  always @(posedge CLKA) begin
    old_a = seen(ada, DATA_WIDTH_A);
    old_b = seen(adb, DATA_WIDTH_B);
    if (RSTA === 1'b1) held_a <= 0;
    else if (OCEA !== 1'b0) held_a <= latch_a;
    if (RSTB === 1'b1) held_b <= 0;
    else if (OCEB !== 1'b0) held_b <= latch_b;
    if (writes_a) write(ada, DATA_WIDTH_A, di);
    if (writes_b) write(adb, DATA_WIDTH_B, {18'b0, di[35:18]});
    if (RSTA === 1'b1) latch_a <= 0;
    else if (ena) begin
      if (!writes_a) latch_a <= writes_b && meets(ada, DATA_WIDTH_A, adb, DATA_WIDTH_B) ? ~old_a : old_a;
      else if (WRITEMODE_A == "WRITETHROUGH") latch_a <= seen(ada, DATA_WIDTH_A);
      else if (WRITEMODE_A == "READBEFOREWRITE") latch_a <= old_a;
    end
    if (RSTB === 1'b1) latch_b <= 0;
    else if (enb) begin
      if (!writes_b) latch_b <= writes_a && meets(ada, DATA_WIDTH_A, adb, DATA_WIDTH_B) ? ~old_b : old_b;
      else if (WRITEMODE_B == "WRITETHROUGH") latch_b <= seen(adb, DATA_WIDTH_B);
      else if (WRITEMODE_B == "READBEFOREWRITE") latch_b <= old_b;
    end
  end
  wire [35:0] out_a = REGMODE_A == "OUTREG" ? held_a : latch_a;
  wire [35:0] out_b = REGMODE_B == "OUTREG" ? held_b : latch_b;
  // A pair reads 36 bits with both halves, and less than that with the B pins.
  wire [17:0] doa = PAIR ? out_b[17:0] : out_a[17:0];
  wire [17:0] dob = PAIR && DATA_WIDTH_B == 36 ? out_b[35:18] : out_b[17:0];
  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0} = doa;
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0} = dob;
endmodule
