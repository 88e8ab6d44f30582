// Renews numbers, counts down, helps with forms. Pages work without it.

/** @typedef {HTMLElement & { dataset: { [name: string]: string } }} It */
/** @type {(what: string) => It[]} */
const all = (what) => [...document.querySelectorAll(/** @type {any} */ (what))];
const EVERY = 10, SLOWEST = 120; // s

/** The server's clock in ms. @type {() => number} */
let clock = () => 0;

/** @param {It} live */
function renew(live) {
  const [stop] = all('[data-stop]'), [status] = all('[data-status]');
  const ends = all('[data-until]');
  let wait = EVERY, timer = 0, isStopped = false;
  /** @param {number} seconds */
  const later = (seconds) => {
    clearTimeout(timer);
    if (!isStopped && !document.hidden) timer = setTimeout(look, seconds * 1e3);
  };
  async function look() {
    let asked = 0;
    try {
      const began = performance.now();
      const answer = await fetch(live.dataset.live, { cache: 'no-cache' });
      asked = Number(answer.headers.get('Retry-After')) || 0;
      if (!answer.ok) throw answer.status;
      const ended = performance.now();
      const sent = Date.parse(answer.headers.get('Date') ?? '') + 1e3 * Number(answer.headers.get('Age'));
      if (sent) {
        clock = () => sent + 500 + (ended - began) / 2 + performance.now() - ended;
        ends.forEach(count);
      }
      const news = await answer.json();
      for (const part of all('[data-key]')) {
        const text = news[part.dataset.key];
        if (typeof text === 'string' && text !== part.textContent) part.textContent = text;
      }
      if (status) status.textContent = (news.turn !== live.dataset.turn && status.dataset.status) || '';
      wait = EVERY;
    } catch {
      wait = Math.min(wait * 2, SLOWEST);
    }
    live.dataset.wait = `${wait}`;
    later(Math.max(wait, asked) * (1 + Math.random() / 4));
  }
  /** @type {Map<It, number>} */
  const counting = new Map();
  /** @param {It} end */
  function count(end) {
    const left = Math.ceil((Date.parse(end.dataset.until) - clock()) / 1e3);
    clearTimeout(counting.get(end));
    if (isStopped) return;
    if (left > 0) {
      end.textContent = end.dataset.left.replace('{}', words(left));
      counting.set(end, setTimeout(count, 1e3 * (left > 60 ? (left - 1) % 60 + 1 : 1), end));
    } else {
      end.textContent = end.dataset.over;
      if (left > -5) later(1 + Math.random() * 5); // Not all at once.
    }
  }
  if (stop) {
    stop.hidden = false;
    stop.onclick = () => {
      isStopped = !isStopped;
      [stop.textContent, stop.dataset.stop] = [stop.dataset.stop, stop.textContent ?? ''];
      later(0);
    };
  }
  document.addEventListener('visibilitychange', () => later(1));
  later(ends.length ? 3 * Math.random() : wait);
}

/** @param {number} seconds */
export function words(seconds) {
  const minutes = Math.ceil(seconds / 60);
  /** @type {[string, number][]} */
  const parts = seconds <= 60 ? [['second', seconds]]
    : [['day', Math.floor(minutes / 1440)], ['hour', Math.floor(minutes / 60) % 24], ['minute', minutes % 60]];
  return parts.filter(([, n]) => n).map(([unit, n]) => new Intl.NumberFormat(document.documentElement.lang,
    { style: 'unit', unit, unitDisplay: 'long' }).format(n)).join(' ');
}

all('[data-live]').forEach(renew);

// Kept for Back: who it was may have signed out.
addEventListener('pageshow', ({ persisted }) => {
  document.body.hidden = persisted;
  if (persisted) location.reload();
});

// A second press within a second is not sent.
document.addEventListener('submit', (event) => {
  const form = /** @type {any} */ (event.target);
  if (event.timeStamp - Number(form.dataset.sent ?? -1e3) < 1e3) event.preventDefault();
  else form.dataset.sent = event.timeStamp;
});

// When pressed, to a kilometre.
for (const near of all('[data-near]')) {
  near.hidden = !navigator.geolocation;
  near.onclick = () => navigator.geolocation.getCurrentPosition(({ coords }) => {
    location.href = `${near.dataset.near}near=${coords.latitude.toFixed(2)},${coords.longitude.toFixed(2)}`;
  }, () => { near.textContent = near.dataset.denied; });
}
