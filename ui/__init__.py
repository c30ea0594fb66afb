"""The console: shell, theme, components and pages. Reads through scopes, writes through operations."""
