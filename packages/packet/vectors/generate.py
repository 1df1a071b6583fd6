#!/usr/bin/env python3
"""Writes the vectors beside it: a second implementation of the encoders, after docs/protocol.md, sharing nothing with the first.

Python 3.9 or newer, standard library only. The files it writes are committed; run it after a change of the protocol.
"""
import ipaddress
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).parent


def u8(n): return struct.pack('<B', n)
def u16(n): return struct.pack('<H', n)
def u32(n): return struct.pack('<I', n)
def u64(n): return struct.pack('<Q', n)
def run(start, length): return bytes((start + i) % 256 for i in range(length))
def raw(data): return {'hex': data.hex()}


def address16(text):
    address = ipaddress.ip_address(text)
    return address.packed if address.version == 6 else ipaddress.ip_address('::ffff:' + text).packed


def endpoint(text):
    host, port = text.rsplit(':', 1)
    return {'address': host.strip('[]'), 'port': int(port)}


def write(name, about, source, accepted, refused=(), tolerated=()):
    # What is tolerated is decoded to the value, but the value is encoded otherwise.
    content = {
        'about': about,
        'source': source,
        'accepted': [{'name': n, 'hex': h.hex(), 'value': v} for n, h, v in accepted],
        'tolerated': [{'name': n, 'hex': h.hex(), 'value': v} for n, h, v in tolerated],
        'refused': [{'name': n, 'hex': h.hex(), 'reason': r} for n, h, r in refused],
    }
    (HERE / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + '\n')


OURS = 'docs/protocol.md, through packages/packet/vectors/generate.py'

# Packets ------------------------------------------------------------------------------------------------------------------

initiation = b'\1\0\0\0' + u32(0x11223344) + run(0, 32) + run(32, 48) + run(80, 28) + run(108, 16) + run(124, 16)
response = b'\2\0\0\0' + u32(0x55667788) + u32(0x11223344) + run(0, 32) + run(32, 16) + run(48, 16) + bytes(16)
cookie_reply = b'\3\0\0\0' + u32(0xFFFFFFFF) + run(1, 24) + run(25, 32)
transport = b'\4\0\0\0' + u32(0x55667788) + u64(0x1F_2345_6789_ABCD) + run(0, 16)
notice = b'\5\0\0\0' + u32(0x80000001) + run(60, 24) + run(84, 32)
PACKETS = {'initiation': initiation, 'response': response, 'cookieReply': cookie_reply, 'transport': transport, 'notice': notice}

write('packets.json', 'Packets before encryption: headers and the places of fields.', OURS, [
    ('an initiation', initiation, {'type': 1, 'senderIndex': 0x11223344, 'ephemeral': raw(run(0, 32)),
        'encryptedStatic': raw(run(32, 48)), 'encryptedTimestamp': raw(run(80, 28)), 'mac1': raw(run(108, 16)), 'mac2': raw(run(124, 16))}),
    ('a response without a cookie', response, {'type': 2, 'senderIndex': 0x55667788, 'receiverIndex': 0x11223344,
        'ephemeral': raw(run(0, 32)), 'encryptedNothing': raw(run(32, 16)), 'mac1': raw(run(48, 16)), 'mac2': raw(bytes(16))}),
    ('a cookie reply', cookie_reply, {'type': 3, 'receiverIndex': 0xFFFFFFFF, 'nonce': raw(run(1, 24)), 'encryptedCookie': raw(run(25, 32))}),
    ('a keepalive with the highest counter but some', transport, {'type': 4, 'receiverIndex': 0x55667788, 'counter': 0x1F_2345_6789_ABCD,
        'frames': raw(run(0, 16))}),
    ('a transport packet with a frame', transport + b'\0', {'type': 4, 'receiverIndex': 0x55667788, 'counter': 0x1F_2345_6789_ABCD,
        'frames': raw(run(0, 16) + b'\0')}),
    ('a notice', notice, {'type': 5, 'receiverIndex': 0x80000001, 'nonce': raw(run(60, 24)), 'sealedNotice': raw(run(84, 32))}),
], [
    ('nothing', b'', 'truncated'),
    ('three bytes', b'\4\0\0', 'truncated'),
    ('type 0', b'\0\0\0\0' + bytes(28), 'unknown-type'),
    ('type 6', b'\6\0\0\0' + bytes(28), 'unknown-type'),
    ('type 255', b'\xff\0\0\0' + bytes(28), 'unknown-type'),
    ('a transport packet that is too short', transport[:-1], 'truncated'),
    ('a counter of 2^53', transport[:8] + u64(2 ** 53) + transport[16:], 'bad-value'),
    *[(f'{name} with byte {i} not zero', packet[:i] + b'\1' + packet[i + 1:], 'reserved-bits') for name, packet in PACKETS.items() for i in (1, 2, 3)],
    *[(f'{name} cut by a byte', PACKETS[name][:-1], 'truncated') for name in PACKETS if name != 'transport'],
    *[(f'{name} and a byte', PACKETS[name] + b'\0', 'trailing-bytes') for name in PACKETS if name != 'transport'],
])


# UdpPacket ----------------------------------------------------------------------------------------------------------------

def udp_packet(source, destination, payload, timestamp_us=None):
    ends = [endpoint(source), endpoint(destination)]
    addresses = [ipaddress.ip_address(end['address']) for end in ends]
    flags = (addresses[0].version == 6) * 1 + (addresses[1].version == 6) * 2 + (timestamp_us is not None) * 4
    data = u8(1) + u8(flags) + u16(len(payload))
    for end, address in zip(ends, addresses):
        data += address.packed + u16(end['port'])
    value = {'source': ends[0], 'destination': ends[1], 'payload': raw(payload)}
    if timestamp_us is not None:
        data += u64(timestamp_us)
        value['timestampMs'] = timestamp_us / 1000
    return data + payload, value


