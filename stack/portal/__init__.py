"""Pages for who runs the mesh on this machine: API viewer, mailbox, status."""
