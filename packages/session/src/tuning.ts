/** Constants that each side may choose for itself; each with the reason for its value. */

/**
 * Waits between attempts at a handshake. Ten short ones first: at 30 % loss each way about half of
 * all attempts fail, and a session should stand within 5 s even then, but for one time in 500. Then
 * they double to the last.
 */
export const FIRST_RETRY_MS = 500;
export const QUICK_RETRIES = 10;
export const LAST_RETRY_MS = 10_000;
/**
 * Waits after a session was replaced by another of the same key, for each time in a row: two
 * programs with one invitation would else take it from each other for ever. A session that lasts
 * longer than all of them was not disturbed.
 */
export const REPLACED_WAITS_MS = [10_000, 30_000, 60_000, 120_000, 300_000, 600_000] as const;
export const UNDISTURBED_MS = 1_800_000;
/**
 * Each wait is longer or shorter by up to this share, so that the clients of a restarted server do
 * not come in step.
 */
export const RETRY_JITTER = 0.2;
/**
 * A rekey that has not succeeded this long after it was due is given up for a new session: there is
 * time for ten attempts before.
 */
export const REKEY_PATIENCE_MS = 40_000;

/**
 * Without proof for this long, a ping asks whether packets arrive: so a stream in one direction is
 * probed once a second.
 */
export const PROBE_AFTER_MS = 500;
/**
 * Ten pings fit before the path counts as lost, so that at 30 % loss each way it is wrongly lost
 * one time in a thousand.
 */
export const PROBE_EVERY_MS = 250;
/**
 * On a lost path pings go on, this often at first: back within a second of its return; later less
 * often.
 */
export const LOST_PROBE_EVERY_MS = 500;
export const LOST_PROBE_PATIENCE_MS = 60_000;
export const LATE_PROBE_EVERY_MS = 2000;

/**
 * How often an idle client refreshes its NAT's mapping: RFC 4787 REQ-5 asks NATs for 2 minutes, but
 * many grant 30 s.
 */
export const KEEPALIVE_MS = 25_000;
/**
 * Without frames, received traffic is acknowledged by an empty packet after this (WireGuard's
 * KEEPALIVE-TIMEOUT).
 */
export const PASSIVE_KEEPALIVE_MS = 10_000;
/**
 * After the peer was heard under the new keys, late packets under the old ones open for this long.
 */
export const PREVIOUS_KEYS_MS = 15_000;
/** A handshake that the client does not confirm is forgotten after this. */
export const UNCONFIRMED_MS = 5000;
/**
 * Handshakes of one client are answered at most this often; WireGuard's implementations use the
 * same.
 */
export const CLIENT_HANDSHAKE_EVERY_MS = 20;
/** So a wake that crosses an attempt has the next one wait until the server answers it. */
export const ATTEMPT_AFTER_MS = 50;

/**
 * A challenge is repeated this often, and given up after {@link CHALLENGE_PATIENCE_MS}: then the
 * session returns to its last proven address.
 */
export const CHALLENGE_EVERY_MS = 400;
export const CHALLENGE_PATIENCE_MS = 3000;

/**
 * Reports go at most this often, and only about this many packets or more, so that reports do not
 * cause reports.
 */
export const REPORT_EVERY_MS = 2000;
export const REPORT_AFTER_PACKETS = 8;

/** Parameters and requests are repeated after this, then after twice as long, to the last. */
export const FIRST_REPEAT_MS = 300;
export const LAST_REPEAT_MS = 3000;
/**
 * Requests of ours that wait for an answer, and answers that are kept for repetition, per session.
 */
export const MAX_REQUESTS = 1024;
export const MAX_KEPT_ANSWERS = 256;

/**
 * The largest packet (UDP payload) by default: fits 1,500-byte links below IPv6, PPPoE and one more
 * tunnel.
 */
export const MAX_PACKET_BYTES = 1400;

/**
 * Handshakes with a cookie, per second and source address (IPv6: per /64): many clients may share
 * one behind a NAT.
 */
export const SOURCE_HANDSHAKES_PER_SECOND = 50;
export const SOURCE_BURST = 100;

/**
 * Cookies that go out per second, in all and to one source address, and at once to one: a tenth of
 * a core at most, and as many to one address as clients behind one NAT may need.
 */
export const COOKIES_PER_SECOND = 5000;
export const SOURCE_COOKIES_PER_SECOND = 100;
export const SOURCE_COOKIES_BURST = 2000;
/** Moves of one session per second: beyond them it stays where it is. */
export const MOVES_PER_SECOND = 5;

/**
 * Notices to one client per second: enough for a clock that is wrong and a session that is lost,
 * and few for somebody who repeats a recorded initiation.
 */
export const NOTICES_PER_SECOND = 10;
/** A handshake of a client that was woken is expected for this long. */
export const AWAITED_MS = 5000;
export const AWAITED_ATTEMPTS = 3;
/**
 * A client answers wakes with a handshake at most this often, and asks by a handshake this often
 * whether the server still has the session.
 */
export const CLIENT_WAKE_EVERY_MS = 5000;
/** Attempts that notices bring forward, at once and per second: a clock that is wrong takes two. */
export const PROMPT_ATTEMPTS = 4;
export const PROMPT_ATTEMPTS_PER_SECOND = 1;

/**
 * Work that one peer may cause by frames of the session's own, in units of about one datagram's:
 * several hundred requests at once, as a client has at its start, and 1 % of a core in the long
 * run.
 */
export const WORK_PER_SECOND = 1000;
export const WORK_AT_ONCE = 2000;
/**
 * A peer gets at most this many bytes of answers for each byte that it has sent, beside a first
 * allowance; what it has not used is kept up to the last of these.
 */
export const ANSWER_BYTES_PER_BYTE = 3;
export const ANSWER_BYTES_AT_ONCE = 4096;
export const ANSWER_BYTES_MOST = 65_536;
