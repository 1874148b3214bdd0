import type { paths } from './generated/schema.ts';

type Json<Response> = Response extends { content: { 'application/json': infer Body } } ? Body : never;

type Responses<Operation> = Operation extends { responses: infer All } ? All : never;

/** What `GET path` answers: `Answer<'/api/v1/members'>`. */
export type Answer<Path extends keyof paths> = paths[Path] extends { get: infer Operation }
  ? 200 extends keyof Responses<Operation>
    ? Json<Responses<Operation>[200]>
    : never
  : never;

/** One item of a list. */
export type Item<Path extends keyof paths> = Answer<Path> extends { items: readonly (infer One)[] } ? One : never;
