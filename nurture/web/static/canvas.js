/* The canvas of a chain: the designer draws what the draft says, and what is done on it is asked of the draft
   by the forms of the outline. Nothing is kept here: a drawing is made anew of every answer. */
(function () {
  'use strict';
  var lib = window.sequentialWorkflowDesigner, parts = window.canvasParts;
  if (!lib || !parts) return;
  var state = parts.state, designer = null, workspace = null, shown = '', phone = window.matchMedia('(max-width: 767px)'), MARGIN = 24;

  function room() { return document.getElementById('cv-room'); }
  function said() { var place = document.getElementById('cv-data'); return place ? JSON.parse(place.textContent) : null; }

  function sequence(steps, place) {
    var made = steps.map(function (step) {
      var one = { id: step.key, componentType: step.ways.length ? 'fork' : 'task', type: step.word || 'unknown', name: step.title, properties: {}, drawn: step };
      if (step.ways.length) {
        one.branches = {};
        step.ways.forEach(function (way) { one.branches[way.place] = sequence(way.steps, way.place); });
      }
      return one;
    });
    made.place = place;
    return made;
  }

  /* ---------- What is asked of the draft ---------- */
  function ask(id, values) {
    var form = document.getElementById(id);
    Object.keys(values).forEach(function (name) { form.elements[name].value = values[name]; });
    form.requestSubmit();
    return false;
  }
  function act(verb, key) { ask('cv-act', { act: verb + ':' + key, place: '' }); }
  function before(target, index) { return index ? target[index - 1].id : ''; }
  function move(_source, step, target, index) { return ask('cv-act', { act: 'place:' + step.id, place: target.place + '|' + before(target, index) }); }
  function insert(step, target, index) { return ask('cv-add', { kind: step.type, place: target.place, after: before(target, index) }); }

  function go(query, focus) {
    var at = new URL(room().dataset.here, location.href);
    Object.keys(query).forEach(function (name) { at.searchParams.set(name, query[name]); });
    document.dispatchEvent(new CustomEvent('editor-open', { detail: { href: at.href, focus: focus } }));
  }
  function open(name, focus) {
    if (phone.matches) {
      var at = new URL(room().dataset.outline, location.href);
      at.searchParams.set(name ? 'step' : 'enter', name || '1');
      location.assign(at.href);
    } else go(name ? { step: name } : {}, focus || name);
  }
  function add(place, after) { if (!phone.matches) go({ add: place + '|' + after }); }

  /* ---------- Where one looks ---------- */
  function size() { return { canvas: workspace.getCanvasSize(), whole: workspace.getRootComponentSize() }; }

  function look(scale, x, y) {
    designer.setViewport({ position: new lib.Vector(x, y), scale: scale });
    if (phone.matches) fit();
  }
  /* At the top, as large as the width lets it be read. */
  function atTop() {
    var now = size(), scale = Math.max(phone.matches ? 0.8 : 0.55, Math.min(1, (now.canvas.x - 2 * MARGIN) / now.whole.x));
    look(scale, Math.max(MARGIN, (now.canvas.x - now.whole.x * scale) / 2), MARGIN);
  }
  function whole() {
    var now = size(), scale = Math.min(1, (now.canvas.x - 2 * MARGIN) / now.whole.x, phone.matches ? 1 : (now.canvas.y - 2 * MARGIN) / now.whole.y);
    look(scale, Math.max(MARGIN, (now.canvas.x - now.whole.x * scale) / 2), MARGIN);
  }
  function zoom(larger) {
    var was = designer.getViewport(), now = size(), scale = Math.min(1.5, Math.max(0.2, was.scale * (larger ? 1.2 : 1 / 1.2)));
    var middle = phone.matches ? new lib.Vector(was.position.x, was.position.y) : now.canvas.divideByScalar(2);
    var kept = middle.subtract(was.position).multiplyByScalar(scale / was.scale);
    look(scale, middle.x - kept.x, middle.y - kept.y);
  }
  /* On a phone the page itself scrolls: the drawing is as tall and as wide as it is. */
  function fit() {
    var port = designer.getViewport(), of = workspace.getRootComponentSize(), box = room().firstElementChild;
    box.style.height = Math.ceil(of.y * port.scale + 2 * MARGIN) + 'px';
    box.style.width = Math.max(room().clientWidth, Math.ceil(of.x * port.scale + 2 * MARGIN)) + 'px';
    room().scrollLeft = (box.offsetWidth - room().clientWidth) / 2;
    workspace.updateCanvasSize();
  }
  function reveal(what) {
    var box = what.getBoundingClientRect(), frame = room().getBoundingClientRect(), port = designer.getViewport(), x = 0, y = 0;
    if (box.left < frame.left + MARGIN) x = frame.left + MARGIN - box.left; else if (box.right > frame.right - MARGIN) x = frame.right - MARGIN - box.right;
    if (box.top < frame.top + MARGIN) y = frame.top + MARGIN - box.top; else if (box.bottom > frame.bottom - MARGIN) y = frame.bottom - MARGIN - box.bottom;
    if ((x || y) && !phone.matches) look(port.scale, port.position.x + x, port.position.y + y);
  }
  function views(api) {
    workspace = api;
    return { setDefault: atTop, zoom: zoom, focusOnComponent: function () {} };
  }
  /* The wheel moves what one looks at; with Ctrl, or two fingers apart, it makes it larger. */
  function wheel(api) {
    return { onWheel: function (event) {
      var port = api.getViewport();
      if (!event.ctrlKey) { api.setViewport({ position: port.position.subtract(new lib.Vector(event.deltaX, event.deltaY)), scale: port.scale }); return; }
      var scale = Math.min(1.5, Math.max(0.2, port.scale * Math.pow(1.0015, -event.deltaY)));
      var at = new lib.Vector(event.pageX, event.pageY).subtract(api.getCanvasPosition());
      api.setViewport({ position: at.subtract(at.subtract(port.position).multiplyByScalar(scale / port.scale)), scale: scale });
    } };
  }

  /* ---------- Drawing ---------- */
  function nodes() { return [].slice.call(room().querySelectorAll('.cv-node')); }
  function named(name) { return nodes().find(function (one) { return one.dataset.node === name; }); }

  function rove(to) {
    nodes().forEach(function (one) { one.setAttribute('tabindex', one === to ? '0' : '-1'); });
  }
  function settle() {
    var svg = room().querySelector('.sqd-workspace-canvas');
    svg.setAttribute('role', 'group');
    svg.setAttribute('aria-label', room().dataset.name);
    rove(named(state.open) || nodes()[0]);
    if (phone.matches) fit();
  }

  function begin(drawing) {
    var place = room();
    state.sprite = place.dataset.sprite;
    designer = lib.Designer.create(place, { sequence: sequence(drawing.steps, ''), properties: {} }, {
      theme: 'own', isReadonly: phone.matches, toolbox: false, editors: false, controlBar: false, contextMenu: false, keyboard: false,
      steps: { canInsertStep: insert, canMoveStep: move, isAutoSelectDisabled: true },
      customActionHandler: function (action, _step, target) {
        if (action.type === 'enter') open(''); else add(target.place, before(target, action.index));
      },
      extensions: [Object.assign({
        viewportController: { create: views }, wheelController: { create: wheel },
        uiComponents: [{ create: function (_root, api) { toolbox(api.toolbox); return { destroy: function () {} }; } }]
      }, parts.extension)]
    });
    designer.onSelectedStepIdChanged.subscribe(function (id) {
      if (!id || phone.matches) return;
      designer.clearSelectedStep();
      open(id);
    });
    designer.onReady.subscribe(function () { settle(); if (state.open && named(state.open)) reveal(named(state.open)); });
    place.addEventListener('touchstart', function (event) { if (phone.matches) event.stopPropagation(); }, { capture: true });
    place.addEventListener('wheel', function (event) { if (phone.matches) event.stopPropagation(); }, { capture: true });
  }

  /* Draws what the page says now, where it says something else than before. */
  function draw() {
    var drawing = said(), written = drawing && document.getElementById('cv-data').textContent;
    if (!drawing || !room() || written === shown) return;
    shown = written;
    Object.assign(state, { counts: drawing.counts, open: drawing.open, adding: drawing.adding, words: drawing.words, chain: drawing.chain });
    if (!designer || !room().firstElementChild) { begin(drawing); return; }
    designer.getDefinition().sequence = sequence(drawing.steps, '');
    again();
  }
  function again() {
    var at = document.activeElement, had = at && at.closest('#cv-room') ? at.dataset.node : null;
    designer.updateRootComponent();
    settle();
    if (had !== null && named(had)) named(had).focus();
  }

  /* What happens meanwhile: the counts of the live version, while somebody looks and nothing is being dragged. */
  setInterval(function () {
    if (document.hidden || !designer || !room() || document.querySelector('.sqd-drag')) return;
    fetch(room().dataset.counts, { credentials: 'same-origin' }).then(function (answer) { return answer.ok ? answer.json() : null; }).then(function (counts) {
      if (!counts || JSON.stringify(counts) === JSON.stringify(state.counts) || document.querySelector('.sqd-drag')) return;
      state.counts = counts;
      again();
    }).catch(function () { /* Nothing answers: the counts stay as they were, and the next look asks again. */ });
  }, 10000);

  /* ---------- The kinds of steps beside it ---------- */
  function toolbox(api) {
    var held = null;
    function start(event, point) {
      var kind = event.target.closest('.cv-kind');
      held = kind ? { kind: kind, x: point.pageX, y: point.pageY } : null;
    }
    function pull(point) {
      if (!held || Math.abs(point.pageX - held.x) + Math.abs(point.pageY - held.y) < 5) return;
      var kind = held.kind, title = kind.textContent.trim();
      held = null;
      api.tryDrag(new lib.Vector(point.pageX, point.pageY), {
        componentType: 'task', type: kind.dataset.kind, name: title, properties: {}, drawn: { key: '', word: kind.dataset.kind, icon: kind.dataset.icon, title: title, problems: [], doubts: [], ways: [] }
      });
    }
    document.addEventListener('mousedown', function (event) { if (event.button === 0) start(event, event); });
    document.addEventListener('mousemove', pull);
    document.addEventListener('mouseup', function () { held = null; });
    document.addEventListener('touchstart', function (event) { start(event, event.touches[0]); }, { passive: true });
    document.addEventListener('touchmove', function (event) { pull(event.touches[0]); }, { passive: true });
    document.addEventListener('touchend', function () { held = null; });
  }
  /* Where a pressed kind goes: below the open step, where one asked for it, else to the end. */
  function press(kind) {
    var steps = designer.getDefinition().sequence, at = state.adding;
    if (!at && state.open) {
      var found = designer.getWalker().getParentSequence(designer.getDefinition(), state.open);
      at = { place: found.parentSequence.place, after: state.open };
    }
    at = at || { place: '', after: before(steps, steps.length) };
    ask('cv-add', { kind: kind.dataset.kind, place: at.place, after: at.after });
  }

  document.addEventListener('click', function (event) {
    var zoomed = event.target.closest('[data-zoom]'), kind = event.target.closest('.cv-kind');
    if (zoomed && designer) ({ in: function () { zoom(true); }, out: function () { zoom(false); }, whole: whole })[zoomed.dataset.zoom]();
    if (kind && designer) press(kind);
    var node = phone.matches && event.target.closest('#cv-room .cv-node');
    if (node) open(node.dataset.node.split('/')[0]);
  });

  /* ---------- By keyboard ---------- */
  function stepOf(name) { return designer.getWalker().getParentSequence(designer.getDefinition(), name); }
  function beside(at, by) {
    var ways = nodes().filter(function (one) { return one.dataset.node.indexOf('/') > 0; });
    var mine = at.dataset.node.indexOf('/') > 0 ? at.dataset.node : (stepOf(at.dataset.node) || { parentSequence: {} }).parentSequence.place || '';
    var family = ways.filter(function (one) { return one.dataset.node.split('/')[0] === mine.split('/')[0]; });
    return mine && family[family.findIndex(function (one) { return one.dataset.node === mine; }) + by];
  }
  document.addEventListener('keydown', function (event) {
    var at = event.target.closest && event.target.closest('.cv-node');
    if (!at || !designer || event.ctrlKey || event.metaKey) return;
    var name = at.dataset.node, way = name.indexOf('/') > 0, step = name && !way, all = nodes(), to = null, key = event.key.toLowerCase();
    if (event.altKey) {
      if (step && (key === 'arrowup' || key === 'arrowdown')) { event.preventDefault(); act(key === 'arrowup' ? 'up' : 'down', name); }
      return;
    }
    if (key === 'arrowdown') to = all[all.indexOf(at) + 1];
    else if (key === 'arrowup') to = all[all.indexOf(at) - 1];
    else if (key === 'home') to = all[0];
    else if (key === 'end') to = all[all.length - 1];
    else if (key === 'arrowleft' || key === 'arrowright') to = name && beside(at, key === 'arrowleft' ? -1 : 1);
    else if ((key === 'enter' || key === ' ') && !way) open(name, '#ed-side');
    else if (key === 'a' || ((key === 'enter' || key === ' ') && way)) { if (step) add(stepOf(name).parentSequence.place, name); else add(name, ''); }
    else if (key === 'delete' && step && !phone.matches) act('remove', name);
    else return;
    event.preventDefault();
    if (to) { rove(to); to.focus(); reveal(to); }
  });

  document.addEventListener('conditions-here', draw);
  phone.addEventListener('change', function () { location.reload(); });
  draw();
})();
