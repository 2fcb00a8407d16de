'use strict';
/* What changed between two reports. */
baton.changes = () => {
  const {report, difference, el, nanos, bytes, plural} = baton;
  const place = document.getElementById('changes');
  const format = {nanos, bytes, count: String};
  const delta = (before, after, costs = true) => {
    if (before === after) return el('td.n.soft', 'same');
    const text = (after > before ? '+' : '−') + (before ? baton.percent(Math.abs(after - before) / before) : ' new');
    return el(costs ? after < before ? 'td.n.better' : 'td.n.worse' : 'td.n', text);
  };
  const more = (list, shown) => list.length > shown ? el('p.soft', `and ${list.length - shown} more`) : null;
  place.replaceChildren(el('h2', 'What changed'), el('p.soft', `against ${difference.before}`),
    el('table', el('tr', el('th', ''), el('th.n', 'before'), el('th.n', 'now'), el('th.n', '')), difference.figures.map(f =>
      el('tr', el('td', f.name), el('td.n', format[f.unit](f.before)), el('td.n', format[f.unit](f.after)), delta(f.before, f.after, f.unit !== 'count')))));
  if (difference.moved.length) {
    place.append(el('h2', `Another runs it: ${plural(difference.moved.length, 'operator')}`), el('table', el('tr', el('th', 'Operator'), el('th', 'before'), el('th', 'now')), difference.moved.slice(0, 60).map(m =>
      el('tr', el('td', baton.panel.nodeLink(m.node)), el('td', m.before), el('td', baton.swatch(m.after), ' ', m.after)))));
    place.append(more(difference.moved, 60) ?? '');
  }
  if (difference.steps.length) {
    place.append(el('h2', 'Time of the same steps'), el('table', el('tr', el('th', 'Step'), el('th.n', 'before'), el('th.n', 'now'), el('th.n', '')), difference.steps.slice(0, 40).map(s =>
      el('tr', el('td', baton.panel.link(baton.charts.stepName(report.steps[s.step]), () => baton.select({step: s.step}))), el('td.n', nanos(s.before)), el('td.n', nanos(s.after)), delta(s.before, s.after)))));
    place.append(more(difference.steps, 40) ?? '');
  }
  if (difference.added.length) place.append(el('h2', `New: ${plural(difference.added.length, 'operator')}`), ...difference.added.slice(0, 60).map(n => el('p', baton.panel.nodeLink(n))), more(difference.added, 60) ?? '');
  if (difference.removed.length) place.append(el('h2', `Gone: ${plural(difference.removed.length, 'operator')}`), ...difference.removed.slice(0, 60).map(g => el('p', `${g.operator} `, el('span.soft', `#${g.node}, ${g.runner}`))), more(difference.removed, 60) ?? '');
};
