/* The builder of a condition: a tree of rows that reads like a sentence, kept equal to the YAML beside it. */
(function () {
  'use strict';

  var builders = new WeakSet();

  /* One builder: `form` holds the rows and their text, alone on a page or one of many in a longer form. */
  function build(form) {
  if (builders.has(form)) return;
  builders.add(form);
  var words = JSON.parse(document.getElementById(form.dataset.words).textContent);
  var place = form.querySelector('[data-builder]'), text = form.querySelector('textarea[data-reads]'), tree = null;
  var began = form.dataset.condition ? JSON.parse(form.dataset.condition) : words.condition;
  var optional = 'optional' in form.dataset;
  var traits = ['temperature', 'grade', 'stage', 'tag', 'source', 'consent', 'segment'];
  var listed = { 'in': true, not_in: true };

  function make(name, options, children) {
    var made = Object.assign(document.createElement(name), options);
    (children || []).forEach(function (child) { if (child) made.append(child); });
    return made;
  }

  function say(said) { return make('span', { textContent: said, className: 'seg-word' }); }

  /* --- from the plain form to rows and back --- */

  function read(raw) {
    if ('all' in raw || 'any' in raw) { var kind = 'all' in raw ? 'all' : 'any'; return { kind: kind, parts: raw[kind].map(read) }; }
    if (!('not' in raw)) return { leaf: raw };
    if ('any' in raw.not) return { kind: 'none', parts: raw.not.any.map(read), joined: true };
    if ('all' in raw.not) return { kind: 'notall', parts: raw.not.all.map(read) };
    return { kind: 'none', parts: [read(raw.not)] };
  }

  function write(node) {
    if (node.leaf) return node.leaf;
    var parts = node.parts.map(write);
    if (node.kind === 'none') return { not: parts.length === 1 && !node.joined ? parts[0] : { any: parts } };
    if (node.kind === 'notall') return { not: { all: parts } };
    var group = {};
    group[node.kind] = parts;
    return group;
  }

  /* --- and to text: the YAML that files/conditions.py writes --- */

  var order = ['field', 'bant', 'signal', 'mail', 'at_least', 'within'];
  function inOrder(keys) {
    var first = order.filter(function (key) { return keys.indexOf(key) >= 0; });
    return first.concat(keys.filter(function (key) { return order.indexOf(key) < 0; }));
  }

  function inline(value) {
    if (Array.isArray(value)) return '[' + value.map(inline).join(', ') + ']';
    if (value && typeof value === 'object') {
      return '{' + inOrder(Object.keys(value)).map(function (key) { return inline(key) + ': ' + inline(value[key]); }).join(', ') + '}';
    }
    var bare = typeof value === 'string' && !/^(null|true|false)$/i.test(value) &&
      /^([\p{L}_][\p{L}\p{N}_]*([ .@\/-][\p{L}\p{N}_]+)*|[0-9]{1,9}[smhdw])$/u.test(value);
    return bare ? value : JSON.stringify(value).replace(/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, function (one) {
      return '\\u' + one.charCodeAt(0).toString(16).padStart(4, '0');
    });
  }

  function lines(plain, indent) {
    var keys = Object.keys(plain), key = keys[0], all = [], below;
    if (keys.length === 1 && (key === 'all' || key === 'any')) {
      all.push(indent + key + ':');
      plain[key].forEach(function (part) {
        below = lines(part, indent + '    ');
        all.push(indent + '  - ' + below[0].trimStart());
        all = all.concat(below.slice(1));
      });
      return all;
    }
    if (keys.length === 1 && key === 'not') {
      below = lines(plain.not, indent + '  ');
      if (below.length === 1) return [indent + 'not: ' + below[0].trimStart()];
      return [indent + 'not:'].concat(below);
    }
    return [indent + inline(plain)];
  }

  function changed(redraw) {
    text.value = lines(write(tree), '').join('\n') + '\n';
    text.removeAttribute('aria-invalid');
    if (redraw) draw();
    form.dispatchEvent(new CustomEvent('segment-changed', { bubbles: true }));
  }

  /* --- small parts --- */

  function choose(label, options, value, act) {
    var known = options.some(function (one) { return one[0] === value; });
    var all = known || value === undefined ? options : options.concat([[value, value.replace(/^field:(fields\.)?/, '')]]);
    var select = make('select', { className: 'form-select' }, all.map(function (one) {
      return make('option', { value: one[0], textContent: one[1], selected: one[0] === value });
    }));
    select.setAttribute('aria-label', label);
    select.addEventListener('change', function () { act(select.value); });
    return select;
  }

  function type(label, value, act, options) {
    var input = make('input', Object.assign({ className: 'form-control', value: value === undefined ? '' : value }, options));
    input.setAttribute('aria-label', label);
    input.addEventListener('input', function () { act(input.value); });
    return input;
  }

  function button(label, icon, act, quiet) {
    var made = make('button', { type: 'button', className: 'btn btn-s' + (quiet ? ' btn-quiet btn-i' : '') }, [quiet ? '×' : (icon === 'x' ? '× ' : '+ ') + label]);
    if (quiet) made.setAttribute('aria-label', label);
    made.addEventListener('click', act);
    return made;
  }

  /* What was typed: numbers and true or false are what they say where that can be meant. */
  function valued(typed) {
    var said = typed.trim();
    if (/^-?\d{1,15}(\.\d{1,15})?$/.test(said) && String(Number(said)) === said) return Number(said);
    return said === 'true' ? true : said === 'false' ? false : said;
  }

  function shown(value) { return Array.isArray(value) ? value.join(', ') : String(value); }

  /* --- one row --- */

  function subjectOf(leaf) {
    if ('field' in leaf) return 'field:' + leaf.field;
    if ('bant' in leaf) return 'bant:' + leaf.bant;
    if ('signal' in leaf) return 'signal';
    if ('touches' in leaf) return 'touches';
    return traits.find(function (trait) { return trait in leaf; });
  }

  function fresh(subject) {
    var parts = subject.split(':'), leaf = {};
    if (parts[0] === 'field') return { field: subject.slice(6), exists: true };
    if (parts[0] === 'bant') return { bant: parts[1] };
    if (subject === 'signal') return { signal: 'clicked', within: '30d' };
    if (subject === 'touches') return { touches: { gte: 1 } };
    leaf[subject] = (words.choices[subject][0] || [''])[0];
    return leaf;
  }

  function opOf(leaf) {
    var op = words.ops.find(function (one) { return one[0] in leaf; });
    return op ? (op[0] === 'exists' && leaf.exists === false ? 'missing' : op[0]) : 'exists';
  }

  function compared(holder, leaf, box, numbers) {
    var op = opOf(box);
    function set(newOp, typed) {
      words.ops.forEach(function (one) { delete box[one[0]]; });
      if (newOp === 'exists' || newOp === 'missing') box.exists = newOp === 'exists';
      else if (listed[newOp]) box[newOp] = typed.split(',').map(valued).filter(function (one) { return one !== ''; });
      else box[newOp] = valued(typed);
    }
    var value = op === 'exists' || op === 'missing' ? '' : shown(box[op]);
    var ops = numbers ? words.ops.filter(function (one) { return /^(eq|ne|gte?|lte?)$/.test(one[0]); }) : words.ops;
    holder.append(choose(words.how, ops, op, function (next) { set(next, value || (words.values[leaf.field] || [['1']])[0][0]); changed(true); }));
    var closed = words.values[leaf.field];
    if (closed && (op === 'eq' || op === 'ne')) {
      holder.append(choose(words.value, closed, value, function (next) { value = next; set(op, next); changed(); }));
    } else if (op !== 'exists' && op !== 'missing') {
      holder.append(type(listed[op] ? words.commas : words.value, value, function (typed) { value = typed; set(op, typed); changed(); }));
    }
  }

  /* Several names, any of which will do: each chosen one can be taken out, another added. */
  function names(holder, leaf, key, options) {
    var chosen = [].concat(leaf[key]);
    function set(next) { leaf[key] = next.length === 1 ? next[0] : next; changed(true); }
    chosen.forEach(function (name, at) {
      if (at) holder.append(say(words.or));
      if (options.length || key === 'segment') {
        holder.append(choose(words.value, options, name, function (value) { set(chosen.map(function (one, n) { return n === at ? value : one; })); }));
      } else {
        holder.append(type(words.value, name, function (typed) { chosen[at] = typed; leaf[key] = chosen.length === 1 ? typed : chosen; changed(); }));
      }
      if (chosen.length > 1) holder.append(button(words.remove, 'x', function () { set(chosen.filter(function (_one, n) { return n !== at; })); }, true));
    });
    if (options.length > chosen.length) {
      holder.append(button(words.or, 'plus', function () {
        var next = options.find(function (one) { return chosen.indexOf(one[0]) < 0; });
        set(chosen.concat([next[0]]));
      }));
    }
  }

  function signalled(holder, leaf) {
    var span = /^(\d+)([smhdw])$/.exec(leaf.within || '') || [null, '', 'd'];
    function within(amount, unit) {
      if (/^\d+$/.test(amount) && Number(amount) > 0) leaf.within = Number(amount) + unit; else delete leaf.within;
      changed();
    }
    holder.append(choose(words.what, words.choices.signal, leaf.signal, function (value) {
      leaf.signal = value;
      if (ofNoMail()) { delete leaf.mail; mail[1].value = ''; }
      offer();
      changed();
    }));
    var mail = [say(words.of_mail), choose(words.of_mail, [['', words.any_mail]].concat(words.choices.mail), leaf.mail || '', function (value) {
      if (value) leaf.mail = value; else delete leaf.mail;
      changed();
    })];
    function ofNoMail() { return words.of_no_mail.indexOf(leaf.signal) >= 0; }
    function offer() { mail.forEach(function (one) { one.hidden = ofNoMail() && !leaf.mail; }); }
    offer();
    holder.append.apply(holder, mail);
    holder.append(say(words.at_least), type(words.times, leaf.at_least || 1, function (typed) {
      if (Number(typed) > 1) leaf.at_least = Math.floor(Number(typed)); else delete leaf.at_least;
      changed();
    }, { type: 'number', min: 1, className: 'form-control seg-short' }), say(words.times + ' ' + words.within));
    holder.append(type(words.within, span[1], function (typed) { span[1] = typed; within(typed, span[2]); }, { type: 'number', min: 1, placeholder: words.ever, className: 'form-control seg-short' }));
    holder.append(choose(words.unit, words.units, span[2], function (value) { span[2] = value; within(span[1], value); }));
  }

  function row(node, take) {
    var leaf = node.leaf, subject = subjectOf(leaf), fields = words.fields.map(function (one) { return ['field:' + one[0], one[1]]; });
    var holder = make('div', { className: 'seg-row' });
    holder.append(choose(words.what, words.subjects.concat(fields), subject, function (next) { node.leaf = fresh(next); changed(true); }));
    if ('field' in leaf) compared(holder, leaf, leaf);
    else if (subject === 'touches') compared(holder, leaf, leaf.touches, true);
    else if (subject === 'signal') signalled(holder, leaf);
    else if ('bant' in leaf) {
      holder.append(say(words.answered));
      var box = { answers: leaf['in'] || leaf.eq || 'yes' };
      [].concat(box.answers).forEach(function (answer, at, all) {
        if (at) holder.append(say(words.or));
        holder.append(choose(words.value, words.choices.bant, answer, function (value) {
          var next = all.map(function (one, n) { return n === at ? value : one; });
          delete leaf.eq; delete leaf['in'];
          if (next.length > 1) leaf['in'] = next; else leaf.eq = next[0];
          changed();
        }));
      });
      holder.append(button(words.or, 'plus', function () {
        var all = [].concat(box.answers), next = words.choices.bant.find(function (one) { return all.indexOf(one[0]) < 0; });
        if (!next) return;
        delete leaf.eq;
        leaf['in'] = all.concat([next[0]]);
        changed(true);
      }));
    } else {
      holder.append(say(words.is));
      names(holder, leaf, subject, words.choices[subject] || []);
    }
    holder.append(button(words.remove, 'x', take, true));
    return holder;
  }

  function group(node, take) {
    var legend = make('div', { className: 'seg-head' }, [
      say(take ? '' : words.whose),
      choose(words.how, words.groups, node.kind, function (kind) { node.kind = kind; delete node.joined; changed(true); }),
      say(words['true'] + ':'),
      take && button(words.remove, 'x', take, true)
    ]);
    var list = make('ul', { className: 'seg-list' }, node.parts.map(function (part, at) {
      function drop() { node.parts.splice(at, 1); if (!node.parts.length) node.parts.push({ leaf: fresh('temperature') }); changed(true); }
      return make('li', {}, [part.leaf ? row(part, drop) : group(part, drop)]);
    }));
    var more = make('div', { className: 'seg-more' }, [
      button(words.add, 'plus', function () { node.parts.push({ leaf: fresh('temperature') }); changed(true); focusLast(); }),
      button(words.add_group, 'plus', function () { node.parts.push({ kind: 'any', parts: [{ leaf: fresh('temperature') }] }); changed(true); focusLast(); })
    ]);
    return make('div', { className: 'seg-group' }, [legend, list, more]);
  }

  function focusLast() { var all = place.querySelectorAll('.seg-row select:first-child'); if (all.length) all[all.length - 1].focus(); }

  /* Where the keyboard stood, it stands again after the rows were drawn anew. */
  function draw() {
    if (!tree) { place.replaceChildren(button(words.some, 'plus', function () { tree = { kind: 'all', parts: [{ leaf: fresh('temperature') }] }; changed(true); focusLast(); })); return; }
    var controls = 'select,input,button', at = [].indexOf.call(place.querySelectorAll(controls), document.activeElement);
    place.replaceChildren(group(tree));
    if (optional) place.firstChild.lastChild.append(button(words.none, 'x', function () { tree = null; text.value = ''; draw(); form.dispatchEvent(new CustomEvent('segment-changed', { bubbles: true })); }));
    var again = place.querySelectorAll(controls)[at];
    if (at >= 0 && again) again.focus();
  }

  function take(raw) {
    var found = read(raw);
    tree = found.leaf ? { kind: 'all', parts: [found], bare: true } : found;
    draw();
  }

  /* What is written as text is read by the server, which knows every fault; the rows follow. */
  var asked = 0;
  function reading() {
    var mine = ++asked;
    if (optional && !text.value.trim()) { tree = null; draw(); return; }
    var asks = new FormData();
    asks.set('condition', text.value);
    asks.set('csrf_token', document.querySelector('meta[name="csrf"]').content);
    fetch(text.dataset.reads, { method: 'POST', body: asks, credentials: 'same-origin' })
      .then(function (answer) { return answer.json(); })
      .then(function (said) {
        if (mine !== asked) return;
        if (said.condition) { take(said.condition); text.removeAttribute('aria-invalid'); } else text.setAttribute('aria-invalid', 'true');
        form.dispatchEvent(new CustomEvent('segment-changed', { bubbles: true }));
      });
  }
  var typing = 0;
  text.addEventListener('input', function () { clearTimeout(typing); typing = setTimeout(reading, 250); });
  if (began) take(began); else if (optional && !text.value.trim()) draw(); else { tree = { kind: 'all', parts: [{ leaf: fresh('temperature') }] }; if (form.dataset.condition === '') draw(); }
  setTimeout(function () { form.dispatchEvent(new CustomEvent('segment-changed', { bubbles: true })); }, 50);
  }

  /* One that is folded away is built when it is opened. */
  function every() { document.querySelectorAll('[data-segment]').forEach(function (form) {
    var folded = form.closest('details:not([open])');
    if (folded) folded.addEventListener('toggle', function () { build(form); }, { once: true }); else build(form);
  }); }
  every();
  /* Pages that are drawn anew piece by piece bring further builders. */
  document.addEventListener('conditions-here', every);
})();
