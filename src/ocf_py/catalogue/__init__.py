"""The OCF agents of a machine, whoever made them: where they are, and what they say they can do."""
