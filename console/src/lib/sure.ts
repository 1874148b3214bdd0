/** Whether two shares differ by more than chance: the 95 % interval of their difference leaves zero out. */
export function isSureDifference(share: number, n: number, previous: number, previousN: number): boolean {
  if (n < 1 || previousN < 1) return false;
  const variance = (share * (1 - share)) / n + (previous * (1 - previous)) / previousN;
  const difference = Math.abs(share - previous);
  // No variance at all: both are 0 or 1, and a handful of events proves nothing.
  if (variance === 0) return difference > 0 && Math.min(n, previousN) >= 30;
  return difference > 1.96 * Math.sqrt(variance);
}
