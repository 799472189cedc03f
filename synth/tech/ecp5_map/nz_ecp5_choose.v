// Trees of multiplexers: look-up tables choose between two bits, PFUMX between two tables, L6MUX21 between two of those and
// once more, which is all that a tile of ECP5 has; tables choose between tiles.
module nz_ecp5_choose #(
  parameter WIDTH = 16,
  parameter STEPS = 2
) (
  input  wire [(WIDTH << STEPS)-1:0] words,
  input  wire [STEPS-1:0]            choice,
  output wire [WIDTH-1:0]            word
);
  genvar place, step, n;
  generate
    for (place = 0; place < WIDTH; place = place + 1) begin : places
      // the words' bits, then what is left of them after each step; the last one is the answer
      wire [(2 << STEPS)-2:0] left;
      for (n = 0; n < 1 << STEPS; n = n + 1) begin : inputs
        assign left[n] = words[n * WIDTH + place];
      end
      assign word[place] = left[(2 << STEPS)-2];
      for (step = 0; step < STEPS; step = step + 1) begin : steps
        localparam FROM = (2 << STEPS) - (2 << (STEPS - step));
        localparam TO = (2 << STEPS) - (1 << (STEPS - step));
        for (n = 0; n < 1 << (STEPS - step - 1); n = n + 1) begin : pairs
          wire low = left[FROM + 2 * n], high = left[FROM + 2 * n + 1];
          if (step % 4 == 0) begin : table_
            LUT4 #(.INIT(16'hCACA)) mux (.A(low), .B(high), .C(choice[step]), .D(1'b0), .Z(left[TO + n]));
          end else if (step % 4 == 1) begin : of_tables
            PFUMX mux (.ALUT(high), .BLUT(low), .C0(choice[step]), .Z(left[TO + n]));
          end else begin : of_slices
            L6MUX21 mux (.D0(low), .D1(high), .SD(choice[step]), .Z(left[TO + n]));
          end
        end
      end
    end
  endgenerate
endmodule
