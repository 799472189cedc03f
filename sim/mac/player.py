"""A player around a tile, in Verilog: operations from a file, results into a file, no Python in between."""
from sim.mac.pack import operation_bits
from spec.mac import SIDE, MacSpec
from spec.mac.lfsr import LFSR_BITS

OPERATIONS, RESULTS = "operations.bin", "results.bin"

PLAYER = """
module mac_player(input wire clk, input wire rst, {seeds_port}
                  output reg done, output reg [31:0] seen, output reg [31:0] untimely);
  reg i_valid, begun, ended;
  reg [{width}-1:0] word, fresh;
  wire i_ready, o_valid;
  wire [{results}-1:0] o_d;
  reg [31:0] cycle, due, quiet;
  integer source, sink;
  mac_tile tile(.clk(clk), .rst(rst), {seeds}.i_valid(i_valid), .i_ready(i_ready), .i_op(word[{op}-1:0]),
                .o_valid(o_valid), .o_d(o_d));
  initial begin
    source = $fopen("{operations_file}", "rb");
    sink = $fopen("{results_file}", "wb");
    done = 0;
  end
  always @(posedge clk) begin
    if (rst) begin
      i_valid <= 0; begun <= 0; ended <= 0; cycle <= 0; seen <= 0; untimely <= 0; quiet <= 0; due <= 0;
    end else if (!done) begin
      cycle <= cycle + 1;
      if (!ended && (!i_valid || i_ready)) begin
        if ($fread(fresh, source) == {bytes}) begin
          word <= fresh;
          i_valid <= 1;
          if (!begun) due <= cycle + {latency} + 1;
          begun <= 1;
        end else begin
          i_valid <= 0;
          ended <= 1;
        end
      end
      quiet <= o_valid ? 0 : quiet + 1;
      if (o_valid) begin
        $fwrite(sink, "%u", o_d);
        seen <= seen + 1;
        due <= due + {fold};
        if (cycle != due) untimely <= untimely + 1;
      end
      if (ended && quiet > {latency} + 64) begin
        $fclose(sink);
        done <= 1;
      end
    end
  end
endmodule
"""
"""`due` is the cycle in which the next result must be there: the latency after its operation, then one every fold cycles."""


def player(spec: MacSpec, latency: int) -> str:
    """Return the Verilog of ``mac_player``, which plays `OPERATIONS` of its folder on ``mac_tile``."""
    bits = operation_bits(spec)
    wide, seeds = -(-bits // 8) * 8, LFSR_BITS * SIDE * SIDE
    return PLAYER.format(width=wide, bytes=wide // 8, op=bits, results=SIDE * SIDE * spec.acc_bits << spec.kahan,
                         latency=latency, fold=spec.fold, seeds_port=f"input wire [{seeds - 1}:0] seeds," * spec.stochastic,
                         seeds=".seeds(seeds), " * spec.stochastic, operations_file=OPERATIONS,
                         results_file=RESULTS)
