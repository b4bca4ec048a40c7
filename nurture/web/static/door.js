/* The door of an event without network: taps are kept on the phone, with their time, and sent when it is back;
   names are found among the guests that the page has brought along. */
(function () {
  'use strict';
  var door = document.getElementById('door'), find = document.querySelector('.door-find'), banner = document.getElementById('unsent');
  if (!door || !banner) return;
  var STORE = 'nurture.door:' + door.dataset.door, whole = null, sending = false, away = false;

  function kept() { try { return JSON.parse(localStorage.getItem(STORE)) || []; } catch (fault) { return []; } }
  function write(taps) { try { localStorage.setItem(STORE, JSON.stringify(taps)); return true; } catch (fault) { return false; } }
  function show() {
    var waiting = kept().length, words = banner.querySelector('span');
    banner.hidden = !waiting && !away && navigator.onLine;
    words.textContent = waiting ? (waiting === 1 ? words.dataset.one : words.dataset.many.replace('#', waiting)) : words.dataset.away;
    banner.querySelector('button').hidden = !waiting;
  }

  /* What was tapped stands in the list at once. */
  function mark() {
    kept().forEach(function (tap) {
      var form = [].find.call(door.querySelectorAll('form'), function (one) { return one.action === tap.url; });
      if (!form) return;
      var row = form.closest('li'), came = tap.act === 'check_in';
      row.classList.toggle('there', came);
      row.classList.add('waits');
      form.elements.do.value = came ? 'undo' : 'check_in';
      var button = form.querySelector('button');
      button.disabled = false;
      button.lastChild.textContent = came ? door.dataset.undo : door.dataset.there;
      button.classList.toggle('btn-primary', !came);
      button.classList.toggle('btn-quiet', came);
    });
  }
  function look() {
    if (!whole || (navigator.onLine && !away)) return;
    var words = find.value.toLowerCase().trim();
    door.innerHTML = whole;
    door.querySelectorAll('li').forEach(function (row) { row.hidden = row.textContent.toLowerCase().indexOf(words) < 0; });
    mark();
  }

  /* The last word about a guest counts: two taps of one kind are one. */
  function keep(form) {
    var taps = kept().filter(function (tap) { return tap.url !== form.action; });
    taps.push({ url: form.action, act: form.elements.do.value, at: Date.now() });
    if (!write(taps)) return;
    mark();
    show();
  }
  document.addEventListener('submit', function (event) {
    if (!door.contains(event.target) || (navigator.onLine && !away)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    keep(event.target);
  }, true);
  document.addEventListener('htmx:error', function (event) {
    away = true;
    var form = event.target.closest && event.target.closest('#door form');
    if (form) keep(form);
    show();
  });
  document.addEventListener('htmx:after:swap', function () { if (navigator.onLine) { away = false; mark(); show(); } });
  find.addEventListener('input', look);

  function fetched(url) {
    return fetch(url, { credentials: 'same-origin' }).then(function (reply) {
      if (!reply.ok || reply.redirected) throw new Error('away');
      return reply.text();
    });
  }
  function fresh() {
    return fetched(location.pathname).then(function (text) {
      return new DOMParser().parseFromString(text, 'text/html').querySelector('meta[name="csrf"]').content;
    });
  }
  function send(tap, token) {
    var body = new URLSearchParams({ csrf_token: token, do: tap.act, at: tap.at });
    return fetch(tap.url, { method: 'POST', credentials: 'same-origin', headers: { 'HX-Request': 'true' }, body: body });
  }
  function sendAll() {
    if (sending || !kept().length || !navigator.onLine) return;
    sending = true;
    fresh().then(function (token) {
      return kept().reduce(function (before, tap) {
        return before.then(function () { return send(tap, token); }).then(function (reply) {
          if (reply.status >= 500) throw new Error('the server is busy');
          write(kept().filter(function (one) { return one.url !== tap.url || one.at !== tap.at; }));
        });
      }, Promise.resolve());
    }).then(function () { sending = away = false; show(); bring(); }, function () { sending = false; show(); });
  }
  /* All guests, for when the network goes. */
  function bring() {
    fetched(location.pathname + '?all=1').then(function (text) { whole = text; look(); }, function () { away = true; show(); });
  }
  banner.querySelector('button').addEventListener('click', sendAll);
  addEventListener('online', function () { away = false; sendAll(); show(); });
  addEventListener('offline', function () { show(); look(); });
  setInterval(sendAll, 10000);
  mark();
  show();
  sendAll();
  bring();
})();
