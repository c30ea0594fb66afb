"""Parts that pages are made of: each returns markup or one NiceGUI element, none reads the database."""
