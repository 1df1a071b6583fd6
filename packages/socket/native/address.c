#include "udp.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum { OFFSET_PORT = 16, OFFSET_SCOPE = 20, MAPPED_PREFIX_BYTES = 12 };
static const uint8_t mapped_prefix[MAPPED_PREFIX_BYTES] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

int address_from_packed(const uint8_t *packed, int family, union address *address, socklen_t *length) {
  uint16_t port = htons(packed_port(packed));
  memset(address, 0, sizeof *address);
  if (family == AF_INET) {
    if (memcmp(packed, mapped_prefix, sizeof mapped_prefix) != 0) return -EINVAL;
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = port;
    memcpy(&address->v4.sin_addr, packed + MAPPED_PREFIX_BYTES, sizeof address->v4.sin_addr);
    *length = sizeof address->v4;
    return 0;
  }
  address->v6.sin6_family = AF_INET6;
  address->v6.sin6_port = port;
  memcpy(&address->v6.sin6_addr, packed, sizeof address->v6.sin6_addr);
  const uint8_t *scope = packed + OFFSET_SCOPE;
  address->v6.sin6_scope_id = (uint32_t)scope[0] | (uint32_t)scope[1] << 8 | (uint32_t)scope[2] << 16 | (uint32_t)scope[3] << 24;
  *length = sizeof address->v6;
  return 0;
}

void address_to_packed(const union address *address, uint8_t *packed) {
  memset(packed, 0, PACKED_ENDPOINT_BYTES);
  uint16_t port;
  if (address->any.sa_family == AF_INET) {
    memcpy(packed, mapped_prefix, sizeof mapped_prefix);
    memcpy(packed + MAPPED_PREFIX_BYTES, &address->v4.sin_addr, sizeof address->v4.sin_addr);
    port = ntohs(address->v4.sin_port);
  } else {
    memcpy(packed, &address->v6.sin6_addr, sizeof address->v6.sin6_addr);
    port = ntohs(address->v6.sin6_port);
    uint32_t scope = address->v6.sin6_scope_id;
    for (int i = 0; i < 4; i++) packed[OFFSET_SCOPE + i] = (uint8_t)(scope >> 8 * i);
  }
  packed[OFFSET_PORT] = (uint8_t)port;
  packed[OFFSET_PORT + 1] = (uint8_t)(port >> 8);
}

bool packed_address_is_zero(const uint8_t *packed) {
  static const uint8_t zero[16];
  return memcmp(packed, zero, sizeof zero) == 0;
}

uint16_t packed_port(const uint8_t *packed) {
  return (uint16_t)(packed[OFFSET_PORT] | packed[OFFSET_PORT + 1] << 8);
}
