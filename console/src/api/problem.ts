import type { components } from './generated/schema.ts';

type Document = components['schemas']['Problem'];

/** What went wrong, as the server says it (RFC 9457), or that it did not answer at all (`code` is `unreachable`). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string | undefined;
  readonly detail: string;
  readonly help: string | undefined;
  readonly requestId: string | undefined;
  readonly pointer: string | undefined;
  /** The span of the search text that is meant. */
  readonly position: { readonly start: number; readonly end: number } | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, document: Partial<Document>) {
    super(document.detail ?? document.title ?? `HTTP ${status}`);
    this.name = 'Problem';
    this.status = status;
    this.code = document.code ?? (status === 0 ? 'unreachable' : `http_${status}`);
    this.title = document.title;
    this.detail = this.message;
    this.help = document.help;
    this.requestId = document.request_id;
    this.pointer = document.pointer;
    this.position = spanOf(document.position);
    this.retryAfterSeconds = numberIn(document, 'retry_after_s');
  }
}

export function isProblem(error: unknown, code?: string): error is Problem {
  return error instanceof Problem && (code === undefined || error.code === code);
}

type Answer<Data> = { data?: Data | undefined; error?: unknown; response: Response };

/** The data of an answer, or a thrown `Problem`. An aborted request stays an abort, so that a dropped query is not shown as failed. */
export async function unwrap<Data>(request: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await request.catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new Problem(0, {});
  });
  if (!response.ok) throw new Problem(response.status, isObject(error) ? error : {});
  // A 204 has no data, and its type says so.
  return data as Data;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberIn(document: object, name: string): number | undefined {
  const value: unknown = Reflect.get(document, name);
  return typeof value === 'number' ? value : undefined;
}

function spanOf(position: unknown): Problem['position'] {
  if (!isObject(position)) return undefined;
  const start = numberIn(position, 'start');
  const end = numberIn(position, 'end');
  return start === undefined || end === undefined ? undefined : { start, end };
}
