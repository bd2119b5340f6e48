"""Auth: accounts, sessions, companies and the roles that companies give."""
