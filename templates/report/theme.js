// Before anything is drawn: the theme that the reader has chosen, and a word for the style that scripts run.
(() => {
  'use strict';
  const root = document.documentElement;
  root.classList.replace('plain', 'live-page');
  try {
    const theme = localStorage.getItem('credseries-theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  } catch {
    // a browser that keeps nothing for files: as the system has it
  }
})();
