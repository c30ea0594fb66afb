"""The payments API: signed requests in, the committer and the channel behind, one process."""
