#include "udp.h"
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <time.h>

enum {
  LEAST_RETRY_SECONDS = 1,
  MOST_RETRY_SECONDS = 1024,
  MAX_RUN_BYTES = 65507,
  SEND_CONTROL_BYTES = CMSG_SPACE(sizeof(uint16_t)) + CMSG_SPACE(sizeof(struct in6_pktinfo)),
};

// The messages of one call to the kernel. Each message is one datagram, or a run of equal-size
// datagrams that the kernel or the device cuts apart.
struct plan {
  size_t messages, pieces;
  uint32_t single_until;  // datagrams before this one go singly: their run was refused
  struct mmsghdr message[MAX_SEND_MESSAGES];
  uint32_t first[MAX_SEND_MESSAGES], datagrams[MAX_SEND_MESSAGES];
  union address names[MAX_SEND_MESSAGES];
  struct iovec piece[MAX_SEND_PIECES];
  _Alignas(struct cmsghdr) uint8_t control[MAX_SEND_MESSAGES][SEND_CONTROL_BYTES];
};

static const uint8_t *packed_at(const uint8_t *packed, uint32_t i) {
  return packed ? packed + (size_t)i * PACKED_ENDPOINT_BYTES : NULL;
}

static bool same_way(const struct send_batch *batch, uint32_t i, uint32_t j) {
  const uint8_t *to = batch->destinations, *from = batch->locals;
  return (!to || memcmp(packed_at(to, i), packed_at(to, j), PACKED_ENDPOINT_BYTES) == 0) &&
         (!from || memcmp(packed_at(from, i), packed_at(from, j), PACKED_ENDPOINT_BYTES) == 0);
}

// Returns how many datagrams from `first` on can travel as one segmented send. All have one size,
// but the last may be shorter.
static uint32_t run_length(const struct udp_socket *socket, const struct plan *plan, const struct send_batch *batch, uint32_t first) {
  uint32_t segment = batch->lengths[first];
  if (first < plan->single_until || socket->max_segments <= 1 || segment == 0 || segment >= socket->refused_segment) return 1;
  uint32_t limit = MAX_RUN_BYTES / segment, left = batch->count - first, n = 1;
  if (limit > socket->max_segments) limit = socket->max_segments;
  if (limit > left) limit = left;
  while (n < limit) {
    uint32_t length = batch->lengths[first + n];
    if (length == 0 || length > segment || !same_way(batch, first, first + n)) break;
    n++;
    if (length < segment) break;
  }
  return n;
}

static void add_control(struct msghdr *message, uint8_t *control, struct cmsghdr **next, int level, int type, const void *value, size_t size) {
  if (!*next) {
    memset(control, 0, SEND_CONTROL_BYTES);
    message->msg_control = control;
    message->msg_controllen = SEND_CONTROL_BYTES;
    *next = CMSG_FIRSTHDR(message);
    message->msg_controllen = 0;
  }
  (*next)->cmsg_level = level;
  (*next)->cmsg_type = type;
  (*next)->cmsg_len = CMSG_LEN(size);
  memcpy(CMSG_DATA(*next), value, size);
  message->msg_controllen += CMSG_SPACE(size);
  *next = (struct cmsghdr *)((uint8_t *)*next + CMSG_SPACE(size));
}

