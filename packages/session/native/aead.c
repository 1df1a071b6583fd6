#include "aead.h"
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <string.h>

enum { OPENING = 0, SEALING = 1 };

static bool prepare(struct aead_context *context, EVP_CIPHER *cipher, int direction) {
  context->is_ready = context->evp && EVP_CipherInit_ex2(context->evp, cipher, NULL, NULL, direction, NULL);
  return context->is_ready;
}

bool aead_create(struct aead *aead) {
  *aead = (struct aead){
    .cipher = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL),
    .sealing.evp = EVP_CIPHER_CTX_new(),
    .opening.evp = EVP_CIPHER_CTX_new(),
  };
  bool is_complete = aead->cipher && prepare(&aead->sealing, aead->cipher, SEALING) && prepare(&aead->opening, aead->cipher, OPENING);
  if (!is_complete) aead_destroy(aead);
  return is_complete;
}

// Takes the same time whatever the keys are.
static bool has_key(const struct aead_context *context, const uint8_t *key) {
  uint64_t ours[AEAD_KEY_BYTES / sizeof(uint64_t)], theirs[AEAD_KEY_BYTES / sizeof(uint64_t)], difference = 0;
  memcpy(ours, context->key, AEAD_KEY_BYTES);
  memcpy(theirs, key, AEAD_KEY_BYTES);
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) difference |= ours[i] ^ theirs[i];
  return context->has_key && difference == 0;
}

// Sets the nonce, and the key if the last packet had another one. A context that once failed is not
// used before it is made again.
static bool begin(struct aead_context *context, int direction, const uint8_t *key, const uint8_t *nonce, const OSSL_PARAM *parameters) {
  if (!context->is_ready) return false;
  bool is_same = has_key(context, key);
  if (!is_same) {
    memcpy(context->key, key, AEAD_KEY_BYTES);
    context->has_key = true;
  }
  context->is_ready = EVP_CipherInit_ex2(context->evp, NULL, is_same ? NULL : key, nonce, direction, parameters);
  return context->is_ready;
}

// OpenSSL takes a call without bytes for the end of a packet.
static bool add(EVP_CIPHER_CTX *evp, uint8_t *out, const uint8_t *in, int length) {
  int written;
  return length == 0 || EVP_CipherUpdate(evp, out, &written, in, length);
}

static bool run(EVP_CIPHER_CTX *evp, const struct aead_packet *packet) {
  return add(evp, NULL, packet->additional, packet->additional_length) && add(evp, packet->text, packet->text, packet->length);
}

bool aead_seal(struct aead *aead, const uint8_t *key, const uint8_t *nonce, const struct aead_packet *packet) {
  int written;
  uint8_t *tag = packet->text + packet->length;
  EVP_CIPHER_CTX *evp = aead->sealing.evp;
  OSSL_PARAM parameters[] = { OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, AEAD_TAG_BYTES), OSSL_PARAM_END };
  return begin(&aead->sealing, SEALING, key, nonce, NULL) && run(evp, packet) && EVP_CipherFinal_ex(evp, tag, &written) &&
         EVP_CIPHER_CTX_get_params(evp, parameters);
}

int aead_open(struct aead *aead, const uint8_t *key, const uint8_t *nonce, const struct aead_packet *packet) {
  int written;
  uint8_t *tag = packet->text + packet->length;
  EVP_CIPHER_CTX *evp = aead->opening.evp;
  OSSL_PARAM parameters[] = { OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, AEAD_TAG_BYTES), OSSL_PARAM_END };
  if (!begin(&aead->opening, OPENING, key, nonce, parameters) || !run(evp, packet)) return -1;
  return EVP_CipherFinal_ex(evp, tag, &written) > 0;
}

// OpenSSL wipes what a context holds when it is reset.
static void forget(struct aead_context *context, EVP_CIPHER *cipher, int direction) {
  if (!context->has_key) return;
  OPENSSL_cleanse(context->key, AEAD_KEY_BYTES);
  context->has_key = false;
  EVP_CIPHER_CTX_reset(context->evp);
  prepare(context, cipher, direction);
}

void aead_forget(struct aead *aead) {
  forget(&aead->sealing, aead->cipher, SEALING);
  forget(&aead->opening, aead->cipher, OPENING);
}

void aead_destroy(struct aead *aead) {
  EVP_CIPHER_CTX_free(aead->sealing.evp);
  EVP_CIPHER_CTX_free(aead->opening.evp);
  EVP_CIPHER_free(aead->cipher);
  OPENSSL_cleanse(aead, sizeof *aead);
}
