// Runs stories side by side, says how each ended, and keeps a picture of those that failed.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Visitor } from './visitor.mjs';

/**
 * @typedef {(stage: Stage) => Promise<string | void>} Run
 * What a story does; it may answer with a figure to print.
 * @typedef {{ name: string, run: Run }} Story
 * @typedef {import('./world.mjs').World} World
 */

/** Two cores: the browser and the service take one each. */
const AT_ONCE = 2;
/** Milliseconds after which a story hangs. */
const STORY_MAX = 120_000;

/** What a story is played on. */
export class Stage {
  /** @type {Visitor[]} */
  #visitors = [];

  /** @param {import('playwright-core').Browser} browser @param {World} world */
  constructor(browser, world) {
    this.browser = browser;
    this.world = world;
  }

  /** Somebody with a browser of their own. @param {Partial<import('./visitor.mjs').Wishes>} [wishes] */
  async visitor(wishes = {}) {
    const visitor = await Visitor.at(this.browser, { address: this.world.open.url, ...wishes });
    this.#visitors.push(visitor);
    return visitor;
  }

  /** Everybody leaves; fails if anything went wrong with any of them. */
  async end() {
    /** @type {string[]} */
    const found = [];
    for (const visitor of this.#visitors) found.push(...(await visitor.leave()));
    this.#visitors = [];
    if (found.length) throw new Error(found.join('\n'));
  }

  /** Writes down what everybody saw. @param {string} folder @param {string} name */
  async picture(folder, name) {
    await mkdir(folder, { recursive: true });
    for (const [n, { page }] of this.#visitors.entries()) {
      const file = join(folder, `${name.replaceAll(/[^\p{L}\p{N}]+/gu, '-')}-${n}`);
      await page.screenshot({ path: `${file}.png`, fullPage: true }).catch(() => {});
      await writeFile(`${file}.html`, `<!-- ${page.url()} -->\n${await page.content().catch(String)}`);
    }
  }
}

/**
 * @param {Story[]} stories
 * @param {{ browser: import('playwright-core').Browser, world: World, folder: string }} at
 * @returns {Promise<number>} how many failed
 */
export async function tell(stories, { browser, world, folder }) {
  const waiting = [...stories];
  let passed = 0;
  let failed = 0;
  const teller = async () => {
    for (let story = waiting.shift(); story; story = waiting.shift()) {
      const began = performance.now();
      const stage = new Stage(browser, world);
      const line = (/** @type {string} */ how) =>
        `${how}  ${((performance.now() - began) / 1e3).toFixed(1).padStart(5)} s  ${story?.name}`;
      try {
        const figure = await Promise.race([story.run(stage), tooLong()]);
        await stage.end();
        passed += 1;
        console.log(`${line('ok    ')}${figure ? `: ${figure}` : ''}`);
      } catch (error) {
        failed += 1;
        console.log(`${line('FAILED')}\n${indent(error)}`);
        await stage.picture(folder, story.name);
        await stage.end().catch((others) => console.log(indent(others)));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, teller));
  console.log(`${passed} passed, ${failed} failed`);
  return failed;
}

/** @returns {Promise<never>} */
function tooLong() {
  return new Promise((_, fail) => {
    setTimeout(() => fail(new Error(`it takes longer than ${STORY_MAX / 1e3} s`)), STORY_MAX).unref();
  });
}

/** @param {unknown} error */
function indent(error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.split('\n').map((line) => `        ${line}`).join('\n');
}