UDP_PACKETS = [
    ('IPv4 to IPv4', *udp_packet('192.0.2.1:50000', '198.51.100.7:53', b'query')),
    ('IPv6 to IPv6', *udp_packet('[2001:db8::1]:50000', '[2001:db8:1:2:3:4:5:6]:65535', b'query')),
    ('IPv4 to IPv6, empty', *udp_packet('192.0.2.1:0', '[::1]:1', b'')),
    ('IPv6 to IPv4 with a timestamp', *udp_packet('[fe80::1]:4660', '10.1.2.3:22136', b'\0\xff', 1_700_000_000_123_456)),
    ('the first timestamp', *udp_packet('0.0.0.0:0', '255.255.255.255:9', b'x', 0)),
    ('the last timestamp', *udp_packet('192.0.2.1:1', '192.0.2.2:2', b'x', 2 ** 52 - 1)),
]
plain = udp_packet('192.0.2.1:50000', '198.51.100.7:53', b'query')[0]
stamped = udp_packet('192.0.2.1:1', '192.0.2.2:2', b'x', 2 ** 52 - 1)[0]
REFUSED_UDP_PACKETS = [
    ('nothing', b'', 'truncated'),
    ('version 0', b'\0' + plain[1:], 'unknown-version'),
    ('version 2', b'\2' + plain[1:], 'unknown-version'),
    *[(f'flag {1 << bit:#x}', plain[:1] + u8(1 << bit) + plain[2:], 'reserved-bits') for bit in range(3, 8)],
    ('a byte less', plain[:-1], 'truncated'),
    ('a byte more', plain + b'\0', 'trailing-bytes'),
    ('a header that is cut', plain[:10], 'truncated'),
    ('a payload of 65,508 bytes', plain[:2] + u16(65508) + plain[4:16] + bytes(4), 'too-large'),
    ('destination port 0', plain[:14] + u16(0) + plain[16:], 'bad-endpoint'),
    ('an IPv4-mapped source', u8(1) + u8(1) + u16(0) + address16('192.0.2.1') + u16(1) + bytes([1, 2, 3, 4]) + u16(1), 'bad-endpoint'),
    ('an IPv4-mapped destination', u8(1) + u8(2) + u16(0) + bytes([1, 2, 3, 4]) + u16(1) + address16('192.0.2.1') + u16(1), 'bad-endpoint'),
    ('a timestamp of 2^52', stamped[:16] + u64(2 ** 52) + stamped[24:], 'bad-value'),
    ('a timestamp of 2^64 - 1', stamped[:16] + u64(2 ** 64 - 1) + stamped[24:], 'bad-value'),
]
write('udp-packets.json', 'UdpPackets.', OURS, UDP_PACKETS, REFUSED_UDP_PACKETS)


# Frames -------------------------------------------------------------------------------------------------------------------

def last(kind, body): return u8(kind) + body
def sized(kind, body): return u8(kind | 0x80) + u16(len(body)) + body


ping_body = run(1, 8) + u64(2 ** 53 - 1)
pong_body = run(1, 8) + u64(1_000_001) + u32(250) + address16('203.0.113.9') + u16(40000)
report_body = u32(7) + u64(1_000_000) + u64(1_000_123) + u32(1500) + u32(20_000)
def parameter(key, value): return u8(key) + u8(4) + u32(value)
entries = [parameter(key, value) for key, value in enumerate([1452, 1 << 20, 4096, 120_000, 180_000, 0], 1)]
parameters_body = u8(1) + b''.join(entries)
PARAMETERS = {'type': 'parameters', 'version': 1, 'maxPacketBytes': 1452, 'maxReassemblyBytes': 1 << 20, 'maxFlows': 4096,
              'flowIdleMs': 120_000, 'sessionIdleMs': 180_000, 'features': 0}
FRAGMENT = {'type': 'fragment', 'id': 9, 'total': 10, 'index': 1, 'count': 3, 'piece': raw(b'efgh')}
fragment_body = u32(9) + u32(10) + u8(1) + u8(3) + b'efgh'
last_fragment = u32(9) + u32(10) + u8(2) + u8(3) + b'ij'



def extended(flow_id, payload, number=None, traffic_class=None, source=None):
    address = source and ipaddress.ip_address(endpoint(source)['address'])
    flags = (number is not None) * 1 + (traffic_class is not None) * 2 + (source is not None) * 4
    data = u32(flow_id) + u8(flags + 8 if source and address.version == 6 else flags)
    value = {'type': 'extended', 'flowId': flow_id}
    if number is not None:
        data += u16(number)
        value['number'] = number
    if traffic_class is not None:
        data += u8(traffic_class)
        value['trafficClass'] = traffic_class
    if source:
        data += address.packed + u16(endpoint(source)['port'])
        value['source'] = endpoint(source)
    return data + payload, {**value, 'payload': raw(payload)}


EXTENDED = [
    ('with nothing more', *extended(6, b'hello')),
    ('with a number', *extended(0xDEADBEEF, b'hello', number=65535)),
    ('with number 0 and class 0', *extended(0, b'', number=0, traffic_class=0)),
    ('with a traffic class', *extended(6, b'hello', traffic_class=0xBB)),
    ('from an IPv4 source', *extended(6, b'hello', source='192.0.2.1:69')),
    ('from an IPv6 source', *extended(6, b'hello', source='[2001:db8::1]:65535')),
    ('with all there is', *extended(7, b'', number=513, traffic_class=0xB8, source='[fe80::1]:5353')),
]


