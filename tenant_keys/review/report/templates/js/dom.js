// Elements are made here and nowhere else: texts become text nodes, never markup.
const $ = (id) => document.getElementById(id);

function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  for (const child of children.flat(9)) {
    if (child !== null && child !== undefined) element.append(child);
  }
  return element;
}

// A table with a caption and headings, in a region that the keyboard can scroll.
function table(caption, headings, rows) {
  const head = h('thead', null, h('tr', null, headings.map((text) => h('th', { scope: 'col' }, text))));
  const made = h('table', null, h('caption', null, caption), head, h('tbody', null, rows));
  label([made]);
  return h('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': caption }, made);
}

// Each cell with its heading, for narrow screens, where a row is a list.
function label(tables) {
  for (const one of tables) {
    const headings = [...one.querySelectorAll('thead th')].map((heading) => heading.textContent);
    for (const cells of one.querySelectorAll('tbody tr')) {
      [...cells.children].forEach((cell, place) => { if (cell.colSpan === 1) cell.dataset.label = headings[place] || ''; });
    }
  }
}

function row(cells, kind) {
  return h('tr', { class: kind }, cells.map((cell, place) => {
    const name = place === 0 ? 'th' : 'td';
    return h(name, { scope: place === 0 ? 'row' : null }, cell);
  }));
}

const figure = (number) => number.toLocaleString('en-US');
const plain = (action) => action.slice(action.indexOf(':') + 1);
const short = (arn) => arn.replace(/^arn:[a-z-]+:iam::/, '');
