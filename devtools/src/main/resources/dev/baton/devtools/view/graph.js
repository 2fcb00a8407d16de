'use strict';
/* The graph: boxes and lines where the layout has put them. */
baton.graph = (() => {
  const {report, drawings, el, css, colour} = baton;
  const READABLE = 0.85;
  let level = 0;
  let by = 'placement';
  let cy = null;
  let hits = [];
  const collapsed = new Set();

  /* What is shown as one after collapsing single subgraphs in place. */
  const shown = () => {
    const drawing = drawings[level];
    if (level !== 0 || collapsed.size === 0) return {drawing, of: drawing.boxes.map((b, i) => i)};
    const boxes = [];
    const of = [];
    const joined = new Map();
    drawing.boxes.forEach((box, i) => {
      const name = box.nodes.length === 1 ? report.nodes[box.nodes[0]].subgraph : '';
      if (!collapsed.has(name) || !name) { of[i] = boxes.length; boxes.push(box); return; }
      if (!joined.has(name)) {
        joined.set(name, boxes.length);
        boxes.push({kind: 'subgraph', label: name, detail: '', nodes: [], value: -1, xs: [], ys: []});
      }
      const group = boxes[joined.get(name)];
      group.nodes.push(box.nodes[0]);
      group.xs.push(box.x);
      group.ys.push(box.y);
      of[i] = joined.get(name);
    });
    joined.forEach(i => {
      const b = boxes[i];
      const middle = list => (Math.min(...list) + Math.max(...list)) / 2;
      b.detail = baton.plural(b.nodes.length, 'operator');
      Object.assign(b, {x: middle(b.xs), y: middle(b.ys), width: Math.max(160, b.label.length * 7 + 30), height: 52});
    });
    const ways = new Map();
    drawing.lines.forEach(line => {
      const [from, to] = [of[line.from], of[line.to]];
      const moved = boxes[from].xs || boxes[to].xs;
      if (from !== to && !ways.has(from + ' ' + to)) ways.set(from + ' ' + to, {...line, from, to, points: moved ? [] : line.points});
    });
    return {drawing: {boxes, lines: [...ways.values()]}, of};
  };

  let current = shown();

  const nanosOf = box => {
    if (box.kind === 'variable') return null;
    const steps = [...new Set(box.nodes.flatMap(n => baton.stepsOf[n]))];
    return steps.reduce((sum, s) => sum + box.nodes.reduce((all, n) => all + (baton.sharesOf[s].get(n) || 0), 0), 0);
  };
  const errorOf = box => {
    const all = box.nodes.flatMap(n => baton.errorsOf[n]);
    return all.length ? Math.max(...all.map(e => e.maximum ?? Infinity)) : null;
  };

  /* A colour and, for ramps, what is behind it; null where there is nothing to say. */
  const paint = boxes => {
    if (by === 'time') {
      const values = boxes.map(nanosOf);
      const most = Math.max(...values.filter(v => v !== null), 1);
      return {colours: values.map(v => v === null ? css('--card') : baton.ramp(Math.sqrt(v / most))), least: '0', most: baton.nanos(most)};
    }
    if (by === 'error') {
      const values = boxes.map(errorOf);
      const real = values.filter(v => v !== null && v > 0 && isFinite(v)).map(Math.log10);
      const [low, high] = [Math.min(...real, 0), Math.max(...real, -Infinity)];
      return {colours: values.map(v => v === null ? css('--card') : v === 0 ? baton.ramp(0) : !isFinite(v) ? css('--none') : baton.ramp(high > low ? 0.1 + 0.9 * (Math.log10(v) - low) / (high - low) : 1)),
        least: '0', most: real.length ? (10 ** high).toExponential(1) : '0'};
    }
    if (by === 'change') {
      return {colours: boxes.map(b => b.nodes.some(n => baton.change[n] === 'new') ? css('--c2') : b.nodes.some(n => baton.change[n] === 'moved') ? css('--c1') : css('--card'))};
    }
    return {colours: boxes.map(b => b.nodes.length === 0 ? css('--card') : colour(report.nodes[b.nodes[0]].runner))};
  };

  const legend = painted => {
    const place = document.getElementById('legend');
    const plain = (name, background) => {
      const mark = el('i.swatch');
      mark.style.background = background;
      return el('span', mark, name);
    };
    if (by === 'placement') {
      place.replaceChildren(...baton.runners.map(r => el('span', baton.swatch(r), r)));
    } else if (by === 'change') {
      place.replaceChildren(plain('another runs it', 'var(--c1)'), plain('new', 'var(--c2)'), plain('as before', 'var(--card)'));
    } else {
      const ramp = el('i.ramp');
      ramp.style.background = `linear-gradient(to right, ${[0, .25, .5, .75, 1].map(baton.ramp).join(',')})`;
      place.replaceChildren(el('span', painted.least, ramp, painted.most), el('span.soft', by === 'time' ? 'a subgraph’s time is shared out evenly' : 'largest difference'));
    }
  };

  /* Bends of a line as the library takes them: along and beside the way between its ends. */
  const bends = (line, from, to) => {
    const p = line.points;
    if (p.length < 4) return {};
    const ends = {source: `${p[0] - from.x}px ${p[1] - from.y}px`, target: `${p.at(-2) - to.x}px ${p.at(-1) - to.y}px`};
    const [x, y, dx, dy] = [p[0], p[1], p.at(-2) - p[0], p.at(-1) - p[1]];
    const square = dx * dx + dy * dy || 1;
    const [weights, distances] = [[], []];
    for (let i = 2; i < p.length - 2; i += 2) {
      weights.push(((p[i] - x) * dx + (p[i + 1] - y) * dy) / square);
      distances.push((-(p[i] - x) * dy + (p[i + 1] - y) * dx) / Math.sqrt(square));
    }
    return {...ends, weights: weights.map(w => w.toFixed(4)).join(' '), distances: distances.map(d => d.toFixed(1)).join(' ')};
  };

  const elements = () => {
    const {boxes, lines} = current.drawing;
    const {colours} = paint(boxes);
    return {
      nodes: boxes.map((b, i) => ({data: {id: 'b' + i, box: i, label: b.detail ? b.label + '\n' + b.detail : b.label, w: b.width, h: b.height, colour: colours[i]}, position: {x: b.x, y: b.y}, classes: b.kind})),
      edges: lines.map((l, i) => {
        const bend = bends(l, boxes[l.from], boxes[l.to]);
        return {data: {id: 'l' + i, source: 'b' + l.from, target: 'b' + l.to, line: i, ...(bend.source ? {se: bend.source, te: bend.target} : {}), ...(bend.weights ? {sw: bend.weights, sd: bend.distances} : {})},
          classes: (bend.weights ? 'bent' : '') + (bend.source ? ' ended' : '')};
      }),
    };
  };

  const style = () => [
    {selector: 'node', style: {shape: 'round-rectangle', width: 'data(w)', height: 'data(h)', 'background-color': 'data(colour)', 'border-width': 1, 'border-color': css('--soft'), 'border-opacity': .45,
      label: 'data(label)', 'text-wrap': 'wrap', 'text-max-width': 'data(w)', 'text-valign': 'center', 'text-halign': 'center', 'font-size': 11, 'line-height': 1.25, 'font-family': 'system-ui, "DejaVu Sans", sans-serif', color: css('--ink'), 'min-zoomed-font-size': 6}},
    {selector: 'node.variable', style: {'corner-radius': 20, 'border-style': 'dashed', 'border-opacity': .9}},
    {selector: 'node.subgraph, node.module', style: {'border-width': 2.5, 'border-opacity': .9, 'font-weight': 'bold'}},
    {selector: 'edge', style: {width: 1.3, 'line-color': css('--soft'), 'line-opacity': .55, 'curve-style': 'straight', 'target-arrow-shape': 'triangle', 'target-arrow-color': css('--soft'), 'arrow-scale': .7}},
    {selector: 'edge.ended', style: {'source-endpoint': 'data(se)', 'target-endpoint': 'data(te)'}},
    {selector: 'edge.bent', style: {'curve-style': 'segments', 'edge-distances': 'endpoints', 'segment-weights': 'data(sw)', 'segment-distances': 'data(sd)'}},
    {selector: 'node:selected', style: {'border-width': 4, 'border-color': css('--accent'), 'border-opacity': 1}},
    {selector: 'edge.near', style: {width: 2.4, 'line-color': css('--accent'), 'target-arrow-color': css('--accent'), 'line-opacity': 1}},
    {selector: ':active', style: {'overlay-opacity': 0}},
  ];

  const start = () => {
    cy = cytoscape({container: document.getElementById('canvas'), elements: elements(), style: style(), layout: {name: 'preset'},
      minZoom: 0.01, maxZoom: 4, wheelSensitivity: 1, pixelRatio: Math.min(devicePixelRatio, 2), hideEdgesOnViewport: false, boxSelectionEnabled: false, autoungrabify: true, selectionType: 'single'});
    cy.on('tap', 'node', event => choose(event.target.data('box')));
    cy.on('tap', event => { if (event.target === cy) baton.select({}); });
    cy.on('dbltap', 'node', event => toggle(current.drawing.boxes[event.target.data('box')]));
    cy.on('render', highlight);
    legend(paint(current.drawing.boxes));
    home();
  };

  const choose = index => {
    const box = current.drawing.boxes[index];
    if (box.kind === 'operator') baton.select({node: box.nodes[0], still: true});
    else if (box.kind === 'variable') { mark([index]); baton.panel.value(box); }
    else { mark([index]); baton.panel.group(box); }
  };

  const toggle = box => {
    if (level !== 0) {
      const first = box.nodes[0];
      if (box.kind !== 'variable' && box.kind !== 'operator') { setLevel(0); focus(first); }
      return;
    }
    const name = box.kind === 'subgraph' ? box.label : box.nodes.length ? report.nodes[box.nodes[0]].subgraph : '';
    if (!name) return;
    collapsed.has(name) ? collapsed.delete(name) : collapsed.add(name);
    rebuild();
    focus(box.nodes[0]);
    const shownAs = current.drawing.boxes.findIndex(b => b.nodes.includes(box.nodes[0]));
    choose(shownAs);
  };

  const rebuild = () => {
    current = shown();
    const {nodes, edges} = elements();
    cy.batch(() => { cy.elements().remove(); cy.add(nodes.map(n => ({group: 'nodes', ...n}))); cy.add(edges.map(e => ({group: 'edges', ...e}))); });
    legend(paint(current.drawing.boxes));
    highlight();
  };

  /* The graph as a whole if it can be read then, else its beginning. */
  const home = () => {
    cy.resize();
    cy.fit(undefined, 24);
    if (cy.zoom() > 1) { cy.zoom(1); cy.center(); }
    if (cy.zoom() < READABLE) {
      const {boxes, lines} = current.drawing;
      const given = new Set(lines.map(l => l.to));
      const first = boxes.find((b, i) => b.kind === 'variable' && !given.has(i)) ?? boxes[0];
      cy.zoom(READABLE);
      cy.pan({x: cy.width() / 3 - first.x * READABLE, y: 40 - (first.y - first.height / 2) * READABLE});
    }
  };

  const mark = indices => {
    cy.batch(() => {
      cy.$(':selected').unselect();
      cy.$('.near').removeClass('near');
      indices.forEach(i => { const n = cy.$id('b' + i); n.select(); n.connectedEdges().addClass('near'); });
    });
  };

  const boxOf = node => current.drawing.boxes.findIndex(b => b.nodes.includes(node));

  const focus = node => {
    const index = boxOf(node);
    if (index < 0) return;
    mark([index]);
    const box = current.drawing.boxes[index];
    const zoom = Math.max(cy.zoom(), READABLE);
    cy.viewport({zoom, pan: {x: cy.width() / 2 - box.x * zoom, y: cy.height() / 2 - box.y * zoom}});
  };

  /* Hits shine through a veil over the rest. Drawn by ourselves: restyling a thousand nodes takes longer than anybody waits. */
  const veil = document.getElementById('veil');
  const highlight = () => {
    const ratio = Math.min(devicePixelRatio, 2);
    const [width, height] = [Math.round(cy.width() * ratio), Math.round(cy.height() * ratio)];
    if (veil.width !== width || veil.height !== height) Object.assign(veil, {width, height});
    const context = veil.getContext('2d');
    context.clearRect(0, 0, width, height);
    if (!hits.length) return;
    const found = new Set(hits);
    const [zoom, pan] = [cy.zoom() * ratio, cy.pan()];
    const lit = current.drawing.boxes.filter(box => box.nodes.some(n => found.has(n))).map(box =>
      [(box.x - box.width / 2) * zoom + pan.x * ratio, (box.y - box.height / 2) * zoom + pan.y * ratio, box.width * zoom, box.height * zoom])
      .filter(([x, y, w, h]) => x + w > 0 && y + h > 0 && x < width && y < height);
    context.globalAlpha = 0.62;
    context.fillStyle = css('--paper');
    context.fillRect(0, 0, width, height);
    context.globalAlpha = 1;
    context.strokeStyle = css('--accent');
    context.lineWidth = 2.5 * ratio;
    lit.forEach(([x, y, w, h]) => context.clearRect(x - 3 * ratio, y - 3 * ratio, w + 6 * ratio, h + 6 * ratio));
    lit.forEach(([x, y, w, h]) => context.strokeRect(x - 2 * ratio, y - 2 * ratio, w + 4 * ratio, h + 4 * ratio));
  };

  const setLevel = value => {
    level = value;
    document.getElementById('level').value = String(value);
    rebuild();
    home();
  };
  const setColour = value => {
    by = value;
    document.getElementById('colour').value = value;
    const painted = paint(current.drawing.boxes);
    cy.batch(() => painted.colours.forEach((c, i) => cy.$id('b' + i).data('colour', c)));
    legend(painted);
  };

  return {
    start, focus, mark, setLevel, setColour, home,
    none: () => mark([]),
    show: node => { const i = boxOf(node); if (i >= 0) mark([i]); },
    fit: () => cy.fit(undefined, 24),
    zoom: factor => cy.zoom({level: cy.zoom() * factor, renderedPosition: {x: cy.width() / 2, y: cy.height() / 2}}),
    search: found => { hits = found; highlight(); },
    restyle: () => { cy.style(style()); setColour(by); },
    resize: () => cy.resize(),
    level: () => level,
    cy: () => cy,
  };
})();
