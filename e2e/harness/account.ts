import type { SentEvent } from '../shop/record.ts';
import type { Footfall, Row } from './footfall.ts';

const TABLES = ['view', 'resource', 'action', 'long_task', 'error', 'vital'] as const;

/** What there is to know of some visits, by table. Rows are sorted by id, views by their begin. */
export interface Account {
  ids: Record<(typeof TABLES)[number], string[]>;
  views: Row[];
  resources: Row[];
  actions: Row[];
  longTasks: Row[];
  errors: Row[];
  sessions: Row[];
}

/** The account that events as the SDK sent them amount to: of each view the newest version. */
export function sentAccount(events: SentEvent[]): Account {
  const views = newestViews(events);
  const of = (type: string) => events.filter((event) => event.type === type);
  const ids = Object.fromEntries(
    TABLES.map((table) => [table, table === 'view' ? views.map(eventId) : of(table).map(eventId)]),
  ) as Account['ids'];
  for (const table of TABLES) ids[table].sort();
  return {
    ids,
    views: views.map(({ view, ...event }) => ({
      event_id: view.id,
      view_version: version(event),
      view_url: view.url,
      view_loading_type: view.loading_type ?? null,
      view_is_active: view.is_active ?? null,
      view_time_spent: view.time_spent ?? null,
      largest_contentful_paint: view.performance?.lcp?.timestamp ?? view.largest_contentful_paint ?? null,
      view_action_count: view.action?.count ?? null,
      view_error_count: view.error?.count ?? null,
      view_resource_count: view.resource?.count ?? null,
      view_long_task_count: view.long_task?.count ?? null,
    })),
    resources: of('resource')
      .map(({ resource, view }) => ({
        event_id: resource?.id,
        view_id: view.id,
        resource_url: resource?.url,
        resource_type: resource?.type,
        resource_method: resource?.method ?? null,
        resource_status: resource?.status_code ?? null,
        resource_duration: resource?.duration ?? null,
      }))
      .sort(byId),
    actions: of('action')
      .map(({ action, view }) => ({
        event_id: action?.id,
        view_id: view.id,
        action_type: action?.type,
        action_name: action?.target?.name ?? null,
      }))
      .sort(byId),
    longTasks: of('long_task')
      .map(({ long_task, view }) => ({
        event_id: long_task?.id,
        view_id: view.id,
        long_task_duration: long_task?.duration,
      }))
      .sort(byId),
    errors: of('error')
      .map(({ error, view }) => ({
        event_id: error?.id,
        view_id: view.id,
        error_message: error?.message,
        error_type: error?.type ?? null,
        error_source: error?.source,
        error_handling: error?.handling ?? null,
      }))
      .sort(byId),
    sessions: [...new Set(events.map(({ session }) => session.id))].sort().map((id) => {
      const count = (type: string) => of(type).filter(({ session }) => session.id === id).length;
      const visited = views.filter(({ session }) => session.id === id);
      return {
        event_id: id,
        session_view_count: visited.length,
        session_resource_count: count('resource'),
        session_action_count: count('action'),
        session_long_task_count: count('long_task'),
        session_error_count: count('error'),
        entry_view_url: visited[0]?.view.url ?? null,
        exit_view_url: visited.at(-1)?.view.url ?? null,
      };
    }),
  };
}

/** The account that the server's rows amount to. A row that is there twice is there twice in it. */
export async function storedAccount(footfall: Footfall): Promise<Account> {
  const select = (columns: string, table: string, order: string) =>
    footfall.query(`SELECT ${columns} FROM ${table} ORDER BY ${order}`);
  const ids = {} as Account['ids'];
  for (const table of TABLES) {
    const rows = await footfall.query(`SELECT event_id FROM ${table} ORDER BY event_id`);
    ids[table] = rows.map((row) => String(row.event_id));
  }
  return {
    ids,
    views: await select(
      `event_id, view_version, view_url, view_loading_type, view_is_active, view_time_spent, largest_contentful_paint,
       view_action_count, view_error_count, view_resource_count, view_long_task_count`,
      'view',
      'client_time',
    ),
    resources: await select(
      `event_id, view_id, resource_url, resource_type, resource_method, resource_status, resource_duration`,
      'resource',
      'event_id',
    ),
    actions: await select('event_id, view_id, action_type, action_name', 'action', 'event_id'),
    longTasks: await select('event_id, view_id, long_task_duration', 'long_task', 'event_id'),
    errors: await select(
      'event_id, view_id, error_message, error_type, error_source, error_handling',
      'error',
      'event_id',
    ),
    sessions: await select(
      `event_id, session_view_count, session_resource_count, session_action_count, session_long_task_count,
       session_error_count, entry_view_url, exit_view_url`,
      'session',
      'event_id',
    ),
  };
}

/** `table id` of each event, of a view also its version. */
export function identities(events: SentEvent[]): string[] {
  return events.map((event) => `${event.type} ${eventId(event)}`);
}

function eventId(event: SentEvent): string {
  const own = event[event.type as 'action'];
  return own?.id ?? '';
}

function newestViews(events: SentEvent[]): SentEvent[] {
  const newest = new Map<string, SentEvent>();
  for (const event of events) {
    if (event.type !== 'view') continue;
    const known = newest.get(event.view.id);
    if (!known || version(event) > version(known)) newest.set(event.view.id, event);
  }
  return [...newest.values()].sort((a, b) => a.date - b.date);
}

function version(event: Pick<SentEvent, '_dd' | '_oo'>): number {
  return (event._dd ?? event._oo)?.document_version ?? 0;
}

function byId(a: { event_id?: string | undefined }, b: { event_id?: string | undefined }): number {
  return String(a.event_id) < String(b.event_id) ? -1 : 1;
}