static int add_local(const struct udp_socket *socket, struct msghdr *message, uint8_t *control, struct cmsghdr **next, const uint8_t *packed) {
  union address local;
  socklen_t length;
  int failed = address_from_packed(packed, socket->family, &local, &length);
  if (failed) return failed;
  if (socket->family == AF_INET) {
    struct in_pktinfo info = { .ipi_spec_dst = local.v4.sin_addr };
    add_control(message, control, next, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
  } else {
    struct in6_pktinfo info = { .ipi6_addr = local.v6.sin6_addr, .ipi6_ifindex = local.v6.sin6_scope_id };
    add_control(message, control, next, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
  }
  return 0;
}

static void add_pieces(struct plan *plan, const struct send_batch *batch, uint32_t first, uint32_t count, struct msghdr *message) {
  message->msg_iov = &plan->piece[plan->pieces];
  for (uint32_t i = first; i < first + count; i++) {
    uint8_t *start = (uint8_t *)batch->bytes + batch->offsets[i];
    struct iovec *last = message->msg_iovlen ? &message->msg_iov[message->msg_iovlen - 1] : NULL;
    if (last && (uint8_t *)last->iov_base + last->iov_len == start) {
      last->iov_len += batch->lengths[i];
    } else {
      plan->piece[plan->pieces++] = (struct iovec){ start, batch->lengths[i] };
      message->msg_iovlen++;
    }
  }
}

// Adds one message. Returns its number of datagrams, 0 if the plan is full, or -errno if its
// addresses are impossible for this socket.
static int add_message(const struct udp_socket *socket, struct plan *plan, const struct send_batch *batch, uint32_t first) {
  uint32_t n = run_length(socket, plan, batch, first);
  if (plan->messages == MAX_SEND_MESSAGES || plan->pieces + n > MAX_SEND_PIECES) return 0;
  size_t m = plan->messages;
  struct msghdr *message = &plan->message[m].msg_hdr;
  struct cmsghdr *next = NULL;
  *message = (struct msghdr){ 0 };
  if (!socket->is_connected) {
    if (packed_port(packed_at(batch->destinations, first)) == 0) return -EINVAL;
    message->msg_name = &plan->names[m];
    int failed = address_from_packed(packed_at(batch->destinations, first), socket->family, &plan->names[m], &message->msg_namelen);
    if (failed) return failed;
  }
  if (n > 1) {
    uint16_t segment = (uint16_t)batch->lengths[first];
    add_control(message, plan->control[m], &next, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
  }
  const uint8_t *local = packed_at(batch->locals, first);
  if (local && !packed_address_is_zero(local)) {
    int failed = add_local(socket, message, plan->control[m], &next, local);
    if (failed) return failed;
  }
  add_pieces(plan, batch, first, n, message);
  plan->first[m] = first;
  plan->datagrams[m] = n;
  plan->messages++;
  return (int)n;
}

// Records that the next `datagrams` have failed and are finished. Returns false if there is no room
// to record it.
static bool fail(struct sent *sent, int error, uint32_t datagrams) {
  struct send_failure *last = sent->failures ? &sent->failure[sent->failures - 1] : NULL;
  if (last && last->error == (uint32_t)error && last->index + last->datagrams == sent->done) {
    last->datagrams += datagrams;
  } else {
    if (sent->failures == MAX_SEND_FAILURES) return false;
    sent->failure[sent->failures++] = (struct send_failure){ (uint32_t)error, datagrams, sent->done };
  }
  sent->done += datagrams;
  return true;
}

static int transmit(const struct udp_socket *socket, struct plan *plan) {
  if (plan->messages > 1) return sendmmsg(socket->fd, plan->message, (unsigned)plan->messages, MSG_DONTWAIT);
  return sendmsg(socket->fd, &plan->message[0].msg_hdr, MSG_DONTWAIT) < 0 ? -1 : 1;
}

// Returns true for errors that may belong to an earlier datagram (ICMP) and not to this one. They
// deserve a second attempt.
static bool may_be_pending(int error) {
  return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EMSGSIZE || error == EACCES || error == EPROTO;
}

// EIO: the device cannot compute the checksum, or IPsec transforms the path. EINVAL, EMSGSIZE: the
// datagram exceeds the MTU of the path, or is simply wrong.
static bool may_be_for_offload(int error) {
  return error == EIO || error == EOPNOTSUPP || error == EINVAL || error == EMSGSIZE;
}

static int64_t now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec;
}

// Remembers a run that was refused while its datagrams passed singly, so that it is not tried again
// soon: the device or the path may have changed later.
static void remember_refusal(struct udp_socket *socket, int error, uint32_t segment) {
  int64_t wait = socket->retry_wait * 2;
  socket->retry_wait = wait < LEAST_RETRY_SECONDS ? LEAST_RETRY_SECONDS : wait > MOST_RETRY_SECONDS ? MOST_RETRY_SECONDS : wait;
  socket->retry_at = now_seconds() + socket->retry_wait;
  socket->refusals++;
  if (error == EIO || error == EOPNOTSUPP) socket->max_segments = 1;
  else if (segment < socket->refused_segment) socket->refused_segment = segment;
}

// Lets runs be tried again when their time has come. The clock is read only after a refusal.
static void retry_refused(struct udp_socket *socket) {
  if (socket->retry_at == 0 || now_seconds() < socket->retry_at) return;
  socket->retry_at = 0;
  if (socket->has_segmentation) socket->max_segments = MAX_SEND_SEGMENTS;
  socket->refused_segment = UINT32_MAX;
}

static void take(struct sent *sent, const struct plan *plan, int messages) {
  sent->calls++;
  for (int m = 0; m < messages; m++) {
    const struct msghdr *message = &plan->message[m].msg_hdr;
    for (size_t k = 0; k < message->msg_iovlen; k++) sent->bytes += (uint32_t)message->msg_iov[k].iov_len;
    sent->datagrams += plan->datagrams[m];
    sent->done += plan->datagrams[m];
  }
}

static bool is_within(const struct send_batch *batch) {
  if (batch->from > batch->count) return false;
  for (uint32_t i = batch->from; i < batch->count; i++) {
    if ((uint64_t)batch->offsets[i] + batch->lengths[i] > batch->size) return false;
  }
  return true;
}

static void make_plan(const struct udp_socket *socket, const struct send_batch *batch, struct plan *plan, struct sent *sent) {
  plan->messages = plan->pieces = 0;
  uint32_t next = sent->done;
  while (next < batch->count) {
    int added = add_message(socket, plan, batch, next);
    if (added > 0) {
      next += (uint32_t)added;
      continue;
    }
    if (added == 0 || plan->messages > 0 || !fail(sent, -added, 1)) return;
    next = sent->done;
  }
}

int udp_send(struct udp_socket *socket, const struct send_batch *batch, struct sent *sent) {
  struct plan plan;
  uint32_t tried = UINT32_MAX, refused = UINT32_MAX;
  int refusal = 0;
  plan.single_until = 0;
  retry_refused(socket);
  *sent = (struct sent){ .done = batch->from };
  if (!is_within(batch) || (!socket->is_connected && !batch->destinations)) return -EINVAL;
  while (sent->done < batch->count) {
    make_plan(socket, batch, &plan, sent);
    if (plan.messages == 0) return 0;
    uint32_t first = plan.first[0], n = plan.datagrams[0];
    int messages = transmit(socket, &plan);
    int error = errno;
    if (messages > 0) {
      if (first == refused) remember_refusal(socket, refusal, batch->lengths[first]);
      else if (n > 1 && socket->retry_at == 0) socket->retry_wait = 0;
      take(sent, &plan, messages);
    } else if (error == EAGAIN) {
      return 0;
    } else if (tried != first && may_be_pending(error)) {
      tried = first;
    } else if (n > 1 && may_be_for_offload(error)) {
      refused = first;
      refusal = error;
      plan.single_until = first + n;
    } else if (error != EINTR && !fail(sent, error, n)) {
      return 0;
    }
  }
  return 0;
}
