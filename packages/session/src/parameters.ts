import type { SessionParameters } from '@relay/packet';

/** What one side tells the other of itself; the channel adds the version and the reset token. See `SessionParameters` of `@relay/packet`. */
export type ChannelParameters = Readonly<Partial<Omit<SessionParameters, 'version' | 'resetToken'>>>;
