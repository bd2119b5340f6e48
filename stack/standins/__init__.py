"""What answers on this machine in place of an outside provider, in the provider's own protocol."""
