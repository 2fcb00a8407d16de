'use strict';
/* The report, what follows from it, and how numbers and colours look. All text of a model goes through `el`, as text. */
const baton = (() => {
  const json = id => JSON.parse(document.getElementById(id).textContent);
  const report = json('report');
  const drawings = json('drawings');
  const difference = json('difference');

  /* An element: `el('p.soft', 'text', child)`; never parses markup. */
  const el = (what, ...children) => {
    const [tag, ...classes] = what.split('.');
    const element = document.createElement(tag);
    if (classes.length) element.className = classes.join(' ');
    for (const child of children.flat()) {
      if (child !== null && child !== undefined) element.append(child instanceof Node ? child : String(child));
    }
    return element;
  };

  const number = (value, digits = 3) => value.toLocaleString('en', {maximumSignificantDigits: digits, useGrouping: true});
  const nanos = n => n === 0 ? '0' : Math.abs(n) < 1e3 ? n.toFixed(0) + ' ns'
    : Math.abs(n) < 1e6 ? number(n / 1e3) + ' µs' : Math.abs(n) < 1e9 ? number(n / 1e6) + ' ms' : number(n / 1e9) + ' s';
  const bytes = b => b < 1024 ? b + ' B' : b < 1048576 ? number(b / 1024) + ' KiB'
    : b < 1073741824 ? number(b / 1048576) + ' MiB' : number(b / 1073741824) + ' GiB';
  const percent = share => (100 * share).toFixed(share < 0.0995 ? 1 : 0) + ' %';
  const figure = value => value === null || value === undefined ? '–' : value === 0 ? '0'
    : Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5 ? number(value, 4) : value.toExponential(2);
  const plural = (n, noun) => n + ' ' + noun + (n === 1 ? '' : 's');

  /* Which steps compute a node, and what they take. */
  const stepsOf = report.nodes.map(() => []);
  report.steps.forEach((step, s) => {
    if (step.times.p50 > 0 || step.times.mean > 0) step.nodes.forEach(n => n >= 0 && stepsOf[n].push(s));
  });
  const errorsOf = report.nodes.map(() => []);
  if (report.errors) report.errors.nodes.forEach(e => errorsOf[e.node]?.push(e));
  const usersOf = report.values.map(() => []);
  report.nodes.forEach((node, n) => node.arguments.forEach(a => a.values.forEach(v => {
    if (usersOf[v].at(-1) !== n) usersOf[v].push(n);
  })));
  const change = report.nodes.map(() => null);
  if (difference) {
    difference.added.forEach(n => { change[n] = 'new'; });
    difference.moved.forEach(m => { change[m.node] = 'moved'; });
  }

  /* Delegates first, in the order of their first subgraph; Java and what costs nothing are grey. */
  const runners = [...new Set(report.nodes.map(n => n.runner))];
  const delegates = [...new Set([...report.subgraphs.map(s => s.delegate), ...report.nodes.filter(n => n.subgraph).map(n => n.runner)])];
  const javaRunners = runners.filter(r => !delegates.includes(r) && r !== 'plan' && r !== 'none');
  const ordered = [...delegates, ...javaRunners, ...runners.filter(r => r === 'plan' || r === 'none')];
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const variable = runner => runner === 'none' ? '--none' : runner === 'plan' || runner === 'host' ? '--java'
    : '--c' + Math.max(ordered.indexOf(runner), 0) % 6;
  const colour = runner => css(variable(runner));
  const swatch = runner => {
    const mark = el('i.swatch');
    mark.style.background = `var(${variable(runner)})`;
    return mark;
  };
  /* From the paper's colour to a strong one, which colour-blind people tell apart by lightness. */
  const mix = (from, to, t) => {
    const parse = c => [1, 3, 5].map(i => parseInt(c.slice(i, i + 2), 16));
    const [a, b] = [parse(from), parse(to)];
    return '#' + a.map((v, i) => Math.round(v + (b[i] - v) * t).toString(16).padStart(2, '0')).join('');
  };
  const dark = () => document.documentElement.dataset.theme === 'dark';
  const ramp = t => dark() ? mix('#262c33', '#e8a33a', t) : mix('#f4f1ea', '#e58a1f', t);

  const short = operator => operator.replace(/^.*?::/, '');
  const nodeNanos = n => stepsOf[n].reduce((sum, s) => sum + report.steps[s].times.p50, 0);

  /* What each node takes of a step: its share of the parts that work for it, and of what is in none of these. */
  const sharesOf = report.steps.map(step => {
    const shares = new Map(step.nodes.map(n => [n, 0]));
    const share = (nodes, time) => nodes.forEach(n => shares.set(n, (shares.get(n) || 0) + time / nodes.length));
    let left = step.times.p50;
    (step.parts || []).filter(p => p.nodes && p.nodes.length).forEach(p => {
      const time = Math.min(p.times.p50, left);
      share(p.nodes, time);
      left -= time;
    });
    share(step.nodes, left);
    return shares;
  });
  const partsOf = n => stepsOf[n].flatMap(s => report.steps[s].parts.filter(p => p.nodes && p.nodes.includes(n)));

  /* What each node can be found by. */
  const texts = report.nodes.map((n, i) => [n.operator, n.runner, n.subgraph, n.payload,
    'instruction ' + n.instruction, '#' + i, ...n.results.map(v => report.values[v].type),
    ...(n.source ? n.source.modules : []), n.source ? n.source.stackTrace : ''].join('\n').toLowerCase());
  const find = words => {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    if (wanted.length) texts.forEach((t, n) => wanted.every(w => t.includes(w)) && found.push(n));
    return found;
  };

  return {report, drawings, difference, el, nanos, bytes, percent, figure, number, plural, stepsOf, errorsOf, usersOf,
    change, runners: ordered, colour, swatch, ramp, css, short, nodeNanos, sharesOf, partsOf, find, select: () => {}};
})();
