"""From the text of a CV to facts with the words that prove them: pure, by rules."""
