// Asks an echo, each time from an endpoint that it has not used before, at a steady rate:
//
//     ask ADDRESS PORT RATE TOTAL FIRST LOCAL
//
// Question n is sent from port 10,000 + n % 22,000 of the n / 22,000th address from LOCAL on, so
// that no two share a flow, and none needs an ephemeral port; FIRST is the n of the first one.
// Prints, as one JSON line, how many were answered, and how long it took. A question without an
// answer is not repeated.
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
#include <unistd.h>

enum { FIRST_PORT = 10000, PORTS = 22000, READY = 256, MAX_BURST = 64, PATIENCE_MS = 3000, TICK_MS = 1 };

struct question { int fd; double sent_ms; };

static int epoll;
static uint32_t total, asked, answered, oldest;
static struct question *questions;

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void ask(const struct sockaddr_in *to, struct in_addr from, uint32_t number) {
  struct question *question = &questions[asked];
  struct sockaddr_in local = { .sin_family = AF_INET, .sin_port = htons(FIRST_PORT + number % PORTS) };
  local.sin_addr.s_addr = htonl(ntohl(from.s_addr) + number / PORTS);
  question->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  question->sent_ms = now_ms();
  if (question->fd < 0 || bind(question->fd, (struct sockaddr *)&local, sizeof local) != 0 ||
      connect(question->fd, (const struct sockaddr *)to, sizeof *to) != 0) {
    perror("ask");
    exit(1);
  }
  struct epoll_event event = { .events = EPOLLIN, .data.u32 = asked++ };
  epoll_ctl(epoll, EPOLL_CTL_ADD, question->fd, &event);
  send(question->fd, &event.data.u32, sizeof event.data.u32, 0);
}

static void end(struct question *question) {
  if (question->fd >= 0) close(question->fd);
  question->fd = -1;
}

static void hear(struct question *question, uint32_t index) {
  uint32_t heard;
  if (question->fd < 0 || recv(question->fd, &heard, sizeof heard, 0) != sizeof heard || heard != index) return;
  answered++;
  end(question);
}

int main(int argc, char **argv) {
  struct sockaddr_in to = { .sin_family = AF_INET };
  struct in_addr from;
  if (argc != 7 || inet_aton(argv[1], &to.sin_addr) == 0 || inet_aton(argv[6], &from) == 0) return 2;
  to.sin_port = htons(atoi(argv[2]));
  double rate = atof(argv[3]);
  total = atoi(argv[4]);
  uint32_t first = atoi(argv[5]);
  struct rlimit limit = { 1 << 17, 1 << 17 };
  setrlimit(RLIMIT_NOFILE, &limit);
  questions = calloc(total, sizeof *questions);
  epoll = epoll_create1(0);
  double began_ms = now_ms();
  while (oldest < total) {
    double due = (now_ms() - began_ms) / 1e3 * rate;
    for (int burst = 0; burst < MAX_BURST && asked < total && asked < due; burst++) ask(&to, from, first + asked);
    struct epoll_event ready[READY];
    int count = epoll_wait(epoll, ready, READY, TICK_MS);
    for (int i = 0; i < count; i++) hear(&questions[ready[i].data.u32], ready[i].data.u32);
    for (; oldest < asked; oldest++) {
      struct question *question = &questions[oldest];
      if (question->fd >= 0 && question->sent_ms > now_ms() - PATIENCE_MS) break;
      end(question);
    }
  }
  printf("{\"asked\":%u,\"answered\":%u,\"seconds\":%.1f}\n", asked, answered, (now_ms() - began_ms) / 1e3);
}
