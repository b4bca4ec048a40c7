/* The editor of a model: sections that fold and remember it, jumps, a search, and what is typed and not kept yet. */
(function () {
  'use strict';
  var form = document.querySelector('.m-form');
  if (!form) return;
  var key = 'model-open-' + form.dataset.model, parts = [].slice.call(form.querySelectorAll('.m-sec'));
  var find = form.querySelector('[data-find]'), all = form.querySelector('[data-all]'), said = form.querySelector('[data-found]');
  var dirty = false;

  form.querySelectorAll('[data-find], [data-all], [data-more]').forEach(function (one) { one.hidden = false; });
  form.classList.add('m-folds');

  function remember() {
    sessionStorage.setItem(key, parts.filter(function (one) { return one.open; }).map(function (one) { return one.id; }).join(' '));
    all.textContent = parts.every(function (one) { return one.open; }) ? all.dataset.fold : all.dataset.unfold;
  }

  /* Whatever a field is folded into is opened; then it gets the focus. */
  function show(field) {
    for (var at = field; at && at !== form; at = at.parentElement) {
      if (at.tagName === 'DETAILS') at.open = true;
      if (at.classList.contains('m-sig')) open(at, true);
    }
    field.focus({ preventScroll: true });
    field.scrollIntoView({ block: 'center' });
  }

  function open(row, yes) {
    row.classList.toggle('m-open', yes);
    var more = row.querySelector('[data-more]');
    if (more) more.setAttribute('aria-expanded', String(yes));
  }

  function jump(id) {
    var part = document.getElementById(id);
    if (!part || parts.indexOf(part) < 0) return;
    part.open = true;
    part.querySelector('summary').focus({ preventScroll: true });
    part.scrollIntoView({ block: 'start' });
  }

  function words(row) {
    var select = row.querySelector('select[name$=".kind"]'), typed = row.querySelectorAll('input:not([inputmode]), .m-when > summary');
    return (select ? select.selectedOptions[0].text : '') + ' ' + [].map.call(typed, function (one) { return one.value || one.textContent; }).join(' ');
  }

  function search() {
    var asked = find.value.trim().toLowerCase(), hits = 0;
    parts.forEach(function (part) {
      var here = 0;
      part.querySelectorAll('.m-sig:not(.m-head), .m-rule').forEach(function (row) {
        var fits = !asked || words(row).toLowerCase().indexOf(asked) >= 0;
        row.classList.toggle('m-hid', !fits);
        here += asked && fits;
      });
      if (asked && here) part.open = true;
      part.classList.toggle('m-miss', !!asked && !here);
      hits += here;
    });
    said.textContent = !asked ? '' : hits ? said.dataset.some + ' ' + hits : said.dataset.none;
    find.classList.toggle('is-invalid', !!asked && !hits);
  }

  (sessionStorage.getItem(key) || '').split(' ').filter(Boolean).forEach(function (id) { var part = document.getElementById(id); if (part) part.open = true; });
  parts.forEach(function (part) { part.addEventListener('toggle', remember); });
  remember();
  var wrong = form.querySelector('[aria-invalid="true"]');
  if (wrong) show(wrong); else if (location.hash) jump(location.hash.slice(1));

  find.addEventListener('input', search);
  find.addEventListener('keydown', function (event) {
    if (event.key === 'Enter') {
      event.preventDefault();
      var hit = form.querySelector('.m-sec:not(.m-miss) .m-sig:not(.m-head):not(.m-hid) [name$=".weight"], .m-sec:not(.m-miss) .m-rule:not(.m-hid) [inputmode]');
      if (hit && find.value) show(hit);
    }
    if (event.key === 'Escape' && find.value) { event.preventDefault(); find.value = ''; search(); }
  });
  all.addEventListener('click', function () {
    var yes = !parts.every(function (one) { return one.open; });
    parts.forEach(function (one) { one.open = yes; });
  });
  form.addEventListener('click', function (event) {
    var more = event.target.closest('[data-more]'), way = event.target.closest('[data-jump]');
    if (more) open(more.closest('.m-sig'), more.getAttribute('aria-expanded') === 'false');
    if (way) { event.preventDefault(); history.replaceState(null, '', way.hash); jump(way.hash.slice(1)); }
    var fault = event.target.closest('a[data-field]'), field = fault && form.elements[fault.dataset.field];
    if (field) { event.preventDefault(); show(field); }
  });
  form.addEventListener('input', function (event) {
    if (event.target === find) return;
    dirty = true;
    form.querySelector('[data-dirty]').hidden = false;
  });
  form.addEventListener('submit', function () { dirty = false; });
  addEventListener('beforeunload', function (event) { if (dirty) event.preventDefault(); });
  document.addEventListener('keydown', function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key === 's') { event.preventDefault(); form.requestSubmit(form.querySelector('.m-bar [name="do"][value=""]')); }
  });
})();