def setting(key, value, length=4): return u8(key) + u8(length) + value.to_bytes(length, 'little')


SETTINGS = [('answers', 1, 1, 2), ('idleMs', 2, 4, 0), ('trafficClass', 3, 1, 1), ('socket', 4, 4, 2 ** 32 - 1), ('redundancy', 5, 1, 2),
            ('maxAgeMs', 6, 4, 250), ('replies', 7, 4, 1), ('requests', 8, 4, 65536)]
all_settings = u32(9) + b''.join(setting(key, value, length) for _, key, length, value in SETTINGS)
ALL_SETTINGS = {'type': 'flowSettings', 'flowId': 9, **{name: value for name, _, _, value in SETTINGS}}
ACCEPTED_FRAMES = [
    ('no frame: a keepalive', b'', []),
    ('a compact datagram', last(1, u32(0xDEADBEEF) + b'hello'), [{'type': 'compact', 'flowId': 0xDEADBEEF, 'payload': raw(b'hello')}]),
    ('an empty compact datagram', last(1, u32(0)), [{'type': 'compact', 'flowId': 0, 'payload': raw(b'')}]),
    ('two compact datagrams', sized(1, u32(2) + b'a') + last(1, u32(4) + b'bc'),
        [{'type': 'compact', 'flowId': 2, 'payload': raw(b'a')}, {'type': 'compact', 'flowId': 4, 'payload': raw(b'bc')}]),
    *[(f'an extended datagram {name}', last(4, data), [value]) for name, data, value in EXTENDED],
    ('an extended datagram and a compact one', sized(4, EXTENDED[1][1]) + last(1, u32(2) + b'a'),
        [EXTENDED[1][2], {'type': 'compact', 'flowId': 2, 'payload': raw(b'a')}]),
    *[(f'an addressed datagram, {name}', last(2, u32(1) + data), [{'type': 'addressed', 'flowId': 1, 'packet': value}]) for name, data, value in UDP_PACKETS],
    ('a fragment', last(3, fragment_body), [FRAGMENT]),
    ('a fragment and the last one', sized(3, fragment_body) + last(3, last_fragment), [FRAGMENT, {**FRAGMENT, 'index': 2, 'piece': raw(b'ij')}]),
    ('flow acknowledge', sized(8, u32(5)), [{'type': 'flowAcknowledge', 'flowId': 5}]),
    ('flow close', sized(9, u32(5) + u8(2)), [{'type': 'flowClose', 'flowId': 5, 'reason': 2}]),
    ('flow close for an unknown reason', sized(9, u32(5) + u8(255)), [{'type': 'flowClose', 'flowId': 5, 'reason': 255}]),
    ('flow unknown', sized(10, u32(0xFFFFFFFF)), [{'type': 'flowUnknown', 'flowId': 0xFFFFFFFF}]),
    ('no settings of a flow', sized(11, u32(9)), [{'type': 'flowSettings', 'flowId': 9}]),
    ('all settings of a flow', sized(11, all_settings), [ALL_SETTINGS]),
    *[(f'the setting {name} of a flow', sized(11, u32(9) + setting(key, value, length)), [{'type': 'flowSettings', 'flowId': 9, name: value}])
        for name, key, length, value in SETTINGS],
    ('settings in front of the datagram that opens their flow', sized(11, u32(1) + setting(2, 30_000)) + last(2, u32(1) + UDP_PACKETS[0][1]),
        [{'type': 'flowSettings', 'flowId': 1, 'idleMs': 30_000}, {'type': 'addressed', 'flowId': 1, 'packet': UDP_PACKETS[0][2]}]),
    ('ping', sized(0x10, ping_body), [{'type': 'ping', 'token': raw(run(1, 8)), 'timeUs': 2 ** 53 - 1}]),
    ('pong', sized(0x11, pong_body), [{'type': 'pong', 'token': raw(run(1, 8)), 'timeUs': 1_000_001, 'delayUs': 250,
        'observed': {'address': '203.0.113.9', 'port': 40000}}]),
    ('report', sized(0x12, report_body), [{'type': 'report', 'index': 7, 'received': 1_000_000, 'highest': 1_000_123, 'jitterUs': 1500, 'roundTripUs': 20_000}]),
    ('parameters', sized(0x18, parameters_body), [PARAMETERS]),
    ('no parameters', sized(0x18, u8(1)), [{'type': 'parameters', 'version': 1}]),
    ('the least parameters', sized(0x18, u8(1) + b''.join(parameter(*each) for each in [(1, 1200), (2, 0), (3, 0), (4, 1000), (5, 1000)])),
        [{'type': 'parameters', 'version': 1, 'maxPacketBytes': 1200, 'maxReassemblyBytes': 0, 'maxFlows': 0, 'flowIdleMs': 1000, 'sessionIdleMs': 1000}]),
    ('the most of each parameter', sized(0x18, u8(1) + b''.join(parameter(*each) for each in [(1, 65507), (3, 2 ** 32 - 1), (4, 2 ** 32 - 1)])),
        [{'type': 'parameters', 'version': 1, 'maxPacketBytes': 65507, 'maxFlows': 2 ** 32 - 1, 'flowIdleMs': 2 ** 32 - 1}]),
    ('close', sized(0x19, u8(4)), [{'type': 'close', 'reason': 4}]),
    ('request', sized(0x20, u32(3) + u8(3) + b'example.org'), [{'type': 'request', 'id': 3, 'kind': 3, 'body': raw(b'example.org')}]),
    ('answer', sized(0x21, u32(3) + u8(3) + u8(4)), [{'type': 'answer', 'id': 3, 'kind': 3, 'status': 4, 'body': raw(b'')}]),
    ('unknown frames that may be skipped', sized(0x60, b'abc') + last(0x7F, b''), [
        {'type': 'skipped', 'number': 0x60, 'body': raw(b'abc')}, {'type': 'skipped', 'number': 0x7F, 'body': raw(b'')}]),
    ('padding', last(0, bytes(5)), [{'type': 'padding', 'length': 5}]),
    ('all kinds of the server in one packet', sized(0x18, parameters_body) + sized(0x10, ping_body) + sized(8, u32(2)) + last(1, u32(2) + b'x'), [
        PARAMETERS, {'type': 'ping', 'token': raw(run(1, 8)), 'timeUs': 2 ** 53 - 1}, {'type': 'flowAcknowledge', 'flowId': 2},
        {'type': 'compact', 'flowId': 2, 'payload': raw(b'x')}]),
]
FIXED = {8: 4, 9: 5, 10: 4, 0x10: 16, 0x11: 38, 0x12: 28, 0x19: 1}
LEAST = {1: 4, 2: 4, 3: 10, 4: 5, 11: 4, 0x18: 1, 0x20: 5, 0x21: 6}
REFUSED_FRAMES = [
    *[(f'type {kind:#04x}', sized(kind, bytes(8)), 'unknown-frame') for kind in (5, 7, 0xC, 0xF, 0x13, 0x17, 0x1A, 0x1F, 0x22, 0x5F)],
    *[(f'a body of type {kind:#04x} that is too short', sized(kind, bytes(least - 1)), 'truncated') for kind, least in {**FIXED, **LEAST}.items()],
    *[(f'a body of type {kind:#04x} that is too long', sized(kind, bytes(most + 1)), 'trailing-bytes') for kind, most in FIXED.items()],
    ('a sized frame without its length', b'\x81\5', 'truncated'),
    ('a length beyond the end', u8(0x81) + u16(9) + bytes(8), 'truncated'),
    ('a good frame and a bad one', sized(8, u32(5)) + b'\x05', 'unknown-frame'),
    *[(f'an addressed datagram, {name}', last(2, u32(1) + data), reason) for name, data, reason in REFUSED_UDP_PACKETS],
    *[(f'an extended datagram with flag {1 << bit:#x}', last(4, u32(6) + u8(1 << bit) + bytes(20)), 'reserved-bits') for bit in range(3, 8)],
    *[(f'an extended datagram {name}, cut before its payload', last(4, data[:-1]), 'truncated') for name, data, value in EXTENDED
        if value['payload'] == raw(b'')],
    ('an extended datagram without its IPv4 source', last(4, u32(6) + u8(4) + bytes(5)), 'truncated'),
    ('an extended datagram from port 0', last(4, extended(6, b'x', source='192.0.2.1:0')[0]), 'bad-endpoint'),
    ('an extended datagram from port 0 of IPv6', last(4, extended(6, b'x', source='[::1]:0')[0]), 'bad-endpoint'),
    ('an extended datagram from an IPv4-mapped source', last(4, u32(6) + u8(12) + address16('192.0.2.1') + u16(1)), 'bad-endpoint'),
    ('settings out of order', sized(11, u32(9) + setting(3, 1, 1) + setting(2, 1)), 'bad-value'),
    ('a setting twice', sized(11, u32(9) + setting(2, 1) + setting(2, 1)), 'bad-value'),
    ('setting 0', sized(11, u32(9) + setting(0, 1)), 'bad-value'),
    *[(f'the setting {name} of {most + 1}', sized(11, u32(9) + setting(key, most + 1, 1)), 'bad-value')
        for name, key, most in [('answers', 1, 2), ('trafficClass', 3, 1), ('redundancy', 5, 2)]],
    ('the setting requests of 0', sized(11, u32(9) + setting(8, 0)), 'bad-value'),
    *[(f'the setting {name} of {length + by} bytes', sized(11, u32(9) + setting(key, 0, length + by)), 'bad-length')
        for name, key, length, _ in SETTINGS for by in (-1, 1)],
    ('a setting without its length', sized(11, u32(9) + u8(1)), 'truncated'),
    ('a setting that is cut', sized(11, all_settings[:-1]), 'truncated'),
    ('a fragment of one', last(3, u32(9) + u32(4) + u8(0) + u8(1) + b'abcd'), 'bad-fragment'),
    ('a fragment of none', last(3, u32(9) + u32(4) + u8(0) + u8(0) + b'abcd'), 'bad-fragment'),
    ('a fragment behind the last', last(3, u32(9) + u32(10) + u8(3) + u8(3)), 'bad-fragment'),
    ('a piece that is too short', last(3, fragment_body[:-1]), 'bad-fragment'),
    ('a piece that is too long', last(3, fragment_body + b'x'), 'bad-fragment'),
    ('an empty last piece', last(3, u32(9) + u32(4) + u8(0) + u8(5) + b'a'), 'bad-fragment'),
    ('a fragment of too much', last(3, u32(9) + u32(65561) + u8(0) + u8(255) + bytes(258)), 'too-large'),
    ('a ping with a time of 2^53', sized(0x10, run(1, 8) + u64(2 ** 53)), 'bad-value'),
    ('a pong with a time of 2^64 - 1', sized(0x11, run(1, 8) + u64(2 ** 64 - 1) + pong_body[16:]), 'bad-value'),
    ('a report of 2^53 packets', sized(0x12, u32(7) + u64(2 ** 53) + report_body[12:]), 'bad-value'),
    ('a report with a counter of 2^53', sized(0x12, report_body[:12] + u64(2 ** 53) + report_body[20:]), 'bad-value'),
    ('parameters out of order', sized(0x18, u8(1) + entries[1] + entries[0]), 'bad-value'),
    ('a parameter twice', sized(0x18, u8(1) + entries[1] + entries[1]), 'bad-value'),
    ('parameter 0', sized(0x18, u8(1) + u8(0) + u8(4) + u32(1)), 'bad-value'),
    ('a largest packet of 1 byte', sized(0x18, u8(1) + parameter(1, 1)), 'bad-value'),
    ('a largest packet of 1,199 bytes', sized(0x18, u8(1) + parameter(1, 1199)), 'bad-value'),
    ('a largest packet of 65,508 bytes', sized(0x18, u8(1) + parameter(1, 65508)), 'bad-value'),
    ('an idle time of a flow of 999 ms', sized(0x18, u8(1) + parameter(4, 999)), 'bad-value'),
    ('an idle time of a session of 0 ms', sized(0x18, u8(1) + parameter(5, 0)), 'bad-value'),
    ('a parameter of 3 bytes', sized(0x18, u8(1) + u8(1) + u8(3) + bytes(3)), 'bad-length'),
    ('a parameter of 5 bytes', sized(0x18, u8(1) + u8(1) + u8(5) + bytes(5)), 'bad-length'),
    ('a parameter without its length', sized(0x18, u8(1) + u8(1)), 'truncated'),
    ('a parameter that is cut', sized(0x18, u8(1) + entries[0][:-1]), 'truncated'),
]
write('frames.json', 'The decrypted content of transport packets, and their frames.', OURS, ACCEPTED_FRAMES, REFUSED_FRAMES, [
    ('a sized compact datagram at the end', sized(1, u32(2) + b'a'), [{'type': 'compact', 'flowId': 2, 'payload': raw(b'a')}]),
    ('a ping in the last form', last(0x10, ping_body), [{'type': 'ping', 'token': raw(run(1, 8)), 'timeUs': 2 ** 53 - 1}]),
    ('padding that is not zero', last(0, b'\1\2'), [{'type': 'padding', 'length': 2}]),
    ('an unknown setting of a flow', sized(11, u32(9) + setting(2, 1) + u8(200) + u8(2) + b'xy'), [{'type': 'flowSettings', 'flowId': 9, 'idleMs': 1}]),
    ('the parameter that was the reset token', sized(0x18, u8(1) + entries[0] + u8(7) + u8(16) + run(64, 16)), [{'type': 'parameters', 'version': 1, 'maxPacketBytes': 1452}]),
    ('an unknown parameter', sized(0x18, u8(1) + entries[0] + u8(200) + u8(2) + b'xy'), [{'type': 'parameters', 'version': 1, 'maxPacketBytes': 1452}]),
    ('an unknown version of parameters', sized(0x18, u8(2) + b'whatever'), [{'type': 'parameters', 'version': 2}]),
])

