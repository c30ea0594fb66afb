// What a page must be for everybody, told as a list of faults; empty is good.
// One h1 · every control and picture has a name or is hidden · text contrast ≥ 4.5 · nothing wider than the window.
() => {
  const faults = [];
  const shown = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const hidden = (node) => node.closest('[aria-hidden="true"], [inert]') !== null;
  const where = (node) => {
    const cls = typeof node.className === 'string' ? node.className.split(' ').filter(Boolean).slice(0, 3).join('.') : '';
    return `<${node.tagName.toLowerCase()}${cls ? '.' + cls : ''}> ${(node.textContent || '').trim().slice(0, 24)}`;
  };

  const titles = [...document.querySelectorAll('h1')].filter(shown);
  if (titles.length !== 1) faults.push(`h1: ${titles.length}`);

  const named = (node) => {
    const by = (node.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean);
    const parts = [
      node.getAttribute('aria-label'), node.getAttribute('title'), node.getAttribute('alt'),
      ...by.map((id) => document.getElementById(id)?.textContent),
      ...[...(node.labels || [])].map((label) => label.textContent),
      node.matches('input, select, textarea') ? '' : node.textContent,
    ];
    return parts.some((part) => part && part.trim());
  };
  const controls = 'a[href], button, summary, input:not([type=hidden]), select, textarea, [role=button], [role=tab], '
    + '[role=combobox], [role=switch], [role=checkbox], [role=textbox]';
  for (const node of document.querySelectorAll(controls))
    if (shown(node) && !hidden(node) && !named(node)) faults.push(`no name: ${where(node)}`);
  for (const node of document.querySelectorAll('svg, img, canvas, [role=img]'))
    if (shown(node) && !hidden(node) && !node.closest('[role=img][aria-label], [aria-label][_echarts_instance_]')
        && !node.querySelector(':scope > title') && !named(node)) faults.push(`no name: ${where(node)}`);

  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const behind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const layer = rgba(getComputedStyle(at).backgroundColor);
      if (layer[3] > 0) layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255, 1]);
  };
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const c = part / 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !node || seen.has(node) || node.closest('script, style, noscript')) continue;
    seen.add(node);
    // A disabled control may be faint (WCAG 1.4.3); so may what assistive technology never meets.
    if (!shown(node) || hidden(node) || node.closest('[disabled], [aria-disabled=true], .disabled, svg')) continue;
    const box = node.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const under = behind(node);
    const pair = [light(over(rgba(getComputedStyle(node).color), under)), light(under)];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < 4.495) faults.push(`contrast ${ratio.toFixed(2)}: ${where(node)}`);
  }

  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push(`wider than the window by ${wide} px`);
  for (const node of document.querySelectorAll('.main, .body, .scr'))
    if (shown(node) && node.scrollWidth > node.clientWidth + 1)
      faults.push(`scrolls sideways by ${node.scrollWidth - node.clientWidth} px: ${where(node).slice(0, 40)}`);
  return [...new Set(faults)];
}
