"""The composition root: settings, addresses of pages, and what is plugged into what."""