# Bodies of control frames ---------------------------------------------------------------------------------------------------

write('ports.json', 'Bodies of unpublish and of the answer to publish.', OURS, [
    ('any port of any address', address16('::') + u16(0) + u16(1), {'endpoint': endpoint('[::]:0'), 'count': 1}),
    ('a range', address16('203.0.113.5') + u16(27000) + u16(101), {'endpoint': endpoint('203.0.113.5:27000'), 'count': 101}),
    ('all ports but 0', address16('2001:db8::1') + u16(1) + u16(65535), {'endpoint': endpoint('[2001:db8::1]:1'), 'count': 65535}),
], [
    ('no ports', address16('::') + u16(1) + u16(0), 'bad-value'),
    ('ports beyond the last', address16('::') + u16(65535) + u16(2), 'bad-value'),
    ('a byte less', address16('::') + u16(1) + b'\1', 'truncated'),
    ('a byte more', address16('::') + u16(1) + u16(1) + b'\0', 'trailing-bytes'),
])


def value(key, data): return u8(key) + u16(len(data)) + data
def block(text):
    network = ipaddress.ip_network(text)
    return u8(network.version) + u8(network.prefixlen) + network.network_address.packed[:(network.prefixlen + 7) // 8]
def blocks(texts): return b''.join(block(text) for text in texts)
def block_values(texts): return [{'address': text.split('/')[0], 'prefix': int(text.split('/')[1])} for text in texts]


any_port = address16('::') + u16(0) + u16(1)
ANY_PORT = {'endpoint': endpoint('[::]:0'), 'count': 1}
NETWORKS = ['0.0.0.0/0', '10.0.0.0/8', '192.0.2.0/25', '198.51.100.7/32', '::/0', '2001:db8::/33', '64:ff9b::/96', '::/127', '2001:db8::1/128']
ENTRIES = [('name', 1, 'Spiel-Räume 遊'.encode(), 'Spiel-Räume 遊'), ('idleMs', 2, u32(0), 0), ('maxFlows', 3, u32(4096), 4096), ('replies', 4, u32(1), 1),
           ('requests', 5, u32(1), 1), ('allow', 6, blocks(NETWORKS), block_values(NETWORKS)), ('deny', 7, blocks(NETWORKS[1:2]), block_values(NETWORKS[1:2])),
           ('maxPps', 8, u32(2 ** 32 - 1), 2 ** 32 - 1), ('maxBps', 9, u64(2 ** 53 - 1), 2 ** 53 - 1), ('visitorPps', 10, u32(1), 1),
           ('visitorFlows', 11, u32(16), 16), ('trafficClass', 12, u8(1), 1), ('maxAgeMs', 13, u32(250), 250), ('redundancy', 14, u8(2), 2),
           ('oversize', 15, u8(1), 1), ('token', 16, u32(0), 0)]
LENGTHS = {name: len(data) for name, _, data, shown in ENTRIES if isinstance(shown, int)}
MOST = {'trafficClass': 1, 'redundancy': 2, 'oversize': 1}
LEAST_1 = ['maxFlows', 'requests', 'maxPps', 'maxBps', 'visitorPps', 'visitorFlows']
ALL_ENTRIES = b''.join(value(key, data) for _, key, data, _ in ENTRIES)
def publish_value(**more): return {**ANY_PORT, **more, 'unknown': []}
def allowing(data): return any_port + value(6, data)


fill = (1100 - len(any_port) - 3) // 5
write('publish.json', 'Bodies of publish.', OURS, [
    ('nothing but ports', any_port, publish_value()),
    ('all entries', any_port + ALL_ENTRIES, publish_value(**{name: shown for name, _, _, shown in ENTRIES})),
    *[(f'the entry {name}', any_port + value(key, data), publish_value(**{name: shown})) for name, key, data, shown in ENTRIES],
    ('a name of 64 bytes', any_port + value(1, b'n' * 64), publish_value(name='n' * 64)),
    ('a name that begins with a space', any_port + value(1, b' a'), publish_value(name=' a')),
    ('as many blocks of IPv4 as fit', allowing(block('192.0.2.0/24') * fill), publish_value(allow=block_values(['192.0.2.0/24'] * fill))),
], [
    ('ports that cannot be', address16('::') + u16(1) + u16(0) + ALL_ENTRIES, 'bad-value'),
    ('ports that are cut', any_port[:-1], 'truncated'),
    ('an entry without its length', any_port + b'\1\0', 'truncated'),
    ('an entry that is cut', any_port + ALL_ENTRIES[:-1], 'truncated'),
    ('entries out of order', any_port + value(3, u32(1)) + value(2, u32(1)), 'bad-value'),
    ('an entry twice', any_port + value(3, u32(1)) * 2, 'bad-value'),
    ('entry 0', any_port + value(0, u32(1)), 'bad-value'),
    ('more than 1,100 bytes', allowing(block('192.0.2.0/24') * (fill + 1)), 'too-large'),
    *[(f'the entry {name} of {length + by} bytes', any_port + value(key, bytes([1]) * (length + by)), 'bad-length')
        for name, key, _, _ in ENTRIES if name in LENGTHS for length in [LENGTHS[name]] for by in (-1, 1)],
    *[(f'the entry {name} of {most + 1}', any_port + value(key, u8(most + 1)), 'bad-value')
        for name, key, _, _ in ENTRIES if name in MOST for most in [MOST[name]]],
    *[(f'the entry {name} of 0', any_port + value(key, bytes(LENGTHS[name])), 'bad-value') for name, key, _, _ in ENTRIES if name in LEAST_1],
    ('the entry maxBps of 2^53', any_port + value(9, u64(2 ** 53)), 'bad-value'),
    *[(f'the name {data!r}'[:40], any_port + value(1, data), 'bad-value') for data in
        [b'', b'n' * 65, b'a\nb', b'\x1b[31m', b'\x7f', b'\xff', b'\xc3', b'\xed\xa0\x80', b'\xc0\x80', '\u0085'.encode(), '\u202e'.encode(), '\u2028'.encode(), '\ufeffa'.encode()]],
    ('no block', allowing(b''), 'bad-length'),
    ('a block of family 5', allowing(b'\5\0'), 'bad-value'),
    ('a block of IPv4 with 33 bits', allowing(b'\4\x21' + bytes(5)), 'bad-value'),
    ('a block of IPv6 with 129 bits', allowing(b'\6\x81' + bytes(17)), 'bad-value'),
    ('a block without a prefix', allowing(block('10.0.0.0/8') + b'\4'), 'bad-length'),
    ('a block that is cut', allowing(block('192.0.2.0/24')[:-1]), 'bad-length'),
    ('a block of IPv4 with a bit behind its prefix', allowing(b'\4\x09\x0a\x40'), 'bad-value'),
    ('a block of IPv6 with a bit behind its prefix', allowing(b'\6\x21' + bytes([0x20, 1, 0xd, 0xb8, 1])), 'bad-value'),
    ('a block of IPv4 written as IPv6', allowing(b'\6\x68' + address16('10.0.0.0')[:13]), 'bad-value'),
    ('all of IPv4 written as IPv6', allowing(b'\6\x60' + address16('0.0.0.0')[:12]), 'bad-value'),
], [
    ('an entry that may be skipped', any_port + value(2, u32(5)) + value(128, b'x') + value(255, b''), publish_value(idleMs=5)),
    ('entries that must be known', any_port + value(2, u32(5)) + value(17, b'x') + value(127, b'') + value(128, b''),
        {**publish_value(idleMs=5), 'unknown': [17, 127]}),
])
write('refused-port.json', 'Bodies of the answer to publish if its status is not done.', OURS, [
    ('no port', b'', {}), ('port 1', u16(1), {'port': 1}), ('the last port', u16(65535), {'port': 65535}),
], [('port 0', u16(0), 'bad-value'), ('half a port', b'\1', 'truncated'), ('a byte more', u16(1) + b'\0', 'trailing-bytes')])
write('names.json', 'Bodies of resolve.', OURS, [
    (text[:20], text.encode(), {'name': text}) for text in
    ['a', 'example.org', 'example.org.', '_game._udp.example.org', 'xn--bcher-kva.example', '9.example', 'a.' * 126 + 'b']
], [(repr(data[:20]), data, 'bad-value') for data in
    [b'', b'.', b'a..b', b'-a', b'a b', b'a\0b', b'a\n', b'\x1b[31m', 'bücher.example'.encode(), b'a' * 64, b'a/b', b'a:1', b'a.' * 126 + b'bc']])
write('addresses.json', 'Bodies of the answer to resolve.', OURS, [
    ('none', u32(0), {'ttlMs': 0, 'addresses': []}),
    ('two', u32(60_000) + address16('192.0.2.1') + address16('2001:db8::1'), {'ttlMs': 60_000, 'addresses': ['192.0.2.1', '2001:db8::1']}),
    ('sixteen', u32(1) + address16('::1') * 16, {'ttlMs': 1, 'addresses': ['::1'] * 16}),
], [('cut', u32(0)[:3], 'truncated'), ('half an address', u32(0) + bytes(8), 'bad-length'), ('seventeen', u32(0) + bytes(16 * 17), 'too-large')])


def server(text, key): return u8(len(text.encode())) + text.encode() + key


HOSTS = ['relay.example.org:7777', '192.0.2.1:1', '[2001:db8::1]:65535', '[fe80::1%eth0]:9', 'a:10', 'a_b.example.:80', 'x' * 63 + ':443']
KEYS = [run(i, 32) for i in range(8)]
def go_away(grace, reason, servers): return u32(grace) + u8(reason) + b''.join(server(*each) for each in servers)
def go_away_value(grace, reason, servers):
    return {'graceMs': grace, 'reason': reason, 'servers': [{'endpoint': text, 'publicKey': raw(key)} for text, key in servers]}


GO_AWAYS = [('closing', 60_000, 0, []), ('restart', 1, 1, []), ('an unknown reason', 0, 255, []),
            *[(text[:30], 5000, 2, [(text, KEYS[0])]) for text in HOSTS],
            ('eight servers', 5000, 2, [(f's{i}.example:{i + 1}', key) for i, key in enumerate(KEYS)])]
LONG = '.'.join(['a' * 60] * 4) + ':65535'
write('go-away.json', 'Bodies of go away.', OURS, [
    ('a minute', u32(60_000), {'graceMs': 60_000}),
    ('the longest', u32(2 ** 32 - 1), {'graceMs': 2 ** 32 - 1}),
    *[(name, go_away(*rest), go_away_value(*rest)) for name, *rest in GO_AWAYS],
    ('three servers with long names', go_away(1, 2, [(LONG, key) for key in KEYS[:3]]), go_away_value(1, 2, [(LONG, key) for key in KEYS[:3]])),
], [
    ('cut', bytes(3), 'truncated'),
    ('nine servers', go_away(1, 2, [('a:1', KEYS[0])] * 9), 'too-large'),
    ('more than 1,000 bytes', go_away(1, 2, [(LONG, key) for key in KEYS[:4]]), 'too-large'),
    ('a key that is cut', go_away(1, 2, [('a:1', KEYS[0])])[:-1], 'truncated'),
    ('a name that is cut', go_away(1, 2, [])+ b'\x09a:1', 'truncated'),
    *[(f'the server {text!r}'[:40], go_away(1, 2, [(text, KEYS[0])]), 'bad-value') for text in
        ['', 'a', 'a:', ':1', 'a:0', 'a:01', 'a:65536', 'a:-1', 'a b:1', '::1:9', '[::1]', '[::1]:0', '[a]:1', '192.0.2.1:0', 'a..b:1', 'a:1\n', 'bücher:1', 'x' * 64 + ':1']],
])

# PROXY protocol v2 -----------------------------------------------------------------------------------------------------------

SIGNATURE = b'\r\n\r\n\0\r\nQUIT\n'


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


assert crc32c(b'123456789') == 0xE3069283


def proxy(command, family, addresses, payload, tlvs=()):
    data = addresses + b''.join(struct.pack('!BH', kind, len(value)) + value for kind, value in tlvs)
    header = SIGNATURE + u8(0x20 | command) + u8(family) + struct.pack('!H', len(data)) + data
    at = header.find(struct.pack('!BH', 3, 4) + bytes(4))
    if at >= 0:
        header = header[:at + 3] + struct.pack('!I', crc32c(header)) + header[at + 7:]
    return header + payload


def ports(source, destination): return struct.pack('!HH', source, destination)


ipv4 = ipaddress.ip_address('192.0.2.1').packed + ipaddress.ip_address('198.51.100.7').packed + ports(50000, 27015)
ipv6 = address16('2001:db8::1') + address16('2001:db8::2') + ports(50000, 27015)
mixed = address16('192.0.2.1') + address16('2001:db8::2') + ports(50000, 27015)
ENDS4 = {'source': endpoint('192.0.2.1:50000'), 'destination': endpoint('198.51.100.7:27015')}
ENDS6 = {'source': endpoint('[2001:db8::1]:50000'), 'destination': endpoint('[2001:db8::2]:27015')}
checked = proxy(1, 0x12, ipv4, b'hi', [(3, bytes(4)), (0xE0, b'own')])
checksum = checked[31:35]

write('proxy-v2.json', 'Datagrams that begin with a PROXY protocol v2 header.',
      'https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt section 2.2, through packages/packet/vectors/generate.py', [
    ('IPv4', proxy(1, 0x12, ipv4, b'hi'), {'endpoints': ENDS4, 'tlvs': [], 'payload': raw(b'hi')}),
    ('IPv6, empty', proxy(1, 0x22, ipv6, b''), {'endpoints': ENDS6, 'tlvs': [], 'payload': raw(b'')}),
    ('IPv4 to IPv6', proxy(1, 0x22, mixed, b'x'), {'endpoints': {**ENDS6, 'source': ENDS4['source']}, 'tlvs': [], 'payload': raw(b'x')}),
    ('local', proxy(0, 0, b'', b'probe'), {'endpoints': None, 'tlvs': [], 'payload': raw(b'probe')}),
    ('a unique id', proxy(1, 0x12, ipv4, b'hi', [(5, b'id-1')]), {'endpoints': ENDS4, 'tlvs': [{'type': 5, 'value': raw(b'id-1')}], 'payload': raw(b'hi')}),
    ('a checksum and an own type', checked, {'endpoints': ENDS4, 'tlvs': [{'type': 3, 'value': raw(checksum)}, {'type': 0xE0, 'value': raw(b'own')}],
        'payload': raw(b'hi')}),
], [
    ('nothing', b'', 'truncated'),
    ('only the signature', SIGNATURE, 'truncated'),
    ('another signature', b'\n' + proxy(1, 0x12, ipv4, b'')[1:], 'bad-value'),
    ('version 1', SIGNATURE + b'\x11' + proxy(1, 0x12, ipv4, b'')[13:], 'unknown-version'),
    ('command 2', proxy(2, 0x12, ipv4, b''), 'bad-value'),
    *[(f'family {family:#04x}', proxy(1, family, ipv4, b''), 'unknown-type') for family in (0x01, 0x02, 0x10, 0x13, 0x20, 0x23, 0x30, 0x41, 0xFF)],
    ('a length beyond the end', proxy(1, 0x12, ipv4, b'')[:-1], 'truncated'),
    ('a length too short for IPv4', proxy(1, 0x12, ipv4[:-1], b''), 'bad-length'),
    ('a length too short for IPv6', proxy(1, 0x22, ipv4, b''), 'bad-length'),
    ('a TLV without its length', proxy(1, 0x12, ipv4 + b'\5\0', b''), 'bad-length'),
    ('a TLV beyond the header', proxy(1, 0x12, ipv4 + b'\5\0\2x', b'more'), 'bad-length'),
    ('a checksum of 3 bytes', proxy(1, 0x12, ipv4, b'', [(3, bytes(3))]), 'bad-length'),
    ('a wrong checksum', checked[:31] + bytes([checked[31] ^ 1]) + checked[32:], 'bad-checksum'),
    ('a header changed under its checksum', checked[:20] + bytes([checked[20] ^ 1]) + checked[21:], 'bad-checksum'),
], [
    ('local with addresses', proxy(0, 0x12, ipv4, b'hi'), {'endpoints': None, 'tlvs': [], 'payload': raw(b'hi')}),
    *[(name, proxy(1, family, addresses, b'hi'), {'endpoints': None, 'tlvs': [], 'payload': raw(b'hi')}) for name, family, addresses in [
        ('an unspecified family', 0x00, b''), ('TCP over IPv4', 0x11, ipv4), ('TCP over IPv6', 0x21, ipv6),
        ('a UNIX stream', 0x31, bytes(216)), ('a UNIX datagram', 0x32, bytes(216))]],
])

# Simple Proxy Protocol -------------------------------------------------------------------------------------------------------


def simple(source, destination, payload, magic=0x56EC):
    (client, client_port), (server, server_port) = [(address16(address), port) for address, port in (source, destination)]
    return struct.pack('!H', magic) + client + server + ports(client_port, server_port) + payload


A4, B4, A6, B6 = ('192.0.2.1', 50000), ('198.51.100.7', 27015), ('2001:db8::1', 50000), ('2001:db8::2', 27015)
write('simple-proxy.json', 'Datagrams that begin with a Simple Proxy Protocol header.',
      'https://developers.cloudflare.com/spectrum/reference/simple-proxy-protocol-header/ through packages/packet/vectors/generate.py', [
    ('IPv4', simple(A4, B4, b'hi'), {**ENDS4, 'payload': raw(b'hi')}),
    ('IPv6, empty', simple(A6, B6, b''), {**ENDS6, 'payload': raw(b'')}),
    ('IPv4 to IPv6', simple(A4, B6, b'x'), {'source': ENDS4['source'], 'destination': ENDS6['destination'], 'payload': raw(b'x')}),
    ('IPv6 to IPv4', simple(A6, B4, b'x'), {'source': ENDS6['source'], 'destination': ENDS4['destination'], 'payload': raw(b'x')}),
], [
    ('nothing', b'', 'truncated'),
    ('only the magic number', b'\x56\xec', 'truncated'),
    ('a header that is cut', simple(A4, B4, b'')[:-1], 'truncated'),
    ('another magic number', simple(A4, B4, b'hi', 0x56ED), 'bad-value'),
    ('the magic number the other way round', simple(A4, B4, b'hi', 0xEC56), 'bad-value'),
])

# Endpoints -----------------------------------------------------------------------------------------------------------------

TEXTS = ['127.0.0.1:53', '0.0.0.0:0', '255.255.255.255:65535', '[::]:0', '[::1]:1', '[2001:db8::8:800:200c:417a]:7878', '[2001:db8:0:1:1:1:1:1]:9',
         '[2001:0:0:1::1]:9', '[2001:db8::1:0:0:1]:9', '[64:ff9b::c000:221]:53', '[::ffff:0:c000:201]:53', '[fe80::1]:65535']
write('endpoints.json', 'Packed endpoints and their canonical text (RFC 5952 §4).', 'RFC 4291 §2.2, RFC 5952 §1 and §4; Python ipaddress', [
    (text, address16(endpoint(text)['address']) + u16(endpoint(text)['port']) + bytes(6), text) for text in TEXTS])
for text in TEXTS:
    assert str(ipaddress.ip_address(endpoint(text)['address'])) == endpoint(text)['address'], text
