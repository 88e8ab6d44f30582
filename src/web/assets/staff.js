// Helps on pages for staff. Each of them works without it.

/** @typedef {HTMLElement & { dataset: { [name: string]: string } }} It */
/** @type {(what: string, of?: ParentNode) => It[]} */
const all = (what, of = document) => [...of.querySelectorAll(/** @type {any} */ (what))];

// An invitation stands behind the # of its address, which is sent to nobody: into the form with it.
const token = /** @type {any} */ (document.getElementById('token'));
if (token && location.hash.length > 20) {
  token.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, '', location.pathname);
  document.getElementById('password')?.focus();
}

/**
 * Takes the parts that renew out of the page as it is at this moment. Where somebody is within
 * such a part, they stay there.
 * @param {It} live
 */
function renew(live) {
  const request = new XMLHttpRequest();
  request.open('GET', location.href);
  request.responseType = 'document';
  request.timeout = 8e3;
  request.onload = () => {
    const page = request.responseXML;
    const turn = page && all('[data-live]', page)[0]?.dataset.turn;
    if (!page || !turn || request.status !== 200) return;
    const at = /** @type {It} */ (document.activeElement);
    for (const old of all('[data-renew]')) {
      const part = page.getElementById(old.id);
      if (part) old.replaceWith(document.adoptNode(part));
    }
    live.dataset.turn = turn;
    for (const status of all('[data-status]')) status.textContent = '';
    if (at && !at.isConnected && at.id) document.getElementById(at.id)?.focus({ preventScroll: true });
  };
  request.send();
}

// live.js says that something has changed; here that is shown at once.
const [live] = all('[data-live]'), [status] = all('[data-status]');
if (live && status && all('[data-renew]').length) {
  new MutationObserver(() => { if (status.textContent) renew(live); })
    .observe(status, { childList: true, characterData: true, subtree: true });
}

// While looks fail, live.js waits longer for the next one than this many seconds.
const USUAL = 10, [stale] = all('[data-stale]');
if (live && stale) {
  new MutationObserver(async () => {
    const isStale = Number(live.dataset.wait) > USUAL;
    stale.textContent = isStale ? stale.dataset.stale : '';
    // Whoever is not signed in any more is led away from here: nothing goes on by itself for them.
    const page = isStale && await fetch(location.href, { redirect: 'manual' }).catch(() => null);
    if (page && page.type === 'opaqueredirect') stale.textContent = stale.dataset.over;
  }).observe(live, { attributeFilter: ['data-wait'] });
}

// Whatever a scanner types goes into its field, wherever the focus is; never out of a field for text.
// On a box or a button, the scanner's Enter would press it for the person before.
const field = /** @type {any} */ (document.querySelector('[data-scan]'));
if (field) {
  addEventListener('keydown', (event) => {
    const at = /** @type {any} */ (event.target);
    const isFree = !at?.matches?.('input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]');
    if (isFree && /^[0-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      field.focus();
      field.select();
    }
  });
}

for (const button of all('[data-print]')) {
  button.hidden = false;
  button.onclick = () => print();
}

// The camera reads the code of a booking, where the browser can do that by itself.
/** @param {It} button */
async function read(button) {
  const video = document.createElement('video');
  video.muted = video.playsInline = true;
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  } catch {
    button.textContent = button.dataset.denied;
    return;
  }
  const form = /** @type {HTMLFormElement} */ (button.closest('form'));
  const detector = new /** @type {any} */ (globalThis).BarcodeDetector();
  const stop = () => {
    /** @type {MediaStream} */ (video.srcObject).getTracks().forEach((track) => { track.stop(); });
    video.remove();
    button.hidden = false;
  };
  form.append(video);
  button.hidden = true;
  video.onclick = stop;
  await video.play();
  const look = async () => {
    if (!video.isConnected) return;
    const [code] = await detector.detect(video).catch(() => []);
    if (!code) return void setTimeout(look, 150);
    stop();
    field.value = code.rawValue;
    form.requestSubmit();
  };
  look();
}
for (const button of all('[data-camera]')) {
  button.hidden = !('BarcodeDetector' in globalThis && navigator.mediaDevices);
  button.onclick = () => void read(button);
}
