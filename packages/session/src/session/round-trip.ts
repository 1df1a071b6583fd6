/** Round-trip time and its variation, smoothed as in RFC 6298 §2; all in ms. */
export class RoundTrip {
  smoothedMs = Number.NaN;
  variationMs = Number.NaN;
  latestMs = Number.NaN;
  minimumMs = Number.NaN;

  sample(roundTripMs: number): void {
    this.latestMs = roundTripMs;
    if (Number.isNaN(this.smoothedMs)) {
      this.smoothedMs = this.minimumMs = roundTripMs;
      this.variationMs = roundTripMs / 2;
      return;
    }
    this.minimumMs = Math.min(this.minimumMs, roundTripMs);
    this.variationMs += (Math.abs(this.smoothedMs - roundTripMs) - this.variationMs) / 4;
    this.smoothedMs += (roundTripMs - this.smoothedMs) / 8;
  }
}
