window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "list",
  persistAuthorization: false,
  presets: [SwaggerUIBundle.presets.apis],
  // Swagger's own checker would send the document to a server of theirs.
  validatorUrl: null,
});
