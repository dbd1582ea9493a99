// Follows `credseries report --serve`: takes over what has changed, and leaves alone what the reader has done: what is
// unfolded, filtered and focused stays, and so does the place in the page.
(() => {
  'use strict';
  const served = document.querySelector('meta[name="live"]');
  if (!served) return; // a file, which nobody changes

  const AGAIN = 2000; // milliseconds
  // what the reader or the page's own script sets, and no news takes back
  const KEPT = new Set(['open', 'hidden', 'style', 'tabindex', 'aria-expanded', 'aria-pressed', 'aria-selected']);
  let version = served.content;
  let source = null;
  let timer = 0;
  let ended = false;

  function say(state, text) {
    document.documentElement.dataset.live = state;
    const place = document.getElementById('live-state');
    if (place && place.textContent !== text) place.textContent = text;
  }

  // -- taking over

  function sameKind(one, other) {
    return one.nodeType === other.nodeType && one.nodeName === other.nodeName && (one.id || '') === (other.id || '');
  }

  function takeAttributes(element, wanted) {
    for (const { name } of [...element.attributes])
      if (!KEPT.has(name) && !wanted.hasAttribute(name)) element.removeAttribute(name);
    for (const { name, value } of wanted.attributes)
      if (!KEPT.has(name) && element.getAttribute(name) !== value) element.setAttribute(name, value);
  }

  function take(node, wanted) {
    if (node.isEqualNode(wanted)) return;
    if (node.nodeType !== Node.ELEMENT_NODE) {
      node.nodeValue = wanted.nodeValue;
      return;
    }
    takeAttributes(node, wanted);
    const ids = new Set([...wanted.children].map((child) => child.id).filter(Boolean));
    let at = node.firstChild;
    for (const child of [...wanted.childNodes]) {
      // what is not wanted any more goes, unless it is wanted further down
      while (at && !sameKind(at, child) && !(at.id && ids.has(at.id))) {
        const gone = at;
        at = at.nextSibling;
        gone.remove();
      }
      const elsewhere = child.id ? [...node.children].find((one) => one.id === child.id) : null;
      if (at && sameKind(at, child)) {
        const here = at;
        at = at.nextSibling;
        take(here, child);
      } else if (elsewhere && sameKind(elsewhere, child)) {
        node.insertBefore(elsewhere, at);
        take(elsewhere, child);
      } else {
        node.insertBefore(document.importNode(child, true), at);
      }
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  function read(text) {
    return new DOMParser().parseFromString(text, 'text/html').body.firstElementChild;
  }

  function mark(element) {
    element.classList.remove('just-changed');
    void element.offsetWidth; // starts the animation again
    element.classList.add('just-changed');
  }

  function heard(news) {
    if (news.anew) {
      location.reload();
      return;
    }
    for (const [id, text] of Object.entries(news.parts)) {
      const element = document.getElementById(id);
      const wanted = read(text);
      if (!element || !wanted || wanted.id !== id) {
        location.reload();
        return;
      }
      take(element, wanted);
      mark(element);
    }
    const time = new Date().toLocaleTimeString();
    say(news.trouble ? 'stale' : 'live', news.trouble ? `not up to date: ${news.trouble}` : `updated ${time}`);
    document.dispatchEvent(new CustomEvent('report:changed'));
  }

  // -- listening

  function listen() {
    clearTimeout(timer);
    if (source || ended || document.hidden) return;
    source = new EventSource(`events?since=${version}`);
    source.addEventListener('open', () => say('live', 'live'));
    source.addEventListener('news', (event) => {
      version = event.lastEventId;
      heard(JSON.parse(event.data));
    });
    source.addEventListener('end', () => {
      ended = true;
      hush();
      say('ended', 'serving has ended: this is how it was then');
    });
    source.addEventListener('error', () => {
      hush();
      say('lost', 'not connected');
      timer = setTimeout(listen, AGAIN);
    });
  }

  function hush() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  // A browser keeps only six connections to a server: who does not look needs none, and catches up when he does.
  document.addEventListener('visibilitychange', () => (document.hidden ? hush() : listen()));
  listen();
})();
