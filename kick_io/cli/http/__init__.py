"""What the commands do over HTTP: who asks and which Kick, names looked up, logins, and a question or a message."""
