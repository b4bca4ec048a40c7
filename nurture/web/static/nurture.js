/* The few lines a page needs: the theme before first paint, charts that read the tokens, small conveniences. */
(function () {
  'use strict';
  var root = document.documentElement, dark = matchMedia('(prefers-color-scheme: dark)'), made = [], soon, looked = 0;

  /* What the person chose stands on the page itself; without a choice the system decides. */
  function theme() { root.dataset.bsTheme = root.dataset.theme || (dark.matches ? 'dark' : 'light'); }
  theme();
  dark.addEventListener('change', function () { theme(); draw(); });

  function token(name) { return getComputedStyle(root).getPropertyValue('--n-' + name).trim(); }

  function axis(more) {
    return Object.assign({
      axisLine: { lineStyle: { color: token('line-2') } }, axisTick: { show: false },
      axisLabel: { color: token('faint'), fontSize: 11, hideOverlap: true }, splitLine: { lineStyle: { color: token('line') } }
    }, more);
  }

  function threshold(at, words, colour, type, wide) {
    return {
      yAxis: at, lineStyle: { color: colour, type: type, width: 1 },
      label: { show: !!words, formatter: words, position: wide ? 'end' : 'insideEndTop', distance: wide ? 8 : [2, 2], color: token('muted'), fontSize: 11 }
    };
  }

  /* The day first, as the pages write it. */
  var days = root.lang === 'en' ? 'en-GB' : root.lang;
  function day(at) { return new Date(at).toLocaleDateString(days, { day: 'numeric', month: 'short' }); }

  /* Days as far apart as leaves at most so many: midnights, Mondays or firsts of months. ECharts begins anew with
     each month, which crowds its end. */
  function ticks(from, to, most) {
    var span = (to - from) / 864e5, step = [1, 2, 3, 7, 14].find(function (one) { return span / one <= most; });
    var months = step ? 0 : [1, 2, 3, 6, 12].find(function (one) { return span / 30.4 / one <= most; }) || 12;
    var at = new Date(from), found = [];
    at.setHours(24, 0, 0, 0);
    if (step >= 7) at.setDate(at.getDate() + (8 - at.getDay()) % 7);
    if (months && at.getDate() > 1) at.setMonth(at.getMonth() + 1, 1);
    for (; at <= to; months ? at.setMonth(at.getMonth() + months) : at.setDate(at.getDate() + step)) found.push(+at);
    return { at: found, said: months ? month : day };
  }
  function month(at) {
    var first = new Date(at).getMonth() === 0;
    return new Date(at).toLocaleDateString(days, first ? { month: 'short', year: 'numeric' } : { month: 'short' });
  }

  /* The heat of a lead: the curve coloured by temperature, thresholds on their lines, silence dotted. */
  function heat(data) {
    var wide = innerWidth > 600, most = Math.max(data.hot.rise * 1.3, data.most * 1.12);
    var step = most > 150 ? 50 : most > 80 ? 25 : 20, top = Math.ceil(most / step) * step;
    var apart = Math.min(data.hot.rise - data.hot.fall, data.hot.fall - data.warm.rise) / top > 0.09;
    var from = data.segments[0].points[0][0], to = data.next[data.next.length - 1][0], marks = ticks(from, to, wide ? 8 : 4);
    var segments = data.segments.map(function (one) {
      return { name: data.words.heat, type: 'line', showSymbol: false, data: one.points, lineStyle: { width: 2.25, color: token(one.level + '-fill') }, itemStyle: { color: token(one.level + '-fill') }, z: 3 };
    });
    return {
      animation: !matchMedia('(prefers-reduced-motion: reduce)').matches, animationDuration: 200,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 11, color: token('muted') },
      grid: { left: 8, right: wide ? 112 : 12, top: 22, bottom: 4, containLabel: true },
      tooltip: {
        trigger: 'axis', renderMode: 'richText', backgroundColor: token('surface'), borderColor: token('line-2'), borderWidth: 1, padding: [8, 12],
        textStyle: { color: token('text'), fontSize: 12 }, formatter: function (points) {
          var at = new Date(points[0].value[0]);
          return day(at) + '   ' + (Math.round(points[0].value[1] * 10) / 10).toLocaleString(root.lang);
        }
      },
      xAxis: axis({
        type: 'time', min: from, max: to, splitLine: { show: false }, axisTick: { show: true, length: 4, lineStyle: { color: token('line-2') }, customValues: marks.at },
        axisLabel: { color: token('faint'), fontSize: 11, hideOverlap: true, customValues: marks.at, formatter: marks.said }
      }),
      yAxis: axis({ type: 'value', min: 0, max: top, interval: step, axisLine: { show: false } }),
      series: segments.concat([
        {
          name: data.words.silent, type: 'line', showSymbol: false, data: data.next, lineStyle: { width: 1.5, type: [3, 4], color: token('faint') }, itemStyle: { color: token('faint') },
          markLine: {
            z: 1, silent: true, symbol: 'none', animation: false, data: [
              threshold(data.hot.rise, data.words.hot, token('hot-line'), 'solid', wide),
              threshold(data.hot.fall, wide && apart ? data.words.stays : '', token('hot-line'), 'dashed', wide),
              threshold(data.warm.rise, data.words.warm, token('warm-line'), 'solid', wide)]
          }
        },
        {
          name: data.words.touch, type: 'scatter', data: data.touches, symbolSize: 8, z: 4, tooltip: { show: false },
          itemStyle: { color: token('surface'), borderColor: token('text'), borderWidth: 1.5 },
          label: { show: wide, formatter: function (p) { return p.value[2]; }, position: [7, -15], align: 'left', color: token('text'), fontSize: 11, textBorderColor: token('surface'), textBorderWidth: 4 },
          labelLayout: { hideOverlap: true }
        }])
    };
  }
  function frame(days, more) {
    var wide = innerWidth > 600;
    return Object.assign({
      animation: !matchMedia('(prefers-reduced-motion: reduce)').matches, animationDuration: 200,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 11, color: token('muted') },
      grid: { left: 8, right: 12, top: 12, bottom: 4, containLabel: true },
      tooltip: {
        trigger: 'axis', renderMode: 'richText', backgroundColor: token('surface'), borderColor: token('line-2'), borderWidth: 1, padding: [8, 12],
        textStyle: { color: token('text'), fontSize: 12 },
        formatter: function (points) {
          return [day(points[0].axisValue)].concat(points.filter(function (p) { return p.seriesName && p.value !== null; }).map(function (p) {
            return p.seriesName + '   ' + p.value.toLocaleString(root.lang);
          })).join('\n');
        }
      },
      xAxis: axis({ type: 'category', data: days, boundaryGap: false, splitLine: { show: false }, axisLabel: { color: token('faint'), fontSize: 11, hideOverlap: true, formatter: day, interval: Math.max(0, Math.ceil(days.length / (wide ? 6 : 3)) - 1) } }),
      yAxis: axis({ type: 'value', min: 0, minInterval: 1, axisLine: { show: false } })
    }, more);
  }

  function curve(name, data, colour, more) {
    return Object.assign({ name: name, type: 'line', data: data, showSymbol: false, step: false, lineStyle: { width: 2, color: token(colour) }, itemStyle: { color: token(colour) } }, more);
  }

  /* Who turned hot, became ready and went to sales until each day; the band is where most repetitions lie. */
  function ripening(data) {
    var band = data.low.length ? [
      curve('', data.low, 'hot-line', { stack: 'spread', lineStyle: { opacity: 0 }, tooltip: { show: false }, z: 1 }),
      curve('', data.high.map(function (high, at) { return high - data.low[at]; }), 'hot-line', { stack: 'spread', lineStyle: { opacity: 0 }, areaStyle: { color: token('hot-soft') }, z: 1 })] : [];
    var other = data.other.length ? [curve(data.words.other, data.other, 'faint', { lineStyle: { width: 1.5, type: [3, 4], color: token('faint') } })] : [];
    return frame(data.days, { series: band.concat([
      curve(data.words.hot, data.hot, 'hot-fill', { z: 4 }), curve(data.words.ready, data.ready, 'warm-fill', { z: 3 }),
      curve(data.words.taken, data.taken, 'accent', { z: 3 })], other) });
  }

  /* Mails a day, the chains on top of each other. */
  function mailed(data) {
    var options = frame(data.days, { series: data.chains.map(function (chain) {
      return { name: chain.words, type: 'bar', stack: 'mails', data: chain.mails, itemStyle: { color: token(chain.name + '-fill') }, barMaxWidth: 10 };
    }) });
    options.xAxis.boundaryGap = true;
    return options;
  }
  var kinds = { heat: heat, ripening: ripening, mailed: mailed };

  function draw() {
    if (!window.echarts) return;
    made.forEach(function (chart) { chart.dispose(); });
    made = [].map.call(document.querySelectorAll('[data-chart]'), function (place) {
      var chart = window.echarts.init(place, null, { renderer: 'canvas' });
      chart.setOption(kinds[place.dataset.chart](JSON.parse(document.getElementById(place.dataset.from).textContent)));
      return chart;
    });
  }

  /* A question before a form is sent: the first sentence asks, the others explain, the button says what it does. */
  function ask(form, button) {
    var dialog = document.getElementById('ask'), words = form.dataset.ask, end = words.search(/[?.!]( |$)/) + 1 || words.length;
    document.getElementById('ask-words').textContent = words.slice(0, end);
    document.getElementById('ask-more').textContent = words.slice(end).trim();
    var yes = document.getElementById('ask-yes');
    yes.textContent = button.textContent.trim().replace('…', '');
    yes.className = 'btn ' + (form.dataset.harm === undefined ? 'btn-primary' : 'btn-danger');
    dialog.returnValue = '';
    dialog.onclose = function () {
      if (dialog.returnValue !== 'yes') { button.focus(); return; }
      form.dataset.sure = 'yes'; form.requestSubmit(button); delete form.dataset.sure;
    };
    dialog.showModal();
  }

  /* A public page beside the form that makes it, drawn anew as its words change; its style stays inside. */
  function look(form) {
    var place = document.querySelector('[data-looks]'), mine = ++looked;
    fetch(form.dataset.drawnBy, { method: 'POST', body: new URLSearchParams(new FormData(form)) }).then(function (answer) { return answer.ok ? answer.text() : ''; }).then(function (text) {
      var style = /<style[^>]*>([^]*?)<\/style>/.exec(text), main = new DOMParser().parseFromString(text.replace(style && style[0], ''), 'text/html').querySelector('main');
      if (!main || !style || mine !== looked) return;
      var inside = place.shadowRoot || place.attachShadow({ mode: 'open' }), sheet = new CSSStyleSheet();
      sheet.replaceSync(style[1].replace(/:root/g, ':host').replace(/body\{min-height:100vh;/, ':host{') + ':host{display:block;padding:24px 16px;border-radius:0 0 10px 10px}main{margin:0 auto}');
      inside.adoptedStyleSheets = [sheet];
      inside.replaceChildren(main);
    });
  }

  /* A few words beside what they explain, on hover and focus; nothing around them cuts them off. Esc takes them away. */
  function tip(event) {
    var place = event.target.closest && event.target.closest('.by-hand'), words = place && place.querySelector('.tip');
    document.querySelectorAll('.tip-on').forEach(function (one) { if (one !== words) one.classList.remove('tip-on'); });
    if (!words) return;
    words.classList.add('tip-on');
    var at = place.getBoundingClientRect(), above = at.top - words.offsetHeight - 8;
    words.style.left = Math.max(8, Math.min(at.left, innerWidth - words.offsetWidth - 8)) + 'px';
    words.style.top = (above > 8 ? above : at.bottom + 8) + 'px';
  }

  function typing(event) { return /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey; }

  addEventListener('resize', function () { made.forEach(function (chart) { chart.resize(); }); });
  addEventListener('DOMContentLoaded', function () {
    /* On a phone a row of rooms is longer than the screen: it begins where one stands. */
    document.querySelectorAll('.seg-groups [aria-current]').forEach(function (one) { one.scrollIntoView({ inline: 'center', block: 'nearest' }); });
    draw();
    document.querySelectorAll('form[data-drawn-by]').forEach(look);
    if (window.htmx) window.htmx.config.includeIndicatorCSS = false;
  });
  document.addEventListener('click', function (event) {
    var toggle = event.target.closest('[data-theme-toggle]'), copy = event.target.closest('[data-copy]');
    if (toggle) {
      root.dataset.theme = root.dataset.bsTheme === 'dark' ? 'light' : 'dark'; theme(); draw();
      fetch(toggle.dataset.themeToggle, { method: 'POST', keepalive: true, headers: { 'X-CSRFToken': document.querySelector('meta[name="csrf"]').content }, body: new URLSearchParams({ theme: root.dataset.theme }) });
    }
    if (copy) navigator.clipboard.writeText(document.querySelector(copy.dataset.copy).textContent);
  });
  document.addEventListener('change', function (event) {
    if (event.target.matches('[data-send]')) event.target.form.requestSubmit();
    if (event.target.matches('[data-tick-all]')) document.querySelectorAll('input[name="' + (event.target.dataset.tickAll || 'lead') + '"]').forEach(function (one) { one.checked = event.target.checked; });
  });
  document.addEventListener('input', function (event) {
    var form = event.target.form;
    if (form && form.dataset.drawnBy) { clearTimeout(soon); soon = setTimeout(look, 350, form); }
    if (event.target.dataset.shows) document.getElementById(event.target.dataset.shows).textContent = event.target.value;
  });
  document.addEventListener('submit', function (event) {
    if (event.target.dataset.ask && !event.target.dataset.sure) { event.preventDefault(); ask(event.target, event.submitter); return; }
    /* A form in flight cannot be sent twice; the chosen button's value is already taken. */
    if (event.submitter && event.submitter.formTarget) return;
    var form = event.target, buttons = form.querySelectorAll('button'), after = form.querySelector('[data-after]');
    setTimeout(function () { buttons.forEach(function (b) { b.disabled = form.method === 'post'; }); }, 0);
    /* A file is saved and the page stays: it can be asked for again. */
    if (form.dataset.stays !== undefined) setTimeout(function () { buttons.forEach(function (b) { b.disabled = false; }); if (after) after.hidden = false; }, 1500);
  });
  addEventListener('pageshow', function () { document.querySelectorAll('form button:disabled:not([data-off])').forEach(function (b) { b.disabled = false; }); });
  document.addEventListener('mouseover', tip);
  document.addEventListener('focusin', tip);
  addEventListener('scroll', function () { document.querySelectorAll('.tip-on').forEach(function (one) { one.classList.remove('tip-on'); }); }, { passive: true, capture: true });
  document.addEventListener('keydown', function (event) {
    if (event.key === 'Escape') document.querySelectorAll('.tip-on').forEach(function (one) { one.classList.remove('tip-on'); });
    if (event.key === '/' && !typing(event)) { var find = document.getElementById('find'); if (find) { event.preventDefault(); find.focus(); } }
  });
})();
