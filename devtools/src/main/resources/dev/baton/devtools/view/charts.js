'use strict';
/* The timeline of a run and of the load; memory from step to step. */
baton.charts = (() => {
  const {report, el, nanos, bytes, css} = baton;
  const ROW = 26;
  const BINARY = Array.from({length: 45}, (none, i) => 2 ** i);
  const tip = document.getElementById('tip');
  const charts = [];

  const showTip = (event, lines) => {
    if (!lines) { tip.hidden = true; return; }
    tip.replaceChildren(...lines.map((line, i) => el(i ? 'p.soft' : 'p', line)));
    tip.hidden = false;
    tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + 'px';
    tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8) + 'px';
  };

  const axis = (format, more = {}) => ({stroke: () => css('--soft'), grid: {stroke: () => css('--line'), width: 1}, ticks: {stroke: () => css('--line'), width: 1}, font: '11px system-ui, "DejaVu Sans", sans-serif',
    values: (u, splits) => splits.map(format), ...more});

  /* Wheel zooms about the pointer, dragging with Shift moves, double-click shows all. */
  const moves = (u, most) => {
    const over = u.over;
    const set = (min, max) => {
      const width = Math.min(max - min, most);
      const from = Math.max(0, Math.min(min, most - width));
      u.setScale('x', {min: from, max: from + width});
    };
    over.addEventListener('wheel', event => {
      event.preventDefault();
      const {min, max} = u.scales.x;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const by = (event.deltaX || event.deltaY) / over.clientWidth * (max - min);
        set(min + by, max + by);
        return;
      }
      const at = u.posToVal(event.offsetX, 'x');
      const factor = Math.exp(event.deltaY * 0.002);
      set(at - (at - min) * factor, at + (max - at) * factor);
    }, {passive: false});
    over.addEventListener('dblclick', () => set(0, most));
  };

  /* Bars {from, to, low, high, colour, text, lines, choose}: rectangles with a text in them. */
  const bars = (place, {items, height, xFormat, most, top, yFormat, lanes}) => {
    const host = el('div.chart');
    place.append(host);
    const draw = u => {
      const {ctx, bbox} = u;
      const ratio = uPlot.pxRatio;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      ctx.font = `${11 * ratio}px system-ui, "DejaVu Sans", sans-serif`;
      ctx.textBaseline = 'middle';
      ctx.textAlign = 'left';
      const {min, max} = u.scales.x;
      for (const item of items) {
        if (item.to < min || item.from > max) continue;
        const left = u.valToPos(item.from, 'x', true);
        const right = Math.max(u.valToPos(item.to, 'x', true), left + 1);
        const up = u.valToPos(item.high, 'y', true);
        const tall = u.valToPos(item.low, 'y', true) - up;
        ctx.fillStyle = item.colour();
        ctx.fillRect(left, up, right - left, Math.max(tall, 1));
        if (right - left > 3 * ratio && tall > 3 * ratio) {
          ctx.strokeStyle = css('--paper');
          ctx.lineWidth = ratio;
          ctx.strokeRect(left + ratio / 2, up + ratio / 2, right - left - ratio, tall - ratio);
        }
        const from = Math.max(left, bbox.left);
        const room = Math.min(right, bbox.left + bbox.width) - from - 8 * ratio;
        if (room > 26 * ratio && tall > 12 * ratio) {
          let text = item.text;
          const fits = Math.floor(room / (6.2 * ratio));
          if (text.length > fits) text = fits > 3 ? text.slice(0, fits - 1) + '…' : '';
          ctx.fillStyle = css('--ink');
          ctx.fillText(text, from + 4 * ratio, up + tall / 2);
        }
      }
      ctx.restore();
    };
    const at = (u, event) => {
      const x = u.posToVal(event.offsetX, 'x');
      const y = u.posToVal(event.offsetY, 'y');
      const slack = (u.scales.x.max - u.scales.x.min) / u.over.clientWidth * 1.5;
      return items.findLast(i => x >= i.from - slack && x <= i.to + slack && y >= i.low && y <= i.high);
    };
    const options = {width: Math.max(place.clientWidth - 44, 400), height, legend: {show: false}, padding: [6, 14, 0, 4],
      scales: {x: {time: false, range: (u, min, max) => min === max ? [0, most] : [min, max]}, y: {range: () => [0, top]}},
      axes: [axis(xFormat), lanes ? {show: false} : axis(yFormat, {size: 74, incrs: BINARY})],
      cursor: {y: false, drag: {x: true, y: false}, points: {show: false}},
      series: [{}, {show: true, stroke: 'transparent', points: {show: false}}],
      hooks: {drawSeries: [draw], ready: [u => {
        moves(u, most);
        u.over.addEventListener('mousemove', event => { const item = at(u, event); showTip(event, item && item.lines); u.over.style.cursor = item && item.choose ? 'pointer' : 'default'; });
        u.over.addEventListener('mouseleave', () => showTip(null, null));
        let down = 0;
        u.over.addEventListener('mousedown', event => { down = event.clientX; });
        u.over.addEventListener('click', event => { const item = at(u, event); if (item && item.choose && Math.abs(event.clientX - down) < 4) item.choose(); });
      }]}};
    const chart = new uPlot(options, [[0, most], [0, 0]], host);
    charts.push([chart, place, height]);
    return chart;
  };

  const lane = n => ({low: -n, high: -n + 1});
  const flip = (items, count) => items.map(i => ({...i, low: count - 1 + i.low, high: count - 1 + i.high}));

  const stepName = s => s.subgraph || s.nodes.map(n => baton.short(report.nodes[n].operator)).join(' + ') || s.name;

  const timeline = () => {
    const place = document.getElementById('timeline');
    place.replaceChildren();
    const {runs, steps, load} = report;
    if (runs.timeline.length) {
      place.append(el('h2', 'A run'), el('p.hint', `The run that took the median of ${runs.nanos.length}: steps above, what delegates tell of their own below. Wheel zooms, dragging selects, Shift and wheel moves, double-click shows all.`));
      const items = [];
      let deep = 1;
      const end = Math.max(...runs.timeline.map(e => e.start + e.nanos), 1);
      runs.timeline.forEach(event => {
        const step = steps[event.step];
        items.push({from: event.start, to: event.start + event.nanos, ...lane(0), colour: () => baton.colour(step.runner), text: stepName(step),
          lines: [stepName(step), step.runner, nanos(event.nanos), step.inputs.join(', ') + ' → ' + step.outputs.join(', ')], choose: () => baton.select({step: event.step})});
        event.parts.forEach(part => {
          deep = 2;
          items.push({from: part.start, to: part.start + part.nanos, ...lane(1), colour: () => baton.colour(step.runner), text: part.name, lines: [part.name, 'within ' + stepName(step), nanos(part.nanos)], choose: () => baton.select({step: event.step})});
        });
      });
      bars(place, {items: flip(items, deep), height: 48 + deep * (ROW + 8), xFormat: nanos, most: end, top: deep, lanes: true});
    } else {
      place.append(el('h2', 'A run'), el('p.soft', 'No run was recorded.'));
    }
    if (load.length) {
      place.append(el('h2', 'The load'), el('p.hint', 'Phases lie within those above them.'));
      const open = [];
      const items = [];
      [...load].sort((a, b) => a.start - b.start || b.nanos - a.nanos).forEach(phase => {
        while (open.length && open.at(-1) <= phase.start) open.pop();
        const depth = open.length;
        open.push(phase.start + phase.nanos);
        items.push({from: phase.start, to: phase.start + phase.nanos, ...lane(depth), depth, colour: () => css('--c' + ['read', 'lift', 'claim', 'compile', 'pack', 'plan'].indexOf(phase.kind)) || css('--java'),
          text: phase.kind === 'part' ? phase.what : phase.kind + ' ' + phase.what, lines: [phase.kind + ' ' + phase.what, nanos(phase.nanos)]});
      });
      const deep = Math.max(...items.map(i => i.depth)) + 1;
      bars(place, {items: flip(items, deep), height: 48 + deep * ROW, xFormat: nanos, most: Math.max(...items.map(i => i.to), 1), top: deep, lanes: true});
      const sums = new Map();
      load.forEach(p => sums.set(p.kind, (sums.get(p.kind) || 0) + p.nanos));
      place.append(el('table', el('tr', el('th', 'Phase'), el('th.n', 'time')), [...sums].sort((a, b) => b[1] - a[1]).map(([kind, n]) => el('tr', el('td', kind === 'part' ? 'parts that delegates tell of' : kind), el('td.n', nanos(n))))));
    }
    if (runs.nanos.length > 1) {
      place.append(el('h2', 'All runs'), el('p.hint', `median ${nanos(runs.p50)}, p90 ${nanos(runs.p90)}`));
      const host = el('div.chart');
      place.append(host);
      const chart = new uPlot({width: Math.max(place.clientWidth - 44, 400), height: 150, legend: {show: false}, scales: {x: {time: false}, y: {range: (u, low, high) => [0, high * 1.08]}}, axes: [axis(v => Number.isInteger(v) ? String(v + 1) : ''), axis(nanos, {size: 74})], cursor: {show: false},
        series: [{}, {paths: () => null, points: {show: true, size: 5, fill: () => css('--c0'), stroke: () => css('--c0')}}]}, [runs.nanos.map((n, i) => i), runs.nanos], host);
      charts.push([chart, place, 150]);
    }
    const measured = steps.map((s, i) => i).filter(i => steps[i].times.p50 > 0).sort((a, b) => steps[b].times.p50 - steps[a].times.p50);
    if (measured.length) {
      place.append(el('h2', 'Steps'), el('table', el('tr', el('th', 'Step'), el('th', 'Runner'), el('th.n', 'p50'), el('th.n', 'p90'), el('th.n', 'share'), el('th.n', 'bytes')), measured.slice(0, 60).map(i => el('tr',
        el('td', baton.panel.link(stepName(steps[i]), () => baton.select({step: i}))), el('td', baton.swatch(steps[i].runner), ' ', steps[i].runner), el('td.n', nanos(steps[i].times.p50)), el('td.n', nanos(steps[i].times.p90)), el('td.n', baton.percent(steps[i].times.share)), el('td.n', bytes(steps[i].bytesRead + steps[i].bytesWritten))))));
      if (measured.length > 60) place.append(el('p.soft', `and ${measured.length - 60} more, which are faster`));
    }
  };

  const PURPOSES = [['constants', 'constants of the graphs, as stored', '--c0'], ['copies', 'copies of constants', '--c3'], ['packed', 'packed for Java kernels', '--c1'], ['delegates', 'held by delegates: packed weights', '--c2'],
    ['inputsOutputs', 'inputs and outputs', '--c5'], ['state', 'state', '--none'], ['activations', 'activations: the arena', '--c4'], ['scratch', 'scratch of kernels', '--java']];

  const memory = () => {
    const place = document.getElementById('memory');
    place.replaceChildren();
    const use = report.memory.use;
    const total = PURPOSES.reduce((sum, [key]) => sum + use[key], 0);
    place.append(el('h2', 'Memory by purpose'), el('p.hint', `${bytes(total)} in all; constants may lie in the mapped file.`));
    place.append(el('div.stack', PURPOSES.filter(([key]) => use[key] > 0).map(([key, , colour]) => {
      const part = el('i');
      part.style.width = 100 * use[key] / total + '%';
      part.style.background = `var(${colour})`;
      return part;
    })));
    place.append(el('table', PURPOSES.map(([key, name, colour]) => {
      const mark = el('i.swatch');
      mark.style.background = `var(${colour})`;
      return el('tr', el('td', mark, ' ', name), el('td.n', bytes(use[key])), el('td.n', total ? baton.percent(use[key] / total) : ''));
    })));
    report.memory.plans.forEach((plan, p) => {
      if (!plan.buffers.length) return;
      const count = plan.steps.length;
      const live = new Array(count + 1).fill(0);
      plan.buffers.forEach(b => { for (let s = Math.max(b.first, 0); s <= b.last; s++) live[s] += b.bytes; });
      const peak = live.indexOf(Math.max(...live));
      const name = step => step < count ? plan.steps[step].map(n => n < 0 ? 'copy' : baton.short(report.nodes[n].operator)).join(' + ') : 'results are copied out';
      place.append(el('h2', report.memory.plans.length > 1 ? `Activations of block ${plan.block}` : 'Activations over time'),
        el('p.hint', `The arena has ${bytes(plan.arenaBytes)}; ${bytes(live[peak])} live at once at most, at step ${peak} (${name(peak)})${report.memory.filePlan ? `; the file plans ${bytes(report.memory.filePlan)} with inputs, outputs and state` : ''}.`));
      const host = el('div.chart');
      place.append(host);
      const area = new uPlot({width: Math.max(place.clientWidth - 44, 400), height: 150, legend: {show: false}, padding: [6, 14, 0, 4], scales: {x: {time: false, range: (u, a, b) => [a, b]}, y: {range: (u, low, high) => [0, high * 1.05]}},
        axes: [axis(v => Number.isInteger(v) ? 'step ' + v : ''), axis(bytes, {size: 74, incrs: BINARY})], cursor: {y: false, drag: {x: false, y: false}, points: {show: false}},
        series: [{}, {stroke: () => css('--c4'), fill: () => css('--c4') + '55', width: 1.5, paths: uPlot.paths.stepped({align: 1}), points: {show: false}}],
        hooks: {ready: [u => u.over.addEventListener('mousemove', event => { const s = Math.floor(u.posToVal(event.offsetX, 'x')); if (s >= 0 && s <= count) showTip(event, [`step ${s}: ${name(s)}`, bytes(live[s]) + ' live']); }), u => u.over.addEventListener('mouseleave', () => showTip(null, null))]}},
      [live.map((b, s) => s).concat([count + 1]), live.concat([live[count]])], host);
      charts.push([area, place, 150]);
      place.append(el('h3', 'Where each buffer lies'));
      const items = plan.buffers.map(b => {
        const first = b.values.find(v => v.operator >= 0);
        const runner = first ? report.nodes[first.operator].runner : 'plan';
        return {from: Math.max(b.first, 0), to: b.last + 1, low: b.offset, high: b.offset + b.bytes, colour: () => baton.colour(runner), text: first ? baton.short(report.nodes[first.operator].operator) : 'staging',
          lines: [b.values.map(v => v.operator < 0 ? '?' : `${baton.short(report.nodes[v.operator].operator)} #${v.operator}`).slice(0, 6).join(', ') || 'room for copies', `${bytes(b.bytes)} at ${bytes(b.offset)}`, `steps ${b.first} to ${b.last}`], choose: first ? () => baton.select({node: first.operator}) : null};
      });
      bars(place, {items, height: 340, xFormat: v => Number.isInteger(v) ? 'step ' + v : '', most: count + 1, top: Math.max(plan.arenaBytes, 1), yFormat: bytes});
    });
    if (!report.memory.plans.some(plan => plan.buffers.length)) place.append(el('p.soft', 'No activations lie between steps: all runs as one, or shapes are not known yet.'));
  };

  const built = new Set();
  return {
    show: name => { if (!built.has(name)) { built.add(name); ({timeline, memory})[name](); } },
    resize: () => charts.forEach(([chart, place, height]) => { if (place.clientWidth) chart.setSize({width: Math.max(place.clientWidth - 44, 400), height}); }),
    redraw: () => charts.forEach(([chart]) => chart.redraw(false, true)),
    stepName,
  };
})();
