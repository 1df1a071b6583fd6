// The Node-API side of the native engine. Sockets are numbers. One call into JavaScript reports
// which sockets are ready in a turn of the event loop. JavaScript then asks for the datagrams
// socket by socket. Every number from JavaScript is checked before use.
#include "loop.h"
#include <errno.h>
#include <string.h>

enum { OPTION_WORDS = 8 };

struct bytes { uint8_t *data; size_t length; };

static napi_value throw(napi_env env, const char *message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return NULL;
}

// Gets a typed array of this type with at least this many elements.
static bool array(napi_env env, napi_value value, napi_typedarray_type type, size_t least, struct bytes *into) {
  bool is_typed = false, is_own = false;
  napi_typedarray_type actual;
  napi_value buffer;
  void *data = NULL;
  if (napi_is_typedarray(env, value, &is_typed) != napi_ok || !is_typed) return false;
  if (napi_get_typedarray_info(env, value, &actual, &into->length, &data, &buffer, NULL) != napi_ok) return false;
  // Another thread could change a SharedArrayBuffer between the check and the use of a value.
  if (napi_is_arraybuffer(env, buffer, &is_own) != napi_ok || !is_own) return false;
  into->data = data;
  return actual == type && into->length >= least;
}

static bool is_absent(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && (type == napi_undefined || type == napi_null);
}

// Gets the arguments of a call (undefined for missing ones) and the loop that the function belongs
// to.
static struct loop *arguments_of(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
  void *loop = NULL;
  return napi_get_cb_info(env, info, &count, arguments, NULL, &loop) == napi_ok ? loop : NULL;
}

static struct watched_socket *socket_of(napi_env env, struct loop *loop, napi_value value) {
  uint32_t number;
  if (!loop || napi_get_value_uint32(env, value, &number) != napi_ok || number >= loop->capacity) return NULL;
  return loop->sockets[number];
}

static napi_value number(napi_env env, int64_t value) {
  napi_value result = NULL;
  napi_create_int64(env, value, &result);
  return result;
}

static struct udp_options options_of(const uint32_t *words) {
  uint32_t flags = words[1];
  return (struct udp_options){
    .family = words[0] == 4 ? AF_INET : AF_INET6,
    .dual_stack = flags & 1, .reuse_port = flags & 2, .send_offload = flags & 4, .receive_offload = flags & 8,
    .receive_locals = flags & 16, .receive_ecn = flags & 32, .receive_timestamps = flags & 64, .has_steering = flags & 128,
    .without_mtu_discovery = flags & 256,
    .receive_buffer = (int)words[2], .send_buffer = (int)words[3],
    .steering_offset = words[4], .steering_mask = words[5], .steering_shift = words[6], .steering_modulus = words[7],
  };
}

// open(number, options, local, remote | undefined): returns 0 or -errno. The options are words:
// family, flags, buffers, steering.
static napi_value js_open(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  uint32_t wanted;
  struct bytes words, local, remote = { 0 };
  struct loop *loop = arguments_of(env, info, 4, arguments);
  bool is_valid = loop && napi_get_value_uint32(env, arguments[0], &wanted) == napi_ok &&
    array(env, arguments[1], napi_uint32_array, OPTION_WORDS, &words) &&
    array(env, arguments[2], napi_uint8_array, PACKED_ENDPOINT_BYTES, &local) &&
    (is_absent(env, arguments[3]) || array(env, arguments[3], napi_uint8_array, PACKED_ENDPOINT_BYTES, &remote));
  if (!is_valid) return throw(env, "open: not a number with options and endpoints");
  struct udp_options options = options_of((uint32_t *)words.data);
  return number(env, loop_open(loop, wanted, &options, local.data, remote.data));
}

// local(number, into): returns 0 or -errno.
static napi_value js_local(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct bytes into;
  struct loop *loop = arguments_of(env, info, 2, arguments);
  struct watched_socket *socket = socket_of(env, loop, arguments[0]);
  if (!socket || !array(env, arguments[1], napi_uint8_array, PACKED_ENDPOINT_BYTES, &into)) return throw(env, "local: no such socket");
  return number(env, udp_local(&socket->udp, into.data));
}

