// The page of one tenant.
function rotationOf(profile) {
  if (profile.origin === null) return 'no key';
  if (profile.origin !== 'AWS_KMS') return 'by its owner (imported material)';
  return profile.rotation_days === null ? 'off' : 'every ' + profile.rotation_days + ' days';
}

function facts(tenant, profile) {
  const keys = tenant.keys.map((key) => h('div', null, key.region + ': ' + key.logical_id + ' in ' + key.stack));
  const tags = Object.entries(profile.tags).map(([key, value]) => key + ' = ' + value).join(', ');
  const pairs = [
    ['Alias', h('code', null, DATA.alias.replace('<id>', tenant.id))],
    ...(tenant.manifest_id ? [['In the manifest', tenant.manifest_id]] : []),
    ['State', h('span', { class: 'state ' + profile.state }, profile.state)],
    ['Key', keys.length ? keys : 'none in the templates'],
    ['Key is', profile.enabled === null ? 'not there' : profile.enabled ? 'enabled' : 'disabled'],
    ['Origin of its material', profile.origin === 'EXTERNAL' ? 'imported' + (tenant.import_role ? ' by ' + short(tenant.import_role) : '') : 'AWS KMS'],
    ['Rotation', rotationOf(profile)],
    ['More than one Region', profile.multi_region ? 'yes' : 'no'],
    ['Kept when a template drops it', tenant.keys.length && tenant.keys.every((key) => key.retained) ? 'yes' : 'NO'],
    ['Deletion waits', profile.deletion_window_days === null ? 'no key' : profile.deletion_window_days + ' days'],
    ['Decrypt names', profile.decrypt_by === 'key' ? 'the key or its alias' : 'the alias'],
    ['Workloads', profile.workloads.join(', ') || 'none'],
    ['Tags', tags || 'none'],
  ];
  return h('dl', null, pairs.map(([term, value]) => [h('dt', null, term), h('dd', null, value)]));
}

function uses(kind, names) {
  const rows = kind.uses.map((use) => {
    const workload = DATA.workloads.find((one) => one.name === use.workload);
    const operations = use.operations.map((one) => {
      const needs = [one.alias ? 'by alias' : 'by alias or key', one.context ? 'context tenant_id=' + names.id : null].filter(Boolean);
      return h('li', null, h('code', null, plain(one.action)), ' ' + needs.join(', '));
    });
    const from = workload.access === 'web-identity' ? 'a token of ' + workload.issuer : 'role ' + short(workload.role);
    const reported = workload.identified_by.map((way) => h('li', null, way));
    const condition = use.tag ? 'the session carries the tag tenant_id=' + names.id : 'the role is the tenant\u2019s alone';
    return row([use.workload, [from, reported.length ? h('ul', null, reported) : null], short(named(use.role, names)), condition, operations.length ? h('ul', null, operations) : 'nothing']);
  });
  if (!rows.length) return h('p', null, 'Nobody.');
  return table('Who may use the key, asked of the evaluator', ['Workload', 'From', 'Through the role', 'If', 'Operations'], rows);
}

function administration(kind, names) {
  const rows = kind.administration.map((office) => row([
    office.name, office.actions.map(plain).join(', '), h('ul', null, office.who.map((who) => h('li', null, short(named(who, names))))),
  ]));
  return [
    table('Who may administer the key, list by list', ['List', 'Actions', 'Roles'], rows),
    h('p', null, h('strong', null, 'Nobody may: '), kind.nobody.map(plain).join(', ') + '.'),
  ];
}

const GROUPS = [
  ['another tenant', 'Another tenant tries'], ['outsider', 'Outsiders try'], ['administration', 'Administering roles try'],
  ['own session', 'The tenant\u2019s own sessions, as declared and otherwise'], ['session', 'Obtaining a session of its roles'],
];

