// Tries again by itself when the time has come that the service named, unless it is told not to.

for (const it of document.querySelectorAll('[data-again]')) {
  const part = /** @type {HTMLElement} */ (it);
  const [said] = part.getElementsByTagName('p'), [stop] = part.getElementsByTagName('button');
  const seconds = new Intl.NumberFormat(document.documentElement.lang,
    { style: 'unit', unit: 'second', unitDisplay: 'long' });
  let left = Number(part.dataset.again), timer = 0;
  const again = () => {
    const form = part.closest('form');
    if (form) form.requestSubmit();
    else location.reload();
  };
  const step = () => {
    said.textContent = (said.dataset.said ?? '').replace('{}', seconds.format(left));
    if (left > 0) timer = setTimeout(step, 1e3);
    // Whoever does not look is not in a hurry.
    else if (document.hidden) document.addEventListener('visibilitychange', again, { once: true });
    else again();
    left -= 1;
  };
  stop.onclick = () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', again);
    part.hidden = true;
  };
  part.hidden = false;
  step();
}
