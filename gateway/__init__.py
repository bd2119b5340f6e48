"""The gateway: Envoy and OpenAPI, both rendered from the descriptors."""
