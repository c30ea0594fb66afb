"""The parts of the pages of payments: words shared by list and detail, and the detail's panes."""
