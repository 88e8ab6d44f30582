// A page that is wrong on purpose, and the same page without its faults: each check can fail.

import { createServer } from 'node:http';
import { examine } from '../examine.mjs';
import { space, tab } from '../walk.mjs';

const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const page = (/** @type {string} */ lang, /** @type {string} */ head, /** @type {string} */ main) =>
  `<!doctype html><html${lang}><head><meta charset="utf-8"><title>Control</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="/assets/icon.svg">${head}</head>
<body><main><h1>Control</h1>${main}</main></body></html>`;

const RIGHT = page(' lang="en"', '<script src="/assets/right.js" type="module"></script>', '<p>Text with <a href="/en/right">a link</a>.</p>');
const WRONG = page(
  '',
  '<script src="/assets/wrong.js" type="module"></script><link rel="stylesheet" href="/assets/wrong.css"><noscript><meta http-equiv="refresh" content="30"></noscript>',
  `<h1>Again</h1><p style="color:#ddd">Pale</p><div id="wide"><a href="/small">small</a></div>
<input name="unlabelled"><img src="http://localhost:9/foreign.png"><p class="nowhere"onclick="1">Script</p>
<p><a id="mute" href="/mute">No ring</a></p><p><a id="under" href="/under">Covered</a></p><p id="cut">Cut off</p>
<div id="errors"><a href="#cause">Write something here.</a> <a href="#gone">It is gone.</a></div><label for="cause">Cause</label><input id="cause">
<button class="tiny">a</button><button class="tiny">b</button>
<svg width="20" height="20" role="img" aria-label="x"><text fill="#888">9</text></svg>`,
);
/** @type {Record<string, { type: string, body: string, headers?: Record<string, string>, status?: number }>} */
const FILES = {
  '/en/right': { type: 'text/html', body: RIGHT },
  '/en/wrong': { type: 'text/html', body: WRONG, headers: { 'cache-control': 'public, max-age=60', 'referrer-policy': 'no-referrer' } },
  '/assets/right.js': { type: 'text/javascript', body: '' },
  '/assets/wrong.js': {
    type: 'text/javascript',
    body: `console.error("on purpose");
Promise.all([fetch("/broken"), fetch("/en/person?name=" + encodeURIComponent("홍길동"))]).then(() => document.body.id = "done");
document.querySelector("#wide").animate([{ minWidth: "500px" }, { minWidth: "500px" }], { duration: 1, fill: "forwards" });
setTimeout(() => { throw new Error("thrown on purpose") });`,
  },
  '/assets/wrong.css': {
    type: 'text/css',
    body: `.tiny{width:10px;height:10px;padding:0;border:0} #mute:focus{outline:none} #cut{overflow:hidden;width:3rem;height:1.2rem;white-space:nowrap}
#under{position:absolute;z-index:-1} p:has(#under){height:3rem;background:#fff;position:relative;z-index:0}
p:has(#under)::after{content:"";position:absolute;inset:0;background:#eee}`,
  },
  '/assets/icon.svg': { type: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg"/>' },
  '/broken': { type: 'text/plain', body: 'no', status: 500 },
  '/en/person': { type: 'text/plain', body: 'yes' },
};

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://control');
  const file = FILES[pathname] ?? { type: 'text/plain', body: 'no', status: 404 };
  response.writeHead(file.status ?? 200, {
    'content-type': `${file.type}; charset=utf-8`,
    'content-security-policy': POLICY,
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-store',
    ...file.headers,
  });
  response.end(file.body);
});

/** What must be seen on the wrong page, each by its own check. */
const SEEN = [
  /^console: on purpose/,
  /^console: .*thrown on purpose/,
  /^csp: /,
  /^foreign: http:\/\/localhost:9\//,
  /^cache: \/en\/wrong /,
  /^header: referrer-policy/,
  /^status: 500 for \/broken/,
  /^personal: 홍길동 in /,
  /^axe: html-has-lang /,
  /^axe: label /,
  /^axe: image-alt /,
  /^axe: target-size /,
  /^overflow: 5\d\d px wide at 320/,
  /^target: .*small/,
  /^refresh: /,
  /^summary: an entry does not name its field: .*Write something here/,
  /^summary: an entry leads nowhere: .*It is gone/,
  /^style: /,
  /^script: /,
  /^heading: /,
  /^markup: /,
  /^class: .*nowhere/,
  /^focus: .*No ring does not look/,
  /^focus: .*Covered has the focus and cannot be seen/,
  /^spacing: cut off: .*cut/,
];

/** @type {import('../tell.mjs').Story[]} */
export const stories = [
  {
    name: 'a page that is wrong on purpose fails every check, and one that is right none',
    async run(stage) {
      await new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(null)));
      const address = server.address();
      const url = `http://127.0.0.1:${typeof address === 'object' && address?.port}`;
      try {
        const right = await stage.visitor({ address: url });
        await right.open('/en/right');
        const none = [...(await examine(right)), ...(await tab(right)).found, ...(await space(right))];
        if (none.length) throw new Error(`the right page: ${none.join('\n')}`);

        const wrong = await stage.visitor({ address: url, secrets: ['홍길동'] });
        await wrong.open('/en/wrong');
        await wrong.page.locator('#done').waitFor();
        const found = [
          ...(await examine(wrong)),
          ...(await tab(wrong)).found,
          ...(await space(wrong)),
          ...wrong.found,
        ];
        const unseen = SEEN.filter((what) => !found.some((fault) => what.test(fault)));
        wrong.found = [];
        if (unseen.length) throw new Error(`not seen: ${unseen.join(', ')}\nseen:\n${found.join('\n')}`);
        return `${found.length} faults seen`;
      } finally {
        server.close();
        server.closeAllConnections();
      }
    },
  },
];
