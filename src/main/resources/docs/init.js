// Shows the contract. All addresses are relative to the page, so it works behind any prefix.

const SCHEME = 'bearerAuth';

// What the page shows differently from the contract.
const adapted = (contract) => {
  const {parameters, securitySchemes} = contract.components;
  Object.values(parameters).forEach(withoutDefault);
  const key = parameters.IdempotencyKey;
  if (key.required) {
    // Swagger UI would not execute a request without it, and setKey sets it.
    key.required = false;
    key.description += ' Required; on this page, an empty field means a new UUID for each execution.';
  }
  // The others are of clients that are no pages, and of operators.
  contract.components.securitySchemes = {[SCHEME]: securitySchemes[SCHEME]};
  // The contract is below the base path, which a proxy may prefix.
  contract.servers = [{url: new URL('../..', document.baseURI).href.replace(/\/$/, '')}];
  for (const path of Object.values(contract.paths)) {
    // Swagger UI resolves references in operations, but not in the parameters that a path has for
    // all of its operations, and would show those without a name.
    path.parameters = path.parameters?.map((parameter) =>
      parameter.$ref ? parameters[parameter.$ref.split('/').pop()] : parameter);
    for (const operation of Object.values(path)) {
      operation.parameters?.forEach(withoutDefault);
      if (operation.security) {
        operation.security = operation.security.filter((schemes) =>
          Object.keys(schemes).every((scheme) => scheme === SCHEME));
      }
    }
  }
  return contract;
};

// Swagger UI fills the form with defaults, so that a request would have parameters that exclude each other.
const withoutDefault = (parameter) => {
  if (parameter.schema?.default !== undefined) {
    parameter.description += ` Default: \`${parameter.schema.default}\`.`;
    delete parameter.schema.default;
  }
};

// RFC 9562, version 4. Not crypto.randomUUID(), which exists only in secure contexts.
const uuid = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

const setKey = (request) => {
  if (['POST', 'PATCH'].includes(request.method?.toUpperCase()) && !request.headers['Idempotency-Key']) {
    request.headers['Idempotency-Key'] = uuid();
  }
  return request;
};

// Swagger UI's own filter compares only tags.
const matching = (tags, phrase) => {
  const words = phrase.toLowerCase().split(/\s+/).filter(Boolean);
  return tags
    .map((tag, name) =>
      tag.set('operations', tag.get('operations').filter((one) => {
        const operation = one.get('operation');
        const text = [name, one.get('method'), one.get('path')]
          .concat(['summary', 'description', 'operationId'].map((member) => operation.get(member)))
          .join(' ')
          .toLowerCase();
        return words.every((word) => text.includes(word));
      })))
    .filter((tag) => tag.get('operations').size > 0);
};

const element = (name, attributes, ...children) => {
  const created = Object.assign(document.createElement(name), attributes);
  created.append(...children);
  return created;
};

const showToken = (container, ui) => {
  const status = element('p', {role: 'status'});
  const authorize = (token) =>
    ui.getSystem().authActions.authorizeWithPersistOption({
      [SCHEME]: {name: SCHEME, schema: {type: 'http', scheme: 'bearer'}, value: token},
    });
  const request = async () => {
    try {
      const answer = await fetch(container.dataset.url, {method: 'POST'});
      if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
      authorize((await answer.json()).access_token);
      status.textContent = 'Authorized as a new user.';
    } catch (error) {
      status.textContent = `No token from ${container.dataset.url}: ${error.message}`;
    }
  };
  const section = element('section', {className: 'wrapper'});
  if (container.dataset.url) {
    const button = element('button', {type: 'button', className: 'btn authorize', textContent: 'Get a token'});
    button.addEventListener('click', request);
    section.append(element('p', {}, 'The development server creates a user and authorizes this page: ', button));
  } else {
    section.append(element('p', {},
      'For a token, sign in with POST /api/v1/auth/google/callback, and enter its access_token at Authorize.'));
  }
  section.append(
    element('p', {}, 'An empty Idempotency-Key means a new UUID for each execution; enter one to repeat a request.'),
    status,
  );
  container.append(section);
};

const ui = window.SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#contract',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: true,
  requestInterceptor: setKey,
  // The default asks a server on the internet.
  validatorUrl: null,
  plugins: [
    ({React}) => ({
      fn: {opsFilter: matching},
      components: {
        FilterContainer: ({layoutSelectors, layoutActions}) => {
          const phrase = layoutSelectors.currentFilter();
          return React.createElement('section', {className: 'filter wrapper'},
            React.createElement('label', {},
              'Filter operations by path, method or words: ',
              React.createElement('input', {
                type: 'search',
                className: 'operation-filter-input',
                value: typeof phrase === 'string' ? phrase : '',
                onChange: (event) => layoutActions.updateFilter(event.target.value),
              })));
        },
      },
      statePlugins: {
        spec: {
          wrapActions: {
            updateJsonSpec: (original) => (contract) => original(adapted(contract)),
          },
        },
      },
    }),
  ],
});
showToken(document.getElementById('token'), ui);
