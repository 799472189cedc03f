// A board's shell under Verilator; its line ends at a pseudo-terminal, whose name goes to standard output. It runs until its
// standard input ends, and then says on standard error how many cycles it ran and how many bytes it carried.
//
// SERIAL: pins rx and tx at CYCLES_PER_BIT, driven and read bit by bit. Otherwise the shell's byte streams are joined directly.
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <deque>

#include "Vnz_shell.h"
#include "verilated.h"

static const int SLICE = 4000;             // cycles between two looks at the terminal
static const int QUIET = 100;              // slices without a byte after which each slice rests a little
static const size_t MOST = 1 << 16;        // bytes that wait for a host that does not read; a real line would lose more

static Vnz_shell top;
static std::deque<uint8_t> to_board, to_host;
static uint64_t cycles = 0, bytes_in = 0, bytes_out = 0;

#ifdef SERIAL
static double send_left = 0, read_left = 0;    // cycles to the next bit that we send, to the middle of the next that we read
static int send_bits = 0, read_bits = 0;
static unsigned sending = 0, reading = 0;

static void drive() {
    if (send_left > 0) send_left -= 1;
    while (send_left <= 0) {
        if (send_bits == 0) {
            if (to_board.empty()) { top.rx = 1; send_left = 0; break; }
            sending = to_board.front() << 1 | 1 << 9;
            to_board.pop_front();
            bytes_in++;
            send_bits = 10;
        }
        top.rx = sending & 1;
        sending >>= 1;
        send_bits--;
        send_left += CYCLES_PER_BIT;
    }
}

static void listen() {
    if (read_bits == 0) {
        if (top.tx) return;
        read_bits = 9;
        read_left = CYCLES_PER_BIT * 1.5;
        reading = 0;
        return;
    }
    read_left -= 1;
    if (read_left > 0) return;
    read_left += CYCLES_PER_BIT;
    if (--read_bits == 0) {
        if (top.tx && to_host.size() < MOST) { to_host.push_back(reading); bytes_out++; }
    } else {
        reading = reading >> 1 | (top.tx ? 0x80 : 0);
    }
}
#else
static void drive() {
    top.in_valid = !to_board.empty();
    if (!to_board.empty()) { top.in_data = to_board.front(); to_board.pop_front(); bytes_in++; }
    top.out_ready = to_host.size() < MOST;
}

static void listen() {
    if (top.out_valid && top.out_ready) { to_host.push_back(top.out_data); bytes_out++; }
}
#endif

static void cycle() {
    drive();
    top.eval();
    listen();
    top.clk = 1;
    top.eval();
    top.clk = 0;
    top.eval();
    cycles++;
}

static bool ended(int timeout_ms, int terminal) {
    pollfd wait[2] = {{0, POLLIN, 0}, {terminal, POLLIN, 0}};
    if (poll(wait, 2, timeout_ms) <= 0 || !wait[0].revents) return false;
    char spare[64];
    return read(0, spare, sizeof spare) <= 0;
}

int main() {
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (terminal < 0 || grantpt(terminal) || unlockpt(terminal)) { perror("pseudo-terminal"); return 1; }
    const char* name = ptsname(terminal);
    int held = open(name, O_RDWR | O_NOCTTY);      // so that a host may go and come back
    termios raw;
    tcgetattr(held, &raw);
    cfmakeraw(&raw);
    tcsetattr(held, TCSANOW, &raw);
    top.rst = 1;
#ifdef SERIAL
    top.rx = 1;
#endif
    for (int k = 0; k < 4; k++) cycle();
    top.rst = 0;
    printf("%s\n", name);
    fflush(stdout);
    uint8_t block[4096];
    for (int quiet = 0; !ended(quiet > QUIET ? 1 : 0, terminal);) {
        size_t before = to_board.size() + bytes_in + bytes_out;
        if (to_board.size() < sizeof block) {
            ssize_t got = read(terminal, block, sizeof block);
            for (ssize_t k = 0; k < got; k++) to_board.push_back(block[k]);
        }
        for (int k = 0; k < SLICE; k++) cycle();
        while (!to_host.empty()) {
            size_t count = 0;
            for (auto byte = to_host.begin(); byte != to_host.end() && count < sizeof block; ++byte) block[count++] = *byte;
            ssize_t sent = write(terminal, block, count);
            if (sent <= 0) break;
            to_host.erase(to_host.begin(), to_host.begin() + sent);
        }
        quiet = to_board.size() + bytes_in + bytes_out == before ? quiet + 1 : 0;
    }
    fprintf(stderr, "{\"cycles\": %llu, \"bytes_in\": %llu, \"bytes_out\": %llu}\n", (unsigned long long)cycles,
            (unsigned long long)bytes_in, (unsigned long long)bytes_out);
    top.final();
    return 0;
}