function tried(kind, names) {
  return GROUPS.map(([group, caption]) => {
    const rows = kind.attempts.filter((one) => one.group === group).map((one) => {
      const other = one.others.find((name) => name !== names.id);
      const own = other === undefined ? names : { ...names, other };
      const allowed = one.outcome === 'ALLOWED';
      return row([
        named(one.who, own), one.action, short(named(one.resource, own)), named(one.context, own),
        [h('span', { class: 'outcome ' + (allowed ? 'allowed' : 'refused') }, one.outcome), one.as_expected ? null : ' against what is declared'],
        h('ul', null, one.by.map((by) => h('li', null, by))),
      ], one.as_expected ? null : 'unexpected');
    });
    if (!rows.length) return null;
    const key = group !== 'session';
    const wrong = kind.attempts.filter((one) => one.group === group && !one.as_expected).length;
    const reported = figure(rows.length - wrong) + ' of ' + figure(rows.length) + ' decided as declared';
    // Folded, for it is long; open where something is not as it should be.
    return h('details', { class: 'document', open: wrong ? '' : null }, h('summary', null, caption + ': ' + reported), table(caption, ['Who', 'Action', key ? 'Names the key by' : 'Role', key ? 'Encryption context' : 'Session tags', 'IAM decides', 'Because of'], rows));
  });
}

function statements(places, names) {
  return h('ul', { class: 'statements' }, places.map((place) => {
    const one = DATA.statements[place];
    const json = JSON.stringify(namedValue(one.json, names), null, 1);
    return h('li', { class: 'statement ' + one.effect.toLowerCase() },
      h('p', null, h('span', { class: 'effect' }, one.effect), ' ', h('code', { class: 'sid' }, one.sid), ' ', named(one.sentence, names)),
      h('details', null, h('summary', null, 'JSON of ' + (one.sid || 'the statement')), h('pre', { tabindex: '0' }, json)));
  }));
}

function documents(kind, names) {
  const policies = new Map();
  for (const key of kind.keys) {
    const same = key.policy.join();
    policies.set(same, { places: key.policy, regions: [...(policies.get(same)?.regions || []), key.region] });
  }
  const parts = [...policies.values()].map(({ places, regions }) => [h('h4', null, 'Key policy in ' + regions.join(', ')), statements(places, names)]);
  for (const role of kind.roles) {
    const arn = short(named(role.arn, names));
    parts.push([h('h4', null, 'Who may assume ' + arn), statements(role.trust, names), h('h4', null, 'What ' + arn + ' may do'), statements(role.identity, names)]);
  }
  return parts;
}

function showTenant(id) {
  const tenant = DATA.tenants.find((one) => one.id === id);
  const heading = h('h2', { id: 'h-tenant', tabindex: '-1' }, tenant ? 'Tenant ' + tenant.id : 'No such tenant');
  if (!tenant) {
    $('tenant').replaceChildren(heading, h('p', null, 'There is no tenant ', h('code', null, id), '. ', h('a', { href: '#/tenants' }, 'All tenants')));
    return;
  }
  const profile = DATA.profiles[tenant.profile];
  const parts = [heading, h('p', { class: 'quiet' }, h('a', { href: '#/tenants' }, 'All tenants')), facts(tenant, profile)];
  const found = DATA.findings.filter((one) => one.tenant === tenant.id);
  if (found.length) parts.push(h('h3', null, 'What breaks the claim'), h('ul', null, found.map((one) => h('li', null, one.what + '. Fix: ' + one.fix))));
  if (tenant.class === null) parts.push(h('p', null, 'Its policies are not understood, so nothing is said of who may do what.'));
  else {
    const kind = DATA.classes[tenant.class];
    const names = namesOf(tenant);
    const alike = kind.tenants === 1 ? 'No other tenant is like it.' : 'What follows was asked for tenant ' + kind.first + ' and holds for ';
    parts.push(h('p', { class: 'quiet' }, alike, kind.tenants === 1 ? null : h('a', { href: '#/tenants?class=' + tenant.class }, figure(kind.tenants) + ' tenants that differ in names alone'), kind.tenants === 1 ? null : '.'));
    parts.push(h('h3', null, 'Who may use it, and how'), uses(kind, names), h('h3', null, 'Who may administer it'), administration(kind, names));
    parts.push(h('h3', null, 'Tried, and what IAM decides'), tried(kind, names), h('h3', null, 'Its statements'), documents(kind, names));
  }
  $('tenant').replaceChildren(...parts.flat(9).filter(Boolean));
}
