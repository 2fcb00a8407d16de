'use strict';
/* What is known of the selection: a node, a group of nodes, a value, or the whole. */
baton.panel = (() => {
  const {report, el, nanos, bytes, percent, figure, plural, swatch} = baton;
  const panel = document.getElementById('panel');
  const SHOWN = 12;

  const link = (text, action) => {
    const a = el('a', text);
    a.href = '#';
    a.addEventListener('click', event => { event.preventDefault(); action(); });
    return a;
  };
  const nodeLink = n => link(`${baton.short(report.nodes[n].operator)} #${n}`, () => baton.select({node: n}));
  const rows = pairs => el('table', pairs.filter(Boolean).map(([name, ...values]) => el('tr', el('th', name), el('td', ...values))));
  const heading = text => el('h3', text);
  const runner = name => el('span.badge', swatch(name), name);
  const bar = share => {
    const fill = el('i');
    fill.style.width = Math.min(100, 100 * share) + '%';
    return el('div.share', fill);
  };
  const valueText = v => report.values[v].type + (report.values[v].kind === 'constant' ? ` constant, ${bytes(report.values[v].bytes)}` : '');

  const reason = node => {
    const parts = [];
    if (node.subgraph) {
      const subgraph = report.subgraphs.find(s => s.name === node.subgraph);
      parts.push(el('p', `${node.runner} claimed it, and compiled it as part of ${node.subgraph}`
        + (subgraph && subgraph.operators ? ` (${plural(subgraph.operators, 'operator')}).` : '.')));
    } else if (node.runner === 'plan') {
      parts.push(el('p', 'Computed when shapes are known; it costs nothing in a run.'));
    } else if (node.runner === 'none') {
      parts.push(el('p.warn', 'Nobody can run it here.'));
    } else {
      parts.push(el('p', `Runs in Java, on the kernels '${node.runner}'`
        + (node.declines.length ? ', because:' : ': no delegate was asked.')));
    }
    node.declines.forEach(d => parts.push(el('p', el('b', d.delegate), ' declined: ', d.detail || 'no detail', ' ', el('span.soft', d.kind))));
    return parts;
  };

  const step = s => {
    const it = report.steps[s];
    const alone = it.nodes.length < 2;
    return [el('p', el('b', nanos(it.times.p50)), ` median, ${nanos(it.times.p90)} p90, ${percent(it.times.share)} of a run`), bar(it.times.share),
      alone ? null : el('p.soft', it.subgraph ? `of the whole subgraph ${it.subgraph}` : `of ${plural(it.nodes.length, 'operator')} that run as one step: ${it.nodes.map(n => baton.short(report.nodes[n].operator)).join(', ')}`),
      it.arithmetic ? el('p.soft', `${figure(it.arithmetic / Math.max(it.times.p50, 1))} GFLOP/s, ${bytes(it.bytesRead + it.bytesWritten)} read and written`) : null];
  };

  const parts = s => {
    const it = report.steps[s];
    if (!it.parts.length) return [];
    const longest = Math.max(...it.parts.map(p => p.times.p50), 1);
    return [heading(`Inside, as ${it.runner} tells it`), el('table', it.parts.map(p =>
      el('tr', el('td', p.name, p.nodes && p.nodes.length ? el('div.soft', p.nodes.map(n => [nodeLink(n), ' '])) : null, bar(p.times.p50 / longest)), el('td.n', nanos(p.times.p50)))))];
  };

  const own = n => {
    const mine = baton.partsOf(n);
    return mine.map(p => el('p', el('b', nanos(p.times.p50)), ` median in ${p.name}`,
      p.nodes.length > 1 ? el('div.soft', `with ${p.nodes.filter(other => other !== n).map(other => baton.short(report.nodes[other].operator)).join(', ')}`) : null));
  };

  const errors = list => !report.errors ? [] : [heading(`Error against ${report.errors.reference}`), list.length ? list.map(e => rows([
    ['largest', figure(e.maximum)], ['mean', figure(e.mean)], ['SNR', e.snr !== undefined ? figure(e.snr) + ' dB' : e.maximum === 0 && !e.nans && !e.infinities ? 'exact' : '–'], ['cosine', figure(e.cosine)],
    e.nans ? ['NaN', String(e.nans)] : null, e.infinities ? ['infinite', String(e.infinities)] : null])) : el('p.soft', 'not compared')];

  const source = node => !node.source ? [] : [node.source.modules.length ? [heading('Module'), el('p', node.source.modules.join(' › '))] : null,
    node.source.stackTrace ? [heading('Written at'), el('pre', node.source.stackTrace)] : null].flat();

  const showNode = n => {
    const node = report.nodes[n];
    const steps = baton.stepsOf[n];
    const origin = node.instruction < 0 ? 'made by Baton' : `instruction ${node.instruction}` + (node.payload ? `, ${node.payload}` + (node.payloadIndex >= 0 ? ` node ${node.payloadIndex}` : '') : '');
    const buffers = report.memory.plans.flatMap(plan => plan.buffers.filter(b => b.values.some(v => v.operator === n)).map(b => [plan, b]));
    show(el('h2', node.operator), el('p.soft', `#${n}, ${origin}`), el('p', runner(node.runner)),
      heading('Why there'), reason(node),
      steps.length ? [heading('Time'), own(n), steps.map(step)] : report.runs.nanos.length ? [heading('Time'), el('p.soft', 'None of its own: computed by the load or with the plan, or a view.')] : null,
      errors(baton.errorsOf[n]),
      baton.change[n] ? [heading('Change'), el('p', baton.change[n] === 'new' ? 'Not in the report before.' : `Was on ${baton.difference.moved.find(m => m.node === n).before}.`)] : null,
      heading('Arguments'), rows(node.arguments.map(a => [a.name, a.values.length === 0 ? el('code', a.text)
        : a.values.map(v => el('div', report.values[v].producer >= 0 ? nodeLink(report.values[v].producer) : el('span.soft', report.values[v].kind), ' ', valueText(v).replace(/ constant/, ',')))])),
      heading('Results'), rows(node.results.map(v => [`%${v}`, report.values[v].type, el('div.soft', bytes(report.values[v].bytes)),
        baton.usersOf[v].slice(0, SHOWN).map(u => el('div', '→ ', nodeLink(u)))])),
      buffers.length ? [heading('Memory'), buffers.map(([, b]) => el('p', `arena at ${bytes(b.offset)}, ${bytes(b.bytes)}, from step ${b.first} to ${b.last}`))] : null,
      source(node), steps.flatMap(parts));
  };

  const showGroup = box => {
    const subgraph = box.kind === 'subgraph' ? report.subgraphs.find(s => s.name === box.label) : null;
    const steps = subgraph ? report.steps.map((s, i) => i).filter(i => report.steps[i].subgraph === box.label && report.steps[i].times.p50 > 0)
      : [...new Set(box.nodes.flatMap(n => baton.stepsOf[n]))];
    const counts = new Map();
    box.nodes.forEach(n => counts.set(report.nodes[n].operator, (counts.get(report.nodes[n].operator) || 0) + 1));
    const total = steps.reduce((sum, s) => sum + report.steps[s].times.p50, 0);
    show(el('h2', box.label), el('p.soft', `${box.kind}, ${box.detail}`),
      el('p', [...new Set(box.nodes.map(n => report.nodes[n].runner))].map(runner)),
      subgraph ? rows([['in', bytes(subgraph.inputBytes)], ['out', bytes(subgraph.outputBytes)], ['held by the delegate', bytes(subgraph.memoryBytes)], ['runner', subgraph.runner]]) : null,
      steps.length ? [heading('Time'), steps.length === 1 ? step(steps[0]) : el('p', el('b', nanos(total)), ` in ${steps.length} steps`)] : null,
      heading('Operators'), el('table', [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => el('tr', el('td', name), el('td.n', count)))),
      subgraph ? steps.flatMap(parts) : null);
  };

  const showValue = (box) => show(el('h2', box.label), el('p.soft', `${report.values[box.value].kind === 'input' ? 'read' : 'written'} by the method`), el('p', report.values[box.value].type),
    baton.usersOf[box.value].length ? [heading('Used by'), baton.usersOf[box.value].slice(0, 40).map(u => el('p', nodeLink(u)))] : null);

  const table = () => {
    const times = new Map();
    report.steps.forEach(s => times.set(s.runner, (times.get(s.runner) || 0) + s.times.p50));
    return el('table', el('tr', el('th', 'Runner'), el('th.n', 'operators'), el('th.n', 'time'), el('th.n', '')), baton.runners.map(r => el('tr', el('td', swatch(r), ' ', r),
      el('td.n', report.nodes.filter(n => n.runner === r).length),
      el('td.n', times.has(r) ? nanos(times.get(r)) : '–'), el('td.n', times.has(r) && report.runs.p50 ? percent(times.get(r) / report.runs.p50) : ''))));
  };

  const showAll = () => {
    const slowest = report.steps.map((s, i) => i).filter(i => report.steps[i].times.p50 > 0).sort((a, b) => report.steps[b].times.p50 - report.steps[a].times.p50).slice(0, SHOWN);
    const reasons = new Map();
    report.nodes.forEach((n, i) => n.declines.forEach(d => {
      const key = `${d.delegate}: ${d.detail || d.kind}`;
      reasons.set(key, [...(reasons.get(key) || []), i]);
    }));
    show(el('h2', report.model), el('p.soft', `${report.method}, ${plural(report.nodes.length, 'operator')}, ${plural(report.subgraphs.length, 'subgraph')}`),
      report.runs.nanos.length ? el('p', el('b', nanos(report.runs.p50)), ` a run (median of ${report.runs.nanos.length}; p90 ${nanos(report.runs.p90)})`) : el('p.soft', 'No run was recorded.'),
      el('p.soft', `${report.machine.system}, ${plural(report.machine.threads, 'thread')}, Java ${report.machine.java}`),
      report.fallenBack.map(s => el('p.warn', `${s} fell back to Java while it ran.`)),
      heading('Who runs it'), table(),
      slowest.length ? [heading('Slowest steps'), el('table', slowest.map(s => el('tr', el('td', link(report.steps[s].subgraph || report.steps[s].nodes.map(n => baton.short(report.nodes[n].operator)).join(' + ') || report.steps[s].name, () => baton.select({step: s})), bar(report.steps[s].times.p50 / report.steps[slowest[0]].times.p50)),
        el('td.n', nanos(report.steps[s].times.p50)))))] : null,
      reasons.size ? [heading('Declined'), el('table', [...reasons].sort((a, b) => b[1].length - a[1].length).slice(0, SHOWN).map(([why, nodes]) => el('tr', el('td', link(why, () => baton.select({node: nodes[0]}))), el('td.n', nodes.length))))] : null,
      report.unavailable.length ? [heading('Not available here'), report.unavailable.map(u => el('p', el('b', u.delegate), ': ', u.message, ' ', el('span.soft', u.remedy)))] : null,
      heading('Keys'), el('p.hint', '/ search, Enter next hit, f fit, + − zoom, 1 to 4 views, Esc clear. Double-click a node of a subgraph to collapse it, the joined node to open it.'));
  };

  const show = (...children) => { panel.replaceChildren(...children.flat(3).filter(c => c)); panel.scrollTop = 0; };

  return {node: showNode, group: showGroup, value: showValue, all: showAll, link, nodeLink};
})();
