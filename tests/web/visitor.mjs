// Someone at a browser of their own: a context, one page, and a list of all that went wrong on it.

import { faults, personal } from './rule.mjs';

/**
 * @typedef {import('playwright-core').Browser} Browser
 * @typedef {import('playwright-core').Page} Page
 * @typedef {import('playwright-core').BrowserContextOptions & { address: string, secrets?: string[] }} Wishes
 */

/** Milliseconds that anything may take on a busy machine. */
export const PATIENCE = 30_000;

/** The answer to a form with faults is a page with such a status, and Chromium logs it as an error. */
const LOGGED_BY_ITSELF = /^Failed to load resource: the server responded with a status of 4\d\d/;

export class Visitor {
  /** What went wrong, in the order of its happening. @type {string[]} */
  found = [];
  /** Addresses of the pages that were shown. @type {string[]} */
  screens = [];
  /** Bytes on the wire since the last `weigh`. */
  bytes = 0;
  /** Requests since the last `weigh`. @type {string[]} */
  requests = [];
  /** The page as the server wrote it. */
  markup = '';
  /** Whether a refusal is what somebody is after, who tries what pages do not offer. */
  isTrying = false;
  /** Keys that were pressed, without what is typed into fields. */
  keys = 0;

  /** @param {Page} page @param {Wishes} wishes */
  constructor(page, wishes) {
    this.page = page;
    this.address = wishes.address;
    this.secrets = wishes.secrets ?? [];
    this.hasScript = wishes.javaScriptEnabled !== false;
  }

  /** @param {Browser} browser @param {Wishes} wishes */
  static async at(browser, wishes) {
    const { address, secrets, ...options } = wishes;
    const context = await browser.newContext({
      viewport: { width: 360, height: 780 },
      locale: 'ko-KR',
      timezoneId: 'Asia/Seoul',
      reducedMotion: 'reduce',
      serviceWorkers: 'block',
      baseURL: address,
      ...options,
    });
    context.setDefaultTimeout(PATIENCE);
    context.setDefaultNavigationTimeout(PATIENCE);
    const page = await context.newPage();
    const visitor = new Visitor(page, wishes);
    await visitor.#listen();
    return visitor;
  }

  async #listen() {
    const { page } = this;
    page.on('console', (message) => {
      const isBad = message.type() === 'error' || message.type() === 'warning';
      if (isBad && !LOGGED_BY_ITSELF.test(message.text())) this.found.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.found.push(`console: ${error.message}`));
    page.on('request', (request) => this.#request(request.url()));
    page.on('response', (response) => void this.#response(response));
    page.on('domcontentloaded', () => this.screens.push(page.url()));
    if (this.hasScript) {
      await page.exposeFunction('reportOfPolicy', (/** @type {string} */ what) => this.found.push(`csp: ${what}`));
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (event) => {
          /** @type {any} */ (window).reportOfPolicy(`${event.violatedDirective} ${event.blockedURI}`);
        });
      });
    }
    const wire = await page.context().newCDPSession(page);
    this.wire = wire;
    await wire.send('Network.enable');
    wire.on('Network.loadingFinished', (event) => {
      this.bytes += event.encodedDataLength;
    });
  }

  /** @param {string} url */
  #request(url) {
    this.requests.push(url);
    const { protocol, host } = new URL(url);
    if (/^https?:$/.test(protocol) && host !== new URL(this.address).host) {
      this.found.push(`foreign: ${url}`);
    }
    for (const secret of personal(url, this.secrets)) this.found.push(`personal: ${secret} in ${url}`);
  }

  /** @param {import('playwright-core').Response} response */
  async #response(response) {
    const request = response.request();
    const { host, pathname } = new URL(response.url());
    if (host !== new URL(this.address).host) return;
    const seen = {
      path: pathname,
      kind: request.resourceType(),
      status: response.status(),
      headers: response.headers(),
    };
    if (!this.isTrying || seen.status >= 500 || seen.status < 400) this.found.push(...faults(seen));
    if (seen.kind === 'document' && seen.status !== 303) {
      // A page that was left before it had come has no text.
      this.markup = await response.text().catch(() => '');
    }
  }

  /** Opens a page of the service. @param {string} path */
  async open(path) {
    return this.page.goto(path, { waitUntil: 'load' });
  }

  /** Bytes and requests since the last time. */
  weigh() {
    const { bytes, requests } = this;
    this.bytes = 0;
    this.requests = [];
    return { bytes, requests };
  }

  /** Presses a key as somebody without a mouse does. @param {string} key */
  async press(key) {
    this.keys += 1;
    await this.page.keyboard.press(key);
  }

  /** Lets them go, and says what went wrong. */
  async leave() {
    await this.page.context().close();
    return [...new Set(this.found)];
  }
}
