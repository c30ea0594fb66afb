"""Parts of the phone pages."""
