import createClient from 'openapi-fetch';
import type { paths } from './generated/schema.ts';

/**
 * The API of the server that served this page. The header tells requests of the console from those another site could make a
 * browser send with our cookie: without CORS no other site can set it.
 */
export const client = createClient<paths>({
  baseUrl: '/',
  credentials: 'same-origin',
  headers: { 'x-footfall-console': '1' },
});