// inspect(number): fills the report with the receive buffer, the send buffer, the largest run and
// how many runs were refused. Returns 0.
static napi_value js_inspect(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct loop *loop = arguments_of(env, info, 1, arguments);
  struct watched_socket *socket = socket_of(env, loop, arguments[0]);
  if (!socket) return throw(env, "inspect: no such socket");
  int receive_buffer = udp_buffer_bytes(&socket->udp, SO_RCVBUF), send_buffer = udp_buffer_bytes(&socket->udp, SO_SNDBUF);
  loop->report[0] = receive_buffer > 0 ? (uint32_t)receive_buffer : 0;
  loop->report[1] = send_buffer > 0 ? (uint32_t)send_buffer : 0;
  loop->report[2] = socket->udp.max_segments;
  loop->report[3] = socket->udp.refusals;
  return number(env, 0);
}

// drops(number): how many datagrams or runs the kernel has dropped, modulo 2^32, or -errno.
static napi_value js_drops(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  uint32_t drops = 0;
  struct loop *loop = arguments_of(env, info, 1, arguments);
  struct watched_socket *socket = socket_of(env, loop, arguments[0]);
  if (!socket) return throw(env, "drops: no such socket");
  int failed = udp_drops(&socket->udp, &drops);
  return number(env, failed ? failed : (int64_t)drops);
}

// receive(number): returns how many datagrams the arrays list, or -errno. The report has their
// bytes, whether there may be more, and how many had no room.
static napi_value js_receive(napi_env env, napi_callback_info info) {
  napi_value arguments[1], result;
  struct received received;
  struct loop *loop = arguments_of(env, info, 1, arguments);
  struct watched_socket *socket = socket_of(env, loop, arguments[0]);
  if (!socket) return throw(env, "receive: no such socket");
  bool is_busy = loop->turn - socket->read_in <= 1;
  socket->read_in = loop->turn;
  int failed = udp_receive(&socket->udp, &loop->area, is_busy, &received);
  loop->report[0] = received.bytes;
  loop->report[1] = received.is_full;
  loop->report[2] = received.cut_off;
  napi_create_int32(env, failed ? failed : (int32_t)received.count, &result);
  return result;
}

static void report_sent(uint32_t *report, const struct sent *sent) {
  report[0] = sent->datagrams;
  report[1] = sent->bytes;
  report[2] = sent->calls;
  report[3] = sent->failures;
  for (uint32_t i = 0; i < sent->failures; i++) {
    report[4 + 3 * i] = sent->failure[i].error;
    report[5 + 3 * i] = sent->failure[i].datagrams;
    report[6 + 3 * i] = sent->failure[i].index;
  }
}

// Gets the arrays of a batch from five arguments, and how many datagrams they hold.
static bool batch_of(napi_env env, const napi_value *arguments, struct send_batch *batch, size_t *capacity) {
  struct bytes bytes, offsets, lengths, destinations = { 0 }, locals = { 0 };
  if (!array(env, arguments[0], napi_uint8_array, 0, &bytes) || !array(env, arguments[1], napi_uint32_array, 0, &offsets) ||
      !array(env, arguments[2], napi_uint32_array, 0, &lengths)) return false;
  if (!is_absent(env, arguments[3]) && !array(env, arguments[3], napi_uint8_array, 0, &destinations)) return false;
  if (!is_absent(env, arguments[4]) && !array(env, arguments[4], napi_uint8_array, 0, &locals)) return false;
  *batch = (struct send_batch){
    .bytes = bytes.data, .size = bytes.length, .offsets = (uint32_t *)offsets.data, .lengths = (uint32_t *)lengths.data,
    .destinations = destinations.data, .locals = locals.data,
  };
  *capacity = offsets.length < lengths.length ? offsets.length : lengths.length;
  if (destinations.data && destinations.length / PACKED_ENDPOINT_BYTES < *capacity) *capacity = destinations.length / PACKED_ENDPOINT_BYTES;
  if (locals.data && locals.length / PACKED_ENDPOINT_BYTES < *capacity) *capacity = locals.length / PACKED_ENDPOINT_BYTES;
  return true;
}

static napi_value send_batch(napi_env env, struct loop *loop, struct watched_socket *socket, const struct send_batch *batch, size_t capacity) {
  napi_value result;
  struct sent sent = { 0 };
  int failed = batch->count <= capacity ? udp_send(&socket->udp, batch, &sent) : -EINVAL;
  report_sent(loop->report, &sent);
  napi_create_int32(env, failed ? failed : (int32_t)sent.done, &result);
  return result;
}

