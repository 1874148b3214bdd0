import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './ports.ts';

const BINARY = process.env.FOOTFALL_BINARY ?? `${process.env.CARGO_TARGET_DIR ?? '../target'}/ci/footfall`;
const API_KEY = 'e2e-api-key-0123456789';

export type Row = Record<string, unknown>;

export interface Application {
  appId: string;
  token: string;
}

/** The real binary on a data folder. It keeps its port over restarts. */
export class Footfall {
  readonly url: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #environment: Record<string, string>;
  #process: ChildProcess | undefined;
  /** The one-time link for the first administrator, printed while there is none. */
  setupLink: string | undefined;

  private constructor(folder: string, port: number, environment: Record<string, string>) {
    this.#folder = folder;
    this.#environment = environment;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Starts a server whose data and log (`footfall.log`) lie in `folder`. */
  static async start(folder: string, environment: Record<string, string> = {}): Promise<Footfall> {
    const footfall = new Footfall(folder, await freePort(), environment);
    await footfall.start();
    return footfall;
  }

  /** Returns when the server says that it is ready. */
  async start(): Promise<void> {
    const child = spawn(
      BINARY,
      ['serve', '--data-dir', join(this.#folder, 'data'), '--listen', `127.0.0.1:${this.#port}`],
      {
        env: { ...process.env, FOOTFALL_API_KEY: API_KEY, ...this.#environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#process = child;
    child.stderr.pipe(createWriteStream(join(this.#folder, 'footfall.log'), { flags: 'a' }));
    const lines = createInterface({ input: child.stdout });
    const ready = (async () => {
      for await (const line of lines) {
        this.setupLink = /https?:\S+\/setup\?token=\S+/.exec(line)?.[0] ?? this.setupLink;
        if (line === `ready on ${this.url}`) return;
      }
      throw new Error('the server ended before it was ready, see footfall.log');
    })();
    await Promise.race([ready, once(child, 'error').then(([error]) => Promise.reject(error))]);
  }

  /** Ends it as a power cut would, but for the page cache. */
  async kill(): Promise<void> {
    const child = this.#take();
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  /** Asks it to stop and returns its exit code; null when it did not exit by itself. */
  async stop(): Promise<number | null> {
    const child = this.#take();
    if (child.exitCode !== null) return child.exitCode;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    const [code] = await exit;
    return code;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** Makes an application with a client token. */
  async createApplication(): Promise<Application> {
    const application = await this.#call('POST', '/api/v1/applications', { name: 'Shop', type: 'web' }, 201);
    const appId = String(application.app_id);
    const token = await this.#call('POST', `/api/v1/applications/${appId}/tokens`, {}, 201);
    return { appId, token: String(token.token) };
  }

  /** Lets only pages of these origins send to an application. */
  async allowOrigins(appId: string, origins: string[]): Promise<void> {
    await this.#call('PATCH', `/api/v1/applications/${appId}`, { allowed_origins: origins }, 200);
  }

  /** Sends the demo's visits of one day; returns when all are acknowledged. */
  async demo(sessions: number, days: number): Promise<void> {
    const visits = ['--seed', '7', '--backfill', String(days), '--sessions', String(sessions)];
    const child = spawn(BINARY, ['demo', '--server', this.url, '--api-key', API_KEY, ...visits], { stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`the demo ended with ${code}`);
    // Much more than a browser's worth at once: wait until all of it can be queried.
    while (!/^footfall_log_lag_bytes 0$/m.test(await (await fetch(`${this.url}/metrics`)).text()));
  }

  /** Rows of a query, by column name. */
  async query(sql: string): Promise<Row[]> {
    const answer = (await this.#call('POST', '/api/v1/query', { sql }, 200)) as unknown as {
      columns: { name: string }[];
      rows: unknown[][];
    };
    return answer.rows.map((row) => Object.fromEntries(answer.columns.map(({ name }, at) => [name, row[at]])));
  }

  async #call(method: string, path: string, body: object, expected: number): Promise<Row> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${API_KEY}` },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (answer.status !== expected) {
      throw new Error(`${method} ${path} answered ${answer.status} to ${JSON.stringify(body)}: ${text}`);
    }
    return JSON.parse(text);
  }

  #take(): ChildProcess {
    const child = this.#process;
    if (!child) throw new Error('the server is not running');
    this.#process = undefined;
    return child;
  }
}
