/* A phone that has lost its network: whoever taps is told, and loses nothing that was typed. */
(function () {
  'use strict';
  /* The inbox keeps answers until the network is back, and says so itself (inbox.js). */
  if (document.getElementById('unsent')) return;
  function say(why) {
    var place = document.getElementById('connection');
    if (!place) return;
    place.querySelector('span').textContent = why ? place.dataset[why] : '';
    place.hidden = !why;
  }
  function posted(event) {
    var form = event.target.closest && event.target.closest('form');
    return form && form.method === 'post' ? form : null;
  }

  /* Before anybody else hears of it: a form that cannot be sent stays as it is, its buttons too. */
  document.addEventListener('submit', function (event) {
    if (navigator.onLine || !posted(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say('offline');
  }, true);
  document.addEventListener('htmx:error', function (event) {
    var form = posted(event);
    if (!form) return;
    form.querySelectorAll('button:disabled:not([data-off])').forEach(function (button) { button.disabled = false; });
    say(navigator.onLine ? 'away' : 'offline');
  });
  document.addEventListener('htmx:after:swap', function () { if (navigator.onLine) say(''); });
  addEventListener('offline', function () { say('offline'); });
  addEventListener('online', function () { say(''); });
})();
