import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { PageOptions } from '../shop/sdk.ts';
import { freePort } from './ports.ts';
import type { Sdk } from './sdks.ts';

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="120"><rect width="320" height="120" fill="#268"/></svg>`;

/** Serves the shop with one SDK on a port of its own, which makes it an origin of its own. */
export class ShopServer {
  readonly #server: Server;
  readonly #script: string;
  readonly #options: PageOptions;

  private constructor(server: Server, script: string, options: PageOptions) {
    this.#server = server;
    this.#script = script;
    this.#options = options;
    server.on('request', (request, response) => this.#answer(request, response));
  }

  static async start(sdk: Sdk, options: Omit<PageOptions, 'refusedOrigin'>): Promise<ShopServer> {
    const script = await bundle(sdk);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const refusedOrigin = `http://127.0.0.1:${await freePort()}`;
    return new ShopServer(server, script, { ...options, refusedOrigin });
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get refusedOrigin(): string {
    return this.#options.refusedOrigin;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', this.origin);
    const send = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
    switch (pathname) {
      case '/shop.js':
        return void send(200, 'text/javascript', this.#script);
      case '/logo.svg':
        return void send(200, 'image/svg+xml', LOGO);
      case '/api/stock':
        return void send(200, 'application/json', '{"items":3}');
      case '/api/broken':
        return void send(500, 'application/json', '{"error":"no prices today"}');
      case '/goodbye':
        return void send(200, 'text/html', '<!doctype html><title>Goodbye</title><h1>Goodbye</h1>');
      case '/':
      case '/products':
      case '/basket':
      case '/thanks':
        return void send(200, 'text/html; charset=utf-8', this.#document());
      default:
        return void send(404, 'text/plain', 'not here');
    }
  }

  #document(): string {
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Shop</title>
<link rel="icon" href="data:,">
<script>window.pageOptions = ${JSON.stringify(this.#options)};</script>
<script defer src="/shop.js"></script>
</head>
<body>
<h1>Shop</h1>
<img src="/logo.svg" alt="Logo">
<nav><a href="/products">Products</a> <a href="/basket">Basket</a> <a href="/thanks">Thanks</a></nav>
<main></main>
<p role="status"></p>
</body>
</html>`;
  }
}

const bundles = new Map<string, Promise<string>>();

function bundle(sdk: Sdk): Promise<string> {
  const known = bundles.get(sdk.name);
  if (known) return known;
  const made = build({
    entryPoints: [fileURLToPath(new URL(`../shop/${sdk.name}.ts`, import.meta.url))],
    bundle: true,
    format: 'iife',
    write: false,
    logLevel: 'warning',
  }).then((result) => result.outputFiles[0]?.text ?? '');
  bundles.set(sdk.name, made);
  return made;
}
