"""How do agent and lockd speak? One unix socket, one call a question, each bounded in time."""
