'use strict';
/* Views, search, keys, light and dark. */
(() => {
  const {report, difference, el} = baton;
  const get = id => document.getElementById(id);
  const root = document.documentElement;
  const asked = new URLSearchParams(location.hash.slice(1));
  root.dataset.theme = asked.get('theme') || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  const sign = () => { get('theme').textContent = root.dataset.theme === 'dark' ? '☀' : '☾'; };
  sign();
  get('theme').addEventListener('click', () => {
    root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
    sign();
    baton.graph.restyle();
    baton.charts.redraw();
  });

  get('model').textContent = report.model;
  get('method').textContent = report.method;

  const tabs = [['graph', 'Graph'], ['timeline', 'Timeline'], ['memory', 'Memory'], ...(difference ? [['changes', 'Changes']] : [])];
  const open = name => {
    tabs.forEach(([id]) => {
      get(id).hidden = id !== name;
      get('tab-' + id).setAttribute('aria-selected', String(id === name));
    });
    if (name === 'timeline' || name === 'memory') baton.charts.show(name);
    if (name === 'graph' && baton.graph.cy()) baton.graph.resize();
  };
  get('tabs').append(...tabs.map(([id, name]) => {
    const button = el('button', name);
    button.type = 'button';
    button.id = 'tab-' + id;
    button.setAttribute('role', 'tab');
    button.addEventListener('click', () => open(id));
    return button;
  }));

  const options = (select, entries) => select.append(...entries.map(([value, name]) => {
    const option = el('option', name);
    option.value = value;
    return option;
  }));
  options(get('level'), baton.drawings.map((d, i) => [String(i), d.name]));
  options(get('colour'), [['placement', 'by placement'], ...(report.runs.nanos.length ? [['time', 'by time']] : []), ...(report.errors ? [['error', 'by error']] : []), ...(difference ? [['change', 'by change']] : [])]);
  get('level').addEventListener('change', event => baton.graph.setLevel(Number(event.target.value)));
  get('colour').addEventListener('change', event => baton.graph.setColour(event.target.value));
  get('in').addEventListener('click', () => baton.graph.zoom(1.4));
  get('out').addEventListener('click', () => baton.graph.zoom(1 / 1.4));
  get('fit').addEventListener('click', () => baton.graph.fit());

  /* A node, or a step: that of a subgraph shows the subgraph. Nothing shows the whole. */
  baton.select = ({node, step, still}) => {
    if (step !== undefined) {
      const it = report.steps[step];
      if (it.subgraph) {
        baton.panel.group({kind: 'subgraph', label: it.subgraph, detail: baton.plural(it.nodes.length, 'operator'), nodes: it.nodes});
        open('graph');
        if (it.nodes.length) baton.graph.focus(it.nodes[0]);
        return;
      }
      if (!it.nodes.length) return;
      node = it.nodes[0];
    }
    if (node === undefined) { baton.graph.none(); baton.panel.all(); return; }
    baton.panel.node(node);
    if (still) { baton.graph.show(node); return; }
    open('graph');
    baton.graph.focus(node);
  };

  let hits = [];
  let at = -1;
  const count = () => { get('hits').textContent = get('search').value.trim() ? hits.length ? (at >= 0 ? `${at + 1} of ${hits.length}` : baton.plural(hits.length, 'hit')) : 'no hits' : ''; };
  const search = () => {
    hits = baton.find(get('search').value);
    at = -1;
    baton.graph.search(hits);
    count();
  };
  const step = by => {
    if (!hits.length) return;
    at = (at + by + hits.length) % hits.length;
    baton.select({node: hits[at]});
    count();
  };
  get('search').addEventListener('input', search);
  get('search').addEventListener('keydown', event => {
    if (event.key === 'Enter' || event.key === 'ArrowDown') { event.preventDefault(); step(event.shiftKey ? -1 : 1); }
    if (event.key === 'ArrowUp') { event.preventDefault(); step(-1); }
    if (event.key === 'Escape') { get('search').value = ''; search(); get('search').blur(); }
    event.stopPropagation();
  });
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
    const keys = {'/': () => get('search').focus(), f: () => baton.graph.fit(), '+': () => baton.graph.zoom(1.4), '=': () => baton.graph.zoom(1.4), '-': () => baton.graph.zoom(1 / 1.4), n: () => step(1), N: () => step(-1), Escape: () => baton.select({})};
    const tab = tabs[Number(event.key) - 1];
    if (tab) { open(tab[0]); } else if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
  addEventListener('resize', () => { baton.charts.resize(); baton.graph.resize(); });

  if (difference) baton.changes();
  open('graph');
  baton.graph.start();
  baton.panel.all();
  baton.openedAfter = performance.now();
  requestAnimationFrame(() => requestAnimationFrame(() => { baton.paintedAfter = performance.now(); root.dataset.ready = 'true'; }));
})();
