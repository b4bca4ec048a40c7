/* The inbox: clocks that run, J and K, answers that outlive a bad connection. */
(function () {
  'use strict';
  var STORE = 'nurture.unsent', WORDS = 'nurture.typed:', loaded = performance.now();

  function two(n) { return (n < 10 ? '0' : '') + n; }
  function said(left) {
    var late = left < 0, s = Math.abs(Math.round(left));
    var words = s >= 3600 ? Math.floor(s / 3600) + (document.documentElement.lang === 'ru' ? ' ч ' : 'h') + two(Math.floor(s % 3600 / 60)) : Math.floor(s / 60) + ':' + two(s % 60);
    return (late ? '+' : '') + words;
  }
  function tick() {
    var gone = (performance.now() - loaded) / 1000;
    document.querySelectorAll('.clock[data-left]').forEach(function (clock) {
      var left = clock.dataset.left - gone, part = Math.min(1, Math.max(0, left / clock.dataset.of));
      clock.querySelector('b').textContent = said(left);
      clock.querySelector('.run').setAttribute('stroke-dasharray', (125.66 * part).toFixed(1) + ' 125.66');
      clock.classList.toggle('late', left < 0);
      clock.classList.toggle('soon', left >= 0 && left < clock.dataset.soon);
    });
  }
  tick();
  setInterval(tick, 1000);

  document.addEventListener('keydown', function (event) {
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    var step = { j: 1, k: -1 }[event.key];
    if (!step || document.querySelector('[popover]:popover-open')) return;
    var all = [].slice.call(document.querySelectorAll('.ib')), at = all.findIndex(function (one) { return one.hasAttribute('aria-current'); });
    var next = all[at + step];
    if (next) { event.preventDefault(); location.assign(next.href); }
  });

  /* What is typed is kept on the device until it has been sent. */
  function key(form) { return WORDS + form.action + '#' + form.dataset.keep; }
  function fields(form) { return [].filter.call(form.elements, function (one) { return one.name && one.name !== 'csrf_token' && one.type !== 'hidden' && one.type !== 'submit'; }); }
  function read(name) { try { return JSON.parse(localStorage.getItem(name)) || null; } catch (fault) { return null; } }
  function write(name, value) { try { localStorage.setItem(name, JSON.stringify(value)); } catch (fault) { return false; } return true; }
  document.querySelectorAll('form[data-keep]').forEach(function (form) {
    var typed = read(key(form));
    if (typed) fields(form).forEach(function (one) { if (typed[one.name] && !one.value) one.value = typed[one.name]; });
    form.addEventListener('input', function () {
      var now = {};
      fields(form).forEach(function (one) { if (one.value) now[one.name] = one.value; });
      write(key(form), now);
    });
  });

  function unsent() { return read(STORE) || []; }
  function show() {
    var banner = document.getElementById('unsent'), waiting = unsent().length;
    if (!banner) return;
    banner.hidden = !waiting;
    if (waiting) { var words = banner.querySelector('span'); words.textContent = waiting === 1 ? words.dataset.one : words.dataset.many; }
  }
  function keep(answer) { return write(STORE, unsent().concat([answer])); }
  function drop(answer) { write(STORE, unsent().filter(function (one) { return one.id !== answer.id; })); show(); }

  /* The page may be old by the time it is sent: the token that guards it is asked for anew. */
  function fresh() {
    return fetch(location.pathname, { credentials: 'same-origin' }).then(function (reply) { return reply.text(); }).then(function (text) {
      var page = new DOMParser().parseFromString(text, 'text/html'), meta = page.querySelector('meta[name="csrf"]');
      if (!meta) throw new Error('signed out');
      return meta.content;
    });
  }
  function post(url, body) { return fetch(url, { method: 'POST', credentials: 'same-origin', headers: { 'HX-Request': 'true' }, body: body }); }
  function onward(reply) { return reply.headers.get('HX-Redirect'); }
  function send(answer) {
    return fresh().then(function (token) {
      var body = new URLSearchParams(answer.body);
      body.set('csrf_token', token);
      return post(answer.url, body);
    });
  }
  var sending = false;
  function sendAll() {
    var answer = unsent()[0];
    if (!answer || sending) return;
    sending = true;
    send(answer).then(function (reply) {
      sending = false;
      if (reply.status >= 500) return;
      drop(answer);
      if (unsent().length) sendAll(); else location.assign(onward(reply) || answer.page);
    }, function () { sending = false; });
  }
  document.addEventListener('submit', function (event) {
    var form = event.target;
    if (!form.dataset.keep || event.defaultPrevented) return;
    event.preventDefault();
    var body = new FormData(form, event.submitter), answer = { id: Date.now() + ':' + Math.random(), url: form.action, page: location.href, body: new URLSearchParams(body).toString() };
    post(form.action, new URLSearchParams(body)).then(function (reply) {
      if (reply.status >= 500) throw new Error('the server is busy');
      localStorage.removeItem(key(form));
      if (onward(reply)) { location.assign(onward(reply)); return null; }
      return reply.text().then(function (text) { document.open(); document.write(text); document.close(); });
    }).catch(function () {
      if (!keep(answer)) { form.submit(); return; }
      localStorage.removeItem(key(form));
      [].forEach.call(document.querySelectorAll('[popover]:popover-open'), function (one) { one.hidePopover(); });
      [].forEach.call(form.querySelectorAll('button'), function (one) { one.disabled = false; });
      show();
    });
  });
  var again = document.querySelector('#unsent button');
  if (again) again.addEventListener('click', sendAll);
  addEventListener('online', sendAll);
  setInterval(sendAll, 15000);
  show();
  sendAll();
})();
