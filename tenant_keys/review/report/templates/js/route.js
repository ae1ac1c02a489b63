// Which view is shown, by the address: #/, #/tenants?..., #/tenant/<id>, #/accounts and so on.
const VIEWS = new Set([...document.querySelectorAll('section[data-view]')].map((section) => section.dataset.view));

function route(moved) {
  if (window.location.hash && !window.location.hash.startsWith('#/')) return; // the skip link
  const [path, query] = window.location.hash.slice(2).split('?');
  const [name, ...rest] = path.split('/');
  const view = VIEWS.has(name) ? name : 'summary';
  for (const section of document.querySelectorAll('section[data-view]')) section.classList.toggle('current', section.dataset.view === view);
  document.body.classList.toggle('on-tenant', view === 'tenant');
  const section = view === 'tenant' ? 'tenants' : view;
  for (const link of document.querySelectorAll('header nav a')) {
    const here = link.getAttribute('href') === (section === 'summary' ? '#/' : '#/' + section);
    if (here) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  }
  const before = list.wanted && view === 'tenants' && document.activeElement && $('patterns').contains(document.activeElement);
  if (view === 'tenants') showList(new URLSearchParams(query || ''));
  if (view === 'tenant') showTenant(decode(rest.join('/')));
  document.documentElement.dataset.view = view;
  if (moved) {
    const heading = document.querySelector('section.current h2');
    if (heading && !before) heading.focus();
    if (!before) window.scrollTo(0, 0);
  }
}

function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

document.documentElement.classList.add('js');
label(document.querySelectorAll('main table'));
window.addEventListener('hashchange', () => route(true));
route(false);
document.documentElement.dataset.ready = performance.now().toFixed(1);
