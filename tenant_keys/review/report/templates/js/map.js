// Every tenant as one square, in the order of the ids, so that the one that is unlike the others is seen.
const map = { cell: 0, columns: 0, found: null };

function drawMap(found) {
  const canvas = $('map');
  map.found = found;
  const width = canvas.clientWidth;
  if (!width) return;
  const count = DATA.tenants.length;
  map.cell = Math.max(5, Math.min(22, Math.floor(Math.sqrt((width * 260) / Math.max(count, 1)))));
  map.columns = Math.max(1, Math.floor(width / map.cell));
  const height = Math.ceil(count / map.columns) * map.cell;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.height = height + 'px';
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  const colours = Array.from({ length: 9 }, (_, number) => style.getPropertyValue('--p' + number));
  const shown = new Uint8Array(count);
  found.forEach((number) => { shown[number] = 1; });
  const gap = map.cell > 8 ? 2 : 1;
  for (let number = 0; number < count; number += 1) {
    pen.globalAlpha = shown[number] ? 1 : 0.15;
    pen.fillStyle = colours[colourOf(PATTERN_OF[number])];
    pen.fillRect((number % map.columns) * map.cell, Math.floor(number / map.columns) * map.cell, map.cell - gap, map.cell - gap);
  }
}

function pointedAt(event) {
  const column = Math.floor(event.offsetX / map.cell);
  if (column >= map.columns) return undefined;
  return DATA.tenants[Math.floor(event.offsetY / map.cell) * map.columns + column];
}

$('map').addEventListener('mousemove', (event) => {
  const tenant = pointedAt(event);
  $('pointed').textContent = tenant ? tenant.id + ', ' + stateOf(tenant) : '';
});
$('map').addEventListener('click', (event) => {
  const tenant = pointedAt(event);
  if (tenant) window.location.hash = '#/tenant/' + encodeURIComponent(tenant.id);
});
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { if (map.found) drawMap(map.found); });
window.addEventListener('resize', () => { if (map.found) drawMap(map.found); });
