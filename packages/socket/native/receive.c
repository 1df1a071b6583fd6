#include "udp.h"
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <time.h>

enum { PENDING_ERRORS = 4 };

struct details { uint32_t segment; const uint8_t *local; uint8_t packed_local[PACKED_ENDPOINT_BYTES]; uint8_t ecn; double timestamp; };

static void prepare(struct receive_area *area) {
  area->is_prepared = true;
  for (size_t i = 0; i < SLOTS; i++) {
    area->slots[i] = (struct iovec){ area->bytes + i * SLOT_BYTES + HEADROOM_BYTES, MAX_DATAGRAM_BYTES };
    area->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &area->slots[i], .msg_iovlen = 1 };
  }
}

// The last call of the kernel, perhaps for another socket, wrote into these fields.
static void mend(const struct udp_socket *socket, struct receive_area *area) {
  for (size_t i = 0; i < SLOTS; i++) {
    struct msghdr *message = &area->messages[i].msg_hdr;
    message->msg_name = socket->is_connected ? NULL : &area->names[i];
    message->msg_namelen = socket->is_connected ? 0 : sizeof area->names[i];
    message->msg_control = socket->has_control ? area->control[i] : NULL;
    message->msg_controllen = socket->has_control ? CONTROL_BYTES : 0;
  }
}

static void read_local(const struct udp_socket *socket, struct cmsghdr *control, struct details *details) {
  union address address;
  memset(&address, 0, sizeof address);
  if (control->cmsg_level == IPPROTO_IP) {
    struct in_pktinfo info;
    memcpy(&info, CMSG_DATA(control), sizeof info);
    address.v4.sin_family = AF_INET;
    address.v4.sin_addr = info.ipi_spec_dst;
    address.v4.sin_port = htons(socket->port);
  } else {
    struct in6_pktinfo info;
    memcpy(&info, CMSG_DATA(control), sizeof info);
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_addr = info.ipi6_addr;
    address.v6.sin6_port = htons(socket->port);
    if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) address.v6.sin6_scope_id = info.ipi6_ifindex;
  }
  address_to_packed(&address, details->packed_local);
  details->local = details->packed_local;
}

static void read_control(const struct udp_socket *socket, struct msghdr *message, struct details *details) {
  for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
    int level = control->cmsg_level, type = control->cmsg_type, number = 0;
    if (level == IPPROTO_UDP && type == UDP_GRO) {
      memcpy(&number, CMSG_DATA(control), sizeof number);
      details->segment = number > 0 ? (uint32_t)number : 0;
    } else if ((level == IPPROTO_IP && type == IP_PKTINFO) || (level == IPPROTO_IPV6 && type == IPV6_PKTINFO)) {
      read_local(socket, control, details);
    } else if (level == IPPROTO_IP && type == IP_TOS) {
      details->ecn = *CMSG_DATA(control) & 3;
    } else if (level == IPPROTO_IPV6 && type == IPV6_TCLASS) {
      memcpy(&number, CMSG_DATA(control), sizeof number);
      details->ecn = (uint8_t)(number & 3);
    } else if (level == SOL_SOCKET && type == SO_TIMESTAMPNS) {
      struct timespec time;
      memcpy(&time, CMSG_DATA(control), sizeof time);
      details->timestamp = (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
    }
  }
}

// Lists the datagrams of one slot: one datagram, or the segments of an offloaded run.
static void list(struct receive_area *area, size_t slot, const uint8_t *source, const struct details *details, struct received *received) {
  uint32_t length = area->messages[slot].msg_len, offset = (uint32_t)(slot * SLOT_BYTES) + HEADROOM_BYTES;
  uint32_t segment = details->segment ? details->segment : length, end = offset + length;
  uint32_t at = received->count;
  // A datagram of no bytes is one, too.
  bool has_more = true;
  for (; has_more && at < MAX_RECEIVED; at++) {
    uint32_t rest = end - offset;
    area->offsets[at] = offset;
    area->lengths[at] = rest < segment ? rest : segment;
    memcpy(area->sources + (size_t)at * PACKED_ENDPOINT_BYTES, source, PACKED_ENDPOINT_BYTES);
    if (area->has_details) {
      uint8_t *local = area->locals + (size_t)at * PACKED_ENDPOINT_BYTES;
      if (details->local) memcpy(local, details->local, PACKED_ENDPOINT_BYTES);
      else memset(local, 0, PACKED_ENDPOINT_BYTES);
      area->ecn[at] = details->ecn;
      area->timestamps[at] = details->timestamp;
    }
    offset += area->lengths[at];
    has_more = offset < end;
  }
  received->count = at;
  if (has_more) received->cut_off += offset < end ? (end - offset + segment - 1) / segment : 1;
}

static int receive(const struct udp_socket *socket, struct receive_area *area, unsigned at_most) {
  // A failing receive reports an ICMP error once. The error queue has it too, so the error is
  // skipped here.
  for (int attempt = 0; attempt < PENDING_ERRORS; attempt++) {
    int count = recvmmsg(socket->fd, area->messages, at_most, MSG_DONTWAIT, NULL);
    if (count >= 0) return count;
    if (errno == EAGAIN) return 0;
    if (errno == EBADF || errno == ENOTSOCK || errno == EFAULT || errno == EINVAL) return -errno;
  }
  return 0;
}

int udp_receive(struct udp_socket *socket, struct receive_area *area, bool is_busy, struct received *received) {
  if (!area->is_prepared) prepare(area);
  mend(socket, area);
  // If datagrams come alone, a search for a second one costs as much as the first receive. If there
  // is a second one, epoll reports it again, and then the socket is busy.
  unsigned at_most = socket->came_alone && !is_busy ? 1 : SLOTS;
  int slots = receive(socket, area, at_most);
  if (at_most == SLOTS) socket->came_alone = slots == 1;
  *received = (struct received){ .is_full = slots == SLOTS };
  if (slots < 0) return slots;
  for (size_t i = 0; i < (size_t)slots; i++) {
    struct details details = { 0 };
    struct msghdr *message = &area->messages[i].msg_hdr;
    if (socket->has_control && message->msg_controllen > 0) read_control(socket, message, &details);
    uint8_t packed[PACKED_ENDPOINT_BYTES];
    if (!socket->is_connected) address_to_packed(&area->names[i], packed);
    if (details.local || details.ecn || details.timestamp > 0) area->has_details = true;
    received->bytes += area->messages[i].msg_len;
    list(area, i, socket->is_connected ? socket->remote : packed, &details, received);
  }
  return 0;
}