// send(number, from, count, bytes, offsets, lengths, destinations | undefined, locals | undefined):
// returns the index of the first datagram that the kernel did not take now (`count` if it took
// all), or -errno if nothing was sent. The report has the results.
static napi_value js_send(napi_env env, napi_callback_info info) {
  size_t capacity;
  napi_value arguments[8];
  struct send_batch batch;
  uint32_t from, to;
  struct loop *loop = arguments_of(env, info, 8, arguments);
  struct watched_socket *socket = socket_of(env, loop, arguments[0]);
  if (!socket || napi_get_value_uint32(env, arguments[1], &from) != napi_ok || napi_get_value_uint32(env, arguments[2], &to) != napi_ok ||
      !batch_of(env, arguments + 3, &batch, &capacity)) return throw(env, "send: not a socket and a batch");
  batch.from = from;
  batch.count = to;
  return send_batch(env, loop, socket, &batch, capacity);
}

// prepare(batch, bytes, offsets, lengths, destinations | undefined, locals | undefined): keeps the
// arrays for sendPrepared.
static napi_value js_prepare(napi_env env, napi_callback_info info) {
  napi_value arguments[6], kept;
  struct prepared_batch prepared = { 0 };
  uint32_t at;
  struct loop *loop = arguments_of(env, info, 6, arguments);
  if (!loop || napi_get_value_uint32(env, arguments[0], &at) != napi_ok || at >= PREPARED_BATCHES ||
      !batch_of(env, arguments + 1, &prepared.batch, &prepared.capacity)) return throw(env, "prepare: not a batch");
  if (napi_create_array_with_length(env, 5, &kept) != napi_ok) return throw(env, "prepare: no memory");
  for (uint32_t i = 0; i < 5; i++) napi_set_element(env, kept, i, arguments[i + 1]);
  if (napi_create_reference(env, kept, 1, &prepared.kept) != napi_ok) return throw(env, "prepare: no memory");
  if (loop->prepared[at].kept) napi_delete_reference(env, loop->prepared[at].kept);
  loop->prepared[at] = prepared;
  return NULL;
}

// sendPrepared(number, from, count, batch): does the same as send.
static napi_value js_send_prepared(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  uint32_t from, to, at;
  struct loop *loop = arguments_of(env, info, 4, arguments);
  struct watched_socket *socket = socket_of(env, loop, arguments[0]);
  if (!socket || napi_get_value_uint32(env, arguments[1], &from) != napi_ok || napi_get_value_uint32(env, arguments[2], &to) != napi_ok ||
      napi_get_value_uint32(env, arguments[3], &at) != napi_ok || at >= PREPARED_BATCHES || !loop->prepared[at].kept)
    return throw(env, "sendPrepared: not a socket and a prepared batch");
  struct send_batch batch = loop->prepared[at].batch;
  batch.from = from;
  batch.count = to;
  return send_batch(env, loop, socket, &batch, loop->prepared[at].capacity);
}

// nextError(number, destination): returns -1 if no error is left, otherwise an errno (0 if the
// error is not from the network). The report says whether the destination is known.
static napi_value js_next_error(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct bytes into;
  struct udp_error error;
  struct loop *loop = arguments_of(env, info, 2, arguments);
  struct watched_socket *socket = socket_of(env, loop, arguments[0]);
  if (!socket || !array(env, arguments[1], napi_uint8_array, PACKED_ENDPOINT_BYTES, &into)) return throw(env, "nextError: no such socket");
  if (udp_next_error(&socket->udp, &error) == 0) return number(env, -1);
  loop->report[0] = error.has_destination;
  memcpy(into.data, error.destination, PACKED_ENDPOINT_BYTES);
  return number(env, error.error);
}

// watchWritable(number, isWatched)
static napi_value js_watch_writable(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  bool writable = false;
  struct loop *loop = arguments_of(env, info, 2, arguments);
  struct watched_socket *socket = socket_of(env, loop, arguments[0]);
  if (!socket || napi_get_value_bool(env, arguments[1], &writable) != napi_ok) return throw(env, "watchWritable: no such socket");
  loop_watch(socket, writable);
  return NULL;
}

// close(number)
static napi_value js_close(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct loop *loop = arguments_of(env, info, 1, arguments);
  struct watched_socket *socket = socket_of(env, loop, arguments[0]);
  if (!socket) return throw(env, "close: no such socket");
  loop_close(socket);
  return NULL;
}

static napi_value object_of_functions(napi_env env, struct loop *loop) {
  static const struct { const char *name; napi_callback function; } functions[] = {
    { "open", js_open }, { "local", js_local }, { "inspect", js_inspect }, { "drops", js_drops },
    { "receive", js_receive }, { "send", js_send },
    { "prepare", js_prepare }, { "sendPrepared", js_send_prepared }, { "nextError", js_next_error },
    { "watchWritable", js_watch_writable }, { "close", js_close },
  };
  napi_value object, value;
  if (napi_create_object(env, &object) != napi_ok) return NULL;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, loop, &value) != napi_ok) return NULL;
    if (napi_set_named_property(env, object, functions[i].name, value) != napi_ok) return NULL;
  }
  return object;
}

