// Reads registers of MACHINE over AXI4-Lite after a reset and compares them with the register map.
`timescale 1ns / 1ps
module MACHINE_bench;
  reg         clk = 0, rst = 1;
  reg  [11:0] araddr = 0;
  reg         arvalid = 0;
  wire        arready, rvalid;
  wire [31:0] rdata;
  wire [1:0]  rresp;
  integer     wrong = 0, turns = 0;

  always #5 clk = ~clk;

  MACHINE machine (
    // PORTS
  );

  task expect_word(input [11:0] offset, input [31:0] wanted);
    begin
      @(negedge clk);
      araddr = offset;
      arvalid = 1;
      turns = 0;
      while (!arready && turns < 1000) begin
        @(negedge clk);
        turns = turns + 1;
      end
      @(negedge clk);
      arvalid = 0;
      while (!rvalid && turns < 1000) begin
        @(negedge clk);
        turns = turns + 1;
      end
      if (!rvalid || rresp !== 2'b00 || rdata !== wanted) begin
        $display("WRONG: offset %h must hold %h, not %h (answered %b, response %b)", offset, wanted, rdata, rvalid, rresp);
        wrong = wrong + 1;
      end
      @(negedge clk);
    end
  endtask

  initial begin
    repeat (4) @(negedge clk);
    rst = 0;
    // CHECKS
    if (wrong != 0) $fatal(1, "%0d registers are wrong", wrong);
    $display("PASS: the registers of MACHINE are as its map says");
    $finish;
  end
endmodule
