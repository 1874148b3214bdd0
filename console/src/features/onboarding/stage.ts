import type { Onboarding, Refusal, View } from './queries.ts';

/** How far an application has come, and what stands in the way. */
export type Stage =
  | { kind: 'nothing' }
  | { kind: 'preflight' }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'events' }
  | { kind: 'visit'; view: View };

/**
 * What to show: a visit once there is one, one's own first; else the latest refusal, one's own first, unless events came after it;
 * else how far it got.
 */
export function stageOf({ steps, views }: Onboarding, picked: string | undefined): Stage {
  const view = views.find((one) => one.view_id === picked) ?? views.find((one) => one.is_yours) ?? views[0];
  if (view !== undefined) return { kind: 'visit', view };
  const refusal = steps.refusals.find((one) => one.is_yours) ?? steps.refusals[0];
  if (refusal !== undefined) return { kind: 'refused', refusal };
  if (steps.accepted_events > 0) return { kind: 'events' };
  return { kind: steps.preflight === null ? 'nothing' : 'preflight' };
}

/** Refusals worth a look beside a visit: those that came after it. */
export function refusalsAfter({ steps }: Onboarding, view: View): Refusal[] {
  return steps.refusals.filter((refusal) => refusal.last_at > view.time);
}
