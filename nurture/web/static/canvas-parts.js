/* How a chain looks on the canvas: cards, ways, gaps, the beginning and the end. Drawn as plain SVG with the
   icons of the page, so that no style has to be written into the page and any card can take the focus. */
(function () {
  'use strict';
  var lib = window.sequentialWorkflowDesigner;
  if (!lib) return;
  var Dom = lib.Dom, Vector = lib.Vector, WIDE = 236, PAD = 12, TEXT = WIDE - 2 * PAD - 24, WAY = 172, GAP = new Vector(WIDE, 40);
  var brush = document.createElement('canvas').getContext('2d'), family = getComputedStyle(document.body).fontFamily;

  /* What the page says at this moment: the counts, the step that is open, the words. */
  var state = { counts: {}, open: '', words: {}, sprite: '' };

  function measured(words, size, weight) { brush.font = weight + ' ' + size + 'px ' + family; return brush.measureText(words).width; }

  /* Lines no wider than this; what does not fit in so many ends in an ellipsis. */
  function lines(words, width, most, size, weight) {
    var made = [], line = '';
    words.split(' ').forEach(function (word) {
      var longer = line ? line + ' ' + word : word;
      if (line && measured(longer, size, weight) > width) { made.push(line); line = word; } else line = longer;
    });
    if (line) made.push(line);
    var cut = made.length > most;
    return made.slice(0, most).map(function (one, at) {
      var ends = cut && at === most - 1 ? one + '…' : one;
      while (ends.length > 2 && measured(ends, size, weight) > width) ends = ends.replace(/…$/, '').slice(0, -1) + '…';
      return ends;
    });
  }

  /* A count and its word are not torn apart. */
  function whole(count) { return count.replace(/ /g, '\u00a0'); }

  function text(parent, words, x, y, kind) {
    var made = Dom.svg('text', { x: x, y: y, class: kind });
    made.textContent = words;
    parent.appendChild(made);
  }

  function icon(parent, name, x, y, size, kind) {
    var made = Dom.svg('svg', { x: x, y: y, width: size, height: size, class: 'icon ' + (kind || ''), 'aria-hidden': 'true' });
    made.appendChild(Dom.svg('use', { href: state.sprite + '#i-' + name }));
    parent.appendChild(made);
  }

  /* Whatever can be gone to by keyboard: its key or place, and all of it in words, which its title says whole where
     the lines are cut. */
  function node(parent, kind, name, words, open) {
    var g = Dom.svg('g', { class: 'cv-node ' + kind, role: 'button', tabindex: '-1', 'data-node': name });
    if (open) { g.setAttribute('aria-current', 'true'); g.classList.add('cv-on'); }
    var title = Dom.svg('title');
    title.textContent = words;
    g.appendChild(title);
    parent.appendChild(g);
    return g;
  }

  function told(step) {
    var counts = state.counts[step.key];
    return counts ? { counts: counts.counts, faults: counts.faults, why: counts.why } : { counts: [], faults: [], why: '' };
  }

  function spoken(step) {
    var now = told(step);
    return [step.title + '.'].concat(now.counts, now.faults, now.why || [], step.problems.map(function (one) { return state.words.problem + ' ' + one; }), step.doubts).join(' ');
  }

  /* A card: icon and title, then who waits and why, the counts, what failed, what is wrong. */
  function card(parent, step) {
    var now = told(step), y = PAD + 13, bad = step.problems.length > 0;
    var g = node(parent, 'cv-step' + (bad ? ' cv-bad' : '') + (step.word ? ' cv-' + step.word : ''), step.key, spoken(step), state.open === step.key);
    var box = Dom.svg('rect', { class: 'cv-card', x: 0.5, y: 0.5, width: WIDE, rx: 8 });
    g.appendChild(box);
    icon(g, step.icon, PAD, PAD - 1, 16, '');
    function put(all, size, kind, gap) { all.forEach(function (one) { text(g, one, PAD + 24, y, kind); y += size; }); if (all.length) y += gap; }
    put(lines(step.title, TEXT, 2, 13, 500), 18, 'cv-title', 0);
    put(lines(now.counts.map(whole).join('\u00a0· '), TEXT, 3, 11, 400), 15, 'cv-count', 0);
    put(lines(now.faults.map(whole).join('\u00a0· '), TEXT, 1, 11, 500), 15, 'cv-fault', 0);
    put(lines(now.why, TEXT, 2, 11, 400), 15, 'cv-why', 0);
    if (bad) {
      icon(g, 'alert-triangle', PAD + 1, y - 11, 14, 'cv-warn');
      put(lines(step.problems.join(' '), TEXT, 3, 11, 400), 15, 'cv-fault', 0);
    }
    if (step.doubts.length) {
      icon(g, 'alert-triangle', PAD + 1, y - 11, 14, 'cv-doubt');
      put(lines(step.doubts.join(' '), TEXT, 3, 11, 400), 15, 'cv-why', 0);
    }
    var height = y + PAD - 15;
    box.setAttribute('height', height);
    return { g: g, height: height };
  }

  function view(g, width, height, joinX, more) {
    return Object.assign({
      g: g, width: width, height: height, joinX: joinX, sequenceComponents: null, placeholders: null, hasOutput: true,
      getClientPosition: function () { return lib.getAbsolutePosition(g); },
      setIsDragging: function () {}, setIsSelected: function () {},
      setIsDisabled: function (is) { Dom.toggleClass(g, is, 'sqd-disabled'); }
    }, more);
  }

  function task(parent, context) {
    var g = Dom.svg('g');
    parent.appendChild(g);
    var made = card(g, context.step.drawn);
    return view(g, WIDE, made.height, WIDE / 2, { hasOutput: !context.step.drawn.ends, resolveClick: function (click) { return made.g.contains(click.element) ? true : null; } });
  }

  function label(parent, way, height) {
    var g = way.place ? node(parent, 'cv-way', way.place, state.words.way.replace('%(way)s', way.label), false) : Dom.svg('g', { class: 'cv-way cv-past' });
    g.appendChild(Dom.svg('rect', { class: 'cv-pill', x: -WAY / 2 + 0.5, y: 0.5, width: WAY, height: height, rx: 10 }));
    var all = lines(way.label, WAY - 20, 2, 12, 400), y = height / 2 - all.length * 8 + 12;
    all.forEach(function (one) { text(g, one, 0, y, 'cv-way-text'); y += 16; });
    if (!way.place) parent.appendChild(g);
    return g;
  }

  /* Lines from one point to several, or to the one straight below or above it. */
  function joined(g, start, targets) {
    var down = targets.length === 1 && targets[0].x === start.x;
    if (down) lib.JoinView.createStraightJoin(g, new Vector(start.x, Math.min(start.y, targets[0].y)), Math.abs(targets[0].y - start.y));
    else if (targets.length) lib.JoinView.createJoins(g, start, targets);
  }

  var PAST = { view: { joinX: 0, width: 0, height: 0 }, hasOutput: true };

  /* The ways out of a step; where none of them need be taken, going past them is one more. */
  function ways(step) {
    var past = step.past ? [{ place: '', label: step.past }] : [];
    return step.word === 'branch' ? step.ways.concat(past) : past.concat(step.ways);
  }

  /* A step with ways: its card, the ways side by side below it, and where they come together again. */
  function fork(parent, context, around) {
    var step = context.step.drawn, all = ways(step), g = Dom.svg('g'), x = 0, open = [];
    parent.appendChild(g);
    var made = card(g, step), two = all.some(function (way) { return lines(way.label, WAY - 20, 2, 12, 400).length > 1; });
    var high = two ? 40 : 24, top = made.height + 24, inside = top + high;
    var parts = all.map(function (way) {
      var shown = label(g, way, high), sequence = way.place ? around.createSequenceComponent(g, context.step.branches[way.place]) : PAST;
      var left = Math.max(sequence.view.joinX, WAY / 2) + 12, right = Math.max(sequence.view.width - sequence.view.joinX, WAY / 2) + 12;
      var one = { sequence: sequence, label: shown, join: x + left };
      x += left + right;
      return one;
    });
    var middle = (parts[0].join + parts[parts.length - 1].join) / 2, before = Math.max(WIDE / 2 - middle, 0), after = Math.max(WIDE / 2 - (x - middle), 0);
    var joinX = middle + before, foot = inside + Math.max.apply(null, parts.map(function (one) { return one.sequence.view.height; }));
    Dom.translate(made.g, joinX - WIDE / 2, 0);
    parts.forEach(function (one) {
      var at = one.join + before, end = inside + one.sequence.view.height;
      Dom.translate(one.label, at, top);
      if (one.sequence !== PAST) Dom.translate(one.sequence.view.g, at - one.sequence.view.joinX, inside);
      if (!one.sequence.hasOutput || !context.isOutputConnected) return;
      if (foot > end) lib.JoinView.createStraightJoin(g, new Vector(at, end), foot - end);
      open.push(new Vector(at, foot));
    });
    joined(g, new Vector(joinX, made.height), parts.map(function (one) { return new Vector(one.join + before, top); }));
    joined(g, new Vector(joinX, foot + 20), open);
    var real = parts.filter(function (one) { return one.sequence !== PAST; });
    return view(g, x + before + after, foot + 20, joinX, {
      sequenceComponents: real.map(function (one) { return one.sequence; }), hasOutput: parts.some(function (one) { return one.sequence.hasOutput; }),
      resolveClick: function (click) {
        return made.g.contains(click.element) || parts.some(function (one) { return one.label.contains(click.element); }) ? true : null;
      }
    });
  }

  /* A gap between two steps: a plus to press, and where a dragged step may fall. */
  function gap(parent, sequence, index) {
    var g = Dom.svg('g', { class: 'cv-gap', 'data-gap': sequence.place + '|' + (index ? sequence[index - 1].id : '') }), x = GAP.x / 2, y = GAP.y / 2;
    var title = Dom.svg('title');
    title.textContent = state.words.add;
    var area = Dom.svg('rect', { class: 'cv-drop', x: 0.5, y: 6.5, width: GAP.x, height: GAP.y - 13, rx: 8 });
    g.append(title, area, Dom.svg('circle', { class: 'cv-plus', cx: x, cy: y, r: 9 }), Dom.svg('path', { class: 'cv-plus-sign', d: 'M' + (x - 4) + ' ' + y + 'h8M' + x + ' ' + (y - 4) + 'v8' }));
    parent.appendChild(g);
    return {
      view: { g: g }, parentSequence: sequence, index: index,
      getClientRect: function () { return area.getBoundingClientRect(); },
      setIsHover: function (is) { Dom.toggleClass(g, is, 'cv-over'); },
      setIsVisible: function (is) { Dom.toggleClass(g, is, 'cv-open'); },
      resolveClick: function (click) {
        return g.contains(click.element) ? { type: lib.ClickCommandType.triggerCustomAction, step: null, sequence: sequence, action: { type: 'add', index: index } } : null;
      }
    };
  }

  function pill(parent, words, name, kind, width) {
    var g = name === null ? Dom.svg('g', { class: kind }) : node(parent, kind, name, words, !state.open && !state.adding);
    g.appendChild(Dom.svg('rect', { class: 'cv-pill', x: -width / 2 + 0.5, y: 0.5, width: width, height: 32, rx: 16 }));
    text(g, words, 0, 21, 'cv-pill-text');
    if (name === null) parent.appendChild(g);
    return g;
  }

  /* The whole: who enters, the steps, the end. */
  function root(parent, sequence, _outside, context) {
    var g = Dom.svg('g'), width = Math.ceil(Math.max(measured(state.words.enters, 13, 500), measured(state.words.end, 12, 400)) + 40);
    parent.appendChild(g);
    var start = pill(g, state.words.enters, '', 'cv-start', width);
    var inner = context.services.sequenceComponent.create(g, { sequence: sequence, depth: 0, isInputConnected: true, isOutputConnected: true }, context);
    var joinX = Math.max(inner.view.joinX, width / 2);
    Dom.translate(inner.view.g, joinX - inner.view.joinX, 32);
    Dom.translate(start, joinX, 0);
    Dom.translate(pill(g, state.words.end, null, 'cv-end', width), joinX, 32 + inner.view.height);
    return {
      view: { g: g, width: Math.max(inner.view.width + joinX - inner.view.joinX, width), height: inner.view.height + 64, joinX: joinX },
      findById: function (id) { return inner.findById(id); },
      resolveClick: function (click) {
        if (start.contains(click.element)) return { type: lib.ClickCommandType.triggerCustomAction, step: null, sequence: sequence, action: { type: 'enter' } };
        return inner.resolveClick(click);
      },
      getPlaceholders: function (result) { inner.getPlaceholders(result); },
      setIsDragging: function (is) { inner.setIsDragging(is); },
      updateBadges: function (result) { inner.updateBadges(result); }
    };
  }

  /* What hangs at the pointer: icon and name, small, so that it falls where one points. */
  function dragged(parent, step) {
    var words = lines(step.drawn.title, 150, 1, 13, 500)[0] || '', width = Math.ceil(measured(words, 13, 500)) + 48;
    var svg = Dom.svg('svg', { width: width + 2, height: 34, class: 'cv-dragged' });
    svg.appendChild(Dom.svg('rect', { class: 'cv-card', x: 0.5, y: 0.5, width: width, height: 32, rx: 8 }));
    icon(svg, step.drawn.icon, 12, 9, 16, '');
    text(svg, words, 36, 21, 'cv-title');
    parent.appendChild(svg);
    return { width: width, height: 34, destroy: function () {} };
  }

  window.canvasParts = {
    state: state,
    extension: {
      steps: [{ componentType: 'task', createComponentView: task }, { componentType: 'fork', createComponentView: fork }],
      placeholder: { gapSize: GAP, createForGap: gap, createForArea: function (parent, _size, _direction, sequence, index) { return gap(parent, sequence, index); } },
      rootComponent: { create: root },
      draggedComponent: { create: dragged }
    }
  };
})();
