import { type CDPSession, expect, type Page, type Request } from '@playwright/test';
import { RECORD_PREFIX, type SentEvent } from '../shop/record.ts';
import type { Sdk } from './sdks.ts';
import type { ShopServer } from './shop-server.ts';

/** A request of the SDK to the collector. */
export interface IntakeRequest {
  url: URL;
  /** Absent while there is no answer, and for a beacon whose page is gone. */
  status: number | undefined;
  body: string | null;
}

/** A person in the shop. */
export class Visit {
  readonly sdk: Sdk;
  readonly shop: ShopServer;
  readonly page: Page;
  readonly #collector: string;
  readonly #requests = new Map<Request, IntakeRequest>();

  constructor(page: Page, sdk: Sdk, shop: ShopServer, collector: string) {
    this.page = page;
    this.sdk = sdk;
    this.shop = shop;
    this.#collector = collector;
  }

  /**
   * Opens the shop and waits until the SDK runs, since clicks before that are lost, and until the largest element is painted, since the
   * SDK looks for it only up to the first input.
   */
  async enter(): Promise<void> {
    this.#watchRequests();
    await this.page.goto(`${this.shop.origin}/`);
    await this.page.locator('html[data-painted=yes]').waitFor();
    await this.waitForSent('view', [`${this.shop.origin}/`], ({ view }) => view.url);
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click();
  }

  /** Presses a button that fetches and waits for the outcome. */
  async request(name: string, outcome: string): Promise<void> {
    await this.press(name);
    await expect(this.page.getByRole('status')).toHaveText(outcome);
  }

  async follow(name: string): Promise<void> {
    await this.page.getByRole('link', { name, exact: true }).click();
    await expect(this.page.getByRole('status')).toHaveText(`at /${name.toLowerCase()}`);
  }

  /** Minimises the window: the page becomes hidden, and the SDK sends what it has. */
  async hide(): Promise<void> {
    await this.#setWindow('minimized', 'hidden');
  }

  async show(): Promise<void> {
    await this.#setWindow('normal', 'visible');
  }

  /** Goes to a page without SDK, by which the last events leave as beacons. */
  async leave(): Promise<void> {
    await this.page.goto(`${this.shop.origin}/goodbye`);
    await expect(this.page.getByRole('heading', { name: 'Goodbye' })).toBeVisible();
  }

  /** What the SDK handed over so far. */
  async sent(): Promise<SentEvent[]> {
    return this.page.evaluate(
      (prefix) =>
        Object.entries(localStorage)
          .filter(([key]) => key.startsWith(prefix))
          .map(([, event]) => JSON.parse(event) as SentEvent),
      RECORD_PREFIX,
    );
  }

  /** Waits until the SDK handed over events of this type with all these values of `of`, in any order and among others. */
  async waitForSent(type: string, expected: unknown[], of: (event: SentEvent) => unknown): Promise<void> {
    const seen = async () => (await this.sent()).filter((event) => event.type === type).map(of);
    await expect.poll(seen, { message: `events of type ${type}` }).toEqual(expect.arrayContaining(expected));
  }

  /** Requests of a track by their path, in the string proxy form by that of their target. */
  requests(track: 'rum' | 'replay'): IntakeRequest[] {
    return [...this.#requests.values()].filter(({ url }) => {
      const target = url.searchParams.get(this.sdk.forwardParameter) ?? url.pathname;
      return target.split('?')[0]?.endsWith(`/${track}`);
    });
  }

  /** The answers to all requests of a track, of which there must be some, once each has one. Beacons of a page that is left have none. */
  async statuses(track: 'rum' | 'replay'): Promise<number[]> {
    await expect
      .poll(() => this.requests(track).map(({ status }) => typeof status), { message: `answers on the track ${track}` })
      .toEqual(expect.arrayContaining(['number']));
    await expect.poll(() => this.requests(track).some(({ status }) => status === undefined)).toBe(false);
    return this.requests(track).map(({ status }) => status ?? 0);
  }

  /** The events of all rum requests that were answered with 202; bodies must not be compressed. */
  acknowledged(): SentEvent[] {
    const bodies = this.requests('rum').filter(({ status }) => status === 202);
    return bodies.flatMap(({ body }) => (body ?? '').split('\n').map((line) => JSON.parse(line) as SentEvent));
  }

  #watchRequests(): void {
    this.page.on('request', (request) => {
      if (!request.url().startsWith(`${this.#collector}/`)) return;
      this.#requests.set(request, { url: new URL(request.url()), status: undefined, body: request.postData() });
    });
    this.page.on('response', (response) => {
      const request = this.#requests.get(response.request());
      if (request) request.status = response.status();
    });
  }

  #session: CDPSession | undefined;

  async #setWindow(windowState: 'minimized' | 'normal', visibility: 'hidden' | 'visible'): Promise<void> {
    this.#session ??= await this.page.context().newCDPSession(this.page);
    const { windowId } = await this.#session.send('Browser.getWindowForTarget');
    await this.#session.send('Browser.setWindowBounds', { windowId, bounds: { windowState } });
    await expect.poll(() => this.page.evaluate(() => document.visibilityState)).toBe(visibility);
  }
}
