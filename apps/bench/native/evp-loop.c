// What sealing and opening costs without JavaScript: a loop in C over the EVP functions of the
// OpenSSL inside Node.js, as its manual uses them. Each direction has a context, and its key is set
// once.
#include <node_api.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

enum { OPENING = 0, SEALING = 1, KEY_BYTES = 32, NONCE_BYTES = 12, TAG_BYTES = 16, COUNTER_OFFSET = 4 };

static EVP_CIPHER_CTX *new_context(EVP_CIPHER *cipher, int direction) {
  static const uint8_t key[KEY_BYTES];
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  EVP_CipherInit_ex(context, cipher, NULL, key, NULL, direction);
  return context;
}

static bool seal(EVP_CIPHER_CTX *context, const uint8_t *nonce, uint8_t *text, int length) {
  int written;
  return EVP_CipherInit_ex(context, NULL, NULL, NULL, nonce, SEALING) && EVP_CipherUpdate(context, text, &written, text, length) &&
    EVP_CipherFinal_ex(context, text + length, &written) &&
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, text + length);
}

static bool open(EVP_CIPHER_CTX *context, const uint8_t *nonce, uint8_t *text, int length) {
  int written;
  return EVP_CipherInit_ex(context, NULL, NULL, NULL, nonce, OPENING) &&
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, text + length) &&
    EVP_CipherUpdate(context, text, &written, text, length) && EVP_CipherFinal_ex(context, text + length, &written) > 0;
}

// loop(bytes, length, operations): returns how many packets opened.
static napi_value js_loop(napi_env env, napi_callback_info info) {
  napi_value arguments[3], result = NULL;
  size_t count = 3, size;
  uint8_t *bytes, nonce[NONCE_BYTES] = { 0 };
  int32_t length, operations, opened = 0;
  bool is_valid = napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok &&
    napi_get_typedarray_info(env, arguments[0], NULL, &size, (void **)&bytes, NULL, NULL) == napi_ok &&
    napi_get_value_int32(env, arguments[1], &length) == napi_ok && napi_get_value_int32(env, arguments[2], &operations) == napi_ok;
  if (!is_valid || length <= 0 || (size_t)length + TAG_BYTES > size) {
    napi_throw_range_error(env, NULL, "loop: not bytes with room for a tag");
    return NULL;
  }
  EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
  EVP_CIPHER_CTX *sealing = new_context(cipher, SEALING), *opening = new_context(cipher, OPENING);
  for (int32_t i = 0; i < operations; i++) {
    memcpy(nonce + COUNTER_OFFSET, &i, sizeof i);
    if (seal(sealing, nonce, bytes, length) && open(opening, nonce, bytes, length)) opened++;
  }
  EVP_CIPHER_CTX_free(sealing);
  EVP_CIPHER_CTX_free(opening);
  EVP_CIPHER_free(cipher);
  napi_create_int32(env, opened, &result);
  return result;
}

NAPI_MODULE_INIT() {
  napi_value loop = NULL;
  (void)exports;
  napi_create_function(env, "loop", NAPI_AUTO_LENGTH, js_loop, NULL, &loop);
  return loop;
}