// start(bytes, offsets, lengths, sources, locals, ecn, timestamps, ready, report, onReady): returns
// the functions of a new loop on this thread's event loop. The loop keeps the arrays. JavaScript
// guarantees that their buffers are not transferred.
static napi_value js_start(napi_env env, napi_callback_info info) {
  napi_value arguments[10], kept;
  struct bytes bytes, offsets, lengths, sources, locals, ecn, timestamps, ready, report;
  arguments_of(env, info, 10, arguments);
  bool is_valid = array(env, arguments[0], napi_uint8_array, (size_t)SLOTS * SLOT_BYTES, &bytes) &&
    array(env, arguments[1], napi_uint32_array, MAX_RECEIVED, &offsets) &&
    array(env, arguments[2], napi_uint32_array, MAX_RECEIVED, &lengths) &&
    array(env, arguments[3], napi_uint8_array, (size_t)MAX_RECEIVED * PACKED_ENDPOINT_BYTES, &sources) &&
    array(env, arguments[4], napi_uint8_array, (size_t)MAX_RECEIVED * PACKED_ENDPOINT_BYTES, &locals) &&
    array(env, arguments[5], napi_uint8_array, MAX_RECEIVED, &ecn) &&
    array(env, arguments[6], napi_float64_array, MAX_RECEIVED, &timestamps) &&
    array(env, arguments[7], napi_uint32_array, 2 * READY_CAPACITY, &ready) &&
    array(env, arguments[8], napi_uint32_array, REPORT_WORDS, &report);
  if (!is_valid) return throw(env, "start: not the arrays that were asked for");
  if (napi_create_array_with_length(env, 9, &kept) != napi_ok) return throw(env, "start: no memory");
  for (uint32_t i = 0; i < 9; i++) napi_set_element(env, kept, i, arguments[i]);
  struct loop *loop = loop_create(env);
  if (!loop) return throw(env, "start: no memory");
  loop->area.bytes = bytes.data;
  loop->area.offsets = (uint32_t *)offsets.data;
  loop->area.lengths = (uint32_t *)lengths.data;
  loop->area.sources = sources.data;
  loop->area.locals = locals.data;
  loop->area.ecn = ecn.data;
  loop->area.timestamps = (double *)timestamps.data;
  loop->ready = (uint32_t *)ready.data;
  loop->report = (uint32_t *)report.data;
  return loop_start(loop, kept, arguments[9]) ? object_of_functions(env, loop) : throw(env, "start: no event loop");
}

// route(endpoint): what the kernel says of the way to its address, or -errno. Needs no loop.
static napi_value js_route(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  struct bytes packed;
  bool is_valid = napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok &&
    array(env, arguments[0], napi_uint8_array, PACKED_ENDPOINT_BYTES, &packed);
  return is_valid ? number(env, udp_route(packed.data)) : throw(env, "route: not an endpoint");
}

static bool export_all(napi_env env, napi_value exports) {
  static const struct { const char *name; uint32_t value; } numbers[] = {
    { "SLOTS", SLOTS }, { "SLOT_BYTES", SLOT_BYTES }, { "MAX_RECEIVED", MAX_RECEIVED }, { "MAX_SEND_SEGMENTS", MAX_SEND_SEGMENTS },
    { "READY_CAPACITY", READY_CAPACITY }, { "REPORT_WORDS", REPORT_WORDS }, { "OPTION_WORDS", OPTION_WORDS },
    { "PREPARED_BATCHES", PREPARED_BATCHES }, { "MAX_SEND_FAILURES", MAX_SEND_FAILURES },
  };
  napi_value value;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    if (napi_create_uint32(env, numbers[i].value, &value) != napi_ok) return false;
    if (napi_set_named_property(env, exports, numbers[i].name, value) != napi_ok) return false;
  }
  return napi_create_function(env, "start", NAPI_AUTO_LENGTH, js_start, NULL, &value) == napi_ok &&
         napi_set_named_property(env, exports, "start", value) == napi_ok &&
         napi_create_function(env, "route", NAPI_AUTO_LENGTH, js_route, NULL, &value) == napi_ok &&
         napi_set_named_property(env, exports, "route", value) == napi_ok;
}

NAPI_MODULE_INIT() {
  return export_all(env, exports) ? exports : NULL;
}
