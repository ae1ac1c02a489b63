// The list of tenants: patterns of access first, then one row a tenant, a page at a time.
const PAGE = 100;
const MOST_PRINTED = 1000;

function wantedOf(query) {
  const number = (name) => (query.has(name) && /^\d+$/.test(query.get(name)) ? Number(query.get(name)) : null);
  return {
    q: query.get('q') || '', workload: query.get('workload') || '', state: query.get('state') || '',
    pattern: number('pattern'), kind: number('class'), page: number('page') || 1,
  };
}

function hashOf(wanted) {
  const query = new URLSearchParams();
  for (const name of ['q', 'workload', 'state']) if (wanted[name]) query.set(name, wanted[name]);
  if (wanted.pattern !== null) query.set('pattern', wanted.pattern);
  if (wanted.kind !== null) query.set('class', wanted.kind);
  if (wanted.page > 1) query.set('page', wanted.page);
  const text = query.toString();
  return '#/tenants' + (text ? '?' + text : '');
}

function showPatterns(wanted, found) {
  const counts = PATTERNS.map(() => 0);
  found.forEach((number) => { counts[PATTERN_OF[number]] += 1; });
  const most = Math.max(1, ...counts);
  const rows = PATTERNS.map((pattern, place) => {
    if (!counts[place]) return null;
    const bar = h('span', { class: 'share', 'aria-hidden': 'true' });
    bar.style.width = (100 * counts[place]) / most + '%';
    const chosen = wanted.pattern === place;
    const link = h('a', { href: hashOf({ ...wanted, pattern: chosen ? null : place, page: 1 }), 'aria-current': chosen ? 'true' : null },
      figure(counts[place]) + (counts[place] === 1 ? ' tenant' : ' tenants'));
    return row([[h('span', { class: 'chip p' + colourOf(place), 'aria-hidden': 'true' }), link, bar],
      h('span', { class: 'state ' + pattern.state }, pattern.state), ...pattern.cells.map(cell)]);
  });
  const headings = ['Tenants alike', 'State', ...DATA.workloads.map((workload) => workload.name)];
  const legend = h('p', { class: 'quiet' }, 'E encrypts, D decrypts (D* also naming the key itself), R re-encrypts; · not served; "state": refused because of the tenant\u2019s state.');
  $('patterns').replaceChildren(table('Access matrix: who may do what through which workload, tenants with the same access together', headings, rows), legend);
}

function tenantRow(number) {
  const tenant = DATA.tenants[number];
  const profile = DATA.profiles[tenant.profile];
  return row([
    h('a', { href: '#/tenant/' + encodeURIComponent(tenant.id) }, tenant.manifest_id ? tenant.id + ', ' + tenant.manifest_id : tenant.id),
    h('span', { class: 'state ' + profile.state }, profile.state),
    ...cellsOf(tenant).map(cell),
    rotationOf(profile),
    tenant.keys.map((key) => key.region).join(', ') || 'no key',
  ]);
}

function showRows(wanted, found, all) {
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  const page = Math.min(wanted.page, pages);
  const shown = all ? found.slice(0, MOST_PRINTED) : found.slice((page - 1) * PAGE, page * PAGE);
  const headings = ['Tenant', 'State', ...DATA.workloads.map((workload) => workload.name), 'Rotation', 'Region'];
  const caption = 'Tenants' + (all ? '' : pages > 1 ? ', page ' + page + ' of ' + pages : '');
  const parts = [table(caption, headings, shown.map(tenantRow))];
  if (all && found.length > shown.length) parts.push(h('p', null, 'and ' + figure(found.length - shown.length) + ' more, in the Markdown and JSON report'));
  if (pages > 1 && !all) {
    const turn = (to, text) => (to < 1 || to > pages ? h('span', { class: 'quiet' }, text) : h('a', { href: hashOf({ ...wanted, page: to }) }, text));
    parts.push(h('nav', { class: 'pager', 'aria-label': 'Pages of tenants' }, turn(page - 1, 'Previous page'), 'Page ' + page + ' of ' + figure(pages), turn(page + 1, 'Next page')));
  }
  $('rows').replaceChildren(...parts);
}

const list = { wanted: null, found: [] };

function showList(query) {
  const start = performance.now();
  const wanted = wantedOf(query);
  const found = search(wanted);
  const searched = performance.now();
  Object.assign(list, { wanted, found });
  for (const name of ['q', 'workload', 'state']) if ($(name).value !== wanted[name]) $(name).value = wanted[name];
  const only = wanted.pattern === null && wanted.kind === null ? '' : ', of those alike';
  $('found').textContent = figure(found.length) + ' of ' + figure(DATA.tenants.length) + ' tenants' + only;
  showPatterns(wanted, found);
  drawMap(found);
  showRows(wanted, found, false);
  // For measurements, and for nothing else.
  document.documentElement.dataset.searchMs = (searched - start).toFixed(2);
  document.documentElement.dataset.shownMs = (performance.now() - start).toFixed(2);
}

function refine() {
  const wanted = { ...wantedOf(new URLSearchParams()), q: $('q').value, workload: $('workload').value, state: $('state').value };
  window.history.replaceState(null, '', hashOf(wanted));
  showList(new URLSearchParams(hashOf(wanted).split('?')[1] || ''));
}
$('search').addEventListener('input', refine);
$('search').addEventListener('submit', (event) => event.preventDefault());
$('search').addEventListener('reset', (event) => {
  event.preventDefault();
  for (const name of ['q', 'workload', 'state']) $(name).value = '';
  refine();
});
window.addEventListener('beforeprint', () => {
  if (!list.wanted) showList(new URLSearchParams());
  showRows(list.wanted, list.found, true);
});
window.addEventListener('afterprint', () => showRows(list.wanted, list.found, false));
