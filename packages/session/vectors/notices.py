#!/usr/bin/env python3
"""Writes the notices of transcript.json: a second implementation, after docs/protocol.md, "Notices".

It shares nothing with the first. Needs the package `cryptography` for X25519 and ChaCha20-Poly1305.
"""
import hashlib
import hmac
import json
import pathlib
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

FILE = pathlib.Path(__file__).parent / 'transcript.json'
INDEX = 0x11223302
MAC1 = slice(116, 132)
NANOSECONDS = 123_000_000
SECONDS = 1_790_000_000


def blake2s(data): return hashlib.blake2s(data).digest()
def hmac_blake2s(key, data): return hmac.new(key, data, 'blake2s').digest()
def kdf1(key, data): return hmac_blake2s(hmac_blake2s(key, data), b'\1')


def hchacha20(key, nonce):
    # draft-irtf-cfrg-xchacha-03, section 2.2
    x = list(struct.unpack('<16I', b'expand 32-byte k' + key + nonce))

    def quarter(a, b, c, d):
        for p, q, r, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[p] = (x[p] + x[q]) & 0xFFFFFFFF
            x[r] ^= x[p]
            x[r] = (x[r] << turn | x[r] >> 32 - turn) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack('<8I', *x[:4], *x[12:])


def xaead(key, nonce, text, additional):
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])).encrypt(bytes(4) + nonce[16:], text, additional)


def public(private): return private.public_key().public_bytes_raw()


def notice(key, nonce, index, mac1, kind, seconds):
    header = b'\5\0\0\0' + struct.pack('<I', index)
    timestamp = bytes(12) if seconds is None else struct.pack('>QI', 2 ** 62 + seconds, NANOSECONDS)
    return header + nonce + xaead(key, nonce, bytes([kind, 0, 0, 0]) + timestamp, header + mac1)


vector = json.loads(FILE.read_text())
server = X25519PrivateKey.from_private_bytes(bytes.fromhex(vector['serverPrivateKey']))
client = X25519PrivateKey.from_private_bytes(bytes.fromhex(vector['clientPrivateKey']))
key = kdf1(blake2s(b'notice--' + public(server) + public(client)), client.exchange(server.public_key()))
nonce = bytes.fromhex(vector['noticeNonce'])
mac1 = bytes.fromhex(vector['initiation'])[MAC1]
for name, index, cause, kind, seconds in [
    ('wakeNotice', 0, bytes(16), 1, SECONDS + 2),
    ('staleNotice', INDEX, mac1, 2, SECONDS + 1),
    ('aheadNotice', INDEX, mac1, 3, SECONDS - 100_000),
    ('noSessionNotice', INDEX, mac1, 4, None),
]:
    vector[name] = notice(key, nonce, index, cause, kind, seconds).hex()
FILE.write_text(json.dumps(vector, indent=2) + '\n')
