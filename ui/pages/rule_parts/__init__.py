"""Parts of the workbench of one rule."""
