// Keeps many flows to a relay alive, and makes round trips through them one after the other:
//
//     rounds ADDRESS FIRST_PORT PORTS SOURCES WINDOW
//
// Flow f is source f % SOURCES with port FIRST_PORT + f / SOURCES. For each number of ms that comes
// on stdin, at most WINDOW datagrams of 100 bytes are on their way for so long, each through the
// next flow. Prints one JSON line for each: how many came back, and how many were given up because
// nothing came for 300 ms. 0 ms means: once through every flow.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { BYTES = 100, READY = 64, SILENCE_MS = 300 };

static struct sockaddr_in to;
static int epoll, *sources, source_count, first_port;
static uint64_t next, flows;

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void open_source(int i) {
  sources[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  struct epoll_event event = { .events = EPOLLIN, .data.fd = sources[i] };
  if (sources[i] < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, sources[i], &event) != 0) {
    perror("socket");
    exit(1);
  }
}

static void send_next(void) {
  static char bytes[BYTES];
  uint64_t flow = next++ % flows;
  to.sin_port = htons(first_port + flow / source_count);
  sendto(sources[flow % source_count], bytes, sizeof bytes, 0, (struct sockaddr *)&to, sizeof to);
}

static int hear(int fd) {
  char bytes[BYTES];
  return recv(fd, bytes, sizeof bytes, 0) > 0;
}

static void run(double ms, uint64_t window) {
  uint64_t sent = 0, back = 0, given_up = 0;
  double end = now_ms() + ms;
  for (;;) {
    int is_over = ms > 0 ? now_ms() >= end : sent >= flows;
    if (is_over && back + given_up >= sent) break;
    for (; !is_over && sent - back - given_up < window && (ms > 0 || sent < flows); sent++) send_next();
    struct epoll_event ready[READY];
    int count = epoll_wait(epoll, ready, READY, SILENCE_MS);
    if (count == 0) given_up = sent - back;
    for (int i = 0; i < count; i++) back += hear(ready[i].data.fd);
  }
  printf("{\"roundTrips\":%lu,\"lost\":%lu}\n", (unsigned long)back, (unsigned long)given_up);
  fflush(stdout);
}

int main(int argc, char **argv) {
  to.sin_family = AF_INET;
  if (argc != 6 || inet_aton(argv[1], &to.sin_addr) == 0) return 2;
  first_port = atoi(argv[2]);
  source_count = atoi(argv[4]);
  flows = (uint64_t)atoi(argv[3]) * source_count;
  struct rlimit limit = { 1 << 17, 1 << 17 };
  setrlimit(RLIMIT_NOFILE, &limit);
  epoll = epoll_create1(0);
  sources = calloc(source_count, sizeof *sources);
  for (int i = 0; i < source_count; i++) open_source(i);
  double ms;
  while (scanf("%lf", &ms) == 1) run(ms, atoi(argv[5]));
}
