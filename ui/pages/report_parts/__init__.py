"""The parts of the hierarchy report page, one file each."""
