// What must hold for whatever the service answers to a browser. Every response of every story is
// held against it.

/** The paths of pages that everybody may see: caches may keep them for a second. */
const PUBLIC = [/^\/(ko|en)?$/, /^\/(ko|en)\/now$/, /^\/(ko|en)\/campaigns\/\d+(\/now)?$/, /^\/(ko|en)\/style$/];
const HEADERS = {
  'x-content-type-options': /^nosniff$/,
  // `no-referrer` makes browsers send `Origin: null` with our own forms.
  'referrer-policy': /^same-origin$/,
  'content-security-policy': /^default-src 'none';(?!.*unsafe).*frame-ancestors 'none'/,
  'cross-origin-opener-policy': /^same-origin$/,
};

/**
 * @typedef {{ path: string, kind: string, status: number, headers: Record<string, string> }} Seen
 * A response: the kind is the browser's (`document`, `stylesheet`, `fetch` and so on).
 */

/** What is wrong with a response. @param {Seen} seen @returns {string[]} */
export function faults(seen) {
  const found = [];
  if (seen.status >= 500) found.push(`status: ${seen.status} for ${seen.path}`);
  if (seen.kind !== 'document' && seen.status >= 400) {
    found.push(`status: ${seen.status} for ${seen.path}, which a page asks for`);
  }
  const cache = seen.headers['cache-control'] ?? '';
  const wanted = caching(seen);
  // Which language `/` is in depends on who asks, and on nothing else of them.
  if (seen.path === '/' && !/accept-language/i.test(seen.headers['vary'] ?? '')) {
    found.push('vary: / may be kept for somebody with another language');
  }
  if (!wanted.test(cache)) found.push(`cache: ${seen.path} says "${cache}", not ${wanted}`);
  if (seen.kind === 'document' && seen.status !== 303) {
    for (const [name, good] of Object.entries(HEADERS)) {
      const value = seen.headers[name] ?? '';
      if (!good.test(value)) found.push(`header: ${name} of ${seen.path} is "${value}"`);
    }
  }
  return found;
}

/** @param {Seen} seen */
function caching({ path, status }) {
  if (path.startsWith('/assets/')) return /^public, max-age=31536000, immutable$/;
  const isShown = status === 200 || status === 304;
  // Each browser keeps its own, and asks each time whether it is still so; that somebody is led away
  // to sign in is kept by none.
  if (/^\/(ko|en)\/(clinic|admin)\/.*now$/.test(path) && isShown) return /^private, no-cache$/;
  const isPublic = PUBLIC.some((page) => page.test(path)) || path.startsWith('/v1/');
  if (isPublic && isShown) return /^public, max-age=1\b/;
  return /^no-store$/;
}

/** What of a person may stand in no address. @param {string} url @param {string[]} secrets */
export function personal(url, secrets) {
  const plain = decodeURIComponent(url.replaceAll('+', ' '));
  return secrets.filter((secret) => plain.includes(secret));
}
