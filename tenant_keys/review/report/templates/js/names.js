// What holds for a class of tenants is once, with tokens; here one tenant's own names are put in.
const DATA = JSON.parse($('data').textContent);
const TOKEN = /\u27e6([^\u27e7]*)\u27e7/g;

function namesOf(tenant) {
  const names = { id: tenant.id, alias: DATA.alias.replace('<id>', tenant.id), 'import role': tenant.import_role || 'its import role' };
  for (const workload of DATA.workloads) {
    const role = workload.access_role.replace('<id>', tenant.id);
    names['name ' + workload.name] = role.slice(role.lastIndexOf('/') + 1);
    names['role ' + workload.name] = role;
  }
  return names;
}

function named(text, names) {
  return text.replace(TOKEN, (whole, token) => (Object.hasOwn(names, token) ? names[token] : whole));
}

// The same for every text of a statement, keys of conditions included.
function namedValue(value, names) {
  if (typeof value === 'string') return named(value, names);
  if (Array.isArray(value)) return value.map((item) => namedValue(item, names));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [named(key, names), namedValue(item, names)]));
}
