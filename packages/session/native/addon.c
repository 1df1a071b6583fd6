// The Node-API side of the native engine: functions that seal and open one packet in place, for a
// key and a nonce that JavaScript has written into arrays of its own. Every number and array from
// JavaScript is checked before use.
#include "aead.h"
#include <limits.h>
#include <node_api.h>
#include <stdlib.h>

// What one call of start made. It lives as long as its thread.
struct engine {
  napi_env env;
  napi_ref kept;  // the arrays of key and nonce
  const uint8_t *key, *nonce;
  struct aead aead;
};

struct bytes { uint8_t *data; size_t length; };

static napi_value throw(napi_env env, const char *message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return NULL;
}

// Gets a typed array of this type. One whose buffer was transferred has no bytes.
static bool array(napi_env env, napi_value value, napi_typedarray_type type, struct bytes *into) {
  napi_typedarray_type actual;
  void *data = NULL;
  if (napi_get_typedarray_info(env, value, &actual, &into->length, &data, NULL, NULL) != napi_ok) return false;
  into->data = data;
  return actual == type;
}

// Gets the packet and the engine of a call: (bytes, offset, length), perhaps additional. Throws
// and returns NULL if the packet and its tag are not within the bytes.
static struct engine *packet_of(napi_env env, napi_callback_info info, struct aead_packet *packet) {
  napi_value arguments[4];
  size_t count = 4;
  void *engine = NULL;
  struct bytes bytes, additional = { 0 };
  double offset, length;
  bool is_valid = napi_get_cb_info(env, info, &count, arguments, NULL, &engine) == napi_ok &&
    array(env, arguments[0], napi_uint8_array, &bytes) && napi_get_value_double(env, arguments[1], &offset) == napi_ok &&
    napi_get_value_double(env, arguments[2], &length) == napi_ok &&
    (count < 4 || array(env, arguments[3], napi_uint8_array, &additional));
  if (!is_valid) {
    throw(env, "not bytes with an offset, a length and additional bytes");
    return NULL;
  }
  // No comparison with NaN is true.
  bool is_within = offset >= 0 && length >= 0 && offset + length + AEAD_TAG_BYTES <= (double)bytes.length;
  if (!is_within || length > INT_MAX || additional.length > INT_MAX) {
    napi_throw_range_error(env, "ERR_OUT_OF_RANGE", "a packet and its tag beyond the bytes");
    return NULL;
  }
  *packet = (struct aead_packet){
    .text = bytes.data + (size_t)offset, .length = (int)length,
    .additional = additional.data, .additional_length = (int)additional.length,
  };
  return engine;
}

static napi_value fail(napi_env env) {
  napi_throw_error(env, "ERR_CRYPTO_OPERATION_FAILED", "OpenSSL failed");
  return NULL;
}

// seal(bytes, offset, length, additional?)
static napi_value js_seal(napi_env env, napi_callback_info info) {
  struct aead_packet packet;
  struct engine *engine = packet_of(env, info, &packet);
  if (!engine) return NULL;
  return aead_seal(&engine->aead, engine->key, engine->nonce, &packet) ? NULL : fail(env);
}

// open(bytes, offset, length, additional?): returns whether it is authentic.
static napi_value js_open(napi_env env, napi_callback_info info) {
  struct aead_packet packet;
  napi_value result = NULL;
  struct engine *engine = packet_of(env, info, &packet);
  if (!engine) return NULL;
  int is_authentic = aead_open(&engine->aead, engine->key, engine->nonce, &packet);
  if (is_authentic < 0) return fail(env);
  napi_get_boolean(env, is_authentic, &result);
  return result;
}

// forget(): wipes all that is left of keys and packets here.
static napi_value js_forget(napi_env env, napi_callback_info info) {
  void *engine = NULL;
  if (napi_get_cb_info(env, info, NULL, NULL, NULL, &engine) != napi_ok) return NULL;
  aead_forget(&((struct engine *)engine)->aead);
  return NULL;
}

static napi_value object_of_functions(napi_env env, struct engine *engine) {
  static const struct { const char *name; napi_callback function; } functions[] = {
    { "seal", js_seal }, { "open", js_open }, { "forget", js_forget },
  };
  napi_value object, value;
  if (napi_create_object(env, &object) != napi_ok) return NULL;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, engine, &value) != napi_ok) return NULL;
    if (napi_set_named_property(env, object, functions[i].name, value) != napi_ok) return NULL;
  }
  return object;
}

static void end_engine(void *data) {
  struct engine *engine = data;
  if (engine->kept) napi_delete_reference(engine->env, engine->kept);
  aead_destroy(&engine->aead);
  free(engine);
}

// Makes an engine that ends with the environment. Returns NULL without memory or cipher.
static struct engine *new_engine(napi_env env) {
  struct engine *engine = calloc(1, sizeof *engine);
  if (!engine) return NULL;
  engine->env = env;
  if (aead_create(&engine->aead)) {
    if (napi_add_env_cleanup_hook(env, end_engine, engine) == napi_ok) return engine;
    aead_destroy(&engine->aead);
  }
  free(engine);
  return NULL;
}

// start(key, nonce): returns the functions of a new engine, which reads the key and the nonce of
// each packet from these arrays and keeps them. JavaScript guarantees that their buffers are not
// transferred.
static napi_value js_start(napi_env env, napi_callback_info info) {
  napi_value arguments[2], kept;
  size_t count = 2;
  struct bytes key, nonce;
  bool is_valid = napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok &&
    array(env, arguments[0], napi_int32_array, &key) && key.length == AEAD_KEY_BYTES / sizeof(int32_t) &&
    array(env, arguments[1], napi_uint8_array, &nonce) && nonce.length == AEAD_NONCE_BYTES;
  if (!is_valid) return throw(env, "start: not the arrays of a key and a nonce");
  struct engine *engine = new_engine(env);
  if (!engine) return fail(env);
  engine->key = key.data;
  engine->nonce = nonce.data;
  bool is_kept = napi_create_array_with_length(env, 2, &kept) == napi_ok && napi_set_element(env, kept, 0, arguments[0]) == napi_ok &&
    napi_set_element(env, kept, 1, arguments[1]) == napi_ok && napi_create_reference(env, kept, 1, &engine->kept) == napi_ok;
  return is_kept ? object_of_functions(env, engine) : fail(env);
}

NAPI_MODULE_INIT() {
  napi_value start;
  bool is_exported = napi_create_function(env, "start", NAPI_AUTO_LENGTH, js_start, NULL, &start) == napi_ok &&
    napi_set_named_property(env, exports, "start", start) == napi_ok;
  return is_exported ? exports : NULL;
}
