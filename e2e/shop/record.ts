/** What the page records: every event as the SDK handed it over to be sent, in the SDK's own form. */

/** Keys of recorded events in the page's local storage; the page load and a number follow. */
export const RECORD_PREFIX = 'event.';

/** The fields of an event that the specs look at; durations in ns. */
export interface SentEvent {
  type: string;
  date: number;
  application: { id: string };
  session: { id: string };
  view: {
    id: string;
    url: string;
    loading_type?: string;
    is_active?: boolean;
    time_spent?: number;
    largest_contentful_paint?: number;
    performance?: { lcp?: { timestamp: number } };
    custom_timings?: Record<string, number>;
    action?: { count: number };
    error?: { count: number };
    resource?: { count: number };
    long_task?: { count: number };
  };
  action?: { id: string; type: string; target?: { name: string } };
  error?: { id: string; message: string; type?: string; source: string; handling?: string };
  resource?: { id: string; url: string; type: string; method?: string; status_code?: number; duration?: number };
  long_task?: { id: string; duration: number };
  vital?: { id: string };
  usr?: { id?: string };
  _dd?: { document_version?: number };
  _oo?: { document_version?: number };
}
