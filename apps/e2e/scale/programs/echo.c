// Answers each datagram with the same bytes, on many ports of one IPv4 address:
//
//     echo ADDRESS FIRST_PORT PORTS
//
// Prints a line once it listens on all of them.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { BATCH = 64, LARGEST = 2048, READY = 256, BUFFER_BYTES = 8 << 20 };

static char bytes[BATCH][LARGEST];
static struct iovec parts[BATCH];
static struct sockaddr_in sources[BATCH];
static struct mmsghdr messages[BATCH];

static int open_port(struct in_addr address, int port) {
  struct sockaddr_in local = { .sin_family = AF_INET, .sin_addr = address, .sin_port = htons(port) };
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = BUFFER_BYTES;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof local) != 0) {
    perror("bind");
    exit(1);
  }
  return fd;
}

static void answer(int fd) {
  for (int i = 0; i < BATCH; i++) {
    parts[i].iov_len = LARGEST;
    messages[i].msg_hdr.msg_namelen = sizeof sources[i];
  }
  int count = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++) parts[i].iov_len = messages[i].msg_len;
  for (int sent = 0, now = 0; sent < count; sent += now > 0 ? now : 1)
    now = sendmmsg(fd, messages + sent, count - sent, 0);
}

int main(int argc, char **argv) {
  struct in_addr address;
  if (argc != 4 || inet_aton(argv[1], &address) == 0) return 2;
  int first = atoi(argv[2]), ports = atoi(argv[3]), epoll = epoll_create1(0);
  for (int i = 0; i < BATCH; i++) {
    parts[i].iov_base = bytes[i];
    messages[i].msg_hdr = (struct msghdr){ .msg_name = &sources[i], .msg_iov = &parts[i], .msg_iovlen = 1 };
  }
  for (int port = first; port < first + ports; port++) {
    struct epoll_event event = { .events = EPOLLIN, .data.fd = open_port(address, port) };
    epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
  }
  printf("listens on %d ports\n", ports);
  fflush(stdout);
  for (;;) {
    struct epoll_event ready[READY];
    int count = epoll_wait(epoll, ready, READY, -1);
    for (int i = 0; i < count; i++) answer(ready[i].data.fd);
  }
}
