// ChaCha20-Poly1305 (RFC 8439) by the OpenSSL inside Node.js, whose functions Node.js exports to
// addons. There is no Node-API here. Nothing here allocates unless it says so.
#ifndef RELAY_AEAD_H
#define RELAY_AEAD_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  AEAD_KEY_BYTES = 32,
  AEAD_NONCE_BYTES = 12,
  AEAD_TAG_BYTES = 16,
};

// What OpenSSL works with, for one direction. It remembers its key: to set the same one again for
// each packet would cost 40 ns.
struct aead_context {
  EVP_CIPHER_CTX *evp;
  bool is_ready;
  bool has_key;
  uint8_t key[AEAD_KEY_BYTES];
};

// A thread needs one of these for all its keys: a context takes a KiB, a key 32 bytes. See
// docs/decisions/aead-addon.md.
struct aead {
  EVP_CIPHER *cipher;
  struct aead_context sealing, opening;
};

// One packet, in place: `length` bytes of text, and room for the tag behind them.
struct aead_packet {
  uint8_t *text;
  int length;
  const uint8_t *additional;  // authenticated, not encrypted
  int additional_length;
};

// Allocates what is needed. Returns false without memory, and where OpenSSL lacks this cipher (as
// its FIPS provider does).
bool aead_create(struct aead *aead);
// Encrypts the text and writes the tag behind it. Returns false if OpenSSL fails.
bool aead_seal(struct aead *aead, const uint8_t *key, const uint8_t *nonce, const struct aead_packet *packet);
// Decrypts the text and checks the tag behind it. Returns 1 if it is authentic, 0 if it is not
// (then the text is undefined), -1 if OpenSSL fails.
int aead_open(struct aead *aead, const uint8_t *key, const uint8_t *nonce, const struct aead_packet *packet);
// Wipes all that is left of keys and packets. Allocates the contexts again.
void aead_forget(struct aead *aead);
// Wipes and frees everything.
void aead_destroy(struct aead *aead);

#endif
