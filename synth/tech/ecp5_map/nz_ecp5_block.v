// One ECP5 block memory with buses for ports, both ports on one clock; with REGISTERED its output registers are on. WIDTH 36 is the one-write-one-read mode:
// port A writes all 36 bits and port B reads them; with 18, 9, 4, 2 or 1 both ports do either. An address counts words of WIDTH.
//
// be enables bytes of 9 bits and has a meaning at 18 and 36 alone. The halves of a 36-bit word are as Yosys maps them: bits 17:0 on
// the A pins, bits 35:18 on the B pins, in both directions.
module nz_ecp5_block #(
  parameter WIDTH = 36,
  parameter ADDR_BITS = 9,
  parameter REGISTERED = 1
) (
  input  wire                 clk,
  input  wire                 ce_a,
  input  wire                 we_a,
  input  wire                 oce_a,
  input  wire [3:0]           be_a,
  input  wire [ADDR_BITS-1:0] addr_a,
  input  wire [35:0]          di,
  input  wire                 ce_b,
  input  wire                 oce_b,
  input  wire [ADDR_BITS-1:0] addr_b,
  output wire [17:0]          do_a,
  output wire [17:0]          do_b
);
  wire [13:0] ada, adb;
  wire [13:0] full_a = {{(14-ADDR_BITS){1'b0}}, addr_a};
  wire [13:0] full_b = {{(14-ADDR_BITS){1'b0}}, addr_b};
  generate
    if (WIDTH == 36) begin : shape
      assign ada = {full_a[8:0], 1'b0, be_a};
      assign adb = {full_b[8:0], 5'b0};
    end else if (WIDTH == 18) begin : shape
      assign ada = {full_a[9:0], 2'b0, be_a[1:0]};
      assign adb = {full_b[9:0], 4'b0};
    end else if (WIDTH == 9) begin : shape
      assign ada = {full_a[10:0], 3'b0};
      assign adb = {full_b[10:0], 3'b0};
    end else if (WIDTH == 4) begin : shape
      assign ada = {full_a[11:0], 2'b0};
      assign adb = {full_b[11:0], 2'b0};
    end else if (WIDTH == 2) begin : shape
      assign ada = {full_a[12:0], 1'b0};
      assign adb = {full_b[12:0], 1'b0};
    end else begin : shape
      assign ada = full_a;
      assign adb = full_b;
    end
  endgenerate
  DP16KD #(
    .DATA_WIDTH_A(WIDTH), .DATA_WIDTH_B(WIDTH), .REGMODE_A(REGISTERED ? "OUTREG" : "NOREG"), .REGMODE_B(REGISTERED ? "OUTREG" : "NOREG"),
    .RESETMODE("SYNC"), .ASYNC_RESET_RELEASE("SYNC"), .CSDECODE_A("0b000"), .CSDECODE_B("0b000"),
    .CLKAMUX("CLKA"), .CLKBMUX("CLKB"), .WRITEMODE_A("NORMAL"), .WRITEMODE_B("NORMAL"), .GSR("DISABLED")
  ) memory (
    .CLKA(clk), .CEA(ce_a), .WEA(we_a), .OCEA(oce_a), .RSTA(1'b0), .CSA0(1'b0), .CSA1(1'b0), .CSA2(1'b0),
    .CLKB(clk), .CEB(ce_b), .WEB(1'b0), .OCEB(oce_b), .RSTB(1'b0), .CSB0(1'b0), .CSB1(1'b0), .CSB2(1'b0),
    .ADA0(ada[0]), .ADA1(ada[1]), .ADA2(ada[2]), .ADA3(ada[3]), .ADA4(ada[4]), .ADA5(ada[5]),
    .ADA6(ada[6]), .ADA7(ada[7]), .ADA8(ada[8]), .ADA9(ada[9]), .ADA10(ada[10]), .ADA11(ada[11]),
    .ADA12(ada[12]), .ADA13(ada[13]),
    .ADB0(adb[0]), .ADB1(adb[1]), .ADB2(adb[2]), .ADB3(adb[3]), .ADB4(adb[4]), .ADB5(adb[5]),
    .ADB6(adb[6]), .ADB7(adb[7]), .ADB8(adb[8]), .ADB9(adb[9]), .ADB10(adb[10]), .ADB11(adb[11]),
    .ADB12(adb[12]), .ADB13(adb[13]),
    .DIA0(di[0]), .DIA1(di[1]), .DIA2(di[2]), .DIA3(di[3]), .DIA4(di[4]), .DIA5(di[5]),
    .DIA6(di[6]), .DIA7(di[7]), .DIA8(di[8]), .DIA9(di[9]), .DIA10(di[10]), .DIA11(di[11]),
    .DIA12(di[12]), .DIA13(di[13]), .DIA14(di[14]), .DIA15(di[15]), .DIA16(di[16]), .DIA17(di[17]),
    .DIB0(di[18]), .DIB1(di[19]), .DIB2(di[20]), .DIB3(di[21]), .DIB4(di[22]), .DIB5(di[23]),
    .DIB6(di[24]), .DIB7(di[25]), .DIB8(di[26]), .DIB9(di[27]), .DIB10(di[28]), .DIB11(di[29]),
    .DIB12(di[30]), .DIB13(di[31]), .DIB14(di[32]), .DIB15(di[33]), .DIB16(di[34]), .DIB17(di[35]),
    .DOA0(do_a[0]), .DOA1(do_a[1]), .DOA2(do_a[2]), .DOA3(do_a[3]), .DOA4(do_a[4]), .DOA5(do_a[5]),
    .DOA6(do_a[6]), .DOA7(do_a[7]), .DOA8(do_a[8]), .DOA9(do_a[9]), .DOA10(do_a[10]), .DOA11(do_a[11]),
    .DOA12(do_a[12]), .DOA13(do_a[13]), .DOA14(do_a[14]), .DOA15(do_a[15]), .DOA16(do_a[16]), .DOA17(do_a[17]),
    .DOB0(do_b[0]), .DOB1(do_b[1]), .DOB2(do_b[2]), .DOB3(do_b[3]), .DOB4(do_b[4]), .DOB5(do_b[5]),
    .DOB6(do_b[6]), .DOB7(do_b[7]), .DOB8(do_b[8]), .DOB9(do_b[9]), .DOB10(do_b[10]), .DOB11(do_b[11]),
    .DOB12(do_b[12]), .DOB13(do_b[13]), .DOB14(do_b[14]), .DOB15(do_b[15]), .DOB16(do_b[16]), .DOB17(do_b[17])
  );
endmodule
