#include "udp.h"
#include <errno.h>
#include <linux/errqueue.h>
#include <string.h>

// Takes one ICMP error from the socket's error queue, with the destination of its datagram.
int udp_next_error(struct udp_socket *socket, struct udp_error *error) {
  union address destination;
  _Alignas(struct cmsghdr) uint8_t control[512];
  uint8_t byte;
  struct iovec piece = { &byte, sizeof byte };
  struct msghdr message = {
    .msg_name = &destination, .msg_namelen = sizeof destination, .msg_iov = &piece, .msg_iovlen = 1,
    .msg_control = control, .msg_controllen = sizeof control,
  };
  memset(error, 0, sizeof *error);
  memset(&destination, 0, sizeof destination);
  if (recvmsg(socket->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return 0;
  if (destination.any.sa_family == AF_INET || destination.any.sa_family == AF_INET6) {
    error->has_destination = true;
    address_to_packed(&destination, error->destination);
  }
  for (struct cmsghdr *next = CMSG_FIRSTHDR(&message); next; next = CMSG_NXTHDR(&message, next)) {
    bool is_error = (next->cmsg_level == IPPROTO_IP && next->cmsg_type == IP_RECVERR) ||
                    (next->cmsg_level == IPPROTO_IPV6 && next->cmsg_type == IPV6_RECVERR);
    if (!is_error) continue;
    struct sock_extended_err reason;
    memcpy(&reason, CMSG_DATA(next), sizeof reason);
    // The send call has already reported what this host itself refused.
    if (reason.ee_origin != SO_EE_ORIGIN_LOCAL) error->error = reason.ee_errno;
  }
  return 1;
}
