/**
 * How busy the server is: `loaded` asks every handshake for a cookie; `shedding` does too, and lets
 * no new session in; `draining` lets none in either, and tells the clients that their sessions will
 * end.
 */
export type Load = 'normal' | 'loaded' | 'shedding' | 'draining';
