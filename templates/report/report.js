// What the reader can do with a report: theme, filters, unfolding, keys. Without it all can be read as well.
(() => {
  'use strict';
  const root = document.documentElement;
  const find = document.getElementById('find');
  const patches = () => [...document.querySelectorAll('.patch')];
  const details = (patch) => patch.querySelector('details');
  const seen = () => patches().filter((patch) => !patch.hidden);

  function keep(name, value) {
    try {
      if (value) localStorage.setItem(name, value);
      else localStorage.removeItem(name);
    } catch {
      // then it is as it was the next time
    }
  }

  function kept(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  }

  // -- theme

  const THEMES = ['system', 'light', 'dark'];

  function showTheme() {
    document.getElementById('theme-name').textContent = root.dataset.theme || 'system';
  }

  function nextTheme() {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme || 'system') + 1) % THEMES.length];
    if (next === 'system') delete root.dataset.theme;
    else root.dataset.theme = next;
    keep('credseries-theme', root.dataset.theme);
    showTheme();
  }

  document.getElementById('theme').addEventListener('click', nextTheme);
  showTheme();

  // -- which patches are shown

  let wanted = 'all';

  function filter() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const patch of patches()) {
      const text = patch.dataset.find.toLowerCase();
      const states = patch.dataset.states.split(' ');
      const shown = (wanted === 'all' || states.includes(wanted)) && words.every((word) => text.includes(word));
      patch.hidden = !shown;
      const link = document.querySelector(`#contents a[href="#${patch.id}"]`);
      if (link) link.parentElement.hidden = !shown;
      count += shown;
    }
    for (const button of document.querySelectorAll('[data-filter]'))
      button.setAttribute('aria-pressed', String(button.dataset.filter === wanted));
    document.getElementById('shown').textContent = `${count} of ${patches().length} patches shown`;
  }

  document.getElementById('patches').addEventListener('click', (event) => {
    const button = event.target.closest('[data-filter]');
    if (!button) return;
    wanted = button.dataset.filter;
    filter();
  });
  find.addEventListener('input', filter);
  document.addEventListener('report:changed', () => {
    if (!document.querySelector(`[data-filter="${wanted}"]`)) wanted = 'all';
    filter();
  });

  // -- unfolding

  const unfold = document.getElementById('unfold');

  function all() {
    const open = seen().some((patch) => !details(patch).open);
    for (const patch of seen()) details(patch).open = open;
    unfold.textContent = open ? 'Fold all' : 'Unfold all';
  }

  unfold.addEventListener('click', all);

  function reveal() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const patch = target.closest('.patch');
    if (patch && patch.hidden) {
      wanted = 'all';
      find.value = '';
      filter();
    }
    for (let at = target; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
    const own = target.matches('.patch') ? details(target) : null;
    if (own) own.open = true;
    target.scrollIntoView();
  }

  window.addEventListener('hashchange', reveal);
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.getAttribute('href') === location.hash) reveal();
  });

  // -- printing: everything, and then as it was

  let folded = [];
  window.addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')];
    for (const one of folded) one.open = true;
  });
  window.addEventListener('afterprint', () => {
    for (const one of folded) one.open = false;
    folded = [];
  });

  // -- what scrolls by itself can be scrolled with keys as well

  function scrollers() {
    for (const box of document.querySelectorAll('.scroll')) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute('tabindex');
    }
  }

  document.addEventListener('toggle', scrollers, true);
  window.addEventListener('resize', scrollers);

  // -- keys

  const keys = document.getElementById('keys-on');
  keys.checked = kept('credseries-keys') !== 'off';
  keys.addEventListener('change', () => keep('credseries-keys', keys.checked ? '' : 'off'));

  function summary(patch) {
    return patch.querySelector('summary');
  }

  function current() {
    const list = seen();
    const focused = document.activeElement?.closest('.patch');
    if (focused && list.includes(focused)) return list.indexOf(focused);
    return list.findIndex((patch) => patch.getBoundingClientRect().bottom > 80) - 1;
  }

  function step(by) {
    const list = seen();
    const focused = document.activeElement?.closest('.patch');
    const from = focused ? current() : by > 0 ? current() : current() + 1;
    const patch = list[Math.min(Math.max(from + by, 0), list.length - 1)];
    if (!patch) return;
    summary(patch).focus({ preventScroll: true });
    patch.scrollIntoView({ block: 'start' });
  }

  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    o: () => {
      const patch = document.activeElement?.closest('.patch');
      if (!patch) return;
      details(patch).open = !details(patch).open;
      summary(patch).focus();
    },
    e: all,
    t: nextTheme,
    '/': () => find.focus(),
    '?': () => {
      location.hash = '#keys';
    },
  };

  document.addEventListener('keydown', (event) => {
    if (!keys.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest('input:not([type=checkbox]), textarea, select')) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // -- beside the page the contents are always there, above it they are in the way

  const beside = window.matchMedia('(min-width: 100rem)');
  const unfoldContents = () => {
    document.querySelector('.contents > details').open = beside.matches;
  };
  beside.addEventListener('change', unfoldContents);
  unfoldContents();
  filter();
  reveal();
  scrollers();
})();
