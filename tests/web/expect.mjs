// Waits for what must come to hold.

import { PATIENCE } from './visitor.mjs';

/**
 * @param {() => boolean | Promise<boolean>} holds
 * @param {string} what
 * @param {() => unknown} [instead] what is there otherwise
 */
export async function expect(holds, what, instead = () => '') {
  const until = performance.now() + PATIENCE;
  // A page that is just going away cannot be asked; the next one can.
  const asked = async () => {
    try {
      return await holds();
    } catch (error) {
      if (/Execution context was destroyed|Not attached/.test(String(error))) return false;
      throw error;
    }
  };
  while (!(await asked())) {
    if (performance.now() > until) throw new Error(`${what}: not so. ${await instead()}`);
    await new Promise((again) => setTimeout(again, 20));
  }
}

/**
 * Loads a page again, as soon as one is there: while one gives way to another, none can be.
 * @param {import('playwright-core').Page} page
 * @param {'commit' | 'load'} waitUntil
 */
export async function reload(page, waitUntil = 'load') {
  const done = async () => {
    await page.reload({ waitUntil });
    return true;
  };
  await expect(done, 'the page is loaded again', () => page.url());
}

/** @param {unknown} is @param {unknown} wanted @param {string} what */
export function same(is, wanted, what) {
  const [left, right] = [JSON.stringify(is), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${what}: ${left}, not ${right}`);
}
