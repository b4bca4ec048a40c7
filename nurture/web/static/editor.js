/* The editor of a draft: every change is saved as it is made, the outline answers to the keyboard, and the
   page is drawn anew around whatever is being typed. Without it the same forms work by their buttons. */
(function () {
  'use strict';
  var busy = false, again = null, typing = 0, pending = null;

  function editor() { return document.getElementById('editor'); }

  function say(sentence) {
    var place = document.getElementById('ed-said');
    if (place) place.innerHTML = sentence;
  }

  function written(form) { return new URLSearchParams(new FormData(form)).toString().replace(/(^|&)(revision|csrf_token)=[^&]*/g, ''); }

  function remember() { document.querySelectorAll('form[data-autosave]').forEach(function (form) { form.dataset.was = written(form); }); }

  /* What the server drew takes the place of what is there; a form that is being filled in stays as it is. */
  function take(page, keep) {
    var fresh = page.getElementById('editor'), now = editor();
    if (!fresh) return false;
    if (keep) {
      ['ed-outline', 'cv-data', 'ed-faults', 'ed-elsewhere', 'ed-state', 'ed-kept', 'ed-undo'].forEach(function (id) {
        var old = document.getElementById(id), one = page.getElementById(id);
        if (old && one) old.replaceWith(document.importNode(one, true));
      });
      now.dataset.revision = fresh.dataset.revision;
    } else {
      var room = document.getElementById('cv-room');
      now.replaceWith(document.importNode(fresh, true));
      stay(room);
      var banner = page.querySelector('#main > .banner'), mine = document.querySelector('#main > .banner');
      if (mine) mine.remove();
      if (banner) document.getElementById('main').prepend(document.importNode(banner, true));
    }
    document.querySelectorAll('#editor input[name="revision"]').forEach(function (one) { one.value = editor().dataset.revision; });
    document.dispatchEvent(new Event('conditions-here'));
    say('');
    return true;
  }

  /* The drawing of a canvas stays and is told what has changed: it would lose the place one looks at. */
  function stay(room) {
    var fresh = document.getElementById('cv-room');
    if (!room || !fresh) return;
    [].forEach.call(fresh.attributes, function (one) { room.setAttribute(one.name, one.value); });
    fresh.replaceWith(room);
  }

  /* One after the other: what is asked for meanwhile waits, and what was typed goes first. */
  function send(form, button, keep, then) {
    if (busy) { again = [form, button, keep, then]; return; }
    if (pending && pending !== form && unsaved()) { again = [form, button, keep, then]; form = pending; button = null; keep = true; then = null; }
    if (pending === form) clearTimeout(typing);
    busy = true;
    var body = new FormData(form), sent = written(form);
    if (button && button.name) body.set(button.name, button.value);
    fetch(form.action, { method: 'POST', body: new URLSearchParams(body), credentials: 'same-origin', headers: { 'X-Editor': '1' } })
      .then(function (answer) { return answer.text().then(function (text) { return [answer, text]; }); })
      .then(function (both) {
        var page = new DOMParser().parseFromString(both[1], 'text/html');
        if (!both[0].ok) { form.dataset.refused = sent; var fault = page.querySelector('.banner-bad, .fault'); say(fault ? fault.outerHTML : ''); return; }
        if (!take(page, keep)) { location.assign(both[0].url); return; }
        if (keep) { form.dataset.was = sent; look(form); if (unsaved()) autosave(pending, 300); } else { moved(both[0].url); }
        if (then) then();
      })
      .catch(function () {
        again = null;
        var said = document.createElement('p');
        said.className = 'banner banner-bad';
        said.setAttribute('role', 'alert');
        said.textContent = editor().dataset.away;
        say(said.outerHTML);
      })
      .finally(function () {
        busy = false;
        var next = again;
        again = null;
        var asked = next && (document.contains(next[0]) ? next[0] : document.getElementById(next[0].id));
        if (asked) send(asked, next[1], next[2], next[3]);
      });
  }

  function look(form) {
    var frame = form.dataset.look && document.getElementById(form.dataset.look);
    if (frame) frame.src = frame.getAttribute('src');
  }

  /* After a step was moved or added the keyboard stands on it. */
  function moved(url) {
    var at = new URL(url), key = at.searchParams.get('focus') || at.searchParams.get('step');
    at.searchParams.delete('focus');
    history.replaceState(null, '', at);
    remember();
    var row = key && document.querySelector('[data-row="' + CSS.escape(key) + '"], [data-node="' + CSS.escape(key) + '"]');
    if (row && row.matches('[data-node]')) row.focus();
    else if (at.searchParams.get('step') && !at.searchParams.get('focus') && window.matchMedia('(max-width: 1199px)').matches) document.getElementById('ed-side').focus();
    else if (row) row.focus();
  }

  function typed() { return pending && document.contains(pending) && written(pending) !== pending.dataset.was; }
  function refused() { return typed() && written(pending) === pending.dataset.refused; }
  function unsaved() { return typed() && !refused(); }

  function autosave(form, soon) {
    if (pending && pending !== form && unsaved()) send(pending, null, true);
    clearTimeout(typing);
    pending = form;
    typing = setTimeout(function () { if (unsaved()) send(form, null, true); }, soon);
  }

  document.addEventListener('submit', function (event) {
    var form = event.target, button = event.submitter;
    if (!form.matches('form[data-edit]')) {
      if (!form.closest('#editor') || !unsaved()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      send(pending, null, true, function () { form.requestSubmit(button); });
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    send(form, button, form.matches('[data-autosave]'));
  }, true);
  document.addEventListener('input', function (event) {
    var form = event.target.form;
    if (form && form.matches('[data-autosave]') && !event.target.matches('[data-reads]') && !event.target.closest('[data-builder]')) autosave(form, 700);
  });
  document.addEventListener('change', function (event) {
    var form = event.target.form;
    if (!form || !form.matches('[data-autosave]') || event.target.closest('[data-builder]')) return;
    if (event.target.name === 'shape') form.querySelectorAll('[data-shape]').forEach(function (one) { one.hidden = one.dataset.shape !== event.target.value; });
    autosave(form, 50);
  });
  document.addEventListener('segment-changed', function (event) {
    var form = event.target.closest('form[data-autosave]');
    if (form) autosave(form, 400);
  });

  /* Opening a step draws the page anew without leaving it; `node` is what stands on a canvas and keeps the focus. */
  function open(link, node) {
    var at = new URL(link.href);
    if (unsaved()) { send(pending, null, true, function () { open(link, node); }); return; }
    if (refused()) { location.assign(at); return; }
    fetch(at, { credentials: 'same-origin' }).then(function (answer) { return answer.text(); }).then(function (text) {
      if (!take(new DOMParser().parseFromString(text, 'text/html'), false)) { location.assign(at); return; }
      history.pushState(null, '', at);
      remember();
      var kept = node !== undefined && node[0] !== '#' && document.querySelector('[data-node="' + CSS.escape(node) + '"]');
      if (kept) { kept.focus(); return; }
      var first = document.querySelector('#ed-side [autofocus], #ed-form input:not([type=hidden]), #ed-form select') || document.querySelector('#ed-side button');
      if (first && !window.matchMedia('(max-width: 1199px)').matches) first.focus(); else document.getElementById('ed-side').focus();
    });
  }

  document.addEventListener('click', function (event) {
    var link = event.target.closest('#ed-outline a[href], .ed-close a, a[data-open]'), line = event.target.closest('[data-line]');
    var plain = !event.ctrlKey && !event.metaKey && !event.shiftKey, other = event.target.closest('#editor a[href]');
    var more = event.target.closest('[data-more]'), shown = document.querySelector('[data-more][aria-expanded="true"]');
    if (shown && shown !== more) shown.setAttribute('aria-expanded', 'false');
    if (more) more.setAttribute('aria-expanded', String(more.getAttribute('aria-expanded') !== 'true'));
    if (more) more.nextElementSibling.scrollIntoView({ block: 'nearest' });
    if (link && plain) { event.preventDefault(); open(link); }
    else if (other && plain && unsaved()) { event.preventDefault(); send(pending, null, true, function () { location.assign(other.href); }); }
    if (line) {
      var area = document.querySelector('.ed-yaml'), before = area.value.split('\n').slice(0, Number(line.dataset.line) - 1).join('\n').length;
      area.focus();
      area.setSelectionRange(before + (before ? 1 : 0), area.value.indexOf('\n', before + 1) < 0 ? area.value.length : area.value.indexOf('\n', before + 1));
      area.scrollTop = (Number(line.dataset.line) - 5) * 20;
    }
  });
  document.addEventListener('editor-open', function (event) { open(event.detail, event.detail.focus); });
  addEventListener('beforeunload', function (event) { if (typed()) event.preventDefault(); });
  addEventListener('popstate', function () { location.reload(); });

  document.addEventListener('keydown', function (event) {
    if (!editor()) return;
    var writing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== 'checkbox' && event.target.type !== 'radio';
    var undo = (event.ctrlKey || event.metaKey) && /^[zy]$/i.test(event.key);
    if (undo && !writing) {
      var which = event.key.toLowerCase() === 'y' || event.shiftKey ? 'redo' : 'undo';
      var button = document.querySelector('#ed-undo button[value="' + which + '"]:not(:disabled)');
      if (button) { event.preventDefault(); button.click(); }
      return;
    }
    var menu = event.key === 'Escape' && document.querySelector('[data-more][aria-expanded="true"]');
    if (menu) { menu.setAttribute('aria-expanded', 'false'); menu.focus(); return; }
    if (event.key === 'Escape' && event.target.closest('#ed-side')) {
      var current = document.querySelector('[data-row][aria-current], [data-node][aria-current]') || document.querySelector('[data-row], [data-node]');
      if (current) current.focus();
      return;
    }
    if (!event.target.matches('[data-row]')) return;
    var rows = [].slice.call(document.querySelectorAll('[data-row]')), at = rows.indexOf(event.target), line = event.target.closest('.ol-row');
    function press(what) { var found = line.querySelector('[data-do="' + what + '"]'); if (found) { event.preventDefault(); found.click(); } }
    if (event.altKey && event.key === 'ArrowUp') press('up');
    else if (event.altKey && event.key === 'ArrowDown') press('down');
    else if (event.key === 'Delete') press('remove');
    else if (event.key === 'ArrowUp' && rows[at - 1]) { event.preventDefault(); rows[at - 1].focus(); }
    else if (event.key === 'ArrowDown' && rows[at + 1]) { event.preventDefault(); rows[at + 1].focus(); }
    else if (event.key.toLowerCase() === 'a' && !event.ctrlKey && !event.metaKey && !event.altKey) { var add = line.querySelector('[data-add]'); if (add) { event.preventDefault(); open(add); } }
  });
  remember();
})();
