/** What each side tells the other in the first frames inside the session. */
export interface PeerParameters {
  /** Version of the frame layer: 1. */
  readonly version: number;
  /** Bit set of optional features; unknown bits are ignored. */
  readonly features: number;
  /** Largest sum of frames that the sender takes in one packet. */
  readonly maxFramesBytes: number;
  readonly maxFlows: number;
  readonly flowIdleMs: number;
}
