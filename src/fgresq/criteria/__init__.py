"""How preferences and scores are turned into statements with intervals."""
