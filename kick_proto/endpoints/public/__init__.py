"""The official API, https://api.kick.com: a file for each theme, a function for each call.

Every call needs a token but ``webhooks.public_key``; each function names the scope that a user's token must have for
it. An app's own token (no user behind it) reads whatever is public.

Source: Docs: KickEngineering/KickDevDocs, "API" (2026-06); Seen: recorded replies, 2026, and what clients send.
"""
