// Looks at the page that is open on other screens: wider ones, and in colours that a system forces.

/** @typedef {import('./visitor.mjs').Visitor} Visitor */

/** A tablet, a laptop, and 27 inches. */
const WIDTHS = [768, 1366, 2560];

/**
 * Whether it must be scrolled sideways; 320 px are looked at by `examine`.
 * @param {Visitor} visitor
 * @returns {Promise<string[]>} what was wrong
 */
export async function wide({ page }) {
  const size = page.viewportSize() ?? { width: 360, height: 780 };
  /** @type {string[]} */
  const found = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    const is = await page.evaluate(() => document.documentElement.scrollWidth);
    if (is > width) found.push(`overflow: ${is} px wide at ${width}`);
  }
  await page.setViewportSize(size);
  return found;
}

/** What must have an edge where colours are forced. */
const EDGED = '.button, input:not([type=hidden], [type=checkbox], [type=radio], [type=file]), select, textarea, .tag, .note, .summary, .panel, .card, .glance > div';

/**
 * What loses its edge or its drawing in forced colours.
 * @param {Visitor} visitor
 * @returns {Promise<string[]>} what was wrong
 */
export async function forced({ page }) {
  await page.emulateMedia({ forcedColors: 'active' });
  const found = await page.evaluate((edged) => {
    /** @type {string[]} */
    const found = [];
    const isSeen = (/** @type {string} */ width, /** @type {string} */ colour) => Number.parseFloat(width) > 0 && !/^rgba\(.*, 0\)$|transparent/.test(colour);
    for (const it of document.querySelectorAll(edged)) {
      const { borderTopWidth, borderLeftWidth, borderTopColor, borderLeftColor } = getComputedStyle(it);
      const hasEdge = isSeen(borderTopWidth, borderTopColor) || isSeen(borderLeftWidth, borderLeftColor);
      const isShown = it.checkVisibility({ visibilityProperty: true }) && it.getBoundingClientRect().height > 0;
      if (!hasEdge && isShown) found.push(`forced colours: no edge: ${it.outerHTML.slice(0, 90)}`);
    }
    for (const it of document.querySelectorAll('svg.map circle, svg.plot path, svg.plot text, svg.bar path')) {
      const { fill, stroke } = getComputedStyle(it);
      const paper = getComputedStyle(/** @type {Element} */ (it.closest('svg'))).backgroundColor;
      const isDrawn = [fill, stroke].some((colour) => colour !== 'none' && colour !== paper);
      if (!isDrawn && !it.matches('.hole')) found.push(`forced colours: ${it.outerHTML.slice(0, 60)} on ${paper}`);
    }
    return found;
  }, EDGED);
  await page.emulateMedia({ forcedColors: null });
  return found;
}
