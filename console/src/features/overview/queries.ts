import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { unwrap } from '../../api/problem.ts';
import type { Answer, Item } from '../../api/types.ts';
import { withoutAbsent } from '../../ui/routing.ts';
import type { Scope } from '../../ui/scope.tsx';

export type Figure = Answer<'/api/v1/overview/figures'>['figures'][number];
export type Page = Item<'/api/v1/overview/pages'>;
export type Slice = Item<'/api/v1/overview/breakdown'>;

export const BREAKDOWNS = ['country', 'browser', 'device', 'release', 'os', 'network', 'referrer'] as const;
export type Breakdown = (typeof BREAKDOWNS)[number];

/** The column of views that a click on a value filters by; referrers are of sessions, which are listed instead. */
export const BREAKDOWN_COLUMNS: Record<Breakdown, string | null> = {
  country: 'country_code',
  browser: 'browser_name',
  device: 'device_type',
  release: 'version',
  os: 'os_name',
  network: 'network_effective_type',
  referrer: null,
};

/** By which the pages can be ordered; the highest come first. */
export const PAGE_SORTS = [
  'views',
  'visitors',
  'lcp_p75',
  'inp_p75',
  'cls_p75',
  'loading_time_p75',
  'error_views_share',
] as const;
export type PageSort = (typeof PAGE_SORTS)[number];

/** What all panels of the screen ask about. */
export interface Asked {
  readonly app?: string;
  readonly env?: string;
  readonly from: string;
  readonly to: string;
  readonly q?: string;
  readonly include?: 'bots';
}

export function askedOf(scope: Scope, q: string | undefined, include: 'bots' | undefined): Asked {
  const { app, env, from, to } = scope;
  return { from, to, ...withoutAbsent({ app, env, q, include }) };
}

export function figuresQuery(asked: Asked, compare: 'previous' | 'none') {
  const query = { ...asked, compare };
  return queryOptions({
    queryKey: ['overview', 'figures', query],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/overview/figures', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** The other panels ask for the snapshot the figures were read from, so that all agree while events arrive. */
interface Agreed {
  readonly asked: Asked;
  readonly snapshot: string | undefined;
  /** Waits for the figures' answer. */
  readonly isReady: boolean;
}

function agreedQuery({ asked, snapshot }: Agreed) {
  return { ...asked, ...withoutAbsent({ snapshot }) };
}

export function seriesQuery(agreed: Agreed, compare: 'previous' | 'none') {
  const query = { ...agreedQuery(agreed), compare, buckets: 60 };
  return queryOptions({
    queryKey: ['overview', 'series', query],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/overview/series', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    enabled: agreed.isReady,
  });
}

export function pagesQuery(agreed: Agreed, sort: PageSort) {
  const query = { ...agreedQuery(agreed), sort, limit: 20 };
  return queryOptions({
    queryKey: ['overview', 'pages', query],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/overview/pages', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    enabled: agreed.isReady,
  });
}

export function breakdownQuery(agreed: Agreed, by: Breakdown) {
  const query = { ...agreedQuery(agreed), by };
  return queryOptions({
    queryKey: ['overview', 'breakdown', query],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/overview/breakdown', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    enabled: agreed.isReady,
  });
}
