// Goes through a page as people do who have no mouse, who space their text, who print.

/** @typedef {import('./visitor.mjs').Visitor} Visitor */

/** Stops that a page may have; more is a page nobody gets through by keyboard. */
const STOPS_MAX = 150;

/**
 * Presses Tab from the top of the page until it has been everywhere.
 * @param {Visitor} visitor
 * @returns {Promise<{ stops: string[], found: string[] }>} what had the focus, and what was wrong
 */
export async function tab(visitor) {
  const { page } = visitor;
  /** @type {string[]} */
  const found = [];
  /** @type {string[]} */
  const stops = [];
  let lowest = -1;
  await page.evaluate(() => {
    // Where the next Tab begins: a page may have given the focus to its first field.
    const top = document.body.insertBefore(document.createElement('span'), document.body.firstChild);
    top.tabIndex = -1;
    top.focus();
    top.remove();
    getSelection()?.removeAllRanges();
    scrollTo(0, 0);
  });
  while (stops.length < STOPS_MAX) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(look);
    // Past the end it leaves the page, or begins again.
    if (!stop || stop.name === stops[0]) break;
    stops.push(stop.name);
    if (!stop.isSeen) found.push(`focus: ${stop.name} has the focus and cannot be seen`);
    if (!stop.isMarked) found.push(`focus: ${stop.name} does not look as if it had the focus`);
    // Columns beside each other may go up again, by less than a screen.
    if (stop.top < lowest - 640) found.push(`focus: ${stop.name} is far above what had it before`);
    lowest = stop.top;
  }
  if (stops.length === STOPS_MAX) found.push(`focus: more than ${STOPS_MAX} stops`);
  return { stops, found };
}

/** What has the focus; nothing when it has left the page. Runs in the page. */
function look() {
  const it = document.activeElement;
  if (!it || it === document.body || document.documentElement === it) return null;
  // A link that goes over two lines is looked for in its first.
  const box = it.getClientRects()[0] ?? it.getBoundingClientRect();
  const { outlineStyle, outlineWidth } = getComputedStyle(it);
  const within = (/** @type {number} */ x, /** @type {number} */ y) => {
    const top = document.elementFromPoint(x, y);
    return Boolean(top && it.contains(top));
  };
  // Of a table that is longer than the screen, what is on it.
  const x = Math.max(box.left, 0) + Math.min(box.width / 2, 40);
  const y = Math.max(box.top, 0) + Math.min((Math.min(box.bottom, innerHeight) - Math.max(box.top, 0)) / 2, 24);
  return {
    name: `<${it.localName}> ${(it.textContent || it.getAttribute('aria-label') || it.id).trim().replaceAll(/\s+/g, ' ').slice(0, 50)}`,
    top: box.top + scrollY,
    isSeen: box.width > 0 && box.height > 0 && within(x, y),
    isMarked: outlineStyle === 'auto' || (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2),
  };
}

/**
 * WCAG 1.4.12: lines of 1.5, paragraphs of 2, letters 0.12 and words 0.16 apart.
 * @param {Visitor} visitor
 * @returns {Promise<string[]>} what was wrong
 */
export async function space({ page }) {
  return page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      '*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}' +
        'p{margin-bottom:2em!important}',
    );
    document.adoptedStyleSheets = [sheet];
    /** @type {string[]} */
    const found = [];
    for (const it of document.querySelectorAll('body *')) {
      const { overflowX, overflowY, position } = getComputedStyle(it);
      const isCut =
        (overflowX === 'hidden' && it.scrollWidth > it.clientWidth + 1) ||
        (overflowY === 'hidden' && it.scrollHeight > it.clientHeight + 1);
      // What only screen readers read is cut on purpose.
      const isHidden = it.matches('.hidden') || (position === 'absolute' && it.clientWidth <= 1);
      if (isCut && !isHidden && it.textContent?.trim()) found.push(`spacing: cut off: ${it.outerHTML.slice(0, 90)}`);
    }
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) found.push(`spacing: ${scrollWidth} px wide at ${innerWidth}`);
    document.adoptedStyleSheets = [];
    return found;
  });
}
