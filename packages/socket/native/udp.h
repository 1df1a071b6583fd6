// UDP in batches for the native engine. There is no Node-API here, so that a small harness can run
// this code under sanitizers. All functions return 0 or a positive number on success and -errno on
// failure. Nothing here allocates unless it says so.
#ifndef RELAY_UDP_H
#define RELAY_UDP_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
  PACKED_ENDPOINT_BYTES = 24,
  MAX_DATAGRAM_BYTES = 65535,
  HEADROOM_BYTES = 64,
  TAILROOM_BYTES = 32,
  // A slot holds the largest datagram or offloaded run. Its size is no multiple of a page, so that
  // slots do not share cache sets.
  SLOT_BYTES = HEADROOM_BYTES + MAX_DATAGRAM_BYTES + 1 + TAILROOM_BYTES + 544,
  SLOTS = 32,              // datagrams or runs per system call (more do not help)
  MAX_RUN_SEGMENTS = 128,  // UDP_MAX_SEGMENTS from Linux 6.9 on, 64 before
  MAX_SEND_SEGMENTS = 64,  // every kernel with UDP_SEGMENT takes this
  MAX_RECEIVED = SLOTS * MAX_RUN_SEGMENTS,
  CONTROL_BYTES = 256,
  MAX_SEND_MESSAGES = 64,
  MAX_SEND_PIECES = 1024,  // UIO_MAXIOV
  MAX_SEND_FAILURES = 16,
};

// The parts are: address (IPv4-mapped for IPv4), port LE, 2 zero bytes, scope id LE. See
// @relay/packet.
union address { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; };
int address_from_packed(const uint8_t *packed, int family, union address *address, socklen_t *length);
void address_to_packed(const union address *address, uint8_t *packed);
bool packed_address_is_zero(const uint8_t *packed);
uint16_t packed_port(const uint8_t *packed);

struct udp_options {
  int family;  // AF_INET or AF_INET6
  bool dual_stack, reuse_port, send_offload, receive_offload, receive_locals, receive_ecn, receive_timestamps;
  bool without_mtu_discovery;
  int receive_buffer, send_buffer;  // bytes; 0: default of the system
  bool has_steering;
  uint32_t steering_offset, steering_mask, steering_shift, steering_modulus;
};

struct udp_socket {
  int fd, family;
  bool has_control, is_connected, has_segmentation;
  bool came_alone;             // the last time there was room for more, one datagram or run was received
  uint16_t port;  // local
  uint8_t remote[PACKED_ENDPOINT_BYTES];
  uint32_t max_segments;       // 1: no segmentation offload
  uint32_t refused_segment;    // runs of datagrams of this size or more were refused; UINT32_MAX: none
  // After a refusal runs are tried again at this time, in s; 0: nothing was refused. What was
  // refused again waits twice as long.
  int64_t retry_at, retry_wait;
  uint32_t refusals;           // runs that were refused while their datagrams passed singly
};

int udp_open(struct udp_socket *socket, const struct udp_options *options, const uint8_t *local, const uint8_t *remote);
int udp_local(const struct udp_socket *socket, uint8_t *packed);
int udp_buffer_bytes(const struct udp_socket *socket, int which);  // SO_RCVBUF or SO_SNDBUF
int udp_drops(const struct udp_socket *socket, uint32_t *drops);
int udp_steer(int fd, uint32_t offset, uint32_t mask, uint32_t shift, uint32_t modulus);

// What the route to an address says; its port does not matter.
enum { ROUTE_ELSEWHERE = 0, ROUTE_LOCAL = 1, ROUTE_BROADCAST = 2, ROUTE_MULTICAST = 3 };
int udp_route(const uint8_t *packed);  // one of these, or -errno

// The memory into which all sockets of a thread receive. It begins as zeros, except the pointers.
struct receive_area {
  uint8_t *bytes;  // SLOTS * SLOT_BYTES
  uint32_t *offsets, *lengths;       // MAX_RECEIVED each, as all below
  uint8_t *sources, *locals, *ecn;   // PACKED_ENDPOINT_BYTES each, likewise, 1 each
  double *timestamps;                // ms
  bool has_details;                  // locals, ecn or timestamps are not all zero
  bool is_prepared;
  struct mmsghdr messages[SLOTS];    // read and written by the system call
  struct iovec slots[SLOTS];
  union address names[SLOTS];
  _Alignas(struct cmsghdr) uint8_t control[SLOTS][CONTROL_BYTES];
};
// cut_off: datagrams of runs with more segments than the arrays have room for.
struct received { uint32_t count, bytes, cut_off; bool is_full; };
// is_busy: the socket was also read in this or the last turn of the event loop.
int udp_receive(struct udp_socket *socket, struct receive_area *area, bool is_busy, struct received *received);

struct send_batch {
  const uint8_t *bytes; size_t size;
  const uint32_t *offsets, *lengths;
  const uint8_t *destinations, *locals;  // or NULL
  uint32_t from, count;                  // from `from` up to, but without, `count`
};
struct send_failure { uint32_t error, datagrams, index; };  // neighbours; the first is `index`
struct sent {
  // The number of datagrams, from the first on, that need no further attempt. If it is not all, the
  // kernel takes no more now, or there is no room for another failure.
  uint32_t done;
  uint32_t datagrams, bytes, calls;  // taken by the kernel
  uint32_t failures;
  struct send_failure failure[MAX_SEND_FAILURES];
};
int udp_send(struct udp_socket *socket, const struct send_batch *batch, struct sent *sent);

struct udp_error { uint32_t error; bool has_destination; uint8_t destination[PACKED_ENDPOINT_BYTES]; };
int udp_next_error(struct udp_socket *socket, struct udp_error *error);  // 1: there was one, 0: none

#endif
