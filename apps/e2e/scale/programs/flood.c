// Sends UDP datagrams with spoofed sources, each another one of 198.18.0.0/15, at a steady rate:
//
//     flood DEVICE GATEWAY_MAC ADDRESS PORT RATE SECONDS
//
// What it could not send within 10 ms is not sent later: the rate has no peaks. Prints, as one JSON
// line, how many were sent, and how long it took.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, PACKETS = 60000, PAYLOAD_BYTES = 32, FIRST_SOURCE = 0xc6120000, SOURCES = 1 << 17, STEP = 4099 };

struct __attribute__((packed)) packet {
  struct ether_header ethernet;
  struct iphdr ip;
  struct udphdr udp;
  char payload[PAYLOAD_BYTES];
};

static struct packet packets[PACKETS];

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static uint16_t checksum(const struct iphdr *ip) {
  const uint8_t *bytes = (const uint8_t *)ip;
  uint32_t sum = 0;
  for (size_t i = 0; i < sizeof *ip; i += 2) sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons((uint16_t)~sum);
}

static void make(struct packet *packet, uint32_t number, const uint8_t *gateway, struct in_addr to, uint16_t port) {
  memcpy(packet->ethernet.ether_dhost, gateway, ETH_ALEN);
  packet->ethernet.ether_shost[0] = 2;
  packet->ethernet.ether_type = htons(ETHERTYPE_IP);
  struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .daddr = to.s_addr };
  ip.tot_len = htons(sizeof *packet - sizeof packet->ethernet);
  ip.saddr = htonl(FIRST_SOURCE + number * STEP % SOURCES);
  ip.check = checksum(&ip);
  packet->ip = ip;
  packet->udp.source = htons(1024 + number);
  packet->udp.dest = htons(port);
  packet->udp.len = htons(sizeof packet->udp + PAYLOAD_BYTES);
}

int main(int argc, char **argv) {
  unsigned mac[ETH_ALEN];
  uint8_t gateway[ETH_ALEN];
  struct in_addr to;
  if (argc != 7 || inet_aton(argv[3], &to) == 0) return 2;
  if (sscanf(argv[2], "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) != ETH_ALEN) return 2;
  for (int i = 0; i < ETH_ALEN; i++) gateway[i] = (uint8_t)mac[i];
  for (uint32_t i = 0; i < PACKETS; i++) make(&packets[i], i, gateway, to, (uint16_t)atoi(argv[4]));
  struct sockaddr_ll device = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(argv[1]) };
  int fd = socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&device, sizeof device) != 0) {
    perror("flood");
    return 1;
  }
  double rate = atof(argv[5]), seconds = atof(argv[6]), began = now_s(), passed = 0;
  uint64_t sent = 0, missed = 0, most = (uint64_t)(rate / 100);
  struct iovec parts[BATCH];
  struct mmsghdr messages[BATCH];
  memset(messages, 0, sizeof messages);
  while ((passed = now_s() - began) < seconds) {
    uint64_t due = (uint64_t)(passed * rate) - missed;
    if (due > sent + most) {
      missed += due - most - sent;
      due = sent + most;
    }
    if (sent + BATCH > due) {
      nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
      continue;
    }
    for (int i = 0; i < BATCH; i++) {
      parts[i] = (struct iovec){ &packets[(sent + i) % PACKETS], sizeof *packets };
      messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
    }
    int now = sendmmsg(fd, messages, BATCH, 0);
    if (now > 0) sent += now;
  }
  printf("{\"sent\":%lu,\"seconds\":%.2f}\n", (unsigned long)sent, passed);
}
