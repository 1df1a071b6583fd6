// What the kernel says of the way to an address: whether this host takes it itself.
#include "udp.h"
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

struct route_question {
  struct nlmsghdr header;
  struct rtmsg route;
  struct rtattr attribute;
  uint8_t address[16];
};

static uint32_t question_for(const union address *address, struct route_question *question) {
  bool is_v4 = address->any.sa_family == AF_INET;
  uint32_t bytes = is_v4 ? 4 : 16;
  memset(question, 0, sizeof *question);
  memcpy(question->address, is_v4 ? (const void *)&address->v4.sin_addr : (const void *)&address->v6.sin6_addr, bytes);
  question->attribute.rta_type = RTA_DST;
  question->attribute.rta_len = (unsigned short)RTA_LENGTH(bytes);
  question->route.rtm_family = (unsigned char)address->any.sa_family;
  question->route.rtm_dst_len = (unsigned char)(8 * bytes);
  question->header.nlmsg_type = RTM_GETROUTE;
  question->header.nlmsg_flags = NLM_F_REQUEST;
  question->header.nlmsg_len = (uint32_t)(offsetof(struct route_question, attribute) + RTA_LENGTH(bytes));
  return question->header.nlmsg_len;
}

// Asks over netlink. Returns the type of the route, or -errno.
static int ask_netlink(const union address *address) {
  struct route_question question;
  union { struct nlmsghdr header; uint8_t bytes[4096]; } answer;
  uint32_t length = question_for(address, &question);
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return -errno;
  ssize_t got = send(fd, &question, length, 0) == (ssize_t)length ? recv(fd, &answer, sizeof answer, 0) : -1;
  int failed = got < 0 ? -errno : 0;
  close(fd);
  if (failed) return failed;
  if ((size_t)got < NLMSG_LENGTH(sizeof(struct nlmsgerr)) && (size_t)got < NLMSG_LENGTH(sizeof(struct rtmsg))) return -EPROTO;
  if (answer.header.nlmsg_type == NLMSG_ERROR) return ((struct nlmsgerr *)NLMSG_DATA(&answer.header))->error;
  if (answer.header.nlmsg_type != RTM_NEWROUTE) return -EPROTO;
  return ((struct rtmsg *)NLMSG_DATA(&answer.header))->rtm_type;
}

// Without netlink: the kernel reaches an address of this host from that address itself.
static int ask_by_connecting(const union address *address, socklen_t length) {
  union address local;
  socklen_t local_length = sizeof local;
  int fd = socket(address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  bool is_connected = connect(fd, &address->any, length) == 0 && getsockname(fd, &local.any, &local_length) == 0;
  int failed = is_connected ? 0 : -errno;
  close(fd);
  if (failed) return failed == -EACCES ? RTN_BROADCAST : failed;
  bool is_same = address->any.sa_family == AF_INET
    ? local.v4.sin_addr.s_addr == address->v4.sin_addr.s_addr
    : memcmp(&local.v6.sin6_addr, &address->v6.sin6_addr, sizeof local.v6.sin6_addr) == 0;
  return is_same ? RTN_LOCAL : RTN_UNICAST;
}

int udp_route(const uint8_t *packed) {
  union address address;
  socklen_t length;
  int failed = address_from_packed(packed, AF_INET, &address, &length);
  if (failed) failed = address_from_packed(packed, AF_INET6, &address, &length);
  if (failed) return failed;
  int type = ask_netlink(&address);
  bool is_without_netlink = type == -EPERM || type == -EACCES || type == -EAFNOSUPPORT || type == -EPROTONOSUPPORT;
  if (is_without_netlink) type = ask_by_connecting(&address, length);
  if (type < 0) return type;
  if (type == RTN_LOCAL || type == RTN_ANYCAST) return ROUTE_LOCAL;
  if (type == RTN_BROADCAST) return ROUTE_BROADCAST;
  return type == RTN_MULTICAST ? ROUTE_MULTICAST : ROUTE_ELSEWHERE;
}
