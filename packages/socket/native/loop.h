// A loop holds the sockets of one thread's event loop, by number, and their readiness.
#ifndef RELAY_LOOP_H
#define RELAY_LOOP_H

#include "udp.h"
#include <node_api.h>
#include <uv.h>

enum {
  MAX_SOCKETS = 1 << 20,
  READY_CAPACITY = 1024,
  PREPARED_BATCHES = 8,
  REPORT_WORDS = 4 + 3 * MAX_SEND_FAILURES,
  EVENT_READABLE = 1,
  EVENT_WRITABLE = 2,
  EVENT_ERROR = 4,
};

struct loop;

struct watched_socket {
  uv_poll_t poll;
  struct udp_socket udp;
  struct loop *loop;
  uint32_t number, ready_at;  // ready_at: the index in loop->ready
  bool is_ready;
  uint32_t read_in;  // the last turn in which it was read
};

// The arrays of a batch that JavaScript sends repeatedly. The loop keeps them alive. JavaScript
// guarantees that they do not change; the loop checks their sizes.
struct prepared_batch {
  napi_ref kept;
  struct send_batch batch;
  size_t capacity;  // how many datagrams the smallest array holds
};

struct loop {
  napi_env env;
  napi_async_cleanup_hook_handle cleanup;
  napi_ref on_ready, kept;
  napi_async_context context;
  uv_loop_t *uv;
  uv_check_t after_poll;
  uint32_t open_handles;  // of libuv, each until its close callback
  bool is_ending;
  struct receive_area area;
  uint32_t *ready, ready_count;  // pairs: number, events
  uint32_t turn;                 // of the event loop
  uint32_t *report;
  struct prepared_batch prepared[PREPARED_BATCHES];
  struct watched_socket **sockets;
  uint32_t capacity;
};

// Makes a loop, which frees itself at the end of the environment. Returns NULL without memory.
struct loop *loop_create(napi_env env);
// Begins to watch. Calls `on_ready` with the number of entries in `ready`, and keeps `kept` alive.
// Returns false without an event loop.
bool loop_start(struct loop *loop, napi_value kept, napi_value on_ready);
// Opens the socket of a free number. Returns 0 or -errno. -EBADF: the number is taken or too large.
int loop_open(struct loop *loop, uint32_t number, const struct udp_options *options, const uint8_t *local, const uint8_t *remote);
void loop_watch(struct watched_socket *socket, bool writable);
void loop_close(struct watched_socket *socket);

#endif
