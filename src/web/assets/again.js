// Tries again by itself when the time has come that the service named, unless it is told not to.

/** So many seconds late it is nobody's wish any more: a phone was away, somebody else is there. */
const LATE = 60;

for (const it of document.querySelectorAll('[data-again]')) {
  const part = /** @type {HTMLElement} */ (it), form = part.closest('form');
  const [said] = part.getElementsByTagName('p'), [stop] = part.getElementsByTagName('button');
  const seconds = new Intl.NumberFormat(document.documentElement.lang,
    { style: 'unit', unit: 'second', unitDisplay: 'long' });
  const wait = Number(part.dataset.again), due = Date.now() + wait * 1e3;
  let timer = 0;
  const end = () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', step);
    part.hidden = true;
  };
  const again = () => {
    end();
    if (!form) location.reload();
    else if (form.requestSubmit) form.requestSubmit();
    else form.submit();
  };
  const step = () => {
    clearTimeout(timer);
    // By the clock on the wall: timers stand still while a device sleeps.
    const left = Math.ceil((due - Date.now()) / 1e3);
    if (left < -LATE || left > wait) end();
    else if (left > 0) {
      said.textContent = (said.dataset.said ?? '').replace('{}', seconds.format(left));
      timer = setTimeout(step, 1e3);
    } else if (!document.hidden) again();
    // Whoever does not look is not in a hurry: it goes on when they do.
  };
  stop.onclick = end;
  // Whatever is pressed by hand is all that is sent, another form or a link too; and what somebody is
  // changing is theirs to send.
  document.addEventListener('submit', end);
  addEventListener('beforeunload', end);
  form?.addEventListener('input', end);
  document.addEventListener('visibilitychange', step);
  part.hidden = false;
  step();
}
