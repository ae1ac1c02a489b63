// The access matrix: what each class of tenants may do through each workload, and which tenants share a whole row.
const KINDS = [['encrypt', 'E', 'e', 'kms:Encrypt'], ['decrypt', 'D', 'd', 'kms:Decrypt'], ['re-encrypt', 'R', 'r', 'kms:ReEncryptFrom']];

// One cell: the letters of what is allowed; "-" where the key can be described and no more; nothing where it is not served.
function cellOf(number, workload) {
  const found = number === null ? null : DATA.classes[number].uses.find((use) => use.workload === workload);
  if (!found) return '';
  const letters = KINDS.filter(([, , , action]) => found.operations.some((one) => one.action === action)).map(([, letter]) => letter);
  const byKey = found.operations.some((one) => one.action === 'kms:Decrypt' && !one.alias);
  return letters.join('') + (byKey ? '*' : '') || '-';
}

const CELLS = DATA.classes.map((_, number) => DATA.workloads.map((workload) => cellOf(number, workload.name)));
const NO_CELLS = DATA.workloads.map(() => '');
const cellsOf = (tenant) => (tenant.class === null ? NO_CELLS : CELLS[tenant.class]);
const stateOf = (tenant) => DATA.profiles[tenant.profile].state;

const PATTERNS = [];
const PATTERN_OF = [];
(() => {
  const places = new Map();
  for (const tenant of DATA.tenants) {
    const key = stateOf(tenant) + '|' + cellsOf(tenant).join('|');
    if (!places.has(key)) {
      places.set(key, PATTERNS.length);
      PATTERNS.push({ state: stateOf(tenant), cells: cellsOf(tenant), count: 0 });
    }
    PATTERN_OF.push(places.get(key));
    PATTERNS[places.get(key)].count += 1;
  }
  // The most frequent first, so that it has the first colour.
  const order = PATTERNS.map((_, place) => place).sort((a, b) => PATTERNS[b].count - PATTERNS[a].count);
  const moved = new Map(order.map((place, rank) => [place, rank]));
  const sorted = order.map((place) => PATTERNS[place]);
  PATTERNS.splice(0, PATTERNS.length, ...sorted);
  PATTERN_OF.forEach((place, number) => { PATTERN_OF[number] = moved.get(place); });
})();
const colourOf = (pattern) => Math.min(pattern, 8);

function cell(letters) {
  if (letters === '') return h('span', { class: 'op none' }, '·', h('span', { class: 'vh' }, 'not served'));
  if (letters === '-') return h('span', { class: 'op none' }, 'state', h('span', { class: 'vh' }, ': may describe the key, and no more'));
  const byKey = letters.endsWith('*');
  return KINDS.filter(([, letter]) => letters.includes(letter)).map(([word, letter, kind]) => {
    const star = byKey && letter === 'D';
    const said = star ? word + ', also naming the key itself' : word;
    return [h('span', { class: 'op ' + kind, 'aria-hidden': 'true', title: said }, letter + (star ? '*' : '')), h('span', { class: 'vh' }, said + ' ')];
  });
}
