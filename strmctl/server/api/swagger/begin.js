"use strict";
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#operations",
  deepLinking: false,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // Its validator would send the document's address to another site.
  validatorUrl: null,
});
