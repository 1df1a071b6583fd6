#include "loop.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void tell_ready(struct loop *loop) {
  napi_env env = loop->env;
  napi_handle_scope scope;
  napi_value callback, receiver, count;
  uint32_t ready = loop->ready_count;
  if (ready == 0 || napi_open_handle_scope(env, &scope) != napi_ok) return;
  for (uint32_t i = 0; i < ready; i++) {
    struct watched_socket *socket = loop->sockets[loop->ready[2 * i]];
    if (socket) socket->is_ready = false;
  }
  loop->ready_count = 0;
  if (napi_get_reference_value(env, loop->on_ready, &callback) == napi_ok && napi_get_global(env, &receiver) == napi_ok &&
      napi_create_uint32(env, ready, &count) == napi_ok) {
    if (napi_make_callback(env, loop->context, receiver, callback, 1, &count, NULL) == napi_pending_exception) {
      napi_value error;
      if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
    }
  }
  napi_close_handle_scope(env, scope);
}

static void after_poll(uv_check_t *check) {
  struct loop *loop = check->data;
  loop->turn++;
  tell_ready(loop);
}

static void on_poll(uv_poll_t *poll, int status, int events);

void loop_watch(struct watched_socket *socket, bool writable) {
  uv_poll_start(&socket->poll, UV_READABLE | (writable ? UV_WRITABLE : 0), on_poll);
}

static void on_poll(uv_poll_t *poll, int status, int events) {
  struct watched_socket *socket = poll->data;
  struct loop *loop = socket->loop;
  if (loop->is_ending) return;
  uint32_t flags = (events & UV_READABLE ? EVENT_READABLE : 0) | (events & UV_WRITABLE ? EVENT_WRITABLE : 0);
  if (status < 0) {
    // libuv stops watching a socket if the kernel says POLLERR. For UDP that is an ICMP error, and
    // the socket lives on.
    flags = EVENT_READABLE | EVENT_WRITABLE | EVENT_ERROR;
    loop_watch(socket, false);
  }
  if (socket->is_ready) {
    loop->ready[2 * socket->ready_at + 1] |= flags;
    return;
  }
  if (loop->ready_count == READY_CAPACITY) tell_ready(loop);
  socket->is_ready = true;
  socket->ready_at = loop->ready_count;
  loop->ready[2 * loop->ready_count] = socket->number;
  loop->ready[2 * loop->ready_count++ + 1] = flags;
}

static void free_loop(struct loop *loop) {
  napi_async_cleanup_hook_handle cleanup = loop->cleanup;
  free(loop->sockets);
  free(loop);
  napi_remove_async_cleanup_hook(cleanup);
}

static void handle_closed(struct loop *loop) {
  if (--loop->open_handles == 0 && loop->is_ending) free_loop(loop);
}

static void on_check_closed(uv_handle_t *handle) {
  handle_closed(handle->data);
}

static void on_socket_closed(uv_handle_t *handle) {
  struct watched_socket *socket = handle->data;
  struct loop *loop = socket->loop;
  free(socket);
  handle_closed(loop);
}

void loop_close(struct watched_socket *socket) {
  socket->loop->sockets[socket->number] = NULL;
  uv_poll_stop(&socket->poll);
  uv_close((uv_handle_t *)&socket->poll, on_socket_closed);
  close(socket->udp.fd);
}

static void end_loop(napi_async_cleanup_hook_handle cleanup, void *data) {
  struct loop *loop = data;
  (void)cleanup;
  loop->is_ending = true;
  if (loop->open_handles == 0) {
    free_loop(loop);
    return;
  }
  for (uint32_t i = 0; i < loop->capacity; i++) {
    if (loop->sockets[i]) loop_close(loop->sockets[i]);
  }
  uv_close((uv_handle_t *)&loop->after_poll, on_check_closed);
}

struct loop *loop_create(napi_env env) {
  struct loop *loop = calloc(1, sizeof *loop);
  if (!loop) return NULL;
  loop->env = env;
  if (napi_add_async_cleanup_hook(env, end_loop, loop, &loop->cleanup) == napi_ok) return loop;
  free(loop);
  return NULL;
}

bool loop_start(struct loop *loop, napi_value kept, napi_value on_ready) {
  napi_env env = loop->env;
  napi_value name;
  bool is_kept = napi_create_string_utf8(env, "relay.socket", NAPI_AUTO_LENGTH, &name) == napi_ok &&
    napi_create_reference(env, kept, 1, &loop->kept) == napi_ok && napi_create_reference(env, on_ready, 1, &loop->on_ready) == napi_ok &&
    napi_async_init(env, NULL, name, &loop->context) == napi_ok && napi_get_uv_event_loop(env, &loop->uv) == napi_ok;
  if (!is_kept || uv_check_init(loop->uv, &loop->after_poll) != 0) return false;
  loop->after_poll.data = loop;
  loop->open_handles++;
  uv_check_start(&loop->after_poll, after_poll);
  uv_unref((uv_handle_t *)&loop->after_poll);
  return true;
}

// Makes room in the table for a number that JavaScript chose.
static bool reserve(struct loop *loop, uint32_t wanted) {
  if (wanted >= MAX_SOCKETS) return false;
  if (wanted < loop->capacity) return loop->sockets[wanted] == NULL;
  uint32_t capacity = loop->capacity ? loop->capacity : 64;
  while (capacity <= wanted) capacity *= 2;
  struct watched_socket **sockets = realloc(loop->sockets, capacity * sizeof *sockets);
  if (!sockets) return false;
  memset(sockets + loop->capacity, 0, (capacity - loop->capacity) * sizeof *sockets);
  loop->sockets = sockets;
  loop->capacity = capacity;
  return true;
}

int loop_open(struct loop *loop, uint32_t number, const struct udp_options *options, const uint8_t *local, const uint8_t *remote) {
  if (!reserve(loop, number)) return -EBADF;
  struct watched_socket *socket = calloc(1, sizeof *socket);
  if (!socket) return -ENOMEM;
  int failed = udp_open(&socket->udp, options, local, remote);
  if (!failed && (failed = uv_poll_init(loop->uv, &socket->poll, socket->udp.fd)) != 0) close(socket->udp.fd);
  if (failed) {
    free(socket);
    return failed;
  }
  socket->loop = loop;
  socket->number = number;
  socket->poll.data = socket;
  loop->sockets[number] = socket;
  loop->open_handles++;
  loop_watch(socket, false);
  return 0;
}
