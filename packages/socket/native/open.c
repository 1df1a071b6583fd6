#include "udp.h"
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

static int set(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : -errno;
}

static int get(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(fd, level, name, &value, &length) == 0 ? value : -errno;
}

// The kernel doubles the requested size for its own accounting and cuts it silently to the limit.
// Root may exceed the limit.
static void set_buffer(int fd, int name, int name_beyond_limit, int bytes) {
  set(fd, SOL_SOCKET, name, bytes);
  if (get(fd, SOL_SOCKET, name) / 2 < bytes) set(fd, SOL_SOCKET, name_beyond_limit, bytes);
}

// An IPv6 socket that takes IPv4 too needs both options. The kernel uses the options of the family
// by which a datagram came.
static int set_both(int fd, int family, int name_v4, int name_v6, int value) {
  if (family == AF_INET6) {
    int failed = set(fd, IPPROTO_IPV6, name_v6, value);
    if (failed) return failed;
  }
  return set(fd, IPPROTO_IP, name_v4, value);
}

static int apply(struct udp_socket *socket, const struct udp_options *options) {
  int fd = socket->fd, family = options->family, failed = 0;
  if (family == AF_INET6 && (failed = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !options->dual_stack))) return failed;
  if (options->reuse_port && (failed = set(fd, SOL_SOCKET, SO_REUSEPORT, 1))) return failed;
  if ((failed = set_both(fd, family, IP_RECVERR, IPV6_RECVERR, 1))) return failed;
  // IPv6 has a number of its own for this, which is the same.
  _Static_assert(IP_PMTUDISC_DONT == IPV6_PMTUDISC_DONT, "set_both sets one value");
  if (options->without_mtu_discovery &&
      (failed = set_both(fd, family, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, IP_PMTUDISC_DONT))) return failed;
  if (options->receive_buffer) set_buffer(fd, SO_RCVBUF, SO_RCVBUFFORCE, options->receive_buffer);
  if (options->send_buffer) set_buffer(fd, SO_SNDBUF, SO_SNDBUFFORCE, options->send_buffer);
  if (options->receive_locals) {
    // On an IPv6 socket, IPV6_RECVPKTINFO also reports IPv4 datagrams, as mapped addresses.
    failed = family == AF_INET6 ? set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) : set(fd, IPPROTO_IP, IP_PKTINFO, 1);
    if (failed) return failed;
  }
  if (options->receive_ecn && (failed = set_both(fd, family, IP_RECVTOS, IPV6_RECVTCLASS, 1))) return failed;
  if (options->receive_timestamps && (failed = set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1))) return failed;
  // A missing offload is no error: an old kernel is slower, not broken.
  bool has_gro = options->receive_offload && set(fd, IPPROTO_UDP, UDP_GRO, 1) == 0;
  bool has_gso = options->send_offload && set(fd, IPPROTO_UDP, UDP_SEGMENT, 0) == 0;
  socket->has_segmentation = has_gso;
  socket->max_segments = has_gso ? MAX_SEND_SEGMENTS : 1;
  socket->refused_segment = UINT32_MAX;
  socket->has_control = has_gro || options->receive_locals || options->receive_ecn || options->receive_timestamps;
  return 0;
}

// Datagrams that arrived between bind and connect may be from anyone.
static void discard_early(int fd) {
  char byte;
  while (recv(fd, &byte, sizeof byte, MSG_DONTWAIT | MSG_TRUNC) >= 0) continue;
}

static int bind_and_connect(struct udp_socket *socket, const struct udp_options *options, const uint8_t *local, const uint8_t *remote) {
  union address address;
  socklen_t length;
  int failed = address_from_packed(local, socket->family, &address, &length);
  if (failed) return failed;
  if (bind(socket->fd, &address.any, length) != 0) return -errno;
  if (options->has_steering) {
    failed = udp_steer(socket->fd, options->steering_offset, options->steering_mask, options->steering_shift,
      options->steering_modulus);
    if (failed) return failed;
  }
  if (!remote) return 0;
  if ((failed = address_from_packed(remote, socket->family, &address, &length))) return failed;
  if (connect(socket->fd, &address.any, length) != 0) return -errno;
  discard_early(socket->fd);
  socket->is_connected = true;
  memcpy(socket->remote, remote, PACKED_ENDPOINT_BYTES);
  return 0;
}

int udp_open(struct udp_socket *created, const struct udp_options *options, const uint8_t *local, const uint8_t *remote) {
  memset(created, 0, sizeof *created);
  created->family = options->family;
  created->fd = socket(options->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (created->fd < 0) return -errno;
  int failed = apply(created, options);
  if (!failed) failed = bind_and_connect(created, options, local, remote);
  uint8_t bound[PACKED_ENDPOINT_BYTES];
  if (!failed) failed = udp_local(created, bound);
  if (failed) close(created->fd);
  else created->port = packed_port(bound);
  return failed;
}

int udp_local(const struct udp_socket *socket, uint8_t *packed) {
  union address address;
  socklen_t length = sizeof address;
  if (getsockname(socket->fd, &address.any, &length) != 0) return -errno;
  address_to_packed(&address, packed);
  return 0;
}

int udp_buffer_bytes(const struct udp_socket *socket, int which) {
  return get(socket->fd, SOL_SOCKET, which);
}

// This count is exact at any time. SO_RXQ_OVFL only comes with the next datagram that was not
// dropped.
int udp_drops(const struct udp_socket *socket, uint32_t *drops) {
  uint32_t info[SK_MEMINFO_VARS] = { 0 };
  socklen_t length = sizeof info;
  if (getsockopt(socket->fd, SOL_SOCKET, SO_MEMINFO, info, &length) != 0) return -errno;
  *drops = info[SK_MEMINFO_DROPS];
  return 0;
}
