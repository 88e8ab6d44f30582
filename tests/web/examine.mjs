// Looks at the page that is open: with axe in light and dark, at 320 px, and for what axe cannot see.

import { readFile } from 'node:fs/promises';

/** @typedef {import('./visitor.mjs').Visitor} Visitor */

const AXE = await readFile(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** WCAG 2.5.8 asks for 24; the house gives what stands alone 44. */
const TARGET_PX = 44;

/**
 * What axe leaves to people, and why each is good. Looked at by eye; see docs/accessibility.md.
 * @type {{ rule: string, target: RegExp, why: RegExp, because: string }[]}
 */
export const INCOMPLETE = [
  {
    rule: 'color-contrast',
    target: /aria-hidden="true"/,
    why: /non-text characters/,
    because: 'an arrow or mark beside words that say the same',
  },
  {
    rule: 'color-contrast',
    target: /<text\b/,
    why: /overlapped by another element|contains an image node/,
    because: 'words in a drawing: ink on card, as in the table with the same numbers below it',
  },
  {
    rule: 'color-contrast',
    target: /<t[dh]\b|<text\b/,
    why: /too short to determine|partially obscured/,
    because: 'a number of one digit, or what is scrolled out of a table, in the colours of its neighbours',
  },
];

/** How often each rule of axe was asked. */
export const asked = { pages: 0, runs: 0, passes: 0, incomplete: /** @type {Map<string, number>} */ (new Map()) };

/**
 * What is wrong with the page as it stands.
 * @param {Visitor} visitor
 * @returns {Promise<string[]>}
 */
export async function examine(visitor) {
  const { page } = visitor;
  /** @type {string[]} */
  const found = [];
  asked.pages += 1;
  // axe cannot run where script is off; the same pages are examined with script.
  const schemes = visitor.hasScript ? /** @type {const} */ (['light', 'dark']) : [];
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme });
    for (const fault of await byAxe(page)) found.push(`${fault} (${colorScheme})`);
  }
  await page.emulateMedia({ colorScheme: null });
  const size = page.viewportSize() ?? { width: 360, height: 780 };
  await page.setViewportSize({ width: 320, height: 640 });
  found.push(...(await narrow(page)));
  await page.setViewportSize(size);
  found.push(...(await asWritten(visitor)));
  return found;
}

/** @param {import('playwright-core').Page} page */
async function byAxe(page) {
  await page.evaluate(AXE);
  const { violations, incomplete, passes } = await page.evaluate(async (tags) => {
    const { axe } = /** @type {any} */ (window);
    const { violations, incomplete, passes } = await axe.run({ runOnly: tags, resultTypes: ['violations', 'incomplete'] });
    /** @type {(rules: any[]) => [string, string, string][]} */
    const flat = (rules) =>
      rules.flatMap(({ id, nodes }) =>
        nodes.map((/** @type {any} */ node) => [id, `${node.target.join(' ')} ${node.html.slice(0, 80)}`, node.failureSummary ?? '']),
      );
    return { violations: flat(violations), incomplete: flat(incomplete), passes: passes.length };
  }, TAGS);
  asked.runs += 1;
  asked.passes += passes;
  const found = violations.map(([rule, target, why]) => `axe: ${rule} at ${target}: ${why.replaceAll(/\s+/g, ' ')}`);
  for (const [rule, target, why] of incomplete) {
    const known = INCOMPLETE.find((one) => one.rule === rule && one.target.test(target) && one.why.test(why));
    asked.incomplete.set(rule, (asked.incomplete.get(rule) ?? 0) + 1);
    if (!known) found.push(`axe cannot say: ${rule} at ${target}: ${why.replaceAll(/\s+/g, ' ')}`);
  }
  return found;
}

/** @param {import('playwright-core').Page} page */
async function narrow(page) {
  return page.evaluate((least) => {
    const found = [];
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) {
      const wide = [...document.body.querySelectorAll('*')].filter((it) => it.getBoundingClientRect().right > innerWidth + 1);
      found.push(`overflow: ${scrollWidth} px wide at ${innerWidth}: ${wide.slice(0, 3).map((it) => it.outerHTML.slice(0, 90)).join(' | ')}`);
    }
    for (const it of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
      const { width, height, right } = it.getBoundingClientRect();
      const isInText = it.matches('p a, li a, dd a, td a, th a') && getComputedStyle(it).display === 'inline';
      if (width && height && right > 0 && it.checkVisibility({ visibilityProperty: true }) && !isInText && height < least - 0.5) {
        found.push(`target: ${Math.round(width)} x ${Math.round(height)} px at 320: ${it.outerHTML.slice(0, 90)}`);
      }
    }
    return found;
  }, TARGET_PX);
}

/** What stands in the page as the server wrote it. @param {Visitor} visitor */
async function asWritten({ page, secrets, markup }) {
  const found = [];
  const joined = markup.match(/<[a-z][^<>]*\s[a-z-]+="[^"<>]*"[a-z][^<>]*>/i);
  if (joined) found.push(`markup: attributes run together: ${joined[0].slice(0, 90)}`);
  const classes = await page.evaluate(() => {
    const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).map((rule) => rule.cssText).join();
    const used = new Set([...document.querySelectorAll('[class]')].flatMap((it) => [...it.classList]));
    return [...used].filter((name) => !new RegExp(`\\.${name}(?![\\w-])`).test(rules));
  });
  for (const name of classes) found.push(`class: nothing in the style sheet is called ${name}`);
  const unnamed = await page.evaluate(() =>
    [...document.querySelectorAll('#errors a')]
      .map((entry) => {
        const field = document.getElementById((entry.getAttribute('href') ?? '').slice(1));
        if (!field) return `leads nowhere: ${entry.outerHTML}`;
        const labels = 'labels' in field ? [.../** @type {HTMLInputElement} */ (field).labels ?? []] : [];
        const names = [...labels, field.closest('fieldset')?.querySelector('legend')].map((it) => it?.textContent?.trim() ?? '');
        const said = entry.textContent?.toLowerCase() ?? '';
        const known = names.filter(Boolean);
        return known.length && !known.some((name) => said.includes(name.toLowerCase())) ? `does not name its field: ${entry.outerHTML}` : '';
      })
      .filter(Boolean),
  );
  for (const fault of unnamed) found.push(`summary: an entry ${fault}`);
  const html = await page.content();
  if (/http-equiv\s*=\s*["']?refresh/i.test(html)) found.push('refresh: a page that reloads by itself');
  if (/\sstyle\s*=/i.test(html.replaceAll(/<svg[\s\S]*?<\/svg>/g, '')) || /<style/i.test(html)) found.push('style: written into the page');
  if (/\son[a-z]+\s*=\s*["']/i.test(html)) found.push('script: written into the page');
  const headings = await page.locator('h1').count();
  // The page of components shows a heading among them.
  if (headings !== 1 && !page.url().endsWith('/style')) found.push(`heading: ${headings} h1`);
  const title = await page.title();
  for (const secret of secrets) if (title.includes(secret)) found.push(`personal: ${secret} in the title`);
  return found;
}
