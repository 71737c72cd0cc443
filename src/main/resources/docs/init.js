// Shows the contract. All addresses are relative to the page, so it works behind any prefix.

// Swagger UI resolves references in operations, but not in the parameters that a path has for all
// of its operations, and would show those without a name.
const withParameters = (contract) => {
  for (const path of Object.values(contract.paths ?? {})) {
    path.parameters = path.parameters?.map((parameter) =>
      parameter.$ref
        ? contract.components.parameters[parameter.$ref.split('/').pop()]
        : parameter);
  }
  return contract;
};

window.SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#contract',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // The default asks a server on the internet.
  validatorUrl: null,
  plugins: [
    () => ({
      statePlugins: {
        spec: {
          wrapActions: {
            updateJsonSpec: (original) => (contract) => original(withParameters(contract)),
          },
        },
      },
    }),
  ],
});
